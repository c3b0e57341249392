// SPDX-License-Identifier: Apache-2.0
/*
 * A long life that is derived from its end (derive_behind): what comes out is what all of it
 * makes. Each time an end is given and is enough, all of the pid is derived beside it, into
 * nothing, and compared to the last field and row; so that no later change heals a fault unseen.
 *
 * `make test` runs as many as take some seconds; SCAUDIT_LONG=1 runs 2,000. The seed is printed;
 * SCAUDIT_SEED takes it.
 */
#include "tests/test.h"

#include "tests/derive_reading.h"

static struct reading_ends in_order;

static void one_log(struct oracle_log *log, bool stored)
{
	static const int ways[] = { 3, 5, 6, 7, 8 };
	int way = ways[dice(ARRAY_SIZE(ways))];
	unsigned marked = reading_ends.marked, done = reading_ends.done;
	struct reading whole, ends;
	struct texts want = { 0 }, got = { 0 };

	log_long(log);
	reading_mix_strings();
	reading_open(&whole, false);
	whole.ends = 0;
	reading_read(&whole, log, READING_AT_ONCE);
	reading_open(&ends, stored);
	ends.ends = 97;
	ends.compared = 100;
	reading_read(&ends, log, way);
	if (way == 3 || way == 6) {
		in_order.marked += reading_ends.marked - marked;
		in_order.done += reading_ends.done - done;
	}
	texts_of_reading(&whole, false, &want);
	texts_of_reading(&ends, false, &got);
	if (!stored) {
		texts_of_rows(&whole, &want);
		texts_of_rows(&ends, &got);
	}
	assert_same_texts(&want, &got, reading_ways[way]);
	texts_release(&want);
	texts_release(&got);
	reading_close(&whole);
	reading_close(&ends);
}

static void ends_are_enough(void **unused)
{
	const char *given = getenv("SCAUDIT_SEED"), *number = getenv("SCAUDIT_CASES");
	unsigned long long seed = given ? strtoull(given, NULL, 10) :
					  (unsigned long long)time(NULL);
	unsigned n = number ? (unsigned)atoi(number) : getenv("SCAUDIT_LONG") ? 2000 : 60;
	struct oracle_log log = { 0 };

	(void)unused;
	fprintf(stderr, "# seed %llu, %u logs of long lives\n", seed, n);
	for (unsigned i = 0; i < n; i++) {
		seed_of_case = seed + i;
		dice_seed(seed_of_case);
		one_log(&log, i % 5 == 0);
	}
	log_release(&log);
	fprintf(stderr,
		"# of %u changes behind a mark or before it %u were derived from there, %u of them "
		"without all that was before; of those in order %.0f %%; %u compared: 0 differences\n",
		reading_ends.marked, reading_ends.done, reading_ends.partial,
		100.0 * in_order.done / in_order.marked, reading_ends.compared);
	assert_true(in_order.done * 10 > in_order.marked * 9);
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, ends_are_enough);
	return run_rows(&t, "tail");
}
