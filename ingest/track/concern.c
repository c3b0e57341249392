#include "ingest/track/concern.h"

#include "ingest/track/rows.h"

/*
 * Those that come from a part wait: by an exec, or by a known birth. What they made before it
 * counts, too.
 */
int concern_children(struct derive *d, int64_t part, struct err *e)
{
	const struct derive_part *floor = d->floor;
	struct derive_row from = rows_hanging(ROWS_CHILD, 0, part, 0);
	int ret;

	d->floor = NULL;
	ret = rows_wait_all(d, &from, INT64_MAX, false, e);
	d->floor = floor;
	return ret;
}

/* Those who rest on a part's life wait, from a time on. */
int concern_rested(struct derive *d, const struct derive_part *m, int64_t since, struct err *e)
{
	struct derive_row from = rows_hanging(ROWS_WITNESS, 0, m->id, 0);

	if (since != INT64_MIN)
		from.w[4] = rows_time(since);
	return rows_wait_all(d, &from, INT64_MAX, false, e);
}

/* m lives in its image now, or longer than before: those wait that found none that does. */
int concern_gone(struct derive *d, const struct derive_part *m, struct err *e)
{
	int64_t until = m->t_end == TRACK_LIVES ? INT64_MAX : m->t_end + DERIVE_ENDED_MS;

	for (uint8_t layer = m->layer; layer < TRACK_LAYERS && !m->loader; layer++) {
		struct derive_row from = rows_hanging(ROWS_GONE, layer, 0, (uint64_t)m->image);

		rows_order(&from, &m->key, (int64_t)ROWS_ID);
		if (rows_wait_all(d, &from, until, true, e) < 0)
			return -1;
	}
	return 0;
}

int concern_born(struct derive *d, int64_t node, int32_t pid, struct err *e)
{
	struct derive_row from = rows_hanging(ROWS_BORN, 0, node, (uint32_t)pid);

	return rows_wait_all(d, &from, INT64_MAX, false, e);
}

int concern_lookers(struct derive *d, const struct derive_part *p, struct err *e)
{
	struct derive_rows rows = { 0 };
	int ret = rows_of_part(d, p, INT64_MIN, &rows, e);

	for (size_t i = 0; i < rows.n && ret == 0; i++)
		ret = rows_touch(d, &rows.v[i], e);
	VEC_FREE(&rows);
	return ret;
}

