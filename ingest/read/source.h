/* SPDX-License-Identifier: Apache-2.0 */
/* Where bytes come from, and whether what they say can be trusted. */
#ifndef INGEST_READ_SOURCE_H
#define INGEST_READ_SOURCE_H

#include "ingest/read/trust.h"
#include "store/base/err.h"

#include <stdbool.h>

struct source {
	int fd;               /* the source owns it, standard input's excepted */
	const char *name;     /* borrowed: as the user gave it; "-" is standard input */
	bool is_stdin;
	bool is_regular;
	bool is_kmsg;         /* /dev/kmsg itself: what it brings is trusted */
	bool root_only;       /* nobody but root can have written it: see ingest/read/trust */
	char why[TRUST_WHY];  /* why not, where it is a regular file of root's; else empty */
	long long size;       /* of a regular file; else 0 */
	bool is_store;        /* of SQLite: a store, perhaps */
	bool is_journal;      /* a file of systemd's journal */
	const char *packed;   /* of a regular file: what it is packed by; NULL: nothing */
};

/*
 * Opens a path, or standard input for "-". Folders and sockets are refused with what to do instead.
 * A source that was opened has to be closed.
 */
int source_open(struct source *s, const char *path, struct err *e);
void source_close(struct source *s);

#endif
