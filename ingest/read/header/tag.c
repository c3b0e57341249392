// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* "kernel: ", or with a host before it: what is left where the stamp was taken off. */
static bool tag_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line, host = { NULL, 0 };

	if (out->tag.n)
		return false;
	if (!bytes_starts(rest, BYTES("kernel: "))) {
		host = bytes_until(&rest, ' ');
		if (!header_host_like(host) || host.p[host.n - 1] == ':' || header_level(host) ||
		    !bytes_take(&rest, BYTES(" ")))
			return false;
	}
	if (!bytes_take(&rest, BYTES("kernel: ")))
		return false;
	out->tag = BYTES("kernel");
	if (host.n)
		out->host = host;
	*line = rest;
	return true;
}

const struct header header_tag = { "tag", "'kernel:' without a stamp", tag_parse };
