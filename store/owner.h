/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a store is: what is looked at before SQLite opens a file, so that a store by somebody else,
 * a link or a file beside it makes nobody write where they do not mean to, and its trusted marks
 * mislead nobody.
 */
#ifndef STORE_OWNER_H
#define STORE_OWNER_H

#include "store/base/err.h"

#include <stdbool.h>

struct owner {
	char *file;     /* without links; SQLite opens this one */
	bool foreign;   /* neither root's nor the user's own */
	char unwritable[800]; /* why it is read and never written: a whole message; empty: it may be
				 written */
	char why[256];  /* why its trusted marks count as text; empty: they count */
};

/* Refuses names under which SQLite keeps nothing (":memory:"), or that are more than a file's name
 * (a URI). */
int owner_name(const char *path, struct err *e);

/*
 * Looks at the file that `path` names and at what stands beside it. Refuses (ST_SYSTEM) what is no
 * regular file, and a -wal, -shm or -journal of somebody else's. A store that is foreign or is
 * reached through a link in a folder that others may write is not to be written.
 *
 * Marks count where a log in the same place would be trusted: the file is root's, or the user's own
 * who reads it, and nobody else may write it or its folder.   see ingest/read/source.c
 */
int owner_look(struct owner *out, const char *path, struct err *e);
void owner_release(struct owner *o);

#endif
