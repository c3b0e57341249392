// SPDX-License-Identifier: Apache-2.0
#include "analyze/evidence/active.h"

#include "analyze/input/input.h"
#include "store/base/map.h"

void active_load(struct active_policies *out, const struct query *q, const struct selection *s)
{
	struct map met = { 0 };

	*out = (struct active_policies){ .trees = 0 };
	for (size_t i = 0; i < q->trees.n; i++) {
		const struct query_tree *t = &q->trees.v[i];

		out->trees += s->tree_in[i] && t->policies.n;
		for (size_t k = 0; k < t->policies.n && s->tree_in[i]; k++) {
			const struct query_policy *text = &q->policies.v[t->policies.v[k]];
			struct policy p = { .default_error = POLICY_NO_ERRNO };
			struct err ignored = { 0 };

			out->name = text->name;
			if (map_get(&met, t->policies.v[k], 0, 0))
				continue;
			map_put(&met, t->policies.v[k], 0, 1);
			if (input_policy(&p, text->text, "policy", NULL, &ignored) == 0) {
				out->unread += p.unread.n > 0;
				*VEC_PUSH(&out->v) = p;
				continue;
			}
			policy_release(&p);
			out->unread++;
		}
	}
	map_release(&met);
}

void active_release(struct active_policies *f)
{
	for (size_t i = 0; i < f->v.n; i++)
		policy_release(&f->v.v[i]);
	VEC_FREE(&f->v);
}
