// SPDX-License-Identifier: Apache-2.0
/* The header of Android's logcat: date, time, pid, tid, priority and tag. */
#include "ingest/read/header.h"

/*
 * Android's logcat. source: system/logging/liblog/logprint.cpp; Android Studio has forms of its
 * own. threadtime:  [YYYY-]11-19 11:45:48.412 [+0000] [uid]  959   959 E audit   : TEXT time,
 * brief: [stamp ]E/audit   (  959): TEXT process:     E(  959) TEXT  (audit) Studio: 2026-11-19
 * 11:45:48.412   959-959   audit     pid-959      E  TEXT, before 2022 959-959/? E/audit: TEXT
 */
static bool level(char c)
{
	return c != '\0' && strchr("VDIWEFAS", c) != NULL;
}

/* "11-19 11:45:48.412 ", with a year or a zone; also seconds since the epoch or the boot (-v epoch,
 * monotonic). */
static bool stamp(struct bytes *b)
{
	struct bytes rest = *b, date = bytes_until(&rest, ' '), zone;
	unsigned seconds;
	uint64_t v;

	if (bytes_dec(&date, UINT64_MAX / 2, &v) && bytes_take(&date, BYTES("."))) {
		for (size_t i = 0; i < date.n; i++)
			if (!bytes_digit(date.p[i]))
				return false;
		bytes_trim_left(&rest);
		*b = rest;
		return date.n >= 3;
	}
	rest = *b;
	date = bytes_until(&rest, ' ');
	if (date.n != 5 && date.n != 10)
		return false;
	for (size_t i = 0; i < date.n; i++)
		if (!bytes_digit(date.p[i]) && date.p[i] != '-')
			return false;
	bytes_trim_left(&rest);
	if (!header_clock(&rest, &seconds) || rest.n == 0 || rest.p[0] != ' ')
		return false;
	bytes_trim_left(&rest);
	if (rest.n && (rest.p[0] == '+' || rest.p[0] == '-')) {
		zone = bytes_until(&rest, ' ');
		if (zone.n != 5)
			return false;
		bytes_trim_left(&rest);
	}
	*b = rest;
	return true;
}

/* A word of letters, digits, '.', '_' and so on, with the blanks behind it. */
static struct bytes word(struct bytes *b)
{
	struct bytes w = bytes_until(b, ' ');

	bytes_trim_left(b);
	return w;
}

static bool number(struct bytes w)
{
	uint64_t v;

	return bytes_dec(&w, INT32_MAX, &v) && w.n == 0;
}

/* "audit   : " off *b; a tag may be a thread's name, with blanks. */
static bool tag_colon(struct bytes *b, struct bytes *tag)
{
	size_t at = bytes_find(*b, BYTES(": "));

	if (at == b->n || at > 64)
		return false;
	*tag = (struct bytes){ b->p, at };
	bytes_trim_right(tag);
	bytes_skip(b, at + 2);
	return memchr(tag->p, '=', tag->n) == NULL;
}

/* "E/audit   (  959): ", "E/audit: ". */
static bool slash(struct bytes *b, struct bytes *tag)
{
	struct bytes rest = *b, in;
	size_t paren;
	uint64_t pid;

	if (rest.n < 4 || !level(rest.p[0]) || rest.p[1] != '/')
		return false;
	bytes_skip(&rest, 2);
	if (!tag_colon(&rest, tag))
		return false;
	paren = tag->n;
	while (paren > 0 && tag->p[paren - 1] != '(')
		paren--;
	if (paren > 0 && tag->p[tag->n - 1] == ')') {
		in = (struct bytes){ tag->p + paren, tag->n - paren - 1 };
		bytes_trim_left(&in);
		if (bytes_dec(&in, INT32_MAX, &pid) && in.n == 0) {
			tag->n = paren - 1;
			bytes_trim_right(tag);
		}
	}
	*b = rest;
	return true;
}

/* "959   959 E audit   : ", also with a user before. */
static bool columns(struct bytes *b, struct bytes *tag)
{
	struct bytes rest = *b, a = word(&rest), c = word(&rest), w = word(&rest);

	if (number(c) && number(w)) /* a was the user */
		w = word(&rest);
	else if (!number(a) || !number(c))
		return false;
	if (w.n != 1 || !level(w.p[0]) || !tag_colon(&rest, tag))
		return false;
	*b = rest;
	return true;
}

/* Android Studio: "959-959 audit  pid-959  E  ", or "959-959/? E/audit: ". */
static bool studio(struct bytes *b, struct bytes *tag)
{
	struct bytes rest = *b, ids = word(&rest), left = ids, thread;
	uint64_t v;

	if (!bytes_dec(&left, INT32_MAX, &v) || !bytes_take(&left, BYTES("-")))
		return false;
	thread = bytes_until(&left, '/');
	if (!number(thread))
		return false;
	if (left.n && slash(&rest, tag)) {
		*b = rest;
		return true;
	}
	*tag = word(&rest);
	word(&rest); /* the package */
	if (left.n || rest.n < 2 || !level(rest.p[0]) || rest.p[1] != ' ')
		return false;
	bytes_skip(&rest, 1);
	bytes_trim_left(&rest);
	*b = rest;
	return true;
}

/* "E(  959) TEXT  (audit)": the tag is behind the text. */
static bool process(struct bytes *b, struct bytes *tag)
{
	struct bytes rest = *b;
	size_t at;
	uint64_t pid;

	if (rest.n < 8 || !level(rest.p[0]) || rest.p[1] != '(')
		return false;
	bytes_skip(&rest, 2);
	bytes_trim_left(&rest);
	if (!bytes_dec(&rest, INT32_MAX, &pid) || !bytes_take(&rest, BYTES(") ")))
		return false;
	bytes_trim_left(&rest);
	at = rest.n;
	while (at > 0 && rest.p[at - 1] != '(')
		at--;
	if (at < 3 || rest.p[rest.n - 1] != ')' || rest.p[at - 2] != ' ' || rest.p[at - 3] != ' ')
		return false;
	*tag = (struct bytes){ rest.p + at, rest.n - at - 1 };
	bytes_trim_right(tag);
	rest.n = at - 3;
	bytes_trim_right(&rest);
	*b = rest;
	return true;
}

static bool logcat_parse(struct bytes *line, struct context *out)
{
	struct bytes rest = *line, tag;
	bool stamped = stamp(&rest);

	if (!slash(&rest, &tag) && !process(&rest, &tag) &&
	    (!stamped || (!columns(&rest, &tag) && !studio(&rest, &tag))))
		return false;
	if (tag.n == 0 || bytes_eq(tag, BYTES("auditd")) || bytes_eq(tag, BYTES("audit")))
		out->tag = BYTES("kernel");
	else
		out->tag = tag;
	out->comm_tag = true;
	*line = rest;
	return true;
}

const struct header header_logcat = { "logcat", "Android's logcat, and Android Studio's",
				      logcat_parse };
