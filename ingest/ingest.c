#include "ingest/ingest.h"

#include "ingest/fast.h"
#include "ingest/flush.h"
#include "ingest/lines.h"
#include "ingest/source.h"
#include "store/base/code.h"
#include "store/base/when.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define BATCH_RECORDS 500000
#define BATCH_MS 1000
#define GATHER_MS 200           /* a slow pipe is listened to for so long before the lock is asked for */
#define GATHER_BYTES (256u << 10)
#define CLOCK_LINES 1024        /* the clock is read once in so many lines */

struct pipeline {
	const struct ingest_options *o;
	struct ingest_report *r;
	struct store *store;
	struct names names;
	struct seen seen;
	struct tally tally;
	struct flush flush;
	struct fast fast;
	struct line_room room;
	struct source *source;
	struct lines lines;
	bool trust_source;      /* what is in a trustworthy form counts as trusted */
	bool locked;
	int64_t batch_began;
	uint64_t batch_records;
	bool any_without_syscall;
	bool any_of_kernel;     /* a record in the kernel's own form, among which loss markers stand */
	char names_of_sources[256];
};

static int64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- the lock and the batch ---- */

/* The row of the policy in a file, made when its content is new; the file is some kilobytes. */
static int64_t policy_row(struct pipeline *p, struct err *e)
{
	auto_buf struct buf text = { 0 };
	auto_fclose FILE *f = fopen(p->o->policy, "re");
	char block[4096], hash[CODE_SIZE];
	const char *slash = strrchr(p->o->policy, '/');
	sqlite3_stmt *st;
	size_t n;
	int got;

	if (f == NULL)
		return err_set(e, ST_INPUT, "cannot open '%s': %s", p->o->policy, strerror(errno));
	while ((n = fread(block, 1, sizeof(block), f)) > 0 && text.n < INGEST_POLICY_MAX)
		buf_add(&text, block, n);
	if (ferror(f) || text.n == 0 || text.n >= INGEST_POLICY_MAX)
		return err_set(e, ST_INPUT, "'%s' is no policy: empty, too large or not readable", p->o->policy);
	code_of(buf_bytes(&text), hash);
	st = store_stmt(p->store, STMT_find_policy, e);
	if (st == NULL)
		return -1;
	sqlite3_bind_text(st, 1, hash, -1, SQLITE_STATIC);
	got = store_step(p->store, st, e);
	if (got != 0) {
		int64_t row = got == 1 ? sqlite3_column_int64(st, 0) : -1;

		sqlite3_reset(st);
		return row;
	}
	st = store_stmt(p->store, STMT_add_policy, e);
	if (st == NULL)
		return -1;
	sqlite3_bind_text(st, 1, slash ? slash + 1 : p->o->policy, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, hash, -1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 3, text.p, (int)text.n, SQLITE_STATIC);
	return store_run(p->store, st, e) < 0 ? -1 : sqlite3_last_insert_rowid(p->store->db);
}

static int note_run(struct pipeline *p, struct err *e)
{
	int64_t label = 0, policy = 0;
	sqlite3_stmt *st;

	if (p->r->ingest != 0)
		return 0;
	if (p->o->label != NULL)
		label = store_string(p->store, bytes_of(p->o->label), e);
	if (p->o->policy != NULL && label >= 0)
		policy = policy_row(p, e);
	st = label < 0 || policy < 0 ? NULL : store_stmt(p->store, STMT_add_ingest, e);
	if (st == NULL)
		return -1;
	STORE_BIND(st, when_now(), label, policy);
	sqlite3_bind_text(st, 4, p->names_of_sources, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 5, p->o->version, -1, SQLITE_STATIC);
	if (store_run(p->store, st, e) < 0)
		return -1;
	p->r->ingest = sqlite3_last_insert_rowid(p->store->db);
	p->tally.ingest = p->r->ingest;
	p->tally.label = label != 0 || policy != 0;
	return 0;
}

static int lock(struct pipeline *p, struct err *e)
{
	bool changed;

	if (p->locked)
		return 0;
	if (store_begin(p->store, &changed, e) < 0)
		return -1;
	p->locked = true;
	if (changed) {
		seen_forget(&p->seen);
		flush_forget(&p->flush);
		fast_forget(&p->fast);
		tally_forget_idents(&p->tally);
		names_forget_nodes(&p->names);
	}
	p->batch_began = clock_ms();
	p->batch_records = 0;
	return note_run(p, e);
}

static int commit(struct pipeline *p, struct err *e)
{
	if (!p->locked)
		return 0;
	if (flush_batch(&p->flush, e) < 0 || store_commit(p->store, e) < 0)
		return -1;
	p->locked = false;
	return 0;
}

static bool batch_is_over(struct pipeline *p)
{
	size_t limit = p->o->batch_records ? p->o->batch_records : BATCH_RECORDS;

	if (!p->locked)
		return false;
	if (tally_full(&p->tally) || p->batch_records >= limit)
		return true;
	return p->lines.number % CLOCK_LINES == 0 && clock_ms() - p->batch_began >= BATCH_MS;
}

/* ---- one line ---- */

static bool trusts(const struct pipeline *p, bool auditd_form, bool indented)
{
	return p->trust_source && !indented && (auditd_form || p->source->is_stdin || p->source->is_kmsg);
}

static int64_t node_of(struct pipeline *p, struct bytes named, bool *own, struct err *e)
{
	struct utsname u;
	int64_t node;

	*own = p->o->node == NULL && named.n == 0;
	if (p->o->node != NULL)
		named = bytes_of(p->o->node);
	if (*own && p->r->own_name[0] == '\0') {
		uname(&u);
		snprintf(p->r->own_name, sizeof(p->r->own_name), "%s", u.nodename[0] ? u.nodename : "localhost");
	}
	if (*own)
		named = bytes_of(p->r->own_name);
	node = names_node(&p->names, named, e);
	if (node > 0 && flush_know(&p->flush, node, e) < 0)
		return -1;
	return node;
}

static int event(struct pipeline *p, const struct fast_event *ev, bool trusted, struct err *e)
{
	struct seen_page *page = seen_page_quick(&p->seen, ev->id->node, ev->serial, ev->second);
	enum seen_state state;

	if (page == NULL)
		page = seen_page(&p->seen, ev->id->node, ev->serial, ev->second, e);
	if (page == NULL)
		return -1;
	state = seen_mark(page, ev->serial, ev->second, trusted, ev->base);
	p->batch_records++;
	if (syscall_is_fence(ev->nr)) {
		p->r->records--;
		p->r->other++;
		return 0;
	}
	return tally_event(&p->tally, ev->id, ev->ms, ev->serial, ev->nr, ev->code, ev->ip, trusted, state, e);
}

static int slow_record(struct pipeline *p, struct bytes text, const struct line *l, struct err *e)
{
	const struct record *rec = &l->rec;
	struct fast_event ev = { .ms = rec->ms, .second = rec->ms / 1000, .base = BOOT_NO_BASE, .ip = rec->ip,
				 .serial = rec->serial, .code = rec->code, .nr = rec->nr };
	bool own;
	int64_t node;

	if (lock(p, e) < 0)
		return -1;
	node = node_of(p, rec->node, &own, e);
	if (node < 0)
		return -1;
	p->r->own_node += own;
	ev.id = tally_ident(&p->tally, node, rec, l->identity, e);
	if (ev.id == NULL)
		return -1;
	fast_learn_ident(&p->fast, ev.id);
	if (!rec->has_serial) {
		p->r->presence++;
		return tally_presence(&p->tally, ev.id, rec, e);
	}
	if (l->uptime_us >= 0)
		ev.base = ev.second - l->uptime_us / 1000000;
	fast_learn(&p->fast, text, l, node, own);
	return event(p, &ev, trusts(p, l->auditd_form, l->indented), e);
}

static void damaged(struct pipeline *p, const struct line *l, struct bytes text)
{
	struct ingest_report *r = p->r;
	size_t i = 0;

	r->damaged++;
	while (i < r->n_reasons && strcmp(r->reasons[i].why, l->reason) != 0)
		i++;
	if (i == r->n_reasons && i < INGEST_REASONS) {
		r->reasons[i].why = l->reason;
		r->n_reasons++;
	}
	if (i < INGEST_REASONS)
		r->reasons[i].n++;
	if (p->o->damaged)
		p->o->damaged(p->o->to, p->source->name, p->lines.number, l->reason, text);
}

/* Remembers what an input without records looks like. */
static void look_at(struct pipeline *p, struct bytes text)
{
	enum ingest_looks *looks = &p->r->looks;

	if (*looks != LOOKS_EMPTY && *looks != LOOKS_TEXT)
		return;
	if (text.n && text.p[0] == '{')
		*looks = LOOKS_JSON;
	else if (memchr(text.p, '\0', text.n) != NULL)
		*looks = LOOKS_BINARY;
	else if (bytes_has(text, BYTES("audit(")))
		*looks = LOOKS_AUDIT;
	else if (text.n)
		*looks = LOOKS_TEXT;
}

static int slow_line(struct pipeline *p, struct bytes text, bool cut, struct err *e)
{
	struct line l;
	int64_t node;
	bool own;

	if (cut)
		line_cut(p->lines.mentions, &l);
	else
		line_parse(text, &l, &p->room);
	if (!p->any_without_syscall && !bytes_has(text, BYTES("syscall")))
		p->any_without_syscall = true;
	switch (l.kind) {
	case LINE_RECORD:
		p->r->records++;
		p->any_of_kernel = p->any_of_kernel || !l.auditd_form;
		if (l.rec.ms != WHEN_NONE)
			p->room.near_ms = l.rec.ms;
		return slow_record(p, text, &l, e);
	case LINE_DAMAGED:
		damaged(p, &l, text);
		return 0;
	case LINE_LOSS:
		if (lock(p, e) < 0)
			return -1;
		node = node_of(p, l.loss.node, &own, e);
		p->r->losses++;
		tally_loss(&p->tally, node, &l.loss);
		return node < 0 ? -1 : 0;
	case LINE_OTHER:
	default:
		p->r->other++;
		if (p->r->records == 0)
			look_at(p, text);
		return 0;
	}
}

/* The next line that is buffered; *any: there was one. */
static int one_line(struct pipeline *p, bool *any, struct err *e)
{
	struct fast_event ev;
	struct bytes text;
	bool cut;

	*any = true;
	if (p->locked && fast_match(&p->fast, lines_ahead(&p->lines), &ev)) {
		lines_skip(&p->lines, ev.n);
		p->r->records++;
		p->r->own_node += ev.front->own_node;
		p->room.near_ms = ev.ms;
		return event(p, &ev, trusts(p, ev.front->auditd_form, ev.front->indented), e);
	}
	*any = lines_next(&p->lines, &text, &cut);
	return *any ? slow_line(p, text, cut, e) : 0;
}

/* ---- one source ---- */

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
 * second line of a user's message in any form.
 */
static int wholly_auditd(struct pipeline *p, bool *yes, struct err *e)
{
	struct lines lines;
	struct bytes text;
	enum lines_state state = LINES_GOT;
	bool cut;
	int ret = 0;

	*yes = true;
	lines_init(&lines, p->source->fd);
	while (ret == 0 && *yes && state == LINES_GOT) {
		ret = lines_fill(&lines, -1, &state, e);
		while (ret == 0 && *yes && lines_next(&lines, &text, &cut)) {
			*yes = text.n == 0 || auditd_line(text);
		}
	}
	lines_release(&lines);
	if (lseek(p->source->fd, 0, SEEK_SET) < 0)
		*yes = false;
	return ret;
}

/* Reads more: from a pipe as much as comes within a moment, so that a slow one does not cost a commit a line. */
static int gather(struct pipeline *p, enum lines_state *state, struct err *e)
{
	int64_t began;
	int ret = lines_fill(&p->lines, p->source->is_kmsg ? 0 : -1, state, e);

	if (p->source->is_regular || p->source->is_kmsg)
		return ret;
	began = clock_ms();
	while (ret == 0 && *state == LINES_GOT && p->lines.end - p->lines.start < GATHER_BYTES) {
		int64_t left = GATHER_MS - (clock_ms() - began);
		enum lines_state more;

		if (left <= 0)
			break;
		ret = lines_fill(&p->lines, (int)left, &more, e);
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
		if (batch_is_over(p)) {
			if (commit(p, e) < 0)
				return -1;
			if (p->o->progress)
				p->o->progress(p->o->to, p->r->bytes + p->lines.bytes, p->source->size);
			if (stop_asked(p))
				return 0;
		}
	}
}

/* Is more to be had without waiting? */
static bool more_at_once(struct pipeline *p, struct err *e)
{
	enum lines_state state;

	if (p->lines.eof)
		return false;
	if (lines_fill(&p->lines, p->source->is_regular ? -1 : 0, &state, e) < 0)
		return false;
	return state == LINES_GOT;
}

static int read_source(struct pipeline *p, struct err *e)
{
	enum lines_state state = LINES_GOT;

	while (!stop_asked(p)) {
		if (gather(p, &state, e) < 0)
			return -1;
		do {
			if (buffered_lines(p, e) < 0)
				return -1;
		} while (!stop_asked(p) && more_at_once(p, e));
		if (e->msg[0] != '\0')
			return -1;
		if (commit(p, e) < 0)
			return -1;
		if (p->lines.eof && !lines_ready(&p->lines))
			return 0;
		if (p->source->is_kmsg && state != LINES_GOT)
			return 0;
	}
	p->r->stopped = true;
	return commit(p, e);
}

static int one_source(struct pipeline *p, const char *name, struct err *e)
{
	struct source source;
	bool yes = false;
	int ret;

	if (source_open(&source, name, e) < 0)
		return -1;
	p->source = &source;
	ret = source.root_only ? wholly_auditd(p, &yes, e) : 0;
	p->trust_source = yes || source.is_kmsg || (source.is_stdin && p->o->trusted_input);
	lines_init(&p->lines, source.fd);
	if (ret == 0)
		ret = read_source(p, e);
	p->r->bytes += p->lines.bytes;
	lines_release(&p->lines);
	source_close(&source);
	p->source = NULL;
	return ret;
}

/* ---- the run ---- */

/* How many text lines trusted records have contradicted in this run: what the store holds less what runs before saw. */
static int count_contradicted(struct pipeline *p, struct err *e)
{
	sqlite3_stmt *st;

	if (p->tally.upgraded == 0)
		return 0;
	st = store_stmt(p->store, STMT_contradicted, e);
	if (st == NULL || store_step(p->store, st, e) != 1)
		return -1;
	if (sqlite3_column_int64(st, 0) > 0)
		p->r->contradicted = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return 0;
}

static int note_end(struct pipeline *p, struct err *e)
{
	struct ingest_report *r = p->r;
	sqlite3_stmt *st;

	if (r->ingest == 0)
		return 0;
	if (count_contradicted(p, e) < 0)
		return -1;
	st = store_stmt(p->store, STMT_set_ingest, e);
	if (st == NULL)
		return -1;
	STORE_BIND(st, r->ingest, when_now(), (int64_t)r->new_events, (int64_t)r->seen_before, (int64_t)r->contradicted,
		   (int64_t)r->damaged, (int64_t)r->other, (int64_t)r->losses);
	return store_run(p->store, st, e);
}

/* "a.log b.log ...": as much as fits. */
static void name_sources(struct pipeline *p, const char *const *sources, size_t n)
{
	auto_buf struct buf all = { 0 };

	for (size_t i = 0; i < n; i++)
		buf_printf(&all, "%s%s", i ? " " : "", sources[i]);
	snprintf(p->names_of_sources, sizeof(p->names_of_sources), "%s", buf_text(&all));
}

int ingest_run(struct store *store, const char *const *sources, size_t n, const struct ingest_options *options,
	       struct ingest_report *report, struct err *e)
{
	struct pipeline p = { .o = options, .r = report, .store = store, .room.near_ms = when_now() };
	int64_t began = clock_ms();
	int ret = 0;

	*report = (struct ingest_report){ 0 };
	names_init(&p.names, store);
	seen_init(&p.seen, store);
	tally_init(&p.tally, store, &p.names, &p.seen);
	flush_init(&p.flush, &p.tally, &p.seen);
	p.fast.tally = &p.tally;
	name_sources(&p, sources, n);
	for (size_t i = 0; i < n && ret == 0 && !stop_asked(&p); i++) {
		if (one_source(&p, sources[i], e) == 0) {
			if (strcmp(sources[i], "-") == 0)
				report->only_syscall_lines = !p.any_without_syscall && p.any_of_kernel;
			continue;
		}
		if (e->status != ST_INPUT) {
			ret = -1;
			break;
		}
		/* what was good of it stays; the next source has its turn */
		report->failed++;
		if (options->failed)
			options->failed(options->to, e->msg);
		*e = (struct err){ 0 };
		ret = commit(&p, e);
	}
	report->new_events = p.tally.new_events;
	report->seen_before = p.tally.seen_before;
	if (ret == 0)
		ret = note_end(&p, e);
	if (ret < 0)
		store_rollback(store);
	report->ms = clock_ms() - began;
	flush_release(&p.flush);
	tally_release(&p.tally);
	seen_release(&p.seen);
	names_release(&p.names);
	line_room_release(&p.room);
	return ret;
}
