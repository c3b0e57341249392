// SPDX-License-Identifier: Apache-2.0
/* Takes lines one by one: line cache, parser, seen set, tally; begins, cuts and commits batches. */
#include "ingest/batch/feed.h"

#include "ingest/read/syscall_record.h"
#include "store/args.h"
#include "store/base/code.h"
#include "store/base/when.h"
#include "store/model/syscall.h"
#include "store/rows/total.h"
#include "store/rows/run.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>

#define BATCH_RECORDS 500000
#define BATCH_MS 1000
#define WRITE_MS 100            /* a batch is written in about that time: nobody can interrupt it */
#define LEAST_INTERVALS 4000
#define FIRST_INTERVALS 6000
#define CLOCK_LINES 1024        /* the clock is read once in so many lines */

/* ---- the lock and the batch ---- */

/* The row of the policy in a file, made when its content is new; the file is some kilobytes. */
static int policy_row(struct feed *f, int64_t *row, struct err *e)
{
	auto_buf struct buf text = { 0 };
	auto_fclose FILE *from = fopen(f->o->policy, "re");
	char block[4096], hash[CODE_SIZE];
	const char *slash = strrchr(f->o->policy, '/');
	struct bytes name = bytes_of(slash ? slash + 1 : f->o->policy);
	size_t n;

	if (from == NULL)
		return err_set(e, err_status(errno), "cannot open '%s': %s", f->o->policy, strerror(errno));
	while ((n = fread(block, 1, sizeof(block), from)) > 0 && text.n < INGEST_POLICY_MAX)
		buf_add(&text, block, n);
	if (ferror(from))
		return err_set(e, err_status(errno), "cannot read '%s': %s", f->o->policy, strerror(errno));
	if (text.n == 0 || text.n >= INGEST_POLICY_MAX)
		return err_set(e, ST_INPUT, "'%s' is no policy: it is %s", f->o->policy, text.n ? "over 4 MB" : "empty");
	code_of(buf_bytes(&text), hash);
	return run_policy(f->store, name, hash, buf_bytes(&text), row, e);
}

static int note_run(struct feed *f, struct err *e)
{
	struct run_row run = { .started = when_now(), .source = f->sources, .version = f->o->version };

	if (f->r->ingest != 0)
		return 0;
	if (f->o->label != NULL)
		run.label = store_string(f->store, bytes_of(f->o->label), e);
	if (run.label < 0 || (f->o->policy != NULL && policy_row(f, &run.policy, e) < 0) || run_add(f->store, &run, e) < 0)
		return -1;
	f->r->ingest = f->tally.ingest = run.id;
	f->tally.label = run.label != 0 || run.policy != 0;
	return 0;
}

int feed_lock(struct feed *f, struct err *e)
{
	bool changed;

	if (f->locked)
		return 0;
	if (store_begin(f->store, &changed, e) < 0)
		return -1;
	f->locked = true;
	if (changed) {
		seen_forget(&f->seen);
		flush_forget(&f->flush);
		line_cache_forget(&f->line_cache);
		tally_forget_idents(&f->tally);
		f->last = NULL;
		names_forget_nodes(&f->names);
	}
	f->batch_began = when_clock_ms();
	f->batch_records = 0;
	if (total_any(f->store, &f->tally.any_totals, e) < 0)
		return -1;
	return note_run(f, e);
}

/* The next batch has as many intervals as are written in the time that a request to stop may wait. */
static void fit_batch(struct feed *f, size_t n, int64_t ms)
{
	if (ms > WRITE_MS)
		f->most_intervals = n * WRITE_MS / (size_t)ms > LEAST_INTERVALS ? n * WRITE_MS / (size_t)ms : LEAST_INTERVALS;
	else if (n >= f->most_intervals && ms < WRITE_MS / 2 && f->most_intervals < TALLY_MAX_INTERVALS)
		f->most_intervals *= 2;
}

int feed_commit(struct feed *f, struct err *e)
{
	size_t n = f->tally.intervals.n;

	if (!f->locked)
		return 0;
	if (flush_batch(&f->flush, e) < 0 ||
	    (f->tally.trusted > 0 && run_trust(f->store, f->r->ingest, f->tally.trusted, e) < 0) ||
	    store_commit(f->store, e) < 0)
		return -1;
	f->locked = false;
	fit_batch(f, n, f->flush.ms);
	return 0;
}

bool feed_full(struct feed *f)
{
	size_t limit = f->o->batch_records ? f->o->batch_records : BATCH_RECORDS;

	if (!f->locked)
		return false;
	if (tally_full(&f->tally) || f->tally.intervals.n >= f->most_intervals || f->batch_records >= limit)
		return true;
	return ++f->batch_lines % CLOCK_LINES == 0 && when_clock_ms() - f->batch_began >= BATCH_MS;
}

/* ---- one line ---- */

static bool trusts(const struct feed *f, bool auditd_form, bool indented)
{
	return !indented && (f->trust == FEED_ALL || (f->trust == FEED_AUDITD && auditd_form));
}

static int64_t node_of(struct feed *f, struct bytes named, bool *own, struct err *e)
{
	struct utsname u;
	int64_t node;

	*own = f->o->node == NULL && named.n == 0;
	if (f->o->node != NULL)
		named = bytes_of(f->o->node);
	if (*own && f->r->own_name[0] == '\0') {
		uname(&u);
		snprintf(f->r->own_name, sizeof(f->r->own_name), "%s", u.nodename[0] ? u.nodename : "localhost");
	}
	if (*own)
		named = bytes_of(f->r->own_name);
	node = names_node(&f->names, named, e);
	if (node > 0 && flush_know(&f->flush, node, e) < 0)
		return -1;
	return node;
}

/* A time that is not known is within any bounds. */
static bool outside(struct feed *f, int64_t ms)
{
	if (ms == WHEN_NONE || (ms >= f->o->since && ms <= f->until))
		return false;
	f->r->outside++;
	return true;
}

/* What has no serial tells that a call was made, once or often. */
static int presence(struct feed *f, const struct line_cache_event *ev, struct err *e)
{
	if (outside(f, ev->ms)) {
		f->r->records--;
		return 0;
	}
	f->r->presence++;
	return tally_presence(&f->tally, ev->id, &(struct tally_event){ .ms = ev->ms, .ip = ev->ip, .code = ev->code, .nr = ev->nr }, e);
}

static int event(struct feed *f, const struct line_cache_event *ev, bool trusted, struct err *e)
{
	struct seen_page *page;
	enum seen_state state;

	if (!ev->has_serial)
		return presence(f, ev, e);

	if (ev->ms < f->o->since || ev->ms > f->until) {
		f->r->records--;
		f->r->outside++;
		return 0;
	}
	page = seen_page_quick(&f->seen, ev->id->node, ev->serial, ev->second);
	if (page == NULL)
		page = seen_page(&f->seen, ev->id->node, ev->serial, ev->second, e);
	if (page == NULL)
		return -1;
	state = seen_mark(page, ev->serial, ev->second, trusted, ev->boot_time);
	f->batch_records++;
	if (syscall_is_marker(ev->nr)) {
		f->r->records--;
		f->r->other++;
		return 0;
	}
	f->last = ev->id;
	return tally_count_event(&f->tally, ev->id, &(struct tally_event){ .ms = ev->ms, .ip = ev->ip, .serial = ev->serial,
				 .code = ev->code, .nr = ev->nr, .trusted = trusted, .state = state }, e);
}

/* Files of other programs, by their first bytes. */
static const char *format_of(struct bytes text)
{
	static const struct {
		const char *first, *name;
	} rows[] = {
		{ "\177ELF", "a program" },
		{ "SQLite format 3", "a database of SQLite" },
		{ "LPKSHHRH", "a journal's own file (journalctl --file)" },
		{ "PK\x03\x04", "a zip archive" },
		{ "%PDF-", "a PDF" },
		{ "\xff\xfe", "UTF-16" },
		{ "\xfe\xff", "UTF-16" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (bytes_starts(text, bytes_of(rows[i].first)))
			return rows[i].name;
	return NULL;
}

static uint64_t taken(const struct ingest_report *r)
{
	return r->records + r->damaged + r->losses;
}

#define HINT_LINES 64 /* so many lines tell what a text is */

/* Texts that people have beside logs, by a line of theirs. */
static const char *hint_of(struct bytes text)
{
	static const struct {
		const char *first, *hint;
	} rows[] = {
		{ "Blocked Syscalls (", "it is amicontained's list of what a container is refused: 'scaudit diff --from amicontained FILE PROFILE' compares it" },
		{ "Seccomp:\t", "it is /proc/PID/status: Seccomp: 2 means that a filter is in force; 'scaudit blocked --pid PID' says what it refuses" },
		{ "kind: Pod", "it is a pod's manifest: 'scaudit lint' says which profile it names" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (bytes_starts(text, bytes_of(rows[i].first)))
			return rows[i].hint;
	return bytes_has(text, BYTES("\"defaultAction\"")) ? "it is a profile, not what a program did: 'scaudit lint' and 'scaudit diff' read it" : NULL;
}

/* Remembers what a source without records looks like. */
static void look_at(struct feed *f, struct bytes text)
{
	enum ingest_looks *looks = &f->r->looks;

	if (f->number <= 1 && (f->r->format = format_of(text)) != NULL)
		*looks = LOOKS_BINARY;
	if (f->r->hint == NULL)
		f->r->hint = hint_of(text);
	if (*looks != LOOKS_EMPTY && *looks != LOOKS_BLANK && *looks != LOOKS_TEXT)
		return;
	if (text.n && text.p[0] == '{')
		*looks = LOOKS_JSON;
	else if (memchr(text.p, '\0', text.n) != NULL)
		*looks = LOOKS_BINARY;
	else if (bytes_has(text, BYTES("type=1326 audit(")) || bytes_has(text, BYTES("type=SECCOMP msg=audit(")))
		*looks = LOOKS_QUOTED;
	else if (bytes_has(text, BYTES("audit(")))
		*looks = LOOKS_AUDIT;
	else if (text.n)
		*looks = LOOKS_TEXT;
	else if (*looks == LOOKS_EMPTY)
		*looks = LOOKS_BLANK;
}

/*
 * A line that is not ours; what a source looks like is remembered while nothing of ours was taken
 * from it.
 */
static void other_line(struct feed *f, struct bytes text)
{
	f->r->other++;
	if (taken(f->r) == f->before)
		look_at(f, text);
}

/* What a SYSCALL record says of the argument that a rule of its call is worth. */
static int note_arguments(struct feed *f, struct bytes text, struct err *e)
{
	struct syscall_record rec;
	unsigned worth;

	if (!syscall_record_parse(text, &rec, &f->room.fields) || (worth = args_worth(rec.arch, rec.nr)) == 0)
		return 0;
	f->r->notes++;
	for (unsigned i = 0; i < 4; i++)
		if ((worth & 1u << i) && args_save(f->store, &(struct args_row){ .comm = rec.comm, .exe = rec.exe, .arch = rec.arch, .nr = rec.nr,
										 .which = i, .value = rec.a[i] }, e) < 0)
			return -1;
	return 0;
}

bool feed_may_pass(const struct feed *f)
{
	return f->any_without_syscall && (taken(f->r) != f->before || (f->r->looks > LOOKS_BLANK && f->number > HINT_LINES));
}

void feed_pass(struct feed *f, uint64_t lines)
{
	f->r->other += lines;
}

/* The serial of an audit record of another type: what lies between two of ours is not lost there. */
static int other_type(struct feed *f, struct bytes text, const struct line *l, struct err *e)
{
	bool own, trusted = trusts(f, l->auditd_form, l->indented);
	int64_t second = l->rec.ms / 1000;
	struct seen_page *page;
	int64_t node;

	other_line(f, text);
	if (outside(f, second * 1000))
		return 0;
	if (feed_lock(f, e) < 0 || (node = node_of(f, l->rec.node, &own, e)) < 0)
		return -1;
	page = seen_page_quick(&f->seen, node, l->rec.serial, second);
	if (page == NULL)
		page = seen_page(&f->seen, node, l->rec.serial, second, e);
	if (page == NULL)
		return -1;
	seen_mark_other(page, l->rec.serial, trusted);
	return f->o->with_syscalls ? note_arguments(f, text, e) : 0;
}

static int slow_record(struct feed *f, struct bytes text, const struct entry *entry, const struct line *l, struct err *e)
{
	const struct record *rec = &l->rec;
	struct line_cache_event ev = { .ms = rec->ms, .second = rec->ms / 1000, .boot_time = BOOT_NO_TIME, .ip = rec->ip,
				       .serial = rec->serial, .code = rec->code, .nr = rec->nr, .has_serial = rec->has_serial };
	bool own;
	int64_t node;

	if (feed_lock(f, e) < 0)
		return -1;
	node = node_of(f, rec->node, &own, e);
	if (node < 0)
		return -1;
	f->r->own_node += own;
	ev.id = tally_ident(&f->tally, node, rec, l->identity, e);
	if (ev.id == NULL)
		return -1;
	line_cache_learn_ident(&f->line_cache, ev.id);
	if (rec->has_serial && l->uptime_us >= 0)
		ev.boot_time = ev.second - l->uptime_us / 1000000;
	if (entry == NULL || entry->text.n > 0)
		line_cache_learn(&f->line_cache, text, entry, l, node, own);
	return event(f, &ev, trusts(f, l->auditd_form, l->indented), e);
}

void feed_damaged(struct feed *f, const char *reason, struct bytes text)
{
	struct ingest_report *r = f->r;
	size_t i = 0;

	r->damaged++;
	while (i < r->n_reasons && strcmp(r->reasons[i].why, reason) != 0)
		i++;
	if (i == r->n_reasons && i < INGEST_REASONS) {
		r->reasons[i].why = reason;
		r->n_reasons++;
	}
	if (i < INGEST_REASONS)
		r->reasons[i].n++;
	if (f->o->damaged)
		f->o->damaged(f->o->to, f->file, f->number, reason, text);
}


void feed_source(struct feed *f, const char *name)
{
	f->file = name;
	f->number = 0;
	f->before = taken(f->r);
	f->r->looks = LOOKS_EMPTY;
	f->r->format = NULL;
	f->r->hint = NULL;
	f->r->sources++;
}

bool feed_source_is_strange(const struct feed *f)
{
	return taken(f->r) == f->before && f->r->looks == LOOKS_BINARY;
}

/* What the hot path recognised. */
static inline int known(struct feed *f, const struct line_cache_event *ev, struct err *e)
{
	f->r->records++;
	f->r->own_node += ev->prefix->own_node;
	if (ev->ms != WHEN_NONE)
		f->near_ms[f->trust != FEED_TEXT] = ev->ms;
	return event(f, ev, trusts(f, ev->prefix->auditd_form, ev->prefix->indented), e);
}

/* What a line or an entry says. text: what it was read from, for the hot path to know it again; entry: NULL, of a line. */
static int parsed(struct feed *f, struct bytes text, const struct entry *entry, const struct line *l, struct err *e)
{
	int64_t node;
	bool own;

	switch (l->kind) {
	case LINE_RECORD:
		f->r->records++;
		f->any_of_kernel = f->any_of_kernel || !l->auditd_form;
		if (l->rec.ms != WHEN_NONE)
			f->near_ms[f->trust != FEED_TEXT] = l->rec.ms;
		return slow_record(f, text, entry, l, e);
	case LINE_DAMAGED:
		feed_damaged(f, l->reason, text);
		return 0;
	case LINE_LOSS:
		if (outside(f, l->loss.ms))
			return 0;
		if (feed_lock(f, e) < 0)
			return -1;
		node = node_of(f, l->loss.node, &own, e);
		f->r->losses++;
		tally_loss(&f->tally, node, &l->loss, trusts(f, l->auditd_form, l->indented));
		return node < 0 ? -1 : 0;
	case LINE_SERIAL:
		return other_type(f, text, l, e);
	case LINE_OTHER:
	case LINE_WRAPS:
	default:
		other_line(f, text);
		return 0;
	}
}

/* JSON behind a header. */
static int within(struct feed *f, struct bytes text, const struct line *l, struct err *e)
{
	struct bytes message;
	bool any = false;

	f->within.fields.extra = f->o->json_field;
	reading_within(&f->within, l, &message, f->number);
	while (wrap_open(&f->within)) {
		if (wrap_push(&f->within, &message, true) != WRAP_ENTRY)
			continue;
		any = true;
		if (feed_entry(f, &f->within.entry, e) < 0)
			return -1;
	}
	return any ? 0 : parsed(f, text, NULL, &(struct line){ .kind = LINE_OTHER }, e);
}

int feed_line(struct feed *f, struct bytes text, bool cut, bool mentions, struct err *e)
{
	struct line l;

	if (cut) {
		body_cut_line(mentions, &l);
	} else {
		f->room.near_ms = f->near_ms[f->trust != FEED_TEXT];
		body_parse_line(text, &l, &f->room);
	}
	if (!f->any_without_syscall && !bytes_has(text, BYTES("syscall")))
		f->any_without_syscall = true;
	return l.kind == LINE_WRAPS ? within(f, text, &l, e) : parsed(f, text, NULL, &l, e);
}

int feed_entry(struct feed *f, const struct entry *entry, struct err *e)
{
	struct bytes block = { entry->text.p, entry->text.n + 1 };
	struct line_cache_event ev;
	struct line l;

	f->any_without_syscall = true; /* a container is not what grep is for */
	if (f->locked && entry->text.n && line_cache_match(&f->line_cache, block, &ev) && ev.n == entry->text.n)
		return known(f, &ev, e);
	f->room.near_ms = f->near_ms[f->trust != FEED_TEXT];
	body_parse_entry(entry, &l, &f->room);
	return parsed(f, entry->text.n ? entry->text : entry->message, entry, &l, e);
}

int feed_piece(struct feed *f, const struct reading *r, const struct piece *p, struct err *e)
{
	f->number = p->number;
	switch (p->kind) {
	case PIECE_ENTRY:
		return feed_entry(f, p->entry, e);
	case PIECE_NOTHING:
		f->r->other++;
		if (f->r->records == 0 && (f->r->looks == LOOKS_EMPTY || f->r->looks == LOOKS_BLANK || f->r->looks == LOOKS_TEXT))
			f->r->looks = LOOKS_JSON;
		return 0;
	case PIECE_LINE:
	default:
		return feed_line(f, p->text, p->cut, r->lines.mentions, e);
	}
}

int feed_known(struct feed *f, struct bytes ahead, size_t *n, struct err *e)
{
	struct line_cache_event ev;

	*n = 0;
	/* only what a container was laid out as begins with \1 */
	if (!f->locked || ahead.n == 0 || ahead.p[0] == '\1' || !line_cache_match(&f->line_cache, ahead, &ev))
		return 0;
	*n = ev.n;
	return known(f, &ev, e);
}

int feed_recognised(struct feed *f, const struct line_cache_event *ev, struct err *e)
{
	return known(f, ev, e);
}

void feed_location(struct feed *f, int64_t location)
{
	const struct ident *id = f->last;

	if (id != NULL && id->batch == f->tally.batch && id->interval[id->trusted] != 0)
		f->tally.intervals.v[id->interval[id->trusted] - 1].location = location;
}

int64_t feed_own_node(struct feed *f, struct err *e)
{
	bool own;

	return node_of(f, BYTES(""), &own, e);
}

/* ---- the run ---- */

void feed_begin(struct feed *f, struct store *store, const struct ingest_options *options, struct ingest_report *report,
		const char *sources)
{
	*report = (struct ingest_report){ 0 };
	*f = (struct feed){ .o = options, .r = report, .store = store, .near_ms = { when_now(), when_now() }, .most_intervals = FIRST_INTERVALS };
	names_init(&f->names, store);
	seen_init(&f->seen, store);
	tally_init(&f->tally, store, &f->names, &f->seen);
	flush_init(&f->flush, &f->tally, &f->seen);
	f->flush.stop = options->stop;
	f->until = options->until ? options->until : INT64_MAX;
	f->line_cache.tally = &f->tally;
	snprintf(f->sources, sizeof(f->sources), "%s", sources);
}

int feed_more(struct feed *f, struct err *e)
{
	if (feed_lock(f, e) < 0 || flush_more(&f->flush, e) < 0 || store_commit(f->store, e) < 0)
		return -1;
	f->locked = false;
	return 0;
}

/* What was not derived in the time that batches have; a request to stop, or a time that is over, leaves it to the next opener. */
static int derive_rest(struct feed *f, struct err *e)
{
	while (f->flush.waits && (f->o->stop == NULL || !*f->o->stop) && (f->rest_until == 0 || when_clock_ms() < f->rest_until))
		if (feed_more(f, e) < 0)
			return -1;
	f->r->waits = f->flush.waits;
	return 0;
}

static int note_end(struct feed *f, struct err *e)
{
	struct ingest_report *r = f->r;

	if (r->ingest == 0)
		return 0;
	r->contradicted = f->tally.contradicted;
	return run_end(f->store, &(struct run_row){ .id = r->ingest, .ended = when_now(), .new_events = r->new_events,
						    .seen_before = r->seen_before, .contradicted = r->contradicted, .damaged = r->damaged,
						    .other = r->other, .losses = r->losses }, e);
}

int feed_end(struct feed *f, int ret, struct err *e)
{
	f->r->new_events = f->tally.new_events;
	f->r->seen_before = f->tally.seen_before;
	if (ret == 0)
		ret = derive_rest(f, e);
	if (ret == 0)
		ret = note_end(f, e);
	if (ret < 0)
		store_rollback(f->store);
	flush_release(&f->flush);
	tally_release(&f->tally);
	seen_release(&f->seen);
	line_cache_forget(&f->line_cache);
	names_release(&f->names);
	body_room_release(&f->room);
	wrap_release(&f->within);
	return ret;
}
