// SPDX-License-Identifier: Apache-2.0
/* Prints the verdict on a selection, and decides whether a list may be written. */
#include "cli/verdict.h"

#include "analyze/evidence/lives.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int read_risk(const struct opts *o, double *out, struct err *e)
{
	const char *text = opt_text(o, OPT_risk, NULL);
	char *end;

	*out = READINESS_RISK;
	if (text == NULL)
		return 0;
	*out = strtod(text, &end);
	if (strcmp(end, "%") == 0) {
		*out /= 100;
		end++;
	}
	if (end == text || *end != '\0' || !(*out > 0.00001 && *out < 1))
		return err_set(
			e, ST_INPUT,
			"--risk: '%.40s' is no chance between 0.001%% and 100%% (such as 5%% or 0.05)",
			text);
	return 0;
}

/* The serials that each selected tree spans. The caller frees. */
static struct serials_span *find_spans(const struct query *q, const struct selection *sel,
				       size_t *n)
{
	struct serials_span *out = mem_zero(q->trees.n + 1, sizeof(*out));
	auto_free uint32_t *at = mem_zero(q->trees.n + 1, sizeof(*at));

	*n = 0;
	for (size_t i = 0; i < q->images.n; i++) {
		const struct query_image *m = &q->images.v[i];
		const struct query_tree *t = &q->trees.v[m->tree];
		struct serials_span *span;

		if (m->id == 0 || !sel->tree_in[m->tree])
			continue;
		if (at[m->tree] == 0) {
			at[m->tree] = (uint32_t)++*n;
			out[*n - 1] = (struct serials_span){ t->row, q->images.v[t->root].boot,
							     m->serial, m->serial_last };
		}
		span = &out[at[m->tree] - 1];
		span->first = m->serial < span->first ? m->serial : span->first;
		span->last = m->serial_last > span->last ? m->serial_last : span->last;
	}
	return out;
}

/* As much of the serials as the answer needs. */
static int load_serials(struct serials *out, struct selected *s, const struct selection *sel,
			bool trusted, struct err *e)
{
	auto_free struct serials_span *spans = NULL;
	bool enough = false;
	size_t n;

	if (s->query.some) {
		spans = find_spans(&s->query, sel, &n);
		if (serials_load_some(out, &s->store, &s->query.nodes, trusted, spans, n, &enough,
				      e) < 0)
			return -1;
	}
	if (enough)
		return 0;
	serials_release(out);
	return serials_load(out, &s->store, &s->query.nodes, trusted, e);
}

int verdict_find(struct readiness *out, const struct opts *o, struct selected *s,
		 const struct selection *sel, struct err *e)
{
	struct serials trusted = { 0 }, all = { 0 };
	struct query_losses losses = { 0 };
	struct query_past past = { 0 };
	double risk;
	int ret = read_risk(o, &risk, e);

	if (ret == 0)
		ret = lives_losses(&losses, &s->query, &s->store, sel, e);
	if (ret == 0)
		ret = load_serials(&trusted, s, sel, true, e);
	if (ret == 0 && !s->query.trusted)
		ret = load_serials(&all, s, sel, false, e);
	if (ret == 0)
		ret = query_past_load(&past, &s->query, &s->store, sel->tree_in, e);
	if (ret == 0)
		readiness_find(out, &s->query, sel, &past, &losses, &trusted,
			       s->query.trusted ? &trusted : &all, risk);
	VEC_FREE(&losses);
	query_past_release(&past);
	serials_release(&trusted);
	serials_release(&all);
	return ret;
}

int verdict_requires(const struct opts *o, struct readiness *r, struct err *e)
{
	const char *what = opt_text(o, OPT_require, NULL);
	bool arrived = what != NULL && strcmp(what, "ready") != 0,
	     ready = what != NULL && strcmp(what, "arrived") != 0;

	if (what != NULL && strcmp(what, "ready") != 0 && strcmp(what, "arrived") != 0 &&
	    strcmp(what, "both") != 0)
		return err_set(e, ST_INPUT, "--require is arrived, ready or both, not '%.40s'",
			       what);
	if (arrived && r->arrived != ARRIVED_YES) {
		err_set(e, ST_NO,
			"--require %s: whether the records arrived: %s: %s; nothing is written",
			what, readiness_arrived_word(r->arrived), buf_text(&r->why_arrived));
		return 1;
	}
	if (ready && r->verdict != VERDICT_READY) {
		err_set(e, ST_NO, "--require %s: %s: %s; nothing is written", what,
			readiness_verdict_word(r->verdict), buf_text(&r->why));
		return 1;
	}
	return 0;
}

void verdict_line(struct buf *out, const struct readiness *r)
{
	buf_printf(out,
		   "readiness: %s, by %zu start%s that ended, %" PRIu32
		   " of them whole and without a new name since the last one",
		   readiness_verdict_word(r->verdict), r->starts.n, r->starts.n == 1 ? "" : "s",
		   r->bound.clean);
	if (r->bound.clean > 0)
		buf_printf(
			out,
			" (the next start needs an unlisted call with a chance of at most %.3g %%)",
			r->bound.chance * 100);
	buf_printf(out, "; records arrived: %s", readiness_arrived_word(r->arrived));
}
