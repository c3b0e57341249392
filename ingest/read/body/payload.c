// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/body.h"

/*
 * The bare text that netlink carries: "audit(...): auid=...". It has no type, so what does not read
 * as a seccomp record to its end may be of another type; only what has a syscall and a code counts
 * as damaged.
 */
static enum line_kind payload_parse(struct bytes b, const struct context *c, struct line *out,
				    struct fields_room *room)
{
	enum line_kind kind;

	if (c->form != NULL || !bytes_starts(b, BYTES("audit(")))
		return LINE_OTHER;
	kind = body_record(b, out, room);
	if (kind == LINE_DAMAGED &&
	    (!bytes_has(b, BYTES(" sig=")) || !bytes_has(b, BYTES(" code=0x"))))
		return LINE_OTHER;
	return kind;
}

const struct body body_payload = {
	.name = "netlink", .about = "audit(...): auid=..., the bare text of a record",
	.words = { { BYTES("audit("), true } },
	.parse = payload_parse,
};
