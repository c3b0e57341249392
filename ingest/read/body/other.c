// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/body.h"

/* "13\0" "26" may be a damaged record of ours, so it is no other type. */
static bool plain(struct bytes type)
{
	for (size_t i = 0; i < type.n; i++)
		if ((unsigned char)type.p[i] < 0x21 || (unsigned char)type.p[i] > 0x7e)
			return false;
	return type.n > 0;
}

/*
 * A record of another type than ours (SYSCALL, AVC, EOE ...), as auditd or the kernel writes it.
 * All types share one count of serials, so no seccomp record has this one: it was not lost.
 */
static enum line_kind other_parse(struct bytes b, const struct context *c, struct line *out,
				  struct fields_room *room)
{
	struct bytes node = { NULL, 0 }, type;

	(void)room;
	if (header_forges(c))
		return LINE_OTHER;
	bytes_take(&b, BYTES("audit: "));
	if (bytes_take(&b, BYTES("node="))) {
		node = bytes_until(&b, ' ');
		bytes_take(&b, BYTES(" "));
	}
	if (!bytes_take(&b, BYTES("type=")))
		return LINE_OTHER;
	type = bytes_until(&b, ' ');
	if (!plain(type) || body_type_is_seccomp(type) || !bytes_take(&b, BYTES(" ")))
		return LINE_OTHER;
	out->auditd_form = bytes_take(&b, BYTES("msg="));
	/* the kernel writes the type as a number, and under no other tag than its own */
	if (!out->auditd_form && (!bytes_digit(type.p[0]) || header_foreign(c)))
		return LINE_OTHER;
	if (fields_stamp_alone(&b, &out->rec) != NULL || !out->rec.has_serial)
		return LINE_OTHER;
	out->rec.node = node;
	return LINE_SERIAL;
}

const struct body body_other = {
	.name = "other", .about = "an audit record of another type, for its serial alone",
	.words = { { BYTES("audit("), false } },
	.parse = other_parse,
};
