// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/body.h"

/* A type with odd bytes in it that would be ours without them: "13\0" "26". */
static bool broken_type(struct bytes type)
{
	char clean[16];
	size_t n = 0;

	for (size_t i = 0; i < type.n && n < sizeof(clean); i++)
		if ((unsigned char)type.p[i] >= 0x21 && (unsigned char)type.p[i] <= 0x7e)
			clean[n++] = type.p[i];
	return n < type.n && body_type_is_seccomp((struct bytes){ clean, n });
}

/*
 * The kernel's own lines: "audit: type=1326 audit(...)"; before 3.14 or so without "audit: ". A
 * journal entry with identifier audit has the "audit:" as its tag.
 */
static enum line_kind kernel_parse(struct bytes b, const struct context *c, struct line *out,
				   struct fields_room *room)
{
	struct bytes type;
	enum line_kind kind;

	if (header_foreign(c) && !c->comm_tag)
		return LINE_OTHER;
	bytes_take(&b, BYTES("audit: "));
	if (!bytes_take(&b, BYTES("type=")))
		return LINE_OTHER;
	type = bytes_until(&b, ' ');
	if (!body_type_is_seccomp(type)) {
		if (!broken_type(type))
			return LINE_OTHER;
		out->reason = "bytes in the type that do not belong there";
		return LINE_DAMAGED;
	}
	bytes_take(&b, BYTES(" "));
	if (bytes_starts(b, BYTES("msg=")))
		return LINE_OTHER; /* auditd's */
	kind = body_record(b, out, room);
	/* logd's tag is the program's own name; any other is of an app that prints what it likes */
	if (header_foreign(c) && !(kind == LINE_RECORD && bytes_eq(c->tag, out->rec.comm)))
		return LINE_OTHER;
	return kind;
}

const struct body body_kernel = {
	.name = "kernel", .about = "audit: type=1326 audit(...), as printk writes it",
	.words = { { BYTES("1326"), false }, { BYTES("SECCOMP"), false }, { { "\0", 1 }, false } },
	.parse = kernel_parse,
};
