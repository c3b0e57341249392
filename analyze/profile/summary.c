// SPDX-License-Identifier: Apache-2.0
/*
 * The lines on stderr beside a profile: what it rests on, what is missing, what to look at; what
 * matters most comes first.
 */
#include "analyze/profile/summary_part.h"

#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/arch.h"
#include "store/model/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define NAMES_SHOWN 12 /* more of a list only adds noise; --explain has all */

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

void summary_take(struct summary *out, struct buf *line)
{
	*VEC_PUSH(out) = mem_dup(buf_text(line));
	buf_release(line);
}

void summary_say(struct summary *out, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		*VEC_PUSH(out) = text;
	va_end(ap);
}

const char *summary_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* "a, b, c and 4 more" of the rules for which `which` is true. Returns how many there are. */
static size_t list_rules(struct buf *out, const struct profile_rule *rules, size_t n, size_t limit,
			 bool (*which)(const struct profile_rule *, const struct profile *),
			 const struct profile *p)
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
	buf_printf(&line,
		   "%zu syscall%s from %" PRIu64 " tree%s (%" PRIu64 " start%s, %" PRIu64
		   " fragment%s), %s record%s",
		   p->rules.n, summary_plural(p->rules.n), s->trees, summary_plural(s->trees),
		   s->starts, summary_plural(s->starts), s->fragments, summary_plural(s->fragments),
		   buf_text(&records), summary_plural(s->records));
	if (s->t_first != WHEN_NONE)
		buf_printf(&line, ", %s to %s", when_local(s->t_first, from),
			   when_local(s->t_last, to));
	buf_str(&line, ";");
	for (size_t i = 0; i < p->archs.n; i++)
		buf_printf(&line, "%s %s", i ? "," : "", arch_name(p->archs.v[i]));
	summary_take(out, &line);
}

/* One of those who made a rule's calls: the last part of the path, or what put the name there
 * without evidence. */
static struct bytes made_by(const struct profile *p, const struct profile_rule *r)
{
	struct bytes who;

	if (r->ground != GROUND_SEEN)
		return bytes_of(profile_ground_word(r->ground));
	who = p->q->images.v[p->q->uses.v[r->uses.v[0]].image].path;
	for (size_t at = bytes_find(who, BYTES(" > ")); at < who.n;
	     at = bytes_find(who, BYTES(" > ")))
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
			buf_printf(&line, "%s%s (%.*s)", total > 1 ? ", " : "", r->name.p,
				   (int)who.n, who.p);
	}
	if (total)
		summary_say(out, "look at these before you enforce it: %s%s", buf_text(&line),
			    total > NAMES_SHOWN ? " ..." : "");
	buf_release(&line);
}

/* What a forger may have written: of which events is not kept, so this is about the whole store. */
void summary_contradicted(struct summary *out, const struct query *q)
{
	if (q->contradicted)
		summary_say(
			out,
			"%" PRIu64
			" text line%s in the store sa%s otherwise than a trusted source of the same event%s: forged, or of another "
			"boot; --trusted leaves all text out",
			q->contradicted, summary_plural(q->contradicted),
			q->contradicted == 1 ? "ys" : "y", summary_plural(q->contradicted));
}

static void say_start(struct summary *out, const struct profile *p, const struct select_options *o)
{
	struct buf line = { 0 };
	size_t n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_runtime, p);

	if (p->runtime_unseen)
		summary_say(
			out,
			"no %sstart by %s was seen; what %s needs stands in for it, without evidence: %zu name%s%s%s",
			p->runtime_shown ? "whole " : "", p->o.runtime->name, p->o.runtime->version,
			n, summary_plural(n), n ? ": " : "", buf_text(&line));
	else if (o->scope != SCOPE_ONLY && p->s->starts == 0 && !p->o.block)
		summary_say(
			out,
			"the runtime's start was not seen: a container or unit with this list may not start (--runtime adds "
			"what it needs)");
	buf_release(&line);
}

static void say_baseline(struct summary *out, const struct profile *p)
{
	struct buf line = { 0 };
	size_t n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_baseline, p);

	if (n)
		summary_say(
			out,
			"%zu added though not seen, since they depend on timing (--baseline none leaves them out): %s",
			n, buf_text(&line));
	line.n = 0;
	n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_sibling, p);
	if (n)
		summary_say(out,
			    "%zu added though not seen, since they do what a listed call does: %s",
			    n, buf_text(&line));
	buf_release(&line);
}

/* What --include-denied alone has brought. */
static void say_denied(struct summary *out, const struct profile *p)
{
	auto_buf struct buf names = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < p->rules.n; i++)
		if (profile_denied_only(p, &p->rules.v[i]))
			buf_printf(&names, "%s%s", n++ ? ", " : "", p->rules.v[i].name.p);
	if (n)
		summary_say(out, "%zu refused each time, and listed by --include-denied: %s",
			    n, buf_text(&names));
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
	summary_say(out, "numbers without a name are not in the list: %s%s", buf_text(&line),
		    p->unnamed.n > NAMES_SHOWN ? " ..." : "");
	buf_release(&line);
}

/* Starts of one program are compared, and no others: what a probe does is nothing that its service
 * might do by chance. */
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
			summary_say(out,
				    "%zu in only 1 of %" PRIu64
				    " starts of %.*s, so more are likely to come: %s",
				    n, of->starts, (int)of->name.n, of->name.p, buf_text(&line));
	}
}

static void say_lists(struct summary *out, const struct profile *p, const struct select_options *o)
{
	struct buf line = { 0 };
	size_t n;

	if ((o->comm.n || o->exe.n) && o->scope != SCOPE_ONLY) {
		const char *name = o->comm.n + o->exe.n > 1 ? NULL :
				   o->comm.n		    ? o->comm.v[0] :
							      o->exe.v[0];
		char shown[80];

		n = list_rules(&line, p->rules.v, p->rules.n, NAMES_SHOWN, is_others_only, p);
		if (n && name != NULL)
			summary_say(
				out,
				"%zu not made by '%s' itself but by other threads or programs of the same run: %s",
				n, esc_word(shown, sizeof(shown), bytes_of(name)), buf_text(&line));
		else if (n)
			summary_say(
				out,
				"%zu not made by what was selected but by other threads or programs of the same runs: %s",
				n, buf_text(&line));
		line.n = 0;
	}
	say_rare(out, p);
	n = list_rules(&line, p->denied.v, p->denied.n, NAMES_SHOWN, NULL, p);
	if (n)
		summary_say(
			out,
			"%zu denied and not in the list (--include-denied adds what was denied): %s",
			n, buf_text(&line));
	buf_release(&line);
}

void summary_cut_names(struct summary *out, const struct select_options *o)
{
	for (size_t i = 0; i < o->comm.n; i++) {
		auto_buf struct buf name = { 0 }, shown = { 0 };

		esc_read(&name, bytes_of(o->comm.v[i]));
		if (name.n <= RECORD_COMM_MAX)
			continue;
		esc_tty(&shown, (struct bytes){ name.p, RECORD_COMM_MAX });
		summary_say(out, "the kernel keeps %d bytes of a name: --comm %s", RECORD_COMM_MAX,
			    buf_text(&shown));
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
			before =
				strcmp(p->partial.v[k].names.v[0], p->partial.v[i].names.v[0]) == 0;
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
		buf_str(&line, n ? "; for some arguments, kept with its conditions: " :
				   "for some arguments, kept with its conditions: ");
	some = list_partials(&line, p);
	summary_say(
		out,
		"%" PRIu64
		" tree%s recorded under %.*s, and what that allows left no records: %s%s",
		f->trees, f->trees == 1 ? " was" : "s were", (int)f->name.n, f->name.p,
		f->unread ? "not all of it can be read here, so keep its names" :
		n	  ? "kept, as not observable: " :
		some ?
		    "" :
		    "each name that it allows is in the list by records of its own, or by the baseline",
		f->unread ? "" : buf_text(&line));
	buf_release(&line);
}

/* An answer that kills, and a program whose calls are not all on record. */
static void say_kill(struct summary *out, const struct profile *p)
{
	auto_buf struct buf past = { 0 };

	if (!p->o.kills || p->o.whole == NULL)
		return;
	whole_past_text(&past, p->o.whole);
	if (past.n)
		summary_say(out, "under this list one such call kills: %s", buf_text(&past));
}

void summary_of_profile(struct summary *out, const struct profile *p,
			const struct query_losses *losses, const struct workloads *w,
			const struct select_options *o, const struct summary_advice *advice)
{
	summary_of_evidence(out, &(struct summary_evidence){ .q = p->q,
							     .s = p->s,
							     .losses = losses,
							     .whole = p->o.whole,
							     .policies = p->o.active_policies });
	say_kill(out, p);
	say_head(out, p);
	summary_contradicted(out, p->q);
	summary_cut_names(out, o);
	say_unnamed(out, p);
	say_start(out, p, o);
	say_policies(out, p);
	if (o->scope != SCOPE_ONLY)
		summary_others(out, p, w, advice);
	if ((o->comm.n || o->exe.n) && p->s->ways > 1 && p->s->trees > 1)
		summary_say(out, "started in %" PRIu64 " ways: %s --explain", p->s->ways,
			    advice->all);
	say_dangers(out, p);
	say_baseline(out, p);
	say_denied(out, p);
	say_lists(out, p, o);
}

void summary_of_dangers(struct summary *out, const struct profile *p)
{
	for (size_t i = 0; i < p->rules.n; i++)
		if (p->rules.v[i].danger != NULL)
			summary_say(out, "%s: %s", p->rules.v[i].name.p, p->rules.v[i].danger);
}

void summary_of_groups(struct summary *out, const struct query *q, const struct selection *s,
		       const struct select_options *o, const struct summary_advice *advice)
{
	summary_cut_names(out, o);
	summary_say(out, "%zu different workloads match, so there is no one list; narrow it%s%s%s",
		    s->groups.n, advice->unites ? ", or take one list that holds all: " : ":",
		    advice->unites ? advice->all : "", advice->unites ? " --union" : "");
	for (size_t i = 0; i < s->groups.n; i++) {
		const struct select_group *g = &s->groups.v[i];

		summary_say(out,
			    "  %s %s  (%.*s: %" PRIu64 " tree%s, %" PRIu64
			    " name%s that no other has)",
			    advice->all, g->option.p, (int)g->name.n, g->name.p, g->trees,
			    summary_plural(g->trees), g->adds, summary_plural(g->adds));
	}
	summary_contradicted(out, q);
}

void summary_of_loaders(struct summary *out, const struct selection *s,
			const struct query_losses *losses)
{
	auto_buf struct buf records = { 0 };

	buf_count(&records, s->records);
	summary_say(
		out,
		"only the runtime's own first steps are here, no program: nearly all records were lost (scaudit doctor tells why)");
	summary_say(out, "%s record%s of %" PRIu64 " tree%s (0 starts, %" PRIu64 " fragment%s)",
		    buf_text(&records), summary_plural(s->records), s->trees,
		    summary_plural(s->trees), s->fragments, summary_plural(s->fragments));
	summary_gone(out, losses);
}
