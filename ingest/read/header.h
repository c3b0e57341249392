/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers: what stands before a record's body on its line: stamps, host, tag, priority. A new
 * header is one file in ingest/read/header/ and one row in ingest/read/header_list.h.
 */
#ifndef INGEST_READ_HEADER_H
#define INGEST_READ_HEADER_H

#include "store/base/bytes.h"

struct context {
	const char *form;     /* name of the outermost header that was found; NULL: none */
	struct bytes host;    /* n is 0: none */
	struct bytes tag;     /* program that the line names as its writer; n is 0: none */
	int64_t tag_pid;      /* N of "tag[N]"; -1: none */
	int priority;         /* facility * 8 + level; -1: not shown */
	int64_t ms; /* header's own time, WHEN_NONE when it is not a whole date with zone */
	int64_t yearless_s; /* of a stamp without year and zone: seconds since its January began;
			       -1: none */
	bool ms_is_audit; /* that time is the audit stamp itself (journalctl -o short-unix,
			     iso-precise) */
	int64_t uptime_us;    /* printk's stamp; -1: none */
	bool escaped;         /* bytes of the body stand as \xHH (/dev/kmsg) */
	bool indented;        /* copied by hand: never trusted */
	bool comm_tag;        /* the tag may be the record's comm (Android's logd) */
};

/*
 * A header takes its part off the front of *line and notes what it says in *out. False: not this
 * header; then it has changed neither.
 */
struct header {
	const char *name, *about;
	bool (*parse)(struct bytes *line, struct context *out);
};

/* The i-th; NULL at the end. */
const struct header *header_at(size_t i);

/* Takes all headers off the front of *line. What is left is the message. */
void header_parse(struct bytes *line, struct context *out);

/* Does the header show a writer other than the kernel: another tag, a pid beside kernel, a user's
 * facility? */
bool header_foreign(const struct context *c);

/* The same where auditd's own form follows, which rsyslog's imfile and others send with a tag of
 * the user's choice. */
bool header_forges(const struct context *c);

/* For headers: the stamps that several of them know. Each takes what it read off *b. */
bool header_iso_stamp(struct bytes *b, struct context *out); /* 2026-11-24T04:29:37[.,frac][zone] */
bool header_bsd_stamp(struct bytes *b, struct context *out);  /* Nov 24 04:29:37[.frac] */
bool header_clock(struct bytes *b, unsigned *seconds); /* 04:29:37[.frac]: seconds of the day */
bool header_host_like(struct bytes word);                     /* may it be a machine's name? */
bool header_record_starts(struct bytes b); /* does a record, or a container of one, begin here? */
bool header_level(struct bytes word); /* NOTICE, ERR ...: a level, where others have the host */

/* The time of a yearless stamp, in the local zone, in the year that brings it nearest to `near`. */
int64_t header_guess_year(int64_t yearless_s, int64_t near);

#endif
