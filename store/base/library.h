/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that only some input needs: loaded when it comes, so that all else starts without them,
 * and is built without them. */
#ifndef STORE_BASE_LIBRARY_H
#define STORE_BASE_LIBRARY_H

#include "store/base/err.h"

#include <stddef.h>

struct library_symbol {
	const char *name;
	void *at;            /* of a pointer to the function */
};

/*
 * Loads `file` and finds all of its symbols. -1: it is not there, or is another version; `what`
 * needs it, and packages say who has it: "libarchive13 (Debian, Ubuntu)". It stays loaded.
 */
int library_load(const char *file, const struct library_symbol *symbols, size_t n, const char *what,
		 const char *packages, struct err *e);

#endif
