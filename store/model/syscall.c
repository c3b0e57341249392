// SPDX-License-Identifier: Apache-2.0
/*
 * Names and numbers of syscalls by libseccomp, libaudit and syscall_list.h, and the kinds of
 * edges.
 */
#include "store/model/syscall.h"

#include "store/base/mem.h"
#include "store/base/nearest.h"
#include "store/model/arch.h"

#include <libaudit.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* arch: NULL is all of them, but alpha. */
static const struct newer { const char *arch; int32_t nr; const char *name, *kernel; } newer[] = {
#define SYSCALL(nr, name, kernel) { NULL, nr, name, kernel },
#define SYSCALL_OF(arch, nr, name, kernel) { arch, nr, name, kernel },
#include "store/model/syscall_list.h"
#undef SYSCALL_OF
#undef SYSCALL
};

#define ARCH_ALPHA 0xc0009026u

static bool from_libseccomp(uint32_t arch, int32_t nr, char out[SYSCALL_NAME_MAX])
{
	char *name;

	/* negative numbers are the library's own, for the parts of socketcall and ipc */
	if (nr < 0)
		return false;
	name = seccomp_syscall_resolve_num_arch(arch, nr);
	if (name == NULL)
		return false;
	snprintf(out, SYSCALL_NAME_MAX, "%s", name);
	free(name);
	return true;
}

static bool from_libaudit(uint32_t arch, int32_t nr, char out[SYSCALL_NAME_MAX])
{
	int machine = arch == ARCH_X32 ? -1 : audit_elf_to_machine(arch);
	const char *name = machine < 0 ? NULL : audit_syscall_to_name(nr, machine);

	if (name == NULL)
		return false;
	snprintf(out, SYSCALL_NAME_MAX, "%s", name);
	return true;
}

static bool is_of(const struct newer *row, uint32_t arch)
{
	const char *name = arch_name(arch);

	return name != NULL &&
	       (row->arch != NULL ? strcmp(row->arch, name) == 0 : arch != ARCH_ALPHA);
}

static bool from_table(uint32_t arch, int32_t nr, char out[SYSCALL_NAME_MAX])
{
	int32_t plain = arch == ARCH_X32 ? nr & ~X32_BIT : nr;

	for (size_t i = 0; i < ARRAY_SIZE(newer); i++) {
		if (newer[i].nr != plain || !is_of(&newer[i], arch))
			continue;
		snprintf(out, SYSCALL_NAME_MAX, "%s", newer[i].name);
		return true;
	}
	return false;
}

bool syscall_name(uint32_t arch, int32_t nr, char out[SYSCALL_NAME_MAX])
{
	uint32_t abi = arch_of(arch, nr);

	if (from_libseccomp(abi, nr, out) || from_libaudit(abi, nr, out) ||
	    from_table(abi, nr, out))
		return true;
	snprintf(out, SYSCALL_NAME_MAX, "%d", nr);
	return false;
}

int32_t syscall_number(uint32_t arch, const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	return nr < 0 ? INT32_MIN : nr;
}

/* Its row for an architecture; 0: the first of that name. */
static const struct newer *find_newer(uint32_t arch, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if (strcmp(newer[i].name, name) == 0 && (arch == 0 || is_of(&newer[i], arch)))
			return &newer[i];
	return NULL;
}

int32_t syscall_number_x86_64(const char *name)
{
	int32_t nr = syscall_number(ARCH_X86_64, name);
	const struct newer *row = nr == INT32_MIN ? find_newer(ARCH_X86_64, name) : NULL;

	return row == NULL ? nr : row->nr;
}

bool syscall_in_library(const char *name)
{
	/* for a name of other architectures the library has negative numbers of its own */
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

bool syscall_is_known(const char *name)
{
	return syscall_in_library(name) || find_newer(0, name) != NULL;
}

const char *syscall_meant(const char *name, char out[SYSCALL_NAME_MAX + 24])
{
	struct bytes want = bytes_of(name);
	unsigned best = want.n < 6 ? 2 : (unsigned)want.n / 3;
	char one[SYSCALL_NAME_MAX];

	out[0] = '\0';
	for (int32_t nr = 0; nr <= newer[ARRAY_SIZE(newer) - 1].nr && want.n > 2; nr++) {
		unsigned far;

		if (!syscall_name(ARCH_X86_64, nr, one))
			continue;
		far = nearest_distance(want, bytes_of(one));
		if (far > best || (far == best && out[0] != '\0'))
			continue;
		best = far;
		snprintf(out, SYSCALL_NAME_MAX + 24, "; did you mean '%s'?", one);
	}
	return out;
}

bool syscall_exists(uint32_t arch, const char *name)
{
	return syscall_number(arch, name) != INT32_MIN || find_newer(arch, name) != NULL;
}

const char *syscall_kernel(const char *name)
{
	const struct newer *row = find_newer(0, name);

	return row == NULL ? NULL : row->kernel;
}

bool syscall_is_recent(const char *name)
{
	const char *kernel = syscall_kernel(name);
	unsigned major = 0, minor = 0;

	return kernel != NULL && sscanf(kernel, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor > 10));
}

const char *syscall_tables(char *out, size_t size)
{
	const struct scmp_version *v = seccomp_version();
	int32_t top = newer[ARRAY_SIZE(newer) - 1].nr, nr = top;
	char name[SYSCALL_NAME_MAX];

	/* ask the table, never the version: distributions port tables back */
	while (nr > 0 && !from_libseccomp(ARCH_X86_64, nr, name))
		nr--;
	snprintf(out, size, "libseccomp %u.%u.%u up to %d, own table up to %d", v->major, v->minor,
		 v->micro, nr, top);
	return out;
}

#define EDGE_TOP 640 /* x32 has its execve at 520 */
#define EDGE_ARCHES 32

struct edge_table {
	uint32_t arch;
	unsigned char kind[EDGE_TOP];
};

static void fill(struct edge_table *t, uint32_t arch)
{
	static const struct { const char *name; enum edge_kind kind; } calls[] = {
		{ "execve", EDGE_EXEC }, { "execveat", EDGE_EXEC }, { "fork", EDGE_FORK },
		{ "vfork", EDGE_FORK },  { "clone", EDGE_FORK },    { "clone3", EDGE_FORK },
		{ "exit_group", EDGE_EXIT },
	};

	*t = (struct edge_table){ .arch = arch };
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int32_t nr = syscall_number(arch, calls[i].name);

		if (nr == INT32_MIN)
			continue;
		if (arch == ARCH_X32)
			nr &= ~X32_BIT;
		if (nr < EDGE_TOP)
			t->kind[nr] = (unsigned char)calls[i].kind;
	}
}

enum edge_kind syscall_edge(uint32_t arch, int32_t nr)
{
	/* filled once for each arch that occurs, then constant; one thread classifies */
	static struct edge_table tables[EDGE_ARCHES];
	static unsigned n;
	uint32_t abi = arch_of(arch, nr);
	unsigned i = 0;

	if (abi == ARCH_X32)
		nr &= ~X32_BIT;
	if (nr < 0 || nr >= EDGE_TOP)
		return EDGE_NONE;
	while (i < n && tables[i].arch != abi)
		i++;
	if (i == n) {
		if (n == EDGE_ARCHES)
			return EDGE_NONE;
		fill(&tables[n++], abi);
	}
	return tables[i].kind[nr];
}
