// SPDX-License-Identifier: Apache-2.0
/*
 * Files that a run before read to their end, and that nobody has changed since: what they bring is
 * counted again, and nothing of them is read. A file is known by what tells that it was changed
 * (device, inode, size, both of its times) and by the hashes of its first and its last block. What
 * could make another reading say or bring something else is part of the mark, too.
 */
#include "ingest/pipeline.h"

#include "store/base/hash.h"
#include "store/base/mem.h"
#include "store/base/when.h"
#include "store/rows/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 1024
/* a file that was changed just now may change again, and its times stay the same */
#define SETTLED_NS 20000000

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t block_hash(int fd, long long at, long long size)
{
	char block[BLOCK];
	size_t n = (size_t)(size - at < BLOCK ? size - at : BLOCK);

	return pread(fd, block, n, (off_t)at) == (ssize_t)n ? hash_bytes(block, n) : 0;
}

/* What the file is known by, as text; false: it may be changed without a trace. */
static bool describe(const struct source *s, char *out, size_t n)
{
	struct timespec now;
	struct stat st;

	if (fstat(s->fd, &st) != 0 || clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 ||
	    ns_of(st.st_ctim) > ns_of(now) - SETTLED_NS)
		return false;
	snprintf(out, n, "%ju %ju %lld %" PRId64 " %" PRId64 " %" PRIx64 " %" PRIx64,
		 (uintmax_t)st.st_dev, (uintmax_t)st.st_ino, (long long)st.st_size,
		 ns_of(st.st_mtim), ns_of(st.st_ctim), block_hash(s->fd, 0, st.st_size),
		 block_hash(s->fd, st.st_size < BLOCK ? 0 : st.st_size - BLOCK, st.st_size));
	return true;
}

/* How it is read: by which program, with which options, as what. */
static uint64_t manner(const struct pipeline *p)
{
	const struct ingest_options *o = p->o;
	const char *parts[] = { o->version, o->node, o->json_field,
				p->in->source.root_only ? "root's" : p->in->source.why, NULL };
	uint64_t hash = 0;
	struct utsname u;

	uname(&u);
	parts[ARRAY_SIZE(parts) - 1] = u.nodename;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		hash = hash_u64(hash,
				parts[i] == NULL ? 1 : hash_bytes(parts[i], strlen(parts[i])));
	return hash;
}

/* Only where a run leaves no mark on what it touches, and takes all. */
static bool may(const struct pipeline *p)
{
	const struct source *s = &p->in->source;
	const struct ingest_options *o = p->o;

	return s->is_regular && !s->is_stdin && s->packed == NULL && s->size > 0 &&
	       o->label == NULL && o->policy == NULL && o->since == 0 && o->until == 0 &&
	       !o->with_syscalls && o->kind == KIND_SECCOMP;
}

static void take_counts(const struct pipeline *p, uint64_t out[WHOLE_COUNTS])
{
	const struct ingest_report *r = p->r;
	const struct tally *t = &p->feed.tally;
	const uint64_t now[WHOLE_COUNTS] = {
		r->records,  t->new_events + t->seen_before,	 r->presence, r->other, r->losses,
		r->own_node, r->damaged + r->outside + r->failed
	};

	memcpy(out, now, sizeof(now));
}

void pipeline_whole_begins(struct pipeline *p)
{
	p->whole.ok = may(p) && describe(&p->in->source, p->whole.file, sizeof(p->whole.file));
	take_counts(p, p->whole.before);
}

int pipeline_whole_ends(struct pipeline *p, struct err *e)
{
	uint64_t now[WHOLE_COUNTS];
	char text[512], file[sizeof(p->whole.file)];
	auto_free char *name = NULL;
	size_t n;

	if (!p->whole.ok || !describe(&p->in->source, file, sizeof(file)) ||
	    strcmp(file, p->whole.file) != 0 ||
	    p->in->reading.lines.bytes != (uint64_t)p->in->source.size)
		return 0;
	take_counts(p, now);
	if (now[0] == p->whole.before[0] ||
	    now[WHOLE_COUNTS - 1] != p->whole.before[WHOLE_COUNTS - 1])
		return 0;
	n = (size_t)snprintf(
		text, sizeof(text), "whole 1 %s %" PRIx64 " %d %d %d %" PRIu64 " %" PRId64, file,
		manner(p), p->feed.any_without_syscall, p->feed.any_of_kernel, p->whole.begins,
		p->whole.other, p->feed.near_ms[p->feed.trust != FEED_TEXT]);
	for (size_t i = 0; i + 1 < WHOLE_COUNTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %" PRIu64,
				      now[i] - p->whole.before[i]);
	if (feed_lock(&p->feed, e) < 0)
		return -1;
	name = mem_print(POSITION_WHOLE "%s", p->in->source.name);
	return position_save(p->feed.store, name, (struct bytes){ text, n }, e);
}

struct known {
	uint64_t counts[WHOLE_COUNTS], other;
	int any_without_syscall, any_of_kernel, begins;
	int64_t near_ms;
};

static bool read_known(const char *text, struct known *k)
{
	uint64_t *v = k->counts;

	return sscanf(text,
		      "%d %d %d %" SCNu64 " %" SCNd64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		      " %" SCNu64 " %" SCNu64 " %" SCNu64,
		      &k->any_without_syscall, &k->any_of_kernel, &k->begins, &k->other,
		      &k->near_ms, &v[0], &v[1], &v[2], &v[3], &v[4], &v[5]) == 11;
}

/* What the store says of the file; *same: it is the one, read in this manner. */
static int look_up(struct pipeline *p, bool *same, struct known *out, struct err *e)
{
	auto_free char *name = mem_print(POSITION_WHOLE "%s", p->in->source.name);
	char file[sizeof(p->whole.file)], want[sizeof(p->whole.file) + 64];
	auto_buf struct buf text = { 0 };
	struct bytes rest;
	int n;

	if (position_load(p->feed.store, name, &text, same, e) < 0)
		return -1;
	*same = *same && describe(&p->in->source, file, sizeof(file));
	if (!*same)
		return 0;
	n = snprintf(want, sizeof(want), "whole 1 %s %" PRIx64 " ", file, manner(p));
	rest = bytes_of(buf_text(&text));
	*same = bytes_take(&rest, (struct bytes){ want, (size_t)n }) && read_known(rest.p, out);
	return 0;
}

/* Counts what the file holds, as another reading would. */
static int count(struct pipeline *p, const struct known *k, struct err *e)
{
	struct ingest_report *r = p->r;
	struct feed *f = &p->feed;

	if (k->counts[5] > 0 && feed_own_node(f, e) < 0)
		return -1;
	feed_source(f, p->in->source.name);
	p->whole = (struct whole){ .begins = k->begins, .other = k->other };
	pipeline_judged(p);
	r->records += k->counts[0];
	f->tally.seen_before += k->counts[1];
	r->presence += k->counts[2];
	r->other += k->counts[3];
	r->losses += k->counts[4];
	r->own_node += k->counts[5];
	r->bytes += (uint64_t)p->in->source.size;
	f->any_without_syscall = f->any_without_syscall || k->any_without_syscall;
	f->any_of_kernel = f->any_of_kernel || k->any_of_kernel;
	f->near_ms[f->trust != FEED_TEXT] = k->near_ms;
	return feed_commit(f, e);
}

int pipeline_whole_known(struct pipeline *p, bool *known, struct err *e)
{
	struct known k = { .other = 0 };

	*known = false;
	if (!may(p))
		return 0;
	if (look_up(p, known, &k, e) < 0)
		return -1;
	if (!*known)
		return 0;
	/* again under the lock: nobody has forgotten anything meanwhile */
	if (feed_lock(&p->feed, e) < 0 || look_up(p, known, &k, e) < 0)
		return -1;
	return *known ? count(p, &k, e) : feed_commit(&p->feed, e);
}
