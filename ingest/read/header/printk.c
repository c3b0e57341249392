// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* "[ 1324.930539] ", also "[   T55]", "[Tue Nov 24 04:29:36 2026]", "[Nov24 04:29]", "[
 * +0.000050]", "000: ". */
static bool bracket(struct bytes *b, struct context *out)
{
	struct bytes rest = *b, in;
	uint64_t sec;
	int64_t us = 0;

	if (!bytes_take(&rest, BYTES("[")))
		return false;
	in = bytes_until(&rest, ']');
	if (in.n == 0 || in.n > 64 || !bytes_take(&rest, BYTES("]")))
		return false;
	for (size_t i = 0; i < in.n; i++)
		if ((unsigned char)in.p[i] < 0x20 || in.p[i] == '"' || in.p[i] == '=')
			return false;
	bytes_trim_left(&in);
	if (bytes_dec(&in, UINT32_MAX, &sec) && in.n == 7 && in.p[0] == '.') {
		for (size_t i = 1; i < 7; i++)
			us = us * 10 + ((unsigned char)in.p[i] - '0') % 10;
		out->uptime_us = (int64_t)sec * 1000000 + us;
	}
	bytes_take(&rest, BYTES(" "));
	*b = rest;
	return true;
}

static bool printk_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line;

	if (!bracket(&rest, out))
		return false;
	while (bracket(&rest, out))
		;
	/* kernels with real-time patches print the processor */
	if (rest.n > 5 && rest.p[3] == ':' && rest.p[4] == ' ') {
		uint64_t cpu;
		struct bytes number = { rest.p, 3 };

		while (number.n > 1 && number.p[0] == '0')
			bytes_skip(&number, 1);
		if (bytes_dec(&number, 999, &cpu) && number.n == 0)
			bytes_skip(&rest, 5);
	}
	*line = rest;
	return true;
}

const struct header header_printk = { "dmesg", "printk's own stamp, and dmesg's spellings of it",
				      printk_parse };
