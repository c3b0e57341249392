// SPDX-License-Identifier: Apache-2.0
/* The readiness rule: how many clean starts it takes, and what news does. docs/verdict.md has the
 * figures. */
#include "tests/test.h"

#include "analyze/evidence/readiness.h"

#include <math.h>

static struct readiness_unit units[2000];

static struct readiness_bound judge(size_t n, double risk)
{
	return readiness_judge(units, n, risk);
}

static void all_alike(size_t n)
{
	for (size_t i = 0; i < n; i++)
		units[i] = (struct readiness_unit){ .clean = true, .news = i == 0 };
}

struct takes { const char *name; double risk; size_t news_at, starts; };

/* So many starts, and not one less. news_at: a start after the warm-up that brings a name; 0: none.
 */
static struct takes takes[] = {
	{ "5 %: 20 and 69", 0.05, 0, 89 },
	{ "1 %: 20 and 348", 0.01, 0, 368 },
	{ "10 %: 20 and 34", 0.1, 0, 54 },
	{ "5 %, news at 21: 96 more", 0.05, 20, 21 + 96 },
	{ "5 %, news at 89: 96 more", 0.05, 88, 89 + 96 },
	{ "5 %, news in the warm-up: as none", 0.05, 19, 89 },
};

static void takes_so_many(void **state)
{
	const struct takes *t = *state;

	all_alike(2000);
	if (t->news_at)
		units[t->news_at].news = true;
	assert_int_equal(judge(t->starts, t->risk).more, 0);
	assert_true(judge(t->starts, t->risk).chance <= t->risk);
	assert_int_equal(judge(t->starts - 1, t->risk).more, 1);
	assert_true(judge(t->starts - 1, t->risk).chance > t->risk);
}

static void nothing_says_nothing(void **state)
{
	struct readiness_bound b = judge(0, 0.05);

	(void)state;
	assert_true(b.chance >= 1);
	assert_int_equal(b.more, 89);
	all_alike(20);
	assert_int_equal(judge(20, 0.05).more, 69);
	assert_true(judge(20, 0.05).chance >= 1);
}

/* Starts that are not whole never count, neither for the warm-up nor after it; their news does. */
static void lossy_starts_count_for_nothing_but_news(void **state)
{
	(void)state;
	for (size_t i = 0; i < 1000; i++)
		units[i] = (struct readiness_unit){ .clean = i % 2, .news = i == 0 };
	assert_int_equal(judge(177, 0.05).more, 1);
	assert_int_equal(judge(178, 0.05).more, 0);
	units[176].news = true; /* one of the lossy ones */
	assert_int_equal(judge(178, 0.05).stage, 2);
	for (size_t i = 0; i < 1000; i++)
		units[i].clean = false;
	assert_int_equal(judge(1000, 0.05).clean, 0);
	assert_true(judge(1000, 0.05).more >= 89);
}

/* The shares of alpha of all stages together are no more than alpha. */
static void stages_share_alpha(void **state)
{
	double sum = 0;

	(void)state;
	for (size_t n = 1; n < 1000; n++) {
		struct readiness_bound b;

		all_alike(1500);
		for (size_t i = 0; i + 1 < n; i++)
			units[20 + i].news = true;
		b = judge(20 + n, 0.05); /* one clean start after the last news */
		assert_int_equal(b.stage, n);
		assert_int_equal(b.clean, 1);
		sum += 1 - b.chance;
	}
	assert_true(sum < READINESS_ALPHA && sum > 0.99 * READINESS_ALPHA);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, takes, takes_so_many);
	ADD(&t, nothing_says_nothing);
	ADD(&t, lossy_starts_count_for_nothing_but_news);
	ADD(&t, stages_share_alpha);
	return run_rows(&t, "readiness");
}
