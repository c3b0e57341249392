// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

#include "store/base/mem.h"

/* dmesg -x: "kern  :notice: ". */
static bool dmesg_x_parse(struct bytes *line, struct context *out)
{
	static const char *const facilities[] = { "kern", "user",   "mail",	"daemon",
						  "auth", "syslog", "lpr",	"news",
						  "uucp", "cron",   "authpriv", "ftp" };
	struct bytes rest = *line, name = bytes_until(&rest, ':'), level;

	bytes_trim_right(&name);
	bytes_skip(&rest, 1);
	level = bytes_until(&rest, ':');
	bytes_trim_right(&level);
	if (level.n < 3 || level.n > 7 || memchr(level.p, ' ', level.n) != NULL ||
	    !bytes_take(&rest, BYTES(": ")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(facilities); i++) {
		if (!bytes_eq(name, bytes_of(facilities[i])))
			continue;
		out->priority = (int)(i * 8 + 5);
		*line = rest;
		return true;
	}
	return false;
}

const struct header header_dmesg_x = { "dmesg-x", "dmesg -x: facility and level in words",
				       dmesg_x_parse };
