// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* /dev/kmsg: "priority,sequence,microseconds,flags;" and then the text with bytes as \xHH. */
static bool kmsg_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line;
	uint64_t priority, sequence, us;

	if (!bytes_dec(&rest, 1023, &priority) || !bytes_take(&rest, BYTES(",")) ||
	    !bytes_dec(&rest, UINT64_MAX / 2, &sequence) || !bytes_take(&rest, BYTES(",")) ||
	    !bytes_dec(&rest, INT64_MAX, &us) || !bytes_take(&rest, BYTES(",")))
		return false;
	bytes_until(&rest, ';');
	if (!bytes_take(&rest, BYTES(";")))
		return false;
	out->priority = (int)priority;
	out->uptime_us = (int64_t)us;
	out->escaped = true;
	*line = rest;
	return true;
}

const struct header header_kmsg = { "kmsg", "/dev/kmsg as it is read", kmsg_parse };
