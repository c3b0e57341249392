// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the body of a line among those of body_list.h, and decides whether a line that none takes
 * is damaged or not ours.
 */
#include "ingest/read/body.h"

#include "ingest/read/wrap.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <stdlib.h>

#define BODY(id) extern const struct body body_##id;
#include "ingest/read/body_list.h"
#undef BODY

static const struct body *const bodies[] = {
#define BODY(id) &body_##id,
#include "ingest/read/body_list.h"
#undef BODY
};

const struct body *body_at(size_t i)
{
	return i < ARRAY_SIZE(bodies) ? bodies[i] : NULL;
}

void body_room_release(struct body_room *room)
{
	free(room->copy);
	*room = (struct body_room){ 0 };
}

void body_cut_line(bool mentions, struct line *out)
{
	*out = (struct line){ .kind = mentions ? LINE_DAMAGED : LINE_OTHER,
			      .reason = "line of over 64 KiB" };
}

bool body_type_is_seccomp(struct bytes type)
{
	return bytes_eq(type, BYTES("1326")) || bytes_eq(type, BYTES("SECCOMP")) ||
	       bytes_eq(type, BYTES("UNKNOWN[1326]"));
}

enum line_kind body_record(struct bytes stamp, struct line *out, struct fields_room *room)
{
	struct bytes b = stamp;

	out->stamp = stamp;
	out->reason = fields_stamp(&b, &out->rec);
	if (out->reason == NULL) {
		out->identity = (struct bytes){ b.p, bytes_find(b, BYTES(" syscall=")) };
		out->reason = fields_body(b, &out->rec, room);
	}
	return out->reason == NULL ? LINE_RECORD : LINE_DAMAGED;
}

/* Has the line a word of some body? A cheap sieve before headers are read. */
bool body_worth(struct bytes b)
{
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		for (const struct body_word *w = bodies[i]->words;
		     w < bodies[i]->words + BODY_WORDS && w->text.n > 0; w++)
			if (w->first ? bytes_starts(b, w->text) : bytes_has(b, w->text))
				return true;
	return false;
}

static char *room_for(struct body_room *room, size_t n)
{
	if (room->cap < n) {
		room->cap = n * 2;
		room->copy = mem_grow(room->copy, room->cap, 1);
	}
	return room->copy;
}

/*
 * Colour: drops ESC [ ... m before the record's type, and at the end of the line. Inside a record
 * an ESC is never the terminal's: the kernel writes it as hex.
 */
static struct bytes without_colour(struct bytes line, struct body_room *room)
{
	size_t type = bytes_find(line, BYTES("type=")), n = 0;
	char *out = room_for(room, line.n);

	while (line.n > 4 && line.p[line.n - 1] == 'm') {
		const char *esc = memrchr(line.p, '\033', line.n);

		if (esc == NULL || line.p + line.n - esc > 12 || esc[1] != '[')
			break;
		line.n = (size_t)(esc - line.p);
	}
	for (size_t i = 0; i < line.n; i++) {
		if (i < type && line.p[i] == '\033' && i + 1 < line.n && line.p[i + 1] == '[') {
			i += 2;
			while (i < line.n && (line.p[i] == ';' || bytes_digit(line.p[i])))
				i++;
			continue;
		}
		out[n++] = line.p[i];
	}
	return (struct bytes){ out, n };
}

/* /dev/kmsg writes bytes as \xHH; decodes those into the room. */
static struct bytes without_escapes(struct bytes b, struct body_room *room)
{
	char *out;
	size_t n = 0;

	if (!bytes_has(b, BYTES("\\x")))
		return b;
	out = room_for(room, b.n);
	for (size_t i = 0; i < b.n; i++) {
		struct bytes two = { b.p + i + 2, 2 };
		uint64_t v;

		if (b.p[i] == '\\' && i + 3 < b.n && b.p[i + 1] == 'x' &&
		    bytes_hex(&two, 255, &v) == 2) {
			out[n++] = (char)v;
			i += 3;
		} else {
			out[n++] = b.p[i];
		}
	}
	return (struct bytes){ out, n };
}

/*
 * A line that holds a record's beginning, but not where a body begins. Behind the tag of another
 * program, or inside another message, it is a quotation: not ours. Otherwise its own front is
 * broken.
 */
static enum line_kind stray(struct bytes message, const struct context *c, struct line *out)
{
	size_t at = bytes_find(message, BYTES("type=1326"));
	size_t other = bytes_find(message, BYTES("type=SECCOMP msg=audit("));
	struct bytes before, word;

	if (other < at)
		at = other;
	if (at == message.n || header_foreign(c))
		return LINE_OTHER;
	before = (struct bytes){ message.p, at };
	if (bytes_has(before, BYTES("type=")) || (at + 9 < message.n && message.p[at] == 't' &&
	    bytes_starts((struct bytes){ message.p + at, message.n - at }, BYTES("type=1326")) &&
	    bytes_digit(message.p[at + 9])))
		return LINE_OTHER;
	if (c->tag.n) {
		/* "kernel: [ 1325.1] myprog[77]: audit: ...": another part of the kernel quotes it
		 */
		word = bytes_until(&before, ' ');
		if (word.n > 2 && word.p[word.n - 1] == ':' && word.p[word.n - 2] == ']')
			return LINE_OTHER;
	}
	out->reason = "other text stands before the record";
	return LINE_DAMAGED;
}

static enum line_kind parse_message(struct bytes message, const struct context *c, struct line *out,
				    struct fields_room *room)
{
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		enum line_kind kind = bodies[i]->parse(message, c, out, room);

		if (kind == LINE_OTHER)
			continue;
		out->body = bodies[i]->name;
		return kind;
	}
	return stray(message, c, out);
}

/*
 * What the container says, where the message has no header that says it. A tag in front of the
 * message counts only with a host: what a program logs may begin with "kernel: ".
 */
static void inherit(struct context *c, const struct context *outer)
{
	if (c->host.n == 0) {
		c->host = outer->host;
		if (outer->tag.n) {
			c->tag = outer->tag;
			c->tag_pid = outer->tag_pid;
		}
		if (outer->priority >= 0)
			c->priority = outer->priority;
	}
	if (c->ms == WHEN_NONE && c->yearless_s < 0)
		c->ms = outer->ms;
	if (c->uptime_us < 0)
		c->uptime_us = outer->uptime_us;
	c->indented = c->indented || outer->indented;
}

static bool is_json(struct bytes message)
{
	bytes_take(&message, BYTES("@cee:"));
	bytes_trim_left(&message);
	return message.n > 1 && message.p[0] == '{';
}

static void parse(struct bytes line, const struct context *outer, struct line *out,
		  struct body_room *room)
{
	struct context c;
	struct bytes message = line;

	header_parse(&message, &c);
	if (outer != NULL)
		inherit(&c, outer);
	if (c.escaped)
		message = without_escapes(message, room);
	out->header = c.form;
	out->uptime_us = c.uptime_us;
	out->indented = c.indented;
	out->message = message;
	if (outer == NULL && is_json(message)) {
		out->kind = LINE_WRAPS;
		out->outer = c;
		return;
	}
	out->kind = parse_message(message, &c, out, &room->fields);
	if (out->kind == LINE_RECORD || out->kind == LINE_SERIAL) {
		if (out->rec.node.n == 0)
			out->rec.node = c.host;
		out->auditd_form =
			out->auditd_form && outer == NULL && c.form == NULL && message.p == line.p;
	} else if (out->kind == LINE_LOSS) {
		out->loss.node = c.host;
		out->loss.ms = c.ms;
		if (c.ms == WHEN_NONE && c.yearless_s >= 0 && room->near_ms > 0)
			out->loss.ms = header_guess_year(c.yearless_s, room->near_ms);
		out->loss.uptime_us = c.uptime_us;
	}
}

void body_parse_line(struct bytes line, struct line *out, struct body_room *room)
{
	*out = (struct line){ .uptime_us = -1, .rec.ms = WHEN_NONE };
	bytes_trim_right(&line);
	if (memchr(line.p, '\033', line.n) != NULL)
		line = without_colour(line, room);
	if (body_worth(line))
		parse(line, NULL, out, room);
}

void body_parse_entry(const struct entry *entry, struct line *out, struct body_room *room)
{
	struct bytes message = entry->message;

	*out = (struct line){ .uptime_us = -1, .rec.ms = WHEN_NONE, .wrap = entry->form };
	if (entry->broken != NULL) {
		out->kind = LINE_DAMAGED;
		out->reason = entry->broken;
		return;
	}
	bytes_trim_right(&message);
	if (memchr(message.p, '\033', message.n) != NULL)
		message = without_colour(message, room);
	parse(message, &entry->c, out, room);
}
