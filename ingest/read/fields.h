/* SPDX-License-Identifier: Apache-2.0 */
/* The record's own text, from "audit(" on: the kernel's fields in the kernel's order. */
#ifndef INGEST_READ_FIELDS_H
#define INGEST_READ_FIELDS_H

#include "store/model/record.h"

#define FIELDS_EXE_MAX 4112  /* PATH_MAX and " (deleted)" */

/* Room for what has to be decoded; one for each reader. The record's comm and exe may point into
 * it. */
struct fields_room {
	char comm[RECORD_COMM_MAX];
	char exe[FIELDS_EXE_MAX];
};

/*
 * fields_stamp: "audit(EPOCH.MS:SERIAL): " off *b, with something behind it; fields_stamp_alone: or
 * nothing. fields_body: "auid=" to "code=" and an enriched tail. All return NULL, or why the text
 * is damaged; *rec then holds nothing to rely on. source: audit_log_start(), audit_log_task() and
 * audit_seccomp() in kernel/audit.c and kernel/auditsc.c
 */
const char *fields_stamp(struct bytes *b, struct record *rec);
const char *fields_stamp_alone(struct bytes *b, struct record *rec);
const char *fields_body(struct bytes b, struct record *rec, struct fields_room *room);

/*
 * A string as the kernel writes it, quoted or in hex, off *b; decoded it may lie in room, which has
 * max bytes. null_ok: (null) is one. Returns NULL, or why it is damaged.
 */
const char *fields_string(struct bytes *b, struct bytes *out, char *room, size_t max, bool null_ok);

/* Do the signal and the action agree? Else the line was cut inside code=, or invented. */
bool fields_agree(int32_t sig, uint32_t code);

/* Is b, what follows code=, nothing or auditd's enriched tail? */
bool fields_tail(struct bytes b);

#endif
