/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the derivation keeps its state: the store. Parts, images and rows are held in memory and
 * written when a batch ends. ingest/track knows nothing of it.
 */
#ifndef INGEST_BATCH_STATE_H
#define INGEST_BATCH_STATE_H

#include "ingest/batch/pages.h"
#include "store/base/map.h"
#include "store/store.h"

struct state_ids { int64_t *v; size_t n, cap; };

struct state {
	struct store *store;
	struct derive_store api; /* what derive_init takes */
	struct pages pages;
	/* by id, index + 1; NULL in a list: it is no more */
	struct map part_at, image_at;
	struct { struct derive_part **v; size_t n, cap; } parts;
	struct { struct derive_image **v; size_t n, cap; } images;
	struct state_ids changed_parts, changed_images, gone_parts, gone_images;
	/* what the store has of those that were read: a part's image, an image's tree */
	struct map stored_image, stored_tree;
};

void state_init(struct state *s, struct store *store);
void state_release(struct state *s);

/*
 * Writes what changed since the last time. Nobody waits then: derive_suspend comes before it. What
 * is not much stays in memory; state_forget drops it: another process wrote.
 */
int state_save(struct state *s, struct err *e);
void state_forget(struct state *s);

/* A part or an image that is in memory; NULL: it is no more, or was not asked for. */
struct derive_part *state_part(const struct state *s, int64_t id);
struct derive_image *state_image(const struct state *s, int64_t id);

/* Sorts the ids of what changed, and leaves each once. */
void state_list(struct state *s);

/* The highest ids that were given, for derive's next ones. */
int state_top(struct state *s, int64_t *part, int64_t *image, struct err *e);

#endif
