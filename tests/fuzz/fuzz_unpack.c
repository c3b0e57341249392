// SPDX-License-Identifier: Apache-2.0
/* Archives: whatever the bytes, unpacking ends, in bounded memory, and leaves nothing open. */
#include "ingest/read/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char block[65536];
	int fd = memfd_create("fuzz", 0), member;
	struct err e = { 0 };
	struct unpack *u;
	struct bytes head;
	const char *name;
	uint64_t all = 0;
	bool any = true;

	if (fd < 0 || write(fd, data, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	u = unpack_open(fd, (struct bytes){ NULL, 0 }, "input", &e);
	for (unsigned members = 0; u != NULL && members < 8 && all < 4 << 20; members++) {
		ssize_t got;

		if (unpack_next(u, &any, &member, &head, &name, &e) < 0 || !any)
			break;
		while (all < 4 << 20 && (got = read(member, block, sizeof(block))) > 0)
			all += (uint64_t)got;
	}
	if (u == NULL && e.msg[0] == '\0')
		abort();
	unpack_close(u);
	close(fd);
	return 0;
}
