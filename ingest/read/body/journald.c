// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/body.h"

/*
 * journald's text for its audit transport: tag audit[PID], message "SECCOMP auid=...", PID that of
 * the record; -o cat leaves the tag out. No serial, and a time only where the header's time is the
 * audit stamp.
 */
static enum line_kind journald_parse(struct bytes b, const struct context *c, struct line *out,
				     struct fields_room *room)
{
	int64_t tag_pid = -1;
	uint64_t pid;

	if (c->tag.n) {
		if (!bytes_eq(c->tag, BYTES("audit")) || c->tag_pid < 0 || c->priority >= 8)
			return LINE_OTHER;
		tag_pid = c->tag_pid;
	} else if (bytes_take(&b, BYTES("audit["))) {
		if (!bytes_dec(&b, INT32_MAX, &pid) || !bytes_take(&b, BYTES("]: ")))
			return LINE_OTHER;
		tag_pid = (int64_t)pid;
	}
	if (!bytes_take(&b, BYTES("SECCOMP")) || (b.n && b.p[0] != ' '))
		return LINE_OTHER;
	bytes_take(&b, BYTES(" "));
	out->identity = (struct bytes){ b.p, bytes_find(b, BYTES(" syscall=")) };
	out->reason = fields_body(b, &out->rec, room);
	if (out->reason == NULL && tag_pid >= 0 && out->rec.pid != tag_pid)
		out->reason = "the tag's pid is not the record's";
	if (out->reason != NULL)
		return tag_pid < 0 && !bytes_starts(b, BYTES("auid=")) ? LINE_OTHER : LINE_DAMAGED;
	if (c->ms_is_audit)
		out->rec.ms = c->ms;
	return LINE_RECORD;
}

const struct body body_journald = {
	.name = "journald", .about = "audit[PID]: SECCOMP ..., as journalctl shows it",
	/* the words of the kernel's form */
	.parse = journald_parse,
};
