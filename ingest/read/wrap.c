// SPDX-License-Identifier: Apache-2.0
/* Recognises containers of lines, and makes of each entry a line that the parser knows. */
#include "ingest/read/wrap.h"

#include "ingest/read/body.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <stdio.h>
#include <stdlib.h>

#define HOST_MAX 100     /* a longer name is parsed each time */
#define FRONT_MAX (HOST_MAX + 64)
#define STAMP_MAX 64
#define SLACK 64         /* LINES_SLACK: what the hot path may read behind its line */

#define WRAP(id) extern const struct wrap_kind wrap_##id;
#include "ingest/read/wrap/wrap_list.h"
#undef WRAP

static const struct wrap_kind *const kinds[] = {
#define WRAP(id) &wrap_##id,
#include "ingest/read/wrap/wrap_list.h"
#undef WRAP
};

const struct wrap_kind *wrap_at(size_t i)
{
	return i < ARRAY_SIZE(kinds) ? kinds[i] : NULL;
}

void wrap_release(struct wrap *w)
{
	fields_release(&w->fields);
	if (w->inner != NULL)
		wrap_release(w->inner);
	free(w->inner);
	*w = (struct wrap){ .kind = NULL };
}

bool wrap_mentions(struct bytes b)
{
	return bytes_has(b, BYTES("type=1326 ")) || bytes_has(b, BYTES("type=SECCOMP msg=")) ||
	       bytes_has(b, BYTES("SECCOMP auid="));
}

void wrap_look(struct wrap *w, struct bytes raw)
{
	char both[2 * WRAP_SEAM];
	size_t first = raw.n < WRAP_SEAM ? raw.n : WRAP_SEAM, n = w->seam_n + first, keep;

	if (w->mentions || raw.n == 0)
		return;
	memcpy(both, w->seam, w->seam_n);
	memcpy(both + w->seam_n, raw.p, first);
	w->mentions = wrap_mentions((struct bytes){ both, n }) || wrap_mentions(raw);
	keep = n < WRAP_SEAM ? n : WRAP_SEAM;
	if (raw.n >= WRAP_SEAM)
		memcpy(w->seam, raw.p + raw.n - WRAP_SEAM, WRAP_SEAM);
	else
		memmove(w->seam, both + n - keep, keep);
	w->seam_n = (unsigned)keep;
}

void wrap_unseen(struct wrap *w)
{
	w->mentions = false;
	w->seam_n = 0;
}

static void open_kind(struct wrap *w, const struct wrap_kind *kind, uint64_t line)
{
	w->kind = kind;
	w->line = w->began = line;
	w->state = 0;
	w->depth = w->key_n = 0;
	w->escape = 0;
	w->drop = w->inner_open = false;
	wrap_unseen(w);
	w->rest.n = 0;
	fields_drop(&w->fields, 0);
	w->fields.reading = FIELD_NONE;
}

/* Is a value of it an array? One of bytes, or of lines, does not show what is in it. */
static bool has_array(struct bytes line)
{
	for (size_t i = bytes_find(line, BYTES("[")); i < line.n; i++) {
		size_t before = i;

		while (line.p[i] == '[' && before > 0 &&
		       (line.p[before - 1] == ' ' || line.p[before - 1] == '\t'))
			before--;
		if (line.p[i] == '[' && before > 0 && line.p[before - 1] == ':')
			return true;
	}
	return false;
}

bool wrap_begins(struct wrap *w, struct bytes ahead, bool whole, uint64_t line, bool *unsure)
{
	static const struct context nothing = {
		.tag_pid = -1, .priority = -1, .ms = WHEN_NONE, .yearless_s = -1, .uptime_us = -1
	};
	size_t nl = bytes_find(ahead, BYTES("\n"));
	struct bytes first = { ahead.p, nl };

	*unsure = false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!kinds[i]->begins(ahead))
			continue;
		*unsure = !whole && nl == ahead.n && ahead.n < 256;
		/* an object on a line of its own, in which nothing of ours is, goes as other lines
		 * do */
		bytes_trim_right(&first);
		if (nl < ahead.n && first.n > 1 && first.p[first.n - 1] == '}' &&
		    !body_worth(first) && !has_array(first) && !bytes_has(first, BYTES("audit(")) &&
		    !bytes_has(first, BYTES("_AUDIT_ID")))
			return false;
		w->outer = nothing;
		open_kind(w, kinds[i], line);
		return !*unsure;
	}
	return false;
}

/* What this entry does not say, where it stands does. */
static void inherit(struct context *c, const struct context *outer)
{
	if (c->host.n == 0)
		c->host = outer->host;
	if (c->tag.n == 0) {
		c->tag = outer->tag;
		c->tag_pid = outer->tag_pid;
	}
	if (c->priority < 0)
		c->priority = outer->priority;
	if (c->ms == WHEN_NONE)
		c->ms = outer->ms;
	c->indented = c->indented || outer->indented;
}

/*
 * journald's audit transport has serial and time in fields of their own: as auditd would write it.
 * n: bytes of the stamp. Of a record of another type nothing but the stamp is looked at.
 */
static size_t audit_stamp(const struct wrap *w, struct bytes *message, char out[STAMP_MAX])
{
	struct bytes id = fields_get(&w->fields, FIELD_AUDIT_ID),
		     us = fields_get(&w->fields, FIELD_SOURCE_US);
	struct bytes rest = *message;
	uint64_t serial, when, type;

	if (!fields_audit_type(&w->fields, &type) ||
	    (type == 1326 && !bytes_take(&rest, BYTES("SECCOMP "))))
		return 0;
	if (!bytes_dec(&id, UINT32_MAX, &serial) || id.n ||
	    !bytes_dec(&us, WHEN_MAX_SEC * (uint64_t)1000000, &when) || us.n)
		return 0;
	*message = type == 1326 ? rest : (struct bytes){ NULL, 0 };
	return (size_t)snprintf(
		out, STAMP_MAX, "type=%llu msg=audit(%llu.%03llu:%llu): ", (unsigned long long)type,
		(unsigned long long)(when / 1000000), (unsigned long long)(when / 1000 % 1000),
		(unsigned long long)serial);
}

/* Lays one line of a message out as the hot path takes it. */
static enum wrap_got lay_out(struct wrap *w, struct bytes message)
{
	struct fields *f = &w->fields;
	struct entry *entry = &w->entry;
	struct context *c = &entry->c;
	char stamp[STAMP_MAX];
	size_t stamp_n = audit_stamp(w, &message, stamp),
	       need = FRONT_MAX + STAMP_MAX + message.n + 1 + SLACK, n;
	bool native = c->uptime_us >= 0 && f->v[FIELD_TRANSPORT].set && !c->indented;

	if (f->text_cap < need) {
		f->text_cap = need * 2;
		f->text = mem_grow(f->text, f->text_cap, 1);
	}
	/* no line begins with \1: nothing that a log says can be taken for this */
	n = (size_t)snprintf(f->text, FRONT_MAX, "\1%c%.*s\1", c->indented ? 't' : 'T',
			     (int)(c->host.n > HOST_MAX ? 0 : c->host.n),
			     c->host.n ? c->host.p : "");
	if (c->host.n && c->host.n <= HOST_MAX)
		c->host.p = f->text + 2;
	entry->message.p = f->text + n;
	if (native)
		n += (size_t)snprintf(f->text + n, 32, "[%5llu.%06llu] ",
				      (unsigned long long)c->uptime_us / 1000000,
				      (unsigned long long)c->uptime_us % 1000000);
	if (stamp_n)
		memcpy(f->text + n, stamp, stamp_n);
	n += stamp_n;
	if (message.n)
		memcpy(f->text + n, message.p, message.n);
	n += message.n;
	entry->message.n = n - (size_t)(entry->message.p - f->text);
	f->text[n] = '\n';
	memset(f->text + n + 1, 0, SLACK);
	entry->text = (struct bytes){ f->text, n };
	if (c->host.n > HOST_MAX || header_foreign(c) ||
	    (message.n && memchr(message.p, '\n', message.n) != NULL))
		entry->text.n = 0;
	return WRAP_ENTRY;
}

/* Takes the next line off a message. journald's entries are taken whole: a user's may have lines
 * that look like the kernel's. */
static enum wrap_got next_line(struct wrap *w)
{
	while (w->rest.n) {
		struct bytes line = w->rest;

		if (!w->fields.v[FIELD_TRANSPORT].set) {
			line = bytes_until(&w->rest, '\n');
			bytes_skip(&w->rest, 1);
		} else {
			w->rest.n = 0;
		}
		while (line.n && (line.p[line.n - 1] == '\0' || line.p[line.n - 1] == '\n' ||
				  line.p[line.n - 1] == '\r'))
			line.n--;
		if (body_worth(line))
			return lay_out(w, line);
	}
	return WRAP_NOTHING;
}

enum wrap_got wrap_entry(struct wrap *w, unsigned depth)
{
	struct entry *entry = &w->entry;
	struct bytes message, nothing = { NULL, 0 };
	char stamp[STAMP_MAX];
	const char *why;
	uint64_t type;
	bool said;

	w->drop = true;
	w->drop_depth = depth;
	entry->broken = NULL;
	entry->form = w->kind->name;
	said = fields_context(&w->fields, &entry->c, &why);
	if (fields_audit_type(&w->fields, &type) && type != 1326) {
		if (audit_stamp(w, &nothing, stamp)) {
			inherit(&entry->c, &w->outer);
			return lay_out(w, nothing);
		}
		entry->c.tag = BYTES(
			"another type"); /* whatever its text looks like, it is none of ours */
		entry->c.tag_pid = 0;
	}
	if (!said)
		return WRAP_NOTHING;
	if (why != NULL)
		return wrap_broken(w, why, fields_get(&w->fields, FIELD_MESSAGE));
	message = fields_get(&w->fields, FIELD_MESSAGE);
	entry->line = w->fields.v[FIELD_MESSAGE].line;
	inherit(&entry->c, &w->outer);
	if (w->level < WRAP_INNER) {
		if (w->inner == NULL) {
			w->inner = mem_zero(1, sizeof(*w->inner));
			w->inner->level = w->level + 1;
		}
		w->inner->fields.extra = w->fields.extra;
		w->inner_rest = message;
		if (wrap_within(w->inner, &w->inner_rest, &entry->c, entry->line)) {
			w->inner_open = true;
			return wrap_push(w, &(struct bytes){ NULL, 0 }, false);
		}
	}
	w->rest = message;
	return next_line(w);
}

enum wrap_got wrap_broken(struct wrap *w, const char *why, struct bytes shown)
{
	struct entry *entry = &w->entry;

	if (shown.n > 512)
		shown.n = 512;
	*entry = (struct entry){
		.broken = why, .line = w->began, .form = entry->form, .c = w->outer
	};
	lay_out(w, shown);
	entry->text.n = 0;
	w->rest.n = 0;
	w->inner_open = false;
	w->drop = true;
	w->drop_depth = 0;
	return WRAP_ENTRY;
}

/* JSON in a message: its entries are this one's. */
static enum wrap_got push_inner(struct wrap *w)
{
	struct wrap *in = w->inner;

	while (wrap_open(in)) {
		enum wrap_got got = wrap_push(in, &w->inner_rest, true);

		if (got != WRAP_ENTRY)
			continue;
		w->entry = in->entry;
		w->entry.line = w->fields.v[FIELD_MESSAGE].line;
		return WRAP_ENTRY;
	}
	w->inner_open = false;
	return WRAP_NOTHING;
}

enum wrap_got wrap_push(struct wrap *w, struct bytes *b, bool eof)
{
	enum wrap_got got;

	if (w->inner_open) {
		got = push_inner(w);
		if (got == WRAP_ENTRY || b->p == NULL)
			return got;
	}
	if (w->rest.n && next_line(w) == WRAP_ENTRY)
		return WRAP_ENTRY;
	if (w->drop)
		fields_drop(&w->fields, w->drop_depth);
	w->drop = false;
	return w->kind == NULL ? WRAP_END : w->kind->push(w, b, eof);
}

bool wrap_within(struct wrap *w, struct bytes *message, const struct context *outer, uint64_t line)
{
	struct bytes rest = *message;

	bytes_trim_left(&rest);
	bytes_take(&rest, BYTES("@cee:"));
	bytes_trim_left(&rest);
	if (rest.n == 0 || rest.p[0] != '{' || !wrap_json.begins(rest))
		return false;
	open_kind(w, &wrap_json, line);
	w->outer = *outer;
	*message = rest;
	return true;
}

static enum wrap_got push_given(struct wrap *w, struct bytes *b, bool eof)
{
	(void)b;
	(void)eof;
	w->kind = NULL;
	return WRAP_END;
}

void wrap_given(struct wrap *w, const char *form)
{
	static const struct context nothing = {
		.tag_pid = -1, .priority = -1, .ms = WHEN_NONE, .yearless_s = -1, .uptime_us = -1
	};
	static struct wrap_kind given = { "", "", NULL, push_given, { "", 0 } };

	given.name = form;
	w->outer = nothing;
	open_kind(w, &given, w->line + 1);
}

void wrap_set(struct wrap *w, struct bytes key, struct bytes value)
{
	unsigned rank;
	enum field field = fields_find(&w->fields, BYTES(""), key, &rank);

	fields_begin(&w->fields, field, rank, 1, w->line);
	fields_add(&w->fields, value.p, value.n);
	fields_end(&w->fields);
}
