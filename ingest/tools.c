// SPDX-License-Identifier: Apache-2.0
/*
 * Files of tools that saw calls being made, into the store. Such a file has no ids of events: so it gets a node of its own, named
 * after what it holds, and how much of it is stored is kept with it. Read again, under whatever name, it adds nothing.
 */
#include "ingest/pipeline.h"

#include "ingest/read/tools/strace_line.h"
#include "ingest/read/tools/tool.h"
#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define BLOCK (1u << 20)
#define HEAD (256u << 10)
#define HEAD_MS 300             /* a pipe is listened to for so long for what tells what comes */
#define IMAGE_BITS 27           /* programs lie 128 MiB from each other, where the kernel puts none of two near each other */
#define IMAGE_FIRST UINT64_C(0x550000000000)
#define IMAGE_MASK 0x3ffffu

/* One file of a set: with strace -ff, a process. */
struct part { int fd; char *name; int64_t date, size; int32_t pid; bool own_fd; };
struct parts { struct part *v; size_t n, cap; };

struct taking {
	struct pipeline *p;
	struct tool_reading reading;
	struct tool_row row;
	struct buf node, room;
	int64_t node_id;        /* 0: not looked up in this batch */
	uint64_t emitted, fresh, damaged, outside;
	bool in_batch;
};

/* ---- from a reading to the tally ---- */

static int lock(struct taking *t, struct err *e)
{
	struct feed *f = &t->p->feed;

	if (f->locked && t->node_id > 0)
		return 0;
	if (feed_lock(f, e) < 0)
		return -1;
	t->node_id = names_node(&f->names, buf_bytes(&t->node), e);
	return t->node_id < 0 || flush_know(&f->flush, t->node_id, e) < 0 ? -1 : 0;
}

static struct ident *ident_of(struct taking *t, struct tool_who *who, struct err *e)
{
	struct feed *f = &t->p->feed;
	struct record rec = { .pid = who->pid, .uid = RECORD_UNSET, .auid = RECORD_UNSET, .gid = RECORD_UNSET, .ses = RECORD_UNSET,
			      .arch = who->arch == ARCH_X32 ? ARCH_X86_64 : who->arch, .comm = who->comm, .exe = who->exe };
	char head[48];
	char *key;
	size_t n;

	if (who->ident != NULL && who->ident_version == who->version && who->ident_drops == f->tally.ident_drops)
		return who->ident;
	n = (size_t)snprintf(head, sizeof(head), "tool %d %x %zu ", who->pid, rec.arch, who->comm.n);
	key = mem_alloc(n + who->comm.n + who->exe.n + 1);
	memcpy(key, head, n);
	memcpy(key + n, who->comm.p, who->comm.n);
	memcpy(key + n + who->comm.n, who->exe.p, who->exe.n);
	who->ident = tally_ident(&f->tally, t->node_id, &rec, (struct bytes){ key, n + who->comm.n + who->exe.n }, e);
	who->ident_version = who->version;
	who->ident_drops = f->tally.ident_drops;
	free(key);
	return who->ident;
}

static int save(struct taking *t, struct err *e)
{
	t->row.done = t->emitted > t->row.done ? t->emitted : t->row.done;
	if (lock(t, e) < 0 || tool_save(t->p->feed.store, &t->row, e) < 0)
		return -1;
	return 0;
}

static int commit(struct taking *t, struct err *e)
{
	if (!t->p->feed.locked)
		return 0;
	if (save(t, e) < 0 || feed_commit(&t->p->feed, e) < 0)
		return -1;
	t->node_id = 0;
	return 0;
}

static uint64_t ip_of(const struct tool_who *who)
{
	return who->image == 0 ? 0 : IMAGE_FIRST + ((who->image & IMAGE_MASK) << IMAGE_BITS);
}

/* Two for each line: what happened to processes comes right behind the call that did it. */
static uint32_t serial_of(uint64_t line)
{
	return line < INT32_MAX ? (uint32_t)line * 2 : UINT32_MAX - 1;
}

static int take_call(void *to, const struct tool_call *c, struct err *e)
{
	struct taking *t = to;
	struct feed *f = &t->p->feed;
	int64_t ms = c->ms == WHEN_NONE || !when_fits(c->ms) || c->ms < 0 ? t->row.t : c->ms;
	bool before = t->emitted < t->row.done;
	struct tally_event ev = { .ms = ms, .ip = ip_of(c->who), .serial = serial_of(c->serial),
				  .code = c->denied ? c->action : (uint32_t)ACTION_ALLOW, .nr = c->nr, .made = true, .failed = c->failed,
				  .state = before ? SEEN_BEFORE : SEEN_NEW };
	struct ident *id;

	if (ms < t->p->o->since || ms > f->until) {
		t->outside++;
		return 0;
	}
	t->emitted++;
	t->fresh += !before;
	if (before && !f->tally.label)
		return 0;
	if (lock(t, e) < 0)
		return -1;
	id = ident_of(t, c->who, e);
	if (id == NULL)
		return -1;
	f->batch_records++;
	if (c->presence)
		return tally_presence(&f->tally, id, &(struct tally_event){ .ms = ms, .code = ev.code, .nr = c->nr }, e);
	if (tally_count_event(&f->tally, id, &ev, e) < 0)
		return -1;
	if (c->location != NULL && id->batch == f->tally.batch && id->interval[0] != 0) {
		int64_t location = names_location(&f->names, t->node_id, c->location, e);

		if (location < 0)
			return -1;
		f->tally.intervals.v[id->interval[0] - 1].location = location;
	}
	return 0;
}

static void take_life(void *to, enum edge_kind kind, int32_t pid, int32_t parent, int64_t ms, uint64_t serial)
{
	struct taking *t = to;

	if (t->emitted < t->row.done || t->node_id <= 0)
		return;
	tally_add_lifecycle(&t->p->feed.tally, t->node_id, pid, kind, ms == WHEN_NONE ? t->row.t : ms,
			    serial_of(serial) + 1, parent);
}

static void take_damaged(void *to, const char *reason, struct bytes line)
{
	struct taking *t = to;

	t->damaged++;
	feed_damaged(&t->p->feed, reason, line);
}

/* ---- bytes ---- */

struct reader { char *buf; size_t start, end; bool eof, in_long; uint64_t left; int fd; };

static int more(struct reader *r, const char *name, struct err *e)
{
	size_t room;
	ssize_t n;

	if (r->start > 0) {
		memmove(r->buf, r->buf + r->start, r->end - r->start);
		r->end -= r->start;
		r->start = 0;
	}
	room = 2 * BLOCK - r->end;
	if (room > r->left)
		room = (size_t)r->left;
	n = room == 0 ? 0 : read(r->fd, r->buf + r->end, room);
	if (n < 0 && errno == EINTR)
		return 0;
	r->eof = n <= 0;
	if (n < 0)
		return err_set(e, err_status(errno), "%s: %s", name, strerror(errno));
	r->end += (size_t)n;
	r->left -= (uint64_t)n;
	return 0;
}

/* The next line; false: more is needed, or there is none. Of a line over TOOL_LINE_MAX its beginning is handed out. */
static bool next_line(struct reader *r, struct bytes *line, bool *whole)
{
	for (;;) {
		char *at = r->buf + r->start, *nl = memchr(at, '\n', r->end - r->start);
		size_t n = nl != NULL ? (size_t)(nl - at) : r->end - r->start;

		*whole = nl != NULL;
		if (nl == NULL && !r->eof && n < TOOL_LINE_MAX)
			return false;
		if (nl == NULL && n == 0)
			return false;
		*line = (struct bytes){ at, n };
		r->start += n + (nl != NULL);
		if (r->in_long) { /* the rest of one that was handed out */
			r->in_long = nl == NULL && !r->eof;
			continue;
		}
		r->in_long = nl == NULL && !r->eof;
		return true;
	}
}

static int read_part(struct taking *t, struct part *part, struct err *e)
{
	struct reader r = { .buf = mem_alloc(2 * BLOCK), .fd = part->fd, .left = (uint64_t)part->size };
	struct tool_reading *reading = &t->reading;
	struct feed *f = &t->p->feed;
	struct bytes line;
	bool whole;
	int ret = lseek(part->fd, 0, SEEK_SET) < 0 ? err_set(e, err_status(errno), "%s: %s", part->name, strerror(errno)) : 0;

	f->file = part->name;
	f->number = 0;
	reading->file_pid = part->pid;
	while (ret == 0 && !pipeline_stop(t->p)) {
		while (ret == 0 && next_line(&r, &line, &whole)) {
			f->number++;
			reading->serial++;
			reading->last = !whole && r.eof;
			if (line.n && line.p[line.n - 1] == '\r')
				line.n--;
			ret = reading->tool->line(reading, line, e);
			if (ret == 0 && feed_full(f)) {
				ret = commit(t, e);
				/* what comes next may be the end of a process, without a call */
				ret = ret == 0 && !pipeline_stop(t->p) ? lock(t, e) : ret;
				if (t->p->o->progress)
					t->p->o->progress(t->p->o->to, t->p->r->bytes, 0);
				if (pipeline_stop(t->p))
					break;
			}
		}
		if (ret < 0 || r.eof)
			break;
		ret = more(&r, part->name, e);
	}
	free(r.buf);
	return ret;
}

/* ---- what a set of files is called ---- */

/* Two chains over all bytes, in blocks whose sizes do not depend on what a read gives. */
static int hash_part(struct part *part, uint64_t h[2], struct err *e)
{
	char *buf = mem_alloc(BLOCK);
	int64_t at = 0;
	ssize_t n = 1;
	int ret = 0;

	while (n > 0 && ret == 0) {
		size_t have = 0;

		while (have < BLOCK && (n = pread(part->fd, buf + have, BLOCK - have, at + (int64_t)have)) > 0)
			have += (size_t)n;
		if (n < 0)
			ret = err_set(e, err_status(errno), "%s: %s", part->name, strerror(errno));
		h[0] = hash_u64(h[0], hash_bytes(buf, have));
		h[1] = hash_u64(h[1] ^ 0x9e3779b97f4a7c15u, hash_bytes(buf, have) ^ h[0]);
		at += (int64_t)have;
		if (have < BLOCK)
			break;
	}
	part->size = at;
	free(buf);
	return ret;
}

static int name_node(struct taking *t, struct parts *parts, struct err *e)
{
	/* of another time it is another source: how many of its calls are stored is told by their number */
	uint64_t h[2] = { t->reading.arch, hash_u64((uint64_t)t->p->o->since, (uint64_t)t->p->o->until) };

	for (size_t i = 0; i < parts->n; i++) {
		if (hash_part(&parts->v[i], h, e) < 0)
			return -1;
		t->row.size += (uint64_t)parts->v[i].size;
	}
	buf_printf(&t->node, "%s:%016llx%016llx", kind_at(t->row.kind)->name, (unsigned long long)h[0], (unsigned long long)h[1]);
	return 0;
}

/* ---- a set ---- */

static struct tool_row row_for(struct taking *t, const struct parts *parts, struct bytes shown)
{
	struct tool_row row = { .kind = t->row.kind, .size = t->row.size, .t = parts->v[0].date };
	struct utsname u;

	for (size_t i = 1; i < parts->n; i++)
		row.t = parts->v[i].date > row.t ? parts->v[i].date : row.t;
	row.file = shown;
	uname(&u);
	buf_str(&t->room, t->p->o->node != NULL ? t->p->o->node : u.nodename);
	row.host = buf_bytes(&t->room);
	row.node = buf_bytes(&t->node);
	return row;
}

static int begin(struct taking *t, const struct parts *parts, struct bytes shown, struct err *e)
{
	struct tool_row was;
	bool found;

	if (feed_lock(&t->p->feed, e) < 0 || tool_load(t->p->feed.store, buf_bytes(&t->node), &was, &t->room, &found, e) < 0)
		return -1;
	if (!found && tool_prepare(t->p->feed.store, e) < 0)
		return -1;
	t->row = found ? was : row_for(t, parts, shown);
	t->reading.date = t->row.t;
	return save(t, e);
}

static void report(struct taking *t, struct bytes file, uint64_t losses)
{
	struct ingest_report *r = t->p->r;
	struct ingest_tool said = { .file = file, .kind = t->row.kind, .calls = t->reading.calls, .fresh = t->fresh,
				    .processes = t->reading.processes, .lost = losses, .damaged = t->damaged, .other = t->reading.other,
				    .facts = t->row.facts };

	r->tools++;
	r->calls += t->reading.calls - t->outside;
	r->fresh_calls += t->fresh;
	r->outside += t->outside;
	r->other += t->reading.other;
	if (t->p->o->tool != NULL)
		t->p->o->tool(t->p->o->to, &said);
}

static int finish(struct taking *t, struct err *e)
{
	struct tool_reading *r = &t->reading;

	if (r->tool->end != NULL && r->tool->end(r, e) < 0)
		return -1;
	if (r->lost > 0)
		r->facts |= TOOL_LOST;
	t->row.facts = r->facts;
	t->row.calls = r->calls;
	t->row.lost = r->lost;
	t->row.whole = !pipeline_stop(t->p);
	if (lock(t, e) < 0)
		return -1;
	if (r->lost > 0 || (r->facts & TOOL_LOST)) {
		tally_loss(&t->p->feed.tally, t->node_id, &(struct loss){ .kind = LOSS_TRACER, .number = r->lost, .ms = t->row.t, .uptime_us = -1 }, false);
		t->p->r->losses++;
	}
	return commit(t, e);
}

static int take_set(struct pipeline *p, const struct tool *tool, struct parts *parts, struct err *e)
{
	struct taking t = { .p = p, .row = { .kind = tool->kind },
			    .reading = { .tool = tool, .arch = p->o->arch ? p->o->arch : arch_native(),
					 .take = { &t, take_call, take_life, take_damaged } } };
	auto_buf struct buf shown = { 0 };
	int ret;

	esc_tty(&shown, bytes_of(parts->v[0].name));
	if (parts->n > 1)
		buf_printf(&shown, " and %zu more", parts->n - 1);
	ret = name_node(&t, parts, e);

	p->bad_input = ret < 0;
	feed_source(&p->feed, parts->v[0].name);
	if (ret == 0)
		ret = begin(&t, parts, buf_bytes(&shown), e);
	for (size_t i = 0; i < parts->n && ret == 0 && !pipeline_stop(p); i++) {
		ret = read_part(&t, &parts->v[i], e);
		p->r->bytes += (uint64_t)parts->v[i].size;
	}
	if (ret == 0)
		ret = finish(&t, e);
	if (ret == 0)
		report(&t, buf_bytes(&shown), t.reading.lost);
	p->r->stopped = p->r->stopped || pipeline_stop(p);
	tool_release(&t.reading);
	buf_release(&t.node);
	buf_release(&t.room);
	return ret;
}

/* ---- sources ---- */

/* "out.1234" of strace -ff; 0: no process. */
static int32_t pid_of_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	struct bytes digits = bytes_of(dot ? dot + 1 : "");
	uint64_t v;

	return bytes_dec(&digits, INT32_MAX, &v) > 0 && digits.n == 0 ? (int32_t)v : 0;
}

/* All that a pipe, or a packed file, brings, in a file of its own: it is read twice. */
static int spool(struct pipeline *p, struct part *out, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	auto_free char *path = mem_print("%s/scaudit-XXXXXX", dir != NULL && dir[0] ? dir : "/tmp");
	struct lines *l = &p->in->reading.lines;
	enum lines_state state = LINES_GOT;
	int fd = mkstemp(path);

	if (fd < 0)
		return err_set(e, ST_SYSTEM, "cannot make a file in %s: %s", dir != NULL && dir[0] ? dir : "/tmp", strerror(errno));
	unlink(path);
	*out = (struct part){ .fd = fd, .own_fd = true, .name = mem_dup(p->in->name), .date = when_now(), .pid = pid_of_name(p->in->name) };
	while (state != LINES_EOF && !pipeline_stop(p)) {
		for (size_t n = l->end - l->start; n > 0; n = l->end - l->start) {
			ssize_t wrote = write(fd, l->buf + l->start, n);

			if (wrote < 0 && errno != EINTR)
				return err_set(e, ST_SYSTEM, "cannot keep what %s brings: %s", p->in->name, strerror(errno));
			l->start += wrote > 0 ? (size_t)wrote : 0;
		}
		if (l->eof)
			break;
		if (input_fill(p->in, -1, &state, e) < 0)
			return -1;
	}
	return 0;
}

static int look_at_head(struct pipeline *p, const struct tool **tool, struct err *e)
{
	enum kind asked = p->o->kind == KIND_SECCOMP ? N_KINDS : p->o->kind;
	struct lines *l = &p->in->reading.lines;
	enum lines_state state = LINES_GOT;
	int64_t began = when_clock_ms();
	ssize_t n;

	if (p->in->source.is_regular && p->in->source.packed == NULL) {
		auto_free char *head = mem_alloc(HEAD);

		n = pread(p->in->source.fd, head, HEAD, 0);
		if (n > 0)
			*tool = tool_recognise((struct bytes){ head, (size_t)n }, n < (ssize_t)HEAD, asked);
		return 0;
	}
	/* what is here is handed to whoever reads it afterwards */
	while (!l->eof && state != LINES_EOF && l->end - l->start < 8192 && !pipeline_stop(p)) {
		int64_t left = HEAD_MS - (when_clock_ms() - began);

		if (input_fill(p->in, l->end > l->start && left > 0 ? (int)left : l->end > l->start ? 0 : -1, &state, e) < 0)
			return -1;
		l = &p->in->reading.lines;
		if (state == LINES_TIMEOUT && l->end > l->start)
			break;
	}
	*tool = tool_recognise((struct bytes){ l->buf + l->start, l->end - l->start }, l->eof, asked);
	return 0;
}

int pipeline_tool(struct pipeline *p, bool *taken, struct err *e)
{
	const struct tool *tool = NULL;
	struct parts parts = { 0 };
	struct part part = { .fd = -1 };
	int ret;

	*taken = false;
	if (p->in->source.is_kmsg || p->o->follow || p->o->kind == N_KINDS)
		return 0;
	if (look_at_head(p, &tool, e) < 0) {
		p->bad_input = true;
		return -1;
	}
	if (tool == NULL)
		return 0;
	*taken = true;
	if (p->in->source.is_regular && p->in->source.packed == NULL) {
		struct stat st;

		part = (struct part){ .fd = p->in->source.fd, .name = mem_dup(p->in->name), .date = when_now(), .pid = pid_of_name(p->in->name) };
		if (fstat(part.fd, &st) == 0 && st.st_mtim.tv_sec > 0)
			part.date = st.st_mtim.tv_sec * INT64_C(1000) + st.st_mtim.tv_nsec / 1000000;
		ret = 0;
	} else {
		ret = spool(p, &part, e);
		p->bad_input = ret < 0;
	}
	*VEC_PUSH(&parts) = part;
	if (ret == 0 && part.name != NULL)
		ret = take_set(p, tool, &parts, e);
	if (part.own_fd)
		close(part.fd);
	free(part.name);
	VEC_FREE(&parts);
	return ret;
}

/* ---- strace -ff ---- */

/* Up to the pid; n 0: it has none. */
static struct bytes prefix_of(const char *name)
{
	return (struct bytes){ name, pid_of_name(name) > 0 ? (size_t)(strrchr(name, '.') - name) : 0 };
}

/* Opens one where it is strace's, and its lines have no pid. */
static bool open_part(const char *name, struct part *out)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char head[8192];
	struct stat st;
	ssize_t n;
	const struct tool *tool = NULL;

	if (fd < 0)
		return false;
	n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pread(fd, head, sizeof(head), 0) : 0;
	if (n > 0)
		tool = tool_recognise((struct bytes){ head, (size_t)n }, n < (ssize_t)sizeof(head), N_KINDS);
	if (tool == NULL || tool->kind != KIND_STRACE || strace_has_pid((struct bytes){ head, (size_t)n })) {
		close(fd);
		return false;
	}
	*out = (struct part){ .fd = fd, .own_fd = true, .name = mem_dup(name), .pid = pid_of_name(name),
			      .date = st.st_mtim.tv_sec * INT64_C(1000) + st.st_mtim.tv_nsec / 1000000 };
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

#define SET_MOST 512 /* files that are open at a time */

int pipeline_tool_sets(struct pipeline *p, const char *const *sources, size_t n, bool *done, struct err *e)
{
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0 && !p->o->follow && p->o->kind != N_KINDS && !pipeline_stop(p); i++) {
		struct bytes prefix = prefix_of(sources[i]);
		struct parts parts = { 0 };
		struct part part;

		for (size_t k = i; k < n && prefix.n > 0 && !done[i] && parts.n < SET_MOST; k++) {
			if (done[k] || !bytes_eq(prefix_of(sources[k]), prefix) || !open_part(sources[k], &part))
				continue;
			*VEC_PUSH(&parts) = part;
		}
		if (parts.n > 1) {
			qsort(parts.v, parts.n, sizeof(*parts.v), by_pid);
			for (size_t k = i; k < n; k++)
				for (size_t m = 0; m < parts.n; m++)
					done[k] = done[k] || strcmp(parts.v[m].name, sources[k]) == 0;
			ret = take_set(p, tool_of(KIND_STRACE), &parts, e);
		}
		for (size_t m = 0; m < parts.n; m++) {
			close(parts.v[m].fd);
			free(parts.v[m].name);
		}
		VEC_FREE(&parts);
	}
	return ret;
}
