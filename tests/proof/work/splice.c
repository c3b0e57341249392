// SPDX-License-Identifier: Apache-2.0
/* kind: io by splice, tee, sendfile, copy_file_range, preadv, mmap */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void)
{
	char name[] = "/tmp/spliceXXXXXX", other[] = "/tmp/spliceXXXXXX", text[65] = "";
	int a = mkstemp(name), b = mkstemp(other), one[2], two[2], pair[2];
	char part[2][4];
	struct iovec v[2] = { { part[0], 4 }, { part[1], 4 } };
	char *map;

	if (write(a, "0123456789abcdef", 16) != 16 || pipe(one) < 0 || pipe2(two, O_CLOEXEC) < 0)
		return 1;
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	printf("sendfile %zd\n", sendfile(pair[0], a, &(off_t){ 0 }, 16));
	printf("read %zd\n", recv(pair[1], text, 64, 0));
	printf("splice %zd\n", splice(a, &(loff_t){ 4 }, one[1], NULL, 12, 0));
	printf("tee %zd\n", tee(one[0], two[1], 12, 0));
	printf("splice %zd\n", splice(two[0], NULL, b, NULL, 12, 0));
	printf("copy %zd\n", copy_file_range(a, &(loff_t){ 0 }, b, &(loff_t){ 12 }, 4, 0));
	printf("preadv %zd\n", preadv(b, v, 2, 0));
	ftruncate(b, 4096);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, b, 0);
	map[4095] = 'x';
	msync(map, 4096, MS_SYNC);
	madvise(map, 4096, MADV_DONTNEED);
	printf("%.16s\n", map);
	fsync(b);
	unlink(name);
	unlink(other);
	return 0;
}
