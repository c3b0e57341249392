/* buf, esc, pool, map, err: what all else is built of. */
#include "tests/test.h"

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

		assert_int_equal(bytes_varint(&in, &v), n == r->n);
		free(copy);
	}
	assert_true(v == r->v);
}

static void varint_over_64_bits_is_refused(void **state)
{
	struct bytes eleven = BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	uint64_t v;

	(void)state;
	assert_false(bytes_varint(&eleven, &v));
}

/* ---- esc ---- */

typedef void esc_fn(struct buf *out, struct bytes b);

static struct esc_row { const char *name; esc_fn *f; const char *in, *out; } escapes[] = {
	{ "tty: plain text as it is",            esc_tty,   "runc:[2:INIT] \"x\" 'y' $(z)", "runc:[2:INIT] \"x\" 'y' $(z)" },
	{ "tty: escape sequence",                esc_tty,   "\x1b[31m",           "\\x1b[31m" },
	{ "tty: backslash, so it can be read back", esc_tty, "\\x1b",             "\\x5cx1b" },
	{ "tty: line end, CR, tab, DEL",         esc_tty,   "\n\r\t\x7f",         "\\x0a\\x0d\\x09\\x7f" },
	{ "tty: CSI of eight-bit terminals",     esc_tty,   "\x9b" "31m",         "\\x9b31m" },
	{ "tty: UTF-8 is bytes",                 esc_tty,   "\xc3\xa9",           "\\xc3\\xa9" },
	{ "shell: harmless is bare",             esc_shell, "/usr/bin/x-1.2_a",   "/usr/bin/x-1.2_a" },
	{ "shell: empty is a word",              esc_shell, "",                   "''" },
	{ "shell: blank",                        esc_shell, "log writer",         "'log writer'" },
	{ "shell: substitution",                 esc_shell, "$(reboot)`x`;&|",    "'$(reboot)`x`;&|'" },
	{ "shell: quote",                        esc_shell, "it's",               "$'it\\x27s'" },
	{ "shell: escape and backslash",         esc_shell, "\x1b[m\\",           "$'\\x1b[m\\x5c'" },
	{ "shell: high byte",                    esc_shell, "\xff",               "$'\\xff'" },
	{ "shell: tilde is not a home",          esc_shell, "~root",              "'~root'" },
	{ "hex: lower case, two digits",         esc_hex,   "\x01\xff/",          "01ff2f" },
	{ "json: quote and backslash",           esc_json,  "a\"b\\c/",           "a\\\"b\\\\c/" },
	{ "json: control bytes and DEL",         esc_json,  "\n\x01\x1b\x7f",     "\\u000a\\u0001\\u001b\\u007f" },
	{ "json: UTF-8 as it is",                esc_json,  "\xe2\x82\xac",       "\xe2\x82\xac" },
	{ "json: no UTF-8",                      esc_json,  "a\xff\xc3",          "a\xef\xbf\xbd\xef\xbf\xbd" },
	{ "json: C1 controls move cursors too",  esc_json,  "\xc2\x9b" "31m",     "\\u009b31m" },
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
		back = out.n == 1 ? (unsigned char)out.p[0] : digit_of(out.p[2]) * 16 + digit_of(out.p[3]);
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

static void json_of_every_byte_is_utf8_without_controls(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		auto_buf struct buf out = { 0 };
		char in = (char)c;

		esc_json(&out, (struct bytes){ &in, 1 });
		assert_true(bytes_utf8(buf_bytes(&out)));
		for (size_t i = 0; i < out.n; i++)
			assert_true((unsigned char)out.p[i] >= 0x20 && out.p[i] != 0x7f);
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
	static const int systems[] = { EMFILE, ENFILE, ENOMEM, ENOSPC, EDQUOT, EIO }, inputs[] = { ENOENT, EACCES, EISDIR, ENOTDIR, EPERM };

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
	ADD(&t, json_of_every_byte_is_utf8_without_controls);
	ADD(&t, word_is_cut_at_its_end);
	ADD(&t, pool_gives_the_same_id_for_the_same_bytes);
	ADD(&t, pool_keeps_nul_and_the_empty_string_apart);
	ADD(&t, map_finds_what_was_put_and_replaces);
	ADD(&t, err_wraps_keep_the_status_and_put_the_purpose_in_front);
	ADD(&t, err_of_any_length_fits);
	ADD(&t, err_status_tells_whose_fault_it_is);
	return run_rows(&t, "base");
}
