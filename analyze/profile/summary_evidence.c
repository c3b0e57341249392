// SPDX-License-Identifier: Apache-2.0
/*
 * The verdict: did all records of the selection arrive, and what shows that some did not.
 */
#include "analyze/evidence/kinds.h"
#include "analyze/profile/summary_part.h"

#include <inttypes.h>

struct lost {
	uint64_t markers, records;
};

/* Of what may have been records of these trees. What printk and loggers dropped is missing only
 * where their text is what we have. */
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

/* How many of the trees a capture that lost nothing had from beginning to end; *holes: of how many
 * one that lost some. */
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
	summary_say(out, "%s by tools that watch programs, which is text: %s",
		    k->tools == k->trees ? "no record of a filter: all of it was seen" :
					   "part of it was seen",
		    buf_text(&all));
	for (int i = KIND_SECCOMP + 1; i < N_KINDS; i++) {
		auto_buf struct buf gaps = { 0 };

		if (k->of[i].trees > 0)
			kind_gaps(&gaps, (enum kind)i, k->of[i].facts);
		if (gaps.n)
			summary_say(out, "incomplete: %s: %s", kind_at((enum kind)i)->name,
				    buf_text(&gaps));
	}
	if (k->tools == k->trees &&
	    k->of[KIND_STRACE].trees + k->of[KIND_STRACE_C].trees + k->of[KIND_TRACEE].trees > 0)
		summary_say(
			out,
			"none of them sees what a loader calls once the filter is in place: --runtime adds what one needs");
}

static bool rests_on_text(const struct summary_evidence *ev)
{
	for (size_t i = 0; i < ev->q->uses.n; i++)
		if (ev->s->use_in[i] && ev->q->uses.v[i].trusted < ev->q->uses.v[i].events)
			return true;
	return false;
}

/* Records that markers own up to. */
static void say_lost(struct summary *out, const struct summary_evidence *ev, struct lost lost,
		     const char *some)
{
	auto_buf struct buf here = { 0 }, gone = { 0 };

	buf_count(&here, ev->s->records);
	buf_count(&gone, lost.records);
	if (lost.records)
		summary_say(out,
			    "INCOMPLETE: %s record%s here, at least %s %s lost, so at most %" PRIu64
			    " %% arrived%s. Do not enforce this list; "
			    "scaudit doctor tells why",
			    buf_text(&here), ev->s->records == 1 ? " is" : "s are", buf_text(&gone),
			    lost.records == 1 ? "was" : "were",
			    ev->s->records * 100 / (ev->s->records + lost.records), some);
	else
		summary_say(out,
			    "INCOMPLETE: %s record%s here, and %" PRIu64
			    " loss marker%s of others that were lost, without a number%s. Do not "
			    "enforce this list; scaudit doctor tells why",
			    buf_text(&here), ev->s->records == 1 ? " is" : "s are", lost.markers,
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
		summary_say(out, "%s: %s%s",
			    again ? "the log itself shows that records are missing" :
				    "INCOMPLETE: records are missing",
			    buf_text(&signs), again ? "" : ". Do not enforce this list");
	else
		summary_say(out, "%srecords of %" PRIu64 " of %" PRIu64 " trees are missing: %s%s",
			    again ? "" : "INCOMPLETE: ", w->damaged, w->trees, buf_text(&signs),
			    again ? "" : ". Do not enforce this list");
	return true;
}

/* A filter that lets through what it does not name, without a record, hides all that. */
static bool say_open(struct summary *out, const struct active_policies *f)
{
	if (f == NULL || f->open == 0)
		return false;
	summary_say(
		out,
		"INCOMPLETE: it was recorded under %.*s, which lets through what it does not name, without a record. Do not enforce this list",
		(int)f->name.n, f->name.p);
	return true;
}

static void say_captured(struct summary *out, const struct summary_evidence *ev, bool past)
{
	if (ev->policies != NULL && ev->policies->trees > 0)
		summary_say(
			out,
			"captured from beginning to end without loss, but for what %.*s lets through without a record",
			(int)ev->policies->name.n, ev->policies->name.p);
	else if (past)
		summary_say(
			out,
			"captured from beginning to end without loss, but for what can leave no record");
	else
		summary_say(out,
			    "complete: all of it was captured from beginning to end without loss");
}

static void say_unknown(struct summary *out, const struct summary_evidence *ev, uint64_t holes,
			bool text, const char *some)
{
	if (holes)
		summary_say(out,
			    "incomplete or not known to be complete: %" PRIu64
			    " tree%s captured with loss (see scaudit status)%s",
			    holes, holes == 1 ? " was" : "s were", some);
	else
		summary_say(
			out,
			"loss unknown: no marker that bears on these %srecords was read%s; run it several times%s",
			ev->s->fragments ? "trees and " : "",
			text ? ", and text logs lose most records without one" : "", some);
}

void summary_of_evidence(struct summary *out, const struct summary_evidence *ev)
{
	uint64_t holes, whole = count_captured(ev, &holes);
	bool captured, text = rests_on_text(ev);
	auto_buf struct buf some = { 0 }, past = { 0 };
	struct lost lost = { 0 };
	struct kinds kinds;

	kinds_find(&kinds, ev->q, ev->s);
	captured = whole > 0 && whole == ev->s->trees - kinds.tools &&
		   (kinds.tools == 0 || kinds_whole(&kinds));
	if (!captured)
		lost = sum_losses(ev->losses, text);
	if (ev->whole != NULL)
		whole_past_text(&past, ev->whole);
	if (whole && !captured)
		buf_printf(&some, "; %" PRIu64 " of %" PRIu64 " trees were captured whole", whole,
			   ev->s->trees);
	if (lost.markers)
		say_lost(out, ev, lost, buf_text(&some));
	if (!say_missing(out, ev->whole, lost.markers > 0) && !lost.markers &&
	    !say_open(out, ev->policies)) {
		if (captured)
			say_captured(out, ev, past.n > 0);
		else if (kinds.tools < kinds.trees || !kinds_whole(&kinds))
			say_unknown(out, ev, holes, text, buf_text(&some));
		else
			summary_say(
				out,
				"not known to be complete: by what strace shows nothing is missing, but its file is text that a user can write; "
				"run it several times");
	}
	say_tools(out, &kinds);
	out->loss = 1;
	if (past.n)
		summary_say(out, "not complete: %s", buf_text(&past));
}

bool summary_gone(struct summary *out, const struct query_losses *losses)
{
	struct lost lost = sum_losses(losses, true);
	auto_buf struct buf records = { 0 };

	buf_count(&records, lost.records);
	if (lost.markers && lost.records)
		summary_say(out,
			    "at least %s record%s lost in that time, by %" PRIu64
			    " loss marker%s, and may be what is asked for: scaudit doctor "
			    "tells why",
			    buf_text(&records), lost.records == 1 ? " was" : "s were", lost.markers,
			    summary_plural(lost.markers));
	else if (lost.markers)
		summary_say(
			out,
			"%" PRIu64
			" loss marker%s of records that were lost in that time, and may be what is asked for: scaudit doctor tells why",
			lost.markers, lost.markers == 1 ? " tells" : "s tell");
	return lost.markers > 0;
}
