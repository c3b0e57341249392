/*
 * Rows of the derivation that were read or changed lately, in memory before the store. Most of
 * what is asked for lies at the end of its place (the first words of a row, which say what it is
 * about), so that is what is held: all rows of a place from one on. Changes are written together,
 * in order, when a batch ends or what is not held is asked for.
 */
#ifndef INGEST_BATCH_CACHE_H
#define INGEST_BATCH_CACHE_H

#include "ingest/batch/tree.h"
#include "store/base/map.h"

/* How the store is reached. As in struct derive_store, but for: */
struct cache_below {
	void *ctx;
	int (*put)(void *ctx, const struct derive_row *row, struct err *e);
	int (*del)(void *ctx, const struct derive_row *row, struct err *e);
	int (*next)(void *ctx, const struct derive_row *from, struct derive_row *out,
		    struct err *e);
	int (*prev)(void *ctx, const struct derive_row *from, struct derive_row *out,
		    struct err *e);
	/*
	 * the last `most` rows that have the first `words` words of one in common (0: the kind
	 * alone), the last one first
	 */
	int (*last)(void *ctx, const struct derive_row *of, unsigned words, size_t most,
		    struct derive_rows *out, struct err *e);
};

struct cache_place { struct derive_row of, from; bool whole; };
struct cache_change { struct derive_row row; size_t at; bool put; };

struct cache {
	struct cache_below below;
	struct tree tree;
	struct map place_at;     /* by two hashes, index + 1 */
	struct { struct cache_place *v; size_t n, cap; } places;
	struct { struct cache_change *v; size_t n, cap; } changes;
	int64_t new_part, new_image; /* from these ids on nothing is in the store */
};

void cache_init(struct cache *c, const struct cache_below *below, int64_t new_part,
		int64_t new_image);
void cache_release(struct cache *c);

int cache_put(struct cache *c, const struct derive_row *row, struct err *e);
int cache_del(struct cache *c, const struct derive_row *row, struct err *e);

/* As in struct derive_store, but that a row that does not lie beside `from` is none. */
int cache_next(struct cache *c, const struct derive_row *from, struct derive_row *out,
	       struct err *e);
int cache_prev(struct cache *c, const struct derive_row *from, struct derive_row *out,
	       struct err *e);

/* Writes the changes. */
int cache_write(struct cache *c, struct err *e);

/* Drops what is held, once it is written; always, or where it has become much. */
void cache_drop(struct cache *c, int64_t new_part, int64_t new_image);
bool cache_is_large(const struct cache *c);

#endif
