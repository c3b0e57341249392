// SPDX-License-Identifier: Apache-2.0
/* Compares a line with the prefixes and identities of lines before it, 16 bytes at a time. */
#include "ingest/batch/line_cache.h"

#include "store/base/when.h"

#define SECOND_DIGITS 10 /* from 2001 to 2286 */

typedef uint8_t v16 __attribute__((vector_size(16)));

static v16 load_vector(const void *p)
{
	v16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool any(v16 v)
{
	uint64_t half[2];

	memcpy(half, &v, sizeof(half));
	return (half[0] | half[1]) != 0;
}

/* Is the prefix the same but for digits where digits may differ? */
static bool same_prefix(const struct prefix *f, const char *line)
{
	v16 bad = { 0 };
	const v16 zero = { '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0' };
	const v16 nine = { 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9 };
	size_t i = 0;

	for (; i + 16 <= f->n; i += 16) {
		v16 got = load_vector(line + i), any_digit = load_vector(f->any_digit + i);

		bad |= ((got ^ load_vector(f->text + i)) & ~any_digit) | ((v16)(got - zero > nine) & any_digit);
	}
	for (; i < f->n; i++) {
		unsigned digit = (unsigned char)line[i] - '0';

		if (f->any_digit[i] ? digit > 9 : (uint8_t)line[i] != f->text[i])
			return false;
	}
	return !any(bad);
}

static const struct prefix *find_prefix(struct line_cache *f, struct bytes line)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct prefix *prefix = &f->prefixes[i];

		if (prefix->n < line.n && same_prefix(prefix, line.p)) {
			if (i > 0) {
				struct prefix first = *prefix;

				*prefix = f->prefixes[0];
				f->prefixes[0] = first;
			}
			return &f->prefixes[0];
		}
	}
	return NULL;
}

/* Digits at p one by one, at most ten; their number, 0 when there are none, more, or a leading zero. */
static __attribute__((noinline)) unsigned digits_slowly(const char *p, uint64_t *out)
{
	uint64_t v = 0;
	unsigned n = 0;

	for (; n < 11 && (unsigned char)(p[n] - '0') <= 9; n++)
		v = v * 10 + (unsigned char)(p[n] - '0');
	*out = v;
	return n == 11 || (n > 1 && p[0] == '0') ? 0 : n;
}

/*
 * The same, up to seven digits without a branch on their number, which the processor would guess wrong: the bytes up
 * to the first that is no digit are moved to the end of the word, and summed up in pairs, fours and eights.
 */
static inline unsigned digits(const char *p, uint64_t *out)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t x, other;
	unsigned n;

	memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	x ^= ones * '0';
	/* a carry out of a byte that is no digit only reaches bytes behind it, which do not count */
	other = (x + ones * 0x76) | x;
	other &= ones * 0x80;
	if (other == 0)
		return digits_slowly(p, out);
	n = (unsigned)__builtin_ctzll(other) / 8;
	if (n == 0 || (n > 1 && p[0] == '0'))
		return 0;
	x <<= (8 - n) * 8;
	x = (x * 10 + (x >> 8)) & 0x00ff00ff00ff00ffu;
	x = (x * 100 + (x >> 16)) & 0x0000ffff0000ffffu;
	*out = (x * 10000 + (x >> 32)) & 0xffffffffu;
	return n;
}

/* The first n bytes of a word as they lie in memory, 0 < n < 9. */
static uint64_t first_bytes(unsigned n)
{
	uint64_t mask = UINT64_MAX >> (8 - n) * 8;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	mask = __builtin_bswap64(mask);
#endif
	return mask;
}

/* "audit(SECOND.MS:SERIAL): " at p; NULL when it is not that. */
static const char *stamp(struct line_cache *f, const char *p, const char *end, struct line_cache_event *out)
{
	uint64_t v;
	unsigned n;

	if (end - p < 48 || memcmp(p, "audit(", 6) != 0)
		return NULL;
	p += 6;
	if (f->second_n != SECOND_DIGITS || memcmp(p, f->second_text, SECOND_DIGITS) != 0 || p[SECOND_DIGITS] != '.') {
		n = digits(p, &v);
		if (n == 0 || p[n] != '.')
			return NULL;
		memcpy(f->second_text, p, n);
		f->second_n = (uint8_t)n;
		f->second = (int64_t)v;
	}
	p += f->second_n + 1;
	for (n = 0; n < 3; n++)
		if ((unsigned char)(p[n] - '0') > 9)
			return NULL;
	out->second = f->second;
	out->ms = f->second * 1000 + (p[0] - '0') * 100 + (p[1] - '0') * 10 + (p[2] - '0');
	if (p[3] != ':')
		return NULL;
	p += 4;
	n = digits(p, &v);
	if (n == 0 || v > UINT32_MAX || memcmp(p + n, "): ", 3) != 0)
		return NULL;
	out->serial = (uint32_t)v;
	return p + n + 3;
}

/* Where " syscall=" begins: in a record's text nothing before it contains " sy". */
static const char *find_syscall(const char *p, const char *end)
{
	const v16 blank = { ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' };
	const v16 s = { 's', 's', 's', 's', 's', 's', 's', 's', 's', 's', 's', 's', 's', 's', 's', 's' };
	const v16 y = { 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y' };

	for (; p + 18 <= end; p += 16) {
		v16 hit = (v16)(load_vector(p) == blank) & (v16)(load_vector(p + 1) == s) & (v16)(load_vector(p + 2) == y);

		if (!any(hit))
			continue;
		for (unsigned i = 0; i < 16; i++)
			if (hit[i])
				return p + i;
	}
	return NULL;
}

static bool has_key(const struct ident *id, int64_t node, const char *p, const char *end)
{
	size_t n, i = 0;
	v16 bad = { 0 };

	if (id == NULL || id->node != node)
		return false;
	n = id->key_n;
	if (end - p <= (ptrdiff_t)n || p[n] != ' ' || n < 16)
		return false;
	for (; i + 16 < n; i += 16)
		bad |= load_vector(p + i) ^ load_vector(id->key + i);
	bad |= load_vector(p + n - 16) ^ load_vector(id->key + n - 16);
	return !any(bad);
}

/* Pid and the first letters of comm: what tells identities apart, and lies at one place in most of them. */
static uint32_t ident_slot(const char *p)
{
	uint64_t a, b, c;

	memcpy(&a, p, 8);
	memcpy(&b, p + 8, 8);
	memcpy(&c, p + 16, 8);
	return (uint32_t)(hash_u64(a ^ c, b) >> 20) % LINE_CACHE_IDENTS;
}

static struct ident *find_ident(struct line_cache *f, int64_t node, const char *p, const char *end)
{
	struct ident **idents, *id;
	const char *at;

	if (has_key(f->last, node, p, end))
		return f->last;
	if (end - p < 100)
		return NULL;
	idents = &f->idents[ident_slot(p + f->pid_at)];
	if (has_key(*idents, node, p, end)) {
		f->last = *idents;
		return f->last;
	}
	at = memchr(p, '\n', (size_t)(end - p));
	at = at == NULL ? NULL : find_syscall(p, at);
	if (at == NULL)
		return NULL;
	id = tally_find(f->tally, node, p, (size_t)(at - p));
	if (id != NULL)
		*idents = f->last = id;
	return id;
}

/*
 * Eight lower-case hex digits at once: a byte is a digit when it is what its own nibble is written as. False when one
 * of them is not.
 */
static bool hex8(const char *p, uint64_t *out)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t x, letter, nibble;

	memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	letter = x >> 6 & ones;
	nibble = (x & ones * 0x0f) + letter * 9;
	if ((nibble & ones * 0xf0) != 0 || nibble + ones * 0x30 + letter * 0x27 != x ||
	    ((nibble + ones * 0x76) >> 7 & ones) != letter)
		return false;
	nibble = __builtin_bswap64(nibble);
	nibble = (nibble | nibble >> 4) & 0x00ff00ff00ff00ffu;
	nibble = (nibble | nibble >> 8) & 0x0000ffff0000ffffu;
	*out = (nibble | nibble >> 16) & 0xffffffffu;
	return true;
}

/* Lower-case hex at p, at most max digits; their number, 0 when there are none or more. */
static unsigned hex(const char *p, unsigned max, uint64_t *out)
{
	uint64_t v = 0;
	unsigned n = 0;

	for (;; n++) {
		unsigned char c = (unsigned char)p[n];
		unsigned d = (unsigned char)(c - '0') <= 9 ? c - '0' + 0u : (unsigned char)(c - 'a') <= 5 ? c - 'a' + 10u : 16;

		if (d == 16)
			break;
		if (n == max)
			return 0;
		v = v << 4 | d;
	}
	*out = v;
	return n;
}

/* An ip: twelve digits in most programs. */
static unsigned hex_ip(const char *p, uint64_t *out)
{
	uint64_t high, low;

	if (p[12] == ' ' && hex8(p, &high) && hex8(p + 4, &low)) {
		*out = high << 16 | (low & 0xffff);
		return 12;
	}
	return hex(p, 16, out);
}

/* A code and what follows it up to the newline: the same text as the identity had last, or read anew. */
static bool code_and_end(const char *p, const char *end, struct ident *id, const char **newline, struct line_cache_event *out)
{
	uint64_t v;
	unsigned n;

	if (end - p > 8 && p[8] == '\n' && id->code_known && memcmp(p, id->code_text, 8) == 0) {
		out->code = id->code;
		*newline = p + 8;
		return true;
	}
	*newline = memchr(p, '\n', (size_t)(end - p));
	n = *newline == NULL ? 0 : hex(p, 8, &v);
	if (n == 0)
		return false;
	out->code = (uint32_t)v;
	if (!fields_agree(id->sig, out->code) || !fields_tail((struct bytes){ p + n, (size_t)(*newline - p - n) }))
		return false;
	if (n == 8) {
		memcpy(id->code_text, p, 8);
		id->code = out->code;
		id->code_known = true;
	}
	return true;
}

/* " syscall=N compat=C ip=0xH code=0xH" and the end of the line. */
static bool call(const char *p, const char *end, struct ident *id, const char **newline, struct line_cache_event *out)
{
	static const char compat[2][16] = { " compat=0 ip=0x", " compat=1 ip=0x" };
	uint64_t v;
	unsigned n;
	bool minus;

	if (end - p < 45 || memcmp(p, " syscall=", 9) != 0)
		return false;
	p += 9;
	minus = *p == '-';
	p += minus;
	n = digits(p, &v);
	if (n == 0 || v > INT32_MAX || (minus && v == 0))
		return false;
	out->nr = minus ? -(int32_t)v : (int32_t)v;
	p += n;
	if (end - p < 27 || memcmp(p, compat[id->compat], 15) != 0)
		return false;
	p += 15;
	n = hex_ip(p, &out->ip);
	if (n == 0 || end - p < (ptrdiff_t)n + 9 || memcmp(p + n, " code=0x", 8) != 0)
		return false;
	return code_and_end(p + n + 8, end, id, newline, out);
}

/* Epoch less uptime in seconds; the uptime is most often the one of the line before. */
static int64_t boot_time_of(struct line_cache *f, const char *p, int64_t second)
{
	uint64_t text, v = 0;

	memcpy(&text, p, 8);
	if (((text ^ f->uptime_text) & f->uptime_mask) != 0 || f->uptime_mask == 0) {
		unsigned n = digits(p, &v);

		f->uptime_mask = n > 0 && n < 8 && p[n] == '.' ? first_bytes(n + 1) : 0;
		f->uptime_text = text;
		f->uptime = (int64_t)v;
		if (n == 0)
			return BOOT_NO_TIME;
	}
	return second - f->uptime;
}

bool line_cache_match(struct line_cache *f, struct bytes ahead, struct line_cache_event *out)
{
	const char *end = ahead.p + ahead.n, *p, *newline;

	out->prefix = find_prefix(f, ahead);
	if (out->prefix == NULL)
		return false;
	p = stamp(f, ahead.p + out->prefix->n, end, out);
	if (p == NULL)
		return false;
	out->id = find_ident(f, out->prefix->node, p, end);
	if (out->id == NULL || !call(p + out->id->key_n, end, out->id, &newline, out))
		return false;
	out->n = (size_t)(newline - ahead.p);
	out->boot_time = out->prefix->uptime < 0 ? BOOT_NO_TIME : boot_time_of(f, ahead.p + out->prefix->uptime, out->second);
	return true;
}

static bool within(struct bytes line, const char *p)
{
	return p >= line.p && p <= line.p + line.n;
}

/* Where the uptime's seconds begin: in the first "[  123.456789]" of the prefix; -1. */
static int find_uptime(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = i + 1, end;

		if (p[i] != '[')
			continue;
		while (at < n && p[at] == ' ')
			at++;
		for (end = at; end < n && bytes_digit(p[end]); end++)
			;
		if (end > at && end < n && p[end] == '.')
			return (int)at;
	}
	return -1;
}

/*
 * May the digit at i of a prefix be any other, and the line still be in the same form? So it is in a fraction, where a
 * minute's or second's last digit stands, and in an uptime or a line number behind its first digit.
 */
static bool free_digit(const char *p, size_t n, size_t i)
{
	size_t first = i, end = i;

	while (first > 0 && bytes_digit(p[first - 1]))
		first--;
	while (end < n && bytes_digit(p[end]))
		end++;
	if (first == 0 || end == n)
		return false;
	if ((p[first - 1] == '.' || p[first - 1] == ',') && first > 1 && bytes_digit(p[first - 2]))
		return true;
	if (first == i)
		return false;
	if (p[first - 1] == ':' && end - first == 2)
		return true;
	return (p[first - 1] == ':' && p[end] == ':') || ((p[first - 1] == ' ' || p[first - 1] == '[') && p[end] == '.');
}

void line_cache_learn(struct line_cache *f, struct bytes line, const struct line *parsed, int64_t node, bool own_node)
{
	struct prefix prefix = { .node = node, .own_node = own_node, .auditd_form = parsed->auditd_form, .uptime = -1,
				 .indented = parsed->indented };
	struct bytes host = parsed->rec.node;
	size_t header;

	/* lines that were decoded first (kmsg, colour) stand somewhere else */
	if (!within(line, parsed->stamp.p) || !within(line, parsed->message.p) || line.n == 0 || line.p[0] == '\033')
		return;
	if (parsed->header != NULL && strcmp(parsed->header, "kmsg") == 0)
		return;
	prefix.n = (uint16_t)(parsed->stamp.p - line.p);
	header = (size_t)(parsed->message.p - line.p);
	if (parsed->stamp.p - line.p > LINE_CACHE_PREFIX_MAX)
		return;
	memcpy(prefix.text, line.p, prefix.n);
	for (size_t i = 0; i < header; i++)
		prefix.any_digit[i] = bytes_digit(line.p[i]) && free_digit(line.p, header, i) ? 0xff : 0;
	for (size_t i = 0; line.p[0] == '<' && i < 5; i++)
		prefix.any_digit[i] = 0;
	if (host.n && within(line, host.p) && host.p + host.n <= line.p + prefix.n)
		memset(prefix.any_digit + (host.p - line.p), 0, host.n);
	if (parsed->uptime_us >= 0)
		prefix.uptime = (int16_t)find_uptime(line.p, header);
	if (f->n < LINE_CACHE_PREFIXES)
		f->n++;
	memmove(&f->prefixes[1], &f->prefixes[0], (f->n - 1) * sizeof(f->prefixes[0]));
	f->prefixes[0] = prefix;
}

void line_cache_learn_ident(struct line_cache *f, struct ident *id)
{
	size_t at = bytes_find((struct bytes){ id->key, id->key_n }, BYTES(" pid="));

	/* the key is followed by the rest of its line when it is looked for, so 24 bytes are always there */
	if (f->last == NULL || f->tally->ident_drops != f->drops)
		memset(f->idents, 0, sizeof(f->idents));
	f->drops = f->tally->ident_drops;
	f->pid_at = (uint32_t)(at + 5 < id->key_n && at < 76 ? at + 5 : 0);
	f->last = id;
}

void line_cache_forget(struct line_cache *f)
{
	f->n = 0;
	f->last = NULL;
	memset(f->idents, 0, sizeof(f->idents));
}
