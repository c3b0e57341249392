// SPDX-License-Identifier: Apache-2.0
/* Writes a list as a drop-in with SystemCallFilter=. */
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"
#include "analyze/output/systemd_words.h"
#include "analyze/policy/systemd_set.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

/* systemd's words: seccomp_arch_from_string() of src/shared/seccomp-util.c, as systemd.exec(5)
 * lists them. */
static const struct { const char *ours, *theirs;
} archs[] = {
	{ "x86_64", "x86-64" },
	{ "i386", "x86" },
	{ "x32", "x32" },
	{ "aarch64", "arm64" },
	{ "arm", "arm" },
	{ "s390x", "s390x" },
	{ "s390", "s390" },
	{ "ppc64le", "ppc64-le" },
	{ "ppc64", "ppc64" },
	{ "ppc", "ppc" },
	{ "riscv64", "riscv64" },
	{ "loongarch64", "loongarch64" },
	{ "mips", "mips" },
	{ "mipsel", "mips-le" },
	{ "mips64", "mips64" },
	{ "mipsel64", "mips64-le" },
	{ "mips64n32", "mips64-n32" },
	{ "mipsel64n32", "mips64-le-n32" },
	{ "parisc", "parisc" },
	{ "parisc64", "parisc64" },
};

static const char *arch_word(uint32_t arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (arch_name(arch) != NULL && strcmp(archs[i].ours, arch_name(arch)) == 0)
			return archs[i].theirs;
	return NULL;
}

static int arch_line(struct buf *out, const struct policy *p, struct err *e)
{
	buf_str(out, p->archs.n ? "SystemCallArchitectures=" : "SystemCallArchitectures=native");
	for (size_t i = 0; i < p->archs.n; i++) {
		const char *word = arch_word(p->archs.v[i]);

		if (word == NULL)
			return err_set(e, ST_INPUT, "systemd: it has no word for %s",
				       arch_scmp(p->archs.v[i]));
		buf_printf(out, "%s%s", i ? " " : "", word);
	}
	buf_char(out, '\n');
	return 0;
}

/* What is refused: kill (the process), or an errno. Nothing else can be said. */
static int answer_line(struct buf *out, const struct flat_list *list, struct err *e)
{
	uint32_t refuses = list->allows ? list->otherwise : list->action;

	if (refuses == ACTION_KILL_PROCESS)
		buf_str(out, "SystemCallErrorNumber=kill\n");
	else if (refuses == ACTION_ERRNO && list->error > 0 && flat_errno(list->error) != NULL)
		buf_printf(out, "SystemCallErrorNumber=%s\n", flat_errno(list->error));
	else if (refuses == ACTION_ERRNO && list->error > 0 && list->error < 4096)
		buf_printf(out, "SystemCallErrorNumber=%d\n", list->error);
	else
		return err_set(
			e, ST_INPUT,
			"systemd: SystemCallFilter= kills the process or answers an errno, not %s%s",
			action_scmp(refuses), refuses == ACTION_LOG ? " (systemd-log logs)" : "");
	return 0;
}

static size_t always_besides(const struct flat_list *list, const struct policy *p)
{
	size_t n = 0;

	for (size_t i = 0; systemd_set_always(i) != NULL; i++) {
		bool listed = !flat_exists(p, systemd_set_always(i));

		for (size_t k = 0; k < list->names.n && !listed; k++)
			listed = strcmp(list->names.v[k], systemd_set_always(i)) == 0;
		n += !listed;
	}
	return n;
}

/* Those that systemd's own library may not know: it warns and goes on without them. */
static void remark_unknown(FILE *to, const struct flat_list *list, const struct policy *p)
{
	auto_buf struct buf text = { 0 };

	for (size_t i = 0; i < list->names.n; i++) {
		bool known = false;

		for (size_t k = 0; k < p->archs.n && !known; k++)
			known = syscall_number(p->archs.v[k], list->names.v[i]) != INT32_MIN;
		if (!known && p->archs.n)
			buf_printf(&text, " %s", list->names.v[i]);
	}
	if (text.n)
		provenance_remark(
			to, "# ",
			"libseccomp here does not know:%s; where systemd does not, it leaves them out and warns",
			buf_text(&text));
}

static void write_filter(FILE *to, const struct output_input *in, const struct flat_list *list,
			 const struct buf *lines)
{
	struct policy_words words;

	provenance_write(to, in, "# ");
	if (list->allows)
		provenance_remark(
			to, "# ",
			"systemd allows @default in any such list: %zu calls that are not in this one",
			always_besides(list, in->policy));
	if (in->group)
		provenance_remark(to, "# ",
				  "the sets are those of " SYSTEMD_SETS_OF
				  "; another version's may hold more");
	remark_unknown(to, list, in->policy);
	/* an empty value takes away what the unit said, so that its list cannot add to or turn
	 * around this one */
	fprintf(to, "[Service]\nSystemCallFilter=\n");
	systemd_words(&words, list, in->policy, in->group);
	systemd_words_write(to, "SystemCallFilter", list->allows ? "" : "~", &words);
	VEC_FREE(&words);
	fwrite(lines->p, 1, lines->n, to);
}

/* What systemd adds by itself is not written. */
static int flat_of_written(struct flat_list *out, const struct policy *p, struct policy *written,
			   struct err *e)
{
	size_t n = 0;

	policy_share(written, p);
	for (size_t i = 0; i < written->rules.n; i++)
		if (written->rules.v[i].implied)
			policy_rule_release(&written->rules.v[i]);
		else
			written->rules.v[n++] = written->rules.v[i];
	written->rules.n = n;
	return flat_of(out, written, "systemd", e);
}

/* source: systemd.exec(5), SystemCallFilter=, SystemCallErrorNumber=, SystemCallArchitectures= */
static int write_systemd(FILE *to, const struct output_input *in, struct err *e)
{
	auto_buf struct buf lines = { 0 };
	struct policy written;
	struct flat_list list;
	int ret = flat_of_written(&list, in->policy, &written, e);

	if (ret == 0)
		ret = answer_line(&lines, &list, e);
	if (ret == 0) {
		buf_str(&lines, "SystemCallArchitectures=\n");
		ret = arch_line(&lines, in->policy, e);
	}
	if (ret == 0)
		write_filter(to, in, &list, &lines);
	flat_release(&list);
	policy_release(&written);
	return ret;
}

const struct output output_systemd = {
	.name = "systemd", .about = "a drop-in of systemd with SystemCallFilter=",
	.cannot = "conditions, several answers, flags; any answer but an errno and kill_process",
	.write = write_systemd, .groups = true,
};
