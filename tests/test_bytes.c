// SPDX-License-Identifier: Apache-2.0
/* Borrowed bytes: numbers of all notations, words, searches. */
#include "tests/test.h"

/* ---- numbers ---- */

static struct number_row {
	const char *name, *text;
	bool hex;
	uint64_t max;
	size_t taken;
	uint64_t value;
} numbers[] = {
	{ "dec: one digit", "7x", false, 100, 1, 7 },
	{ "dec: zero", "0", false, 100, 1, 0 },
	{ "dec: zero before a letter", "0x1f", false, 100, 1, 0 },
	{ "dec: leading zero is none", "01", false, 100, 0, 0 },
	{ "dec: max is taken", "100", false, 100, 3, 100 },
	{ "dec: over max is none", "101", false, 100, 0, 0 },
	{ "dec: one digit over max is none", "9", false, 8, 0, 0 },
	{ "dec: 32 bits", "4294967295:", false, UINT32_MAX, 10, UINT32_MAX },
	{ "dec: over 32 bits is none", "4294967296:", false, UINT32_MAX, 0, 0 },
	{ "dec: 64 bits", "18446744073709551615", false, UINT64_MAX, 20, UINT64_MAX },
	{ "dec: over 64 bits is none", "18446744073709551616", false, UINT64_MAX, 0, 0 },
	{ "dec: 40 digits are none", "9999999999999999999999999999999999999999", false, UINT64_MAX,
	  0, 0 },
	{ "dec: sign is none", "-1", false, 100, 0, 0 },
	{ "dec: plus is none", "+1", false, 100, 0, 0 },
	{ "dec: blank is none", " 1", false, 100, 0, 0 },
	{ "dec: nothing is none", "", false, 100, 0, 0 },
	{ "hex: digits and letters", "7ffc0000 ", true, UINT32_MAX, 8, 0x7ffc0000 },
	{ "hex: leading zeros", "000f", true, UINT32_MAX, 4, 15 },
	{ "hex: upper case ends it", "8000A", true, UINT32_MAX, 4, 0x8000 },
	{ "hex: upper case alone is none", "A", true, UINT32_MAX, 0, 0 },
	{ "hex: over max is none", "100000000", true, UINT32_MAX, 0, 0 },
	{ "hex: sixteen digits", "ffffffffffffffff", true, UINT64_MAX, 16, UINT64_MAX },
	{ "hex: seventeen digits are none", "0ffffffffffffffff", true, UINT64_MAX, 0, 0 },
	{ "hex: letter g is none", "g", true, UINT64_MAX, 0, 0 },
	{ "hex: nothing is none", "", true, UINT64_MAX, 0, 0 },
};

static void check_number(void **state)
{
	const struct number_row *r = *state;
	char *copy = exact_copy(bytes_of(r->text));
	struct bytes b = { copy, strlen(r->text) };
	uint64_t v = 12345;
	size_t n = r->hex ? bytes_hex(&b, r->max, &v) : bytes_dec(&b, r->max, &v);

	assert_int_equal(n, r->taken);
	assert_int_equal(b.n, strlen(r->text) - r->taken);
	assert_true(b.p == copy + r->taken);
	assert_true(v == (n ? r->value : 12345));
	free(copy);
}

/* ---- hex text ---- */

static struct unhex_row { const char *name, *text; ptrdiff_t n; const char *out; } unhexes[] = {
	{ "unhex: text",                     "6C6F67",    3,  "log" },
	{ "unhex: nothing",                  "",          0,  "" },
	{ "unhex: odd length",               "6C6F6",     -1, "" },
	{ "unhex: lower case",               "6c6f67",    -1, "" },
	{ "unhex: other letter, high nibble", "G0",       -1, "" },
	{ "unhex: other letter, low nibble", "0G",        -1, "" },
	{ "unhex: quote",                    "\"\"",      -1, "" },
	{ "unhex: as long as the room",      "31323334",  4,  "1234" },
	{ "unhex: longer than the room",     "3132333435", -1, "" },
};

static void check_unhex(void **state)
{
	const struct unhex_row *r = *state;
	char *out = mem_alloc(4);

	assert_int_equal(bytes_unhex(bytes_of(r->text), out, 4), r->n);
	if (r->n > 0)
		assert_memory_equal(out, r->out, (size_t)r->n);
	free(out);
}

static void unhex_reads_all_256_bytes(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[3], out = 0;

		snprintf(text, sizeof(text), "%02X", c);
		assert_int_equal(bytes_unhex((struct bytes){ text, 2 }, &out, 1), 1);
		assert_int_equal((unsigned char)out, c);
	}
}

/* ---- UTF-8 ---- */

static struct utf8_row { const char *name, *text; bool valid; } utf8s[] = {
	{ "utf8: nothing",                      "",                     true },
	{ "utf8: ASCII",                        "sh -c\n\x7f",          true },
	{ "utf8: two bytes",                    "\xc3\xa9",             true },
	{ "utf8: three bytes",                  "\xe2\x82\xac",         true },
	{ "utf8: four bytes",                   "\xf0\x9f\x98\x80",     true },
	{ "utf8: the last code point",          "\xf4\x8f\xbf\xbf",     true },
	{ "utf8: beyond the last code point",   "\xf4\x90\x80\x80",     false },
	{ "utf8: overlong, two bytes",          "\xc0\xaf",             false },
	{ "utf8: overlong, three bytes",        "\xe0\x80\xaf",         false },
	{ "utf8: overlong, four bytes",         "\xf0\x80\x80\xaf",     false },
	{ "utf8: surrogate",                    "\xed\xa0\x80",         false },
	{ "utf8: continuation alone",           "\x80",                 false },
	{ "utf8: cut after one of two",         "a\xc3",                false },
	{ "utf8: cut after two of three",       "a\xe2\x82",            false },
	{ "utf8: cut after three of four",      "a\xf0\x9f\x98",        false },
	{ "utf8: ASCII where one has to follow", "\xe2\x82" "a",        false },
	{ "utf8: 0xff",                         "\xff",                 false },
};

static void check_utf8(void **state)
{
	const struct utf8_row *r = *state;
	size_t n = strlen(r->text);
	char *copy = exact_copy(bytes_of(r->text));

	assert_int_equal(bytes_utf8((struct bytes){ copy, n }), r->valid);
	free(copy);
}

static void utf8_refuses_nul(void **state)
{
	(void)state;
	assert_false(bytes_utf8((struct bytes){ "a\0b", 3 }));
}

/* ---- cutting ---- */

static void find_and_has(void **state)
{
	struct bytes b = BYTES("type=1326 audit(");

	(void)state;
	assert_int_equal(bytes_find(b, BYTES("1326")), 5);
	assert_int_equal(bytes_find(b, BYTES("1327")), b.n);
	assert_int_equal(bytes_find((struct bytes){ "", 0 }, BYTES("x")), 0);
	assert_true(bytes_has(b, BYTES("audit(")));
	assert_false(bytes_has(b, BYTES("audit()")));
}

static void until_and_take(void **state)
{
	struct bytes b = BYTES("a b c");

	(void)state;
	assert_bytes(bytes_until(&b, ' '), "a");
	assert_bytes(b, " b c");
	assert_false(bytes_take(&b, BYTES("b")));
	assert_true(bytes_take(&b, BYTES(" b ")));
	assert_bytes(bytes_until(&b, ' '), "c");
	assert_int_equal(b.n, 0);
	bytes_skip(&b, 5);
	assert_int_equal(b.n, 0);
}

static void trim_knows_blanks_tabs_and_line_ends(void **state)
{
	struct bytes b = BYTES(" \t a b \t\r\n");

	(void)state;
	bytes_trim_left(&b);
	bytes_trim_right(&b);
	assert_bytes(b, "a b");
	b = BYTES(" \r ");
	bytes_trim_right(&b);
	assert_int_equal(b.n, 0);
	b = BYTES("\v\f\xa0");
	bytes_trim_left(&b);
	assert_int_equal(b.n, 3);
}

static void starts_and_eq(void **state)
{
	(void)state;
	assert_true(bytes_eq(BYTES(""), (struct bytes){ NULL, 0 }));
	assert_false(bytes_eq(BYTES("a"), BYTES("ab")));
	assert_true(bytes_starts(BYTES("ab"), BYTES("a")));
	assert_false(bytes_starts(BYTES("a"), BYTES("ab")));
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, numbers, check_number);
	ADD_ROWS(&t, unhexes, check_unhex);
	ADD(&t, unhex_reads_all_256_bytes);
	ADD_ROWS(&t, utf8s, check_utf8);
	ADD(&t, utf8_refuses_nul);
	ADD(&t, find_and_has);
	ADD(&t, until_and_take);
	ADD(&t, trim_knows_blanks_tabs_and_line_ends);
	ADD(&t, starts_and_eq);
	return run_rows(&t, "bytes");
}
