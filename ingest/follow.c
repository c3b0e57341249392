// SPDX-License-Identifier: Apache-2.0
/* Follows files as they grow, through rotations, and remembers where it was. */
#include "ingest/pipeline.h"

#include "ingest/file_mark.h"
#include "ingest/read/journal.h"
#include "store/base/esc.h"
#include "store/base/when.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Files that grow, as tail -F reads them. A file is known by its inode, its first block and the
 * block before the position: where one of these is another than it was, the file is read whole,
 * which is harmless, since each event counts once. When a name leads to another file, or to a
 * shorter one, those beside it that were written since the last look are read as well: a rotation
 * may have brought several, or copied what nobody has read yet.
 */
#define LOOK_MS 1000         /* where nothing is notified, as on a network's file system */
#define LINGER_MS 10000      /* a writer may go on with a file that was renamed */
#define BESIDE_MOST 256      /* files beside one that are remembered as read */
#define SLACK_MS 3000        /* of the file system's clock */

struct beside { uint64_t dev, ino, size; int64_t mtime_ns; };

struct tail {
	const char *path;
	int fd; /* -1: it is not there */
	struct input in; /* for its name and its reading; see open_tail */
	struct file_mark mark; /* of what was handed out */
	uint64_t base; /* the offset at which the reading began */
	uint64_t base_line;
	bool may_trust;            /* root's alone */
	bool said_missing;
	int64_t quiet_since;       /* of one that was renamed: when it last grew */
	bool hold; /* its position is not saved yet: what was rotated before it has to be read first
		    */
	VEC(struct beside) beside;
};

struct follow {
	struct pipeline *p;
	struct tail *tails;        /* one for each name; behind them, those that were renamed */
	size_t n, named;
	int watch;
	struct journal *journal;
	bool dirty;                /* positions moved since they were saved */
};

/* ---- opening ---- */

static void begin_reading(struct tail *t, const struct file_mark *from)
{
	if (t->in.begun)
		reading_release(&t->in.reading);
	lseek(t->fd, (off_t)from->offset, SEEK_SET);
	reading_init(&t->in.reading, t->fd, t->in.json_field);
	t->in.reading.lines.number = from->line;
	t->in.begun = true;
	t->base = from->offset;
	t->base_line = from->line;
}

static void from_the_start(struct tail *t)
{
	struct file_mark fresh = {
		.dev = t->mark.dev, .ino = t->mark.ino, .auditd = true, .at_ms = when_now()
	};

	t->mark = fresh;
	begin_reading(t, &fresh);
}

static void close_tail(struct tail *t)
{
	if (t->fd >= 0)
		input_close(&t->in);
	t->fd = -1;
}

/* Opens what the name leads to now. -1: not there, or nothing that can be followed; said once. */
static int open_tail(struct follow *f, struct tail *t)
{
	const struct ingest_options *o = f->p->o;
	struct err why = { 0 };
	struct stat st;

	if (input_open(&t->in, t->path, o->json_field, &why) < 0 || !t->in.source.is_regular ||
	    t->in.source.packed != NULL) {
		if (why.msg[0] == '\0') {
			err_set(&why, ST_INPUT, "'%.200s' cannot be followed: it is %s", t->path,
				t->in.source.packed ? "packed" : "no regular file");
			input_close(&t->in);
		}
		if (!t->said_missing && o->failed)
			o->failed(o->to, why.msg);
		t->said_missing = true;
		return -1;
	}
	t->said_missing = false;
	t->fd = t->in.source.fd;
	t->may_trust = t->in.source.root_only;
	/* an empty file is judged when it has something */
	if (fstat(t->fd, &st) == 0) {
		t->mark.dev = (uint64_t)st.st_dev;
		t->mark.ino = (uint64_t)st.st_ino;
	}
	return 0;
}

/* ---- reading what is new ---- */

/* Has what was added auditd's form, as far as its lines are whole? */
static bool added_auditd(const struct tail *t, uint64_t from, uint64_t to)
{
	struct lines lines;
	enum lines_state state = LINES_GOT;
	struct err e = { 0 };
	struct bytes text;
	int fd = dup(t->fd);
	bool yes = fd >= 0, cut;
	char path[64];

	/* another open file, with a position of its own */
	if (fd >= 0)
		close(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || lseek(fd, (off_t)from, SEEK_SET) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	lines_init(&lines, fd);
	while (yes && state == LINES_GOT && lines_fill(&lines, -1, &state, &e) == 0) {
		lines.eof = false;
		while (yes && lines_next(&lines, &text, &cut))
			yes = text.n == 0 || pipeline_auditd_line(text);
		if (lines.bytes >= to - from)
			break;
	}
	lines_release(&lines);
	close(fd);
	return yes;
}

/* How far everything was handed out. */
static void advance(struct follow *f, struct tail *t)
{
	const struct lines *l = &t->in.reading.lines;
	uint64_t offset = t->base + l->bytes - (l->end - l->start);

	if (reading_inside(&t->in.reading) || offset == t->mark.offset)
		return;
	file_mark_set(t->fd, &t->mark, offset);
	t->mark.line = l->number;
	f->dirty = true;
}

static int save_all(struct follow *f, struct err *e)
{
	for (size_t i = 0; i < f->named; i++) {
		struct tail *t = &f->tails[i];

		if (t->fd >= 0 && !t->hold &&
		    file_mark_save(f->p->feed.store, t->path, &t->mark, e) < 0)
			return -1;
	}
	f->dirty = false;
	return 0;
}

static int commit(struct follow *f, struct err *e)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->tails[i].fd >= 0)
			advance(f, &f->tails[i]);
	if (!f->dirty && !f->p->feed.locked)
		return 0;
	/* positions without records, too: the next run need not look at what had none */
	if (feed_lock(&f->p->feed, e) < 0 || save_all(f, e) < 0)
		return -1;
	return feed_commit(&f->p->feed, e);
}

static int pieces(struct follow *f, struct tail *t, struct err *e)
{
	struct pipeline *p = f->p;
	bool any = true;

	p->in = &t->in;
	p->feed.file = t->in.name;
	p->feed.trust = t->may_trust && t->mark.auditd ? FEED_AUDITD : FEED_TEXT;
	while (any && !pipeline_stop(p)) {
		if (pipeline_piece(p, &any, e) < 0)
			return -1;
		if (any && feed_full(&p->feed) && commit(f, e) < 0)
			return -1;
	}
	return 0;
}

/* Reads what a file has more. *changed: its content is another one; what was read stays, and it has
 * to be read anew. */
static int read_more(struct follow *f, struct tail *t, bool last, bool *changed, struct err *e)
{
	struct lines *l = &t->in.reading.lines;
	enum lines_state state = LINES_GOT;
	struct file_mark before = t->mark;
	struct err why = { 0 };
	struct stat st;
	uint64_t from = t->base + l->bytes;

	*changed = !file_mark_same(t->fd, &before);
	if (*changed || fstat(t->fd, &st) != 0)
		return 0;
	if ((uint64_t)st.st_size > from) {
		t->quiet_since = when_clock_ms();
		if (from == 0 && t->in.source.size == 0) { /* it was empty when it was opened */
			struct trust where = { .link = false };
			int again = trust_open(t->path, &where);

			t->may_trust =
				again >= 0 && trust_root_only(again, &where, t->in.source.why);
			if (again >= 0)
				close(again);
		}
		if (t->may_trust && t->mark.auditd)
			t->mark.auditd = added_auditd(t, before.offset, (uint64_t)st.st_size);
	}
	while (state == LINES_GOT && !pipeline_stop(f->p)) {
		/* no further than was judged */
		if (t->base + l->bytes >= (uint64_t)st.st_size)
			break;
		if (lines_fill(l, -1, &state, &why) < 0)
			return f->p->o->failed ? (f->p->o->failed(f->p->o->to, why.msg), 0) : 0;
		l->eof = false;
		if (pieces(f, t, e) < 0)
			return -1;
	}
	/* it was cut and grew again meanwhile */
	*changed = !file_mark_same(t->fd, &before);
	if (last && !*changed) {
		l->eof = true;
		if (pieces(f, t, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- files beside it ---- */

static bool was_read(const struct tail *t, const struct beside *b)
{
	for (size_t i = 0; i < t->beside.n; i++)
		if (memcmp(&t->beside.v[i], b, sizeof(*b)) == 0)
			return true;
	return false;
}

static bool is_open(const struct follow *f, const struct beside *b)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->tails[i].fd >= 0 && f->tails[i].mark.ino == b->ino &&
		    f->tails[i].mark.dev == b->dev)
			return true;
	return false;
}

static int read_whole(struct follow *f, const char *path, struct err *e)
{
	if (pipeline_source(f->p, path, e) == 0)
		return 0;
	return f->p->bad_input ? pipeline_failed(f->p, e) : -1;
}

/* Reads NAME.1, NAME-20261124 and so on that were written since then and that nobody has read. */
static int read_beside(struct follow *f, struct tail *t, int64_t since_ms, struct err *e)
{
	const char *slash = strrchr(t->path, '/'), *name = slash ? slash + 1 : t->path;
	auto_free char *folder =
		slash == NULL ?
			mem_dup(".") :
			mem_print("%.*s", slash == t->path ? 1 : (int)(slash - t->path), t->path);
	DIR *dir = opendir(folder);
	struct dirent *d;
	int ret = 0;

	while (ret == 0 && dir != NULL && !pipeline_stop(f->p) && (d = readdir(dir)) != NULL) {
		auto_free char *path = NULL;
		struct beside b = { 0 };
		struct stat st;

		if (strncmp(d->d_name, name, strlen(name)) != 0 || d->d_name[strlen(name)] == '\0')
			continue;
		path = mem_print("%s/%s", folder, d->d_name);
		if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		b = (struct beside){ (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
				     (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec };
		if (b.mtime_ns / 1000000 < since_ms - SLACK_MS || was_read(t, &b) || is_open(f, &b))
			continue;
		if (t->beside.n == BESIDE_MOST) {
			memmove(t->beside.v, t->beside.v + 1, (BESIDE_MOST - 1) * sizeof(b));
			t->beside.n--;
		}
		*VEC_PUSH(&t->beside) = b;
		ret = read_whole(f, path, e);
	}
	if (dir != NULL)
		closedir(dir);
	return ret;
}

/* ---- one look at a file ---- */

/* The file has another name now; what its writer adds is still read, for some time. */
static int rename_tail(struct follow *f, size_t at)
{
	struct tail old = f->tails[at];

	old.quiet_since = when_clock_ms();
	old.beside.v = NULL;
	old.beside.n = old.beside.cap = 0;
	f->tails = mem_grow(f->tails, f->n + 1, sizeof(*f->tails));
	f->tails[f->n++] = old;
	f->tails[at].fd = -1;
	f->tails[at].in = (struct input){ .json_field = old.in.json_field };
	f->tails[at].mark = (struct file_mark){ .at_ms = old.mark.at_ms, .auditd = true };
	return 0;
}

static bool other_file(const struct tail *t)
{
	struct stat st;

	return stat(t->path, &st) == 0 &&
	       ((uint64_t)st.st_ino != t->mark.ino || (uint64_t)st.st_dev != t->mark.dev);
}

/* Reads an opened file until it has no more; where its content changed, from its beginning. */
static int read_tail(struct follow *f, size_t at, bool last, struct err *e)
{
	bool changed = false;

	for (int tries = 0; tries < 3; tries++) {
		int64_t since = f->tails[at].mark.at_ms;

		if (read_more(f, &f->tails[at], last, &changed, e) < 0)
			return -1;
		if (!changed)
			return 0;
		from_the_start(&f->tails[at]);
		f->dirty = true;
		/* copytruncate: the copy may have what was not read */
		if (at < f->named && read_beside(f, &f->tails[at], since, e) < 0)
			return -1;
	}
	return 0;
}

static int look_at(struct follow *f, size_t at, struct err *e)
{
	struct tail *t = &f->tails[at];

	if (t->fd >= 0 && read_tail(f, at, false, e) < 0)
		return -1;
	t = &f->tails[at];
	if (t->fd >= 0 && other_file(t)) {
		int64_t since = t->mark.at_ms;

		/* once more, as it may have grown until it was renamed */
		if (read_tail(f, at, false, e) < 0 || rename_tail(f, at) < 0)
			return -1;
		t = &f->tails[at];
		t->hold = true;
		if (open_tail(f, t) == 0)
			from_the_start(t);
		if (read_beside(f, t, since, e) < 0)
			return -1;
		f->tails[at].hold = false;
		return f->tails[at].fd >= 0 ? read_tail(f, at, false, e) : 0;
	}
	if (t->fd < 0 && open_tail(f, t) == 0) {
		from_the_start(t);
		if (read_tail(f, at, false, e) < 0)
			return -1;
		return t->mark.at_ms != 0 && t->beside.n > 0 ?
			       read_beside(f, &f->tails[at], t->mark.at_ms, e) :
			       0;
	}
	return 0;
}

/* Those that were renamed, until they have been quiet for a while. */
static int look_at_old(struct follow *f, struct err *e)
{
	for (size_t i = f->named; i < f->n;) {
		bool over = when_clock_ms() - f->tails[i].quiet_since > LINGER_MS ||
			    f->n - f->named > 64;

		if (read_tail(f, i, over, e) < 0)
			return -1;
		if (!over) {
			i++;
			continue;
		}
		close_tail(&f->tails[i]);
		memmove(&f->tails[i], &f->tails[i + 1], (f->n - i - 1) * sizeof(*f->tails));
		f->n--;
	}
	return 0;
}

/* ---- the beginning, and the loop ---- */

/* The file with this inode beside it, under the name that it has now. */
static int find_renamed(const struct tail *t, const struct file_mark *m, char **path)
{
	const char *slash = strrchr(t->path, '/'), *name = slash ? slash + 1 : t->path;
	auto_free char *folder =
		slash == NULL ?
			mem_dup(".") :
			mem_print("%.*s", slash == t->path ? 1 : (int)(slash - t->path), t->path);
	DIR *dir = opendir(folder);
	struct dirent *d;

	*path = NULL;
	while (*path == NULL && dir != NULL && (d = readdir(dir)) != NULL) {
		char *at;
		struct stat st;

		if (strncmp(d->d_name, name, strlen(name)) != 0)
			continue;
		at = mem_print("%s/%s", folder, d->d_name);
		if (lstat(at, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_ino == m->ino &&
		    (uint64_t)st.st_dev == m->dev)
			*path = at;
		else
			free(at);
	}
	if (dir != NULL)
		closedir(dir);
	return *path != NULL;
}

/* Goes on where a run before ended, if that is still to be found. */
static int first_look(struct follow *f, size_t at, struct err *e)
{
	struct tail *t = &f->tails[at];
	struct file_mark was;
	bool found;
	char *path;

	if (file_mark_load(f->p->feed.store, t->path, &t->mark, &found, e) < 0)
		return -1;
	was = t->mark;
	if (open_tail(f, t) < 0)
		return 0;
	if (found && file_mark_same(t->fd, &was)) {
		t->mark = was;
		begin_reading(t, &was);
		/* who was killed may not have read what was added to the one before */
		t->hold = true;
		if (read_beside(f, t, was.at_ms - LINGER_MS, e) < 0)
			return -1;
		f->tails[at].hold = false;
		return read_tail(f, at, false, e);
	}
	from_the_start(t);
	t->hold = found;
	if (read_tail(f, at, false, e) < 0)
		return -1;
	if (!found)
		return 0;
	/* it was renamed meanwhile, or cut: what it was, and what came between */
	if ((was.ino != f->tails[at].mark.ino || was.dev != f->tails[at].mark.dev) &&
	    find_renamed(&f->tails[at], &was, &path)) {
		int ret = read_whole(f, path, e);

		free(path);
		if (ret < 0)
			return -1;
	}
	if (read_beside(f, &f->tails[at], was.at_ms - LINGER_MS, e) < 0)
		return -1;
	f->tails[at].hold = false;
	return 0;
}

static void watch(struct follow *f, const char *path)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder =
		slash == NULL ? mem_dup(".") :
				mem_print("%.*s", slash == path ? 1 : (int)(slash - path), path);

	/* where it cannot be watched, it is looked at each second */
	if (f->watch >= 0)
		inotify_add_watch(f->watch, folder,
				  IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
}

static void wait_for_more(struct follow *f)
{
	struct pollfd p = { .fd = f->watch, .events = POLLIN };
	char events[4096];

	if (f->journal != NULL && f->named == 0) {
		journal_wait(f->journal, LOOK_MS);
		return;
	}
	if (poll(&p, f->watch >= 0 ? 1 : 0, f->journal != NULL ? LOOK_MS / 4 : LOOK_MS) > 0) {
		/* a writer of many small lines: some of them at once */
		poll(NULL, 0, 50);
		while (read(f->watch, events, sizeof(events)) > 0)
			;
	}
}

static int look_at_all(struct follow *f, struct err *e)
{
	for (size_t i = 0; i < f->named && !pipeline_stop(f->p); i++)
		if (look_at(f, i, e) < 0)
			return -1;
	if (look_at_old(f, e) < 0 || commit(f, e) < 0)
		return -1;
	if (f->journal == NULL)
		return 0;
	if (pipeline_journal_drain(f->p, f->p->o->journal_place, f->journal, e) == 0)
		return 0;
	return f->p->bad_input ? pipeline_failed(f->p, e) : -1;
}

int pipeline_follow(struct pipeline *p, const char *const *sources, size_t n, struct err *e)
{
	struct follow f = {
		.p = p, .n = n, .named = n, .watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)
	};
	int ret = 0;

	f.tails = mem_zero(n + 1, sizeof(*f.tails));
	for (size_t i = 0; i < n; i++) {
		f.tails[i] = (struct tail){ .path = sources[i],
					    .fd = -1,
					    .in.json_field = p->o->json_field };
		watch(&f, sources[i]);
	}
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = first_look(&f, i, e);
	if (ret == 0 && p->o->journal)
		ret = pipeline_journal_open(p, p->o->journal_place, &f.journal, e);
	while (ret == 0 && !pipeline_stop(p)) {
		ret = look_at_all(&f, e);
		if (ret == 0 && p->feed.flush.waits)
			ret = feed_more(&p->feed, e);
		else if (ret == 0 && !pipeline_stop(p))
			wait_for_more(&f);
	}
	if (ret == 0)
		ret = commit(&f, e);
	p->in = NULL;
	for (size_t i = 0; i < f.n; i++) {
		close_tail(&f.tails[i]);
		VEC_FREE(&f.tails[i].beside);
	}
	free(f.tails);
	journal_close(f.journal);
	if (f.watch >= 0)
		close(f.watch);
	return ret;
}
