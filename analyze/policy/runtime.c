// SPDX-License-Identifier: Apache-2.0
/* Looks up what a runtime's loader calls after it has loaded the filter. */
#include "analyze/policy/runtime.h"

#include "store/base/buf.h"
#include "store/base/mem.h"

#include <string.h>

static const struct runtime runtimes[] = {
#define RUNTIME_OF(name, loader, version, first, first_nnp)                                        \
	{ #name, loader, version, first, first_nnp },
#define RUNTIME(runtime, call, when)
#include "analyze/policy/runtime_list.h"
#undef RUNTIME
#undef RUNTIME_OF
};

static const struct { const char *runtime, *call; enum runtime_when when; } calls[] = {
#define RUNTIME_OF(name, loader, version, first, first_nnp)
#define RUNTIME(runtime, call, when) { #runtime, call, RUNTIME_##when },
#include "analyze/policy/runtime_list.h"
#undef RUNTIME
#undef RUNTIME_OF
};

const struct runtime *runtime_at(size_t i)
{
	return i < ARRAY_SIZE(runtimes) ? &runtimes[i] : NULL;
}

static const struct target *version_of(const char *name)
{
	for (size_t i = 0; name != NULL && target_at(i) != NULL; i++)
		if (strcmp(target_at(i)->name, name) == 0 && target_at(i)->runtime[0] != '\0')
			return target_at(i);
	return NULL;
}

const struct runtime *runtime_of(const char *name)
{
	const struct target *version = version_of(name);

	if (version != NULL)
		name = version->runtime;
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (strcmp(runtimes[i].name, name) == 0)
			return &runtimes[i];
	return NULL;
}

static int no_such(const char *name, struct err *e)
{
	auto_buf struct buf known = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		buf_printf(&known, "%s%s", i ? ", " : "", runtimes[i].name);
	for (size_t i = 0; target_at(i) != NULL; i++)
		if (target_at(i)->runtime[0] != '\0' && runtime_of(target_at(i)->name) != NULL &&
		    strchr(target_at(i)->name, '-') != NULL)
			buf_printf(&known, ", %s", target_at(i)->name);
	return err_set(e, ST_INPUT, "--runtime: no such runtime: '%.40s' (there are: %s)", name,
		       buf_text(&known));
}

int runtime_choose(const struct runtime **out, const struct target **version, const char *runtime,
		   const char *target, struct err *e)
{
	const struct target *by_runtime = version_of(runtime), *by_target = version_of(target);
	const struct runtime *of_target = by_target ? runtime_of(target) : NULL;

	*out = runtime ? runtime_of(runtime) : NULL;
	*version = by_target;
	if (runtime != NULL && *out == NULL)
		return no_such(runtime, e);
	if (*out != NULL && of_target != NULL && *out != of_target)
		return err_set(e, ST_INPUT, "--runtime %s and --target %s name different runtimes",
			       runtime, target);
	if (runtime == NULL || by_runtime == NULL || strchr(runtime, '-') == NULL)
		return 0;
	if (by_target != NULL && by_target != by_runtime)
		return err_set(e, ST_INPUT, "--runtime %s and --target %s name different versions",
			       runtime, target);
	*version = by_runtime;
	return 0;
}

const char *runtime_call_when(const struct runtime *r, size_t i, enum runtime_when *when)
{
	for (size_t k = 0; k < ARRAY_SIZE(calls); k++) {
		if (strcmp(calls[k].runtime, r->name) != 0 || i-- != 0)
			continue;
		*when = calls[k].when;
		return calls[k].call;
	}
	return NULL;
}

const char *runtime_call(const struct runtime *r, size_t i)
{
	enum runtime_when when;

	return runtime_call_when(r, i, &when);
}

bool runtime_is(const struct runtime *r, struct bytes path)
{
	if (strcmp(r->loader, "(") == 0)
		return bytes_starts(path, BYTES("(")) && !bytes_has(path, BYTES(" > "));
	return bytes_eq(path, bytes_of(r->loader));
}
