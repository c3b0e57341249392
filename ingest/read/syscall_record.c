// SPDX-License-Identifier: Apache-2.0
/*
 * Takes SYSCALL records apart.
 *   source: audit_log_exit() in kernel/auditsc.c: arch to a3 in this order, then
 * audit_log_task_info(), which has comm and exe
 */
#include "ingest/read/syscall_record.h"

#include <stdio.h>

static bool is_one(struct bytes line, struct bytes *body)
{
	static const char *const before[] = { "type=SYSCALL msg=audit(", "type=1300 msg=audit(",
					      "type=1300 audit(" };

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		size_t at = bytes_find(line, bytes_of(before[i]));

		if (at == line.n)
			continue;
		*body = line;
		bytes_skip(body, at);
		bytes_skip(body, bytes_find(*body, BYTES("): ")) + 3);
		bytes_trim_left(body);
		return true;
	}
	return false;
}

static bool take_hex(struct bytes *b, const char *key, uint64_t max, uint64_t *out)
{
	return bytes_take(b, bytes_of(key)) && bytes_hex(b, max, out) > 0;
}

bool syscall_record_parse(struct bytes line, struct syscall_record *out, struct fields_room *room)
{
	struct bytes b;
	uint64_t v;
	size_t at;

	*out = (struct syscall_record){ 0 };
	if (!is_one(line, &b) || !take_hex(&b, "arch=", UINT32_MAX, &v))
		return false;
	out->arch = (uint32_t)v;
	if (bytes_take(&b, BYTES(" per=")))
		bytes_until(&b, ' ');
	if (!bytes_take(&b, BYTES(" syscall=")) || bytes_dec(&b, INT32_MAX, &v) == 0)
		return false;
	out->nr = (int32_t)v;
	/* success and exit are not there while the call is under way */
	if (bytes_take(&b, BYTES(" success=")))
		bytes_until(&b, ' ');
	if (bytes_take(&b, BYTES(" exit=")))
		bytes_until(&b, ' ');
	for (int i = 0; i < 4; i++) {
		static const char *const keys[] = { " a0=", " a1=", " a2=", " a3=" };

		if (!take_hex(&b, keys[i], UINT64_MAX, &out->a[i]))
			return false;
	}
	at = bytes_find(b, BYTES(" comm="));
	bytes_skip(&b, at + 6);
	if (fields_string(&b, &out->comm, room->comm, sizeof(room->comm), false) != NULL ||
	    !bytes_take(&b, BYTES(" exe=")))
		return false;
	return fields_string(&b, &out->exe, room->exe, sizeof(room->exe), true) == NULL &&
	       out->exe.n > 0;
}
