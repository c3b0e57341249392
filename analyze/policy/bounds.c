// SPDX-License-Identifier: Apache-2.0
/*
 * Counts what a policy unfolds to, and refuses what is larger than the limits before memory is
 * spent on it.
 */
#include "analyze/policy/bounds.h"

#include "store/base/esc.h"
#include "store/base/map.h"

static int too_many(const char *file, const char *what, size_t most, struct err *e)
{
	return err_set(e, ST_INPUT, "%.300s: too large for a profile: over %zu %s", file, most,
		       what);
}

/* Of names the same text has the same place: they are interned. */
static int check_call(struct map *calls, const struct policy_rule *r, const char *file,
		      struct err *e)
{
	char shown[80];

	for (size_t i = 0; i < r->names.n && r->args.n > 0; i++) {
		uint64_t name = (uint64_t)(uintptr_t)r->names.v[i];
		int64_t n = map_get(calls, name, 0, 0) + (int64_t)r->args.n;

		map_put(calls, name, 0, n);
		if (n > BOUNDS_OF_CALL)
			return err_set(e, ST_INPUT,
				       "%.300s: too large for a profile: over %d conditions on %s",
				       file, BOUNDS_OF_CALL,
				       esc_word(shown, sizeof(shown), bytes_of(r->names.v[i])));
	}
	return 0;
}

static int check_rules(const struct policy *p, struct map *calls, const char *file, struct err *e)
{
	size_t names = 0, conditions = 0, words = 0;

	for (size_t i = 0; i < p->rules.n; i++) {
		const struct policy_rule *r = &p->rules.v[i];

		names += r->names.n;
		conditions += r->names.n * r->args.n;
		words += r->includes.caps.n + r->includes.archs.n + r->excludes.caps.n +
			 r->excludes.archs.n;
		if (names > BOUNDS_NAMES)
			return too_many(file, "names of calls", BOUNDS_NAMES, e);
		if (words > BOUNDS_WORDS)
			return too_many(file, "capabilities and architectures that rules depend on",
					BOUNDS_WORDS, e);
		if (check_call(calls, r, file, e) < 0)
			return -1;
		if (conditions > BOUNDS_CONDITIONS)
			return too_many(file, "conditions on arguments", BOUNDS_CONDITIONS, e);
	}
	return 0;
}

int bounds_check(const struct policy *p, const char *file, struct err *e)
{
	size_t archs = p->archs.n + p->families.n;
	struct map calls = { 0 };
	int ret;

	for (size_t i = 0; i < p->families.n; i++)
		archs += p->families.v[i].subs.n;
	if (p->rules.n > BOUNDS_RULES)
		return too_many(file, "rules", BOUNDS_RULES, e);
	if (archs > BOUNDS_ARCHS)
		return too_many(file, "architectures", BOUNDS_ARCHS, e);
	if (p->unread.n > BOUNDS_UNREAD || p->idle.n > BOUNDS_UNREAD)
		return too_many(file, "parts that are not read", BOUNDS_UNREAD, e);
	if (p->notes.n > BOUNDS_UNREAD)
		return too_many(file, "parts that loaders do not agree on", BOUNDS_UNREAD, e);
	if (p->binaries.n > BOUNDS_BINARIES)
		return too_many(file, "binaries", BOUNDS_BINARIES, e);
	ret = check_rules(p, &calls, file, e);
	map_release(&calls);
	return ret;
}
