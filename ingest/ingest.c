// SPDX-License-Identifier: Apache-2.0
/*
 * Reads sources one after the other: opens, judges whether they can be trusted, and feeds their
 * lines.
 */
#include "ingest/ingest.h"

#include "ingest/pipeline.h"
#include "ingest/read/journal.h"
#include "store/base/buf.h"
#include "store/base/esc.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <sys/stat.h>
#include <unistd.h>

#define GATHER_MS 200 /* a slow pipe is listened to for so long before the lock is asked for */
#define GATHER_BYTES (256u << 10)

/* Takes what another thread says of the next line; *any: it has said something. */
static int take_ahead(struct pipeline *p, bool *any, struct err *e)
{
	struct lines *l = &p->in->reading.lines;
	const struct ahead_event *event = ahead_next(p->ahead, &p->feed, l);

	*any = event != NULL && (event->passed ? feed_may_pass(&p->feed) : p->feed.locked);
	if (!*any)
		return 0;
	if (event->passed) {
		lines_pass(l, event->ev.n, event->passed);
		feed_pass(&p->feed, event->passed);
		return 0;
	}
	if (feed_recognised(&p->feed, &event->ev, e) < 0)
		return -1;
	lines_skip(l, event->ev.n);
	return 0;
}

int pipeline_piece(struct pipeline *p, bool *any, struct err *e)
{
	struct lines *l = &p->in->reading.lines;
	struct piece piece;
	uint64_t passed;
	size_t n;

	*any = true;
	if (!reading_inside(&p->in->reading)) {
		if (p->ahead != NULL && !l->in_long) {
			if (take_ahead(p, any, e) < 0)
				return -1;
			if (*any)
				return 0;
			*any = true;
		}
		if (feed_known(&p->feed, lines_ahead(l), &n, e) < 0)
			return -1;
		if (n > 0) {
			lines_skip(l, n);
			return 0;
		}
		if (feed_may_pass(&p->feed) && (passed = reading_pass(&p->in->reading)) > 0) {
			feed_pass(&p->feed, passed);
			return 0;
		}
	}
	*any = reading_next(&p->in->reading, &piece);
	return *any ? feed_piece(&p->feed, &p->in->reading, &piece, e) : 0;
}

/* ---- one source ---- */

/* Reads once more. What a source does not give is no failure of the run: see ingest_run. */
static int fill(struct pipeline *p, struct input *in, int timeout_ms, enum lines_state *state,
		struct err *e)
{
	auto_buf struct buf name = { 0 };
	int ret;

	if (p->ahead != NULL) {
		ahead_settle(p->ahead);
		if (p->feed.line_cache.n > 0) /* before that, there is nothing to compare with */
			lines_widen(&in->reading.lines, AHEAD_WINDOW);
	}
	ret = input_fill(in, timeout_ms, state, e);
	if (ret == 0 && p->ahead != NULL)
		ahead_begin(p->ahead, &p->feed, &in->reading.lines);
	if (ret == 0)
		return 0;
	p->bad_input = true;
	if (in->source.is_stdin)
		buf_str(&name, "standard input");
	else
		esc_shell(&name, bytes_of(in->name));
	return err_wrap(e, "%s, behind line %llu", buf_text(&name),
			(unsigned long long)in->reading.lines.number);
}

bool pipeline_auditd_line(struct bytes line)
{
	if (bytes_take(&line, BYTES("node="))) {
		bytes_until(&line, ' ');
		bytes_take(&line, BYTES(" "));
	}
	if (!bytes_take(&line, BYTES("type=")))
		return false;
	bytes_until(&line, ' ');
	return bytes_starts(line, BYTES(" msg=audit("));
}

/* Has all of the member auditd's form? *begins: its first line has. */
static int member_auditd(struct pipeline *p, struct input *in, bool *yes, bool *begins,
			 uint64_t *other, struct err *e)
{
	enum lines_state state = LINES_GOT;
	struct bytes text;
	bool cut;
	int ret = 0;

	/* of a file that cannot be trusted in any case, its first line is enough */
	while (ret == 0 && *yes && state == LINES_GOT && (in->source.root_only || !*begins)) {
		ret = fill(p, in, -1, &state, e);
		while (ret == 0 && *yes && (in->source.root_only || !*begins) &&
		       lines_next(&in->reading.lines, &text, &cut)) {
			*yes = text.n == 0 || pipeline_auditd_line(text);
			*other = in->reading.lines.number;
			*begins = *begins || (*yes && text.n > 0);
		}
	}
	return ret;
}

/*
 * Has all of a regular file auditd's form, packed or not? A file in which other lines stand too is
 * some text log, and may hold a second line of a user's message in any form. Else *other is the
 * first line of another form. What is cut off is judged by what there is of it.
 */
static int wholly_auditd(struct pipeline *p, bool *yes, bool *begins, uint64_t *other,
			 struct err *e)
{
	struct err cut = { 0 };
	bool any = true;

	*yes = true;
	*begins = false;
	while (*yes && any && (p->in->source.root_only || !*begins)) {
		if (input_next(p->in, &any, &cut) < 0)
			break;
		if (any && member_auditd(p, p->in, yes, begins, other, e) < 0)
			return -1;
	}
	*yes = *yes && *begins;
	return input_again(p->in, e);
}

/* Whether what a file says can be trusted; where it looks as if it could and cannot, the reason is
 * said. */
static int judge_source(struct pipeline *p, struct err *e)
{
	const struct source *s = &p->in->source;
	bool yes = false, begins = false;
	uint64_t other = 0;

	p->feed.trust = FEED_TEXT;
	p->whole = (struct whole){ .ok = false };
	if (s->is_kmsg || (s->is_stdin && p->o->trusted_input)) {
		p->feed.trust = FEED_ALL;
		return 0;
	}
	if (!s->root_only && !s->why[0])
		return 0;
	/* of a file that cannot be trusted, its first line says whether that is worth a word */
	if (wholly_auditd(p, &yes, &begins, &other, e) < 0)
		return -1;
	p->whole.begins = begins;
	p->whole.other = yes ? 0 : other;
	pipeline_judged(p);
	return 0;
}

void pipeline_judged(struct pipeline *p)
{
	const struct source *s = &p->in->source;

	p->feed.trust =
		p->whole.begins && p->whole.other == 0 && s->root_only ? FEED_AUDITD : FEED_TEXT;
	if (p->feed.trust == FEED_TEXT && p->whole.begins && p->o->distrusted != NULL)
		p->o->distrusted(p->o->to, s->name, s->why, p->whole.other);
}

/* Reads more: from a pipe as much as comes within a moment, so that a slow one does not cost a
 * commit a line. */
static int gather(struct pipeline *p, enum lines_state *state, struct err *e)
{
	int64_t began;
	int ret = fill(p, p->in, p->in->source.is_kmsg ? 0 : -1, state, e);

	if (p->in->source.is_regular || p->in->source.is_kmsg)
		return ret;
	began = when_clock_ms();
	while (ret == 0 && *state == LINES_GOT &&
	       p->in->reading.lines.end - p->in->reading.lines.start < GATHER_BYTES) {
		int64_t left = GATHER_MS - (when_clock_ms() - began);
		enum lines_state more;

		if (left <= 0)
			break;
		ret = fill(p, p->in, (int)left, &more, e);
		if (more != LINES_GOT)
			break;
	}
	return ret;
}

/* Hands out what is buffered; ends early where a batch is full. */
static int buffered(struct pipeline *p, struct err *e)
{
	bool any = true;

	for (;;) {
		if (pipeline_piece(p, &any, e) < 0)
			return -1;
		if (!any)
			return 0;
		if (feed_full(&p->feed)) {
			if (feed_commit(&p->feed, e) < 0)
				return -1;
			if (p->o->progress)
				p->o->progress(p->o->to, p->r->bytes + p->in->reading.lines.bytes,
					       p->in->source.packed ? 0 : p->in->source.size);
			if (pipeline_stop(p))
				return 0;
		}
	}
}

/* *more: some is to be had without waiting. */
static int more_at_once(struct pipeline *p, bool *more, struct err *e)
{
	enum lines_state state = LINES_EOF;

	if (!p->in->reading.lines.eof &&
	    fill(p, p->in, p->in->source.is_regular ? -1 : 0, &state, e) < 0)
		return -1;
	*more = state == LINES_GOT;
	return 0;
}

/* Did a file give all that it held when it was opened? Somebody may have cut it meanwhile: what was
 * read of it counts. */
static int is_all(struct pipeline *p, struct err *e)
{
	const struct source *s = &p->in->source;
	auto_buf struct buf name = { 0 };
	struct stat st;

	if (!s->is_regular || s->is_stdin || s->packed != NULL ||
	    p->in->reading.lines.bytes >= (uint64_t)s->size || fstat(s->fd, &st) != 0 ||
	    st.st_size >= s->size) /* in /sys, sizes are no promise */
		return 0;
	p->bad_input = true;
	esc_shell(&name, bytes_of(p->in->name));
	return err_set(e, ST_INPUT,
		       "%s was cut while it was read: of %lld bytes %llu came, to line %llu",
		       buf_text(&name), s->size, (unsigned long long)p->in->reading.lines.bytes,
		       (unsigned long long)p->in->reading.lines.number);
}

static int read_source(struct pipeline *p, struct err *e)
{
	enum lines_state state = LINES_GOT;
	struct err why = { 0 };
	bool more, ended, looked = p->in->reading.lines.end > p->in->reading.lines.start;

	while (!pipeline_stop(p)) {
		/* what was read to see whether it is a tool's does not wait for more */
		int got = looked ? 0 : gather(p, &state, &why);

		/* what came before a failure counts */
		looked = false;
		if (got < 0)
			return buffered(p, e) < 0 ? -1 : err_again(e, &why);
		do {
			if (buffered(p, e) < 0 || more_at_once(p, &more, e) < 0)
				return -1;
		} while (!pipeline_stop(p) && more);
		ended = p->in->reading.lines.eof && !reading_ready(&p->in->reading) &&
			!pipeline_stop(p);
		if ((ended && pipeline_whole_ends(p, e) < 0) || feed_commit(&p->feed, e) < 0)
			return -1;
		if (ended)
			return is_all(p, e);
		if (p->in->source.is_kmsg && state != LINES_GOT)
			return 0;
	}
	p->r->stopped = true;
	return feed_commit(&p->feed, e);
}

/* Of a file, other threads look at what comes. */
static void begin_ahead(struct pipeline *p)
{
	const struct source *s = &p->in->source;

	if (p->o->threads > 1 && s->is_regular && s->packed == NULL)
		p->ahead = ahead_start(p->o->threads - 1);
}

/* What was read to its end and holds no record that anybody here reads: it counts as a source that
 * could not be read. */
static int note_strange(struct pipeline *p, const char *name, struct err *e)
{
	auto_buf struct buf shown = { 0 };

	if (p->in->source.is_stdin)
		buf_str(&shown, "standard input");
	else
		esc_shell(&shown, bytes_of(name));
	if (p->r->format != NULL)
		err_set(e, ST_INPUT, "%s: no log: it is %s", buf_text(&shown), p->r->format);
	else
		err_set(e, ST_INPUT, "%s: no text: it has NUL bytes, and no record",
			buf_text(&shown));
	return pipeline_failed(p, e);
}

int pipeline_source(struct pipeline *p, const char *name, struct err *e)
{
	struct input in;
	bool any = true, known = false;
	int ret;

	p->bad_input = input_open(&in, name, p->o->json_field, e) < 0;
	if (p->bad_input)
		return -1;
	if (in.source.is_store || in.source.is_journal) {
		bool is_store = in.source.is_store;

		input_close(&in);
		return is_store ? pipeline_adopt(p, name, e) : pipeline_journal_file(p, name, e);
	}
	// cppcheck-suppress autoVariables ; it is set back below
	p->in = &in;
	ret = pipeline_whole_known(p, &known, e);
	if (ret == 0 && !known)
		ret = judge_source(p, e);
	while (ret == 0 && !known && any && !p->r->stopped) {
		bool taken;

		ret = input_next(&in, &any, e);
		p->bad_input = ret < 0;
		if (ret < 0 || !any)
			break;
		ret = pipeline_tool(p, &taken, e);
		if (ret < 0 || taken)
			continue;
		feed_source(&p->feed, in.name);
		pipeline_whole_begins(p);
		begin_ahead(p);
		ret = read_source(p, e);
		ahead_stop(TAKE(p->ahead));
		if (ret == 0 && !p->r->stopped && feed_source_is_strange(&p->feed))
			ret = note_strange(p, in.name, e);
		p->r->bytes += in.reading.lines.bytes;
	}
	input_close(&in);
	p->in = NULL;
	return ret;
}

/* ---- the run ---- */

int pipeline_failed(struct pipeline *p, struct err *e)
{
	p->r->failed++;
	if (e->status > p->r->failed_status)
		p->r->failed_status = e->status;
	if (p->o->failed)
		p->o->failed(p->o->to, e->msg);
	*e = (struct err){ 0 };
	return feed_commit(&p->feed, e);
}

static int read_journal(struct pipeline *p, struct err *e)
{
	struct journal *j = NULL;
	int ret = pipeline_journal_open(p, p->o->journal_place, &j, e);

	if (ret == 0)
		ret = pipeline_journal_drain(p, p->o->journal_place, j, e);
	journal_close(j);
	p->r->stopped = p->r->stopped || pipeline_stop(p);
	return ret;
}

static int read_all(struct pipeline *p, const char *const *sources, size_t n, struct err *e)
{
	auto_free bool *done = mem_zero(n + 1, sizeof(*done));

	if (pipeline_tool_sets(p, sources, n, done, e) < 0 &&
	    (!p->bad_input || pipeline_failed(p, e) < 0))
		return -1;
	for (size_t i = 0; i < n && !pipeline_stop(p); i++) {
		if (done[i])
			continue;
		if (pipeline_source(p, sources[i], e) == 0) {
			if (strcmp(sources[i], "-") == 0)
				p->r->only_syscall_lines =
					!p->feed.any_without_syscall && p->feed.any_of_kernel;
			continue;
		}
		/* what was good of it stays; the next source has its turn */
		if (!p->bad_input || pipeline_failed(p, e) < 0)
			return -1;
	}
	if (!p->o->journal || pipeline_stop(p) || read_journal(p, e) == 0)
		return 0;
	return p->bad_input ? pipeline_failed(p, e) : -1;
}

int ingest_run(struct store *store, const char *const *sources, size_t n,
	       const struct ingest_options *options, struct ingest_report *report, struct err *e)
{
	struct pipeline p = { .o = options, .r = report };
	auto_buf struct buf all = { 0 };
	int64_t began = when_clock_ms();
	int ret;

	for (size_t i = 0; i < n; i++)
		buf_printf(&all, "%s%s", i ? " " : "", sources[i]);
	if (options->journal)
		buf_printf(&all, "%sjournal%s%s", n ? " " : "", options->journal_place ? " " : "",
			   options->journal_place ? options->journal_place : "");
	feed_begin(&p.feed, store, options, report, buf_text(&all));
	ret = options->follow ? pipeline_follow(&p, sources, n, e) : read_all(&p, sources, n, e);
	ret = feed_end(&p.feed, ret, e);
	report->ms = when_clock_ms() - began;
	return ret;
}
