// SPDX-License-Identifier: Apache-2.0
/* forget: asks, removes what is chosen, and says what went. */
#include "cli/command.h"
#include "cli/selector.h"
#include "cli/term.h"
#include "cli/values.h"
#include "ingest/upkeep/forget.h"
#include "store/base/when.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the options name, as rows of trees; borrowed by *what until selector_release. */
static int read_what(struct forget_what *what, int64_t **trees, struct bytes **totals,
		     const struct opts *o, const struct selected *s, const struct selection *sel,
		     struct err *e)
{
	const char *ingest = opt_text(o, OPT_ingest, NULL);
	bool narrowed = select_names_something(&s->options);
	size_t n = 0, most = 0;

	*what = (struct forget_what){ .since = s->since,
				      .until = s->until,
				      .before = WHEN_NONE,
				      .unsee = opt_on(o, OPT_unsee),
				      .trusted = opt_on(o, OPT_trusted),
				      .dry_run = opt_on(o, OPT_dry_run) };
	/* text of the same events stays, and knows that they are trusted: read again they would
	 * count beside it */
	if (what->unsee && what->trusted)
		return err_set(
			e, ST_INPUT,
			"--unsee brings back what is removed with its text, and --trusted leaves the text: not both");
	if (ingest != NULL) {
		struct bytes b = bytes_of(ingest);
		uint64_t id;

		if (!bytes_dec(&b, INT64_MAX, &id) || b.n || id == 0)
			return err_set(
				e, ST_INPUT,
				"--ingest: not a run's number: '%.40s' ('scaudit status' lists them)",
				ingest);
		what->ingest = (int64_t)id;
	}
	if (opt_on(o, OPT_before) &&
	    when_parse(opt_text(o, OPT_before, NULL), when_now(), &what->before, e) < 0)
		return err_wrap(e, "--before");
	if (!narrowed && ingest == NULL && what->before == WHEN_NONE && what->since == WHEN_NONE &&
	    what->until == WHEN_NONE)
		return err_set(
			e, ST_INPUT,
			"forget what? Name it: a selector, --before TIME, --ingest ID, or --all");
	if (!narrowed || s->options.all)
		return 0;
	for (size_t i = 0; i < s->query.trees.n; i++)
		most += 1 + s->query.trees.v[i].also.n;
	*trees = mem_zero(most, sizeof(**trees));
	*totals = mem_zero(most, sizeof(**totals));
	for (size_t i = 0; i < s->query.trees.n; i++) {
		const struct query_tree *t = &s->query.trees.v[i];

		if (sel->tree_in[i] && t->id == 0)
			(*totals)[what->n_totals++] = t->code;
		if (!sel->tree_in[i] || t->id == 0)
			continue;
		(*trees)[n++] = t->id;
		for (size_t k = 0; k < t->also.n; k++)
			(*trees)[n++] = t->also.v[k];
	}
	what->totals = *totals;
	what->trees = *trees;
	what->n_trees = n;
	return 0;
}

static bool agreed(const struct opts *o, const struct forget_report *r, struct err *e)
{
	char answer[16], events[32], trees[32];

	if (opt_on(o, OPT_yes))
		return true;
	if (!isatty(STDIN_FILENO)) {
		err_set(e, ST_INPUT,
			"nothing was removed: say --yes, or --dry-run to see what would go");
		return false;
	}
	fprintf(stderr, "remove %s records of %s trees? [y/N] ", term_number(r->events, events),
		term_number(r->trees, trees));
	if (fgets(answer, sizeof(answer), stdin) == NULL ||
	    (answer[0] != 'y' && answer[0] != 'Y')) {
		err_set(e, ST_NO, "nothing was removed");
		return false;
	}
	return true;
}

static void say_forgotten(const struct forget_report *r, const struct forget_what *what)
{
	char events[32], trees[32];
	bool dry = what->dry_run;

	command_say(
		"%s %s record%s of %s tree%s%s", dry ? "would remove" : "removed",
		term_number(r->events, events), r->events == 1 ? "" : "s",
		term_number(r->trees, trees), r->trees == 1 ? "" : "s",
		dry || what->unsee ?
			"" :
		what->trusted ?
			"; reading the same logs again does not bring them back" :
			"; reading the same logs again does not bring them back (--unsee: it would)");
	if (r->shared_seconds)
		command_say(
			"in %llu second%s others made records too: what was removed there stays seen",
			(unsigned long long)r->shared_seconds, r->shared_seconds == 1 ? "" : "s");
}

static int forget(const struct opts *o, const struct forget_what *what, struct err *e)
{
	struct forget_what look = *what;
	struct store store;
	struct forget_report report = { 0 };
	bool changed;
	int ret;

	/* what would go can be asked where nothing may be written */
	if (what->dry_run)
		ret = store_open(&store, opt_text(o, OPT_db, NULL), STORE_READ, e);
	else
		ret = values_store(o, &store, STORE_CHANGE, NULL, e);
	if (ret == 0)
		ret = what->dry_run ? store_snapshot(&store, e) : store_begin(&store, &changed, e);
	command_ends("scaudit: stopped; nothing was removed\n");
	look.dry_run = true;
	if (ret == 0)
		ret = forget_run(&store, &look, &report, e);
	if (ret == 0 && report.intervals + report.presence + report.totals == 0)
		ret = err_set(e, ST_NO, "nothing matches: nothing to remove");
	if (ret == 0 && what->dry_run)
		say_forgotten(&report, what);
	if (ret == 0 && !what->dry_run) {
		ret = agreed(o, &report, e) ? forget_run(&store, what, &report, e) : -1;
		command_ends(NULL);
		if (ret == 0)
			ret = store_commit(&store, e);
		if (ret == 0 && !opt_on(o, OPT_quiet))
			say_forgotten(&report, what);
	}
	store_rollback(&store);
	store_close(&store);
	return ret == 0 ? ST_OK : (int)e->status;
}

static int run_forget(struct opts *o, struct err *e)
{
	struct selected s = { 0 };
	struct selection sel = { 0 };
	struct forget_what what = { 0 };
	auto_free int64_t *trees = NULL;
	auto_free struct bytes *totals = NULL;
	int ret = values_brought_up(o, e);

	if (ret == 0)
		ret = selector_open(&s, o, e);

	if (ret == 0) {
		select_run(&sel, &s.query, &s.workloads, &s.options);
		ret = read_what(&what, &trees, &totals, o, &s, &sel, e);
	}
	if (ret == 0)
		ret = store_end(&s.store, e);
	ret = ret < 0 ? (int)e->status : forget(o, &what, e);
	select_release(&sel);
	selector_release(&s);
	return ret;
}

const struct command command_forget = {
	.name = "forget",
	.args = "SELECTOR",
	.about = "remove what a mistake or a debugging session brought",
	.help = "Removes the records of the trees that a selector names, of a time (--before, --since, --until), or of a run\n"
		"(--ingest). Asks on a terminal. What is removed stays known as seen, so that reading the same logs again does\n"
		"not bring it back.",
	.groups = G_STORE | G_SELECT | G_FORGET,
	.max_args = 0,
	.run = run_forget,
};
