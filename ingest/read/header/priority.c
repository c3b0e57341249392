// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* "<5>": syslog's priority on the wire, and dmesg -r. */
static bool priority_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line;
	uint64_t priority;

	if (!bytes_take(&rest, BYTES("<")) || !bytes_dec(&rest, 1023, &priority) ||
	    !bytes_take(&rest, BYTES(">")))
		return false;
	out->priority = (int)priority;
	*line = rest;
	return true;
}

const struct header header_priority = { "priority", "<N> of syslog on the wire and dmesg -r",
					priority_parse };
