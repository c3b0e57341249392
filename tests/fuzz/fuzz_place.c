/* What /proc/PID/cgroup holds: names that whoever made the cgroup chose. */
#include "ingest/live/process/place.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct place p;
	struct bytes v[PLACE_FIELDS], general[PLACE_FIELDS];
	char room[PLACE_ROOM + PLACE_FIELDS];
	auto_buf struct buf more = { 0 }, text = { 0 };
	size_t used;

	if (memchr(data, '\0', n) != NULL || !place_parse(&p, (struct bytes){ (const char *)data, n }))
		return 0;
	used = place_encode(&p, room, sizeof(room));
	if (used == 0 || !place_decode(v, (struct bytes){ room, used })) {
		fprintf(stderr, "broken: what was encoded cannot be read\n");
		abort();
	}
	place_general(v, general, &more);
	place_text(v, &text);
	return 0;
}
