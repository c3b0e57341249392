/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two stores that are compared, each in a folder of its own: what is run in one names its store as
 * what is run in the other.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include "tests/questions.h"
#include "tests/rig.h"

#include <fcntl.h>

struct pair {
	char dir[64];
	int top;          /* that folder */
	struct buf empty; /* a store without anything, as a file */
};

static const char *const pair_folders[] = { "first", "second" };

static inline void pair_open(struct pair *p)
{
	const char *tmp = getenv("TMPDIR");
	struct err e = { 0 };
	struct store s;
	char block[65536];
	size_t n;
	FILE *f;

	*p = (struct pair){ .top = -1 };
	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(p->dir, sizeof(p->dir), "%.40s/scaudit.XXXXXX", tmp);
	if (mkdtemp(p->dir) == NULL || chdir(p->dir) != 0)
		fail_msg("cannot make a folder in %s", tmp);
	p->top = open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	rig_file("policy.json", bytes_of(policy), 0644);
	for (size_t i = 0; i < ARRAY_SIZE(pair_folders); i++)
		assert_int_equal(mkdir(pair_folders[i], 0700), 0);
	assert_ok(store_open(&s, "empty.db", STORE_WRITE, &e), &e);
	store_close(&s);
	f = fopen("empty.db", "rb");
	while (f != NULL && (n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(&p->empty, block, n);
	assert_true(f != NULL && fclose(f) == 0 && p->empty.n > 0);
}

static inline void pair_close(struct pair *p, bool keep)
{
	char *command = mem_print("rm -rf '%s'", p->dir);

	if (chdir("/") != 0 || (!keep && system(command) != 0))
		fail_msg("cannot remove %s", p->dir);
	close(p->top);
	buf_release(&p->empty);
	free(command);
}

static inline void pair_enter(const struct pair *p, int which)
{
	if (fchdir(p->top) != 0 || chdir(pair_folders[which]) != 0)
		fail_msg("cannot enter %s", pair_folders[which]);
}

/* Makes the store of this folder a new one. */
static inline void pair_begin(const struct pair *p)
{
	unlink("store.db-wal");
	unlink("store.db-shm");
	rig_file("store.db", (struct bytes){ p->empty.p, p->empty.n }, 0600);
}

/* A commit does not wait for the disk. */
static inline void pair_store(struct store *s)
{
	struct err e = { 0 };

	assert_ok(store_open(s, "store.db", STORE_WRITE, &e), &e);
	sqlite3_exec(s->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
}

static inline bool pair_same(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

/* Is the question answered alike? Else *why, if it is not NULL: how not. */
static inline bool pair_agrees(const struct pair *p, const struct question *q, struct buf *why)
{
	struct says said[2];
	bool same;

	for (int k = 0; k < 2; k++) {
		pair_enter(p, k);
		says_run(&said[k], q->words, q->n);
	}
	same = said[0].status == said[1].status && pair_same(&said[0].out, &said[1].out) &&
	       pair_same(&said[0].err, &said[1].err);
	for (int k = 0; k < 2 && !same && why != NULL; k++)
		buf_printf(why, "---- %s: %d\n%s%s", pair_folders[k], said[k].status,
			   buf_text(&said[k].out), buf_text(&said[k].err));
	says_release(&said[0]);
	says_release(&said[1]);
	return same;
}

/* A number from the environment. */
static inline unsigned long long pair_number(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text != NULL && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

/* Which cases are tried: so many, from a seed on, which is printed. */
struct pair_cases { unsigned long long first, n; };

static inline struct pair_cases pair_cases(unsigned long long bounded, unsigned long long whole)
{
	struct pair_cases c = {
		.first = pair_number("SCAUDIT_SEED", (unsigned long long)when_now() % 1000000000),
		.n = pair_number("SCAUDIT_CASES", getenv("SCAUDIT_LONG") ? whole : bounded),
	};

	fprintf(stderr, "# SCAUDIT_SEED=%llu\n", c.first);
	return c;
}

#endif
