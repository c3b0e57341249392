/*
 * Where the derivation keeps its state: the store. Parts, images and rows are held in memory and
 * written when a batch ends. Beside ingest/track, which knows nothing of
 * it.
 */
#ifndef INGEST_BATCH_STATE_H
#define INGEST_BATCH_STATE_H

#include "ingest/batch/pages.h"
#include "store/base/map.h"
#include "store/store.h"

enum {
	STATE_PAGE,
	STATE_SET_PAGE,
	STATE_DEL_PAGE,
	STATE_PART,
	STATE_SET_PART,
	STATE_DEL_PART,
	STATE_IMAGE,
	STATE_SET_IMAGE,
	STATE_DEL_IMAGE,
	STATE_MARK,
	STATE_SET_MARK,
	STATE_DEL_MARK,
	STATE_STMTS
};

struct state {
	struct store *store;
	sqlite3_stmt *stmt[STATE_STMTS];
	struct derive_store api; /* what derive_init takes */
	struct pages pages;
	/* by id, index + 1; NULL in a list: it is no more */
	struct map part_at, image_at;
	struct { struct derive_part **v; size_t n, cap; } parts;
	struct { struct derive_image **v; size_t n, cap; } images;
	struct {
		int64_t *v;
		size_t n, cap;
	} changed_parts, changed_images, gone_parts, gone_images;
};

/* Makes the tables where they are missing. -1 on failure, here and below. */
int state_init(struct state *s, struct store *store, struct err *e);
void state_release(struct state *s);

/*
 * Writes what changed since the last time. Nobody waits then: derive_suspend comes before it. What
 * is not much stays in memory; state_forget drops it: another process wrote.
 */
int state_save(struct state *s, struct err *e);
void state_forget(struct state *s);

/* The highest ids that were given, for derive's next ones. */
int state_top(struct state *s, int64_t *part, int64_t *image, struct err *e);

#endif
