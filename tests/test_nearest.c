// SPDX-License-Identifier: Apache-2.0
/* The nearest of some names, and what may have been meant. */
#include "store/base/nearest.h"
#include "tests/test.h"

#include <string.h>

static const struct { const char *a, *b; unsigned far;
} distances[] = {
	{ "", "", 0 },		{ "", "abc", 3 },	    { "abc", "", 3 },
	{ "read", "read", 0 },	{ "read", "raed", 2 },	    { "read", "reads", 1 },
	{ "read", "bread", 1 }, { "kitten", "sitting", 3 }, { "a", "b", 1 },
};

/* names: with blanks between; meant: what is proposed, "" for nothing; first: of the list. */
static const struct { const char *want, *names, *meant, *first; } rows[] = {
	{ "ingst", "status ingest lint", "ingest", "ingest" },
	{ "profiel", "profile policy", "profile", "profile" },
	{ "frobnicate", "run lint", "", "" },
	{ "java", "sh javac java8 perl", "javac", "javac" },
	{ "statsu", "status ingest", "status", "status" },
	{ "x", "", "", "" },
	{ "", "run", "", "" },
};

static void distances_are_levenshteins(void **state)
{
	char longer[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(distances); i++) {
		assert_int_equal(
			nearest_distance(bytes_of(distances[i].a), bytes_of(distances[i].b)),
			distances[i].far);
		assert_int_equal(
			nearest_distance(bytes_of(distances[i].b), bytes_of(distances[i].a)),
			distances[i].far);
	}
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(nearest_distance((struct bytes){ longer, sizeof(longer) },
					  (struct bytes){ longer, 1 }),
			 NEAREST_BYTES - 1);
}

static void the_nearest_comes_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nearest n = { .want = bytes_of(rows[i].want) };
		struct bytes meant;
		char names[100];

		snprintf(names, sizeof(names), "%s", rows[i].names);
		for (char *at = names, *name; (name = strsep(&at, " ")) != NULL;)
			nearest_add(&n, bytes_of(name));
		meant = nearest_meant(&n);
		if (rows[i].first[0] != '\0')
			assert_bytes(n.v[0], rows[i].first);
		assert_int_equal(meant.n > 0, rows[i].meant[0] != '\0');
		if (meant.n > 0)
			assert_bytes(meant, rows[i].meant);
	}
}

static void few_are_kept_each_once(void **state)
{
	static const char *const names[] = { "aaaa9", "aaaa",	   "aaaa", "bbbbbbbb",
					     "aaab",  "ccccccccc", "aabb", "d",
					     "e",     "f",	   "aaac" };
	struct nearest n = { .want = BYTES("aaaa") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		nearest_add(&n, bytes_of(names[i]));
	assert_int_equal(n.n, NEAREST_MOST);
	assert_bytes(n.v[0], "aaaa9");
	assert_bytes(n.v[1], "aaaa");
	assert_bytes(n.v[2], "aaab");
	assert_bytes(n.v[3], "aaac");
	assert_bytes(n.v[4], "aabb");
	for (size_t i = 1; i < n.n; i++)
		assert_true(n.far[i - 1] <= n.far[i]);
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, distances_are_levenshteins);
	ADD(&t, the_nearest_comes_first);
	ADD(&t, few_are_kept_each_once);
	return run_rows(&t, "nearest");
}
