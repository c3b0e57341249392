// SPDX-License-Identifier: Apache-2.0
/*
 * The lines on stderr beside a profile: what it rests on, what is missing, what to look at; what
 * matters most comes first.
 */
#include "analyze/profile/summary.h"

#include "analyze/evidence/kinds.h"
#include "analyze/evidence/suggest.h"
#include "analyze/evidence/lives.h"
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

/* ---- the verdict ---- */

struct lost { uint64_t markers, records; };

/* Of what may have been records of these trees. What printk and loggers dropped is missing only where their text is what we have. */
static struct lost sum_losses(const struct query_losses *losses, bool text)
{
	struct lost out = { 0 };

	for (size_t i = 0; i < losses->n; i++) {
		const struct query_loss *l = &losses->v[i];

		out.markers += text ? l->markers : l->kernel_markers;
		out.records += l->kernel + (text ? l->printk + l->others : 0);
	}
	return out;
}

/* How many of the trees a capture that lost nothing had from beginning to end; *holes: of how many one that lost some. */
static uint64_t count_captured(const struct summary_evidence *ev, uint64_t *holes)
{
	uint64_t whole = 0;

	*holes = 0;
	for (size_t i = 0; i < ev->q->trees.n; i++) {
		const struct query_tree *t = &ev->q->trees.v[i];

		if (!ev->s->tree_in[i])
			continue;
		whole += t->captured_whole;
		*holes += !t->captured_whole && t->holes > 0;
	}
	return whole;
}

/* What tools saw: it is no record of a filter, and each file says what it lacks. */
static void say_tools(struct summary *out, const struct kinds *k)
{
	auto_buf struct buf all = { 0 };

	if (k->tools == 0)
		return;
	kinds_text(&all, k);
	say_sentence(out, "%s by tools that watch programs, which is text: %s", k->tools == k->trees ? "no record of a filter: all of it was seen" :
		     "part of it was seen", buf_text(&all));
	for (int i = KIND_SECCOMP + 1; i < N_KINDS; i++) {
		auto_buf struct buf gaps = { 0 };

		if (k->of[i].trees > 0)
			kind_gaps(&gaps, (enum kind)i, k->of[i].facts);
		if (gaps.n)
			say_sentence(out, "incomplete: %s: %s", kind_at((enum kind)i)->name, buf_text(&gaps));
	}
	if (k->tools == k->trees && k->of[KIND_STRACE].trees + k->of[KIND_STRACE_C].trees + k->of[KIND_TRACEE].trees > 0)
		say_sentence(out, "none of them sees what a loader calls once the filter is in place: --runtime adds what one needs");
}

static bool rests_on_text(const struct summary_evidence *ev)
{
	for (size_t i = 0; i < ev->q->uses.n; i++)
		if (ev->s->use_in[i] && ev->q->uses.v[i].trusted < ev->q->uses.v[i].events)
			return true;
	return false;
}

/* Records that markers own up to. */
static void say_lost(struct summary *out, const struct summary_evidence *ev, struct lost lost, const char *some)
{
	auto_buf struct buf here = { 0 }, gone = { 0 };

	buf_count(&here, ev->s->records);
	buf_count(&gone, lost.records);
	if (lost.records)
		say_sentence(out, "INCOMPLETE: %s record%s here, at least %s %s lost, so at most %" PRIu64 " %% arrived%s. Do not enforce this list; "
		    "scaudit doctor tells why", buf_text(&here), ev->s->records == 1 ? " is" : "s are", buf_text(&gone),
		    lost.records == 1 ? "was" : "were", ev->s->records * 100 / (ev->s->records + lost.records), some);
	else
		say_sentence(out, "INCOMPLETE: %s record%s here, and %" PRIu64 " loss marker%s of others that were lost, without a number%s. Do not "
		    "enforce this list; scaudit doctor tells why", buf_text(&here), ev->s->records == 1 ? " is" : "s are", lost.markers,
		    lost.markers == 1 ? " tells" : "s tell", some);
}

/* Records whose absence the others show. */
static bool say_missing(struct summary *out, const struct whole *w, bool again)
{
	auto_buf struct buf signs = { 0 };

	if (w == NULL || w->damaged == 0)
		return false;
	whole_signs(&signs, w);
	if (w->trees == 1)
		say_sentence(out, "%s: %s%s", again ? "the log itself shows that records are missing" : "INCOMPLETE: records are missing",
		    buf_text(&signs), again ? "" : ". Do not enforce this list");
	else
		say_sentence(out, "%srecords of %" PRIu64 " of %" PRIu64 " trees are missing: %s%s", again ? "" : "INCOMPLETE: ", w->damaged, w->trees,
		    buf_text(&signs), again ? "" : ". Do not enforce this list");
	return true;
}

/* A filter that lets through what it does not name, without a record, hides all that. */
static bool say_open(struct summary *out, const struct active_policies *f)
{
	if (f == NULL || f->open == 0)
		return false;
	say_sentence(out, "INCOMPLETE: it was recorded under %.*s, which lets through what it does not name, without a record. Do not enforce this list",
	    (int)f->name.n, f->name.p);
	return true;
}

static void say_captured(struct summary *out, const struct summary_evidence *ev, bool past)
{
	if (ev->policies != NULL && ev->policies->trees > 0)
		say_sentence(out, "captured from beginning to end without loss, but for what %.*s lets through without a record",
		    (int)ev->policies->name.n, ev->policies->name.p);
	else if (past)
		say_sentence(out, "captured from beginning to end without loss, but for what can leave no record");
	else
		say_sentence(out, "complete: all of it was captured from beginning to end without loss");
}

static void say_unknown(struct summary *out, const struct summary_evidence *ev, uint64_t holes, bool text, const char *some)
{
	if (holes)
		say_sentence(out, "incomplete or not known to be complete: %" PRIu64 " tree%s captured with loss (see scaudit status)%s", holes,
		    holes == 1 ? " was" : "s were", some);
	else
		say_sentence(out, "loss unknown: no marker that bears on these %srecords was read%s; run it several times%s",
		    ev->s->fragments ? "trees and " : "", text ? ", and text logs lose most records without one" : "", some);
}

void summary_of_evidence(struct summary *out, const struct summary_evidence *ev)
{
	uint64_t holes, whole = count_captured(ev, &holes);
	bool captured, text = rests_on_text(ev);
	auto_buf struct buf some = { 0 }, past = { 0 };
	struct lost lost = { 0 };
	struct kinds kinds;

	kinds_find(&kinds, ev->q, ev->s);
	captured = whole > 0 && whole == ev->s->trees - kinds.tools && (kinds.tools == 0 || kinds_whole(&kinds));
	if (!captured)
		lost = sum_losses(ev->losses, text);
	if (ev->whole != NULL)
		whole_past_text(&past, ev->whole);
	if (whole && !captured)
		buf_printf(&some, "; %" PRIu64 " of %" PRIu64 " trees were captured whole", whole, ev->s->trees);
	if (lost.markers)
		say_lost(out, ev, lost, buf_text(&some));
	if (!say_missing(out, ev->whole, lost.markers > 0) && !lost.markers && !say_open(out, ev->policies)) {
		if (captured)
			say_captured(out, ev, past.n > 0);
		else if (kinds.tools < kinds.trees || !kinds_whole(&kinds))
			say_unknown(out, ev, holes, text, buf_text(&some));
		else
			say_sentence(out, "not known to be complete: by what strace shows nothing is missing, but its file is text that a user can write; "
				     "run it several times");
	}
	say_tools(out, &kinds);
	out->loss = 1;
	if (past.n)
		say_sentence(out, "not complete: %s", buf_text(&past));
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
		say_sentence(out, "no %sstart by %s was seen; what %s needs stands in for it, without evidence: %zu name%s%s%s",
		    p->runtime_shown ? "whole " : "", p->o.runtime->name, p->o.runtime->version, n, plural(n), n ? ": " : "", buf_text(&line));
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

/* Starts of one program are compared, and no others: what a probe does is nothing that its service might do by chance. */
static void say_rare(struct summary *out, const struct profile *p)
{
	for (size_t i = 0; i < p->programs.n; i++) {
		const struct profile_program *of = &p->programs.v[i];
		auto_buf struct buf line = { 0 };
		size_t n = 0;

		for (size_t k = 0; k < p->rules.n; k++)
			if (p->rules.v[k].rare == i + 1 && ++n <= NAMES_SHOWN)
				buf_printf(&line, "%s%s", n > 1 ? ", " : "", p->rules.v[k].name.p);
		if (n > NAMES_SHOWN)
			buf_printf(&line, " and %zu more", n - NAMES_SHOWN);
		if (n)
			say_sentence(out, "%zu in only 1 of %" PRIu64 " starts of %.*s, so more are likely to come: %s", n, of->starts, (int)of->name.n,
			    of->name.p, buf_text(&line));
	}
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
	say_rare(out, p);
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

/* The names that were let through for some arguments, each once. */
static size_t list_partials(struct buf *out, const struct profile *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->partial.n; i++) {
		bool before = false;

		for (size_t k = 0; k < i && !before; k++)
			before = strcmp(p->partial.v[k].names.v[0], p->partial.v[i].names.v[0]) == 0;
		if (!before && ++n <= NAMES_SHOWN)
			buf_printf(out, "%s%s", n > 1 ? ", " : "", p->partial.v[i].names.v[0]);
	}
	if (n > NAMES_SHOWN)
		buf_printf(out, " and %zu more", n - NAMES_SHOWN);
	return n;
}

/* What was recorded under a filter that let calls through without a record. */
static void say_policies(struct summary *out, const struct profile *p)
{
	const struct active_policies *f = p->o.active_policies;
	struct buf line = { 0 };
	size_t n, some;

	if (f == NULL || f->trees == 0)
		return;
	n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_unobservable, p);
	if (p->partial.n)
		buf_str(&line, n ? "; for some arguments, kept with its conditions: " : "for some arguments, kept with its conditions: ");
	some = list_partials(&line, p);
	say_sentence(out, "%" PRIu64 " tree%s recorded under %.*s, and what that allows left no records: %s%s", f->trees,
	    f->trees == 1 ? " was" : "s were", (int)f->name.n, f->name.p,
	    f->unread ? "not all of it can be read here, so keep its names" : n ? "kept, as not observable: " : some ? "" :
	    "each name that it allows is in the list by records of its own, or by the baseline", f->unread ? "" : buf_text(&line));
	buf_release(&line);
}

/* ---- other trees under the same loader ---- */

/* The lives of the selected trees under one loader of one machine, by their beginnings; latest: the last end so far. */
struct span { uint64_t loader; int64_t node, from, to, latest; };
struct spans { struct span *v; size_t n, cap; };

/* A workload that is not in the list, and may be under its filter. */
struct other { uint32_t workload; uint64_t trees; bool alike; };
struct others { struct other *v; size_t n, cap; };

static int by_loader(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->loader != y->loader)
		return x->loader < y->loader ? -1 : 1;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return x->from < y->from ? -1 : x->from > y->from;
}

static uint64_t loader_id(const struct query *q, size_t tree)
{
	return pool_find(&q->strings, q->images.v[q->trees.v[tree].root].path);
}

static void find_spans(struct spans *out, const struct profile *p, const struct lives *lives)
{
	const struct query *q = p->q;

	for (size_t i = 0; i < q->trees.n; i++)
		if (p->s->tree_in[i] && q->images.v[q->trees.v[i].root].loader && q->trees.v[i].t_first != WHEN_NONE)
			*VEC_PUSH(out) = (struct span){ loader_id(q, i), q->trees.v[i].node_id, lives->from[i], lives->to[i], 0 };
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_loader);
	for (size_t i = 0; i < out->n; i++) {
		const struct span *before = i > 0 ? &out->v[i - 1] : NULL;
		bool same = before != NULL && before->loader == out->v[i].loader && before->node == out->v[i].node;

		out->v[i].latest = same && before->latest > out->v[i].to ? before->latest : out->v[i].to;
	}
}

/* Did some selected tree under that loader live when this one began? */
static bool meets(const struct spans *s, const struct span *one)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_loader(&s->v[mid], one) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 && s->v[low - 1].loader == one->loader && s->v[low - 1].node == one->node && s->v[low - 1].latest >= one->from;
}

/* Where the selected trees run: of each place of the query; *any: some whole place is among them. */
static bool *places_of(const struct profile *p, bool *any)
{
	bool *out = mem_zero(p->q->locations.n + 1, sizeof(*out));

	*any = false;
	for (size_t i = 0; i < p->q->trees.n; i++)
		for (size_t k = 0; k < p->q->trees.v[i].locations.n && p->s->tree_in[i]; k++) {
			out[p->q->trees.v[i].locations.v[k]] = true;
			*any |= workloads_is_whole_location(p->q->locations.v[p->q->trees.v[i].locations.v[k]].v);
		}
	return out;
}

/* Known to be in a container that none of these is? */
static bool is_elsewhere(const struct query *q, const struct query_tree *t, const bool *ours)
{
	bool known = false;

	for (size_t i = 0; i < t->locations.n; i++) {
		if (ours[t->locations.v[i]])
			return false;
		known |= workloads_is_whole_location(q->locations.v[t->locations.v[i]].v);
	}
	return known;
}

static int likely_first(const void *a, const void *b, void *workloads)
{
	const struct other *x = a, *y = b;
	const struct workload *w = workloads;

	if (x->alike != y->alike)
		return x->alike ? -1 : 1;
	if (x->trees != y->trees)
		return x->trees > y->trees ? -1 : 1;
	return strcmp(w[x->workload].code, w[y->workload].code);
}

/* Programs that the selected trees run: a probe mostly is one of its container's own. */
static void find_programs(struct map *out, const struct profile *p)
{
	for (size_t i = 0; i < p->q->images.n; i++)
		if (p->s->tree_in[p->q->images.v[i].tree] && !p->q->images.v[i].loader)
			map_put(out, pool_find(&p->q->strings, p->q->images.v[i].exe), (uint64_t)p->q->trees.v[p->q->images.v[i].tree].node_id, 1);
}

static void find_others(struct others *out, const struct profile *p, const struct workloads *w, const struct spans *spans)
{
	const struct query *q = p->q;
	struct map at = { 0 }, programs = { 0 };
	bool placed;
	auto_free bool *ours = places_of(p, &placed);

	find_programs(&programs, p);
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];
		struct span one = { .from = t->t_first };
		int64_t k;

		if (p->s->tree_in[i] || !q->images.v[t->root].loader || t->t_first == WHEN_NONE || w->of_tree[i] == WORKLOADS_NONE)
			continue;
		one.loader = loader_id(q, i);
		one.node = t->node_id;
		if (!meets(spans, &one) || (placed && is_elsewhere(q, t, ours)))
			continue;
		k = map_get(&at, w->of_tree[i], 0, -1);
		if (k < 0) {
			k = (int64_t)out->n;
			map_put(&at, w->of_tree[i], 0, k);
			*VEC_PUSH(out) = (struct other){ .workload = w->of_tree[i] };
		}
		out->v[k].trees += t->stands_for;
		out->v[k].alike |= map_get(&programs, pool_find(&q->strings, q->images.v[t->main].exe), (uint64_t)t->node_id, 0) != 0;
	}
	map_release(&at);
	map_release(&programs);
	if (out->n > 1)
		qsort_r(out->v, out->n, sizeof(*out->v), likely_first, w->v);
}

/* "--workload A --workload B": what selects the trees that are selected now. */
static void list_workloads(struct buf *out, const struct profile *p, const struct workloads *w)
{
	auto_free bool *met = mem_zero(w->n + 1, sizeof(*met));

	for (size_t i = 0; i < p->q->trees.n; i++)
		if (p->s->tree_in[i] && w->of_tree[i] != WORKLOADS_NONE)
			met[w->of_tree[i]] = true;
	for (size_t i = 0; i < w->n; i++)
		if (met[i])
			buf_printf(out, " --workload %s", w->v[i].code);
}

/* Probes, hooks and the like: trees under the same loader, on that node, that began while the list's own lived. */
static void say_others(struct summary *out, const struct profile *p, const struct workloads *w, const struct summary_advice *advice)
{
	struct spans spans = { 0 };
	struct others others = { 0 };
	struct lives lives;
	auto_buf struct buf ours = { 0 };
	uint64_t trees = 0;

	lives_find(&lives, p->q);
	find_spans(&spans, p, &lives);
	find_others(&others, p, w, &spans);
	list_workloads(&ours, p, w);
	for (size_t i = 0; i < others.n; i++)
		trees += others.v[i].trees;
	if (trees)
		say_sentence(out, "%" PRIu64 " other tree%s began under the same loader while %s lived (probes, hooks, other containers); one list for "
		    "both, where they share the filter:", trees, plural(trees), p->s->trees == 1 ? "this one" : "these");
	for (size_t i = 0; i < others.n && i < OTHERS_SHOWN; i++) {
		const struct workload *o = &w->v[others.v[i].workload];

		say_sentence(out, "  %s%s --workload %s  (%.*s: %" PRIu64 " tree%s)", advice->rest, buf_text(&ours), o->code, (int)o->name.n,
		    o->name.p, others.v[i].trees, plural(others.v[i].trees));
	}
	if (others.n > OTHERS_SHOWN)
		say_sentence(out, "  and %zu more workloads: scaudit workloads lists them", others.n - OTHERS_SHOWN);
	VEC_FREE(&spans);
	VEC_FREE(&others);
	lives_release(&lives);
}

/* An answer that kills, and a program whose calls are not all on record. */
static void say_kill(struct summary *out, const struct profile *p)
{
	auto_buf struct buf past = { 0 };

	if (!p->o.kills || p->o.whole == NULL)
		return;
	whole_past_text(&past, p->o.whole);
	if (past.n)
		say_sentence(out, "under this list one such call kills: %s", buf_text(&past));
}

void summary_of_profile(struct summary *out, const struct profile *p, const struct query_losses *losses,
			const struct workloads *w, const struct select_options *o, const struct summary_advice *advice)
{
	summary_of_evidence(out, &(struct summary_evidence){ .q = p->q, .s = p->s, .losses = losses, .whole = p->o.whole,
							     .policies = p->o.active_policies });
	say_kill(out, p);
	say_head(out, p);
	say_contradicted(out, p->q);
	say_cut_names(out, o);
	say_unnamed(out, p);
	say_start(out, p, o);
	say_policies(out, p);
	if (o->scope != SCOPE_ONLY)
		say_others(out, p, w, advice);
	if ((o->comm.n || o->exe.n) && p->s->ways > 1 && p->s->trees > 1)
		say_sentence(out, "started in %" PRIu64 " ways: %s --explain", p->s->ways, advice->all);
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

void summary_of_groups(struct summary *out, const struct query *q, const struct selection *s, const struct select_options *o,
		       const struct summary_advice *advice)
{
	say_cut_names(out, o);
	say_sentence(out, "%zu different workloads match, so there is no one list; narrow it%s%s%s", s->groups.n,
		     advice->unites ? ", or take one list that holds all: " : ":", advice->unites ? advice->all : "", advice->unites ? " --union" : "");
	for (size_t i = 0; i < s->groups.n; i++) {
		const struct select_group *g = &s->groups.v[i];

		say_sentence(out, "  %s %s  (%.*s: %" PRIu64 " tree%s, %" PRIu64 " name%s that no other has)", advice->all, g->option.p,
		    (int)g->name.n, g->name.p, g->trees, plural(g->trees), g->adds, plural(g->adds));
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

/* Markers are the answer where nothing is: what they tell of may be what was asked for. */
static bool say_gone(struct summary *out, const struct query_losses *losses)
{
	struct lost lost = sum_losses(losses, true);
	auto_buf struct buf records = { 0 };

	buf_count(&records, lost.records);
	if (lost.markers && lost.records)
		say_sentence(out, "at least %s record%s lost in that time, by %" PRIu64 " loss marker%s, and may be what is asked for: scaudit doctor "
		    "tells why", buf_text(&records), lost.records == 1 ? " was" : "s were", lost.markers, plural(lost.markers));
	else if (lost.markers)
		say_sentence(out, "%" PRIu64 " loss marker%s of records that were lost in that time, and may be what is asked for: scaudit doctor tells why",
		    lost.markers, lost.markers == 1 ? " tells" : "s tell");
	return lost.markers > 0;
}

/* Is what was asked for there, but not with the rest? Then nothing that is near it is meant. */
static bool say_alone(struct summary *out, const struct query *q, const char *comm, const struct summary_advice *advice)
{
	auto_buf struct buf shell = { 0 };
	char word[80];

	if (!select_has_comm(q, comm))
		return false;
	esc_shell(&shell, bytes_of(comm));
	say_sentence(out, "comm '%s' is there, but not with the other options: each kind of them narrows. Alone: %s --comm %s",
		     esc_word(word, sizeof(word), bytes_of(comm)), advice->rest, buf_text(&shell));
	return true;
}

void summary_of_nothing(struct summary *out, const struct query *q, const struct select_options *o, const struct query_losses *losses,
			const struct summary_advice *advice)
{
	say_cut_names(out, o);
	if (q->uses.n == 0) {
		say_sentence(out, "the store holds no %srecords, or none in that time", q->trusted ? "trusted " : "");
		say_gone(out, losses);
		return;
	}
	say_sentence(out, "no tree matches");
	if (say_gone(out, losses))
		return;
	for (size_t i = 0; i < o->comm.n; i++)
		if (!say_alone(out, q, o->comm.v[i], advice))
			say_nearest(out, q, "comm", &(struct select_names){ &o->comm.v[i], 1 }, suggest_comms);
	say_nearest(out, q, "container", &o->container, add_containers);
	say_nearest(out, q, "pod", &o->pod, add_pods);
	say_nearest(out, q, "unit", &o->unit, add_units);
}

void summary_of_loaders(struct summary *out, const struct selection *s, const struct query_losses *losses)
{
	auto_buf struct buf records = { 0 };

	buf_count(&records, s->records);
	say_sentence(out, "only the runtime's own first steps are here, no program: nearly all records were lost (scaudit doctor tells why)");
	say_sentence(out, "%s record%s of %" PRIu64 " tree%s (0 starts, %" PRIu64 " fragment%s)", buf_text(&records), plural(s->records), s->trees,
	    plural(s->trees), s->fragments, plural(s->fragments));
	say_gone(out, losses);
}
