// SPDX-License-Identifier: Apache-2.0
/* Allocation that ends the program when it fails. */
#include "store/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *p)
{
	if (p == NULL) {
		static const char msg[] =
			"scaudit: out of memory; what was committed is whole, run again\n";
		ssize_t ignored = write(STDERR_FILENO, msg, sizeof(msg) - 1);

		(void)ignored;
		_exit(3);
	}
	return p;
}

void *mem_alloc(size_t n)
{
	return checked(malloc(n ? n : 1));
}

void *mem_zero(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size));
}

void *mem_grow(void *p, size_t n, size_t size)
{
	return checked(reallocarray(p, n ? n : 1, size));
}

char *mem_dup(const char *text)
{
	return checked(strdup(text));
}

char *mem_print(const char *fmt, ...)
{
	char *out = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&out, fmt, ap) < 0)
		out = NULL;
	va_end(ap);
	return checked(out);
}

void mem_free_at(void *pp)
{
	void *p, *const none = NULL;

	memcpy(&p, pp, sizeof(p)); /* it points to a pointer of any type */
	memcpy(pp, &none, sizeof(none));
	free(p);
}

void mem_close_at(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void mem_fclose_at(FILE **f)
{
	if (*f != NULL)
		fclose(*f);
	*f = NULL;
}
