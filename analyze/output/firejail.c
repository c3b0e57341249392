// SPDX-License-Identifier: Apache-2.0
/* Writes a list as lines for a profile of firejail. */
#include "analyze/output/output.h"
#include "analyze/output/flat.h"
#include "analyze/output/provenance.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#define LINE_MOST 8000 /* firejail's buffer for a line has 8192 bytes */

/* A 64-bit architecture and the 32-bit one of the same machines: firejail has a list for each. */
static const struct {
	const char *first, *second;
} pairs[] = { { "x86_64", "i386" }, { "aarch64", "arm" } };

static bool is_pair(const char *first, const char *second)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (strcmp(pairs[i].first, first) == 0 && strcmp(pairs[i].second, second) == 0)
			return true;
	return false;
}

static bool is_second(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (strcmp(pairs[i].second, name) == 0)
			return true;
	return false;
}

/* seccomp.keep is the list of the machine's own architecture, and firejail lets all others through
 * unless told. */
static int check_archs(const struct flat_list *list, const struct policy *p, struct err *e)
{
	/* firejail 0.9.72 calls `fseccomp keep` where `keep32` is meant: seccomp.32.keep cuts the
	 * 64-bit list and lets 32-bit pass */
	if (p->archs.n > 1 && list->allows)
		return err_set(
			e, ST_INPUT,
			"firejail takes seccomp.32.keep for a second list of the 64-bit architecture, so a list that allows "
			"is for one (--arch %s)",
			arch_name(p->archs.v[0]));
	if (p->archs.n == 1 && is_second(arch_name(p->archs.v[0])) &&
	    p->archs.v[0] != arch_native())
		return err_set(
			e, ST_INPUT,
			"firejail's first list is that of the machine, so one of %s alone filters nothing on "
			"a 64-bit machine",
			arch_scmp(p->archs.v[0]));
	for (size_t i = 0; i < p->archs.n; i++) {
		if (p->archs.v[i] == ARCH_X32 || i > 1 ||
		    (i == 1 && !is_pair(arch_name(p->archs.v[0]), arch_name(p->archs.v[1]))))
			return err_set(e, ST_INPUT,
				       "firejail has no list for %s beside the others (--arch)",
				       arch_scmp(p->archs.v[i]));
	}
	return 0;
}

/* What is refused: EPERM and the like, or death, of the thread (SECCOMP_RET_KILL); or nothing, and
 * it is logged. */
static int answer_line(struct buf *out, const struct flat_list *list, struct err *e)
{
	uint32_t refuses = list->allows ? list->otherwise : list->action;
	const char *name = refuses == ACTION_ERRNO ? flat_errno(list->error) : NULL;

	if (refuses == ACTION_KILL_THREAD)
		name = "kill";
	else if (refuses == ACTION_LOG)
		name = "log";
	if (name == NULL && refuses == ACTION_ERRNO)
		return err_set(
			e, ST_INPUT,
			"firejail takes the name of an errno, and the one of %d is not known here",
			list->error);
	if (name == NULL)
		return err_set(
			e, ST_INPUT,
			"firejail answers an errno, kills the thread or logs, and cannot do %s%s",
			action_scmp(refuses),
			refuses == ACTION_KILL_PROCESS ? " (--default-action kill_thread)" : "");
	buf_printf(out, "seccomp-error-action %s\n", name);
	return 0;
}

/* Names that the architecture has, between commas. */
static int list_line(struct buf *out, const struct flat_list *list, uint32_t arch, const char *word,
		     struct err *e)
{
	size_t begin = out->n, n = 0;

	buf_printf(out, "%s ", word);
	for (size_t i = 0; i < list->names.n; i++)
		if (syscall_exists(arch, list->names.v[i]))
			buf_printf(out, "%s%s", n++ ? "," : "", list->names.v[i]);
	buf_char(out, '\n');
	for (size_t i = 0; i < list->names.n; i++)
		if (!syscall_is_known(list->names.v[i]))
			return err_set(e, ST_INPUT,
				       "firejail: it would stop at %s, a name that no table knows",
				       list->names.v[i]);
	if (n == 0)
		return err_set(e, ST_INPUT, "firejail: no name of the list is one of %s",
			       arch_name(arch));
	if (out->n - begin > LINE_MOST)
		return err_set(
			e, ST_INPUT,
			"firejail: the list takes %zu bytes, and firejail reads lines of 8192",
			out->n - begin);
	return 0;
}

/*
 * Lines for a profile, or a .local file that one includes. A later seccomp.keep takes the place of
 * an earlier one. source: firejail-profile(5)
 */
static int write_firejail(FILE *to, const struct output_input *in, struct err *e)
{
	const struct policy *p = in->policy;
	uint32_t first = p->archs.n ? p->archs.v[0] : arch_native();
	auto_buf struct buf text = { 0 };
	struct flat_list list;
	int ret = flat_of(&list, p, "firejail", e);

	if (ret == 0)
		ret = check_archs(&list, p, e);
	if (ret == 0)
		ret = answer_line(&text, &list, e);
	if (ret == 0)
		ret = list_line(&text, &list, first, list.allows ? "seccomp.keep" : "seccomp.drop",
				e);
	if (ret == 0 && p->archs.n == 2)
		ret = list_line(&text, &list, p->archs.v[1], "seccomp.32.drop", e);
	else if (ret == 0)
		buf_str(&text, "seccomp.block-secondary\n");
	if (ret == 0) {
		provenance_write(to, in, "# ");
		if (list.allows)
			provenance_remark(
				to, "# ",
				"firejail allows execve, execveat and prctl besides, which it needs itself");
		fwrite(text.p, 1, text.n, to);
	}
	flat_release(&list);
	return ret;
}

const struct output output_firejail = {
	.name = "firejail", .about = "lines for a profile of firejail",
	.cannot = "kill_process (it kills the thread); lists that allow for two architectures (its "
		  "seccomp.32.keep does not work), x32, conditions, several answers, flags, over "
		  "8,000 bytes",
	.write = write_firejail,
};
