// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/body.h"

/* auditd, raw and enriched, also through audisp's syslog plugin: "[node=N ]type=SECCOMP
 * msg=audit(...)". */
static enum line_kind auditd_parse(struct bytes b, const struct context *c, struct line *out,
				   struct fields_room *room)
{
	struct bytes node = { NULL, 0 };
	enum line_kind kind;

	if (header_forges(c))
		return LINE_OTHER;
	if (bytes_take(&b, BYTES("node="))) {
		node = bytes_until(&b, ' ');
		bytes_take(&b, BYTES(" "));
	}
	if (!bytes_take(&b, BYTES("type=")))
		return LINE_OTHER;
	if (!body_type_is_seccomp(bytes_until(&b, ' ')) || !bytes_take(&b, BYTES(" msg=")))
		return LINE_OTHER;
	kind = body_record(b, out, room);
	out->rec.node = node;
	out->auditd_form = true;
	return kind;
}

const struct body body_auditd = {
	.name = "auditd", .about = "type=SECCOMP msg=audit(...), as auditd writes it",
	/* the words of the kernel's form */
	.parse = auditd_parse,
};
