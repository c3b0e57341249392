// SPDX-License-Identifier: Apache-2.0
/* Sums up trees into totals, removes their rows, and derives what is left of their pids. */
#include "ingest/upkeep/compact.h"

#include "ingest/batch/flush.h"
#include "store/base/code.h"
#include "store/base/map.h"
#include "store/base/mem.h"
#include "store/base/when.h"
#include "store/makers.h"
#include "store/model/action.h"
#include "store/model/obs.h"
#include "store/names.h"
#include "store/rows/lifecycle.h"
#include "store/rows/total.h"
#include "store/rows/interval.h"
#include "store/rows/part.h"
#include "store/rows/position.h"
#include "store/rows/presence.h"
#include "store/rows/tree_row.h"

#include <stdlib.h>

struct compact_pids { struct flush_pid *v; size_t n, cap; };

/* (path, caller, call) of what is compacted; found by it. */
struct compact_sum {
	int64_t path, caller, call;
	uint64_t events;
	int64_t t_first, t_last;   /* WHEN_NONE: presence without a time */
	bool forked;
};

struct compacting {
	struct store *s;
	bool trusted;              /* which evidence is summed up now */
	struct compact_pids pids;     /* to be derived again */
	VEC(struct part_seen) images;
	struct compact_sums { VEC(struct compact_sum) list; struct map index; } sums;
	struct map hours;
	struct map log_calls;      /* rows of calls whose action is LOG, of the whole store */
};

static int take_call(void *to, int64_t call)
{
	struct compacting *f = to;

	map_put(&f->log_calls, (uint64_t)call, 0, 1);
	return 0;
}

static int take_image(void *to, const struct part_seen *m)
{
	struct compacting *f = to;

	*VEC_PUSH(&f->images) = *m;
	return 0;
}

/* Was the image exec'd by a process that a fork had made? Parts of a fork have their parent's path
 * and say nothing. */
static bool was_forked(const struct compacting *f, const struct part_seen *m)
{
	for (size_t i = 0; i < f->images.n; i++)
		if (f->images.v[i].id == m->parent)
			return f->images.v[i].fork_of != 0;
	return false;
}

static struct compact_sum *find_sum(const struct compact_sums *s, const struct compact_sum *like)
{
	int64_t at = map_get(&s->index, (uint64_t)like->path,
			     (uint64_t)like->caller << 32 | (uint64_t)like->call, -1);

	return at < 0 ? NULL : &s->list.v[at];
}

static struct compact_sum *add_sum(struct compact_sums *s, const struct compact_sum *sum)
{
	map_put(&s->index, (uint64_t)sum->path, (uint64_t)sum->caller << 32 | (uint64_t)sum->call,
		(int64_t)s->list.n);
	*VEC_PUSH(&s->list) = *sum;
	return &s->list.v[s->list.n - 1];
}

static void release_sums(struct compact_sums *s)
{
	VEC_FREE(&s->list);
	map_release(&s->index);
}

static struct compact_sum *sum_for(struct compacting *f, const struct part_seen *m, int64_t caller,
				   int64_t call)
{
	struct compact_sum sum = { .path = m->path,
				   .caller = caller,
				   .call = call,
				   .t_first = WHEN_NONE,
				   .t_last = WHEN_NONE };
	struct compact_sum *was = find_sum(&f->sums, &sum);

	if (was != NULL)
		return was;
	sum.forked = was_forked(f, m);
	return add_sum(&f->sums, &sum);
}

static void widen_sum(struct compact_sum *s, int64_t first, int64_t last)
{
	if (s->t_first == WHEN_NONE || first < s->t_first)
		s->t_first = first;
	if (s->t_last == WHEN_NONE || last > s->t_last)
		s->t_last = last;
}

/* One image of the tree that is compacted. */
struct summing { struct compacting *f; const struct part_seen *m; };

static int take_evidence(void *to, int64_t t_first, const struct obs_list *list)
{
	struct summing *s = to;

	map_put(&s->f->hours, (uint64_t)(t_first / WHEN_HOUR_MS), 0, 1);
	for (size_t i = 0; i < list->n; i++) {
		struct compact_sum *sum;

		if (obs_events(&list->v[i]) == 0)
			continue; /* trusted evidence has it */
		sum = sum_for(s->f, s->m, list->v[i].caller, list->v[i].call);
		sum->events += obs_events(&list->v[i]);
		widen_sum(sum, list->v[i].t_first, list->v[i].t_last);
	}
	return 0;
}

static int take_presence(void *to, const struct presence_row *p, struct err *e)
{
	struct summing *s = to;
	struct compact_sum *sum = sum_for(s->f, s->m, p->caller, p->call);

	(void)e;
	if (p->t_first != WHEN_NONE)
		widen_sum(sum, p->t_first, p->t_last);
	return 0;
}

static int sum_image(struct compacting *f, const struct part_seen *m, struct err *e)
{
	struct summing s = { f, m };

	if (interval_each_obs_of_part(f->s, m->node, m->pid, m->id, f->trusted,
				      (struct interval_obs_take){ take_evidence, &s }, e) < 0)
		return -1;
	return f->trusted ? 0 :
			    presence_each_of_part(f->s, m->node, m->pid, m->id,
						  (struct presence_take){ take_presence, &s }, e);
}

static int by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The tree's call set as text: rows of its LOG calls, sorted. */
static void call_set(const struct compacting *f, struct buf *out)
{
	auto_free int64_t *calls = mem_alloc(f->sums.list.n * sizeof(*calls));
	size_t n = 0;

	for (size_t i = 0; i < f->sums.list.n; i++)
		if (map_get(&f->log_calls, (uint64_t)f->sums.list.v[i].call, 0, 0))
			calls[n++] = f->sums.list.v[i].call;
	if (n > 1)
		qsort(calls, n, sizeof(*calls), by_number);
	buf_char(out, '[');
	for (size_t i = 0; i < n; i++)
		if (i == 0 || calls[i] != calls[i - 1])
			buf_printf(out, "%s%lld", i ? "," : "", (long long)calls[i]);
	buf_char(out, ']');
}

/* A start that text alone has seen counts with text, though the tree counts with what is trusted.
 */
static bool starts_of(const struct compacting *f, const struct compact_tree *t,
		      const struct compact_view *view)
{
	return view->start_seen && (f->trusted || !t->trusted.there || !t->trusted.start_seen);
}

/* The row of `fold` for the trees that share a workload; its code is a function of what they show.
 */
static int64_t total_row(struct compacting *f, const struct compact_tree *t,
			 const struct compact_view *view, bool counts, int64_t main_path,
			 struct err *e)
{
	auto_buf struct buf key = { 0 }, labels = { 0 };
	char code[CODE_SIZE];
	struct total_row row;

	buf_str(&key, "fold|");
	if (names_node_text(f->s, &key, t->node, e) < 0)
		return -1;
	buf_char(&key, '\0');
	if (total_path_text(f->s, main_path, &key, e) < 0)
		return -1;
	buf_add(&key, view->key.p, view->key.n);
	for (size_t i = 0; i < view->n_labels; i++) {
		buf_char(&key, '\0');
		buf_add(&key, view->labels[i].p, view->labels[i].n);
	}
	code_of(buf_bytes(&key), code);
	buf_char(&labels, '[');
	for (size_t i = 0; i < view->n_labels; i++) {
		int64_t label = store_string(f->s, view->labels[i], e);

		if (label < 0)
			return -1;
		buf_printf(&labels, "%s%lld", i ? "," : "", (long long)label);
	}
	buf_char(&labels, ']');
	row = (struct total_row){ .code = code,
				  .trusted = f->trusted,
				  .node = t->node,
				  .main = main_path,
				  .labels = buf_bytes(&labels),
				  .counts = counts,
				  .start_seen = starts_of(f, t, view) };
	return total_save(f->s, &row, e) < 0 ? -1 : row.id;
}

static int write_sums(struct compacting *f, const struct compact_view *view, bool counts,
		      int64_t total, struct err *e)
{
	auto_buf struct buf set = { 0 };

	for (size_t i = 0; i < f->sums.list.n; i++) {
		const struct compact_sum *u = &f->sums.list.v[i];

		if (total_save_use(f->s,
				   &(struct total_use_row){ .total = total,
							    .path = u->path,
							    .caller = u->caller,
							    .call = u->call,
							    .forked = u->forked,
							    .events = u->events,
							    .t_first = u->t_first,
							    .t_last = u->t_last },
				   e) < 0)
			return -1;
	}
	if (!counts)
		return 0;
	call_set(f, &set);
	if (total_save_set(f->s, total, buf_bytes(&set), view->start_seen, f->hours.n, e) < 0)
		return -1;
	if (view->t_first == WHEN_NONE)
		return 0;
	return total_save_start(f->s,
				&(struct total_start_row){ .total = total,
							   .t = view->t_first,
							   .calls = buf_bytes(&set),
							   .start = view->start_seen,
							   .ended = view->ended,
							   .records = view->records },
				e);
}

/* Takes a tree's evidence away, or what is trusted of it; its pids are derived again when all trees
 * are compacted. */
static int remove_tree(struct compacting *f, bool text_stays, struct err *e)
{
	for (size_t i = 0; i < f->images.n; i++) {
		const struct part_seen *m = &f->images.v[i];

		*VEC_PUSH(&f->pids) = (struct flush_pid){ m->node, m->pid };
		if (!text_stays && presence_del_of_part(f->s, m->node, m->pid, m->id, e) < 0)
			return -1;
		if ((m->trusted || !text_stays) &&
		    (lifecycle_del_of_part(f->s, m->node, m->pid, m->id, e) < 0 ||
		     interval_del_of_part(f->s, m->node, m->pid, m->id, e) < 0))
			return -1;
	}
	return 0;
}

struct placing { struct compacting *f; struct names names; int64_t node, total; };

static int take_location(void *to, const struct tree_location *in, struct err *e)
{
	struct placing *p = to;
	struct bytes general[LOCATION_FIELDS];
	auto_buf struct buf room = { 0 };
	int64_t location;

	if (in->trusted != p->f->trusted || !location_general(in->v, general, &room))
		return 0;
	location = names_location(&p->names, p->node, general, e);
	return location < 0 ? -1 : total_save_location(p->f->s, p->total, location, e);
}

/* Where the trees ran, as far as it is the same for all starts of the workload. */
static int write_locations(struct compacting *f, const struct compact_tree *t, int64_t tree,
			   int64_t total, struct err *e)
{
	struct placing p = { .f = f, .node = t->node, .total = total };
	int ret;

	names_init(&p.names, f->s);
	ret = tree_row_each_location(f->s, tree, (struct tree_location_take){ take_location, &p },
				     e);
	names_release(&p.names);
	return ret;
}

/* ---- the same processes by several names of the machine: of two counts the larger is kept, as
 * where they are shown ---- */

/* The images of one of its trees, by the paths of the tree that it goes into, as a view has it. */
static int load_images(struct compacting *f, const struct compact_tree *t, int64_t tree,
		       const struct compact_view *view, struct err *e)
{
	f->images.n = 0;
	if (part_each_of_tree(f->s, tree, (struct part_seen_take){ take_image, f }, e) < 0)
		return -1;
	for (size_t i = 0; i < f->images.n && tree != t->tree; i++) {
		int64_t same = map_get(view->same, (uint64_t)f->images.v[i].id, 0, 0);

		if (same != 0 && part_path(f->s, same, &f->images.v[i].path, e) < 0)
			return -1;
	}
	return 0;
}

static void add_larger(struct compact_sums *to, const struct compact_sums *from)
{
	for (size_t i = 0; i < from->list.n; i++) {
		const struct compact_sum *sum = &from->list.v[i];
		struct compact_sum *was = find_sum(to, sum);

		if (was == NULL) {
			add_sum(to, sum);
			continue;
		}
		was->events = was->events > sum->events ? was->events : sum->events;
		if (sum->t_first != WHEN_NONE)
			widen_sum(was, sum->t_first, sum->t_last);
	}
}

/* Of all trees, what trusted sources brought, what text did, or both. */
enum layers { TRUSTED = 1, TEXT = 2 };

static int sum_trees(struct compacting *f, const struct compact_tree *t, unsigned layers,
		     const struct compact_view *view, struct compact_sums *out, struct err *e)
{
	int ret = 0;

	for (size_t k = 0; k <= t->n_also && ret == 0; k++) {
		ret = load_images(f, t, k == 0 ? t->tree : t->also[k - 1], view, e);
		f->sums = (struct compact_sums){ 0 };
		for (unsigned layer = TRUSTED; layer <= TEXT && ret == 0; layer++) {
			f->trusted = layer == TRUSTED;
			for (size_t i = 0; i < f->images.n && ret == 0 && (layers & layer); i++)
				ret = sum_image(f, &f->images.v[i], e);
		}
		if (ret == 0)
			add_larger(out, &f->sums);
		release_sums(&f->sums);
	}
	return ret;
}

/* What text of one name has may be what a trusted source brought by the other: all, less what is
 * trusted. */
static int sum_text(struct compacting *f, const struct compact_tree *t, struct compact_sums *out,
		    struct err *e)
{
	struct compact_sums all = { 0 }, trusted = { 0 }, text = { 0 };
	int ret = 0;

	if (t->n_also == 0)
		return sum_trees(f, t, TEXT, &t->all, out, e);
	if (sum_trees(f, t, TRUSTED, &t->all, &trusted, e) < 0 ||
	    sum_trees(f, t, TRUSTED | TEXT, &t->all, &all, e) < 0)
		ret = -1;
	map_clear(&f->hours);
	if (ret == 0)
		ret = sum_trees(f, t, TEXT, &t->all, &text, e);
	for (size_t i = 0; i < text.list.n && ret == 0; i++) {
		struct compact_sum sum = text.list.v[i];
		const struct compact_sum *has = find_sum(&trusted, &sum);

		sum.events = find_sum(&all, &sum)->events - (has == NULL ? 0 : has->events);
		if (has == NULL || sum.events > 0)
			add_sum(out, &sum);
	}
	release_sums(&all);
	release_sums(&trusted);
	release_sums(&text);
	return ret;
}

/* ---- */

/* Of the evidence that text has brought, or a trusted source. */
static int compact_layer(struct compacting *f, const struct compact_tree *t, bool trusted,
			 struct err *e)
{
	const struct compact_view *view = trusted ? &t->trusted : &t->all;
	bool counts = trusted || !t->trusted.there;
	struct compact_sums sums = { 0 };
	int64_t main_path, total;
	int ret;

	map_clear(&f->hours);
	f->sums = (struct compact_sums){ 0 };
	ret = trusted ? sum_trees(f, t, TRUSTED, view, &sums, e) : sum_text(f, t, &sums, e);
	f->trusted = trusted;
	f->sums = sums;
	if (ret < 0 || sums.list.n == 0)
		return ret;
	if (part_path(f->s, view->main_part, &main_path, e) < 0)
		return -1;
	total = total_row(f, t, view, counts, main_path, e);
	if (total < 0 || write_sums(f, view, counts, total, e) < 0)
		return -1;
	for (size_t i = 0; i < t->n_also; i++)
		if (write_locations(f, t, t->also[i], total, e) < 0)
			return -1;
	return write_locations(f, t, t->tree, total, e);
}

static int compact_one(struct compacting *f, const struct compact_tree *t, struct err *e)
{
	int ret = t->trusted.there ? compact_layer(f, t, true, e) : 0;

	release_sums(&f->sums);
	if (ret == 0 && !t->text_stays)
		ret = compact_layer(f, t, false, e);
	release_sums(&f->sums);
	for (size_t k = 0; k <= t->n_also && ret == 0; k++) {
		ret = load_images(f, t, k == 0 ? t->tree : t->also[k - 1], &t->all, e);
		if (ret == 0)
			ret = remove_tree(f, t->text_stays, e);
	}
	return ret;
}

/* What is left of the pids whose trees were compacted. */
static int derive_again(struct compacting *f, struct err *e)
{
	struct flush_alone a;
	int ret = 0;

	flush_alone_init(&a, f->s);
	for (size_t i = 0; i < f->pids.n && ret == 0; i++)
		ret = flush_put_again(&a.flush, f->pids.v[i].node, f->pids.v[i].pid, e);
	if (ret == 0)
		ret = flush_whole(&a.flush, e);
	flush_alone_release(&a);
	return ret;
}

int compact_run(struct store *s, const struct compact_tree *trees, size_t n, struct err *e)
{
	struct compacting f = { .s = s };
	int ret = total_each_call(s, ACTION_LOG, (struct total_call_take){ take_call, &f }, e);

	if (ret == 0)
		ret = total_each_call(s, ACTION_ALLOW, (struct total_call_take){ take_call, &f },
				      e);

	for (size_t i = 0; i < n && ret == 0; i++)
		ret = compact_one(&f, &trees[i], e);
	if (ret == 0 && n > 0)
		ret = derive_again(&f, e);
	if (ret == 0 && n > 0)
		ret = interval_del_lost_marks(s, e);
	if (ret == 0 && n > 0)
		ret = makers_of_totals(s, e) < 0 ? -1 : makers_tidy(s, e);
	if (ret == 0 && n > 0)
		ret = position_forget(s, e);
	VEC_FREE(&f.images);
	VEC_FREE(&f.pids);
	map_release(&f.hours);
	map_release(&f.log_calls);
	return ret;
}
