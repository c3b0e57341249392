// SPDX-License-Identifier: Apache-2.0
/* The header of syslog files: stamp with or without year and zone, host, tag with pid. */
#include "ingest/read/header.h"

#include "store/base/mem.h"

/* "[ 1324.932396] " of journalctl -o short-monotonic, "[ 1324.932396 <    0.000100 >] " of
 * short-delta: taken only when a host and a tag follow. */
static bool monotonic(struct bytes *b, struct context *out)
{
	struct bytes rest = *b;
	uint64_t sec, us;

	if (!bytes_take(&rest, BYTES("[")))
		return false;
	bytes_trim_left(&rest);
	if (!bytes_dec(&rest, UINT32_MAX, &sec) || !bytes_take(&rest, BYTES(".")) || rest.n < 8)
		return false;
	us = 0;
	for (size_t i = 0; i < 6; i++)
		us = us * 10 + ((unsigned char)rest.p[i] - '0') % 10;
	bytes_skip(&rest, 6);
	if (bytes_take(&rest, BYTES(" <"))) {
		bytes_until(&rest, '>');
		bytes_take(&rest, BYTES(">"));
	}
	if (!bytes_take(&rest, BYTES("]")))
		return false;
	out->uptime_us = (int64_t)(sec * 1000000 + us);
	*b = rest;
	return true;
}

/* "1795494577.759000" of journalctl -o short-unix. */
static bool unix_stamp(struct bytes *b, struct context *out)
{
	struct bytes rest = *b;
	uint64_t sec;
	unsigned ms;

	if (!bytes_dec(&rest, 253402300799u, &sec) || rest.n < 8 || rest.p[0] != '.' ||
	    rest.p[7] != ' ')
		return false;
	ms = 0;
	for (size_t i = 1; i <= 6; i++) {
		unsigned d = (unsigned char)rest.p[i] - '0';

		if (d > 9)
			return false;
		if (i <= 3)
			ms = ms * 10 + d;
	}
	bytes_skip(&rest, 7);
	out->ms = (int64_t)sec * 1000 + ms;
	out->ms_is_audit = true;
	*b = rest;
	return true;
}

/* A word of a date in some language, or a number of one: "Mär", "févr.", "3月", "24,",
 * "2026-11-24". */
static bool date_word(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];

		if (c < 0x21 || c == 0x7f || strchr("=:\"()[]{}<>|", c) != NULL)
			return false;
	}
	return word.n > 0 && word.n <= 40;
}

static bool iso_date(struct bytes w)
{
	return w.n == 10 && w.p[4] == '-' && w.p[7] == '-' && bytes_digit(w.p[0]) &&
	       bytes_digit(w.p[9]);
}

/* "UTC", "CET", "+01", "+0100": what follows a full date's time. */
static bool zone_word(struct bytes w)
{
	if (w.n > 1 && (w.p[0] == '+' || w.p[0] == '-'))
		return bytes_digit(w.p[1]);
	for (size_t i = 0; i < w.n; i++)
		if (w.p[i] < 'A' || w.p[i] > 'Z')
			return false;
	return w.n >= 2 && w.n <= 5 && !header_level(w);
}

/* A year behind the time, as logread has it. */
static void year_behind(struct bytes *b)
{
	struct bytes rest = *b, year;
	uint64_t v;

	if (!bytes_take(&rest, BYTES(" ")))
		return;
	year = bytes_until(&rest, ' ');
	if (year.n == 4 && bytes_dec(&year, 9999, &v) && year.n == 0 && v >= 1970)
		*b = rest;
}

/*
 * A date in any language and order, and the time: "Mär 04 19:57:53", "Tue Nov 24 04:29:37 2026",
 * "Di 2026-11-24 04:29:37 CET". The month's name is the user's locale's (journalctl), so it says
 * nothing here: the record has its own stamp.
 */
static bool local_stamp(struct bytes *b)
{
	struct bytes rest = *b, word = { NULL, 0 }, zone;
	unsigned seconds, words = 0;
	bool day = false;

	bytes_trim_left(&rest);
	while (words < 5 && !header_clock(&rest, &seconds)) {
		word = bytes_until(&rest, ' ');
		if (!date_word(word) || rest.n == 0)
			return false;
		bytes_trim_left(&rest);
		words++;
		for (size_t i = 0; i < word.n; i++)
			day = day || bytes_digit(word.p[i]) || (unsigned char)word.p[i] >= 0x80;
	}
	if (words == 5 || !day)
		return false;
	year_behind(&rest);
	*b = rest;
	if (iso_date(word) && bytes_take(&rest, BYTES(" "))) {
		zone = bytes_until(&rest, ' ');
		if (words > 1 || zone_word(zone))
			*b = rest;
	}
	return true;
}

static bool stamp(struct bytes *b, struct context *out)
{
	unsigned seconds;

	if (header_bsd_stamp(b, out)) {
		year_behind(b);
		return true;
	}
	return header_iso_stamp(b, out) || unix_stamp(b, out) || header_clock(b, &seconds) ||
	       monotonic(b, out) || local_stamp(b);
}

/* Splits "name[123]" into tag and pid; a plain word is a tag without pid. False: no tag. */
static bool split_tag(struct bytes word, struct context *out)
{
	struct bytes rest = word, name = bytes_until(&rest, '[');
	uint64_t pid;

	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] < 0x21 || (unsigned char)word.p[i] > 0x7e ||
		    word.p[i] == '=' || word.p[i] == '"' || word.p[i] == '(' || word.p[i] == '{')
			return false;
	out->tag = word;
	out->tag_pid = -1;
	if (rest.n == 0 || name.n == 0)
		return word.n > 0;
	bytes_skip(&rest, 1);
	if (bytes_dec(&rest, INT32_MAX, &pid) && bytes_eq(rest, BYTES("]"))) {
		out->tag = name;
		out->tag_pid = (int64_t)pid;
	}
	return true;
}

/* Takes "word " or "word: " off *b; *colon says which. */
static bool next_word(struct bytes *b, struct bytes *word, bool *colon)
{
	struct bytes rest = *b;

	*word = bytes_until(&rest, ' ');
	if (word->n == 0)
		return false;
	*colon = word->p[word->n - 1] == ':';
	if (*colon)
		word->n--;
	bytes_take(&rest, BYTES(" "));
	*b = rest;
	return word->n > 0;
}

/* "kern.notice", of busybox and OpenWrt; what is not kern shows in the priority. */
static bool facility_level(struct bytes word, struct context *out)
{
	static const char *const facilities[] = { "kern",   "user",	"mail",	  "daemon",
						  "auth",   "authpriv", "syslog", "lpr",
						  "news",   "uucp",	"cron",	  "ftp",
						  "local0", "local1",	"local2", "local3",
						  "local4", "local5",	"local6", "local7" };
	static const char *const levels[] = { "emerg", "panic",	  "alert",  "crit", "err",  "error",
					      "warn",  "warning", "notice", "info", "debug" };
	struct bytes rest = word, facility = bytes_until(&rest, '.');
	bool known = false;

	if (rest.n == 0)
		return false;
	bytes_skip(&rest, 1);
	for (size_t i = 0; i < ARRAY_SIZE(facilities) && !known; i++)
		known = bytes_eq(facility, bytes_of(facilities[i]));
	if (!known)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		if (!bytes_eq(rest, bytes_of(levels[i])))
			continue;
		out->priority = bytes_eq(facility, BYTES("kern")) ? 5 : 13;
		return true;
	}
	return false;
}

/* STAMP [HOST] [LEVEL or FACILITY.LEVEL] TAG[PID]: of rsyslog, syslog-ng, busybox, OpenWrt,
 * ChromeOS, and journalctl's short forms. */
static bool syslog_parse(struct bytes *line, struct context *out)
{
	struct context got = *out;
	struct bytes rest = *line, word;
	bool colon, is_printk = rest.n && rest.p[0] == '[';

	if (!stamp(&rest, &got) || !bytes_take(&rest, BYTES(" ")))
		return false;
	if (rest.n == 0 || rest.p[0] == '[' || !next_word(&rest, &word, &colon))
		return false;
	if (colon && is_printk)
		return false;
	if (!colon && !header_level(word) && !facility_level(word, &got)) {
		/* dmesg's lines have the same stamp and no host */
		if (!header_host_like(word))
			return false;
		got.host = word;
		if (!next_word(&rest, &word, &colon))
			return false;
	}
	if (!colon && (header_level(word) || facility_level(word, &got)) &&
	    !next_word(&rest, &word, &colon))
		return false;
	if (!colon || !split_tag(word, &got))
		return false;
	*out = got;
	*line = rest;
	return true;
}

const struct header header_syslog = { "syslog",
				      "rsyslog, busybox, journalctl's short outputs, dmesg iso",
				      syslog_parse };
