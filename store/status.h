/* SPDX-License-Identifier: Apache-2.0 */
/* What the store holds about itself and its nodes. */
#ifndef STORE_STATUS_H
#define STORE_STATUS_H

#include "store/base/mem.h"
#include "store/nodes.h"
#include "store/serials.h"
#include "store/store.h"

struct status_boot {
	int64_t t_first, t_last;
	uint32_t serial_first, serial_last;
	int64_t row;                  /* of the name that it came by; 0: several */
	/* its serials, as in struct serials_boot. known: else they cannot be told, as the boot came
	 * by several names */
	bool known, exact, trusted;
	uint64_t held, other, missing, hole, holes, bursts;
	int64_t hole_t;
	uint32_t hole_from;
};

struct status_loss { const char *kind; uint64_t markers, records; };

/* A machine, in all its rows of `node`. */
struct status_node {
	int64_t id;
	struct bytes name;
	VEC(struct bytes) names;      /* all that it is known by */
	VEC(struct status_boot) boots;
	VEC(struct status_loss) losses;
	uint64_t trees;
	int64_t t_first, t_last;      /* WHEN_NONE: no records */
};

struct status_run {
	int64_t id, started;
	struct bytes source, label;
	uint64_t new_events; /* with only_trusted: new to what trusted sources had brought */
	uint64_t seen_before, damaged, losses, contradicted;
	bool captured, complete;      /* by capture; and nothing was lost */
	bool lost_known;
	uint64_t gaps, dropped, lost; /* serials that never came, records for which there was no
					 room, what the kernel dropped */
};

/* A file of a tool: see store/tool.h. */
struct status_tool {
	enum kind kind;
	uint32_t facts;
	uint64_t calls, lost, size;
	struct bytes file, host, node;
	bool whole;
	int64_t t;
};

struct status_store {
	VEC(struct status_node) nodes;
	VEC(struct status_tool) tools; /* by the names of their nodes */
	VEC(struct status_run) runs;  /* the last ones, newest first */
	uint64_t n_runs, bytes;
	uint64_t contradicted; /* text lines, in all runs, that said otherwise than a trusted source
				  of the same event; 0 with only_trusted */
	bool trusted;                 /* else no run is complete: who said so may have lied */
	bool only_trusted;            /* as it was asked for */
	struct pool strings;
	struct nodes rows;
	struct serials sure, all;     /* of trusted evidence, and with text */
	struct map at;                /* row that stands for a machine -> its index */
};

/*
 * The caller releases, also after a failure. `runs`: how many of the last runs to list.
 * only_trusted: nodes, names, boots, losses and runs that trusted sources brought; figures of a run
 * that text has a part in, and the size, mean nothing then.
 */
int status_load(struct status_store *out, struct store *s, unsigned runs, bool only_trusted,
		struct err *e);
void status_release(struct status_store *s);

#endif
