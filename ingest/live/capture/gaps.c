// SPDX-License-Identifier: Apache-2.0
#include "ingest/live/capture/gaps.h"

#include <string.h>

void gaps_begin(struct gaps *g, uint32_t serial)
{
	memset(g->seen, 0, sizeof(g->seen));
	/* 0 stands for "none" in its own slot: the serial 0 comes once in 2^32 */
	g->seen[0] = 1;
	g->seen[serial % GAPS_WINDOW] = serial;
	g->any = true;
	g->first = g->high = serial;
	g->distinct = 1;
}

void gaps_add(struct gaps *g, uint32_t serial)
{
	if (!g->any) {
		gaps_begin(g, serial);
		return;
	}
	if ((int32_t)(serial - g->first) < 0 || g->seen[serial % GAPS_WINDOW] == serial)
		return;
	g->seen[serial % GAPS_WINDOW] = serial;
	g->distinct++;
	if ((int32_t)(serial - g->high) > 0)
		g->high = serial;
}

uint64_t gaps_until(const struct gaps *g, uint32_t last)
{
	uint64_t came = g->distinct;

	if (!g->any || (int32_t)(last - g->first) < 0)
		return 0;
	for (uint32_t s = last + 1; s != g->high + 1 && (int32_t)(g->high - s) >= 0; s++)
		came -= g->seen[s % GAPS_WINDOW] == s;
	return (uint64_t)(last - g->first) + 1 - came;
}
