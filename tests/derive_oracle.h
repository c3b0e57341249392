/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of docs/tracker.md evaluated straight: from all records at once, each question answered
 * by going through all that there is. No index, no increment, nothing kept. Slow, and so simple
 * that it can be read beside the rules.
 */
#ifndef TESTS_DERIVE_ORACLE_H
#define TESTS_DERIVE_ORACLE_H

#include "ingest/track/derive.h"
#include "ingest/track/within.h"

/* One record, or (kind from EDGE_BORN on) one event of a source that knows processes. */
struct oracle_record {
	int64_t node, t;
	uint32_t serial;
	int32_t pid, parent;
	int64_t exe, name, call;
	uint64_t ip;
	uint32_t uid, auid;
	bool loader;
	uint8_t layer, kind; /* enum track_layer, enum edge_kind */
};

/* A reboot of a node at a time: what comes from then on is of another boot. */
struct oracle_boot { int64_t node, t; };

struct oracle_log {
	struct { struct oracle_record *v; size_t n, cap; } records;
	struct { struct oracle_boot *v; size_t n, cap; } boots;
};

uint32_t oracle_boot_of(const struct oracle_log *log, int64_t node, int64_t t);

struct oracle_interval {
	int64_t node;
	int32_t pid;
	struct track_interval v;
	struct { struct track_site *v; size_t n, cap; } sites;
	int part; /* index */
	int stretch, order; /* while a pid is walked through */
};

struct oracle_part {
	struct track_key key;
	uint8_t layer;
	bool loader, starts, first;
	int64_t exe, name, t_last, t_end;
	uint32_t s_last, uid, auid;
	int from;         /* within its pid; -1 */
	int link;         /* what it comes from, by an exec or a birth; -1 */
	int image, tree;  /* their first parts */
	int above;        /* of the image that its image was exec'd from; -1 */
	uint8_t rule, within;
};

struct oracle {
	struct { struct oracle_interval *v; size_t n, cap; } intervals;
	struct {
		struct oracle_part *v;
		size_t n, cap;
	} parts; /* in the order in which they are settled */
	struct { struct track_edge *v; int64_t *node; int32_t *pid; size_t n, cap; } edges;
	unsigned within[WITHIN_RULES], rules[DERIVE_RULES]; /* how often each decided */
	unsigned attached;  /* text intervals that are of a trusted part */
	unsigned crowded;   /* how often a limit cut what a part looks at */
};

void oracle_run(struct oracle *o, const struct oracle_log *log,
		const struct track_strings *strings);
void oracle_release(struct oracle *o);

#endif
