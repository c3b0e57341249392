// SPDX-License-Identifier: Apache-2.0
/* Blocks to lines, through a pipe that hands out what the test writes, piece by piece. */
#include "tests/test.h"

#include "ingest/read/lines.h"

#include <sys/mman.h>
#include <unistd.h>

/* ---- every way of cutting a text into two reads ---- */

static struct text_row { const char *name, *text; size_t n; const char *lines[6]; } texts[] = {
	{ "lines: three, newline at the end",  "a\nbb\nccc\n",  3, { "a", "bb", "ccc" } },
	{ "lines: no newline at the end",      "a\nbb",         2, { "a", "bb" } },
	{ "lines: empty ones count",           "\n\na\n\n",     4, { "", "", "a", "" } },
	{ "lines: one alone, no newline",      "a",             1, { "a" } },
	{ "lines: nothing",                    "",              0, { NULL } },
	{ "lines: CR stays",                   "a\r\nb\r\n",    2, { "a\r", "b\r" } },
};

static void check_text(void **state)
{
	const struct text_row *r = *state;
	size_t n = strlen(r->text);

	for (size_t cut = 0; cut <= n; cut++) {
		struct err e = { 0 };
		enum lines_state got = LINES_GOT;
		struct bytes line;
		struct lines l;
		size_t seen = 0;
		int fd[2];
		bool too_long;

		assert_int_equal(pipe(fd), 0);
		lines_init(&l, fd[0]);
		assert_int_equal(write(fd[1], r->text, cut), cut);
		for (int part = 0; got != LINES_EOF; part++) {
			if (part == 1) {
				assert_int_equal(write(fd[1], r->text + cut, n - cut), n - cut);
				close(fd[1]);
			}
			assert_int_equal(lines_fill(&l, part == 0 ? 0 : -1, &got, &e), 0);
			assert_true(got != LINES_TIMEOUT || part == 0);
			while (lines_next(&l, &line, &too_long)) {
				assert_in_range(seen, 0, r->n);
				assert_bytes(line, r->lines[seen]);
				assert_false(too_long);
				assert_int_equal(l.number, ++seen);
			}
		}
		assert_int_equal(seen, r->n);
		assert_int_equal(l.bytes, n);
		assert_false(lines_ready(&l));
		lines_release(&l);
		close(fd[0]);
	}
}

/* ---- lines of any length ---- */

#define NEEDLE "type=1326"

static struct long_row {
	const char *name;
	size_t n, needle_at;
	bool newline, cut, mentions;
} longs[] = {
	{ "long: 64 KiB is whole", LINES_MAX, SIZE_MAX, true, false, false },
	{ "long: 64 KiB and one byte is cut", LINES_MAX + 1, SIZE_MAX, true, true, false },
	{ "long: 64 KiB and one byte, no newline", LINES_MAX + 1, SIZE_MAX, false, true, false },
	{ "long: a record at its front is noticed", 100000, 0, true, true, true },
	{ "long: a record behind the cut is noticed", 100000, 90000, true, true, true },
	{ "long: as long as the buffer", 256 << 10, SIZE_MAX, true, true, false },
	{ "long: over the buffer by one", (256 << 10) + 1, SIZE_MAX, true, true, false },
	{ "long: three megabytes", 3 << 20, SIZE_MAX, true, true, false },
	{ "long: three megabytes without newline", 3 << 20, SIZE_MAX, false, true, false },
	{ "long: three megabytes, a record at its front", 3 << 20, 5, true, true, true },
	{ "long: ... in its middle", 3 << 20, 1234567, true, true, true },
	{ "long: ... at its end", 3 << 20, (3 << 20) - 9, true, true, true },
	{ "long: ... across the end of a block", 3 << 20, (256 << 10) - 4, true, true, true },
};

static void check_long(void **state)
{
	const struct long_row *r = *state;
	char *text = mem_alloc(r->n);
	int fd = memfd_create("lines", 0);
	struct err e = { 0 };
	enum lines_state got = LINES_GOT;
	struct bytes line;
	struct lines l;
	unsigned seen = 0;
	bool cut;

	memset(text, 'x', r->n);
	if (r->needle_at != SIZE_MAX)
		memcpy(text + r->needle_at, NEEDLE, sizeof(NEEDLE) - 1);
	assert_int_equal(write(fd, "before\n", 7), 7);
	assert_int_equal(write(fd, text, r->n), r->n);
	if (r->newline)
		assert_int_equal(write(fd, "\nafter\n", 7), 7);
	lseek(fd, 0, SEEK_SET);
	lines_init(&l, fd);
	while (got != LINES_EOF) {
		assert_int_equal(lines_fill(&l, -1, &got, &e), 0);
		while (lines_next(&l, &line, &cut)) {
			seen++;
			assert_int_equal(cut, seen == 2 && r->cut);
			if (seen != 2) {
				assert_bytes(line, seen == 1 ? "before" : "after");
				continue;
			}
			assert_int_equal(line.n, r->cut ? LINES_MAX : r->n);
			assert_memory_equal(line.p, text, line.n);
			if (cut)
				assert_int_equal(l.mentions, r->mentions);
		}
	}
	assert_int_equal(seen, r->newline ? 3 : 2);
	assert_int_equal(l.number, seen);
	lines_release(&l);
	close(fd);
	free(text);
}

static void two_long_lines_do_not_share_what_was_noticed(void **state)
{
	char *text = mem_alloc(1 << 20);
	int fd = memfd_create("lines", 0);
	struct err e = { 0 };
	enum lines_state got = LINES_GOT;
	struct bytes line;
	struct lines l;
	unsigned seen = 0;
	bool cut;

	(void)state;
	memset(text, 'x', 1 << 20);
	memcpy(text, NEEDLE, sizeof(NEEDLE) - 1);
	text[(1 << 20) - 1] = '\n';
	assert_int_equal(write(fd, text, 1 << 20), 1 << 20);
	memset(text, 'x', sizeof(NEEDLE));
	assert_int_equal(write(fd, text, 1 << 20), 1 << 20);
	lseek(fd, 0, SEEK_SET);
	lines_init(&l, fd);
	while (got != LINES_EOF) {
		assert_int_equal(lines_fill(&l, -1, &got, &e), 0);
		while (lines_next(&l, &line, &cut)) {
			assert_true(cut);
			assert_int_equal(l.mentions, seen++ == 0);
		}
	}
	assert_int_equal(seen, 2);
	lines_release(&l);
	close(fd);
	free(text);
}

static void an_unreadable_descriptor_is_an_error(void **state)
{
	struct err e = { 0 };
	enum lines_state got;
	struct lines l;

	(void)state;
	lines_init(&l, -1);
	assert_int_equal(lines_fill(&l, -1, &got, &e), -1);
	assert_int_equal(e.status, ST_INPUT);
	lines_release(&l);
}

static void a_silent_pipe_ends_in_a_timeout(void **state)
{
	struct err e = { 0 };
	enum lines_state got;
	struct lines l;
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	lines_init(&l, fd[0]);
	assert_int_equal(lines_fill(&l, 1, &got, &e), 0);
	assert_int_equal(got, LINES_TIMEOUT);
	lines_release(&l);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, texts, check_text);
	ADD_ROWS(&t, longs, check_long);
	ADD(&t, two_long_lines_do_not_share_what_was_noticed);
	ADD(&t, an_unreadable_descriptor_is_an_error);
	ADD(&t, a_silent_pipe_ends_in_a_timeout);
	return run_rows(&t, "lines");
}
