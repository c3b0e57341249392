// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

#include "store/base/when.h"

/* "STAMP stdout F ", as the runtime of Kubernetes writes what a container prints; or its stamp
 * alone (docker logs -t). */
static bool cri_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line, stamp = bytes_until(&rest, ' ');
	struct context got = *out;

	/* what follows the stamp is looked at first: syslog's has the same */
	if (!bytes_take(&rest, BYTES(" ")))
		return false;
	if (bytes_take(&rest, BYTES("stdout ")) || bytes_take(&rest, BYTES("stderr "))) {
		if (!bytes_take(&rest, BYTES("F ")) && !bytes_take(&rest, BYTES("P ")))
			return false;
	} else if (!bytes_starts(rest, BYTES("type=")) && !bytes_starts(rest, BYTES("node=")) &&
		   !bytes_starts(rest, BYTES("{"))) {
		return false;
	}
	if (!header_iso_stamp(&stamp, &got) || stamp.n > 0)
		return false;
	/* the time of who read it: the record's header, if it has one, knows better */
	out->ms = got.ms;
	out->ms_is_audit = false;
	*line = rest;
	return true;
}

const struct header header_cri = { "cri", "CRI's log of a container, docker logs -t", cri_parse };
