/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who made the calls of which part: rows by which a question finds the trees that match (see
 * store/find). They say what a part has, never what a command prints. A set may hold makers that
 * have gone, and lacks none: whoever reads looks at the evidence itself.
 */
#ifndef STORE_MAKERS_H
#define STORE_MAKERS_H

#include "store/base/map.h"
#include "store/base/mem.h"
#include "store/model/obs.h"
#include "store/store.h"

struct makers {
	struct store *store;
	struct map ids;       /* (exe, comm) -> row of maker */
	struct map comms;     /* row of caller -> row of its comm */
	struct map refusals;  /* row of call -> 1: it was let through, 2: it was refused */
	/* members of sets that are known; set_id[i] is the row of pool id i + 1 */
	struct pool sets;
	VEC(int64_t) set_id;
	struct makers_note { int64_t part, maker; } *notes;
	size_t n, cap;
};

void makers_init(struct makers *m, struct store *store);
void makers_release(struct makers *m);

/* A part has an interval of this program, with these observations. name: of what was exec'd; 0: not
 * known. */
int makers_note(struct makers *m, int64_t part, int64_t exe, int64_t name,
		const struct obs_list *obs, struct err *e);

/* Writes what was noted since the last time, under the write lock. */
int makers_save(struct makers *m, struct err *e);

/* After trees were compacted, or where it is not known yet: of all compacted trees. */
int makers_of_totals(struct store *s, struct err *e);

/*
 * Removes what no part and no compacted tree has any more. Other makers of this process have to be
 * released.
 */
int makers_tidy(struct store *s, struct err *e);

/* Makes the tables, and fills them from the evidence, under the write lock. */
int makers_fill(struct store *s, struct err *e);

/* The same where the store has none. Takes the write lock. */
int makers_build(struct store *s, struct err *e);

/* The code that the workload of a program has which is known by nothing else; comm: its name. */
void makers_code(struct bytes exe, struct bytes comm, char out[]);

extern const char makers_sql[];

#endif
