// SPDX-License-Identifier: Apache-2.0
/* Pages of the seen set: loaded, changed and saved by (node, serials, seconds). */
#include "ingest/batch/seen.h"

#include "store/base/hash.h"
#include "store/rows/seen_row.h"

#include <stdlib.h>

_Static_assert(SEEN_SECONDS == SEEN_ROW_SECONDS, "rows and pages span the same");

#define PAGES_MAX 512        /* in memory: some 4.5 MB */

void seen_init(struct seen *s, struct store *store)
{
	*s = (struct seen){ .store = store };
}

static void free_page(struct seen_page *p)
{
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

void seen_forget(struct seen *s)
{
	for (size_t i = 0; i < s->n_pages; i++)
		free_page(s->pages[i]);
	s->n_pages = 0;
	s->last = NULL;
	if (s->n_slots)
		memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
}

void seen_release(struct seen *s)
{
	seen_forget(s);
	free(s->pages);
	free(s->slots);
	VEC_FREE(&s->changed);
	*s = (struct seen){ 0 };
}

static uint32_t slot_for(const struct seen *s, int64_t node, int64_t serials, int64_t seconds)
{
	uint64_t h = hash_u64(hash_u64((uint64_t)node, (uint64_t)serials), (uint64_t)seconds);
	uint32_t i = (uint32_t)h & (s->n_slots - 1);

	for (; s->slots[i] != 0; i = (i + 1) & (s->n_slots - 1)) {
		const struct seen_page *p = s->pages[s->slots[i] - 1];

		if (p->node == node && p->serials == serials && p->seconds == seconds)
			break;
	}
	return i;
}

static void reindex(struct seen *s)
{
	if (s->n_slots == 0) {
		s->n_slots = PAGES_MAX * 8;
		s->slots = mem_zero(s->n_slots, sizeof(*s->slots));
	}
	memset(s->slots, 0, s->n_slots * sizeof(*s->slots));
	for (size_t i = 0; i < s->n_pages; i++)
		s->slots[slot_for(s, s->pages[i]->node, s->pages[i]->serials,
				  s->pages[i]->seconds)] = (uint32_t)i + 1;
}

static struct seen_key key_of(const struct seen_page *p)
{
	return (struct seen_key){ p->node, p->serials, p->seconds };
}

static void encode_pieces(struct seen_page *p, enum track_layer layer, struct buf *out)
{
	struct boot_pieces list = { 0 };

	seen_pieces(p, layer, &list);
	boot_encode(&list, out);
	VEC_FREE(&list);
}

/* What is stored of a page. */
struct blobs { struct buf data, pieces[TRACK_LAYERS], held[TRACK_LAYERS], other[TRACK_LAYERS]; };

static void blobs_release(struct blobs *b)
{
	buf_release(&b->data);
	for (int i = 0; i < TRACK_LAYERS; i++) {
		buf_release(&b->pieces[i]);
		buf_release(&b->held[i]);
		buf_release(&b->other[i]);
	}
}

/* The sets of serials: the one of all events stays empty where text brought nothing. */
static void encode_serials(const struct seen_page *p, struct blobs *b)
{
	for (int i = 0; i < TRACK_LAYERS; i++) {
		struct serial_set held;

		seen_held(p, (enum track_layer)i, &held);
		if (b->pieces[i].n > 0 && !p->uncounted)
			serial_set_encode(&held, &b->held[i]);
		serial_set_encode(&p->other[i], &b->other[i]);
	}
}

static int save(struct seen *s, struct seen_page *p, struct err *e)
{
	__attribute__((cleanup(blobs_release))) struct blobs b = { 0 };
	const struct seen_boot_time *t = p->boot_time;
	bool any = false;

	if (p->dirty)
		*VEC_PUSH(&s->changed) = (struct boots_page){ p->node, p->seconds, p->serials };
	p->dirty = p->dirty_other = false;
	for (int i = 0; i < TRACK_LAYERS; i++)
		encode_pieces(p, (enum track_layer)i, &b.pieces[i]);
	encode_serials(p, &b);
	for (int i = 0; i < TRACK_LAYERS; i++)
		any = any || b.pieces[i].n > 0 || b.other[i].n > 0;
	if (!any) /* all of its events were taken back */
		return seen_row_del(s->store, key_of(p), e);
	seen_encode(p, &b.data);
	return seen_row_save(
		s->store,
		&(struct seen_row){ .key = key_of(p),
				    .boot_time = { { t[TRACK_TRUSTED].min, t[TRACK_TRUSTED].max },
						   { t[TRACK_TEXT].min, t[TRACK_TEXT].max } },
				    .pieces = { buf_bytes(&b.pieces[0]), buf_bytes(&b.pieces[1]) },
				    .held = { buf_bytes(&b.held[0]), buf_bytes(&b.held[1]) },
				    .other = { buf_bytes(&b.other[0]), buf_bytes(&b.other[1]) },
				    .data = buf_bytes(&b.data) },
		e);
}

static int by_key(const void *a, const void *b)
{
	const struct boots_page *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	if (x->seconds != y->seconds)
		return x->seconds < y->seconds ? -1 : 1;
	return x->serials < y->serials ? -1 : x->serials > y->serials;
}

int seen_flush(struct seen *s, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_pages; i++)
		if ((s->pages[i]->dirty || s->pages[i]->dirty_other) && save(s, s->pages[i], e) < 0)
			return -1;
	if (s->changed.n > 1)
		qsort(s->changed.v, s->changed.n, sizeof(*s->changed.v), by_key);
	for (size_t i = 0; i < s->changed.n;
	     i++) /* one that was evicted and came back was written twice */
		if (n == 0 || by_key(&s->changed.v[n - 1], &s->changed.v[i]) != 0)
			s->changed.v[n++] = s->changed.v[i];
	s->changed.n = n;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct seen_page *const *x = a, *const *y = b;

	return (*x)->used < (*y)->used ? 1 : (*x)->used > (*y)->used ? -1 : 0;
}

/* Half of the pages go, those that were not used for longest. Dirty ones are written; the lock is
 * held. */
static int evict(struct seen *s, struct err *e)
{
	qsort(s->pages, s->n_pages, sizeof(*s->pages), by_use);
	while (s->n_pages > PAGES_MAX / 2) {
		struct seen_page *p = s->pages[s->n_pages - 1];

		if ((p->dirty || p->dirty_other) && save(s, p, e) < 0)
			return -1;
		free_page(p);
		s->n_pages--;
	}
	s->last = NULL;
	reindex(s);
	return 0;
}

struct loading { const struct seen *s; struct seen_page *p; };

static int take_page(void *to, const struct seen_row *r, struct err *e)
{
	struct loading *l = to;

	for (size_t i = 0; i < TRACK_LAYERS; i++)
		l->p->boot_time[i] =
			(struct seen_boot_time){ r->boot_time[i].min, r->boot_time[i].max };
	l->p->uncounted = r->uncounted;
	for (size_t i = 0; i < TRACK_LAYERS; i++)
		if (!serial_set_decode(&l->p->other[i], r->other[i]))
			return store_damaged(l->s->store, "seen", 0,
					     "no serials can be read in its other", e);
	return seen_decode(l->p, r->data) ?
		       0 :
		       store_damaged(l->s->store, "seen", 0, "no page can be read in its data", e);
}

static int load_page(struct seen *s, struct seen_page *p, struct err *e)
{
	struct loading l = { s, p };

	return seen_row_find(s->store, key_of(p), (struct seen_row_take){ take_page, &l }, e);
}

struct seen_page *seen_page(struct seen *s, int64_t node, uint32_t serial, int64_t second,
			    struct err *e)
{
	int64_t serials = serial / SEEN_SERIALS, seconds = second / SEEN_SECONDS;
	struct seen_page *p;
	uint32_t slot;

	if (s->n_slots == 0)
		reindex(s);
	slot = slot_for(s, node, serials, seconds);
	if (s->slots[slot] == 0) {
		if (s->n_pages >= PAGES_MAX) {
			if (evict(s, e) < 0)
				return NULL;
			slot = slot_for(s, node, serials, seconds);
		}
		if (s->n_pages == s->cap) {
			s->cap = s->cap ? s->cap * 2 : 64;
			s->pages = mem_grow(s->pages, s->cap, sizeof(*s->pages));
		}
		p = mem_zero(1, sizeof(*p));
		p->node = node;
		p->serials = serials;
		p->seconds = seconds;
		for (size_t i = 0; i < TRACK_LAYERS; i++)
			p->boot_time[i] = (struct seen_boot_time){ BOOT_NO_TIME, BOOT_NO_TIME };
		if (load_page(s, p, e) < 0) {
			free_page(p);
			return NULL;
		}
		s->pages[s->n_pages++] = p;
		s->slots[slot] = (uint32_t)s->n_pages;
	}
	p = s->pages[s->slots[slot] - 1];
	p->used = ++s->clock;
	s->last = p;
	return p;
}
