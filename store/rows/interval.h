/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of `interval`, with what hangs on them: touch (runs that met it as well) and sighting (where
 * its process ran). */
#ifndef STORE_ROWS_INTERVAL_H
#define STORE_ROWS_INTERVAL_H

#include "store/model/obs.h"
#include "store/store.h"

struct interval_row {
	int64_t id, node, exe, name, part;
	int64_t ingest;         /* the run that brought it */
	int64_t t_first, t_last;
	uint64_t cell;
	uint32_t s_first, s_last,
		s_begin; /* the lowest, the highest, that of the record at t_first */
	uint32_t uid, auid;
	int32_t pid;
	bool trusted, loader;
	struct obs_list obs;    /* written; not read by interval_each */
	struct edge_list edges;
};

/* What rows are encoded in. */
struct interval_room { struct buf obs, edges; };
void interval_room_release(struct interval_room *room);

struct interval_take { int (*take)(void *to, struct interval_row *row, struct err *e); void *to; };

/* Those of a pid that end later than `since`, without node, pid and obs; `take` may keep
 * row->edges, else frees them. */
int interval_each(struct store *s, int64_t node, int32_t pid, int64_t since,
		  struct interval_take to, struct err *e);

/* Reads the obs of one that is there. */
int interval_obs(struct store *s, int64_t id, struct obs_list *out, struct err *e);

/* Writes a row anew, or where it is stored already, all of it that may change. Sorts its lists. */
int interval_save(struct store *s, struct interval_row *row, bool stored,
		  struct interval_room *room, struct err *e);
int interval_set_part(struct store *s, int64_t id, int64_t part, struct err *e);

/* Row `id` became part of row `to`: its marks go there, and it goes. */
int interval_move(struct store *s, int64_t id, int64_t to, struct err *e);

/* A run met it as well; a location where its process ran. */
int interval_touch(struct store *s, int64_t id, int64_t ingest, struct err *e);
int interval_sight(struct store *s, int64_t id, int64_t location, struct err *e);
int interval_any_sighting(struct store *s, bool *yes, struct err *e);

/* The highest id that was given. */
int interval_top(struct store *s, int64_t *id, struct err *e);

/* Pids that have any: of all nodes, in order; of one node, with one that ends at `since` or later.
 */
struct interval_pid_take { int (*take)(void *to, int64_t node, int32_t pid); void *to; };
int interval_each_pid(struct store *s, struct interval_pid_take to, struct err *e);
int interval_each_pid_since(struct store *s, int64_t node, int64_t since,
			    struct interval_pid_take to, struct err *e);

/* What a part has of one layer: when it begins, and who made which call; list stays the walk's. */
struct interval_obs_take {
	int (*take)(void *to, int64_t t_first, const struct obs_list *list);
	void *to;
};
int interval_each_obs_of_part(struct store *s, int64_t node, int32_t pid, int64_t part,
			      bool trusted, struct interval_obs_take to, struct err *e);
int interval_del_of_part(struct store *s, int64_t node, int32_t pid, int64_t part, struct err *e);

/* Marks of intervals that are gone. */
int interval_del_lost_marks(struct store *s, struct err *e);

#endif
