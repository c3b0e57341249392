// SPDX-License-Identifier: Apache-2.0
/* Encodes marks, and decodes them with every count checked. */
#include "ingest/track/mark.h"

#include "ingest/track/facts.h"
#include "ingest/track/pack.h"
#include "ingest/track/rows.h"

#include <stdlib.h>

/* The sets of cells that a mark has: those of the walk over trusted evidence, and of that over all.
 */
#define SETS 3
static struct cells *cells_of(struct mark *m, unsigned set)
{
	return set == 0 ? &m->point.trusted.trusted :
	       set == 1 ? &m->point.all.trusted :
			  &m->point.all.text;
}

/* ---- as bytes ---- */

static void pack_cells(struct buf *b, const struct cells *c, bool rows)
{
	buf_varint(b, rows ? 0 : c->n);
	for (size_t i = 0; i < c->n && !rows; i++)
		buf_varint(b, c->v[i]);
}

static bool unpack_cells(struct bytes *b, struct cells *c)
{
	uint64_t n, cell;

	if (!buf_take_varint(b, &n))
		return false;
	for (; n > 0; n--) {
		if (!buf_take_varint(b, &cell))
			return false;
		cells_add(c, cell);
	}
	return true;
}

static void pack_stand(struct buf *b, const struct within_stand *s)
{
	pack_signed(b, s->part);
	buf_varint(b, s->s_last);
	pack_signed(b, s->t_last);
	buf_varint(b, s->open | s->given << 1 | s->loader << 2 | s->layer << 3);
	buf_varint(b, (uint64_t)s->exe);
	buf_varint(b, s->boot);
	buf_varint(b, s->awaited.n);
	for (size_t i = 0; i < s->awaited.n; i++) {
		const struct within_awaited *a = &s->awaited.v[i];
		bool some = a->cells.some || a->cells.n > MARK_CELLS;

		buf_varint(b, (uint64_t)a->what << 1 | some);
		buf_varint(b, (uint64_t)a->exe);
		buf_varint(b, a->boot);
		buf_varint(b, a->left);
		pack_cells(b, &a->cells, some);
	}
}

static bool unpack_stand(struct bytes *b, struct within_stand *s)
{
	int64_t part;
	uint64_t serial, flags, exe, boot, n;

	if (!unpack_signed(b, &part) || !buf_take_varint(b, &serial) ||
	    !unpack_signed(b, &s->t_last) || !buf_take_varint(b, &flags) ||
	    !buf_take_varint(b, &exe) || !buf_take_varint(b, &boot) || !buf_take_varint(b, &n))
		return false;
	s->part = (int32_t)part;
	s->s_last = (uint32_t)serial;
	s->open = flags & 1;
	s->given = flags >> 1 & 1;
	s->loader = flags >> 2 & 1;
	s->layer = flags >> 3 & 1;
	s->exe = (int64_t)exe;
	s->boot = (uint32_t)boot;
	for (; n > 0; n--) {
		struct within_awaited *a = VEC_PUSH(&s->awaited);
		uint64_t what, left;

		*a = (struct within_awaited){ 0 };
		if (!buf_take_varint(b, &what) || !buf_take_varint(b, &exe) ||
		    !buf_take_varint(b, &boot) || !buf_take_varint(b, &left) ||
		    !unpack_cells(b, &a->cells))
			return false;
		a->exe = (int64_t)exe;
		a->boot = (uint32_t)boot;
		a->left = (uint32_t)left;
		a->what = (enum within_awaits)(what >> 1);
		a->cells.some = what & 1;
	}
	return true;
}

static void pack_edge(struct buf *b, const struct track_edge *d)
{
	pack_signed(b, d->t);
	buf_varint(b, d->serial);
	buf_varint(b, d->boot);
	buf_varint(b, (uint64_t)d->kind << 2 | (uint64_t)d->layer << 1 | d->loader);
	pack_signed(b, d->parent);
	buf_varint(b, (uint64_t)d->exe);
	buf_varint(b, d->cell);
}

static bool unpack_edge(struct bytes *b, struct track_edge *d)
{
	uint64_t serial, boot, kind, exe;
	int64_t parent;

	*d = (struct track_edge){ 0 };
	if (!unpack_signed(b, &d->t) || !buf_take_varint(b, &serial) ||
	    !buf_take_varint(b, &boot) || !buf_take_varint(b, &kind) ||
	    !unpack_signed(b, &parent) || !buf_take_varint(b, &exe) ||
	    !buf_take_varint(b, &d->cell))
		return false;
	d->serial = (uint32_t)serial;
	d->boot = (uint32_t)boot;
	d->kind = (uint8_t)(kind >> 2);
	d->layer = kind >> 1 & 1;
	d->loader = kind & 1;
	d->parent = (int32_t)parent;
	d->exe = (int64_t)exe;
	return true;
}

/* Lists that are full are those of the part, too; but of sites, if some count that are under way.
 */
static void pack_part(struct buf *b, const struct mark *m, const struct mark_part *p)
{
	size_t n_looks = p->had.ended < DERIVE_CELLS ? p->lists.looks.n : 0, n_sites;
	bool sites = p->had.sites < DERIVE_SITES_FROM;

	for (size_t i = 0; i < m->n_open; i++)
		sites = sites || m->site[i];
	n_sites = sites ? p->lists.sites.n : 0;
	buf_varint(b, (uint64_t)p->id);
	buf_varint(b, p->n);
	buf_varint(b, p->had.ended);
	buf_varint(b, p->had.sites << 1 | sites);
	pack_signed(b, p->t_last);
	buf_varint(b, p->s_last);
	buf_varint(b, n_looks);
	for (size_t i = 0; i < n_looks; i++) {
		buf_varint(b, (uint64_t)p->lists.looks.v[i].exe);
		buf_varint(b, p->lists.looks.v[i].cell);
	}
	buf_varint(b, n_sites);
	for (size_t i = 0; i < n_sites; i++) {
		buf_varint(b, (uint64_t)p->lists.sites.v[i].call);
		buf_varint(b, p->lists.sites.v[i].ip);
	}
}

static bool unpack_part(struct bytes *b, struct mark_part *p)
{
	uint64_t id, n, ended, sites, serial, x, y;

	if (!buf_take_varint(b, &id) || !buf_take_varint(b, &n) || !buf_take_varint(b, &ended) ||
	    !buf_take_varint(b, &sites) || !unpack_signed(b, &p->t_last) ||
	    !buf_take_varint(b, &serial))
		return false;
	p->id = (int64_t)id;
	p->n = (uint32_t)n;
	p->had = (struct facts_had){ ended, sites >> 1 };
	p->has_sites = sites & 1;
	p->s_last = (uint32_t)serial;
	if (!buf_take_varint(b, &n))
		return false;
	for (; n > 0; n--) {
		if (!buf_take_varint(b, &x) || !buf_take_varint(b, &y))
			return false;
		*VEC_PUSH(&p->lists.looks) = (struct derive_look){ (int64_t)x, y };
	}
	if (!buf_take_varint(b, &n))
		return false;
	for (; n > 0; n--) {
		if (!buf_take_varint(b, &x) || !buf_take_varint(b, &y))
			return false;
		*VEC_PUSH(&p->lists.sites) = (struct track_site){ (int64_t)x, y };
	}
	return true;
}

/* What an interval that is under way is known by. */
static void pack_interval(struct buf *b, const struct track_interval *v, bool site)
{
	buf_varint(b, v->boot);
	buf_varint(b, v->s_first);
	pack_signed(b, v->t_first);
	buf_varint(b, (uint64_t)v->layer << 2 | (uint64_t)v->loader << 1 | site);
	buf_varint(b, (uint64_t)v->exe);
	buf_varint(b, (uint64_t)v->name);
	buf_varint(b, v->cell);
	buf_varint(b, v->uid);
	buf_varint(b, v->auid);
}

static bool unpack_interval(struct bytes *b, struct track_interval *v, bool *site)
{
	uint64_t boot, serial, flags, exe, name, uid, auid;

	*v = (struct track_interval){ 0 };
	if (!buf_take_varint(b, &boot) || !buf_take_varint(b, &serial) ||
	    !unpack_signed(b, &v->t_first) || !buf_take_varint(b, &flags) ||
	    !buf_take_varint(b, &exe) || !buf_take_varint(b, &name) ||
	    !buf_take_varint(b, &v->cell) || !buf_take_varint(b, &uid) ||
	    !buf_take_varint(b, &auid))
		return false;
	v->boot = (uint32_t)boot;
	v->s_first = (uint32_t)serial;
	v->layer = flags >> 2 & 1;
	v->loader = flags >> 1 & 1;
	*site = flags & 1;
	v->exe = (int64_t)exe;
	v->name = (int64_t)name;
	v->uid = (uint32_t)uid;
	v->auid = (uint32_t)auid;
	return true;
}

static void pack_moment(struct buf *b, const struct within_moment *m)
{
	pack_signed(b, m->t);
	buf_varint(b, m->boot);
	buf_varint(b, m->serial);
}

static bool unpack_moment(struct bytes *b, struct within_moment *m)
{
	uint64_t boot, serial;

	if (!unpack_signed(b, &m->t) || !buf_take_varint(b, &boot) || !buf_take_varint(b, &serial))
		return false;
	m->boot = (uint32_t)boot;
	m->serial = (uint32_t)serial;
	return true;
}

static void pack(struct buf *b, struct mark *m)
{
	pack_moment(b, &m->moment);
	buf_varint(b, (uint64_t)m->rows << 1 | m->point.texts);
	buf_varint(b, m->point.n_parts);
	for (size_t i = 0; i < m->point.n_parts; i++)
		pack_part(b, m, &m->part[i]);
	pack_stand(b, &m->point.trusted);
	if (m->point.texts)
		pack_stand(b, &m->point.all);
	for (unsigned i = 0; i < SETS; i++)
		pack_cells(b, cells_of(m, i), m->rows >> i & 1);
	buf_varint(b, m->n_open);
	for (size_t i = 0; i < m->n_open; i++)
		pack_interval(b, &m->open[i], m->site[i]);
	buf_varint(b, m->n_edges);
	for (size_t i = 0; i < m->n_edges; i++)
		pack_edge(b, &m->edges[i]);
	for (size_t i = 0; i < TRACK_LAYERS; i++)
		pack_edge(b, &m->birth[i]);
}

static bool unpack(struct bytes b, struct mark *m)
{
	uint64_t flags, n;

	if (!unpack_moment(&b, &m->moment) || !buf_take_varint(&b, &flags) ||
	    !buf_take_varint(&b, &n) || n > TRACK_LAYERS)
		return false;
	m->point.texts = flags & 1;
	m->rows = (uint8_t)(flags >> 1);
	m->point.n_parts = n;
	for (size_t i = 0; i < m->point.n_parts; i++)
		if (!unpack_part(&b, &m->part[i]))
			return false;
	m->point.all.part = -1;
	if (!unpack_stand(&b, &m->point.trusted) ||
	    (m->point.texts && !unpack_stand(&b, &m->point.all)))
		return false;
	for (unsigned i = 0; i < SETS; i++) {
		if (!unpack_cells(&b, cells_of(m, i)))
			return false;
		cells_of(m, i)->some = m->rows >> i & 1;
	}
	if (!buf_take_varint(&b, &n) || n > MARK_MOST)
		return false;
	for (; m->n_open < n; m->n_open++)
		if (!unpack_interval(&b, &m->open[m->n_open], &m->site[m->n_open]))
			return false;
	if (!buf_take_varint(&b, &n) || n > MARK_MOST)
		return false;
	for (; m->n_edges < n; m->n_edges++)
		if (!unpack_edge(&b, &m->edges[m->n_edges]))
			return false;
	for (size_t i = 0; i < TRACK_LAYERS; i++)
		if (!unpack_edge(&b, &m->birth[i]))
			return false;
	return b.n == 0 && m->point.trusted.part < (int32_t)m->point.n_parts &&
	       m->point.all.part < (int32_t)m->point.n_parts;
}

/* ---- cells that have rows ---- */

static struct derive_row cell_row(unsigned set, int64_t node, int32_t pid, uint64_t cell)
{
	return (struct derive_row){
		{ rows_head(ROWS_CELL, (uint8_t)set, node), (uint32_t)pid, cell }, 0
	};
}

static bool is_of(const struct derive_row *row, const struct derive_row *of)
{
	return row->w[0] == of->w[0] && row->w[1] == of->w[1];
}

/* The nearest cell that is not above one, or else above it, if it is near: these tell whether it is
 * there, and whether any is near. */
static int near_cells(struct derive *d, int64_t node, int32_t pid, unsigned set, uint64_t cell,
		      struct cells *c, struct err *e)
{
	struct derive_row at = cell_row(set, node, pid, cell + 1), row;
	int got = d->store->prev(d->store->ctx, &at, &row, e);

	if (got == 1 && is_of(&row, &at) && row.w[2] + CELLS_NEAR >= cell) {
		cells_add(c, row.w[2]);
		return 0;
	}
	at.w[2] = cell;
	if (got >= 0)
		got = d->store->next(d->store->ctx, &at, &row, e);
	if (got == 1 && is_of(&row, &at) && row.w[2] <= cell + CELLS_NEAR)
		cells_add(c, row.w[2]);
	return got < 0 ? -1 : 0;
}

int mark_cells(struct derive *d, int64_t node, int32_t pid, struct mark *m,
	       const struct track_interval *v, size_t n, struct err *e)
{
	for (unsigned set = 0; set < SETS; set++) {
		struct cells *c = cells_of(m, set);

		for (size_t i = 0; i < n && c->some; i++)
			if (!cells_has(c, v[i].cell) &&
			    near_cells(d, node, pid, set, v[i].cell, c, e) < 0)
				return -1;
	}
	return 0;
}

static int drop_rows(struct derive *d, unsigned set, int64_t node, int32_t pid, struct err *e)
{
	struct derive_row at = { { rows_head(ROWS_CELL, (uint8_t)set, node), (uint32_t)pid }, 0 },
			  row;
	int got;

	for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && is_of(&row, &at);
	     at = row)
		if (d->store->del(d->store->ctx, &row, e) < 0)
			return -1;
	/* a cell 0 would be equal to `at` */
	at.w[2] = 0;
	return got < 0 ? -1 : d->store->del(d->store->ctx, &at, e);
}

/* Gives the cells of a set rows, if they are many. Those of the last mark stay where it is the same
 * set. */
static int save_cells(struct derive *d, unsigned set, int64_t node, int32_t pid, struct mark *m,
		      bool had, struct err *e)
{
	const struct cells *c = cells_of(m, set);
	bool rows = c->some || c->n > MARK_CELLS;

	if (had && !c->some && drop_rows(d, set, node, pid, e) < 0)
		return -1;
	m->rows |= (uint8_t)(rows << set);
	for (size_t i = 0; i < c->n && rows; i++) {
		struct derive_row r = cell_row(set, node, pid, c->v[i]);

		if (d->store->put(d->store->ctx, &r, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- all ---- */

static struct within_part as_within(const struct derive_part *p, const struct mark_part *m)
{
	return (struct within_part){ .exe = p->exe,
				     .name = p->name,
				     .t_first = p->key.t,
				     .t_last = m->t_last,
				     .t_end = TRACK_LIVES,
				     .s_first = p->key.serial,
				     .s_last = m->s_last,
				     .boot = p->key.boot,
				     .uid = p->uid,
				     .auid = p->auid,
				     .layer = p->layer,
				     .loader = p->loader,
				     .execs_first = p->execs_first,
				     .from = p->first ? -1 : 0,
				     .seq = p->key.seq };
}

int mark_parts(struct derive *d, struct mark *m, struct err *e)
{
	for (size_t i = 0; i < m->point.n_parts; i++) {
		struct mark_part *mp = &m->part[i];
		struct derive_part *p;

		if (rows_part(d, mp->id, &p, e) < 0)
			return -1;
		if (p == NULL)
			return 0;
		m->point.part[i] = as_within(p, mp);
		if (mp->had.ended >= DERIVE_CELLS)
			facts_copy_looks(&mp->lists, p);
		if (!mp->has_sites)
			facts_copy_sites(&mp->lists, p);
	}
	return 1;
}

int mark_load(struct derive *d, int64_t node, int32_t pid, struct mark *out, struct err *e)
{
	auto_buf struct buf body = { 0 };
	int got = d->store->mark(d->store->ctx, node, pid, &body, e);

	*out = (struct mark){ 0 };
	if (got == 1 && !unpack(buf_bytes(&body), out))
		got = err_set(e, ST_SYSTEM, "derivation: the mark of pid %d is damaged", pid);
	if (got != 1)
		mark_release(out);
	return got;
}

int mark_time(struct derive *d, int64_t node, int32_t pid, int64_t *t, struct err *e)
{
	auto_buf struct buf body = { 0 };
	struct within_moment m = { 0 };
	int got = d->store->mark(d->store->ctx, node, pid, &body, e);
	struct bytes b = buf_bytes(&body);

	if (got == 1 && !unpack_moment(&b, &m))
		return err_set(e, ST_SYSTEM, "derivation: the mark of pid %d is damaged", pid);
	*t = got == 1 ? m.t : INT64_MIN;
	return got;
}

int mark_save(struct derive *d, int64_t node, int32_t pid, struct mark *m, const struct mark *old,
	      struct err *e)
{
	auto_buf struct buf body = { 0 };

	for (unsigned set = 0; set < SETS; set++) {
		bool had = old != NULL && old->rows >> set & 1;

		if (m != NULL ? save_cells(d, set, node, pid, m, had, e) < 0 :
				had && drop_rows(d, set, node, pid, e) < 0)
			return -1;
	}
	if (m != NULL)
		pack(&body, m);
	if (m == NULL && old == NULL)
		return 0;
	return d->store->keep_mark(d->store->ctx, node, pid, buf_bytes(&body), e);
}
