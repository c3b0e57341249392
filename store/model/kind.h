/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of evidence: by what means a call became known. The kernel's records are one; each tool
 * that watches programs is one more. What a tool saw has no event id. So its calls never add to
 * counts of events: they say that a call was made.
 */
#ifndef STORE_MODEL_KIND_H
#define STORE_MODEL_KIND_H

#include "store/base/buf.h"

enum kind {
#define KIND(id, name, starts, whole, loss, ident, trust, about) KIND_##id,
#include "store/model/kind_list.h"
#undef KIND
	N_KINDS,
};

struct kind_about {
	const char *name;
	bool starts;
	const char *whole, *loss, *ident, *trust, *about; /* whole, loss, ident may be NULL */
};

const struct kind_about *kind_at(enum kind kind);

/* What shows of a file of a tool. */
enum tool_fact {
	TOOL_FOLLOWS =
		1, /* it has more than one process, or says of each child that it was followed */
	TOOL_ORPHANS = 2, /* it shows processes that were born, and nothing of them */
	TOOL_CUT = 4, /* it ends within a line, or says that it was cut */
	TOOL_LIVES = 8, /* some process had not ended at its end */
	TOOL_JOINED = 16, /* some process ran before the tool came */
	TOOL_PART = 32, /* only some calls were asked for */
	TOOL_LOST = 64, /* it says that events were lost */
};

/* By its name; false: there is none. */
bool kind_of(struct bytes name, enum kind *out);

/* What is missing in a file, or may be, by what it shows: parts with semicolons between; empty:
 * nothing is. */
void kind_gaps(struct buf *out, enum kind kind, uint32_t facts);

/* All names, with commas between. */
const char *kind_names(void);

#endif
