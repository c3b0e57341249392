// SPDX-License-Identifier: Apache-2.0
/* Tells by its key which field of a container a value is, and keeps the best of each. */
#include "ingest/read/wrap/fields.h"

#include "store/base/mem.h"
#include "store/base/when.h"

#include "ingest/read/wrap.h"

#include <stdlib.h>

static const struct row { enum field field; unsigned rank; const char *key; } rows[] = {
#define FIELD(kind, rank, key) { FIELD_##kind, rank, key },
#include "ingest/read/wrap/field_list.h"
#undef FIELD
};

#define BUCKETS 128

/* Rows by a key's length and letters: heads[bucket] and next[row] are row numbers from 1. */
static uint8_t heads[BUCKETS], next[ARRAY_SIZE(rows)];
_Static_assert(ARRAY_SIZE(rows) < 255, "row numbers are bytes");

static unsigned bucket(const char *p, size_t n)
{
	return (unsigned)(n * 5 + (unsigned char)p[0] * 3u + (unsigned char)p[n - 1] * 7u) %
	       BUCKETS;
}

static void index_rows(void)
{
	for (size_t i = ARRAY_SIZE(rows); i > 0; i--) {
		unsigned at = bucket(rows[i - 1].key, strlen(rows[i - 1].key));

		next[i - 1] = heads[at];
		heads[at] = (uint8_t)i;
	}
}

static const struct row *find(struct bytes key)
{
	static bool indexed;

	if (!indexed)
		index_rows();
	indexed = true;
	for (unsigned i = key.n ? heads[bucket(key.p, key.n)] : 0; i != 0; i = next[i - 1])
		if (bytes_eq(key, bytes_of(rows[i - 1].key)))
			return &rows[i - 1];
	return NULL;
}

enum field fields_find(const struct fields *f, struct bytes parent, struct bytes key,
		       unsigned *rank)
{
	const struct row *r = NULL;
	char both[2 * WRAP_KEY + 1];
	struct bytes path = key;

	if (parent.n && parent.n + key.n < sizeof(both)) {
		memcpy(both, parent.p, parent.n);
		both[parent.n] = '.';
		memcpy(both + parent.n + 1, key.p, key.n);
		path = (struct bytes){ both, parent.n + 1 + key.n };
	}
	*rank = 0;
	if (f->extra != NULL &&
	    (bytes_eq(key, bytes_of(f->extra)) || bytes_eq(path, bytes_of(f->extra))))
		return FIELD_MESSAGE;
	if (path.p == both)
		r = find(path);
	if (r == NULL)
		r = find(key);
	if (r == NULL)
		return FIELD_NONE;
	*rank = r->rank;
	return r->field;
}

void fields_release(struct fields *f)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		free(f->v[i].p);
	free(f->now.p);
	free(f->text);
	*f = (struct fields){ .extra = f->extra };
}

void fields_begin(struct fields *f, enum field field, unsigned rank, unsigned depth, uint64_t line)
{
	struct field_value *now = &f->now;

	f->reading = field;
	now->n = 0;
	now->set = now->cut = now->mentions = false;
	now->rank = rank;
	now->depth = depth;
	now->line = line;
}

void fields_add(struct fields *f, const char *p, size_t n)
{
	size_t max = f->reading == FIELD_MESSAGE ? FIELDS_VALUE_MAX : 256;
	struct field_value *now = &f->now;

	if (f->reading == FIELD_NONE)
		return;
	if (n > max - now->n) {
		n = max - now->n;
		now->cut = true;
	}
	if (now->cap < now->n + n) {
		now->cap = (now->n + n) * 2;
		now->p = mem_grow(now->p, now->cap, 1);
	}
	if (n > 0)
		memcpy(now->p + now->n, p, n);
	now->n += n;
}

/* Is the value that was read better than the one that is there? Of messages, one with a record is.
 */
static bool better(const struct field_value *now, const struct field_value *there)
{
	if (!there->set || now->mentions != there->mentions)
		return !there->set || now->mentions;
	return now->rank != there->rank ? now->rank < there->rank : now->depth < there->depth;
}

void fields_end(struct fields *f)
{
	struct field_value *there = &f->v[f->reading], spare = *there;

	if (f->reading == FIELD_NONE)
		return;
	if (f->reading == FIELD_MESSAGE)
		f->now.mentions = wrap_mentions((struct bytes){ f->now.p, f->now.n });
	f->now.set = true;
	if (better(&f->now, there)) {
		*there = f->now;
		f->now = spare;
	}
	f->reading = FIELD_NONE;
}

void fields_drop(struct fields *f, unsigned depth)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		if (f->v[i].depth >= depth)
			f->v[i].set = false;
}

struct bytes fields_get(const struct fields *f, enum field field)
{
	const struct field_value *v = &f->v[field];

	return (struct bytes){ v->p, v->set && !v->cut ? v->n : 0 };
}

static bool number(const struct fields *f, enum field field, uint64_t *out)
{
	struct bytes b = fields_get(f, field);

	return b.n && bytes_dec(&b, INT64_MAX, out) > 0 && b.n == 0;
}

/* "kern", "kernel", 0: 5, which is what the kernel's records have; any other: a user's. */
static int facility(struct bytes b)
{
	struct bytes rest = b;
	uint64_t v;

	if (bytes_dec(&rest, 127, &v) && rest.n == 0)
		return (int)v * 8 + 5;
	return bytes_eq(b, BYTES("kern")) || bytes_eq(b, BYTES("kernel")) ? 5 : 13;
}

/* "kernel:", "audit[77]:". */
static void split_tag(struct bytes b, struct context *c)
{
	if (b.n && b.p[b.n - 1] == ':')
		b.n--;
	c->tag = bytes_until(&b, '[');
	c->tag_pid = b.n ? 0 : -1;
}

static bool is(const struct fields *f, enum field field, const char *text)
{
	return bytes_eq(fields_get(f, field), bytes_of(text));
}

/* Uptime of a record: what the clock said at the boot is known from the two stamps of the entry. */
static void uptime(const struct fields *f, struct context *c)
{
	uint64_t real, mono, source;

	if (!number(f, FIELD_REALTIME_US, &real) || real > WHEN_MAX_SEC * 1000000u)
		return;
	c->ms = (int64_t)(real / 1000);
	if (!number(f, FIELD_MONOTONIC_US, &mono) || mono > real)
		return;
	c->uptime_us = (int64_t)mono;
	if (number(f, FIELD_SOURCE_US, &source) && source <= real && real - source < mono)
		c->uptime_us = (int64_t)(mono - (real - source));
}

/* What dmesg -J has: "time": 1324.930307. */
static void dmesg_time(const struct fields *f, struct context *c)
{
	struct bytes b = fields_get(f, FIELD_TIME), stamp = b;
	uint64_t sec, us = 0;

	if (bytes_dec(&b, UINT32_MAX, &sec) && b.n == 7 && b.p[0] == '.') {
		for (size_t i = 1; i < 7; i++)
			us = us * 10 + ((unsigned char)b.p[i] - '0') % 10;
		c->uptime_us = (int64_t)(sec * 1000000 + us);
	} else if (header_iso_stamp(&stamp, c)) {
		c->ms_is_audit = false;
	}
}

bool fields_audit_type(const struct fields *f, uint64_t *type)
{
	*type = 1326;
	if (!is(f, FIELD_TRANSPORT, "audit"))
		return false;
	if (fields_get(f, FIELD_AUDIT_TYPE).n && !number(f, FIELD_AUDIT_TYPE, type))
		*type = 0;
	return true;
}

/* journald says itself by which way an entry came. */
static void by_transport(struct fields *f, struct context *c, const char **why)
{
	uint64_t type;

	uptime(f, c);
	if (fields_audit_type(f, &type)) {
		c->priority = -1;
		c->tag = (struct bytes){ NULL, 0 };
		c->tag_pid = -1;
		if (type != 1326)
			return; /* its text is not looked at */
		if (!f->v[FIELD_MESSAGE].set)
			*why = "the journal's MESSAGE was left out, as it is long: journalctl --all has it";
		return;
	}
	if (is(f, FIELD_TRANSPORT, "kernel")) {
		/* what root writes into /dev/kmsg has another facility, or another identifier */
		if (c->tag.n && !bytes_eq(c->tag, BYTES("kernel")))
			c->tag_pid = 0;
		return;
	}
	c->indented = true;
	if (bytes_eq(c->tag, BYTES("kernel")) || bytes_eq(c->tag, BYTES("audit")))
		c->tag_pid = 0;
}

bool fields_context(struct fields *f, struct context *c, const char **why)
{
	struct bytes pri = fields_get(f, FIELD_PRI), fac = fields_get(f, FIELD_FACILITY);
	uint64_t v;

	*why = NULL;
	*c = (struct context){
		.tag_pid = -1, .priority = -1, .ms = WHEN_NONE, .yearless_s = -1, .uptime_us = -1
	};
	if (header_host_like(fields_get(f, FIELD_HOST)))
		c->host = fields_get(f, FIELD_HOST);
	if (fields_get(f, FIELD_TAG).n)
		split_tag(fields_get(f, FIELD_TAG), c);
	if (fac.n)
		c->priority = facility(fac);
	else if (bytes_dec(&pri, 1023, &v))
		c->priority = (int)v;
	if (f->v[FIELD_TRANSPORT].set)
		by_transport(f, c, why);
	else
		dmesg_time(f, c);
	if (*why != NULL)
		return true;
	if (f->v[FIELD_MESSAGE].set && f->v[FIELD_MESSAGE].cut && f->v[FIELD_MESSAGE].mentions)
		*why = "a message of over 64 KiB";
	return f->v[FIELD_MESSAGE].set;
}
