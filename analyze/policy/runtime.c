// SPDX-License-Identifier: Apache-2.0
#include "analyze/policy/runtime.h"

#include "store/base/mem.h"

#include <string.h>

static const struct runtime runtimes[] = {
#define RUNTIME_OF(name, loader, version, first, first_nnp) { #name, loader, version, first, first_nnp },
#define RUNTIME(runtime, call)
#include "analyze/policy/runtime_list.h"
#undef RUNTIME
#undef RUNTIME_OF
};

static const struct { const char *runtime, *call; } calls[] = {
#define RUNTIME_OF(name, loader, version, first, first_nnp)
#define RUNTIME(runtime, call) { #runtime, call },
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

const char *runtime_call(const struct runtime *r, size_t i)
{
	for (size_t k = 0; k < ARRAY_SIZE(calls); k++)
		if (strcmp(calls[k].runtime, r->name) == 0 && i-- == 0)
			return calls[k].call;
	return NULL;
}

bool runtime_is(const struct runtime *r, struct bytes path)
{
	if (strcmp(r->loader, "(") == 0)
		return bytes_starts(path, BYTES("(")) && !bytes_has(path, BYTES(" > "));
	return bytes_eq(path, bytes_of(r->loader));
}
