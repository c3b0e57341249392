// SPDX-License-Identifier: Apache-2.0
/* Boots as a function of pieces: whatever order they come in. */
#include "tests/test.h"

#include "ingest/batch/boot.h"

#define NONE BOOT_NO_TIME

/* second, second, serial, serial, events, base, and the boot that it belongs to */
#define PIECE(s1, s2, n1, n2, events, boot_time, boot) { s1, s2, boot_time, n1, n2, events, boot }

static struct boot_row {
	const char *name;
	struct boot_piece v[8];
	size_t n;
	uint32_t boots;
} rows[] = {
	{ "one boot",
	  { PIECE(1000, 1010, 1, 400, 400, NONE, 0), PIECE(1010, 1020, 401, 900, 500, NONE, 0) },
	  2,
	  1 },
	{ "a reboot: serials begin again",
	  { PIECE(1000, 1010, 5000, 9000, 4000, NONE, 0), PIECE(1060, 1070, 2, 800, 700, NONE, 1),
	    PIECE(1071, 1080, 801, 900, 90, NONE, 1) },
	  3,
	  2 },
	{ "two reboots",
	  { PIECE(1000, 1010, 5000, 9000, 4000, NONE, 0), PIECE(1060, 1070, 2, 800, 700, NONE, 1),
	    PIECE(1160, 1170, 2, 90, 80, NONE, 2) },
	  3,
	  3 },
	{ "a gap in serials is loss, no boot",
	  { PIECE(1000, 1010, 1, 400, 400, NONE, 0),
	    PIECE(1011, 1020, 90000, 90900, 900, NONE, 0) },
	  2,
	  1 },
	{ "records out of order where a second ends",
	  { PIECE(1000, 1000, 1, 446, 440, NONE, 0), PIECE(1001, 1001, 400, 900, 500, NONE, 0) },
	  2,
	  1 },
	{ "a wrap of the serial",
	  { PIECE(1000, 1010, 4294960000u, 4294967295u, 7000, NONE, 0),
	    PIECE(1010, 1020, 0, 900, 900, NONE, 1) },
	  2,
	  2 },
	{ "a clock that steps back and goes on",
	  { PIECE(1000, 1010, 1, 4000, 4000, NONE, 1), PIECE(400, 410, 4001, 5000, 900, NONE, 0) },
	  2,
	  2 },
	{ "uptime tells boots apart whose serials rise",
	  { PIECE(1000, 1010, 1, 400, 400, 990, 0), PIECE(1100, 1110, 500, 900, 400, 1090, 1) },
	  2,
	  2 },
	{ "uptime that is near is the same boot",
	  { PIECE(1000, 1010, 1, 400, 400, 990, 0), PIECE(1100, 1110, 500, 900, 400, 995, 0) },
	  2,
	  1 },
	{ "pieces without uptime go with those around",
	  { PIECE(1000, 1010, 1, 400, 400, 990, 0), PIECE(1020, 1030, 401, 500, 90, NONE, 0),
	    PIECE(1100, 1110, 501, 900, 400, 990, 0) },
	  3,
	  1 },
	{ "a sparse boot beside a whole one",
	  { PIECE(1000, 1000, 7000, 7000, 1, NONE, 0), PIECE(2000, 2010, 1, 4000, 4000, NONE, 1),
	    PIECE(2500, 2500, 9000, 9000, 1, NONE, 1) },
	  3,
	  2 },
	{ "one forged high serial between",
	  { PIECE(1000, 1010, 1, 400, 400, NONE, 0),
	    PIECE(1011, 1011, 4000000000u, 4000000000u, 1, NONE, 1),
	    PIECE(1012, 1020, 401, 900, 500, NONE, 0) },
	  3,
	  2 },
	{ "one forged low serial between",
	  { PIECE(1000, 1010, 5000, 5400, 400, NONE, 0), PIECE(1011, 1011, 3, 3, 1, NONE, 1),
	    PIECE(1012, 1020, 5401, 5900, 500, NONE, 0) },
	  3,
	  2 },
	{ "two forged high serials in turn",
	  { PIECE(1000, 1010, 1, 400, 400, NONE, 0),
	    PIECE(1011, 1011, 4000000000u, 4000000000u, 1, NONE, 1),
	    PIECE(1012, 1020, 401, 900, 500, NONE, 0),
	    PIECE(1021, 1021, 4000000001u, 4000000001u, 1, NONE, 1),
	    PIECE(1022, 1030, 901, 1400, 500, NONE, 0) },
	  5,
	  2 },
};

static void check_boots(const struct boot_row *r, const size_t *order)
{
	struct boot_pieces p = { 0 };

	for (size_t i = 0; i < r->n; i++)
		*VEC_PUSH(&p) = r->v[order[i]];
	for (size_t i = 0; i < p.n; i++)
		p.v[i].boot = 77;
	assert_int_equal(boot_chains(&p), r->boots);
	for (size_t i = 0; i < p.n; i++)
		for (size_t k = 0; k < r->n; k++)
			if (p.v[i].serial_lo == r->v[k].serial_lo &&
			    p.v[i].sec_lo == r->v[k].sec_lo && p.v[i].boot != r->v[k].boot)
				fail_msg("the piece from serial %u on is of boot %u, not %u",
					 p.v[i].serial_lo, p.v[i].boot, r->v[k].boot);
	VEC_FREE(&p);
}

/* All orders of the row's pieces (at most 120). */
static void permute(const struct boot_row *r, size_t *order, size_t at)
{
	if (at == r->n)
		check_boots(r, order);
	for (size_t i = at; i < r->n; i++) {
		size_t was = order[at];

		order[at] = order[i];
		order[i] = was;
		permute(r, order, at + 1);
		order[i] = order[at];
		order[at] = was;
	}
}

static void check_any_order(void **state)
{
	size_t order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };

	permute(*state, order, 0);
}

static void pieces_survive_the_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct boot_pieces in = { 0 }, out = { 0 };
		auto_buf struct buf blob = { 0 };

		for (size_t k = 0; k < rows[i].n; k++)
			*VEC_PUSH(&in) = rows[i].v[k];
		boot_encode(&in, &blob);
		assert_true(boot_decode(&out, buf_bytes(&blob), 55));
		assert_int_equal(out.n, in.n);
		for (size_t k = 0; k < in.n; k++) {
			assert_int_equal(out.v[k].sec_lo, in.v[k].sec_lo);
			assert_int_equal(out.v[k].sec_hi, in.v[k].sec_hi);
			assert_int_equal(out.v[k].serial_lo, in.v[k].serial_lo);
			assert_int_equal(out.v[k].serial_hi, in.v[k].serial_hi);
			assert_int_equal(out.v[k].events, in.v[k].events);
			assert_int_equal(out.v[k].boot_time, 55);
		}
		for (size_t n = 1; n < blob.n; n++) {
			char *copy = exact_copy((struct bytes){ blob.p, n });
			struct boot_pieces cut = { 0 };

			if (boot_decode(&cut, (struct bytes){ copy, n }, NONE))
				assert_true(cut.n < in.n);
			VEC_FREE(&cut);
			free(copy);
		}
		VEC_FREE(&in);
		VEC_FREE(&out);
	}
}

static void serials_over_32_bits_are_refused(void **state)
{
	struct boot_pieces out = { 0 };
	auto_buf struct buf blob = { 0 };

	(void)state;
	buf_varint(&blob, 1000);
	buf_varint(&blob, 0);
	buf_varint(&blob, UINT32_MAX);
	buf_varint(&blob, 1);
	buf_varint(&blob, 1);
	assert_false(boot_decode(&out, buf_bytes(&blob), NONE));
	VEC_FREE(&out);
}

/* A user can write any line: serials that fall with every second. */
static void chain_falling_pieces(unsigned n)
{
	struct boot_pieces p = { 0 };

	for (uint32_t i = 0; i < n; i++)
		*VEC_PUSH(&p) =
			(struct boot_piece)PIECE(1000 + i * 2, 1000 + i * 2, 4000000000u - i * 100,
						 4000000000u - i * 100, 9, NONE, 0);
	assert_int_equal(boot_chains(&p), n);
	VEC_FREE(&p);
}

static void pieces_that_fit_nowhere_stay_cheap(void **state)
{
	(void)state;
	assert_not_quadratic(chain_falling_pieces, 40000u);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check_any_order);
	ADD(&t, pieces_survive_the_round_trip);
	ADD(&t, serials_over_32_bits_are_refused);
	ADD(&t, pieces_that_fit_nowhere_stay_cheap);
	return run_rows(&t, "boot");
}
