// SPDX-License-Identifier: Apache-2.0
#include "analyze/policy/runtime.h"

#include "store/base/mem.h"

#include <string.h>

static const struct runtime runtimes[] = {
#define RUNTIME_OF(name, loader, version, first, first_nnp) { #name, loader, version, first, first_nnp },
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

const struct runtime *runtime_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (strcmp(runtimes[i].name, name) == 0)
			return &runtimes[i];
	return NULL;
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
