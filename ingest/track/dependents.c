// SPDX-License-Identifier: Apache-2.0
/* Finds the parts that rest on one that changed, and puts them into the queue. */
#include "ingest/track/dependents.h"

#include "ingest/track/rows.h"
#include "ingest/track/work.h"

static const uint64_t all[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };

int dependents_children(struct derive *d, int64_t part, struct err *e)
{
	struct derive_row from = rows_hanging(ROWS_CHILD, 0, part, 0);

	return work_wait(d, &from, all, false, e);
}

int dependents_rested(struct derive *d, const struct derive_part *m, int64_t since, struct err *e)
{
	struct derive_row from = rows_hanging(ROWS_WITNESS, 0, m->id, 0);

	if (since != INT64_MIN)
		from.w[4] = rows_time(since);
	return work_wait(d, &from, all, false, e);
}

/* What was found of the image while somebody looked for one that lives. */
static void forget_search(struct derive *d, int64_t image)
{
	struct derive_search *s = &d->search;
	bool any = s->image == image;

	for (size_t i = 0; i < s->found.n; i++)
		any = any || s->found.v[i].image == image;
	if (any)
		s->part = 0;
}

static int gone_of(struct derive *d, const struct derive_part *m, int64_t image, struct err *e)
{
	uint64_t until[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };

	forget_search(d, image);
	if (m->t_end != TRACK_LIVES)
		until[0] = rows_time(m->t_end + DERIVE_ENDED_MS);
	for (uint8_t layer = m->layer; layer < TRACK_LAYERS && !m->loader; layer++) {
		struct derive_row from = rows_hanging(ROWS_GONE, layer, 0, (uint64_t)image);

		rows_order(&from, &m->key, (int64_t)ROWS_ID);
		if (work_wait(d, &from, until, true, e) < 0)
			return -1;
	}
	return 0;
}

int dependents_gone(struct derive *d, const struct derive_part *m, struct err *e)
{
	if (d->merged != 0 && (m->image == d->merged || m->image == d->merged_into))
		return gone_of(d, m, d->merged, e) < 0 ? -1 : gone_of(d, m, d->merged_into, e);
	return gone_of(d, m, m->image, e);
}

int dependents_born(struct derive *d, int64_t node, int32_t pid, struct err *e)
{
	struct derive_row from = rows_hanging(ROWS_BORN, 0, node, (uint32_t)pid);

	return work_wait(d, &from, all, false, e);
}
