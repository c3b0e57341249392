// SPDX-License-Identifier: Apache-2.0
/* buf, esc, pool, map, err: what all else is built of. */
#include "tests/test.h"

#include <time.h>

#include "store/base/err.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/base/pool.h"

#include <errno.h>
#include <unistd.h>

/* ---- buf ---- */

static void buf_grows_and_is_text_when_asked(void **state)
{
	auto_buf struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	buf_add(&b, NULL, 0);
	buf_str(&b, "end");
	assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4 + 3);
	assert_string_equal(buf_text(&b) + b.n - 7, "999,end");
}

/* What auto_* calls may be called by hand, and then again at the end of the scope. */
static void cleanups_leave_nothing_behind(void **state)
{
	auto_free char *text = mem_dup("text");
	auto_close int fd = dup(0);
	auto_fclose FILE *f = fopen("/dev/null", "re");
	auto_buf struct buf b = { 0 };
	VEC(char *) names = { 0 };
	int freed;

	(void)state;
	buf_str(&b, "text");
	*VEC_PUSH(&names) = mem_dup("name");
	mem_free_at(&names.v[0]);
	assert_null(names.v[0]);
	VEC_FREE(&names);
	VEC_FREE(&names);
	assert_null(names.v);
	mem_free_at(&text);
	assert_null(text);
	freed = fd;
	mem_close_at(&fd);
	assert_int_equal(fd, -1);
	assert_true(dup2(0, freed) == freed); /* whoever gets the number next keeps it */
	mem_close_at(&fd);
	assert_int_equal(close(freed), 0);
	mem_fclose_at(&f);
	assert_null(f);
	buf_release(&b);
	assert_null(b.p);
}

static void buf_of_nothing_is_an_empty_text(void **state)
{
	auto_buf struct buf b = { 0 };

	(void)state;
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.n, 0);
}

static struct varint_row { const char *name; uint64_t v; size_t n; } varints[] = {
	{ "varint: 0 takes one byte", 0, 1 },
	{ "varint: 127 takes one byte", 127, 1 },
	{ "varint: 128 takes two bytes", 128, 2 },
	{ "varint: 16383 takes two bytes", 16383, 2 },
	{ "varint: 32 bits take five bytes", UINT32_MAX, 5 },
	{ "varint: 64 bits take ten bytes", UINT64_MAX, 10 },
};

static void check_varint(void **state)
{
	const struct varint_row *r = *state;
	auto_buf struct buf b = { 0 };
	uint64_t v = 0;

	buf_varint(&b, r->v);
	assert_int_equal(b.n, r->n);
	for (size_t n = 0; n <= r->n; n++) {
		char *copy = exact_copy((struct bytes){ b.p, n });
		struct bytes in = { copy, n };

		assert_int_equal(buf_take_varint(&in, &v), n == r->n);
		free(copy);
	}
	assert_true(v == r->v);
}

static void varint_over_64_bits_is_refused(void **state)
{
	struct bytes eleven = BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	uint64_t v;

	(void)state;
	assert_false(buf_take_varint(&eleven, &v));
}

/* ---- esc ---- */

typedef void esc_fn(struct buf *out, struct bytes b);

static struct esc_row { const char *name; esc_fn *f; const char *in, *out;
} escapes[] = {
	{ "tty: plain text as it is", esc_tty, "runc:[2:INIT] \"x\" 'y' $(z)",
	  "runc:[2:INIT] \"x\" 'y' $(z)" },
	{ "tty: escape sequence", esc_tty, "\x1b[31m", "\\x1b[31m" },
	{ "tty: backslash, so it can be read back", esc_tty, "\\x1b", "\\x5cx1b" },
	{ "tty: line end, CR, tab, DEL", esc_tty, "\n\r\t\x7f", "\\x0a\\x0d\\x09\\x7f" },
	{ "tty: CSI of eight-bit terminals", esc_tty,
	  "\x9b"
	  "31m",
	  "\\x9b31m" },
	{ "tty: UTF-8 is bytes", esc_tty, "\xc3\xa9", "\\xc3\\xa9" },
	{ "shell: harmless is bare", esc_shell, "/usr/bin/x-1.2_a", "/usr/bin/x-1.2_a" },
	{ "shell: empty is a word", esc_shell, "", "''" },
	{ "shell: blank", esc_shell, "log writer", "'log writer'" },
	{ "shell: substitution", esc_shell, "$(reboot)`x`;&|", "'$(reboot)`x`;&|'" },
	{ "shell: quote", esc_shell, "it's", "$'it\\x27s'" },
	{ "shell: escape and backslash", esc_shell, "\x1b[m\\", "$'\\x1b[m\\x5c'" },
	{ "shell: high byte", esc_shell, "\xff", "$'\\xff'" },
	{ "shell: tilde is not a home", esc_shell, "~root", "'~root'" },
	{ "hex: lower case, two digits", esc_hex, "\x01\xff/", "01ff2f" },
	{ "read: what tty wrote", esc_read, "\\x5cx2a/\\x1b\\xff", "\\x2a/\x1b\xff" },
	{ "read: what is no escape stays", esc_read, "\\\\x4\\xG0\\X41\\x4A\\",
	  "\\\\x4\\xG0\\X41\\x4A\\" },
	{ "again: a backslash stays", esc_again, "a\\x1b > \x1b[m\xc3\xa9\n",
	  "a\\x1b > \\x1b[m\\xc3\\xa9\\x0a" },
	{ "message: text as it is", esc_message, "na\xc3\xafve\n", "na\xc3\xafve\n" },
	{ "message: direction, line separator", esc_message,
	  "a\xe2\x80\xae"
	  "b\xe2\x80\xa8",
	  "a\\xe2\\x80\\xae"
	  "b\\xe2\\x80\\xa8" },
	{ "json: UTF-8 as it is", esc_json_doc, "\xe2\x82\xac\xf0\x9f\x98\x80",
	  "\xe2\x82\xac\xf0\x9f\x98\x80" },
	{ "json: DEL, C1 controls", esc_json_doc,
	  "\x7f\xc2\x9b"
	  "31m",
	  "\\u007f\\u009b31m" },
	{ "json: marks of direction", esc_json_doc, "\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f",
	  "\\u202e\\u2066\\u061c\\u200f" },
	{ "json: ends of lines and paragraphs", esc_json_doc, "\xe2\x80\xa8\xe2\x80\xa9\xc2\x85",
	  "\\u2028\\u2029\\u0085" },
	{ "json: no width, BOM, soft hyphen", esc_json_doc,
	  "\xe2\x80\x8b\xef\xbb\xbf\xc2\xad\xe3\x85\xa4", "\\u200b\\ufeff\\u00ad\\u3164" },
	{ "json: noncharacters", esc_json_doc, "\xef\xbf\xbe\xef\xb7\x90", "\\ufffe\\ufdd0" },
	{ "json: tags, as a pair of surrogates", esc_json_doc, "\xf3\xa0\x80\x81\xf4\x8f\xbf\xbf",
	  "\\udb40\\udc01\\udbff\\udfff" },
	{ "json: no UTF-8", esc_json_doc, "a\xff\xc3", "a\xef\xbf\xbd\xef\xbf\xbd" },
};

static void check_esc(void **state)
{
	const struct esc_row *r = *state;
	char *copy = exact_copy(bytes_of(r->in));
	auto_buf struct buf out = { 0 };

	r->f(&out, (struct bytes){ copy, strlen(r->in) });
	assert_string_equal(buf_text(&out), r->out);
	free(copy);
}

static unsigned digit_of(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void tty_shows_every_byte_in_printable_ascii_and_can_be_read_back(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		auto_buf struct buf out = { 0 };
		char in = (char)c;
		unsigned back;

		esc_tty(&out, (struct bytes){ &in, 1 });
		assert_in_range(out.n, 1, 4);
		for (size_t i = 0; i < out.n; i++)
			assert_in_range((unsigned char)out.p[i], 0x20, 0x7e);
		back = out.n == 1 ? (unsigned char)out.p[0] :
				    digit_of(out.p[2]) * 16 + digit_of(out.p[3]);
		assert_int_equal(back, c);
	}
}

static void shell_shows_every_byte_in_printable_ascii(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		auto_buf struct buf out = { 0 };
		char in = (char)c;

		esc_shell(&out, (struct bytes){ &in, 1 });
		for (size_t i = 0; i < out.n; i++)
			assert_in_range((unsigned char)out.p[i], 0x20, 0x7e);
	}
}

/* Of what a selector is given, one reading has to be the bytes that were shown. */
static void any_bytes_are_read_back_from_what_tty_shows(void **state)
{
	static const char pieces[] = "\\x2a/\\x5c 'aF0\n\x1b\x7f\xc3\xa9\xff\"$";
	unsigned seed = (unsigned)time(NULL);

	unsigned first = seed;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		auto_buf struct buf name = { 0 }, shown = { 0 }, back = { 0 };

		for (int n = rand_r(&seed) % 16; n > 0; n--)
			buf_char(&name,
				 rand_r(&seed) % 4 ?
					 pieces[(size_t)rand_r(&seed) % (sizeof(pieces) - 1)] :
					 (char)(rand_r(&seed) % 255 + 1));
		esc_tty(&shown, buf_bytes(&name));
		esc_read(&back, buf_bytes(&shown));
		if (!bytes_eq(buf_bytes(&name), buf_bytes(&back)))
			fail_msg("seed %u, round %d: shown as %s", first, i, buf_text(&shown));
	}
}

static size_t utf8(uint32_t c, char out[4])
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n; i > 1; i--, c >>= 6)
		out[i - 1] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(n == 1 ? c : (0xf0u << (4 - n) & 0xff) | c);
	return n;
}

/* How many there are, by category, in the Unicode Character Database 15.0: so that no range is one
 * too short. */
static void as_many_characters_are_hidden_as_unicode_says(void **state)
{
	static const struct { uint32_t first, last; unsigned n; } planes[] = {
		{ 0x0000, 0x007f, 33 },     /* Cc */
		{ 0x0080, 0x009f, 32 },     /* Cc */
		{ 0x00a0, 0xd7ff, 52 },     /* Cf, Zl, Zp, default ignorable */
		{ 0xe000, 0xffff, 64 },     /* the same, and noncharacters */
		{ 0x10000, 0xdffff, 56 },   /* the same */
		{ 0xe0000, 0xe0fff, 4096 }, /* default ignorable */
		{ 0xe1000, 0x10ffff, 6 },   /* noncharacters */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(planes); i++) {
		unsigned n = 0;

		for (uint32_t c = planes[i].first; c <= planes[i].last; c++)
			n += esc_hides(c);
		if (n != planes[i].n)
			fail_msg("U+%04X to U+%04X: %u, expected %u", planes[i].first,
				 planes[i].last, n, planes[i].n);
	}
}

/* A file of JSON is text of characters that are seen, and means what it meant. */
static void json_hides_nothing(void **state)
{
	(void)state;
	for (uint32_t c = 1; c <= 0x10ffff; c += c < 0x3000 ? 1 : 7) {
		auto_buf struct buf out = { 0 };
		char in[4];
		size_t n = utf8(c, in);
		unsigned high = 0, low = 0;
		uint32_t back = c;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		esc_json_doc(&out, (struct bytes){ in, n });
		assert_true(bytes_utf8(buf_bytes(&out)));
		if (c == '\n' || !esc_hides(c)) {
			assert_true(bytes_eq(buf_bytes(&out), (struct bytes){ in, n }));
			continue;
		}
		assert_true(sscanf(buf_text(&out), "\\u%4x\\u%4x", &high, &low) ==
			    (c < 0x10000 ? 1 : 2));
		back = c < 0x10000 ? high : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
		assert_int_equal(back, c);
	}
}

static void word_is_cut_at_its_end(void **state)
{
	char out[6];

	(void)state;
	assert_string_equal(esc_word(out, sizeof(out), BYTES("ab\x1b" "cd")), "ab\\x1");
}

/* ---- pool and map ---- */

static void pool_gives_the_same_id_for_the_same_bytes(void **state)
{
	struct pool p = { 0 };
	char text[32];

	(void)state;
	assert_int_equal(pool_find(&p, BYTES("0")), 0);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%u%s", i, i % 2 ? "-with-more-than-sixteen" : "");
		assert_int_equal(pool_intern(&p, bytes_of(text)), i + 1);
	}
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(text, sizeof(text), "%u%s", i, i % 2 ? "-with-more-than-sixteen" : "");
		assert_int_equal(pool_intern(&p, bytes_of(text)), i + 1);
		assert_int_equal(pool_find(&p, bytes_of(text)), i + 1);
		assert_bytes(pool_get(&p, i + 1), text);
	}
	assert_int_equal(p.n, 5000);
	assert_int_equal(pool_find(&p, BYTES("5000")), 0);
	pool_release(&p);
}

static void pool_keeps_nul_and_the_empty_string_apart(void **state)
{
	struct pool p = { 0 };
	uint32_t a = pool_intern(&p, (struct bytes){ "a\0b", 3 });
	uint32_t b = pool_intern(&p, (struct bytes){ "a\0c", 3 });
	uint32_t empty = pool_intern(&p, (struct bytes){ "", 0 });

	(void)state;
	assert_true(a != b && a != empty && b != empty);
	assert_int_equal(pool_get(&p, a).n, 3);
	assert_int_equal(pool_intern(&p, (struct bytes){ NULL, 0 }), empty);
	assert_int_equal(pool_get(&p, 0).n, 0);
	assert_int_equal(pool_get(&p, 99).n, 0);
	pool_release(&p);
}

static void map_finds_what_was_put_and_replaces(void **state)
{
	struct map m = { 0 };

	(void)state;
	assert_int_equal(map_get(&m, 1, 2, -7), -7);
	for (uint64_t i = 0; i < 10000; i++)
		map_put(&m, i % 100, i / 100, (int64_t)i);
	assert_int_equal(m.n, 10000);
	map_put(&m, 5, 5, -1);
	assert_int_equal(m.n, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(map_get(&m, i % 100, i / 100, -7), i == 505 ? -1 : (int64_t)i);
	assert_int_equal(map_get(&m, 100, 0, -7), -7);
	map_clear(&m);
	assert_int_equal(map_get(&m, 5, 5, -7), -7);
	map_put(&m, 0, 0, 3);
	assert_int_equal(map_get(&m, 0, 0, -7), 3);
	map_release(&m);
}

/* ---- err ---- */

static void err_wraps_keep_the_status_and_put_the_purpose_in_front(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(err_set(&e, ST_INPUT, "cannot open '%s'", "x"), -1);
	assert_int_equal(err_wrap(&e, "cannot use base"), -1);
	assert_string_equal(e.msg, "cannot use base: cannot open 'x'");
	assert_int_equal(e.status, ST_INPUT);
}

static void err_status_tells_whose_fault_it_is(void **state)
{
	static const int systems[] = { EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EIO },
			 inputs[] = { ENOENT, EACCES, EISDIR, ENOTDIR, EPERM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(systems); i++)
		assert_int_equal(err_status(systems[i]), ST_SYSTEM);
	for (size_t i = 0; i < ARRAY_SIZE(inputs); i++)
		assert_int_equal(err_status(inputs[i]), ST_INPUT);
}

static void err_of_any_length_fits(void **state)
{
	struct err e = { 0 };
	char *text = mem_alloc(5000);

	(void)state;
	memset(text, 'x', 4999);
	text[4999] = '\0';
	err_set(&e, ST_SYSTEM, "%s", text);
	err_wrap(&e, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	free(text);
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, buf_grows_and_is_text_when_asked);
	ADD(&t, buf_of_nothing_is_an_empty_text);
	ADD(&t, cleanups_leave_nothing_behind);
	ADD_ROWS(&t, varints, check_varint);
	ADD(&t, varint_over_64_bits_is_refused);
	ADD_ROWS(&t, escapes, check_esc);
	ADD(&t, tty_shows_every_byte_in_printable_ascii_and_can_be_read_back);
	ADD(&t, shell_shows_every_byte_in_printable_ascii);
	ADD(&t, any_bytes_are_read_back_from_what_tty_shows);
	ADD(&t, as_many_characters_are_hidden_as_unicode_says);
	ADD(&t, json_hides_nothing);
	ADD(&t, word_is_cut_at_its_end);
	ADD(&t, pool_gives_the_same_id_for_the_same_bytes);
	ADD(&t, pool_keeps_nul_and_the_empty_string_apart);
	ADD(&t, map_finds_what_was_put_and_replaces);
	ADD(&t, err_wraps_keep_the_status_and_put_the_purpose_in_front);
	ADD(&t, err_of_any_length_fits);
	ADD(&t, err_status_tells_whose_fault_it_is);
	return run_rows(&t, "base");
}
