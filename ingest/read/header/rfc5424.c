// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* RFC 5424 after its priority: "1 STAMP HOST APP PROCID MSGID - MESSAGE". */
static bool rfc5424_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line, word[5];
	struct context got = *out;

	if (out->priority < 0 || !bytes_take(&rest, BYTES("1 ")))
		return false;
	for (size_t i = 0; i < 5; i++) {
		word[i] = bytes_until(&rest, ' ');
		if (word[i].n == 0 || !bytes_take(&rest, BYTES(" ")))
			return false;
	}
	if (!header_iso_stamp(&word[0], &got))
		return false;
	/* structured data: none, or one or more [...] */
	if (!bytes_take(&rest, BYTES("- "))) {
		while (bytes_take(&rest, BYTES("["))) {
			bytes_until(&rest, ']');
			bytes_skip(&rest, 1);
		}
		if (!bytes_take(&rest, BYTES(" ")))
			return false;
	}
	bytes_take(&rest, BYTES("\xef\xbb\xbf")); /* the RFC's mark of UTF-8 */
	*out = got;
	out->host = word[1];
	out->tag = word[2];
	if (!bytes_eq(word[3], BYTES("-")))
		out->tag_pid = 0;
	*line = rest;
	return true;
}

const struct header header_rfc5424 = { "rfc5424", "syslog as RFC 5424 has it", rfc5424_parse };
