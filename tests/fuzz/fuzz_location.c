// SPDX-License-Identifier: Apache-2.0
/* What /proc/PID/cgroup holds: names that whoever made the cgroup chose. */
#include "ingest/live/process/location.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct location p;
	struct bytes v[LOCATION_FIELDS], general[LOCATION_FIELDS];
	char room[LOCATION_ROOM + LOCATION_FIELDS];
	auto_buf struct buf more = { 0 }, text = { 0 };
	size_t used;

	if (memchr(data, '\0', n) != NULL ||
	    !location_parse(&p, (struct bytes){ (const char *)data, n }))
		return 0;
	used = location_encode(&p, room, sizeof(room));
	if (used == 0 || !location_decode(v, (struct bytes){ room, used })) {
		fprintf(stderr, "broken: what was encoded cannot be read\n");
		abort();
	}
	location_general(v, general, &more);
	location_text(v, &text);
	return 0;
}
