// SPDX-License-Identifier: Apache-2.0
/*
 * Turns names and answers into systemd's words, and names into its sets where every member was
 * seen.
 */
#include "analyze/output/systemd_words.h"

#include "analyze/policy/systemd_set.h"

#include <stdlib.h>
#include <string.h>

#define COLUMNS 100

static bool is_listed(const struct flat_list *list, const char *name)
{
	for (size_t i = 0; i < list->names.n; i++)
		if (strcmp(list->names.v[i], name) == 0)
			return true;
	return false;
}

/* How many calls of the set the policy's architectures have; 0 where one of them is not in the
 * list. */
static size_t all_listed(const char *set, const struct flat_list *list, const struct policy *p,
			 unsigned depth)
{
	const char *of, *member;
	size_t n = 0;

	for (size_t i = 0; systemd_set_at(i, &of, &member); i++) {
		size_t inner;

		if (strcmp(of, set) != 0)
			continue;
		if (member[0] != '@') {
			if (flat_exists(p, member) && !is_listed(list, member))
				return 0;
			n += flat_exists(p, member);
			continue;
		}
		inner = depth > 0 ? all_listed(member, list, p, depth - 1) : 0;
		if (inner == 0)
			return 0;
		n += inner;
	}
	return n;
}

struct whole { const char *set; size_t n; };

static int larger_first(const void *a, const void *b)
{
	const struct whole *x = a, *y = b;

	return x->n != y->n ? (x->n > y->n ? -1 : 1) : strcmp(x->set, y->set);
}

/* Does the set have a name that no set taken before has? */
static bool adds(const char *set, const struct policy_words *taken, const struct flat_list *list)
{
	for (size_t i = 0; i < list->names.n; i++) {
		bool covered = !systemd_set_has(set, list->names.v[i]);

		for (size_t k = 0; k < taken->n && !covered; k++)
			covered = systemd_set_has(taken->v[k], list->names.v[i]);
		if (!covered)
			return true;
	}
	return false;
}

static void take_sets(struct policy_words *out, const struct flat_list *list,
		      const struct policy *p)
{
	const char *set, *member, *before = NULL;
	VEC(struct whole) sets = { 0 };

	for (size_t i = 0; systemd_set_at(i, &set, &member); i++) {
		size_t n;

		if (i > 0 && strcmp(set, before) == 0)
			continue;
		before = set;
		n = all_listed(set, list, p, SYSTEMD_SET_DEPTH);
		if (n > 1)
			*VEC_PUSH(&sets) = (struct whole){ set, n };
	}
	if (sets.n > 1)
		qsort(sets.v, sets.n, sizeof(*sets.v), larger_first);
	for (size_t i = 0; i < sets.n; i++)
		if (adds(sets.v[i].set, out, list))
			*VEC_PUSH(out) = sets.v[i].set;
	VEC_FREE(&sets);
}

void systemd_words(struct policy_words *out, const struct flat_list *list, const struct policy *p,
		   bool group)
{
	size_t sets;

	*out = (struct policy_words){ 0 };
	if (group)
		take_sets(out, list, p);
	sets = out->n;
	for (size_t i = 0; i < list->names.n; i++) {
		bool covered = false;

		for (size_t k = 0; k < sets && !covered; k++)
			covered = systemd_set_has(out->v[k], list->names.v[i]);
		if (!covered)
			*VEC_PUSH(out) = list->names.v[i];
	}
}

/* Each line says the same polarity: without, a later one would add to or take from the first. */
void systemd_words_write(FILE *to, const char *key, const char *polarity,
			 const struct policy_words *words)
{
	size_t column = 0;

	for (size_t i = 0; i < words->n; i++) {
		size_t n = strlen(words->v[i]) + 1;

		if (column == 0 || column + n > COLUMNS) {
			fprintf(to, "%s%s=%s%s", column ? "\n" : "", key, polarity, words->v[i]);
			column = strlen(key) + strlen(polarity) + n;
		} else {
			fprintf(to, " %s", words->v[i]);
			column += n;
		}
	}
	fprintf(to, "\n");
}
