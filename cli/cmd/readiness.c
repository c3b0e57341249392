// SPDX-License-Identifier: Apache-2.0
/* scaudit readiness: did the records arrive, and was enough seen? */
#include "analyze/evidence/readiness.h"
#include "cli/command.h"
#include "cli/selector.h"
#include "cli/talk.h"
#include "cli/term.h"
#include "cli/verdict.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/base/when.h"

#include <inttypes.h>

#define BAR 30      /* characters that the longest bar of the curve has */
#define NEWS_SHOWN 3 /* names of a step; --verbose shows all */

/* ---- JSON ---- */

static void json_bound(json_object *to, const char *name, const struct readiness_bound *b)
{
	json_object *one = json_object_new_object();

	json_put_int(one, "stage", true, b->stage);
	json_put_int(one, "clean", true, b->clean);
	json_object_object_add(one, "chance", json_object_new_double(b->chance));
	json_put_int(one, "more", true, b->more);
	json_object_object_add(to, name, one);
}

static const char *records_word(enum readiness_records r)
{
	return r == RECORDS_WHOLE ? "whole" : r == RECORDS_LOSSY ? "lossy" : "unknown";
}

static void json_starts(json_object *doc, const struct readiness *r, const struct query *q)
{
	json_object *rows = json_object_new_array();

	for (size_t i = 0; i < r->starts.n; i++) {
		const struct readiness_start *s = &r->starts.v[i];
		json_object *one = json_object_new_object(), *news = json_object_new_array();

		json_put_word(one, "tree", q->trees.v[s->tree].code.p);
		json_put_text(one, "node", true, q->trees.v[s->tree].node);
		json_put_time(one, "time", s->t);
		json_put_word(one, "records", records_word(s->records));
		json_put_word(one, "source", s->text ? "text" : "trusted");
		json_put_int(one, "names", true, (int64_t)s->names);
		for (uint32_t k = s->news; k < s->news + s->n_news; k++) {
			json_object *name = json_object_new_object();

			json_put_word(name, "name", r->news.v[k].name);
			json_put_text(name, "path", true, q->images.v[r->news.v[k].image].path);
			json_object_array_add(news, name);
		}
		json_object_object_add(one, "news", news);
		json_object_array_add(rows, one);
	}
	json_object_object_add(doc, "starts", rows);
}

static void print_json(const struct readiness *r, const struct query *q)
{
	json_object *doc = json_object_new_object(), *nodes = json_object_new_array();

	json_put_word(doc, "verdict", readiness_verdict_word(r->verdict));
	json_put_word(doc, "why", buf_text((struct buf *)(uintptr_t)&r->why));
	json_put_word(doc, "arrived", readiness_arrived_word(r->arrived));
	json_put_word(doc, "arrived_why", buf_text((struct buf *)(uintptr_t)&r->why_arrived));
	json_put_word(doc, "next", r->next.n ? buf_text((struct buf *)(uintptr_t)&r->next) : NULL);
	json_object_object_add(doc, "from_text", json_object_new_boolean(r->from_text));
	json_object_object_add(doc, "risk", json_object_new_double(r->risk));
	json_bound(doc, "next_start", &r->bound);
	json_bound(doc, "with_text", &r->with_text);
	json_bound(doc, "fresh_node", &r->fresh_node);
	json_put_int(doc, "ended", true, (int64_t)r->starts.n);
	json_put_int(doc, "whole", true, (int64_t)r->whole);
	json_put_int(doc, "lossy", true, (int64_t)r->lossy);
	json_put_int(doc, "unknown", true, (int64_t)r->unknown);
	json_put_int(doc, "text", true, (int64_t)r->text);
	json_put_int(doc, "running", true, (int64_t)r->running);
	json_put_int(doc, "fragments", true, (int64_t)r->fragments);
	json_put_int(doc, "compacted", true, (int64_t)r->compacted);
	json_put_int(doc, "older_builds", true, (int64_t)r->older_builds);
	json_put_int(doc, "denials", true, (int64_t)r->denials);
	json_put_int(doc, "missing", true, (int64_t)r->missing);
	json_put_time(doc, "last_news", r->t_news);
	json_put_int(doc, "quiet_ms", true, r->quiet_ms);
	json_put_int(doc, "longest_quiet_ms", true, r->longest_quiet_ms);
	json_put_int(doc, "hours_of_day", true, __builtin_popcount(r->hours));
	json_put_int(doc, "days_of_week", true, __builtin_popcount(r->days));
	json_put_int(doc, "lived_ms", true, r->lived_ms);
	json_put_int(doc, "stops", true, (int64_t)r->stops);
	json_put_int(doc, "signals", true, (int64_t)r->signals);
	json_put_int(doc, "probes", true, (int64_t)r->probes);
	for (size_t i = 0; i < r->nodes.n; i++) {
		auto_buf struct buf shown = { 0 };

		esc_tty(&shown, r->nodes.v[i]);
		json_object_array_add(nodes, json_object_new_string(buf_text(&shown)));
	}
	json_object_object_add(doc, "nodes", nodes);
	json_starts(doc, r, q);
	json_print(doc);
}

/* ---- text ---- */

static void print_scope(const struct readiness *r)
{
	auto_buf struct buf nodes = { 0 };

	for (size_t i = 0; i < r->nodes.n && i < 5; i++) {
		buf_str(&nodes, i ? ", " : "");
		esc_tty(&nodes, r->nodes.v[i]);
	}
	if (r->nodes.n > 5)
		buf_printf(&nodes, " and %zu more", r->nodes.n - 5);
	printf("starts     %zu that ended%s%s: %" PRIu64 " whole, %" PRIu64
	       " with records lost, %" PRIu64 " of which that is not known",
	       r->starts.n, nodes.n ? ", on " : "", buf_text(&nodes), r->whole, r->lossy,
	       r->unknown);
	if (r->text)
		printf(", %" PRIu64 " from text that a user can write", r->text);
	printf("\n");
	if (r->running + r->fragments + r->compacted + r->older_builds)
		printf("not counted  %" PRIu64 " that still run, %" PRIu64 " fragments, %" PRIu64
		       " compacted, %" PRIu64 " of an older build\n",
		       r->running, r->fragments, r->compacted, r->older_builds);
}

static void print_chance(const struct readiness *r)
{
	printf("next start  an unlisted call with a chance of at most %.3g %%, by %" PRIu32
	       " clean start%s since the last new name (95 %% "
	       "certain; asked for: %.3g %%)\n",
	       r->bound.chance * 100, r->bound.clean, r->bound.clean == 1 ? "" : "s",
	       r->risk * 100);
	if (r->nodes.n > 0 && r->fresh_node.more == 0)
		printf("fresh node  a new name with a chance of at most %.3g %%\n",
		       r->fresh_node.chance * 100);
	else if (r->nodes.n > 0)
		printf("fresh node  unknown: %zu node%s seen, %" PRIu32
		       " more without news would tell\n",
		       r->nodes.n, r->nodes.n == 1 ? " was" : "s were", r->fresh_node.more);
}

static void span(struct buf *out, int64_t ms)
{
	if (ms < 120000)
		buf_printf(out, "%" PRId64 " s", ms / 1000);
	else if (ms < 2 * WHEN_HOUR_MS)
		buf_printf(out, "%" PRId64 " min", ms / 60000);
	else if (ms < 48 * WHEN_HOUR_MS)
		buf_printf(out, "%" PRId64 " h", ms / WHEN_HOUR_MS);
	else
		buf_printf(out, "%" PRId64 " days", ms / (24 * WHEN_HOUR_MS));
}

static void print_times(const struct readiness *r)
{
	auto_buf struct buf quiet = { 0 }, longest = { 0 };

	if (r->starts.n < 2)
		return;
	span(&quiet, r->quiet_ms);
	span(&longest, r->longest_quiet_ms);
	printf("times      starts in %d of 24 hours of the day and on %d of 7 days; no new name for the last %s, the longest time after "
	       "which one came was %s\n",
	       __builtin_popcount(r->hours), __builtin_popcount(r->days), buf_text(&quiet),
	       buf_text(&longest));
}

/* What is easily missed: it runs seldom, or by another program. */
static void print_seen(const struct readiness *r)
{
	auto_buf struct buf lived = { 0 };

	if (r->starts.n == 0)
		return;
	span(&lived, r->lived_ms);
	printf("seen       they lived for %s in all; %" PRIu64 " stopped, %" PRIu64
	       " handled a signal (a reload is one); %" PRIu64 " other tree%s in the "
	       "same containers, pods or units (probes, hooks)\n",
	       buf_text(&lived), r->stops, r->signals, r->probes, r->probes == 1 ? "" : "s");
}

/* The curve: a row for each start that brought a name. */
static void print_curve(const struct readiness *r, const struct query *q, bool all)
{
	static const char *const heads[] = { ">start", "time", ">names", "",
					     "new name, and who made the call" };
	uint64_t most = r->starts.n ? r->starts.v[r->starts.n - 1].names : 0;
	struct term_table t;
	char stamp[32];

	if (r->news.n == 0)
		return;
	printf("\n");
	term_table_init(&t, heads, ARRAY_SIZE(heads), ARRAY_SIZE(heads) - 1);
	for (size_t i = 0; i < r->starts.n; i++) {
		const struct readiness_start *s = &r->starts.v[i];
		auto_buf struct buf what = { 0 };

		if (s->n_news == 0)
			continue;
		for (uint32_t k = 0; k < s->n_news && (all || k < NEWS_SHOWN); k++) {
			const struct readiness_news *n = &r->news.v[s->news + k];
			struct bytes path = q->images.v[n->image].path;

			buf_printf(&what, "%s%s (%.*s)", k ? ", " : "", n->name, (int)path.n,
				   path.p);
		}
		if (!all && s->n_news > NEWS_SHOWN)
			buf_printf(&what, ", %" PRIu32 " more", s->n_news - NEWS_SHOWN);
		term_cell(&t, "%zu", i + 1);
		term_cell(&t, "%s", when_local(s->t, stamp));
		term_cell(&t, "%" PRIu64, s->names);
		term_cell(&t, "%.*s", (int)(s->names * BAR / (most ? most : 1)),
			  "##############################");
		term_cell_text(&t, buf_bytes(&what));
	}
	term_table_print(&t, stdout);
}

static void print(const struct opts *o, struct readiness *r, const struct query *q)
{
	printf("verdict    %s: %s\n", readiness_verdict_word(r->verdict), buf_text(&r->why));
	printf("arrived    %s: %s\n", readiness_arrived_word(r->arrived),
	       buf_text(&r->why_arrived));
	print_scope(r);
	print_chance(r);
	print_times(r);
	print_seen(r);
	if (r->next.n)
		printf("next       %s\n", buf_text(&r->next));
	print_curve(r, q, opt_on(o, OPT_verbose));
}

static int judge(struct opts *o, struct selected *s, struct err *e)
{
	auto_buf struct buf all = { 0 }, rest = { 0 };
	struct query_losses losses = { 0 };
	struct summary_advice advice;
	struct selection sel = { 0 };
	struct summary talk = { 0 };
	struct readiness r = { 0 };
	int ret = ST_NO;

	s->options.whole_locations = true;
	select_run(&sel, &s->query, &s->workloads, &s->options);
	selector_command(&all, o, false);
	selector_command(&rest, o, true);
	advice = (struct summary_advice){ .all = buf_text(&all),
					  .rest = buf_text(&rest),
					  .unites = false };
	if (!sel.program && selector_losses(&losses, s, o, e) < 0) {
		ret = (int)e->status;
	} else if (sel.trees == 0) {
		summary_of_nothing(&talk, &s->query, &s->options, &losses, &advice);
	} else if (!sel.program) {
		summary_of_loaders(&talk, &sel, &losses);
	} else if (sel.groups.n > 1 && !s->options.union_) {
		summary_of_groups(&talk, &s->query, &sel, &s->options, &advice);
	} else if (verdict_find(&r, o, s, &sel, e) < 0) {
		ret = (int)e->status;
	} else {
		if (opt_on(o, OPT_json))
			print_json(&r, &s->query);
		else
			print(o, &r, &s->query);
		ret = r.verdict == VERDICT_READY ? ST_OK : ST_NO;
	}
	talk_say(&talk, o);
	readiness_release(&r);
	select_release(&sel);
	VEC_FREE(&losses);
	return ret;
}

static int run_readiness(struct opts *o, struct err *e)
{
	struct selected s = { 0 };
	int ret = selector_open_some(&s, o, SELECTOR_TREES, e);

	if (ret < 0)
		ret = (int)e->status;
	else if (!select_names_something(&s.options))
		ret = err_set(e, ST_INPUT,
			      "of what? Name it: --comm NAME, --exe PATH, --label NAME, --workload ID ... or --all") <
				      0 ?
			      ST_INPUT :
			      0;
	else
		ret = judge(o, &s, e);
	selector_release(&s);
	return ret;
}

const struct command command_readiness = {
	.name = "readiness",
	.args = "SELECTOR",
	.about = "say whether the records arrived, and whether enough was seen",
	.help = "Says whether a list of what the selected trees did is ready to be enforced: ready, not ready, or unknown, with what\n"
		"would change it; and whether their records arrived. Then the growth of the list, start by start.\n\n"
		"Exit status 0: ready; 1: not ready, or unknown.",
	.groups = G_STORE | G_SELECT | G_SCOPE | G_JSON | G_READINESS,
	.max_args = 0,
	.run = run_readiness,
};
