// SPDX-License-Identifier: Apache-2.0
/*
 * A window of what is buffered, in chunks that helpers and the taker claim one by one. A helper has
 * a cache of its own: copies of the prefixes and identities that the taker knew when the window
 * began. Nothing that both use is written while helpers work, but for the chunks' states, under the
 * lock, and the events of a chunk by who has claimed it.
 */
#include "ingest/ahead.h"

#include "ingest/read/sieve.h"
#include "store/base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define CHUNK (32u << 10)
#define CHUNKS (AHEAD_WINDOW / CHUNK + 1)
#define PREFIXES_MOST 512 /* more of them are not copied for a window */

enum chunk_state { FREE,
		   CLAIMED,
		   DONE,
		   TAKERS };

struct chunk {
	struct bytes text;
	enum chunk_state state;
	VEC(struct ahead_event) events;
};

struct helper {
	struct ahead *a;
	pthread_t thread;
	struct line_cache cache;
	struct tally shadow; /* holds copies of identities, and nothing else */
	uint32_t drops; /* the taker's, at the time of the copies */
	size_t idents; /* how many of the taker's were copied */
	uint32_t changes; /* of the taker's prefixes, likewise */
};

struct ahead {
	pthread_mutex_t lock;
	pthread_cond_t work, done;
	struct chunk chunks[CHUNKS];
	unsigned n, next; /* chunks; the first that may be free */
	unsigned busy; /* helpers that have claimed one */
	bool quit;
	uint32_t drops;
	unsigned at; /* the taker's chunk, */
	size_t event; /* and the next event in it */
	struct helper helpers[AHEAD_MOST];
	unsigned n_helpers;
};

/* ---- a helper ---- */

static void look_at(struct helper *h, struct chunk *c)
{
	struct bytes rest = c->text;

	c->events.n = 0;
	while (rest.n > 0) {
		struct ahead_event *e;
		uint64_t passed = 0;
		size_t n;

		VEC_ROOM(&c->events, 1);
		e = &c->events.v[c->events.n];
		e->p = rest.p;
		e->passed = 0;
		if (rest.p[0] != '\1' && line_cache_match(&h->cache, rest, &e->ev)) {
			e->ev.id = e->ev.id->original;
			c->events.n++;
			bytes_skip(&rest, e->ev.n + 1);
			continue;
		}
		n = sieve_pass(rest, &passed);
		if (n > 0) {
			e->passed = passed;
			e->ev.n = n;
			c->events.n++;
			bytes_skip(&rest, n);
			continue;
		}
		bytes_until(&rest, '\n'); /* for the parser */
		bytes_skip(&rest, 1);
	}
}

static struct chunk *claim(struct ahead *a)
{
	while (a->next < a->n && a->chunks[a->next].state != FREE)
		a->next++;
	return a->next < a->n ? &a->chunks[a->next++] : NULL;
}

static void *help(void *arg)
{
	struct helper *h = arg;
	struct ahead *a = h->a;
	struct chunk *c;

	pthread_mutex_lock(&a->lock);
	while (!a->quit) {
		c = claim(a);
		if (c == NULL) {
			pthread_cond_wait(&a->work, &a->lock);
			continue;
		}
		c->state = CLAIMED;
		a->busy++;
		pthread_mutex_unlock(&a->lock);
		look_at(h, c);
		pthread_mutex_lock(&a->lock);
		c->state = DONE;
		a->busy--;
		pthread_cond_signal(&a->done);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* What the taker has learnt since the last window. No helper works. */
static void teach(struct helper *h, const struct feed *f)
{
	const struct tally *t = &f->tally;

	if (h->drops != t->ident_drops) {
		line_cache_forget(&h->cache);
		tally_forget_idents(&h->shadow);
		h->idents = 0;
		h->changes = 0;
		h->drops = t->ident_drops;
	}
	for (; h->idents < t->made.n; h->idents++)
		line_cache_learn_ident(&h->cache, tally_copy(&h->shadow, t->made.v[h->idents]));
	if (h->changes != f->line_cache.changes && f->line_cache.n_prefixes <= PREFIXES_MOST) {
		line_cache_copy(&h->cache, &f->line_cache);
		h->changes = f->line_cache.changes;
	}
}

/* ---- who takes ---- */

struct ahead *ahead_start(unsigned helpers)
{
	struct ahead *a = mem_zero(1, sizeof(*a));
	sigset_t all, before;

	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->work, NULL);
	pthread_cond_init(&a->done, NULL);
	sieve_pass(BYTES(""), &(uint64_t){ 0 }); /* its tables are made now, by one */
	/* signals are for the thread that takes */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (; a->n_helpers < helpers && a->n_helpers < AHEAD_MOST; a->n_helpers++) {
		struct helper *h = &a->helpers[a->n_helpers];

		h->a = a;
		h->cache.tally = &h->shadow;
		if (pthread_create(&h->thread, NULL, help, h) != 0)
			break;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (a->n_helpers > 0)
		return a;
	ahead_stop(a);
	return NULL;
}

void ahead_stop(struct ahead *a)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->quit = true;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->n_helpers; i++) {
		pthread_join(a->helpers[i].thread, NULL);
		line_cache_forget(&a->helpers[i].cache);
		tally_release(&a->helpers[i].shadow);
	}
	for (unsigned i = 0; i < CHUNKS; i++)
		VEC_FREE(&a->chunks[i].events);
	pthread_cond_destroy(&a->done);
	pthread_cond_destroy(&a->work);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

void ahead_settle(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->next = a->n; /* nobody begins another one */
	while (a->busy > 0)
		pthread_cond_wait(&a->done, &a->lock);
	a->n = a->at = 0;
	pthread_mutex_unlock(&a->lock);
}

/* Cuts off a chunk at a line's end; a line that is longer than a chunk is in one that is longer. */
static struct bytes cut(struct bytes *rest)
{
	size_t n = rest->n < CHUNK ? rest->n : CHUNK;
	const char *nl = memrchr(rest->p, '\n', n);
	struct bytes out;

	if (nl == NULL)
		nl = memchr(rest->p + n, '\n', rest->n - n);
	out = (struct bytes){ rest->p, nl == NULL ? 0 : (size_t)(nl + 1 - rest->p) };
	bytes_skip(rest, out.n);
	return out;
}

void ahead_begin(struct ahead *a, struct feed *f, const struct lines *l)
{
	struct bytes rest = lines_ahead(l);

	ahead_settle(a);
	if (rest.n < 2 * CHUNK || f->line_cache.n == 0)
		return;
	for (unsigned i = 0; i < a->n_helpers; i++)
		teach(&a->helpers[i], f);
	pthread_mutex_lock(&a->lock);
	a->drops = f->tally.ident_drops;
	while (a->n < CHUNKS) {
		struct chunk *c = &a->chunks[a->n];

		c->text = cut(&rest);
		if (c->text.n == 0)
			break;
		c->state = a->n == 0 ? TAKERS : FREE;
		a->n++;
	}
	a->next = 1;
	a->event = 0;
	pthread_cond_broadcast(&a->work);
	pthread_mutex_unlock(&a->lock);
}

/* The taker comes to the next chunk: it is its own, or a helper's. */
static void enter(struct ahead *a, struct chunk *c)
{
	a->event = 0;
	pthread_mutex_lock(&a->lock);
	if (c->state == FREE)
		c->state = TAKERS;
	while (c->state == CLAIMED)
		pthread_cond_wait(&a->done, &a->lock);
	pthread_mutex_unlock(&a->lock);
}

const struct ahead_event *ahead_next(struct ahead *a, const struct feed *f, const struct lines *l)
{
	const char *p = l->buf + l->start;
	struct chunk *c;

	if (a->n == 0)
		return NULL;
	while (p >= a->chunks[a->at].text.p + a->chunks[a->at].text.n) {
		if (a->at + 1 == a->n)
			return NULL;
		enter(a, &a->chunks[++a->at]);
	}
	c = &a->chunks[a->at];
	if (c->state != DONE || a->drops != f->tally.ident_drops)
		return NULL;
	while (a->event < c->events.n && c->events.v[a->event].p < p)
		a->event++;
	return a->event < c->events.n && c->events.v[a->event].p == p ? &c->events.v[a->event] :
									NULL;
}
