/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal of systemd, read by libsystemd, which is loaded for that. What it gives are entries
 * of fields, as the other containers have them: see ingest/read/wrap.h.
 */
#ifndef INGEST_READ_JOURNAL_H
#define INGEST_READ_JOURNAL_H

#include "ingest/read/wrap.h"
#include "store/base/err.h"

#define JOURNAL_CURSOR 512

struct journal;

struct journal_choice {
	/* a folder of journal files, or one of them; NULL: this machine's journal */
	const char *place;
	const char *boot; /* "0" the last one, "-1" the one before, "1" the first, or an id; NULL:
			     all */
	int64_t since_ms;      /* of receipt; WHEN_NONE: from its beginning */
	const char *cursor;    /* go on behind this entry, where it is known; NULL: no */
};

/* Opens it at its first entry that may be ours. *went_on: the cursor was known. */
int journal_open(struct journal **j, const struct journal_choice *choice, bool *went_on,
		 struct err *e);
void journal_close(struct journal *j);

/* Is all of it root's, as a file that may be trusted has to be? Else why: "DIR may be written by
 * its group". */
bool journal_root_only(const struct journal *j, char why[200]);

/* The next entry's fields into w, for wrap_entry; *any false: there is no further one now. What
 * cannot be read is passed over: *bad. */
int journal_next(struct journal *j, struct wrap *w, bool *any, bool *bad, struct err *e);

/* When the entry was received, and where it stands. */
int64_t journal_ms(const struct journal *j);
bool journal_cursor(struct journal *j, char out[JOURNAL_CURSOR]);

/* Waits for further entries; a signal ends that. */
void journal_wait(struct journal *j, int timeout_ms);

#endif
