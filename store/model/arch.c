// SPDX-License-Identifier: Apache-2.0
#include "store/model/arch.h"

#include "store/base/mem.h"

#include <seccomp.h>
#include <string.h>

static const struct { uint32_t value; const char *name, *scmp; } rows[] = {
#define ARCH(value, name, scmp) { value, name, scmp },
#include "store/model/arch_list.h"
#undef ARCH
};

const char *arch_name(uint32_t arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value == arch)
			return rows[i].name;
	return NULL;
}

const char *arch_scmp(uint32_t arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].value == arch)
			return rows[i].scmp;
	return NULL;
}

bool arch_parse(const char *text, uint32_t *arch)
{
	*arch = arch_native();
	if (strcmp(text, "SCMP_ARCH_NATIVE") == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].scmp == NULL || strcmp(rows[i].scmp, text) != 0)
			continue;
		*arch = rows[i].value;
		return true;
	}
	return false;
}

bool arch_of_name(const char *name, uint32_t *arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		*arch = rows[i].value;
		return true;
	}
	return false;
}

uint32_t arch_native(void)
{
	return seccomp_arch_native();
}
