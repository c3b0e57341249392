// SPDX-License-Identifier: Apache-2.0
/* The journal's export format as a container of lines. */
#include "ingest/read/wrap.h"

/*
 * The journal's export format: entries of lines NAME=VALUE, or NAME, its length as 64 bits in
 * little-endian order, the bytes and a newline; an empty line ends an entry. source: systemd's
 * docs/JOURNAL_EXPORT_FORMATS.md
 */
enum state { E_NAME, E_TEXT, E_SIZE, E_DATA, E_END, E_BROKEN };

#define SIZE_MOST (768ull << 20) /* DATA_SIZE_MAX of systemd: nothing longer is in a journal */

static bool begins(struct bytes ahead)
{
	return bytes_starts(ahead, BYTES("__CURSOR="));
}

static void name_ends(struct wrap *w)
{
	unsigned rank = 0;
	enum field field = FIELD_NONE;

	if (w->key_n <= WRAP_KEY)
		field = fields_find(&w->fields, BYTES(""), (struct bytes){ w->key, w->key_n },
				    &rank);
	fields_begin(&w->fields, field, rank, 1, w->began);
	w->key_n = 0;
}

static bool name_byte(struct wrap *w, char c)
{
	if (w->key_n < WRAP_KEY)
		w->key[w->key_n] = c;
	if (w->key_n <= WRAP_KEY)
		w->key_n++;
	return (c >= 'A' && c <= 'Z') || c == '_' || bytes_digit(c);
}

/* The rest of the line goes. */
static enum wrap_got broken(struct wrap *w, struct bytes *b, bool eof)
{
	w->state = E_BROKEN;
	bytes_until(b, '\n');
	if (bytes_take(b, BYTES("\n")))
		w->line++;
	else if (!eof)
		return WRAP_MORE;
	w->kind = NULL;
	return wrap_broken(w, w->why, fields_get(&w->fields, FIELD_MESSAGE));
}

static enum wrap_got entry_ends(struct wrap *w)
{
	enum wrap_got got = wrap_entry(w, 0);

	w->kind = NULL;
	return got;
}

/* One step; *ended: an entry did. NULL, or why it is none. */
static const char *step(struct wrap *w, struct bytes *b, bool *ended)
{
	struct bytes part;
	char c = b->p[0];

	switch (w->state) {
	case E_NAME:
		bytes_skip(b, 1);
		w->line += c == '\n';
		if (c == '\n' && w->key_n == 0) {
			*ended = true;
		} else if (c == '=' || c == '\n') {
			name_ends(w);
			w->state = c == '=' ? E_TEXT : E_SIZE;
			w->size = w->size_n = 0;
		} else if (!name_byte(w, c)) {
			return "an entry of journalctl -o export with a name that is none";
		}
		return NULL;
	case E_TEXT:
		part = bytes_until(b, '\n');
		fields_add(&w->fields, part.p, part.n);
		if (bytes_take(b, BYTES("\n"))) {
			fields_end(&w->fields);
			w->line++;
			w->state = E_NAME;
		}
		return NULL;
	case E_SIZE:
		w->size |= (uint64_t)(unsigned char)c << 8 * w->size_n;
		w->line += c == '\n';
		bytes_skip(b, 1);
		if (++w->size_n == 8)
			w->state = E_DATA;
		return w->size > SIZE_MOST ?
			       "an entry of journalctl -o export with a length that no journal has" :
			       NULL;
	case E_DATA:
		part = *b;
		if (part.n > w->size)
			part.n = (size_t)w->size;
		for (size_t i = 0; i < part.n; i++)
			w->line += part.p[i] == '\n';
		fields_add(&w->fields, part.p, part.n);
		bytes_skip(b, part.n);
		w->size -= part.n;
		if (w->size == 0)
			w->state = E_END;
		return NULL;
	default:
		fields_end(&w->fields);
		w->state = E_NAME;
		w->line++;
		return bytes_take(b, BYTES("\n")) ?
			       NULL :
			       "an entry of journalctl -o export with a wrong length";
	}
}

static enum wrap_got push(struct wrap *w, struct bytes *b, bool eof)
{
	bool ended = false;

	if (w->state == E_BROKEN)
		return broken(w, b, eof);
	while (b->n && !ended) {
		w->why = step(w, b, &ended);
		/* an empty value has no byte that would bring it to its end */
		if (w->state == E_DATA && w->size == 0)
			w->state = E_END;
		if (w->why != NULL)
			return broken(w, b, eof);
	}
	if (ended)
		return entry_ends(w);
	if (!eof)
		return WRAP_MORE;
	w->why = "journalctl -o export that ends within an entry";
	if (w->state == E_TEXT)
		fields_end(&w->fields);
	else if (w->state != E_NAME || w->key_n)
		return broken(w, b, eof);
	return entry_ends(w);
}

const struct wrap_kind wrap_export = { "export", "journalctl -o export", begins, push,
				       BYTES("__CURSOR=") };
