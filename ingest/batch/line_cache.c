// SPDX-License-Identifier: Apache-2.0
/* Compares a line with the prefixes and identities of lines before it, 16 bytes at a time. */
#include "ingest/batch/line_cache.h"

#include "store/base/hash.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <stdlib.h>

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

bool line_cache_is_prefix(const struct prefix *p, struct bytes ahead)
{
	v16 bad = { 0 };

	if (ahead.n < (size_t)p->n + 16)
		return false;
	for (size_t i = 0; i < p->n; i += 16)
		bad |= (v16)((load_vector(ahead.p + i) - load_vector(p->low + i)) >
			     load_vector(p->span + i));
	return !any(bad);
}

/* Of a line that has the shape's front: the host that follows; n is 0: none. */
static struct bytes host_of(const struct prefix *like, struct bytes ahead)
{
	struct bytes host = { ahead.p + like->host, 0 };

	if (like->host_n == 0 || ahead.n <= like->host)
		return host;
	for (size_t i = 0; i < like->host; i++)
		if ((uint8_t)((uint8_t)ahead.p[i] - like->low[i]) > like->span[i])
			return host;
	while (like->host + host.n < ahead.n && host.n < LINE_CACHE_PREFIX_MAX &&
	       (unsigned char)host.p[host.n] > ' ')
		host.n++;
	return host;
}

static uint32_t host_slot(const struct prefix_shape *s, struct bytes host)
{
	uint32_t i = (uint32_t)hash_bytes(host.p, host.n) & (s->cap - 1);

	for (; s->v[i] != NULL; i = (i + 1) & (s->cap - 1)) {
		const struct prefix *p = s->v[i];

		if (p->host_n == host.n && memcmp(p->low + p->host, host.p, host.n) == 0)
			break;
	}
	return i;
}

struct prefix *line_cache_find(const struct prefix_shape *s, struct bytes host)
{
	return s->n == 0 ? NULL : s->v[host_slot(s, host)];
}

static struct bytes own_host(const struct prefix *p)
{
	return (struct bytes){ (const char *)p->low + p->host, p->host_n };
}

static void drop_shape(struct line_cache *f, struct prefix_shape *s)
{
	for (uint32_t i = 0; i < s->cap; i++)
		free(s->v[i]);
	free(s->v);
	f->n_prefixes -= s->n;
	*s = (struct prefix_shape){ NULL, 0, 0 };
	f->recent = NULL;
}

void line_cache_add(struct line_cache *f, struct prefix_shape *s, struct prefix *p)
{
	struct prefix_shape was = *s;
	uint32_t at;

	if (2 * (s->n + 1) > s->cap) {
		s->cap = s->cap ? s->cap * 2 : 4;
		s->v = mem_zero(s->cap, sizeof(struct prefix *));
		for (uint32_t i = 0; i < was.cap; i++)
			if (was.v[i] != NULL)
				s->v[host_slot(s, own_host(was.v[i]))] = was.v[i];
		free(was.v);
	}
	at = host_slot(s, own_host(p));
	s->n += s->v[at] == NULL;
	f->n_prefixes += s->v[at] == NULL;
	free(s->v[at]);
	s->v[at] = p;
	f->recent = p;
	f->changes++;
}

struct prefix_shape *line_cache_new_shape(struct line_cache *f)
{
	if (f->n_prefixes >= LINE_CACHE_PREFIXES)
		while (f->n > 0)
			drop_shape(f, &f->shapes[--f->n]);
	if (f->n == LINE_CACHE_SHAPES)
		drop_shape(f, &f->shapes[--f->n]);
	memmove(&f->shapes[1], &f->shapes[0], f->n++ * sizeof(f->shapes[0]));
	f->shapes[0] = (struct prefix_shape){ NULL, 0, 0 };
	return &f->shapes[0];
}

const struct prefix *line_cache_like(const struct prefix_shape *s)
{
	for (uint32_t i = 0; i < s->cap; i++)
		if (s->v[i] != NULL)
			return s->v[i];
	return NULL;
}

/* Another prefix than the last one. */
static __attribute__((noinline)) const struct prefix *find_other(struct line_cache *f,
								 struct bytes ahead)
{
	for (unsigned i = 0; i < f->n; i++) {
		const struct prefix *like = line_cache_like(&f->shapes[i]);
		struct bytes host = host_of(like, ahead);
		struct prefix *p = line_cache_find(&f->shapes[i], host);

		if (p == NULL || !line_cache_is_prefix(p, ahead))
			continue;
		if (i > 0) {
			struct prefix_shape first = f->shapes[i];

			memmove(&f->shapes[1], &f->shapes[0], i * sizeof(first));
			f->shapes[0] = first;
		}
		f->recent = p;
		return p;
	}
	return NULL;
}

/*
 * Digits at p, at most ten; their number, 0 when there are none, more, or a leading zero. Up to
 * eight without a branch on their number, which the processor would guess wrong: the bytes up to
 * the first that is no digit are moved to the end of the word, and summed up in pairs, fours and
 * eights.
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
	/* a carry out of a byte that is no digit only reaches bytes behind it, which do not count
	 */
	other = (x + ones * 0x76) | x;
	other &= ones * 0x80;
	n = other == 0 ? 8 : (unsigned)__builtin_ctzll(other) / 8;
	if (n == 0 || (n > 1 && p[0] == '0'))
		return 0;
	x <<= (8 - n) * 8;
	x = (x * 10 + (x >> 8)) & 0x00ff00ff00ff00ffu;
	x = (x * 100 + (x >> 16)) & 0x0000ffff0000ffffu;
	*out = (x * 10000 + (x >> 32)) & 0xffffffffu;
	for (; n >= 8 && (unsigned char)(p[n] - '0') <= 9; n++) {
		if (n == 10)
			return 0;
		*out = *out * 10 + (unsigned char)(p[n] - '0');
	}
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

/* "SECOND.MS:SERIAL): " at p, and one more blank; NULL when it is not that. */
static const char *stamp(struct line_cache *f, const char *p, const char *end,
			 struct line_cache_event *out)
{
	uint64_t v;
	unsigned n;

	if (end - p < 48)
		return NULL;
	if (f->second_n != SECOND_DIGITS || memcmp(p, f->second_text, SECOND_DIGITS) != 0 ||
	    p[SECOND_DIGITS] != '.') {
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
	out->has_serial = true;
	p += n + 3;
	return p + (*p == ' ');
}

/* Two digits at p. */
static int64_t two(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* The time that the prefix has, of a record that has none of its own. */
static int64_t time_of(const struct prefix *prefix, const char *line)
{
	const char *p = line + prefix->time_at;
	int64_t v = 0;

	switch (prefix->time) {
	case TIME_UNIX:
		for (unsigned i = 0; i < SECOND_DIGITS; i++)
			v = v * 10 + (p[i] - '0');
		return v * 1000 + (p[11] - '0') * 100 + two(p + 12);
	case TIME_CLOCK:
		v = (two(p) * 60 + two(p + 3)) * 60 + two(p + 6);
		return prefix->time_base + v * 1000 + (p[9] - '0') * 100 + two(p + 10);
	case TIME_NONE:
	default:
		return WHEN_NONE;
	}
}

/* "PID]: SECCOMP " at p; NULL when it is not that. */
static const char *tag_pid(const char *p, const char *end, uint64_t *pid)
{
	static const char closed[] = "]: SECCOMP ";
	unsigned n;

	n = end - p < 48 ? 0 : digits(p, pid);
	if (n == 0 || memcmp(p + n, closed, sizeof(closed) - 1) != 0)
		return NULL;
	return p + n + sizeof(closed) - 1;
}

/* Where " syscall=" begins: in a record's text nothing before it contains " sy". */
static const char *find_syscall(const char *p, const char *end)
{
	const v16 blank = { ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
			    ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ' };
	const v16 s = { 's', 's', 's', 's', 's', 's', 's', 's',
			's', 's', 's', 's', 's', 's', 's', 's' };
	const v16 y = { 'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y',
			'y', 'y', 'y', 'y', 'y', 'y', 'y', 'y' };

	for (; p + 18 <= end; p += 16) {
		v16 hit = (v16)(load_vector(p) == blank) & (v16)(load_vector(p + 1) == s) &
			  (v16)(load_vector(p + 2) == y);

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

/* Pid and the first letters of comm: what tells identities apart, and lies at one place in most of
 * them. */
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
 * Eight lower-case hex digits at once: a byte is a digit when it is what its own nibble is written
 * as. False when one of them is not.
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
		unsigned d = (unsigned char)(c - '0') <= 9 ? c - '0' + 0u :
			     (unsigned char)(c - 'a') <= 5 ? c - 'a' + 10u :
							     16;

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

/* A code and what follows it up to the newline: the same text as the identity had last, or read
 * anew. */
static bool code_and_end(const char *p, const char *end, const struct prefix *prefix,
			 struct line_cache_event *out, const char **newline)
{
	struct ident *id = out->id;
	size_t tail = prefix->tail_n;
	struct bytes rest;
	uint64_t v;
	unsigned n;

	if (end - p > (ptrdiff_t)(8 + tail) && p[8 + tail] == '\n' && id->code_known &&
	    memcmp(p, id->code_text, 8) == 0 &&
	    (tail == 0 || memcmp(p + 8, prefix->tail, tail) == 0)) {
		out->code = id->code;
		*newline = p + 8 + tail;
		return true;
	}
	*newline = memchr(p, '\n', (size_t)(end - p));
	n = *newline == NULL ? 0 : hex(p, 8, &v);
	if (n == 0)
		return false;
	out->code = (uint32_t)v;
	rest = (struct bytes){ p + n, (size_t)(*newline - p - n) };
	if (!fields_agree(id->sig, out->code) ||
	    (!bytes_eq(rest, (struct bytes){ prefix->tail, tail }) &&
	     (prefix->escaped || !fields_tail(rest))))
		return false;
	if (n == 8) {
		memcpy(id->code_text, p, 8);
		id->code = out->code;
		id->code_known = true;
	}
	return true;
}

/* " syscall=N compat=C ip=0xH code=0xH" and the end of the line. */
static bool call(const char *p, const char *end, const struct prefix *prefix,
		 struct line_cache_event *out, const char **newline)
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
	if (end - p < 27 || memcmp(p, compat[out->id->compat], 15) != 0)
		return false;
	p += 15;
	n = hex_ip(p, &out->ip);
	if (n == 0 || end - p < (ptrdiff_t)n + 9 || memcmp(p + n, " code=0x", 8) != 0)
		return false;
	return code_and_end(p + n + 8, end, prefix, out, newline);
}

/* Epoch less uptime in seconds; the uptime is most often the one of the line before. */
static int64_t boot_time_of(struct line_cache *f, const char *p, unsigned n, int64_t second)
{
	uint64_t text = 0;

	if (n == 0)
		return second;
	memcpy(&text, p, 8);
	text &= first_bytes(n < 8 ? n : 8);
	if (text != f->uptime_text || n != f->uptime_n || n > 8) {
		int64_t v = 0;

		for (unsigned i = 0; i < n; i++)
			v = v * 10 + (p[i] - '0');
		f->uptime_text = text;
		f->uptime_n = (uint8_t)n;
		f->uptime = v;
	}
	return second - f->uptime;
}

bool line_cache_match_with(struct line_cache *f, const struct prefix *prefix, struct bytes ahead,
			   struct line_cache_event *out)
{
	const char *end = ahead.p + ahead.n, *p = ahead.p + prefix->n, *newline;
	uint64_t pid = 0;

	out->prefix = prefix;
	out->has_serial = false;
	if (prefix->lead == LEAD_STAMP) {
		p = stamp(f, p, end, out);
	} else {
		out->ms = out->second = WHEN_NONE;
		out->serial = 0;
		if (prefix->lead == LEAD_PID)
			p = tag_pid(p, end, &pid);
	}
	if (p == NULL)
		return false;
	out->id = find_ident(f, prefix->node, p, end);
	if (out->id == NULL || (prefix->escaped && out->id->has_escape) ||
	    (prefix->lead == LEAD_PID && pid != (uint64_t)out->id->pid) ||
	    !call(p + out->id->key_n, end, prefix, out, &newline))
		return false;
	out->n = (size_t)(newline - ahead.p);
	out->boot_time = BOOT_NO_TIME;
	if (!out->has_serial && prefix->time != TIME_NONE)
		out->ms = time_of(prefix, ahead.p);
	else if (prefix->has_uptime && out->has_serial)
		out->boot_time =
			boot_time_of(f, ahead.p + prefix->uptime, prefix->uptime_n, out->second);
	return true;
}

const struct prefix *line_cache_front(struct line_cache *f, struct bytes ahead)
{
	return f->recent != NULL && line_cache_is_prefix(f->recent, ahead) ? f->recent :
									     find_other(f, ahead);
}

bool line_cache_match(struct line_cache *f, struct bytes ahead, struct line_cache_event *out)
{
	const struct prefix *prefix = line_cache_front(f, ahead);

	return prefix != NULL && line_cache_match_with(f, prefix, ahead, out);
}

void line_cache_learn_ident(struct line_cache *f, struct ident *id)
{
	size_t at = bytes_find((struct bytes){ id->key, id->key_n }, BYTES(" pid="));

	/* the key is followed by the rest of its line when it is looked for, so 24 bytes are always
	 * there */
	if (f->last == NULL || f->tally->ident_drops != f->drops)
		memset(f->idents, 0, sizeof(f->idents));
	f->drops = f->tally->ident_drops;
	f->pid_at = (uint32_t)(at + 5 < id->key_n && at < 76 ? at + 5 : 0);
	f->last = id;
}

static void drop_all(struct line_cache *f)
{
	while (f->n > 0)
		drop_shape(f, &f->shapes[--f->n]);
	f->recent = NULL;
}

void line_cache_copy(struct line_cache *f, const struct line_cache *from)
{
	drop_all(f);
	for (unsigned i = from->n; i-- > 0;) {
		struct prefix_shape *s = line_cache_new_shape(f);

		for (uint32_t k = 0; k < from->shapes[i].cap; k++) {
			struct prefix *p =
				from->shapes[i].v[k] == NULL ? NULL : mem_alloc(sizeof(*p));

			if (p == NULL)
				continue;
			*p = *from->shapes[i].v[k];
			line_cache_add(f, s, p);
		}
	}
}

void line_cache_forget(struct line_cache *f)
{
	drop_all(f);
	f->last = NULL;
	memset(f->idents, 0, sizeof(f->idents));
}
