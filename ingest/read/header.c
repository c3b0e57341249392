// SPDX-License-Identifier: Apache-2.0
/* Takes headers off a line until none fits any more, and reads the stamps that they share. */
#include "ingest/read/header.h"

#include "store/base/mem.h"
#include "store/base/when.h"

#include <stdlib.h>
#include <time.h>

#define HEADER(id) extern const struct header header_##id;
#include "ingest/read/header_list.h"
#undef HEADER

static const struct header *const headers[] = {
#define HEADER(id) &header_##id,
#include "ingest/read/header_list.h"
#undef HEADER
};

const struct header *header_at(size_t i)
{
	return i < ARRAY_SIZE(headers) ? headers[i] : NULL;
}

static void parse_all(struct bytes *line, struct context *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		if (headers[i]->parse(line, out) && out->form == NULL)
			out->form = headers[i]->name;
}

/*
 * grep's prefix: "FILE:" or "FILE:LINE:". It is one only when a header or a body that is known
 * follows. True: *line is what follows it.
 */
static bool grep_prefix(struct bytes *line)
{
	struct bytes rest = *line, name = bytes_until(&rest, ':'), number;
	uint64_t n;

	if (name.n == 0 || rest.n == 0 || memchr(name.p, ' ', name.n) != NULL ||
	    memchr(name.p, '=', name.n) || memchr(name.p, '[', name.n) != NULL)
		return false;
	bytes_skip(&rest, 1);
	number = rest;
	if (bytes_dec(&number, UINT32_MAX, &n) && number.n && number.p[0] == ':') {
		rest = number;
		bytes_skip(&rest, 1);
	}
	*line = rest;
	return true;
}

bool header_record_starts(struct bytes b)
{
	return bytes_starts(b, BYTES("type=")) || bytes_starts(b, BYTES("audit: type=")) ||
	       bytes_starts(b, BYTES("node=")) || bytes_starts(b, BYTES("{"));
}

void header_parse(struct bytes *line, struct context *out)
{
	static const struct context nothing = {
		.tag_pid = -1, .priority = -1, .ms = WHEN_NONE, .yearless_s = -1, .uptime_us = -1
	};
	struct bytes whole, start = *line;

	*out = nothing;
	bytes_take(&start, BYTES("\xef\xbb\xbf")); /* byte order mark */
	whole = start;
	bytes_trim_left(&start);
	*line = start;
	if (!bytes_starts(start, BYTES("type=")) &&
	    !bytes_starts(start, BYTES("node="))) /* the usual line of auditd has none */
		parse_all(line, out);
	if (out->form == NULL && !header_record_starts(*line) && grep_prefix(line)) {
		parse_all(line, out);
		if (out->form == NULL && !header_record_starts(*line))
			*line = start;
	}
	out->indented = out->indented || start.n != whole.n;
}

bool header_foreign(const struct context *c)
{
	/* kernel records have facility 0; logger writes as user, root through /dev/kmsg too */
	if (c->priority >= 8)
		return true;
	if (c->tag.n == 0)
		return false;
	if (bytes_eq(c->tag, BYTES("kernel")) || bytes_eq(c->tag, BYTES("audit")))
		return c->tag_pid >= 0; /* the audit[PID] of journald is its body's affair */
	return !bytes_eq(c->tag, BYTES("audisp-syslog")) && !bytes_eq(c->tag, BYTES("audispd"));
}

bool header_forges(const struct context *c)
{
	bool audit = bytes_eq(c->tag, BYTES("audit"));

	/* audit[PID] is journald's; without a pid it is a tag as users choose it */
	if (c->tag.n && !bytes_eq(c->tag, BYTES("kernel")) && !(audit && c->tag_pid >= 0))
		return false;
	return header_foreign(c);
}

bool header_host_like(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];

		if (c < 0x21 || c > 0x7e || c == '=' || c == '(' || c == '"' || c == '[' ||
		    c == ']' || c == '{')
			return false;
	}
	return word.n > 0 && word.n <= 255;
}

bool header_level(struct bytes word)
{
	static const char *const levels[] = { "EMERG",	  "EMERGENCY", "ALERT",	   "CRIT",
					      "CRITICAL", "FATAL",     "ERR",	   "ERROR",
					      "WARN",	  "WARNING",   "NOTICE",   "INFO",
					      "DEBUG",	  "VERBOSE1",  "VERBOSE2", "TRACE" };

	if (word.n < 3 || word.p[0] < 'A' || word.p[0] > 'Z')
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (bytes_eq(word, bytes_of(levels[i])))
			return true;
	return false;
}

/* Two digits at b.p[at], in lo..hi. */
static bool two(struct bytes b, size_t at, unsigned lo, unsigned hi, unsigned *out)
{
	unsigned a, c;

	if (b.n < at + 2)
		return false;
	a = (unsigned char)b.p[at] - '0';
	c = (unsigned char)b.p[at + 1] - '0';
	*out = a * 10 + c;
	return a <= 9 && c <= 9 && *out >= lo && *out <= hi;
}

/* ".frac" or ",frac" off *b; *ms its milliseconds. Returns the number of digits. */
static size_t fraction(struct bytes *b, unsigned *ms)
{
	size_t n = 1;

	*ms = 0;
	if (b->n < 2 || (b->p[0] != '.' && b->p[0] != ','))
		return 0;
	for (; n < b->n && bytes_digit(b->p[n]); n++)
		if (n <= 3)
			*ms = *ms * 10 + (unsigned)(b->p[n] - '0');
	for (size_t have = n; have < 4; have++)
		*ms *= 10;
	if (n == 1)
		return 0;
	bytes_skip(b, n);
	return n - 1;
}

bool header_clock(struct bytes *b, unsigned *seconds)
{
	unsigned h, m, s, ms;

	if (!two(*b, 0, 0, 23, &h) || !two(*b, 3, 0, 59, &m) || !two(*b, 6, 0, 60, &s) ||
	    b->p[2] != ':' || b->p[5] != ':')
		return false;
	bytes_skip(b, 8);
	fraction(b, &ms);
	*seconds = h * 3600 + m * 60 + s;
	return true;
}

bool header_bsd_stamp(struct bytes *b, struct context *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct bytes rest = *b, day;
	unsigned month = 0, seconds;
	uint64_t mday;

	if (rest.n < 15 || rest.p[3] != ' ' || rest.p[6] != ' ')
		return false;
	while (month < 12 && memcmp(rest.p, months + (size_t)month * 3, 3) != 0)
		month++;
	day = (struct bytes){ rest.p + 4, 2 };
	bytes_trim_left(&day);
	if (day.n == 2 && day.p[0] == '0')
		bytes_skip(&day, 1);
	if (month == 12 || !bytes_dec(&day, 31, &mday) || day.n || mday == 0)
		return false;
	bytes_skip(&rest, 7);
	if (!header_clock(&rest, &seconds))
		return false;
	/* counted in a leap year, so that every date has a place of its own */
	out->yearless_s =
		(when_days(2000, month + 1, (unsigned)mday) - when_days(2000, 1, 1)) * 86400 +
		seconds;
	*b = rest;
	return true;
}

int64_t header_guess_year(int64_t yearless_s, int64_t near)
{
	time_t in_2000 = (time_t)(when_days(2000, 1, 1) * 86400 + yearless_s),
	       sec = (time_t)(near / 1000);
	struct tm stamp, now;
	int64_t best = WHEN_NONE;

	gmtime_r(&in_2000, &stamp);
	localtime_r(&sec, &now);
	for (int year = now.tm_year - 1; year <= now.tm_year + 1; year++) {
		struct tm tm = stamp;
		int64_t ms;

		tm.tm_year = year;
		tm.tm_isdst = -1;
		ms = (int64_t)mktime(&tm) * 1000;
		if (best == WHEN_NONE || llabs(ms - near) < llabs(best - near))
			best = ms;
	}
	return best;
}

/* "Z", "+00:00" or "+0000" off *b; seconds east. */
static bool zone(struct bytes *b, int *east, bool *colon)
{
	unsigned h, m;
	int sign;

	*colon = false;
	*east = 0;
	if (bytes_take(b, BYTES("Z")))
		return true;
	if (b->n < 5 || (b->p[0] != '+' && b->p[0] != '-'))
		return false;
	sign = b->p[0] == '-' ? -1 : 1;
	*colon = b->p[3] == ':';
	if (!two(*b, 1, 0, 23, &h) || !two(*b, *colon ? 4 : 3, 0, 59, &m))
		return false;
	*east = sign * (int)(h * 3600 + m * 60);
	bytes_skip(b, *colon ? 6 : 5);
	return true;
}

bool header_iso_stamp(struct bytes *b, struct context *out)
{
	struct bytes rest = *b;
	unsigned y1, y2, mon, day, h, m, s, ms;
	size_t digits;
	int east;
	bool colon, comma;

	if (rest.n < 20 || rest.p[4] != '-' || rest.p[7] != '-' || rest.p[10] != 'T' ||
	    rest.p[13] != ':' || rest.p[16] != ':')
		return false;
	if (!two(rest, 0, 19, 99, &y1) || !two(rest, 2, 0, 99, &y2) || !two(rest, 5, 1, 12, &mon) ||
	    !two(rest, 8, 1, 31, &day) || !two(rest, 11, 0, 23, &h) || !two(rest, 14, 0, 59, &m) ||
	    !two(rest, 17, 0, 60, &s))
		return false;
	bytes_skip(&rest, 19);
	comma = rest.n && rest.p[0] == ',';
	digits = fraction(&rest, &ms);
	if (!zone(&rest, &east, &colon))
		return false;
	out->ms = ((when_days(y1 * 100 + y2, mon, day) * 86400 + h * 3600 + m * 60 + s) - east) *
			  1000 +
		  ms;
	/* journalctl -o short-iso-precise writes +0000, rsyslog and dmesg +00:00 */
	out->ms_is_audit = digits == 6 && !colon && !comma;
	*b = rest;
	return true;
}
