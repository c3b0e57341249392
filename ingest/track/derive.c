#include "ingest/track/derive.h"

#include "ingest/track/ask.h"
#include "ingest/track/facts.h"
#include "ingest/track/rows.h"
#include "store/base/map.h"

#include <stdlib.h>

const char *const derive_rule_names[DERIVE_RULES] = {
	[DERIVE_EXECED] = "exec'd",
	[DERIVE_EXEC_ASKEW] = "exec'd, but time says that it came before",
	[DERIVE_BORN] = "known: born",
	[DERIVE_BORN_EXECED] = "known: born, and exec'd before it spoke",
	[DERIVE_A_LOADER] = "a loader is a root",
	[DERIVE_NOWHERE] = "no address in user space",
	[DERIVE_ALONE] = "near: nobody",
	[DERIVE_ALL_APART] = "near: other pages",
	[DERIVE_ALL_GONE] = "near: none lives",
	[DERIVE_NONE_LEFT] = "near: other pages, or none lives",
	[DERIVE_ONE] = "near: one image",
	[DERIVE_ONE_SAME] = "near: one image, an equal address",
	[DERIVE_SAME] = "near: of several the one with an equal address",
	[DERIVE_FORKED] = "near: of several the one that forked",
	[DERIVE_SEVERAL] = "near: several",
	[DERIVE_NO_CALL] = "fixed: no fork-type call",
	[DERIVE_CALLED] = "fixed: a fork-type call, nobody else spoke",
	[DERIVE_JUST] = "fixed: a fork-type call just before",
	[DERIVE_SEVERAL_CALLED] = "fixed: several made fork-type calls",
	[DERIVE_SEVERAL_SPOKE] = "fixed: another spoke",
};

void derive_init(struct derive *d, const struct derive_store *store, const struct track_strings *strings)
{
	*d = (struct derive){ .store = store, .strings = strings, .next_part = 1, .next_image = 1 };
}

void derive_release(struct derive *d)
{
	VEC_FREE(&d->queue);
}

static void drop_lists(struct derive_part *p)
{
	VEC_FREE(&p->rows);
	VEC_FREE(&p->looks);
	VEC_FREE(&p->sites);
}

void derive_part_free(struct derive_part *p)
{
	if (p == NULL)
		return;
	drop_lists(p);
	VEC_FREE(&p->witnesses);
	free(p);
}

static int get_part(struct derive *d, int64_t id, struct derive_part **out, struct err *e)
{
	*out = NULL;
	return id == 0 ? 0 : d->store->part(d->store->ctx, id, out, e);
}

static int get_image(struct derive *d, int64_t id, struct derive_image **out, struct err *e)
{
	if (d->store->image(d->store->ctx, id, out, e) < 0)
		return -1;
	if (*out == NULL)
		return err_set(e, ST_SYSTEM, "derivation: image %lld is missing", (long long)id);
	return 0;
}

/* Rows that hang on one number. */
static struct derive_row hanging(enum rows_kind kind, uint8_t layer, int64_t low, uint64_t second)
{
	return (struct derive_row){ { rows_head(kind, layer, low), second }, 0 };
}

/* ---- who is concerned ---- */

/* Those that come from a part wait: by an exec, or by a known birth. What they made before it counts, too. */
static int wait_children(struct derive *d, int64_t part, struct err *e)
{
	const struct derive_part *floor = d->floor;
	struct derive_row from = hanging(ROWS_CHILD, 0, part, 0);
	int ret;

	d->floor = NULL;
	ret = rows_wait_all(d, &from, INT64_MAX, false, e);
	d->floor = floor;
	return ret;
}

/* Those who rest on a part's life wait, from a time on. */
static int wait_rested(struct derive *d, const struct derive_part *m, int64_t since, struct err *e)
{
	struct derive_row from = hanging(ROWS_WITNESS, 0, m->id, 0);

	if (since != INT64_MIN)
		from.w[4] = rows_time(since);
	return rows_wait_all(d, &from, INT64_MAX, false, e);
}

/* m lives in its image now, or longer than before: those wait that found none that does. */
static int wait_gone(struct derive *d, const struct derive_part *m, struct err *e)
{
	int64_t until = m->t_end == TRACK_LIVES ? INT64_MAX : m->t_end + DERIVE_ENDED_MS;

	for (uint8_t layer = m->layer; layer < TRACK_LAYERS && !m->loader; layer++) {
		struct derive_row from = hanging(ROWS_GONE, layer, 0, (uint64_t)m->image);

		rows_order(&from, &m->key, (int64_t)ROWS_ID);
		if (rows_wait_all(d, &from, until, true, e) < 0)
			return -1;
	}
	return 0;
}

static int wait_born(struct derive *d, int64_t node, int32_t pid, struct err *e)
{
	struct derive_row from = hanging(ROWS_BORN, 0, node, (uint32_t)pid);

	return rows_wait_all(d, &from, INT64_MAX, false, e);
}

static int touch_all(struct derive *d, const struct derive_part *p, struct err *e)
{
	struct derive_rows rows = { 0 };
	int ret = rows_of_part(d, p, INT64_MIN, &rows, e);

	for (size_t i = 0; i < rows.n && ret == 0; i++)
		ret = rows_touch(d, &rows.v[i], e);
	VEC_FREE(&rows);
	return ret;
}

/* ---- images ---- */

/* Their tree is another one: what was exec'd from them is looked at again. */
static int set_tree(struct derive *d, struct derive_image *m, int64_t tree, struct err *e)
{
	if (m->tree == tree)
		return 0;
	m->tree = tree;
	for (uint8_t layer = TRACK_TRUSTED; layer < TRACK_LAYERS; layer++) {
		struct derive_row at = hanging(ROWS_MEMBER, layer, 0, (uint64_t)m->id), row;
		int got;

		for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && rows_beside(&row, &at); at = row)
			if (wait_children(d, rows_id(&row), e) < 0)
				return -1;
		if (got < 0)
			return -1;
	}
	return d->store->keep_image(d->store->ctx, m, e);
}

static int new_image(struct derive *d, struct derive_image **out, struct err *e)
{
	*out = mem_zero(1, sizeof(**out));
	(*out)->id = d->next_image++;
	return d->store->keep_image(d->store->ctx, *out, e);
}

/* Changes the image of a part, and the rows that say so. */
static int put_into(struct derive *d, struct derive_part *p, int64_t image, struct err *e)
{
	struct derive_rows was = { 0 }, now = { 0 };
	int ret;

	rows_of_answer(p, &was);
	p->image = image;
	rows_of_answer(p, &now);
	ret = rows_replace(d, &was, &now, false, e);
	VEC_FREE(&was);
	VEC_FREE(&now);
	return ret < 0 ? -1 : d->store->keep_part(d->store->ctx, p, e);
}

/* A part leaves its image, which may have become empty. */
static int leave(struct derive *d, struct derive_part *p, struct err *e)
{
	struct derive_image *m;

	if (p->image == 0)
		return 0;
	if (get_image(d, p->image, &m, e) < 0)
		return -1;
	m->n--;
	if (m->founder == p->id)
		m->founder = 0;
	if (m->n == 0)
		return d->store->drop_image(d->store->ctx, m->id, e);
	return d->store->keep_image(d->store->ctx, m, e);
}

/* Moves a part to an image. Whoever saw it, rested on it or comes from it is asked again; new ones have been seen by nobody. */
static int move_to(struct derive *d, struct derive_part *p, struct derive_image *to, struct err *e)
{
	bool fresh = p->image == 0;

	if (leave(d, p, e) < 0 || put_into(d, p, to->id, e) < 0)
		return -1;
	to->n++;
	if (d->store->keep_image(d->store->ctx, to, e) < 0 || wait_gone(d, p, e) < 0)
		return -1;
	if (fresh)
		return 0;
	return touch_all(d, p, e) < 0 || wait_rested(d, p, INT64_MIN, e) < 0 || wait_children(d, p->id, e) < 0 ? -1 : 0;
}

/* Those that found the lesser image gone found it so under its new name, too, if they come before the floor. */
static int rename_gone(struct derive *d, const struct derive_image *from, const struct derive_image *to, struct err *e)
{
	for (uint8_t layer = TRACK_TRUSTED; layer < TRACK_LAYERS; layer++) {
		struct derive_row at = hanging(ROWS_GONE, layer, 0, (uint64_t)from->id), row;
		int got;

		for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && rows_beside(&row, &at); at = row) {
			struct derive_row now = row;
			struct derive_part *q;

			now.w[1] = (uint64_t)to->id;
			if (d->store->del(d->store->ctx, &row, e) < 0 || d->store->part(d->store->ctx, rows_id(&row), &q, e) < 0)
				return -1;
			if (q == NULL)
				continue;
			if (derive_before(d->floor, q))
				rows_wait(d, q);
			else if (d->store->put(d->store->ctx, &now, e) < 0)
				return -1;
		}
		if (got < 0)
			return -1;
	}
	return 0;
}

static int move_member(struct derive *d, int64_t id, const struct derive_image *to, bool retree, struct err *e)
{
	struct derive_part *q;

	if (get_part(d, id, &q, e) < 0)
		return -1;
	if (q == NULL)
		return err_set(e, ST_SYSTEM, "derivation: a part is missing");
	if (put_into(d, q, to->id, e) < 0 || touch_all(d, q, e) < 0 || wait_gone(d, q, e) < 0)
		return -1;
	return retree ? wait_children(d, id, e) : 0;
}

/*
 * p, the founder of the larger image, turns out to be of the lesser one. The lesser takes the larger's number: a number is
 * no part of the answer, and so a program that forks by the million is not written anew for each record that comes late.
 */
static int put_together(struct derive *d, const struct derive_part *p, struct derive_image *lesser, struct derive_image *larger,
			struct err *e)
{
	int64_t tree = lesser->tree == lesser->id ? larger->id : lesser->tree;
	bool retree = lesser->tree == lesser->id;
	struct ask_ids ids = { 0 };
	int ret = 0;

	for (uint8_t layer = TRACK_TRUSTED; layer < TRACK_LAYERS && ret == 0; layer++) {
		struct derive_row at = hanging(ROWS_MEMBER, layer, 0, (uint64_t)lesser->id), row;

		for (; (ret = d->store->next(d->store->ctx, &at, &row, e)) == 1 && rows_beside(&row, &at); at = row)
			*VEC_PUSH(&ids) = rows_id(&row);
		ret = ret < 0 ? -1 : 0;
	}
	d->floor = p;
	if (ret == 0)
		ret = rename_gone(d, lesser, larger, e);
	for (size_t i = 0; i < ids.n && ret == 0; i++)
		ret = move_member(d, ids.v[i], larger, retree, e);
	d->floor = NULL;
	VEC_FREE(&ids);
	if (ret < 0)
		return -1;
	larger->n += lesser->n;
	larger->founder = lesser->founder;
	if (d->store->drop_image(d->store->ctx, lesser->id, e) < 0 || set_tree(d, larger, tree, e) < 0)
		return -1;
	return d->store->keep_image(d->store->ctx, larger, e);
}

/* ---- settling ---- */

static int is_first_member(struct derive *d, const struct derive_part *p, bool *out, struct err *e)
{
	*out = true;
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer && *out; layer++) {
		struct derive_row at = hanging(ROWS_MEMBER, layer, 0, (uint64_t)p->image), row;
		int got = d->store->next(d->store->ctx, &at, &row, e);

		if (got < 0)
			return -1;
		*out = got != 1 || !rows_beside(&row, &at) || (layer == p->layer && !rows_before(&row, p));
	}
	return 0;
}

/* p begins an image: the one that it has, if it is the first of it or the one that was has left, else a new one. */
static int begin(struct derive *d, struct derive_part *p, const struct derive_part *from, struct err *e)
{
	struct derive_image *m = NULL, *above = NULL;
	bool keep = false;

	if (p->image != 0 && get_image(d, p->image, &m, e) < 0)
		return -1;
	if (m != NULL && m->founder == p->id)
		keep = true;
	else if (m != NULL && m->founder == 0 && is_first_member(d, p, &keep, e) < 0)
		return -1;
	if (!keep && (new_image(d, &m, e) < 0 || move_to(d, p, m, e) < 0))
		return -1;
	m->founder = p->id;
	if (from != NULL && get_image(d, from->image, &above, e) < 0)
		return -1;
	if (set_tree(d, m, above != NULL ? above->tree : m->id, e) < 0)
		return -1;
	return d->store->keep_image(d->store->ctx, m, e);
}

static int join(struct derive *d, struct derive_part *p, int64_t image, struct err *e)
{
	struct derive_image *to, *own = NULL;

	if (image == p->image)
		return 0;
	if (get_image(d, image, &to, e) < 0 || (p->image != 0 && get_image(d, p->image, &own, e) < 0))
		return -1;
	if (own != NULL && own->founder == p->id && own->n > to->n)
		return put_together(d, p, to, own, e);
	return move_to(d, p, to, e);
}

/* The part of its parent at the time of a known birth; NULL: the parent left no record before. */
static int find_parent(struct derive *d, const struct derive_part *p, struct derive_part **out, struct err *e)
{
	*out = NULL;
	for (uint8_t layer = TRACK_TRUSTED; layer <= p->layer; layer++) {
		struct track_key key = { p->key.node, p->key.boot, p->birth_t, p->birth_serial, p->birth_pid, UINT16_MAX };
		struct derive_row at = hanging(ROWS_PID, 0, p->key.node, (uint32_t)p->birth_pid), row;
		struct derive_part *m = NULL;
		int got;

		at.w[2] = (uint64_t)layer << 32 | p->key.boot;
		rows_order(&at, &key, (int64_t)ROWS_ID);
		for (; (got = d->store->prev(d->store->ctx, &at, &row, e)) == 1 && rows_beside(&row, &at); at = row)
			if ((uint32_t)(row.w[5] >> 32) <= p->birth_serial)
				break;
		if (got < 0 || (got == 1 && rows_beside(&row, &at) && get_part(d, rows_id(&row), &m, e) < 0))
			return -1;
		if (m != NULL && (*out == NULL || m->key.t > (*out)->key.t ||
				  (m->key.t == (*out)->key.t && m->key.serial >= (*out)->key.serial)))
			*out = m;
	}
	return 0;
}

/* Does the order put it before p by its key alone? */
static bool earlier(const struct derive_part *m, const struct derive_part *p)
{
	struct derive_row at = { 0 };

	rows_order(&at, &m->key, 0);
	return m->key.boot == p->key.boot && rows_before(&at, p);
}

/* What p comes from, as far as its own pid or a known birth says. *ask: neither does. */
static int find_link(struct derive *d, const struct derive_part *p, struct derive_part **from, bool *same, bool *ask, uint8_t *rule,
		     struct err *e)
{
	*same = *ask = false;
	if (!p->first) {
		if (get_part(d, p->from, from, e) < 0)
			return -1;
		if (*from == NULL)
			return err_set(e, ST_SYSTEM, "derivation: a part is missing");
		*rule = earlier(*from, p) ? DERIVE_EXECED : DERIVE_EXEC_ASKEW;
		if (*rule == DERIVE_EXEC_ASKEW)
			*from = NULL;
		return 0;
	}
	*from = NULL;
	if (p->born && find_parent(d, p, from, e) < 0)
		return -1;
	if (*from != NULL && earlier(*from, p)) {
		*same = (*from)->exe == p->exe;
		*rule = *same ? DERIVE_BORN : DERIVE_BORN_EXECED;
		return 0;
	}
	*from = NULL;
	*ask = !p->loader;
	*rule = DERIVE_A_LOADER;
	return 0;
}

/* Notes what the answer rests on. */
static int note(struct derive *d, struct derive_part *p, int64_t link, struct ask_answer *a, struct err *e)
{
	struct derive_rows was = { 0 }, now = { 0 };
	int ret;

	rows_of_answer(p, &was);
	p->link = link;
	p->asks_calls = a->calls;
	p->witnesses.n = 0;
	for (size_t i = 0; i < a->witnesses.n; i++)
		*VEC_PUSH(&p->witnesses) = a->witnesses.v[i];
	rows_of_answer(p, &now);
	ret = rows_replace(d, &was, &now, false, e);
	VEC_FREE(&was);
	VEC_FREE(&now);
	for (size_t i = 0; i < a->gone.n && ret == 0; i++) {
		struct derive_row r = hanging(ROWS_GONE, p->layer, 0, (uint64_t)a->gone.v[i]);

		rows_order(&r, &p->key, p->id);
		ret = d->store->put(d->store->ctx, &r, e);
	}
	return ret;
}

static int settle(struct derive *d, struct derive_part *p, struct err *e)
{
	struct ask_answer a = { 0 };
	struct derive_part *from;
	bool same, ask;
	int ret = find_link(d, p, &from, &same, &ask, &p->rule, e);

	d->asked++;
	if (ret == 0 && ask) {
		ret = ask_near(d, p, &a, e);
		p->rule = (uint8_t)a.rule;
	} else if (ret == 0 && same) {
		a.image = from->image;
	}
	if (ret == 0)
		ret = note(d, p, from ? from->id : 0, &a, e);
	if (ret == 0)
		ret = a.image != 0 ? join(d, p, a.image, e) : begin(d, p, same ? NULL : from, e);
	VEC_FREE(&a.witnesses);
	VEC_FREE(&a.gone);
	return ret < 0 ? -1 : d->store->keep_part(d->store->ctx, p, e);
}

static struct derive_wait pop(struct derive *d)
{
	struct derive_wait first = d->queue.v[0], last = d->queue.v[--d->queue.n];
	size_t i = 0, n = d->queue.n;

	while (i * 2 + 1 < n) {
		size_t child = i * 2 + 1;

		if (child + 1 < n && rows_sooner(&d->queue.v[child + 1], &d->queue.v[child]))
			child++;
		if (!rows_sooner(&d->queue.v[child], &last))
			break;
		d->queue.v[i] = d->queue.v[child];
		i = child;
	}
	if (n > 0)
		d->queue.v[i] = last;
	return first;
}

int derive_run(struct derive *d, size_t most, struct err *e)
{
	while (d->queue.n > 0 && most-- > 0) {
		struct derive_wait w = pop(d);
		struct derive_part *p;

		if (get_part(d, w.id, &p, e) < 0)
			return -1;
		/* it may have gone, or have moved in the order and wait there */
		if (p == NULL || !p->queued || rows_moved(&w, p))
			continue;
		p->queued = false;
		if (settle(d, p, e) < 0)
			return -1;
	}
	return d->queue.n > 0;
}

int derive_suspend(struct derive *d, struct err *e)
{
	for (size_t i = 0; i < d->queue.n; i++) {
		const struct derive_wait *w = &d->queue.v[i];
		struct derive_row r = { { rows_head(ROWS_WAIT, w->layer, w->key.node), w->key.boot }, 0 };
		struct derive_part *p;

		if (get_part(d, w->id, &p, e) < 0)
			return -1;
		if (p == NULL || !p->queued || rows_moved(w, p))
			continue;
		rows_order(&r, &w->key, w->id);
		p->queued = false;
		if (d->store->put(d->store->ctx, &r, e) < 0)
			return -1;
	}
	d->queue.n = 0;
	return 0;
}

int derive_resume(struct derive *d, struct err *e)
{
	struct derive_row at = { { rows_head(ROWS_WAIT, 0, 0) }, 0 }, row;
	int got;

	for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && row.w[0] >> 56 == ROWS_WAIT; at = row) {
		struct derive_part *p;

		if (get_part(d, rows_id(&row), &p, e) < 0 || d->store->del(d->store->ctx, &row, e) < 0)
			return -1;
		if (p != NULL)
			rows_wait(d, p);
	}
	return got < 0 ? -1 : 0;
}

/* ---- the facts of a pid change ---- */

static int remove_part(struct derive *d, struct derive_part *p, struct err *e)
{
	struct derive_rows was = { 0 }, none = { 0 };
	int ret = wait_rested(d, p, INT64_MIN, e);

	if (ret == 0)
		ret = wait_children(d, p->id, e);
	if (ret == 0)
		ret = rows_of_part(d, p, INT64_MIN, &was, e);
	if (ret == 0)
		ret = rows_give(d, p, &was, &none, e);
	was.n = 0;
	rows_of_facts(p, &was);
	rows_of_answer(p, &was);
	if (ret == 0)
		ret = rows_replace(d, &was, &none, false, e);
	VEC_FREE(&was);
	if (ret == 0)
		ret = leave(d, p, e);
	return ret < 0 ? -1 : d->store->drop_part(d->store->ctx, p->id, e);
}

static bool same_key(const struct track_key *a, const struct track_key *b)
{
	return a->boot == b->boot && a->t == b->t && a->serial == b->serial && a->seq == b->seq;
}

#define SAME_LIST(a, b) ((a)->n == (b)->n && ((a)->n == 0 || memcmp((a)->v, (b)->v, (a)->n * sizeof(*(a)->v)) == 0))

/* Has p another question now than it had? */
static bool asks_other(const struct derive_part *p, const struct derive_part *now)
{
	return p->first != now->first || p->from != now->from || p->exe != now->exe || p->uid != now->uid || p->auid != now->auid ||
	       p->born != now->born || p->birth_pid != now->birth_pid || p->birth_t != now->birth_t || p->birth_serial != now->birth_serial ||
	       p->loader != now->loader || !same_key(&p->key, &now->key) ||
	       (!now->kept && (!SAME_LIST(&p->looks, &now->looks) || !SAME_LIST(&p->sites, &now->sites)));
}

/* Is it the same in all else, too? */
static bool same_facts(const struct derive_part *p, const struct derive_part *now)
{
	return p->starts == now->starts && p->execs_first == now->execs_first && p->name == now->name && p->t_last == now->t_last &&
	       p->t_end == now->t_end && p->s_last == now->s_last && p->n_intervals == now->n_intervals &&
	       (now->kept || (p->rows_sum == now->rows_sum && p->looks_full == now->looks_full && p->sites_full == now->sites_full));
}

/* The lists of p become those of `now`, too. */
static void keep_lists(struct derive_part *now, const struct derive_part *p)
{
	now->looks.n = now->sites.n = 0;
	for (size_t i = 0; i < p->looks.n; i++)
		*VEC_PUSH(&now->looks) = p->looks.v[i];
	for (size_t i = 0; i < p->sites.n; i++)
		*VEC_PUSH(&now->sites) = p->sites.v[i];
	now->looks_full = p->looks_full;
	now->sites_full = p->sites_full;
}

/*
 * Takes the facts of `now` over into the part p, which had others, and asks again whom that concerns. since: its rows from
 * then on are given.
 */
static int change_part(struct derive *d, struct derive_part *p, struct derive_part *now, int64_t since, struct err *e)
{
	struct derive_part was = *p;
	bool moved = !same_key(&was.key, &now->key), others = was.loader != now->loader, asks = asks_other(&was, now), sites;
	struct derive_rows before = { 0 }, after = { 0 }, seen = { 0 };
	int ret;

	now->rows_sum = rows_sum(&now->rows);
	if ((now->kept || since == INT64_MIN) && !asks && same_facts(p, now))
		return 0;
	if (now->kept) {
		keep_lists(now, p);
		since = INT64_MAX; /* no row is another one */
	}
	sites = !SAME_LIST(&was.sites, &now->sites);
	ret = rows_of_part(d, p, since, &seen, e);
	now->rows_sum += was.rows_sum - rows_sum(&seen);
	rows_of_facts(p, &before);
	rows_of_answer(p, &before);
	*p = *now;
	p->id = was.id;
	p->image = was.image;
	p->link = was.link;
	p->rule = was.rule;
	p->asks_calls = was.asks_calls;
	p->queued = was.queued && !moved;
	p->kept = false;
	p->witnesses.v = was.witnesses.v;
	p->witnesses.n = was.witnesses.n;
	p->witnesses.cap = was.witnesses.cap;
	rows_of_facts(p, &after);
	rows_of_answer(p, &after);
	if (ret == 0)
		ret = rows_replace(d, &before, &after, false, e);
	VEC_FREE(&before);
	VEC_FREE(&after);
	if (ret == 0)
		ret = rows_give(d, p, &seen, &p->rows, e);
	VEC_FREE(&seen);
	VEC_FREE(&p->rows);
	if (ret == 0 && sites)
		ret = touch_all(d, p, e);
	if (ret == 0 && (moved || others || was.t_end > p->t_end))
		ret = wait_rested(d, p, moved || others ? INT64_MIN : p->t_end + DERIVE_ENDED_MS, e);
	if (ret == 0 && p->image != 0 && (moved || others || was.t_end < p->t_end))
		ret = wait_gone(d, p, e);
	if (ret == 0 && moved)
		ret = wait_children(d, p->id, e);
	if (asks)
		rows_wait(d, p);
	drop_lists(&was);
	now->rows.v = NULL;
	now->looks.v = NULL;
	now->sites.v = NULL;
	return ret < 0 ? -1 : d->store->keep_part(d->store->ctx, p, e);
}

static int add_part(struct derive *d, struct derive_part *now, struct err *e)
{
	struct derive_part *p = mem_alloc(sizeof(*p));
	struct derive_rows none = { 0 }, after = { 0 };
	int ret;

	*p = *now;
	p->rows_sum = rows_sum(&p->rows);
	*now = (struct derive_part){ .id = p->id };
	rows_of_facts(p, &after);
	ret = d->store->keep_part(d->store->ctx, p, e);
	if (ret == 0)
		ret = rows_replace(d, &none, &after, false, e);
	VEC_FREE(&after);
	if (ret == 0)
		ret = rows_give(d, p, &none, &p->rows, e);
	VEC_FREE(&p->rows);
	if (ret == 0)
		rows_wait(d, p);
	return ret;
}

struct parts { struct derive_part **v; size_t n, cap; };

/* The parts that a pid has had up to now. */
static int load_parts(struct derive *d, int64_t node, int32_t pid, struct parts *out, struct err *e)
{
	struct derive_row at = hanging(ROWS_PID, 0, node, (uint32_t)pid), row;
	int got;

	for (; (got = d->store->next(d->store->ctx, &at, &row, e)) == 1 && row.w[0] == at.w[0] && row.w[1] == at.w[1]; at = row) {
		struct derive_part *p;

		if (get_part(d, rows_id(&row), &p, e) < 0)
			return -1;
		if (p == NULL)
			return err_set(e, ST_SYSTEM, "derivation: a part is missing");
		*VEC_PUSH(out) = p;
	}
	return got < 0 ? -1 : 0;
}

#define MATCHED_AMONG 64 /* old parts that are looked at for a new one */

/* Which old part goes on as which new one? The same beginning, else lives that overlap. It is no part of the answer. */
static void match(struct parts *old, const struct derive_part *now, size_t n, struct derive_part **of)
{
	size_t k = 0, from = 0;

	/* both are in order: the old by their key, the new by their beginnings within the pid, which is nearly the same */
	for (size_t i = 0; i < n; i++) {
		size_t at = k > 8 ? k - 8 : 0;

		for (size_t end = at + MATCHED_AMONG; at < end && at < old->n && of[i] == NULL; at++) {
			if (old->v[at] == NULL || old->v[at]->layer != now[i].layer || !same_key(&old->v[at]->key, &now[i].key))
				continue;
			of[i] = old->v[at];
			old->v[at] = NULL;
			k = at + 1;
		}
	}
	for (size_t i = 0; i < n; i++) {
		while (from < old->n && old->v[from] == NULL)
			from++;
		for (size_t at = from; at < old->n && at < from + MATCHED_AMONG && of[i] == NULL; at++) {
			struct derive_part *o = old->v[at];

			if (o == NULL || o->layer != now[i].layer || o->key.boot != now[i].key.boot || o->key.t > now[i].t_last ||
			    now[i].key.t > o->t_last)
				continue;
			of[i] = o;
			old->v[at] = NULL;
		}
	}
}

/* `from` and rows get their ids. True: a part of the pid is new, gone, or another one than it was to those born of it. */
static bool number(struct derive *d, struct derive_part *now, size_t n, struct derive_part *const *of)
{
	bool other = false;

	for (size_t i = 0; i < n; i++) {
		now[i].id = of[i] != NULL ? of[i]->id : d->next_part++;
		other = other || of[i] == NULL || !same_key(&of[i]->key, &now[i].key) || of[i]->exe != now[i].exe;
	}
	for (size_t i = 0; i < n; i++) {
		if (now[i].from > 0)
			now[i].from = now[now[i].from - 1].id;
		else if (now[i].from < 0)
			now[i].from = -now[i].from; /* of one that goes on: an id already */
		for (size_t k = 0; k < now[i].rows.n; k++)
			now[i].rows.v[k].w[6] |= (uint64_t)now[i].id;
	}
	return other;
}

/* of: which old part goes on as each; known: of the first so many only what is from `since` on is given. */
static int apply(struct derive *d, struct parts *old, struct derive_part *now, size_t n, struct derive_part *const *of, size_t known,
		 int64_t since, struct err *e)
{
	int64_t node = n ? now[0].key.node : old->n ? old->v[0]->key.node : 0;
	int32_t pid = n ? now[0].key.pid : old->n ? old->v[0]->key.pid : 0;
	bool other = number(d, now, n, of);
	int ret = 0;

	for (size_t i = 0; i < old->n && ret == 0; i++) {
		if (old->v[i] == NULL)
			continue;
		other = true;
		ret = remove_part(d, old->v[i], e);
	}
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = of[i] == NULL ? add_part(d, &now[i], e) :
		      change_part(d, of[i], &now[i], i < known ? since : INT64_MIN, e);
	return ret < 0 ? -1 : other ? wait_born(d, node, pid, e) : 0;
}

int derive_pid(struct derive *d, int64_t node, int32_t pid, struct track_interval *intervals, size_t n,
	       struct track_edge *edges, size_t n_edges, int64_t **ids, struct err *e)
{
	struct within_parts parts = { 0 };
	struct parts old = { 0 };
	auto_free struct derive_part *now = NULL, **of = NULL;
	int ret;

	within_pid(intervals, n, edges, n_edges, d->strings, &parts);
	now = mem_zero(parts.n + 1, sizeof(*now));
	of = mem_zero(parts.n + 1, sizeof(*of));
	facts_parts(now, &parts, intervals, n, node, pid);
	facts_fill(now, parts.n, intervals, n, edges, n_edges);
	ret = load_parts(d, node, pid, &old, e);
	if (ret == 0) {
		match(&old, now, parts.n, of);
		ret = apply(d, &old, now, parts.n, of, 0, INT64_MIN, e);
	}
	if (ids != NULL) {
		*ids = mem_alloc(parts.n * sizeof(**ids));
		for (size_t i = 0; i < parts.n; i++)
			(*ids)[i] = now[i].id;
	}
	for (size_t i = 0; i < parts.n; i++)
		drop_lists(&now[i]);
	VEC_FREE(&old);
	VEC_FREE(&parts);
	return ret;
}

/* ---- the end of a long life ---- */

#define TAIL_CHAIN 512 /* parts of one process that are looked through */

/* Is no interval of the pid under way where the i-th of a row begins, so that nothing that lies before meets what is behind? */
static bool is_pause(const struct track_interval *v, size_t i, const int64_t *begins, int64_t t_last, uint32_t s_last)
{
	return v[i].s_first > s_last && begins[i] > t_last;
}

/*
 * Two pauses: before the later one (at) nothing can be found otherwise than it was, and what lies between them has all
 * that is known of the process (its last moments) at the later one. begins: the earliest time behind it.
 */
struct pauses { size_t before, at; int64_t begins; };

static bool find_pauses(const struct track_interval *v, size_t n, size_t fresh, const struct derive_rest *rest, struct pauses *out)
{
	auto_free int64_t *begins = mem_alloc((n + 1) * sizeof(*begins)); /* the least from each on */
	int64_t t_last = rest->t_last;
	uint32_t s_last = rest->s_last;
	int found = 0;

	*out = (struct pauses){ 0, 0, 0 };
	begins[n] = INT64_MAX;
	for (size_t i = n; i-- > 0;)
		begins[i] = v[i].t_first < begins[i + 1] ? v[i].t_first : begins[i + 1];
	for (size_t i = 0; i + WITHIN_LOOK_AHEAD <= fresh && i < n; i++) {
		if (is_pause(v, i, begins, t_last, s_last)) {
			*out = (struct pauses){ out->at, i, begins[i] };
			found++;
		}
		t_last = v[i].t_last > t_last ? v[i].t_last : t_last;
		s_last = v[i].s_last > s_last ? v[i].s_last : s_last;
	}
	return found > 1;
}

/* How many intervals come before anything new counts: one that is new, or an edge that stands before it. */
static size_t before_fresh(const struct track_interval *v, size_t n, const struct track_edge *edges, size_t n_edges)
{
	uint32_t serial = UINT32_MAX;
	bool any = false;
	size_t i = 0;

	for (size_t k = 0; k < n_edges; k++) {
		any = any || edges[k].fresh;
		serial = edges[k].fresh && edges[k].serial < serial ? edges[k].serial : serial;
	}
	while (i < n && !v[i].fresh && !(any && v[i].s_first > serial))
		i++;
	return i;
}

/* Can it be looked at from its end at all: one layer and boot, no births that parts before could stand between? */
static int is_plain(struct derive *d, int64_t node, int32_t pid, const struct derive_rest *rest, const struct track_interval *v, size_t n,
		    const struct track_edge *edges, size_t n_edges, bool *out, struct err *e)
{
	struct derive_row at = hanging(ROWS_PID, 0, node, (uint32_t)pid), row;
	int got;

	*out = n > 0 && !rest->events;
	for (size_t i = 0; i < n && *out; i++)
		*out = v[i].layer == v[0].layer && v[i].boot == v[0].boot;
	for (size_t i = 0; i < n_edges && *out; i++)
		*out = edges[i].layer == v[0].layer && edges[i].boot == v[0].boot && edges[i].kind != EDGE_BORN &&
		       edges[i].serial > rest->s_last;
	if (!*out)
		return 0;
	/* the first and the last of its parts are of this layer, and the last is of this boot */
	got = d->store->next(d->store->ctx, &at, &row, e);
	if (got < 0)
		return -1;
	*out = got == 1 && row.w[0] == at.w[0] && row.w[1] == at.w[1] && row.w[2] >> 32 == v[0].layer;
	at.w[2] = UINT64_MAX;
	got = d->store->prev(d->store->ctx, &at, &row, e);
	*out = *out && got == 1 && row.w[2] == ((uint64_t)v[0].layer << 32 | v[0].boot);
	return got < 0 ? -1 : 0;
}

/* Parts that begin from a time on, in order. */
static int load_since(struct derive *d, int64_t node, int32_t pid, const struct track_interval *at, int64_t since, struct parts *out,
		      struct err *e)
{
	struct derive_row from = hanging(ROWS_PID, 0, node, (uint32_t)pid), row;
	int got;

	from.w[2] = (uint64_t)at->layer << 32 | at->boot;
	from.w[4] = rows_time(since);
	for (; (got = d->store->next(d->store->ctx, &from, &row, e)) == 1 && rows_beside(&row, &from); from = row) {
		struct derive_part *p;

		if (get_part(d, rows_id(&row), &p, e) < 0)
			return -1;
		if (p == NULL)
			return err_set(e, ST_SYSTEM, "derivation: a part is missing");
		*VEC_PUSH(out) = p;
	}
	return got < 0 ? -1 : 0;
}

/*
 * The part that goes on at the later pause: of those that spoke between the two the one that began last, since parts of a
 * pid follow each other. NULL: two began with one serial.
 */
static int find_last(struct derive *d, const struct track_interval *v, const struct pauses *at, struct derive_part **out, struct err *e)
{
	bool equal = false;

	*out = NULL;
	for (size_t i = at->before; i < at->at; i++) {
		struct derive_part *p;

		if (get_part(d, v[i].was, &p, e) < 0)
			return -1;
		if (p == NULL)
			return err_set(e, ST_SYSTEM, "derivation: a part is missing");
		if (*out == NULL || p->key.serial > (*out)->key.serial)
			equal = false;
		else if (p != *out && p->key.serial == (*out)->key.serial)
			equal = true;
		if (*out == NULL || p->key.serial > (*out)->key.serial)
			*out = p;
	}
	if (equal)
		*out = NULL;
	return 0;
}

/* The ids of the parts of p's process up to p. *whole false: they are too many to be looked through. */
static int load_chain(struct derive *d, struct derive_part *p, struct map *out, bool *whole, struct err *e)
{
	for (size_t i = 0; i < TAIL_CHAIN; i++) {
		map_put(out, (uint64_t)p->id, 0, 1);
		*whole = p->first;
		if (p->first)
			return 0;
		if (get_part(d, p->from, &p, e) < 0)
			return -1;
		if (p == NULL)
			return err_set(e, ST_SYSTEM, "derivation: a part is missing");
	}
	return 0;
}

static struct within_part as_within(const struct derive_part *p)
{
	return (struct within_part){ .exe = p->exe, .name = p->name, .t_first = p->key.t, .t_last = p->t_last, .t_end = TRACK_LIVES,
				     .s_first = p->key.serial, .s_last = p->s_last, .boot = p->key.boot, .uid = p->uid, .auid = p->auid,
				     .layer = p->layer, .loader = p->loader, .execs_first = p->execs_first, .from = p->first ? -1 : 0,
				     .seq = p->key.seq };
}

/* What of the row before the pause is known of the process, and of p. */
static void fill_tail(struct within_tail *tail, const struct derive_part *p, const struct map *chain, const struct track_interval *v,
		      const struct pauses *at)
{
	struct within_part *m = &tail->part;

	*m = as_within(p);
	m->t_last = tail->t_last = INT64_MIN;
	m->s_last = 0;
	tail->partial = p->key.serial < v[at->before].s_first;
	for (size_t i = 0; i < at->at; i++) {
		if (v[i].was == p->id) {
			*VEC_PUSH(&tail->cells) = v[i].cell;
			m->t_last = v[i].t_last > m->t_last ? v[i].t_last : m->t_last;
			m->s_last = v[i].s_last > m->s_last ? v[i].s_last : m->s_last;
		}
		if (i < at->before || !map_get(chain, (uint64_t)v[i].was, 0, 0))
			continue;
		tail->t_last = v[i].t_last > tail->t_last ? v[i].t_last : tail->t_last;
		tail->s_last = v[i].s_last > tail->s_last ? v[i].s_last : tail->s_last;
	}
}

/* The facts of the part that goes on: what its end does not change is as it was. False: that cannot be told. */
static bool fill_first(struct derive_part *now, const struct derive_part *p, const struct track_interval *v, size_t n,
		       const struct pauses *at, bool partial)
{
	auto_free const struct track_interval **own = mem_alloc(n * sizeof(*own));
	size_t n_own = 0, left = p->n_intervals;

	/* what it had behind the pause is given anew */
	for (size_t i = at->at; i < n; i++)
		left -= v[i].was == p->id;
	now->n_intervals += (uint32_t)left;
	for (size_t i = 0; i < n; i++)
		if (i < at->at ? v[i].was == p->id : v[i].part == 0)
			own[n_own++] = &v[i];
	now->first = p->first;
	now->from = -p->from;
	now->born = p->born;
	now->birth_pid = p->birth_pid;
	now->birth_t = p->birth_t;
	now->birth_serial = p->birth_serial;
	if (!partial) {
		facts_lists(now, own, n_own);
		return true;
	}
	keep_lists(now, p);
	return p->looks_full < at->begins && p->sites_full < at->begins;
}

/* Which parts have the very intervals that they had? `now` and `of` are without the first, which goes on. */
static void mark_kept(struct derive_part *now, size_t n, struct derive_part *const *of, const struct track_interval *v, size_t n_intervals)
{
	for (size_t i = 0; i < n; i++)
		now[i].kept = of[i] != NULL && same_key(&of[i]->key, &now[i].key) && of[i]->n_intervals == now[i].n_intervals;
	for (size_t i = 0; i < n_intervals; i++)
		if (v[i].part > 0 && (v[i].fresh || of[v[i].part - 1] == NULL || of[v[i].part - 1]->id != v[i].was))
			now[v[i].part - 1].kept = false;
}

/* From when on the rows of the part that goes on may be others: the rest of those that were made for it go. */
static int64_t first_change(struct derive_part *now, const struct derive_part *p, const struct track_interval *v, size_t n)
{
	int64_t since = INT64_MAX;
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if ((v[i].fresh || (v[i].part == 0) != (v[i].was == p->id)) && v[i].t_first < since)
			since = v[i].t_first;
	for (size_t i = 0; i < now->rows.n; i++)
		if (rows_t(&now->rows.v[i]) >= since)
			now->rows.v[left++] = now->rows.v[i];
	now->rows.n = left;
	return since;
}

static int behind(struct derive *d, struct derive_part *p, struct parts *old, struct within_tail *tail, struct track_interval *v, size_t n,
		  const struct pauses *pauses, struct track_edge *edges, size_t n_edges, int64_t **ids, struct err *e)
{
	struct within_parts parts = { 0 };
	auto_free struct derive_part *now = NULL, **of = NULL;
	size_t at = pauses->at;
	int ret = 1;

	within_behind(tail, v + at, n - at, edges, n_edges, d->strings, &parts);
	now = mem_zero(parts.n + 1, sizeof(*now));
	of = mem_zero(parts.n + 1, sizeof(*of));
	of[0] = p;
	facts_parts(now, &parts, v + at, n - at, p->key.node, p->key.pid);
	match(old, now + 1, parts.n - 1, of + 1);
	mark_kept(now + 1, parts.n - 1, of + 1, v + at, n - at);
	facts_fill(now, parts.n, v + at, n - at, edges, n_edges);
	if (fill_first(&now[0], p, v, n, pauses, tail->partial) && !tail->unsure)
		ret = apply(d, old, now, parts.n, of, 1, first_change(&now[0], p, v + at, n - at), e);
	if (ret == 0) {
		*ids = mem_alloc(n * sizeof(**ids));
		for (size_t i = 0; i < n; i++)
			(*ids)[i] = i < at ? v[i].was : now[v[i].part].id;
	}
	for (size_t i = 0; i < parts.n; i++)
		drop_lists(&now[i]);
	VEC_FREE(&parts);
	return ret;
}

int derive_behind(struct derive *d, int64_t node, int32_t pid, const struct derive_rest *rest, struct track_interval *intervals, size_t n,
		  struct track_edge *edges, size_t n_edges, int64_t **ids, struct err *e)
{
	struct within_tail tail = { 0 };
	struct parts old = { 0 };
	struct derive_part *p = NULL;
	struct map chain = { 0 };
	struct pauses at;
	bool plain, whole = false;
	int ret = is_plain(d, node, pid, rest, intervals, n, edges, n_edges, &plain, e);

	if (ret < 0 || !plain)
		return ret < 0 ? -1 : 1;
	within_sort(intervals, n, d->strings);
	if (!find_pauses(intervals, n, before_fresh(intervals, n, edges, n_edges), rest, &at))
		return 1;
	ret = find_last(d, intervals, &at, &p, e);
	if (ret == 0 && p != NULL)
		ret = load_chain(d, p, &chain, &whole, e);
	if (ret == 0 && whole) {
		fill_tail(&tail, p, &chain, intervals, &at);
		ret = load_since(d, node, pid, &intervals[at.at], at.begins, &old, e);
	}
	if (ret == 0)
		ret = whole ? behind(d, p, &old, &tail, intervals, n, &at, edges, n_edges, ids, e) : 1;
	VEC_FREE(&old);
	VEC_FREE(&tail.cells);
	map_release(&chain);
	return ret;
}
