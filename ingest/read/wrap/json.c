// SPDX-License-Identifier: Apache-2.0
/* JSON objects as containers of lines, of any size and in any framing. */
#include "ingest/read/wrap.h"

/*
 * JSON, RFC 8259, byte by byte as it comes: nothing is kept but where we are and the values that
 * are asked for. Objects follow each other on lines, within an array, behind RS (RFC 7464) or
 * "data: "; one may go over many lines.
 */
enum state {
	J_VALUE,      /* a value has to come */
	J_FIRST,      /* the first key, or the end */
	J_FIRST_OF,   /* the first of an array, or its end */
	J_KEY,
	J_COLON,
	J_AFTER,      /* a value ended: a comma, or the end of what it is in */
	J_STRING,
	J_NUMBER,
	J_WORD,       /* true, false, null */
	J_TAIL,       /* behind the outermost object: the rest of its line */
	J_BROKEN,     /* it was no JSON: the rest of the line */
};

/* What may stand before an object at the beginning of a line. */
static struct bytes skip_front(struct bytes b)
{
	bytes_take(&b, BYTES("\xef\xbb\xbf"));
	bytes_trim_left(&b);
	bytes_take(&b, BYTES("data: "));
	bytes_take(&b, BYTES("\x1e"));
	bytes_take(&b, BYTES("@cee:"));
	bytes_trim_left(&b);
	if (b.n > 1 && b.p[0] == '[') {
		struct bytes in = b;

		bytes_skip(&in, 1);
		bytes_trim_left(&in);
		if (in.n && in.p[0] == '{')
			b = in;
	}
	return b;
}

static bool begins(struct bytes ahead)
{
	struct bytes b = skip_front(ahead);

	if (!bytes_take(&b, BYTES("{")))
		return false;
	bytes_trim_left(&b);
	return b.n == 0 || strchr("\"}\n\r", b.p[0]) != NULL;
}

/* ---- strings ---- */

/* How many bytes of a string can be taken as they are: up to a quote, a backslash or a control
 * byte. */
static size_t plain(const char *p, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x, quote, slash;

		memcpy(&x, p + i, 8);
		quote = x ^ ones * '"';
		slash = x ^ ones * '\\';
		/* a byte that is 0 in quote or slash, or under 0x20 in x; false alarms are looked
		 * at below */
		if ((((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
		     ((x - ones * 0x20) & ~x)) &
		    high)
			break;
	}
	for (; i < n; i++)
		if (p[i] == '"' || p[i] == '\\' || (unsigned char)p[i] < 0x20)
			break;
	return i;
}

static void add(struct wrap *w, const char *p, size_t n)
{
	if (w->is_key) {
		for (size_t i = 0; i < n && w->key_n <= WRAP_KEY; i++) {
			if (w->key_n < WRAP_KEY)
				w->key[w->key_n] = p[i];
			w->key_n++;
		}
		return;
	}
	fields_add(&w->fields, p, n);
}

static void add_rune(struct wrap *w, uint32_t c)
{
	char out[4];

	if (c < 0x80) {
		out[0] = (char)c;
		add(w, out, 1);
	} else if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		add(w, out, 2);
	} else if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		add(w, out, 3);
	} else {
		out[0] = (char)(0xf0 | c >> 18);
		out[1] = (char)(0x80 | (c >> 12 & 0x3f));
		out[2] = (char)(0x80 | (c >> 6 & 0x3f));
		out[3] = (char)(0x80 | (c & 0x3f));
		add(w, out, 4);
	}
}

/* \uXXXX is whole. */
static void unit_ends(struct wrap *w)
{
	uint32_t c = w->unit;

	if (c >= 0xdc00 && c < 0xe000 && w->high != 0) {
		add_rune(w, 0x10000 + ((w->high - 0xd800u) << 10) + (c - 0xdc00));
		w->high = 0;
		return;
	}
	if (w->high != 0)
		add_rune(w, 0xfffd);
	w->high = 0;
	if (c >= 0xd800 && c < 0xdc00)
		w->high = (uint16_t)c;
	else
		add_rune(w, c >= 0xdc00 && c < 0xe000 ? 0xfffd : c);
}

static bool hex_digit(char c, unsigned *v)
{
	if (bytes_digit(c))
		*v = (unsigned)(c - '0');
	else if ((c | 32) >= 'a' && (c | 32) <= 'f')
		*v = (unsigned)((c | 32) - 'a' + 10);
	else
		return false;
	return true;
}

/* The byte behind a backslash, or one of the four behind \u. */
static bool escaped(struct wrap *w, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	unsigned v;

	if (w->escape > 1) {
		if (!hex_digit(c, &v))
			return false;
		w->unit = (uint16_t)(w->unit << 4 | v);
		if (--w->escape == 1) {
			w->escape = 0;
			unit_ends(w);
		}
		return true;
	}
	w->escape = 0;
	if (c == 'u') {
		w->escape = 5;
		w->unit = 0;
		return true;
	}
	at = c == '\0' ? NULL : strchr(from, c);
	if (at == NULL)
		return false;
	if (w->high != 0)
		add_rune(w, 0xfffd);
	w->high = 0;
	add(w, to + (at - from), 1);
	return true;
}

/* ---- values ---- */

static struct json_level *top(struct wrap *w)
{
	return &w->levels[w->depth - 1];
}

static void key_ends(struct wrap *w)
{
	const struct json_level *in = top(w);
	unsigned rank = 0;
	bool looked = w->key_n <= WRAP_KEY;

	w->field = (uint8_t)(looked ? fields_find(&w->fields, (struct bytes){ in->key, in->key_n },
						  (struct bytes){ w->key, w->key_n }, &rank) :
				      FIELD_NONE);
	w->rank = rank;
	w->state = J_COLON;
}

/* What a value is that begins here: of its key, or of the array that it stands in. */
static enum field value_field(struct wrap *w)
{
	return top(w)->array ? (enum field)top(w)->field : (enum field)w->field;
}

static void value_begins(struct wrap *w)
{
	enum field field = value_field(w);

	fields_begin(&w->fields, field, top(w)->array ? 1 : w->rank, w->depth, w->line);
}

static bool open_level(struct wrap *w, bool array)
{
	struct json_level *l, *in = w->depth ? top(w) : NULL;
	enum field field = in == NULL ? FIELD_NONE : value_field(w);

	if (w->depth == WRAP_DEPTH)
		return false;
	l = &w->levels[w->depth++];
	l->array = array;
	l->scope = in == NULL || in->array;
	l->field = (uint8_t)(array && field == FIELD_MESSAGE ? field : FIELD_NONE);
	l->key_n = 0;
	if (in != NULL && !in->array && w->key_n <= WRAP_KEY) {
		l->key_n = (uint8_t)w->key_n;
		memcpy(l->key, w->key, w->key_n);
	}
	w->state = array ? J_FIRST_OF : J_FIRST;
	/* an array of a message's bytes is a value of its own; what else is in it takes that back
	 */
	if (array && field == FIELD_MESSAGE)
		fields_begin(&w->fields, FIELD_MESSAGE, w->rank, w->depth, w->line);
	return true;
}

/* A level ended. True: it was a scope, and has a message. */
static bool close_level(struct wrap *w)
{
	const struct json_level *l = top(w);
	bool scope = l->scope;

	if (l->array && l->field == FIELD_MESSAGE && w->fields.reading == FIELD_MESSAGE &&
	    w->fields.now.n > 0)
		fields_end(&w->fields);
	w->fields.reading = FIELD_NONE;
	w->depth--;
	w->state = w->depth == 0 ? J_TAIL : J_AFTER;
	if (w->depth > 0)
		w->key_n = 0;
	return scope;
}

/* A number in an array of bytes is one of them. */
static void number_ends(struct wrap *w)
{
	struct bytes b = { w->key, w->key_n };
	uint64_t v;

	w->state = J_AFTER;
	if (top(w)->array && top(w)->field == FIELD_MESSAGE) {
		if (w->fields.reading == FIELD_MESSAGE && w->key_n <= WRAP_KEY &&
		    bytes_dec(&b, 255, &v) && b.n == 0)
			fields_add(&w->fields, &(char){ (char)v }, 1);
		return;
	}
	value_begins(w);
	fields_add(&w->fields, w->key, w->key_n < WRAP_KEY ? w->key_n : WRAP_KEY);
	fields_end(&w->fields);
}

static bool value(struct wrap *w, char c)
{
	switch (c) {
	case '"':
		value_begins(w);
		w->is_key = false;
		w->high = 0;
		w->state = J_STRING;
		return true;
	case '{':
		return open_level(w, false);
	case '[':
		return open_level(w, true);
	case 't':
	case 'f':
	case 'n':
		w->key[0] = c;
		w->word_at = 1;
		w->state = J_WORD;
		return true;
	default:
		w->key_n = 0;
		w->is_key = true;
		add(w, &c, 1);
		w->state = J_NUMBER;
		return c == '-' || bytes_digit(c);
	}
}

/* One byte that is not within a string. False: it does not belong there. *scope: one ended with it.
 */
static bool structure(struct wrap *w, char c, bool *scope)
{
	switch (w->state) {
	case J_FIRST:
	case J_FIRST_OF:
		if (c == (w->state == J_FIRST ? '}' : ']')) {
			*scope = close_level(w);
			return true;
		}
		if (w->state == J_FIRST_OF)
			return value(w, c);
		/* fall through */
	case J_KEY:
		w->is_key = true;
		w->key_n = 0;
		w->high = 0;
		w->state = J_STRING;
		return c == '"';
	case J_COLON:
		w->state = J_VALUE;
		return c == ':';
	case J_VALUE:
		return value(w, c);
	case J_AFTER:
		if (c == ',') {
			w->state = top(w)->array ? J_VALUE : J_KEY;
			return true;
		}
		if (c != (top(w)->array ? ']' : '}'))
			return false;
		*scope = close_level(w);
		return true;
	default:
		return false;
	}
}

static bool word(struct wrap *w, char c)
{
	const char *text = w->key[0] == 't' ? "true" : w->key[0] == 'f' ? "false" : "null";

	if (text[w->word_at] != c)
		return false;
	if (text[++w->word_at] == '\0')
		w->state = J_AFTER;
	return true;
}

/* ---- the whole ---- */

/* A string goes on. *b: what is left. False: a byte that it may not hold. */
static bool string(struct wrap *w, struct bytes *b)
{
	while (b->n) {
		size_t n;

		if (w->escape) {
			if (!escaped(w, b->p[0]))
				return false;
			bytes_skip(b, 1);
			continue;
		}
		n = plain(b->p, b->n);
		if (n > 0) {
			if (w->high != 0)
				add_rune(w, 0xfffd);
			w->high = 0;
			add(w, b->p, n);
			bytes_skip(b, n);
			continue;
		}
		if (b->p[0] == '\\') {
			w->escape = 1;
		} else if (b->p[0] == '"') {
			if (w->high != 0)
				add_rune(w, 0xfffd);
			bytes_skip(b, 1);
			if (w->is_key) {
				key_ends(w);
			} else {
				fields_end(&w->fields);
				w->state = J_AFTER;
			}
			return true;
		} else if (b->p[0] == '\n') {
			return false;
		} else {
			add(w, b->p, 1);
		}
		bytes_skip(b, 1);
	}
	return true;
}

/*
 * An object, or one in an array, ended; its members are at `depth`. raw: what was read since the
 * last one ended. What looks like a record and is in no message is not passed over.
 */
static enum wrap_got scope_ended(struct wrap *w, unsigned depth, struct bytes raw)
{
	const struct field_value *m = &w->fields.v[FIELD_MESSAGE];
	enum wrap_got got = WRAP_NOTHING;

	wrap_look(w, raw);
	if (m->set && m->depth < depth)
		return WRAP_MORE; /* it is of what this one stands in */
	if (m->set || w->fields.v[FIELD_AUDIT_TYPE].set)
		got = wrap_entry(w, depth);
	if (got == WRAP_NOTHING && w->mentions)
		got = wrap_broken(
			w,
			"a record in JSON in a field that is not looked at: --json-field NAME names it",
			raw);
	if (got == WRAP_NOTHING)
		fields_drop(&w->fields, depth);
	w->drop_depth = depth;
	wrap_unseen(w);
	return got == WRAP_NOTHING && w->depth > 0 ? WRAP_MORE : got;
}

static void fresh(struct wrap *w)
{
	w->depth = 0;
	wrap_unseen(w);
	w->escape = 0;
	w->began = w->line;
	fields_drop(&w->fields, 0);
	w->fields.reading = FIELD_NONE;
	w->state = J_VALUE;
	open_level(w, false);
}

/* Behind the outermost object: blanks, what ends arrays, and the newline; or the next object. */
static enum wrap_got tail(struct wrap *w, struct bytes *b, bool eof)
{
	while (b->n) {
		char c = b->p[0];

		if (c == '{') {
			bytes_skip(b, 1);
			fresh(w);
			return WRAP_MORE;
		}
		if (c == '\0' || strchr(" \t\r,]\x1e", c) == NULL) {
			if (bytes_take(b, BYTES("\n")))
				w->line++;
			return WRAP_END;
		}
		bytes_skip(b, 1);
	}
	return eof ? WRAP_END : WRAP_MORE;
}

/* It is no JSON from here on: the rest of the line goes. Where an object begins in it, the one
 * before was cut off. */
static enum wrap_got broken(struct wrap *w, struct bytes *b, bool eof)
{
	struct bytes line = *b;

	if (b->n == 0 || b->p[0] != '{' || w->line == w->began || w->state == J_BROKEN) {
		w->state = J_BROKEN;
		line = bytes_until(b, '\n');
		wrap_look(w, line);
		if (b->n == 0 && !eof)
			return WRAP_MORE;
		if (bytes_take(b, BYTES("\n")))
			w->line++;
	}
	w->kind = NULL;
	if (w->mentions || w->fields.v[FIELD_MESSAGE].mentions ||
	    (w->fields.reading == FIELD_MESSAGE &&
	     wrap_mentions((struct bytes){ w->fields.now.p, w->fields.now.n })))
		return wrap_broken(w, "JSON that is cut or broken", line);
	return WRAP_NOTHING;
}

/* What stands outside of strings. False: it does not belong there. *scope: one ended. */
static bool step(struct wrap *w, struct bytes *b, bool *scope)
{
	char c = b->p[0];
	bool fine = true;

	if (w->state == J_NUMBER) {
		if (strchr(" \t\r\n,]}", c) != NULL && c != '\0') {
			number_ends(w);
			return true;
		}
		add(w, &c, 1);
		fine = c != '\0' && strchr("0123456789+-.eE", c) != NULL;
	} else if (w->state == J_WORD) {
		fine = word(w, c);
	} else if (c == '\n') {
		w->line++;
	} else if (c != ' ' && c != '\t' && c != '\r') {
		fine = c != '\0' && structure(w, c, scope);
	}
	if (fine)
		bytes_skip(b, 1);
	return fine;
}

static void begin(struct wrap *w, struct bytes *b)
{
	*b = skip_front(*b);
	bytes_skip(b, 1);
	w->began = w->line;
	fresh(w);
}

static enum wrap_got push(struct wrap *w, struct bytes *b, bool eof)
{
	struct bytes raw;

	if (w->state == J_VALUE && w->depth == 0)
		begin(w, b);
	raw = *b;
	while (b->n) {
		unsigned depth = w->depth;
		bool scope = false;
		enum wrap_got got;

		if (w->state == J_BROKEN)
			break;
		if (w->state == J_TAIL) {
			got = tail(w, b, eof);
			raw = *b;
			if (got == WRAP_MORE)
				continue;
			w->kind = NULL;
			return got;
		}
		if (!(w->state == J_STRING ? string(w, b) : step(w, b, &scope))) {
			wrap_look(w, (struct bytes){ raw.p, (size_t)(b->p - raw.p) });
			return broken(w, b, eof);
		}
		if (!scope)
			continue;
		got = scope_ended(w, depth, (struct bytes){ raw.p, (size_t)(b->p - raw.p) });
		raw = *b;
		if (got != WRAP_MORE)
			return got;
	}
	if (w->state == J_TAIL && eof) {
		w->kind = NULL;
		return WRAP_END;
	}
	if (w->state != J_TAIL && w->state != J_BROKEN)
		wrap_look(w, raw);
	return w->state == J_BROKEN || (eof && w->state != J_TAIL) ? broken(w, b, eof) : WRAP_MORE;
}

const struct wrap_kind wrap_json = { "json", "JSON objects", begins, push, BYTES("{") };
