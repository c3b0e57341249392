// SPDX-License-Identifier: Apache-2.0
/* Sums up a selection by kinds of evidence. */
#include "analyze/evidence/kinds.h"

#include <inttypes.h>

void kinds_find(struct kinds *out, const struct query *q, const struct selection *s)
{
	*out = (struct kinds){ 0 };
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];

		if (!s->tree_in[i])
			continue;
		out->trees += t->stands_for;
		out->tools += t->kind == KIND_SECCOMP ? 0 : t->stands_for;
		out->of[t->kind].trees += t->stands_for;
		out->of[t->kind].facts |= t->facts;
	}
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];
		enum kind kind = q->trees.v[q->images.v[u->image].tree].kind;

		if (!s->use_in[i])
			continue;
		out->of[kind].uses++;
		out->of[kind].made += u->made;
		out->of[kind].records += u->events;
	}
}

void kinds_text(struct buf *out, const struct kinds *k)
{
	const char *between = "";

	for (int i = 0; i < N_KINDS; i++) {
		uint64_t n = i == KIND_SECCOMP ? k->of[i].records : k->of[i].made;

		if (k->of[i].trees == 0)
			continue;
		buf_printf(out, "%s%s: ", between, kind_at((enum kind)i)->name);
		if (n > 0 || i == KIND_SECCOMP) {
			buf_count(out, n);
			buf_printf(out, " %s%s", i == KIND_SECCOMP ? "record" : "call",
				   n == 1 ? "" : "s");
		} else {
			buf_str(out, "names");
		}
		buf_printf(out, " of %" PRIu64 " tree%s", k->of[i].trees,
			   k->of[i].trees == 1 ? "" : "s");
		between = "; ";
	}
}

bool kinds_whole(const struct kinds *k)
{
	for (int i = 0; i < N_KINDS; i++)
		if (i != KIND_SECCOMP && k->of[i].trees > 0 &&
		    (!kind_at((enum kind)i)->starts ||
		     (k->of[i].facts & ~(uint32_t)TOOL_FOLLOWS) != 0))
			return false;
	return true;
}
