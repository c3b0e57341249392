// SPDX-License-Identifier: Apache-2.0
/* Readiness: starts, their news, and the bound on what the next one needs. */
#include "analyze/evidence/readiness.h"

#include "analyze/evidence/readiness_seen.h"
#include "analyze/evidence/whole.h"

#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- the rule ---- */

/* The share of alpha that stage j may use up: they add up to alpha, since the sum of 1 / j^2 is pi^2 / 6. */
static double alpha_of(uint32_t stage)
{
	return 6 * READINESS_ALPHA / (M_PI * M_PI * stage * stage);
}

struct readiness_bound readiness_judge(const struct readiness_unit *v, size_t n, double risk)
{
	struct readiness_bound b = { .stage = 1, .chance = 1 };
	double a, needed;
	size_t i = 0;

	for (; i < n && b.warm < READINESS_WARM_UP; i++)
		b.warm += v[i].clean;
	for (; i < n; i++) {
		if (v[i].news) {
			b.stage++;
			b.clean = 0;
		} else {
			b.clean += v[i].clean;
		}
	}
	a = alpha_of(b.stage);
	if (b.clean > 0)
		b.chance = 1 - pow(a, 1.0 / b.clean);
	needed = ceil(log(a) / log1p(-risk) - 1e-9);
	if (b.clean < needed)
		b.more = (uint32_t)(needed - b.clean) + READINESS_WARM_UP - b.warm;
	return b;
}

/* ---- starts ---- */

struct finding {
	struct readiness *r;
	const struct query *q;
	const struct selection *s;
	const struct query_past *past;
	const struct serials *trusted, *all;
	uint32_t *s_first, *s_last; /* of each tree: lowest and highest serial */
	bool *any;                  /* of each tree: it has images with serials */
};

/* The serials that each tree spans. */
static void find_spans(struct finding *f)
{
	for (size_t i = 0; i < f->q->images.n; i++) {
		const struct query_image *m = &f->q->images.v[i];
		uint32_t t = m->tree;

		if (m->id == 0)
			continue;
		if (!f->any[t] || m->serial < f->s_first[t])
			f->s_first[t] = m->serial;
		if (!f->any[t] || m->serial_last > f->s_last[t])
			f->s_last[t] = m->serial_last;
		f->any[t] = true;
	}
}

/*
 * Were all records of a tree read, by the serials in its span? *missing: how many are not there. A missing one right before
 * its first or behind its last serial may be its own, too.
 */
static enum readiness_records records_of(const struct finding *f, uint32_t tree, bool text, uint64_t *missing)
{
	const struct query_tree *t = &f->q->trees.v[tree];
	const struct serials *of = text ? f->all : f->trusted;
	int64_t boot = f->q->images.v[t->root].boot;
	const struct serials_boot *b = serials_boot_of(of, t->row, boot);
	uint32_t first = f->s_first[tree], last = f->s_last[tree];

	if (t->kind != KIND_SECCOMP) {
		*missing = UINT64_MAX;
		return query_starts(t) ? RECORDS_WHOLE : (t->facts & (TOOL_CUT | TOOL_LOST | TOOL_ORPHANS)) ? RECORDS_LOSSY : RECORDS_UNKNOWN;
	}

	if (b != NULL && f->any[tree]) {
		first -= first > b->first;
		last += last < b->last;
	}
	*missing = f->any[tree] ? serials_missing(of, t->row, boot, first, last) : UINT64_MAX;
	if (*missing == 0)
		return RECORDS_WHOLE;
	return *missing != UINT64_MAX && b != NULL && b->exact ? RECORDS_LOSSY : RECORDS_UNKNOWN;
}

/*
 * Has the first process of a tree ended? Its exit was seen, its pid came back, or the machine has
 * booted since. No boot that text alone tells of ends what a trusted source has seen.
 */
static bool has_ended(const struct finding *f, uint32_t tree)
{
	const struct query_tree *t = &f->q->trees.v[tree];
	const struct query_image *m = &f->q->images.v[t->root];

	while (m->execs != QUERY_NONE)
		m = &f->q->images.v[m->execs];
	return m->t_end != WHEN_NONE ||
	       serials_booted_after(t->trusted ? f->trusted : f->all, t->row, m->t_last);
}

/* When the newest build of the selection's programs was first seen: another one begins anew. WHEN_NONE: there is one. */
static int64_t newest_build(const struct finding *f)
{
	int64_t t = WHEN_NONE;
	const struct query_build *first = NULL;

	for (size_t i = 0; i < f->q->builds.n; i++) {
		const struct query_build *b = &f->q->builds.v[i];
		bool ours = false;

		for (size_t k = 0; k < f->q->trees.n && !ours; k++)
			ours = f->s->tree_in[k] && f->q->trees.v[k].node_id == b->node && f->q->trees.v[k].main != QUERY_NONE &&
			       bytes_eq(f->q->images.v[f->q->trees.v[k].main].exe, b->exe);
		if (!ours)
			continue;
		if (first != NULL && bytes_eq(first->exe, b->exe) && !bytes_eq(first->id, b->id) &&
		    (t == WHEN_NONE || (b->t_first > first->t_first ? b->t_first : first->t_first) > t))
			t = b->t_first > first->t_first ? b->t_first : first->t_first;
		if (first == NULL || b->t_first > first->t_first)
			first = b;
	}
	return t;
}

static int by_time(const void *a, const void *b, void *query)
{
	const struct readiness_start *x = a, *y = b;
	const struct query *q = query;

	int ret;

	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	ret = bytes_order(q->trees.v[x->tree].code, q->trees.v[y->tree].code);
	return ret ? ret : (x->set > y->set) - (x->set < y->set);
}

static int by_begin(const void *a, const void *b, void *query)
{
	const uint32_t *x = a, *y = b;
	const struct query *q = query;
	int64_t t = q->trees.v[*x].t_first, u = q->trees.v[*y].t_first;

	return t != u ? (t < u ? -1 : 1) : bytes_order(q->trees.v[*x].code, q->trees.v[*y].code);
}

/* Those that were compacted, of which their time, their calls and what was known of them then are left. */
static void take_past(struct finding *f, int64_t since)
{
	for (size_t i = 0; i < f->past->trees.n; i++) {
		const struct query_past_tree *p = &f->past->trees.v[i];
		static const enum readiness_records records[] = { [PAST_WHOLE] = RECORDS_WHOLE, [PAST_LOSSY] = RECORDS_LOSSY,
								   [PAST_UNKNOWN] = RECORDS_UNKNOWN };

		if (!p->start || p->set == QUERY_NONE)
			continue;
		f->r->compacted -= f->r->compacted > 0;
		if (!p->ended)
			f->r->running++;
		else if (since != WHEN_NONE && p->t < since)
			f->r->older_builds++;
		else
			*VEC_PUSH(&f->r->starts) = (struct readiness_start){ .tree = p->tree, .set = p->set, .t = p->t, .text = p->text,
									     .records = records[p->records] };
	}
}

/* All starts of the selection, those that run as well. */
static void take_starts(struct finding *f)
{
	int64_t since = newest_build(f);

	for (uint32_t i = 0; i < f->q->trees.n; i++) {
		const struct query_tree *t = &f->q->trees.v[i];
		uint64_t missing;

		if (!f->s->tree_in[i])
			continue;
		if (t->stands_for > 1 || t->id == 0)
			f->r->compacted += t->starts;
		else if (!t->start_seen)
			f->r->fragments++;
		else if (since != WHEN_NONE && t->t_first < since)
			f->r->older_builds++;
		else
			*VEC_PUSH(&f->r->starts) = (struct readiness_start){ .tree = i, .set = QUERY_NONE, .t = t->t_first, .text = !t->trusted,
									     .records = records_of(f, i, !t->trusted, &missing) };
	}
	take_past(f, since);
	if (f->r->starts.n > 1)
		qsort_r(f->r->starts.v, f->r->starts.n, sizeof(*f->r->starts.v), by_time, (void *)(uintptr_t)f->q);
}

/*
 * A start that still runs has not shown how it stops. The next start of the same container, pod or
 * unit ends the one before.
 */
static void leave_out_running(struct finding *f)
{
	struct readiness *r = f->r;
	auto_free bool *runs = mem_zero(r->starts.n + 1, sizeof(*runs));
	struct map later = { 0 };
	size_t n = 0;

	for (size_t i = r->starts.n; i-- > 0;) {
		const struct query_tree *t = &f->q->trees.v[r->starts.v[i].tree];

		if (r->starts.v[i].set != QUERY_NONE)
			continue; /* compacted ones were looked at then */
		runs[i] = !readiness_on_list(f->q, t, &later, false) && !has_ended(f, r->starts.v[i].tree);
		readiness_on_list(f->q, t, &later, true);
	}
	for (size_t i = 0; i < r->starts.n; i++)
		if (runs[i])
			r->running++;
		else
			r->starts.v[n++] = r->starts.v[i];
	r->starts.n = n;
	map_release(&later);
}

/* ---- news ---- */

/* Is the call one that the list lets through? */
static bool is_listed(const struct query *q, const struct query_use *u)
{
	return q->calls.v[u->call].action == (uint32_t)ACTION_LOG || q->calls.v[u->call].action == (uint32_t)ACTION_ALLOW;
}

/* A name that nobody had made before; image: one that made the call. */
static void add_news(struct finding *f, struct map *seen, struct readiness_start *s, const struct query_call *c, uint32_t image)
{
	struct readiness_news *one;

	if (map_get(seen, c->arch, (uint64_t)(uint32_t)c->nr, 0))
		return;
	map_put(seen, c->arch, (uint64_t)(uint32_t)c->nr, 1);
	one = VEC_PUSH(&f->r->news);
	one->image = image;
	syscall_name(c->arch, c->nr, one->name);
	s->n_news++;
}

/* Is the call in one of the sets that a compacted tree may have? Of what is selected, in any of its uses. */
static bool has_call(const struct query_set *set, uint32_t call)
{
	for (size_t i = 0; i < set->calls.n; i++)
		if (set->calls.v[i] == call)
			return true;
	return false;
}

static void find_news(struct finding *f)
{
	struct readiness *r = f->r;
	struct map seen = { 0 };
	uint64_t names = 0;

	for (size_t i = 0; i < r->starts.n; i++) {
		struct readiness_start *s = &r->starts.v[i];
		const struct query_tree *t = &f->q->trees.v[s->tree];

		s->news = (uint32_t)r->news.n;
		for (uint32_t k = t->use; k < t->use + t->n_uses; k++) {
			const struct query_use *u = &f->q->uses.v[k];

			if (f->s->use_in[k] && is_listed(f->q, u) && (s->set == QUERY_NONE || has_call(&f->q->sets.v[s->set], u->call)))
				add_news(f, &seen, s, &f->q->calls.v[u->call], u->image);
		}
		names += s->n_news;
		s->names = names;
	}
	map_release(&seen);
}

/* ---- what is judged ---- */

static void judge_starts(struct readiness *r)
{
	auto_free struct readiness_unit *sure = mem_zero(r->starts.n + 1, sizeof(*sure));
	auto_free struct readiness_unit *all = mem_zero(r->starts.n + 1, sizeof(*all));

	for (size_t i = 0; i < r->starts.n; i++) {
		const struct readiness_start *s = &r->starts.v[i];

		all[i] = (struct readiness_unit){ s->records == RECORDS_WHOLE, s->n_news > 0 };
		sure[i] = (struct readiness_unit){ all[i].clean && !s->text, all[i].news };
		r->whole += s->records == RECORDS_WHOLE && !s->text;
		r->lossy += s->records == RECORDS_LOSSY;
		r->text += s->text;
		r->unknown += s->records == RECORDS_UNKNOWN && !s->text;
	}
	r->bound = readiness_judge(sure, r->starts.n, r->risk);
	r->with_text = readiness_judge(all, r->starts.n, r->risk);
}

/* The same rule with machines as units: what a fresh one may bring. One is clean when all its starts are. */
static void judge_nodes(struct finding *f)
{
	struct readiness *r = f->r;
	VEC(struct readiness_unit) units = { 0 };
	struct map at = { 0 };

	for (size_t i = 0; i < r->starts.n; i++) {
		const struct readiness_start *s = &r->starts.v[i];
		const struct query_tree *t = &f->q->trees.v[s->tree];
		int64_t k = map_get(&at, (uint64_t)t->node_id, 0, -1);

		if (k < 0) {
			k = (int64_t)units.n;
			map_put(&at, (uint64_t)t->node_id, 0, k);
			*VEC_PUSH(&units) = (struct readiness_unit){ .clean = true };
			*VEC_PUSH(&r->nodes) = t->node;
		}
		units.v[k].clean = units.v[k].clean && s->records == RECORDS_WHOLE && !s->text;
		units.v[k].news = units.v[k].news || s->n_news > 0;
	}
	r->fresh_node = readiness_judge(units.v, units.n, r->risk);
	VEC_FREE(&units);
	map_release(&at);
}

static void find_denials(struct finding *f)
{
	f->r->denied_t = WHEN_NONE;
	for (size_t i = 0; i < f->q->uses.n; i++) {
		const struct query_use *u = &f->q->uses.v[i];

		if (!f->s->use_in[i] || is_listed(f->q, u))
			continue;
		f->r->denials += u->events;
		if (u->t_last != WHEN_NONE && (f->r->denied_t == WHEN_NONE || u->t_last > f->r->denied_t))
			f->r->denied_t = u->t_last;
	}
}

/* ---- did the records arrive? ---- */

/* Serials say nothing; the records themselves may. */
static void find_signs(struct finding *f)
{
	struct whole w;

	whole_find(&w, f->q, f->s);
	if (w.damaged) {
		f->r->arrived = ARRIVED_NO;
		f->r->why_arrived.n = 0;
		whole_signs(&f->r->why_arrived, &w);
	}
	whole_release(&w);
}

/* Of compacted trees: what was known then. Those of which no row is left are not known. */
static void past_arrived(const struct finding *f, uint32_t tree, uint64_t *text, uint64_t *whole, uint64_t *lossy, uint64_t *unknown)
{
	uint64_t rows = 0;

	for (size_t i = 0; i < f->past->trees.n; i++) {
		const struct query_past_tree *p = &f->past->trees.v[i];

		if (p->tree != tree)
			continue;
		rows++;
		*text += p->text;
		*whole += p->records == PAST_WHOLE;
		*lossy += p->records == PAST_LOSSY;
		*unknown += p->records == PAST_UNKNOWN;
	}
	if (rows < f->q->trees.v[tree].stands_for)
		*unknown += f->q->trees.v[tree].stands_for - rows;
}

static void find_arrived(struct finding *f, const struct query_losses *losses)
{
	struct readiness *r = f->r;
	uint64_t text = 0, unknown = 0, whole = 0, lossy = 0, tools = 0, lossy_tools = 0;

	for (uint32_t i = 0; i < f->q->trees.n; i++) {
		uint64_t missing = 0;
		enum readiness_records is;

		if (!f->s->tree_in[i])
			continue;
		if (f->q->trees.v[i].totals.n > 0) {
			past_arrived(f, i, &text, &whole, &lossy, &unknown);
			continue;
		}
		is = f->q->trees.v[i].id == 0 ? RECORDS_UNKNOWN : records_of(f, i, !f->q->trees.v[i].trusted, &missing);
		r->missing += missing == UINT64_MAX ? 0 : missing;
		text += !f->q->trees.v[i].trusted;
		whole += is == RECORDS_WHOLE;
		lossy += is == RECORDS_LOSSY;
		unknown += is == RECORDS_UNKNOWN;
		tools += f->q->trees.v[i].kind != KIND_SECCOMP;
		lossy_tools += is == RECORDS_LOSSY && f->q->trees.v[i].kind != KIND_SECCOMP;
	}
	for (size_t i = 0; i < losses->n; i++)
		r->lost += losses->v[i].kernel + (text ? losses->v[i].printk + losses->v[i].others : 0);
	if (lossy_tools > 0)
		buf_printf(&r->why_arrived, "files of tools show that calls are missing in them, of %" PRIu64 " of %" PRIu64 " trees (see status)", lossy_tools, f->s->trees);
	else if (lossy > 0)
		buf_printf(&r->why_arrived, "%" PRIu64 " serials are missing within %" PRIu64 " of %" PRIu64 " trees", r->missing, lossy, f->s->trees);
	else if (r->lost > 0)
		buf_printf(&r->why_arrived, "loss markers tell of at least %" PRIu64 " lost records at that time", r->lost);
	else if (unknown > 0)
		buf_printf(&r->why_arrived, "%s %" PRIu64 " of %" PRIu64 " trees; the log may have been filtered (grep), or has no serials",
			   r->missing ? "serials are missing, or were never read, within" : "nothing tells of loss within", unknown, f->s->trees);
	else if (text > 0 && tools > 0)
		buf_str(&r->why_arrived, "nothing is missing by what the tools' files show, but those are text that a user can write");
	else if (text > 0)
		buf_str(&r->why_arrived, "no hole in the serials, but that is from text that a user can write");
	else
		buf_str(&r->why_arrived, "no hole in the serials");
	r->tools_alone = tools > 0 && tools == f->s->trees;
	r->arrived = lossy > 0 || r->lost > 0 ? ARRIVED_NO : unknown > 0 || text > 0 || whole == 0 ? ARRIVED_UNKNOWN : ARRIVED_YES;
	if (r->arrived == ARRIVED_UNKNOWN)
		find_signs(f);
}

/* ---- the verdict ---- */

static void say_more(struct readiness *r, const struct readiness_bound *b)
{
	buf_printf(&r->next, "%" PRIu32 " more start%s that end%s, of which no record is lost and which bring%s no new name", b->more,
		   b->more == 1 ? "" : "s", b->more == 1 ? "s" : "", b->more == 1 ? "s" : "");
}

/* News in one of the last starts, after the warm-up; NULL: none. */
static const struct readiness_start *late_news(const struct readiness *r)
{
	for (size_t i = r->starts.n; i > READINESS_WARM_UP && r->starts.n - i < READINESS_LATE; i--)
		if (r->starts.v[i - 1].n_news > 0)
			return &r->starts.v[i - 1];
	return NULL;
}

static void decide(struct readiness *r)
{
	const struct readiness_start *late = late_news(r);
	char stamp[32];

	r->verdict = VERDICT_UNKNOWN;
	if (r->denials > 0) {
		r->verdict = VERDICT_NOT_READY;
		buf_printf(&r->why, "%" PRIu64 " call%s refused", r->denials, r->denials == 1 ? " was" : "s were");
		buf_str(&r->next, "scaudit denials shows them: allow what is needed, then let it run on");
	} else if (r->starts.n == 0) {
		buf_printf(&r->why, "no start was seen that has ended%s", r->running ? " (some run)" : r->fragments ? ", only fragments of trees" : "");
		say_more(r, &r->bound);
	} else if (late != NULL) {
		r->verdict = VERDICT_NOT_READY;
		buf_printf(&r->why, "the start of %s brought %s", when_local(late->t, stamp), r->news.v[late->news].name);
		if (late->n_news > 1)
			buf_printf(&r->why, " and %" PRIu32 " more", late->n_news - 1);
		say_more(r, &r->bound);
	} else if ((double)r->lossy > READINESS_LOSSY_MOST * (double)r->starts.n) {
		buf_printf(&r->why, "%" PRIu64 " of %zu starts lost records: what is lost is often what is rare", r->lossy, r->starts.n);
		buf_str(&r->next, "scaudit doctor tells how to lose less; scaudit capture loses nothing that the kernel keeps");
	} else if (r->bound.more == 0) {
		r->verdict = VERDICT_READY;
		buf_printf(&r->why, "the next start needs an unlisted call with a chance of at most %.2g %%", r->bound.chance * 100);
	} else if (r->with_text.more == 0) {
		r->from_text = true;
		buf_str(&r->why, "from text that a user can write it would be ready");
		buf_str(&r->next, "read the log from a source that no user can write: auditd's file, scaudit capture, or --trusted-input");
	} else if (r->unknown + r->text == r->starts.n) {
		buf_str(&r->why, "of no start it is known whether all its records arrived");
		if (r->tools_alone)
			buf_str(&r->next, "use scaudit capture: what tools wrote proves nothing");
		else
			buf_str(&r->next, "read the whole log in place of a grep of it, auditd's audit.log, or use scaudit capture");
	} else {
		buf_printf(&r->why, "%zu start%s too few", r->starts.n, r->starts.n == 1 ? " is" : "s are");
		say_more(r, &r->bound);
	}
}

void readiness_trees(struct readiness_tree *out, const struct query *q, const struct serials *trusted, const struct serials *all)
{
	auto_free uint32_t *first = mem_zero(q->trees.n + 1, sizeof(*first)), *last = mem_zero(q->trees.n + 1, sizeof(*last));
	auto_free uint32_t *order = mem_alloc((q->trees.n + 1) * sizeof(*order));
	auto_free bool *any = mem_zero(q->trees.n + 1, sizeof(*any));
	struct finding f = { .q = q, .trusted = trusted, .all = all, .s_first = first, .s_last = last, .any = any };
	struct map later = { 0 };
	uint64_t missing;

	find_spans(&f);
	for (uint32_t i = 0; i < q->trees.n; i++)
		order[i] = i;
	qsort_r(order, q->trees.n, sizeof(*order), by_begin, (void *)(uintptr_t)q);
	for (size_t k = q->trees.n; k-- > 0;) {
		uint32_t i = order[k];
		const struct query_tree *t = &q->trees.v[i];

		out[i] = (struct readiness_tree){ RECORDS_UNKNOWN, false };
		if (t->id == 0)
			continue;
		out[i].records = records_of(&f, i, !t->trusted, &missing);
		out[i].ended = readiness_on_list(q, t, &later, false) || has_ended(&f, i);
		if (t->start_seen)
			readiness_on_list(q, t, &later, true);
	}
	map_release(&later);
}

void readiness_find(struct readiness *out, const struct query *q, const struct selection *s, const struct query_past *past,
		    const struct query_losses *losses, const struct serials *trusted, const struct serials *all, double risk)
{
	auto_free uint32_t *first = mem_zero(q->trees.n + 1, sizeof(*first)), *last = mem_zero(q->trees.n + 1, sizeof(*last));
	auto_free bool *any = mem_zero(q->trees.n + 1, sizeof(*any));
	struct finding f = { out, q, s, past, trusted, all, first, last, any };

	*out = (struct readiness){ .risk = risk };
	find_spans(&f);
	take_starts(&f);
	leave_out_running(&f);
	find_news(&f);
	judge_starts(out);
	judge_nodes(&f);
	find_denials(&f);
	readiness_seen(out, q, s);
	find_arrived(&f, losses);
	decide(out);
}

void readiness_release(struct readiness *r)
{
	VEC_FREE(&r->starts);
	VEC_FREE(&r->news);
	VEC_FREE(&r->nodes);
	buf_release(&r->why);
	buf_release(&r->why_arrived);
	buf_release(&r->next);
}

const char *readiness_verdict_word(enum readiness_verdict v)
{
	static const char *const words[] = { "unknown", "not ready", "ready" };

	return words[v];
}

const char *readiness_arrived_word(enum readiness_arrived a)
{
	static const char *const words[] = { "unknown", "no", "yes" };

	return words[a];
}
