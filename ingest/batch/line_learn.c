// SPDX-License-Identifier: Apache-2.0
/*
 * Learns how lines are spelled. What stands before a record is a template: text, and digits that
 * are as open as the parser itself takes them. Each digit that is opened is tried at both ends of
 * its range, each together with all others: the parser's answer to such a line has to be the one
 * that the template gives. So nothing here knows the headers.
 */
#include "ingest/batch/line_cache.h"

#include "ingest/read/lines.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <stdlib.h>

#define LINE_MAX_LEARN 10000 /* a longer one is no usual line */
#define SHAPE_COST 64 /* about how many lines are parsed to learn a shape */
#define HOST_COST 4   /* ... and a further host of it */
#define CREDIT (32 * SHAPE_COST)

/* A line that is written anew and asked about. */
struct probe {
	struct line_cache *f;
	const struct line *parsed; /* what it is like */
	const struct entry *entry;
	const struct ident *id;
	char *text;
	size_t n;
	struct body_room room;
};

static void parse(struct probe *p, struct line *out)
{
	struct bytes text = { p->text, p->n };
	struct entry entry;

	if (p->entry == NULL) {
		body_parse_line(text, out, &p->room);
		return;
	}
	entry = *p->entry;
	entry.message =
		(struct bytes){ p->text + (entry.message.p - entry.text.p), entry.message.n };
	entry.text = text;
	body_parse_entry(&entry, out, &p->room);
}

static int64_t boot_time(const struct line *l)
{
	return !l->rec.has_serial || l->uptime_us < 0 ? BOOT_NO_TIME :
							l->rec.ms / 1000 - l->uptime_us / 1000000;
}

/* Does the parser say of the line what the prefix says? */
static bool agrees(struct probe *p, const struct prefix *prefix)
{
	struct bytes ahead = { p->text, p->n + 1 };
	struct line_cache_event ev;
	const struct record *r;
	struct line l;

	if (!line_cache_is_prefix(prefix, ahead) ||
	    !line_cache_match_with(p->f, prefix, ahead, &ev))
		return false;
	parse(p, &l);
	if (l.kind != LINE_RECORD)
		return false;
	r = &l.rec;
	return ev.n == p->n && ev.id == p->id &&
	       bytes_eq(l.identity, (struct bytes){ ev.id->key, ev.id->key_n }) &&
	       ev.has_serial == r->has_serial && ev.ms == r->ms &&
	       (!r->has_serial || ev.serial == r->serial) && ev.nr == r->nr && ev.ip == r->ip &&
	       ev.code == r->code && ev.boot_time == boot_time(&l) &&
	       bytes_eq(r->node, p->parsed->rec.node) && l.auditd_form == prefix->auditd_form &&
	       l.indented == prefix->indented;
}

/* ---- what the front is made of ---- */

static bool within(struct bytes line, struct bytes part)
{
	return part.p != NULL && part.p >= line.p && part.p + part.n <= line.p + line.n;
}

/* Where the prefix ends, and what follows. */
static bool find_end(struct bytes line, const struct line *l, struct prefix *out)
{
	size_t at;

	if (l->rec.has_serial) {
		out->lead = LEAD_STAMP;
		at = bytes_find(line, BYTES("audit("));
		out->n = (uint16_t)(at + 6);
		return at < line.n && at + 6 <= LINE_CACHE_PREFIX_MAX;
	}
	at = bytes_find(line, BYTES("SECCOMP auid="));
	if (at == line.n || at + 8 > LINE_CACHE_PREFIX_MAX)
		return false;
	out->lead = LEAD_NONE;
	out->n = (uint16_t)(at + 8);
	if (at > 3 && memcmp(line.p + at - 3, "]: ", 3) == 0) {
		at -= 3;
		while (at > 0 && bytes_digit(line.p[at - 1]))
			at--;
		if (at >= 6 && memcmp(line.p + at - 6, "audit[", 6) == 0) {
			out->lead = LEAD_PID;
			out->n = (uint16_t)at;
		}
	}
	return true;
}

/* Digits of the front from `at` on. */
static size_t digits(const struct prefix *p, const char *line, size_t at)
{
	size_t n = 0;

	while (at + n < p->n && bytes_digit(line[at + n]))
		n++;
	return n;
}

/* The uptime's seconds: in the first "[  123.456789]", or, of /dev/kmsg, in all but six digits of
 * the third number. */
static void find_uptime(const struct line *l, const char *line, struct prefix *out)
{
	bool kmsg = l->header != NULL && strcmp(l->header, "kmsg") == 0;
	unsigned commas = 0;

	for (size_t i = 0; l->uptime_us >= 0 && i < out->n && !out->has_uptime; i++) {
		size_t at = i + 1, n;

		commas += line[i] == ',';
		if (kmsg ? line[i] != ',' || commas != 2 : line[i] != '[')
			continue;
		while (!kmsg && at < out->n && line[at] == ' ')
			at++;
		n = digits(out, line, at);
		if (!kmsg && (n == 0 || line[at + n] != '.'))
			continue;
		out->has_uptime = n < 20;
		out->uptime = (uint16_t)at;
		out->uptime_n = (uint8_t)(!kmsg ? n : n > 6 ? n - 6 :
							      0);
	}
}

/* Milliseconds of the day of "04:29:37.764". */
static int64_t clock_ms(const char *p)
{
	int64_t v[4] = { 0 };

	for (unsigned i = 0; i < 12; i++)
		if (bytes_digit(p[i]))
			v[i / 3] = v[i / 3] * 10 + (p[i] - '0');
	return ((v[0] * 60 + v[1]) * 60 + v[2]) * 1000 + v[3];
}

/* The header's time, where it is the record's: "1795494577.759000", or "04:29:37.764454" of a day.
 */
static void find_time(const struct line *l, const char *line, struct prefix *out)
{
	if (l->rec.has_serial || l->rec.ms == WHEN_NONE)
		return;
	for (size_t i = 0; i < out->n && out->time == TIME_NONE; i++) {
		size_t n = digits(out, line, i);

		if (n == 10 && line[i + n] == '.' && digits(out, line, i + n + 1) >= 3) {
			out->time = TIME_UNIX;
		} else if (n == 2 && line[i + 2] == ':' && digits(out, line, i + 3) == 2 &&
			   line[i + 5] == ':' && digits(out, line, i + 6) == 2 &&
			   line[i + 8] == '.' && digits(out, line, i + 9) >= 3) {
			out->time = TIME_CLOCK;
			out->time_base = l->rec.ms - clock_ms(line + i);
		}
		out->time_at = (uint16_t)i;
		i += n;
	}
}

/* What stands behind the last field's digits, where that is short. */
static void find_tail(struct bytes line, struct prefix *out)
{
	static const struct bytes code = { " code=0x", 8 };
	size_t at = bytes_find(line, code) + code.n;

	while (at < line.n && ((line.p[at] >= '0' && line.p[at] <= '9') ||
			       (line.p[at] >= 'a' && line.p[at] <= 'f')))
		at++;
	if (at >= line.n || line.n - at > LINE_CACHE_TAIL)
		return;
	out->tail_n = (uint8_t)(line.n - at);
	memcpy(out->tail, line.p + at, out->tail_n);
}

static bool describe(struct bytes line, const struct line *l, struct prefix *out)
{
	struct bytes host = l->rec.node;

	out->auditd_form = l->auditd_form;
	out->indented = l->indented;
	out->escaped = l->header != NULL && strcmp(l->header, "kmsg") == 0;
	if (!find_end(line, l, out))
		return false;
	memcpy(out->low, line.p, out->n);
	memset(out->span + out->n, 0xff, sizeof(out->span) - out->n);
	if (host.n && within(line, host) && host.p + host.n < line.p + out->n &&
	    (unsigned char)host.p[host.n] <= ' ') {
		out->host = (uint16_t)(host.p - line.p);
		out->host_n = (uint16_t)host.n;
	}
	find_uptime(l, line.p, out);
	find_time(l, line.p, out);
	find_tail(line, out);
	return true;
}

/* ---- which digits are open ---- */

/* Writes the front with every digit of it from `from` on at the end of its range. */
static void write_front(struct probe *p, const struct prefix *prefix, size_t from, size_t to,
			bool high)
{
	for (size_t i = from; i < to; i++)
		p->text[i] = (char)(prefix->low[i] + (high ? prefix->span[i] : 0));
}

/* Ways in which digits may be open, the widest first. */
enum { ALL,
       NO_ZERO_FIRST,
       SIXTY,
       LAST,
       WAYS };

static void open_digits(struct prefix *p, const char *line, size_t at, size_t n, int way)
{
	for (size_t i = 0; i < n; i++) {
		bool any = way == ALL || (way == NO_ZERO_FIRST && i > 0) ||
			   (way == SIXTY && i == 1) || (way == LAST && i + 1 == n);

		p->low[at + i] = any ? '0' : (uint8_t)line[at + i];
		p->span[at + i] = any ? 9 : 0;
	}
	if (way == NO_ZERO_FIRST || way == SIXTY) {
		p->low[at] = way == SIXTY ? '0' : '1';
		p->span[at] = way == SIXTY ? 5 : 8;
	}
}

/* Opens one run of digits as far as the parser goes along. */
static void open_run(struct probe *p, struct prefix *prefix, const char *line, size_t at, size_t n)
{
	for (int way = 0; way < WAYS; way++) {
		bool ok = way != SIXTY || n == 2;

		if (!ok)
			continue;
		open_digits(prefix, line, at, n, way);
		for (int high = 0; high < 2 && ok; high++) {
			write_front(p, prefix, at, at + n, high);
			ok = agrees(p, prefix);
		}
		memcpy(p->text + at, line + at, n);
		if (ok)
			return;
	}
	open_digits(prefix, line, at, n, WAYS);
}

/* All open digits at once: at either end of their ranges, and mixed. */
static bool all_agree(struct probe *p, const struct prefix *prefix, struct bytes line)
{
	bool ok = true;

	for (unsigned i = 0; i < 4 && ok; i++) {
		for (size_t at = 0; at < prefix->n; at++)
			write_front(p, prefix, at, at + 1, i < 2 ? i : (at / 2 + i) % 2);
		ok = agrees(p, prefix);
	}
	memcpy(p->text, line.p, prefix->n);
	return ok;
}

static void open_front(struct probe *p, struct prefix *prefix, struct bytes line)
{
	size_t from = p->entry == NULL ? 0 : (size_t)(p->entry->message.p - p->entry->text.p);

	for (size_t at = from, n; at < prefix->n; at += n + 1) {
		if (prefix->host_n && at >= prefix->host &&
		    at < (size_t)prefix->host + prefix->host_n)
			at = (size_t)prefix->host + prefix->host_n;
		n = digits(prefix, line.p, at);
		if (n > 0)
			open_run(p, prefix, line.p, at, n);
	}
	if (all_agree(p, prefix, line))
		return;
	memcpy(prefix->low, line.p, prefix->n);
	memset(prefix->span, 0, prefix->n);
}

/* ---- another host of a shape that is known ---- */

/* The prefix of the same shape with the host of this line; false: this line is of another shape. */
static bool with_host(const struct prefix *like, struct bytes line, struct prefix *out)
{
	size_t behind, old = (size_t)like->host + like->host_n;
	ptrdiff_t by = (ptrdiff_t)out->host_n - like->host_n;

	if (like->host_n == 0 || out->host_n == 0 || like->host != out->host ||
	    like->lead != out->lead || like->n + by != out->n)
		return false;
	behind = (size_t)out->host + out->host_n;
	memcpy(out->low, like->low, out->host);
	memcpy(out->span, like->span, out->host);
	memset(out->span + out->host, 0, out->host_n);
	memcpy(out->low + behind, like->low + old, out->n - behind);
	memcpy(out->span + behind, like->span + old, out->n - behind);
	return line_cache_is_prefix(out, (struct bytes){ line.p, line.n });
}

static struct prefix_shape *find_shape(struct probe *p, struct bytes line, struct prefix *prefix)
{
	struct prefix plain = *prefix;

	for (unsigned i = 0; i < p->f->n; i++) {
		if (with_host(line_cache_like(&p->f->shapes[i]), line, prefix) &&
		    all_agree(p, prefix, line))
			return &p->f->shapes[i];
		*prefix = plain;
	}
	return NULL;
}

static void learn(struct probe *p, struct bytes line, struct prefix *prefix)
{
	struct prefix_shape *shape = find_shape(p, line, prefix);
	struct prefix *kept;

	p->f->credit -= HOST_COST;
	if (shape == NULL) {
		if (p->f->credit < SHAPE_COST || !agrees(p, prefix))
			return;
		p->f->credit -= SHAPE_COST;
		open_front(p, prefix, line);
	}
	if (shape == NULL || p->f->n_prefixes >= LINE_CACHE_PREFIXES)
		shape = line_cache_new_shape(p->f);
	kept = mem_alloc(sizeof(*kept));
	*kept = *prefix;
	line_cache_add(p->f, shape, kept);
}

void line_cache_learn(struct line_cache *f, struct bytes line, const struct entry *entry,
		      const struct line *parsed, int64_t node, bool own_node)
{
	struct prefix prefix = { .node = node, .own_node = own_node };
	struct probe p = { .f = f, .parsed = parsed, .entry = entry, .id = f->last };

	if (line_cache_front(f, line) != NULL)
		return;
	f->credit += f->credit < CREDIT;
	if (f->n == 0 && f->credit < CREDIT / 2)
		f->credit = CREDIT;
	if (f->credit < HOST_COST || line.n > LINE_MAX_LEARN || !describe(line, parsed, &prefix))
		return;
	p.n = line.n;
	p.text = mem_zero(line.n + 1 + LINES_SLACK, 1);
	memcpy(p.text, line.p, line.n);
	p.text[line.n] = '\n';
	learn(&p, line, &prefix);
	free(p.text);
	body_room_release(&p.room);
}
