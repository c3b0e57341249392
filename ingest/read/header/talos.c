// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* Talos: "10.5.0.3: kern:  notice: [2022-07-28T11:49:44.873619063Z]: ". */
static bool talos_parse(struct bytes *line, struct context *out)
{
	struct context got = *out;
	struct bytes rest = *line, host = bytes_until(&rest, ' '), level;

	if (host.n < 2 || host.p[host.n - 1] != ':' || !bytes_take(&rest, BYTES(" kern: ")))
		return false;
	bytes_trim_left(&rest);
	level = bytes_until(&rest, ':');
	if (level.n == 0 || level.n > 9 || !bytes_take(&rest, BYTES(": [")) ||
	    !header_iso_stamp(&rest, &got) || !bytes_take(&rest, BYTES("]: ")))
		return false;
	host.n--;
	*out = got;
	out->host = host;
	out->tag = BYTES("kernel");
	*line = rest;
	return true;
}

const struct header header_talos = { "talos", "Talos' kernel log", talos_parse };
