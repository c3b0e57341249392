// SPDX-License-Identifier: Apache-2.0
/* Unpacks compressed input and archives by libarchive, in a thread that writes into a pipe. */
#include "ingest/read/unpack.h"

#include "store/base/esc.h"
#include "store/base/library.h"
#include "store/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (64u << 10)
#define PIPE_SIZE (1 << 20)
#define NESTED_MOST 4                   /* a tar in a gz in a zip ... */
#define DICTIONARY_MOST (64ull << 20)   /* what a decompressor may ask for at once */
#define FREE_SIZE (256ull << 20)        /* up to there, any ratio will do */
#define RATIO_MOST 500

/* ---- libarchive, version 3: archive.h is not needed to build this. source: libarchive/archive.h,
 * archive_entry.h ---- */

struct archive;
struct archive_entry;

#define ARCHIVE_EOF 1
#define ARCHIVE_OK 0
#define ARCHIVE_RETRY (-10)
#define ARCHIVE_WARN (-20)

static struct {
	struct archive *(*read_new)(void);
	int (*read_free)(struct archive *);
	int (*gzip)(struct archive *), (*bzip2)(struct archive *), (*xz)(struct archive *),
		(*zstd)(struct archive *);
	int (*lz4)(struct archive *), (*compress)(struct archive *), (*tar)(struct archive *),
		(*zip)(struct archive *);
	int (*raw)(struct archive *), (*empty)(struct archive *);
	int (*open)(struct archive *, void *, void *,
		    ssize_t (*)(struct archive *, void *, const void **), void *);
	int (*next_header)(struct archive *, struct archive_entry **);
	int (*data_block)(struct archive *, const void **, size_t *, int64_t *);
	const char *(*error_string)(struct archive *);
	int (*format)(struct archive *), (*filter_count)(struct archive *);
	const char *(*pathname)(struct archive_entry *);
	unsigned (*filetype)(struct archive_entry *);
} lib;

#define FORMAT_BASE_MASK 0xff0000
#define FORMAT_RAW 0x90000

static int load(const char *shown, const char *what, struct err *e)
{
	static const struct library_symbol symbols[] = {
		{ "archive_read_new", &lib.read_new },
		{ "archive_read_free", &lib.read_free },
		{ "archive_read_support_filter_gzip", &lib.gzip },
		{ "archive_read_support_filter_bzip2", &lib.bzip2 },
		{ "archive_read_support_filter_xz", &lib.xz },
		{ "archive_read_support_filter_zstd", &lib.zstd },
		{ "archive_read_support_filter_lz4", &lib.lz4 },
		{ "archive_read_support_filter_compress", &lib.compress },
		{ "archive_read_support_format_tar", &lib.tar },
		{ "archive_read_support_format_zip_streamable", &lib.zip },
		{ "archive_read_support_format_raw", &lib.raw },
		{ "archive_read_support_format_empty", &lib.empty },
		{ "archive_read_open", &lib.open },
		{ "archive_read_next_header", &lib.next_header },
		{ "archive_read_data_block", &lib.data_block },
		{ "archive_error_string", &lib.error_string },
		{ "archive_format", &lib.format },
		{ "archive_filter_count", &lib.filter_count },
		{ "archive_entry_pathname", &lib.pathname },
		{ "archive_entry_filetype", &lib.filetype },
	};
	static bool loaded;
	auto_free char *needs = mem_print("%s is packed (%s), and", shown, what);

	if (!loaded &&
	    library_load(
		    "libarchive.so.13", symbols, ARRAY_SIZE(symbols), needs,
		    "libarchive13 (Debian; Ubuntu: libarchive13t64), libarchive (Fedora, Alpine)",
		    e) < 0)
		return -1;
	loaded = true;
	return 0;
}

/* ---- what it is ---- */

const char *unpack_known(struct bytes head)
{
	static const struct { struct bytes magic; size_t at; const char *name; } rows[] = {
		{ { "\x1f\x8b", 2 }, 0, "gzip" },
		{ { "\xfd" "7zXZ\0", 6 }, 0, "xz" },
		{ { "\x28\xb5\x2f\xfd", 4 }, 0, "zstd" },
		{ { "BZh", 3 }, 0, "bzip2" },
		{ { "\x04\x22\x4d\x18", 4 }, 0, "lz4" },
		{ { "\x1f\x9d", 2 }, 0, "compress" },
		{ { "PK\x03\x04", 4 }, 0, "zip" },
		{ { "ustar", 5 }, 257, "tar" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct bytes b = head;

		bytes_skip(&b, rows[i].at);
		if (bytes_starts(b, rows[i].magic))
			return rows[i].name;
	}
	return NULL;
}

/* How much memory a decompressor of xz or zstd would need for its dictionary, by its first header.
 */
static uint64_t dictionary(struct bytes head)
{
	const unsigned char *p = (const unsigned char *)head.p;
	size_t at = 14;

	if (head.n >= 24 && memcmp(p, "\xfd" "7zXZ", 5) == 0) {
		for (int skip = (p[13] >> 6 & 1) + (p[13] >> 7); skip > 0; skip--) {
			while (at < 40 && at < head.n && p[at] & 0x80)
				at++;
			at++;
		}
		while (at + 2 < head.n && at < 40 &&
		       p[at] != 0x21) /* other filters stand before LZMA2 */
			at += 2u + p[at + 1];
		return at + 2 < head.n && p[at] == 0x21 && p[at + 2] <= 40 ?
			       (2ull | (p[at + 2] & 1)) << (p[at + 2] / 2 + 11) :
			       0;
	}
	if (head.n >= 6 && memcmp(p, "\x28\xb5\x2f\xfd", 4) == 0 && !(p[4] & 0x20))
		return 1ull << (10 + (p[5] >> 3));
	return 0;
}

/* ---- the unpacker ---- */

struct unpack {
	struct archive *a;
	const char *shown;      /* of the outermost: borrowed */
	char *name;             /* of the member: with those of all that it is in */
	int fd;                 /* what is packed; of an inner one, the pipe of its outer one */
	char *head;
	size_t head_n;          /* read already, and not given yet */
	char peek[UNPACK_HEAD]; /* of the member */
	char block[BLOCK];
	atomic_bool quit;       /* nobody wants it any more */
	uint64_t in, out;
	int pipe[2];
	pthread_t thread;
	bool running, thread_failed;
	char why[200];          /* by the thread, for who joins it */
	struct unpack *inner;   /* the member is packed itself */
	unsigned level;
};

static ssize_t more(struct archive *a, void *to, const void **out)
{
	struct unpack *u = to;
	ssize_t n;

	(void)a;
	*out = u->block;
	if (u->head_n) {
		n = (ssize_t)u->head_n;
		*out = u->head;
		u->head_n = 0;
	} else {
		struct pollfd p = { .fd = u->fd, .events = POLLIN };

		do {
			/* a pipe may bring nothing for ever */
			while (poll(&p, 1, 100) == 0 && !u->quit)
				;
			n = u->quit ? 0 : read(u->fd, u->block, BLOCK);
		} while (n < 0 && errno == EINTR);
	}
	u->in += n > 0 ? (uint64_t)n : 0;
	return n;
}

static int fail(struct unpack *u, struct err *e)
{
	const char *why = lib.error_string(u->a);

	return err_set(e, ST_INPUT, "%s is cut off or broken: %s", u->shown,
		       why ? why : "not what its first bytes say");
}

/* By its first bytes: head, or, of a file, what it begins with. */
static struct unpack *open_level(int fd, struct bytes head, const char *shown, unsigned level,
				 struct err *e)
{
	char first[UNPACK_HEAD];
	struct bytes known = head;
	const char *what;
	struct unpack *u;

	if (head.n == 0) {
		ssize_t n = pread(fd, first, sizeof(first), 0);

		known = (struct bytes){ first, n > 0 ? (size_t)n : 0 };
	}
	what = unpack_known(known);
	if (what == NULL)
		what = "?";
	if (load(shown, what, e) < 0)
		return NULL;
	if (dictionary(known) > DICTIONARY_MOST) {
		err_set(e, ST_INPUT,
			"%s needs over 64 MB of memory to be unpacked; unpack it first", shown);
		return NULL;
	}
	u = mem_zero(1, sizeof(*u));
	*u = (struct unpack){
		.fd = fd, .shown = shown, .head_n = head.n, .pipe = { -1, -1 }, .level = level
	};
	u->head = mem_alloc(head.n);
	if (head.n)
		memcpy(u->head, head.p, head.n);
	u->a = lib.read_new();
	/* a filter that answers otherwise would run a program for it */
	if (u->a == NULL || lib.gzip(u->a) != ARCHIVE_OK || lib.bzip2(u->a) != ARCHIVE_OK ||
	    lib.xz(u->a) != ARCHIVE_OK || lib.compress(u->a) != ARCHIVE_OK ||
	    (strcmp(what, "zstd") == 0 && lib.zstd(u->a) != ARCHIVE_OK) ||
	    (strcmp(what, "lz4") == 0 && lib.lz4(u->a) != ARCHIVE_OK)) {
		err_set(e, ST_INPUT, "%s is packed by %s, which this libarchive was built without",
			shown, what);
		unpack_close(u);
		return NULL;
	}
	lib.tar(u->a);
	lib.zip(u->a);
	lib.raw(u->a);
	lib.empty(u->a);
	if (lib.open(u->a, u, NULL, more, NULL) != ARCHIVE_OK) {
		fail(u, e);
		unpack_close(u);
		return NULL;
	}
	return u;
}

struct unpack *unpack_open(int fd, struct bytes head, const char *shown, struct err *e)
{
	return open_level(fd, head, shown, 0, e);
}

/* All of it into the pipe. False: whoever reads it has gone. */
static bool put(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static void *pump(void *to)
{
	struct unpack *u = to;
	const void *p;
	size_t n;
	int64_t offset;
	int got;

	for (;;) {
		got = lib.data_block(u->a, &p, &n, &offset);
		if (got == ARCHIVE_RETRY)
			continue;
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			break;
		u->out += n;
		if (u->out > FREE_SIZE && u->out / RATIO_MOST > u->in) {
			snprintf(u->why, sizeof(u->why),
				 "it unpacks to over %d times its size, which no log does",
				 RATIO_MOST);
			break;
		}
		if (!put(u->pipe[1], p, n))
			break;
	}
	if (got != ARCHIVE_EOF && got != ARCHIVE_OK && got != ARCHIVE_WARN)
		snprintf(u->why, sizeof(u->why), "%s",
			 lib.error_string(u->a) ? lib.error_string(u->a) : "it ends early");
	u->thread_failed = u->why[0] != '\0';
	close(u->pipe[1]);
	u->pipe[1] = -1;
	return NULL;
}

/* The member that is being read ends here. */
static int join(struct unpack *u, struct err *e)
{
	int ret = 0;

	if (u->inner != NULL) {
		unpack_close(u->inner);
		u->inner = NULL;
	}
	if (!u->running)
		return 0;
	u->quit = true;
	close(u->pipe[0]);
	pthread_join(u->thread, NULL);
	u->quit = u->running = false;
	u->pipe[0] = -1;
	if (u->thread_failed)
		ret = err_set(e, ST_INPUT, "%s is cut off or broken: %s", u->shown, u->why);
	u->why[0] = '\0';
	return ret;
}

static int start(struct unpack *u, struct err *e)
{
	sigset_t all, before;
	int failed;

	if (pipe2(u->pipe, O_CLOEXEC) != 0)
		return err_set(e, ST_SYSTEM, "cannot make a pipe: %s", strerror(errno));
	fcntl(u->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	/* signals are the main thread's, and a pipe without a reader is no reason to die */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&u->thread, NULL, pump, u);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		close(u->pipe[0]);
		close(u->pipe[1]);
		return err_set(e, ST_SYSTEM, "cannot start a thread: %s", strerror(failed));
	}
	u->running = true;
	return 0;
}

/* The first bytes of the member, as many as come. */
static size_t head_of(int fd, char *out)
{
	size_t n = 0;

	while (n < UNPACK_HEAD) {
		ssize_t got = read(fd, out + n, UNPACK_HEAD - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

static void name_member(struct unpack *u, struct archive_entry *entry)
{
	const char *path = lib.pathname(entry);

	free(u->name);
	u->name = NULL;
	if ((lib.format(u->a) & FORMAT_BASE_MASK) != FORMAT_RAW)
		u->name = mem_dup(path ? path : "?");
}

static int next_inner(struct unpack *u, bool *any, int *fd, struct bytes *head, const char **name,
		      struct err *e)
{
	const char *in = NULL;
	int ret = unpack_next(u->inner, any, fd, head, &in, e);

	if (*any && in != NULL) {
		char *both = u->name ? mem_print("%s:%s", u->name, in) : mem_dup(in);

		free(u->inner->name);
		u->inner->name = both;
	}
	*name = *any ? (in != NULL ? u->inner->name : u->name) : NULL;
	return ret;
}

int unpack_next(struct unpack *u, bool *any, int *fd, struct bytes *head, const char **name,
		struct err *e)
{
	struct archive_entry *entry;
	int got, ret;

	*any = false;
	*name = NULL;
	if (u->inner != NULL) {
		ret = next_inner(u, any, fd, head, name, e);
		if (ret < 0 || *any)
			return ret;
	}
	if (join(u, e) < 0)
		return -1;
	do
		got = lib.next_header(u->a, &entry);
	while (got == ARCHIVE_RETRY ||
	       ((got == ARCHIVE_OK || got == ARCHIVE_WARN) && lib.filetype(entry) != S_IFREG));
	if (got == ARCHIVE_EOF)
		return 0;
	if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
		return fail(u, e);
	/* raw behind no filter: its first bytes promised more */
	if ((lib.format(u->a) & FORMAT_BASE_MASK) == FORMAT_RAW && lib.filter_count(u->a) < 2)
		return err_set(e, ST_INPUT,
			       "%s is cut off or broken: it begins as something packed, and is not",
			       u->shown);
	name_member(u, entry);
	if (start(u, e) < 0)
		return -1;
	*any = true;
	*name = u->name;
	*fd = u->pipe[0];
	*head = (struct bytes){ u->peek, head_of(u->pipe[0], u->peek) };
	if (unpack_known(*head) == NULL || u->level == NESTED_MOST)
		return 0;
	u->inner = open_level(u->pipe[0], *head, u->shown, u->level + 1, e);
	return u->inner == NULL ? -1 : next_inner(u, any, fd, head, name, e);
}

void unpack_close(struct unpack *u)
{
	struct err e = { 0 };

	if (u == NULL)
		return;
	join(u, &e);
	if (u->a != NULL)
		lib.read_free(u->a);
	free(u->name);
	free(u->head);
	free(u);
}
