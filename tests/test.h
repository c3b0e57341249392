/* SPDX-License-Identifier: Apache-2.0 */
/* What the test binaries share: rows of tables as tests, samples, copies of exact size. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include "store/base/bytes.h"
#include "store/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

struct tests { struct CMUnitTest *v; size_t n, cap; };

static inline void add_test(struct tests *t, const char *name, CMUnitTestFunction f, void *row)
{
	*VEC_PUSH(t) = (struct CMUnitTest){ .name = name, .test_func = f, .initial_state = row };
}

/* Each row is a test with its own name; rows are not const, because cmocka's state is not. */
#define ADD_ROWS(t, rows, f)                                                                       \
	do {                                                                                       \
		for (size_t i_ = 0; i_ < ARRAY_SIZE(rows); i_++)                                   \
			add_test(t, (rows)[i_].name, f, &(rows)[i_]);                              \
	} while (0)
#define ADD(t, f) add_test(t, #f, f, NULL)

static inline int run_rows(struct tests *t, const char *group)
{
	int failed = _cmocka_run_group_tests(group, t->v, t->n, NULL, NULL);

	VEC_FREE(t);
	return failed != 0;
}

/* A copy with nothing behind its last byte, so that sanitizers and valgrind see a read too far. The
 * caller frees. */
static inline char *exact_copy(struct bytes b)
{
	char *copy = mem_alloc(b.n);

	if (b.n)
		memcpy(copy, b.p, b.n);
	return copy;
}

#define assert_bytes(got, text)                                                                    \
	do {                                                                                       \
		struct bytes got_ = (got), want_ = bytes_of(text);                                 \
		if (!bytes_eq(got_, want_))                                                        \
			fail_msg("got '%.*s', expected '%s'", (int)got_.n, got_.n ? got_.p : "",   \
				 want_.p);                                                         \
	} while (0)

/* Processor time of f(n) in seconds. */
static inline double cost_of(void (*f)(unsigned n), unsigned n)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	f(n);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/*
 * Hostile input must not cost the square of its length: four times as much of it may take nine
 * times as long, not sixteen, in the best of three tries, since others use the machine. What takes
 * no time at all is not measured. Under valgrind (UNTIMED is set) times say nothing.
 */
#define assert_not_quadratic(f, n)                                                                 \
	do {                                                                                       \
		double once_ = 0, more_ = 0;                                                       \
		int tries_ = 0;                                                                    \
		if (getenv("UNTIMED") != NULL)                                                     \
			skip();                                                                    \
		do {                                                                               \
			once_ = cost_of(f, (n) / 2);                                               \
			more_ = cost_of(f, (n)*2);                                                 \
		} while (more_ > 0.1 && more_ > 9 * once_ && ++tries_ < 3);                        \
		if (tries_ == 3)                                                                   \
			fail_msg("%u: %.3f s, %u: %.3f s", (n) / 2, once_, (n)*2, more_);          \
	} while (0)

/* A whole file, ended by NUL. The caller frees. Tests run in the source tree, or say where it is:
 * SRCDIR. */
static inline char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct { char *v; size_t n, cap; } all = { 0 };
	size_t got;

	if (f == NULL)
		fail_msg("cannot open %s", path);
	do {
		VEC_ROOM(&all, 65536);
		got = fread(all.v + all.n, 1, 65535, f);
		all.n += got;
	} while (got > 0);
	assert_false(ferror(f));
	fclose(f);
	all.v[all.n] = '\0';
	return all.v;
}

static const char *const sample_files[] = {
	"samples/auditd-enriched.log", "samples/denials.log",      "samples/dmesg.log",
	"samples/i386.log",            "samples/java-threads.log", "samples/pipeline-auditd.log",
	"samples/pipeline.log",        "samples/runc-start.log",   "samples/syslog-ratelimited.log",
};

#endif
