// SPDX-License-Identifier: Apache-2.0
/*
 * The derivation (ingest/track) against the rules evaluated straight (tests/derive_oracle):
 * random logs, each read in random pieces and orders, with settling cut anywhere. What comes out
 * is the same to the last field.
 *
 * `make test` runs as many as take some seconds; SCAUDIT_LONG=1 runs 20,000. The seed is printed;
 * SCAUDIT_SEED takes it.
 */
#include "tests/test.h"

#include "ingest/track/cells.h"
#include "tests/derive_reading.h"

#define T0 LOG_T0
#define MOST_PARTS 1000

/* ---- the test ---- */

static struct {
	unsigned cases, logs, parts, records, within[WITHIN_RULES], rules[DERIVE_RULES], attached,
		crowded, mixed, stored;
} sums;

static void add_sums(const struct oracle *o, const struct oracle_log *log)
{
	sums.logs++;
	sums.parts += (unsigned)o->parts.n;
	sums.records += (unsigned)log->records.n;
	for (int i = 0; i < WITHIN_RULES; i++)
		sums.within[i] += o->within[i] > 0;
	for (int i = 0; i < DERIVE_RULES; i++)
		sums.rules[i] += o->rules[i] > 0;
	sums.attached += o->attached > 0;
	sums.crowded += o->crowded > 0;
}

/* A change leaves the rows that all of it read at once makes. */
static void assert_rows(const struct reading *r, const struct oracle_log *log)
{
	struct texts want = { 0 }, got = { 0 };
	struct reading fresh;

	reading_open(&fresh, false);
	reading_read(&fresh, log, READING_AT_ONCE);
	texts_of_rows(&fresh, &want);
	texts_of_rows(r, &got);
	assert_same_texts(&want, &got, "rows");
	texts_release(&want);
	texts_release(&got);
	reading_close(&fresh);
}

static void one_case(struct oracle_log *log, void make(struct oracle_log *log), bool stored)
{
	struct oracle o, trusted;
	struct oracle_log fewer = { 0 };
	struct texts want = { 0 }, want_trusted = { 0 };

	make(log);
	oracle_run(&o, log, &reading_by_number);
	assert_true(o.parts.n < MOST_PARTS);
	add_sums(&o, log);
	texts_of_oracle(&o, false, &want);
	log_without_text(log, &fewer);
	sums.mixed += fewer.records.n > 0 && fewer.records.n < log->records.n;
	oracle_run(&trusted, &fewer, &reading_by_number);
	texts_of_oracle(&trusted, true, &want_trusted);
	for (int way = 0; way < 6; way++) {
		struct reading r;
		struct texts got = { 0 }, got_trusted = { 0 };

		reading_mix_strings();
		reading_open(&r, stored && way == (int)(seed_of_case % READING_WAYS));
		r.ends = seed_of_case & 1 ? 70 : 99;
		reading_read(&r, log, way);
		texts_of_reading(&r, false, &got);
		texts_of_reading(&r, true, &got_trusted);
		assert_same_texts(&want, &got, reading_ways[way]);
		assert_same_texts(&want_trusted, &got_trusted, "trusted evidence alone");
		texts_release(&got);
		texts_release(&got_trusted);
		if (!r.stored && (way == 3 || way == 5))
			assert_rows(&r, log);
		reading_close(&r);
		sums.cases++;
		sums.stored += r.stored;
	}
	texts_release(&want);
	texts_release(&want_trusted);
	log_release(&fewer);
	oracle_release(&o);
	oracle_release(&trusted);
}

static void print_share(const char *what, unsigned n, bool judged)
{
	fprintf(stderr, "#   %5.1f %%  %s\n", 100.0 * n / sums.logs, what);
	if (judged && n * 100 < sums.logs)
		fail_msg("'%s' decides in fewer than 1 %% of the logs", what);
}

/* `share`: of the cases, a tenth or all. */
static void many_cases(const char *what, void make(struct oracle_log *log), unsigned share)
{
	const char *given = getenv("SCAUDIT_SEED"), *number = getenv("SCAUDIT_CASES");
	unsigned long long seed = given ? strtoull(given, NULL, 10) :
					  (unsigned long long)time(NULL);
	unsigned n = (number                 ? (unsigned)atoi(number) :
		      getenv("SCAUDIT_LONG") ? 20000 :
					       300) /
		     share;
	struct oracle_log log = { 0 };

	memset(&sums, 0, sizeof(sums));
	memset(&reading_ends, 0, sizeof(reading_ends));
	fprintf(stderr, "# seed %llu, %u logs of %s\n", seed, n, what);
	for (unsigned i = 0; i < n; i++) {
		seed_of_case = seed + i;
		dice_seed(seed_of_case);
		one_case(&log, make, i % 4 == 0);
	}
	log_release(&log);
	fprintf(stderr,
		"# %u logs, %u readings (%u of them into a store), %u records, %u parts: 0 "
		"differences\n",
		sums.logs, sums.cases, sums.stored, sums.records, sums.parts);
}

static void order_does_not_matter(void **unused)
{
	(void)unused;
	many_cases("all shapes", log_random, 1);
	fprintf(stderr, "# logs in which a rule decided:\n");
	for (int i = 0; i < WITHIN_RULES; i++)
		print_share(within_rule_names[i], sums.within[i], sums.logs >= 2000);
	for (int i = 0; i < DERIVE_RULES; i++)
		print_share(derive_rule_names[i], sums.rules[i], sums.logs >= 2000);
	print_share("trusted and text", sums.mixed, sums.logs >= 2000);
	print_share("text joins a trusted part", sums.attached, sums.logs >= 2000);
	print_share("a limit cuts what is looked at", sums.crowded, sums.logs >= 2000);
}

static void a_long_life_is_looked_at_from_its_end(void **unused)
{
	(void)unused;
	many_cases("long lives", log_long, 15);
	fprintf(stderr,
		"# of %u changes behind a mark or before it %u were derived from there, %u of them "
		"without all that was before\n",
		reading_ends.marked, reading_ends.done, reading_ends.partial);
	assert_true(reading_ends.partial > 0);
}

/* Few cells are a list, many have an index: both answer as going through all of them does. */
static void cells_are_found(void **unused)
{
	(void)unused;
	dice_seed(12345);
	for (int round = 0; round < 200; round++) {
		struct cells c = { 0 };
		uint64_t all[100], span = chance(50) ? 200 : 5000;
		size_t n = 1 + dice(ARRAY_SIZE(all));

		for (size_t i = 0; i < n; i++) {
			all[i] = dice((uint32_t)span);
			cells_add(&c, all[i]);
		}
		for (uint64_t cell = 0; cell < span + 40; cell++) {
			bool has = false, near = false;

			for (size_t i = 0; i < n; i++) {
				has = has || all[i] == cell;
				near = near || (all[i] > cell ? all[i] - cell : cell - all[i]) <=
						       CELLS_NEAR;
			}
			assert_int_equal(cells_has(&c, cell), has);
			assert_int_equal(cells_near(&c, cell), near);
		}
		cells_clear(&c);
		assert_false(cells_near(&c, all[0]));
		cells_add(&c, 7);
		assert_true(cells_has(&c, 7) && c.n == 1);
		cells_release(&c);
	}
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, cells_are_found);
	ADD(&t, order_does_not_matter);
	ADD(&t, a_long_life_is_looked_at_from_its_end);
	return run_rows(&t, "derive");
}
