// SPDX-License-Identifier: Apache-2.0
/* A program file, which whoever may run programs has made. */
#include "ingest/live/capture/build.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	struct build_id id;
	size_t length;

	if (fd < 0 || write(fd, data, n) != (ssize_t)n)
		return 0;
	build_read(&id, fd);
	close(fd);
	length = strnlen(id.text, sizeof(id.text));
	if (length >= sizeof(id.text) || length % 2 ||
	    strspn(id.text, "0123456789abcdef") != length) {
		fprintf(stderr, "broken: no hex\n");
		abort();
	}
	return 0;
}
