// SPDX-License-Identifier: Apache-2.0
/* Levenshtein's distance over short names, and a short list that is kept in order by it. */
#include "store/base/nearest.h"

#include <string.h>

unsigned nearest_distance(struct bytes a, struct bytes b)
{
	unsigned row[NEAREST_BYTES + 1];

	a.n = a.n > NEAREST_BYTES ? NEAREST_BYTES : a.n;
	b.n = b.n > NEAREST_BYTES ? NEAREST_BYTES : b.n;
	for (unsigned k = 0; k <= b.n; k++)
		row[k] = k;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned last = row[0];

		row[0] = i;
		for (unsigned k = 1; k <= b.n; k++) {
			unsigned best = last + (a.p[i - 1] != b.p[k - 1]);

			last = row[k];
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			row[k] = best;
		}
	}
	return row[b.n];
}

void nearest_add(struct nearest *n, struct bytes name)
{
	unsigned far;
	size_t at;

	for (size_t i = 0; i < n->n; i++)
		if (bytes_eq(n->v[i], name))
			return;
	if (name.n == 0 || n->want.n == 0)
		return;
	far = bytes_has(name, n->want) || bytes_has(n->want, name) ?
		      1 :
		      nearest_distance(name, n->want) + 1;
	for (at = n->n; at > 0 && n->far[at - 1] > far; at--)
		;
	if (at == NEAREST_MOST)
		return;
	n->n += n->n < NEAREST_MOST;
	memmove(&n->v[at + 1], &n->v[at], (n->n - 1 - at) * sizeof(*n->v));
	memmove(&n->far[at + 1], &n->far[at], (n->n - 1 - at) * sizeof(*n->far));
	n->v[at] = name;
	n->far[at] = far;
}

struct bytes nearest_meant(const struct nearest *n)
{
	unsigned most = n->want.n < 6 ? 2 : (unsigned)n->want.n / 3;
	struct bytes best = { 0 };

	for (size_t i = 0; i < n->n; i++) {
		unsigned far = nearest_distance(n->v[i], n->want);

		if (far > most || (far == most && best.n > 0))
			continue;
		best = n->v[i];
		most = far;
	}
	return best;
}
