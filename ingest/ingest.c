#include "ingest/ingest.h"

#include "ingest/batch/feed.h"
#include "ingest/read/lines.h"
#include "ingest/read/source.h"
#include "store/base/buf.h"
#include "store/base/esc.h"
#include "store/base/when.h"

#include <unistd.h>

#define GATHER_MS 200           /* a slow pipe is listened to for so long before the lock is asked for */
#define GATHER_BYTES (256u << 10)

/* Reads sources line by line and feeds the store. */
struct pipeline {
	struct feed feed;
	const struct ingest_options *o;
	struct ingest_report *r;
	struct source *source;
	struct lines lines;
	bool bad_input;        /* the source failed, not the store */
};

/* The next line that is buffered; *any: there was one. */
static int one_line(struct pipeline *p, bool *any, struct err *e)
{
	struct bytes text;
	size_t n;
	bool cut;

	*any = true;
	if (feed_known(&p->feed, lines_ahead(&p->lines), &n, e) < 0)
		return -1;
	if (n > 0) {
		lines_skip(&p->lines, n);
		return 0;
	}
	*any = lines_next(&p->lines, &text, &cut);
	p->feed.number = p->lines.number;
	return *any ? feed_line(&p->feed, text, cut, p->lines.mentions, e) : 0;
}

/* ---- one source ---- */

/* Reads once more. What a source does not give is no failure of the run: see ingest_run. */
static int fill(struct pipeline *p, struct lines *l, int timeout_ms, enum lines_state *state, struct err *e)
{
	auto_buf struct buf name = { 0 };

	if (lines_fill(l, timeout_ms, state, e) == 0)
		return 0;
	p->bad_input = true;
	if (p->source->is_stdin)
		buf_str(&name, "standard input");
	else
		esc_shell(&name, bytes_of(p->source->name));
	return err_wrap(e, "%s, behind line %llu", buf_text(&name), (unsigned long long)l->number);
}

/* "[node=N ]type=T msg=audit(...": a line as auditd writes it, of whatever type. */
static bool auditd_line(struct bytes line)
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

/*
 * Has all of a regular file auditd's form? A file in which other lines stand too is some text log, and may hold a
 * second line of a user's message in any form. Else *other is the first line of another form.
 */
static int wholly_auditd(struct pipeline *p, bool *yes, uint64_t *other, struct err *e)
{
	struct lines lines;
	struct bytes text;
	enum lines_state state = LINES_GOT;
	bool cut;
	int ret = 0;

	*yes = true;
	lines_init(&lines, p->source->fd);
	while (ret == 0 && *yes && state == LINES_GOT) {
		ret = fill(p, &lines, -1, &state, e);
		while (ret == 0 && *yes && lines_next(&lines, &text, &cut)) {
			*yes = text.n == 0 || auditd_line(text);
			*other = lines.number;
		}
	}
	lines_release(&lines);
	if (lseek(p->source->fd, 0, SEEK_SET) < 0)
		*yes = false;
	return ret;
}

/* Does the first line have auditd's form? */
static bool begins_as_auditd(int fd)
{
	char head[512];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	struct bytes line = { head, n > 0 ? (size_t)n : 0 };

	return auditd_line(bytes_until(&line, '\n'));
}

/* Whether what a file says can be trusted; where it looks as if it could and cannot, the reason is said. */
static int judge_source(struct pipeline *p, struct err *e)
{
	const struct source *s = p->source;
	uint64_t other = 0;
	bool yes = false;

	p->feed.trust = FEED_TEXT;
	if (s->is_kmsg || (s->is_stdin && p->o->trusted_input)) {
		p->feed.trust = FEED_ALL;
		return 0;
	}
	if (s->root_only && wholly_auditd(p, &yes, &other, e) < 0)
		return -1;
	if (yes)
		p->feed.trust = FEED_AUDITD;
	else if (p->o->distrusted != NULL && (s->root_only || s->why[0]) && begins_as_auditd(s->fd))
		p->o->distrusted(p->o->to, s->name, s->why, other);
	return 0;
}

/* Reads more: from a pipe as much as comes within a moment, so that a slow one does not cost a commit a line. */
static int gather(struct pipeline *p, enum lines_state *state, struct err *e)
{
	int64_t began;
	int ret = fill(p, &p->lines, p->source->is_kmsg ? 0 : -1, state, e);

	if (p->source->is_regular || p->source->is_kmsg)
		return ret;
	began = when_clock_ms();
	while (ret == 0 && *state == LINES_GOT && p->lines.end - p->lines.start < GATHER_BYTES) {
		int64_t left = GATHER_MS - (when_clock_ms() - began);
		enum lines_state more;

		if (left <= 0)
			break;
		ret = fill(p, &p->lines, (int)left, &more, e);
		if (more != LINES_GOT)
			break;
	}
	return ret;
}

static bool stop_asked(const struct pipeline *p)
{
	return p->o->stop != NULL && *p->o->stop;
}

/* Hands out the lines that are buffered; ends early where a batch is full. */
static int buffered_lines(struct pipeline *p, struct err *e)
{
	bool any = true;

	for (;;) {
		if (one_line(p, &any, e) < 0)
			return -1;
		if (!any)
			return 0;
		if (feed_full(&p->feed)) {
			if (feed_commit(&p->feed, e) < 0)
				return -1;
			if (p->o->progress)
				p->o->progress(p->o->to, p->r->bytes + p->lines.bytes, p->source->size);
			if (stop_asked(p))
				return 0;
		}
	}
}

/* *more: some is to be had without waiting. */
static int more_at_once(struct pipeline *p, bool *more, struct err *e)
{
	enum lines_state state = LINES_EOF;

	if (!p->lines.eof && fill(p, &p->lines, p->source->is_regular ? -1 : 0, &state, e) < 0)
		return -1;
	*more = state == LINES_GOT;
	return 0;
}

static int read_source(struct pipeline *p, struct err *e)
{
	enum lines_state state = LINES_GOT;
	struct err why = { 0 };
	bool more;

	while (!stop_asked(p)) {
		int got = gather(p, &state, &why);

		/* what came before a failure counts */
		if (got < 0)
			return buffered_lines(p, e) < 0 ? -1 : err_again(e, &why);
		do {
			if (buffered_lines(p, e) < 0 || more_at_once(p, &more, e) < 0)
				return -1;
		} while (!stop_asked(p) && more);
		if (feed_commit(&p->feed, e) < 0)
			return -1;
		if (p->lines.eof && !lines_ready(&p->lines))
			return 0;
		if (p->source->is_kmsg && state != LINES_GOT)
			return 0;
	}
	p->r->stopped = true;
	return feed_commit(&p->feed, e);
}

/* What was read to its end and can hold no record that anybody here reads. */
static int refuse(struct pipeline *p, struct err *e)
{
	auto_buf struct buf name = { 0 };

	p->bad_input = true;
	if (p->source->is_stdin)
		buf_str(&name, "standard input");
	else
		esc_shell(&name, bytes_of(p->source->name));
	if (p->r->format != NULL)
		return err_set(e, ST_INPUT, "%s: no log: it is %s", buf_text(&name), p->r->format);
	if (p->r->looks == LOOKS_JSON)
		return err_set(e, ST_INPUT, "%s: JSON in which no record is known (journalctl: use -o short-unix)", buf_text(&name));
	return err_set(e, ST_INPUT, "%s: no text: it has NUL bytes, and no record (compressed: unpack it)", buf_text(&name));
}

static int one_source(struct pipeline *p, const char *name, struct err *e)
{
	struct source source;
	int ret;

	p->bad_input = source_open(&source, name, e) < 0;
	if (p->bad_input)
		return -1;
	p->source = &source;
	feed_source(&p->feed, source.name);
	ret = judge_source(p, e);
	lines_init(&p->lines, source.fd);
	if (ret == 0)
		ret = read_source(p, e);
	if (ret == 0 && !p->r->stopped && feed_source_is_strange(&p->feed))
		ret = refuse(p, e);
	p->r->bytes += p->lines.bytes;
	lines_release(&p->lines);
	source_close(&source);
	p->source = NULL;
	return ret;
}

/* ---- the run ---- */

int ingest_run(struct store *store, const char *const *sources, size_t n, const struct ingest_options *options,
	       struct ingest_report *report, struct err *e)
{
	struct pipeline p = { .o = options, .r = report };
	auto_buf struct buf all = { 0 };
	int64_t began = when_clock_ms();
	int ret = 0;

	for (size_t i = 0; i < n; i++)
		buf_printf(&all, "%s%s", i ? " " : "", sources[i]);
	feed_begin(&p.feed, store, options, report, buf_text(&all));
	for (size_t i = 0; i < n && ret == 0 && !stop_asked(&p); i++) {
		if (one_source(&p, sources[i], e) == 0) {
			if (strcmp(sources[i], "-") == 0)
				report->only_syscall_lines = !p.feed.any_without_syscall && p.feed.any_of_kernel;
			continue;
		}
		if (!p.bad_input) {
			ret = -1;
			break;
		}
		/* what was good of it stays; the next source has its turn */
		report->failed++;
		if (e->status > report->failed_status)
			report->failed_status = e->status;
		if (options->failed)
			options->failed(options->to, e->msg);
		*e = (struct err){ 0 };
		ret = feed_commit(&p.feed, e);
	}
	ret = feed_end(&p.feed, ret, e);
	report->ms = when_clock_ms() - began;
	return ret;
}
