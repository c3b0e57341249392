// SPDX-License-Identifier: Apache-2.0
/*
 * The lines on stderr beside a profile: what it rests on, what is missing, what to look at; what
 * matters most comes first.
 */
#include "analyze/profile/summary.h"

#include "analyze/evidence/suggest.h"
#include "analyze/policy/runtime.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define NEAREST_SHOWN 5
#define NAMES_SHOWN 12   /* more of a list only adds noise; --explain has all */
#define OTHERS_SHOWN 3

void summary_release(struct summary *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	VEC_FREE(s);
	s->loss = 0;
}

const char *summary_loss(const struct summary *s)
{
	return s->loss ? s->v[s->loss - 1] : "";
}

static void take_sentence(struct summary *out, struct buf *line)
{
	*VEC_PUSH(out) = mem_dup(buf_text(line));
	buf_release(line);
}

static void say_sentence(struct summary *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say_sentence(struct summary *out, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		*VEC_PUSH(out) = text;
	va_end(ap);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "a, b, c and 4 more" of the rules for which `which` is true. Returns how many there are. */
static size_t list_rules(struct buf *out, const struct profile_rule *rules, size_t n, size_t limit,
			 bool (*which)(const struct profile_rule *, const struct profile *), const struct profile *p)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++) {
		if (which != NULL && !which(&rules[i], p))
			continue;
		if (total < limit)
			buf_printf(out, "%s%s", total ? ", " : "", rules[i].name.p);
		total++;
	}
	if (total > limit)
		buf_printf(out, " and %zu more", total - limit);
	return total;
}

static bool is_baseline(const struct profile_rule *r, const struct profile *p)
{
	(void)p;
	return r->ground == GROUND_BASELINE;
}

static bool is_runtime(const struct profile_rule *r, const struct profile *p)
{
	(void)p;
	return r->ground == GROUND_RUNTIME;
}

static bool is_others_only(const struct profile_rule *r, const struct profile *p)
{
	(void)p;
	return r->others_only;
}

static bool is_rare(const struct profile_rule *r, const struct profile *p)
{
	return p->s->starts >= 3 && r->starts == 1;
}

static bool is_sibling(const struct profile_rule *r, const struct profile *p)
{
	(void)p;
	return r->ground == GROUND_SIBLING;
}

static void say_head(struct summary *out, const struct profile *p)
{
	const struct selection *s = p->s;
	auto_buf struct buf records = { 0 };
	struct buf line = { 0 };
	char from[32], to[32];

	buf_count(&records, s->records);
	buf_printf(&line, "%zu syscall%s from %" PRIu64 " tree%s (%" PRIu64 " start%s, %" PRIu64 " fragment%s), %s record%s",
		   p->rules.n, plural(p->rules.n), s->trees, plural(s->trees), s->starts, plural(s->starts), s->fragments,
		   plural(s->fragments), buf_text(&records), plural(s->records));
	if (s->t_first != WHEN_NONE)
		buf_printf(&line, ", %s to %s", when_local(s->t_first, from), when_local(s->t_last, to));
	buf_str(&line, ";");
	for (size_t i = 0; i < p->archs.n; i++)
		buf_printf(&line, "%s %s", i ? "," : "", arch_name(p->archs.v[i]));
	take_sentence(out, &line);
}

/* How many of the trees a capture that lost nothing had from beginning to end; *holes: of how many one that lost some. */
static uint64_t count_captured(const struct profile *p, uint64_t *holes)
{
	uint64_t whole = 0;

	*holes = 0;
	for (size_t i = 0; i < p->q->trees.n; i++) {
		const struct query_tree *t = &p->q->trees.v[i];

		if (!p->s->tree_in[i])
			continue;
		whole += t->captured_whole;
		*holes += !t->captured_whole && t->holes > 0;
	}
	return whole;
}

static void say_losses(struct summary *out, const struct profile *p, const struct query_losses *losses)
{
	uint64_t markers = 0, records = 0, text = 0, holes, whole = count_captured(p, &holes);
	auto_buf struct buf some = { 0 };

	if (whole > 0 && whole == p->s->trees) {
		say_sentence(out, "complete: all of it was captured from beginning to end without loss");
		return;
	}
	for (size_t i = 0; i < p->q->uses.n; i++)
		text += p->s->use_in[i] && p->q->uses.v[i].trusted < p->q->uses.v[i].events;
	for (size_t i = 0; i < losses->n; i++) {
		const struct query_loss *l = &losses->v[i];
		bool ours = false;

		for (size_t k = 0; k < p->q->trees.n && !ours; k++)
			ours = p->s->tree_in[k] && bytes_eq(p->q->trees.v[k].node, l->node);
		if (!ours)
			continue;
		/* what printk and loggers dropped is missing only where their text is what we have */
		markers += text ? l->markers : l->kernel_markers;
		records += l->kernel + (text ? l->printk + l->others : 0);
	}
	if (whole)
		buf_printf(&some, "; %" PRIu64 " of %" PRIu64 " trees were captured whole", whole, p->s->trees);
	if (markers)
		say_sentence(out, "incomplete: %" PRIu64 " loss marker%s in that time own up to at least %" PRIu64 " lost record%s%s",
			     markers, plural(markers), records, plural(records), buf_text(&some));
	else if (holes)
		say_sentence(out, "incomplete or not known to be complete: %" PRIu64 " tree%s captured with loss (see status)%s", holes,
			     holes == 1 ? " was" : "s were", buf_text(&some));
	else
		say_sentence(out, "loss unknown: no marker that bears on these records was read%s; run it several times%s",
			     text ? ", and text logs lose most records without one" : "", buf_text(&some));
}

/* One of those who made a rule's calls: the last part of the path, or what put the name there without evidence. */
static struct bytes made_by(const struct profile *p, const struct profile_rule *r)
{
	struct bytes who;

	if (r->ground != GROUND_SEEN)
		return bytes_of(profile_ground_word(r->ground));
	who = p->q->images.v[p->q->uses.v[r->uses.v[0]].image].path;
	for (size_t at = bytes_find(who, BYTES(" > ")); at < who.n; at = bytes_find(who, BYTES(" > ")))
		bytes_skip(&who, at + 3);
	return who;
}

/* The dangerous names, each with one of those who made it. */
static void say_dangers(struct summary *out, const struct profile *p)
{
	struct buf line = { 0 };
	size_t total = 0;

	for (size_t i = 0; i < p->rules.n; i++) {
		const struct profile_rule *r = &p->rules.v[i];
		struct bytes who;

		if (r->danger == NULL || (r->uses.n == 0 && r->ground == GROUND_SEEN))
			continue;
		who = made_by(p, r);
		if (total++ < NAMES_SHOWN)
			buf_printf(&line, "%s%s (%.*s)", total > 1 ? ", " : "", r->name.p, (int)who.n, who.p);
	}
	if (total)
		say_sentence(out, "look at these before you enforce it: %s%s", buf_text(&line), total > NAMES_SHOWN ? " ..." : "");
	buf_release(&line);
}

/* What a forger may have written: of which events is not kept, so this is about the whole store. */
static void say_contradicted(struct summary *out, const struct query *q)
{
	if (q->contradicted)
		say_sentence(out, "%" PRIu64 " text line%s in the store sa%s otherwise than a trusted source of the same event%s: forged, or of another "
			     "boot; --trusted leaves all text out", q->contradicted, plural(q->contradicted), q->contradicted == 1 ? "ys" : "y",
			     plural(q->contradicted));
}

static void say_start(struct summary *out, const struct profile *p, const struct select_options *o)
{
	struct buf line = { 0 };
	size_t n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_runtime, p);

	if (p->runtime_unseen)
		say_sentence(out, "no start by %s was seen; what %s needs stands in for it, without evidence: %zu name%s%s%s", p->o.runtime->name,
			     p->o.runtime->version, n, plural(n), n ? ": " : "", buf_text(&line));
	else if (o->scope != SCOPE_ONLY && p->s->starts == 0 && !p->o.block)
		say_sentence(out, "the runtime's start was not seen: a container or unit with this list may not start (--runtime adds "
			     "what it needs)");
	buf_release(&line);
}

static void say_baseline(struct summary *out, const struct profile *p)
{
	struct buf line = { 0 };
	size_t n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_baseline, p);

	if (n)
		say_sentence(out, "%zu of them from the baseline, without evidence: %s", n, buf_text(&line));
	line.n = 0;
	n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_sibling, p);
	if (n)
		say_sentence(out, "%zu of them are siblings, without evidence: %s", n, buf_text(&line));
	buf_release(&line);
}

static void say_unnamed(struct summary *out, const struct profile *p)
{
	struct buf line = { 0 };

	if (p->unnamed.n == 0)
		return;
	for (size_t i = 0; i < p->unnamed.n && i < NAMES_SHOWN; i++) {
		const char *arch = arch_name(arch_of(p->unnamed.v[i].arch, p->unnamed.v[i].nr));

		buf_printf(&line, "%s%d (", i ? ", " : "", p->unnamed.v[i].nr);
		if (arch)
			buf_printf(&line, "%s)", arch);
		else
			buf_printf(&line, "arch %x)", p->unnamed.v[i].arch);
	}
	say_sentence(out, "numbers without a name are not in the list: %s%s", buf_text(&line), p->unnamed.n > NAMES_SHOWN ? " ..." : "");
	buf_release(&line);
}

static void say_lists(struct summary *out, const struct profile *p, const struct select_options *o)
{
	struct buf line = { 0 };
	size_t n;

	if ((o->comm.n || o->exe.n) && o->scope != SCOPE_ONLY) {
		n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_others_only, p);
		if (n)
			say_sentence(out, "%zu only from others in the tree%s: %s", n, plural(p->s->trees), buf_text(&line));
		line.n = 0;
	}
	n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_rare, p);
	if (n)
		say_sentence(out, "%zu in only 1 of %" PRIu64 " starts, so more are likely to come: %s", n, p->s->starts, buf_text(&line));
	line.n = 0;
	n = list_rules(&line, p->denied.v, p->denied.n, NAMES_SHOWN, NULL, p);
	if (n)
		say_sentence(out, "%zu denied and not in the list (--include-denied adds what was denied): %s", n, buf_text(&line));
	buf_release(&line);
}

static void say_cut_names(struct summary *out, const struct select_options *o)
{
	for (size_t i = 0; i < o->comm.n; i++) {
		auto_buf struct buf name = { 0 }, shown = { 0 };

		esc_read(&name, bytes_of(o->comm.v[i]));
		if (name.n <= RECORD_COMM_MAX)
			continue;
		esc_tty(&shown, (struct bytes){ name.p, RECORD_COMM_MAX });
		say_sentence(out, "the kernel keeps %d bytes of a name: --comm %s", RECORD_COMM_MAX, buf_text(&shown));
	}
}

static bool is_unobservable(const struct profile_rule *r, const struct profile *p)
{
	(void)p;
	return r->ground == GROUND_UNOBSERVABLE;
}

/* What was recorded under a filter that let calls through without a record. */
static void say_policies(struct summary *out, const struct profile *p)
{
	const struct active_policies *f = p->o.active_policies;
	struct buf line = { 0 };
	size_t n;

	if (f == NULL || f->trees == 0)
		return;
	n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_unobservable, p);
	say_sentence(out, "%" PRIu64 " tree%s recorded under %.*s, and what that allows left no records: %s%s", f->trees,
		     f->trees == 1 ? " was" : "s were", (int)f->name.n, f->name.p,
		     f->unread ? "not all of it can be read here, so keep its names" : n ? "kept, as not observable: " :
		     "all of it was seen otherwise", f->unread ? "" : buf_text(&line));
	buf_release(&line);
}

/* Probes, hooks and the like: trees under the same loader, in that time, on that node, that the list is not made of. */
static void say_others(struct summary *out, const struct profile *p, const struct workloads *w)
{
	const struct query *q = p->q;
	struct map loaders = { 0 }, others = { 0 };
	struct buf line = { 0 };
	uint64_t trees = 0;

	for (size_t i = 0; i < q->trees.n; i++)
		if (p->s->tree_in[i] && q->images.v[q->trees.v[i].root].loader)
			map_put(&loaders, pool_find(&q->strings, q->images.v[q->trees.v[i].root].path),
				(uint64_t)q->trees.v[i].node_id, 1);
	for (size_t i = 0; i < q->trees.n && p->s->t_first != WHEN_NONE; i++) {
		const struct query_tree *t = &q->trees.v[i];
		const struct query_image *root = &q->images.v[t->root];

		if (p->s->tree_in[i] || !root->loader || t->t_first == WHEN_NONE || t->t_first < p->s->t_first ||
		    t->t_first > p->s->t_last || w->of_tree[i] == WORKLOADS_NONE ||
		    !map_get(&loaders, pool_find(&q->strings, root->path), (uint64_t)t->node_id, 0))
			continue;
		trees++;
		if (map_get(&others, w->of_tree[i], 0, 0))
			continue;
		map_put(&others, w->of_tree[i], 0, 1);
		if (others.n <= OTHERS_SHOWN)
			buf_printf(&line, "%s--workload %s (%s)", others.n > 1 ? ", " : "", w->v[w->of_tree[i]].code,
				   w->v[w->of_tree[i]].name.p);
	}
	if (trees)
		say_sentence(out, "%" PRIu64 " other tree%s began under the same loader in that time (probes, hooks, other containers); if "
			     "they share the filter, add: %s%s", trees, plural(trees), buf_text(&line), others.n > OTHERS_SHOWN ? " ..." : "");
	buf_release(&line);
	map_release(&loaders);
	map_release(&others);
}

void summary_of_profile(struct summary *out, const struct profile *p, const struct query_losses *losses,
			const struct workloads *w, const struct select_options *o)
{
	say_head(out, p);
	say_losses(out, p, losses);
	out->loss = out->n;
	say_contradicted(out, p->q);
	say_cut_names(out, o);
	say_unnamed(out, p);
	say_start(out, p, o);
	say_policies(out, p);
	if (o->scope != SCOPE_ONLY)
		say_others(out, p, w);
	if ((o->comm.n || o->exe.n) && p->s->ways > 1)
		say_sentence(out, "started in %" PRIu64 " ways (--explain shows them, --tree narrows)", p->s->ways);
	say_dangers(out, p);
	say_baseline(out, p);
	say_lists(out, p, o);
}

void summary_of_dangers(struct summary *out, const struct profile *p)
{
	for (size_t i = 0; i < p->rules.n; i++)
		if (p->rules.v[i].danger != NULL)
			say_sentence(out, "%s: %s", p->rules.v[i].name.p, p->rules.v[i].danger);
}

void summary_of_groups(struct summary *out, const struct query *q, const struct selection *s, const struct select_options *o)
{
	say_cut_names(out, o);
	say_sentence(out, "%zu different workloads match, so there is no one list; narrow it, or --union for one that holds all:",
		     s->groups.n);
	for (size_t i = 0; i < s->groups.n; i++) {
		const struct select_group *g = &s->groups.v[i];

		say_sentence(out, "  %s  (%.*s: %" PRIu64 " tree%s, %" PRIu64 " name%s that no other has)", g->option.p, (int)g->name.n,
			     g->name.p, g->trees, plural(g->trees), g->adds, plural(g->adds));
	}
	say_contradicted(out, q);
}

/* "no comm 'x'; the nearest: y, z" for each of the names that were asked for. */
static void say_nearest(struct summary *out, const struct query *q, const char *what, const struct select_names *names,
			void (*add)(const struct query *q, struct nearest *out))
{
	auto_buf struct buf line = { 0 };
	char word[80];

	for (size_t i = 0; i < names->n; i++) {
		struct nearest near = { .want = bytes_of(names->v[i]) };

		add(q, &near);
		line.n = 0;
		for (size_t k = 0; k < near.n && k < NEAREST_SHOWN; k++) {
			buf_str(&line, k ? ", " : "; the nearest: ");
			esc_tty(&line, near.v[k]);
		}
		say_sentence(out, "no %s '%s'%s", what, esc_word(word, sizeof(word), near.want), line.n ? buf_text(&line) : "; the store knows none");
	}
}

static void add_containers(const struct query *q, struct nearest *out)
{
	suggest_locations(q, BY_CONTAINER, out);
}

static void add_pods(const struct query *q, struct nearest *out)
{
	suggest_locations(q, BY_POD, out);
}

static void add_units(const struct query *q, struct nearest *out)
{
	suggest_locations(q, BY_UNIT, out);
}

void summary_of_nothing(struct summary *out, const struct query *q, const struct select_options *o)
{
	say_cut_names(out, o);
	if (q->uses.n == 0) {
		say_sentence(out, "the store holds no %srecords, or none in that time", q->trusted ? "trusted " : "");
		return;
	}
	say_sentence(out, "no tree matches");
	say_nearest(out, q, "comm", &o->comm, suggest_comms);
	say_nearest(out, q, "container", &o->container, add_containers);
	say_nearest(out, q, "pod", &o->pod, add_pods);
	say_nearest(out, q, "unit", &o->unit, add_units);
}
