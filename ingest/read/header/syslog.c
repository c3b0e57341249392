#include "ingest/read/header.h"

/* "[ 1324.932396] " of journalctl -o short-monotonic: taken only when a host and a tag follow. */
static bool monotonic(struct bytes *b, struct context *out)
{
	struct bytes rest = *b;
	uint64_t sec, us;

	if (!bytes_take(&rest, BYTES("[")))
		return false;
	bytes_trim_left(&rest);
	if (!bytes_dec(&rest, UINT32_MAX, &sec) || !bytes_take(&rest, BYTES(".")) || rest.n < 8 || rest.p[6] != ']')
		return false;
	us = 0;
	for (size_t i = 0; i < 6; i++)
		us = us * 10 + ((unsigned char)rest.p[i] - '0') % 10;
	bytes_skip(&rest, 7);
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

	if (!bytes_dec(&rest, 253402300799u, &sec) || rest.n < 8 || rest.p[0] != '.' || rest.p[7] != ' ')
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

/* "Tue 2026-11-24 04:29:37 UTC" of journalctl -o short-full. */
static bool full_stamp(struct bytes *b)
{
	struct bytes rest = *b;
	unsigned seconds;

	if (rest.n < 28 || rest.p[3] != ' ' || rest.p[8] != '-' || rest.p[11] != '-' || rest.p[14] != ' ')
		return false;
	bytes_skip(&rest, 15);
	if (!header_clock(&rest, &seconds) || !bytes_take(&rest, BYTES(" ")))
		return false;
	bytes_until(&rest, ' '); /* the zone */
	*b = rest;
	return true;
}

static bool stamp(struct bytes *b, struct context *out)
{
	unsigned seconds;

	return header_bsd_stamp(b, out) || header_iso_stamp(b, out) || unix_stamp(b, out) || full_stamp(b) ||
	       header_clock(b, &seconds) || monotonic(b, out);
}

/* Splits "name[123]" into tag and pid; a plain word is a tag without pid. False: no tag. */
static bool split_tag(struct bytes word, struct context *out)
{
	struct bytes rest = word, name = bytes_until(&rest, '[');
	uint64_t pid;

	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] < 0x21 || (unsigned char)word.p[i] > 0x7e || word.p[i] == '=' ||
		    word.p[i] == '"' || word.p[i] == '(' || word.p[i] == '{')
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

static bool host_like(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++) {
		unsigned char c = (unsigned char)word.p[i];

		if (c < 0x21 || c > 0x7e || c == '=' || c == '(' || c == '"' || c == '[' || c == ']' || c == '{')
			return false;
	}
	return word.n <= 255;
}

/* busybox puts "kern.notice" between host and tag; what is not kern shows in the priority. */
static bool facility_level(struct bytes word, struct context *out)
{
	struct bytes rest = word, facility = bytes_until(&rest, '.');

	if (rest.n < 4 || facility.n == 0)
		return false;
	out->priority = bytes_eq(facility, BYTES("kern")) ? 5 : 13;
	return true;
}

/* STAMP [HOST] [FACILITY.LEVEL] TAG[PID]: of rsyslog, syslog-ng, busybox, and journalctl's short forms. */
static bool syslog_parse(struct bytes *line, struct context *out)
{
	struct context got = *out;
	struct bytes rest = *line, word;
	bool colon, is_printk = rest.n && rest.p[0] == '[';

	if (!stamp(&rest, &got) || !bytes_take(&rest, BYTES(" ")))
		return false;
	if (rest.n == 0 || rest.p[0] == '[' || !next_word(&rest, &word, &colon))
		return false;
	if (!colon) {
		/* dmesg's lines have the same stamp and no host */
		if (!host_like(word))
			return false;
		got.host = word;
		if (!next_word(&rest, &word, &colon))
			return false;
		if (!colon && (!facility_level(word, &got) || !next_word(&rest, &word, &colon)))
			return false;
	} else if (is_printk) {
		return false;
	}
	if (!colon || !split_tag(word, &got))
		return false;
	*out = got;
	*line = rest;
	return true;
}

const struct header header_syslog = { "syslog", "rsyslog, busybox, journalctl's short outputs, dmesg iso", syslog_parse };
