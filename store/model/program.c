// SPDX-License-Identifier: Apache-2.0
/* Tells loaders, shells and wrappers by comm and exe. */
#include "store/model/program.h"

#include "store/base/mem.h"

enum compared { COMM, EXE };

static const struct { enum program_kind kind; enum compared what; struct bytes name; } rows[] = {
#define PROGRAM(kind, what, name) { PROGRAM_##kind, what, { name, sizeof(name) - 1 } },
#include "store/model/program_list.h"
#undef PROGRAM
};

struct bytes program_basename(struct bytes exe)
{
	static const char gone[] = " (deleted)";
	struct bytes out = exe;
	const char *slash;

	if (out.n > sizeof(gone) - 1 &&
	    memcmp(out.p + out.n - (sizeof(gone) - 1), gone, sizeof(gone) - 1) == 0)
		out.n -= sizeof(gone) - 1;
	slash = out.n == 0 ? NULL : memrchr(out.p, '/', out.n);
	if (slash != NULL && slash + 1 < out.p + out.n)
		bytes_skip(&out, (size_t)(slash + 1 - out.p));
	return out;
}

/* systemd's child between fork and exec: comm "(name)", exe systemd's own. */
static bool is_systemd_child(struct bytes comm, struct bytes basename)
{
	if (comm.n < 2 || comm.p[0] != '(' || comm.p[comm.n - 1] != ')')
		return false;
	return bytes_eq(basename, BYTES("systemd")) ||
	       bytes_eq(basename, BYTES("systemd-executor"));
}

enum program_kind program_kind(struct bytes comm, struct bytes exe)
{
	struct bytes basename = program_basename(exe);

	if (is_systemd_child(comm, basename))
		return PROGRAM_LOADER;
	if (bytes_eq(basename, BYTES("busybox")) || bytes_eq(basename, BYTES("coreutils")))
		basename = comm;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (bytes_eq(rows[i].what == COMM ? comm : basename, rows[i].name))
			return rows[i].kind;
	return PROGRAM_PLAIN;
}

/* "python3.11" is "python". */
static struct bytes without_version(struct bytes basename)
{
	while (basename.n > 0 &&
	       (bytes_digit(basename.p[basename.n - 1]) || basename.p[basename.n - 1] == '.' ||
		basename.p[basename.n - 1] == '-'))
		basename.n--;
	return basename;
}

static bool is_interpreter(struct bytes basename)
{
	static const char *const names[] = { "python", "perl", "ruby",	"node",	 "nodejs",
					     "php",    "lua",  "tclsh", "guile", "Rscript" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bytes_eq(without_version(basename), bytes_of(names[i])))
			return true;
	return false;
}

static bool is_shell_name(struct bytes comm)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].kind == PROGRAM_SHELL && bytes_eq(comm, rows[i].name))
			return true;
	return false;
}

bool program_is_script(struct bytes comm, struct bytes exe)
{
	struct bytes basename = program_basename(exe);

	if (comm.n == 0)
		return false;
	if (program_kind(comm, exe) == PROGRAM_SHELL)
		return !is_shell_name(comm) && !bytes_eq(comm, basename);
	return is_interpreter(basename) && !is_interpreter(comm);
}
