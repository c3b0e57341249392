// SPDX-License-Identifier: Apache-2.0
/*
 * Decides conditions on capabilities, kernel and architecture for one machine, and leaves what
 * holds there.
 */
#include "analyze/policy/resolve.h"

#include "store/base/esc.h"
#include "store/model/arch.h"

#include <strings.h>

void resolve_machine_release(struct resolve_machine *at)
{
	VEC_FREE(&at->caps);
}

/* ---- what the machine is ---- */

/* source: capabilities(7), Linux 6.18 */
static const char *const capabilities[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

/* source: Docker's documentation, "Runtime privilege and Linux capabilities" */
static const char *const dockers[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",	  "CAP_DAC_OVERRIDE",	  "CAP_FOWNER",	    "CAP_FSETID",
	"CAP_KILL",	   "CAP_MKNOD",	  "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
	"CAP_SETGID",	   "CAP_SETPCAP", "CAP_SETUID",		  "CAP_SYS_CHROOT",
};

static const char *capability(struct bytes word)
{
	char name[40];

	snprintf(name, sizeof(name), "%.*s", (int)(word.n < 39 ? word.n : 39), word.p);
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
		if (strcasecmp(capabilities[i], name) == 0 ||
		    strcasecmp(capabilities[i] + 4, name) == 0)
			return capabilities[i];
	return NULL;
}

int resolve_machine_caps(struct resolve_machine *at, const char *list, struct err *e)
{
	struct bytes rest = bytes_of(list);

	at->caps_known = true;
	at->caps_all = strcmp(list, "all") == 0;
	if (at->caps_all || strcmp(list, "none") == 0)
		return 0;
	do {
		struct bytes word = bytes_until(&rest, ',');
		const char *cap = capability(word);

		if (bytes_eq(word, BYTES("docker"))) {
			for (size_t i = 0; i < ARRAY_SIZE(dockers); i++)
				*VEC_PUSH(&at->caps) = dockers[i];
		} else if (cap == NULL) {
			return err_set(
				e, ST_INPUT,
				"--caps: no such capability: '%.*s' (names with commas between; docker, none, all)",
				(int)(word.n < 40 ? word.n : 40), word.p);
		} else {
			*VEC_PUSH(&at->caps) = cap;
		}
	} while (bytes_take(&rest, BYTES(",")));
	return 0;
}

int resolve_machine_kernel(struct resolve_machine *at, const char *text, struct err *e)
{
	struct bytes b = bytes_of(text);
	uint64_t major, minor;

	/* what follows the second number, as -23-amd64, says nothing here */
	if (!bytes_dec(&b, 9999, &major) || !bytes_take(&b, BYTES(".")) ||
	    !bytes_dec(&b, 9999, &minor) || (major == 0 && minor == 0) ||
	    (b.n > 0 && strchr(".-+", b.p[0]) == NULL))
		return err_set(e, ST_INPUT, "--kernel: no version of a kernel: '%.40s' (as 6.1)",
			       text);
	at->kernel = (struct policy_kernel){ (unsigned)major, (unsigned)minor };
	return 0;
}

/* Docker's words for architectures, which are Go's and libseccomp's, where they are not ours. */
static const struct { const char *word, *name;
} arch_words[] = {
	{ "amd64", "x86_64" },
	{ "x86", "i386" },
	{ "386", "i386" },
	{ "arm64", "aarch64" },
	{ "loong64", "loongarch64" },
	{ "mipsle", "mipsel" },
	{ "mips64le", "mipsel64" },
	{ "mips3l64n32", "mipsel64n32" },
};

static bool arch_of_word(const char *text, uint32_t *arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(arch_words); i++)
		if (strcmp(arch_words[i].word, text) == 0)
			text = arch_words[i].name;
	return arch_of_name(text, arch) || arch_parse(text, arch);
}

int resolve_machine_arch(struct resolve_machine *at, const char *text, struct err *e)
{
	return arch_of_word(text, &at->arch) ?
		       0 :
		       err_set(e, ST_INPUT,
			       "--arch: no such architecture: '%.40s' (as amd64, arm64)", text);
}

/* ---- conditions ---- */

static bool has_cap(const struct resolve_machine *at, const char *cap)
{
	for (size_t i = 0; i < at->caps.n; i++)
		if (strcmp(at->caps.v[i], cap) == 0)
			return true;
	return at->caps_all;
}

static bool is_arch(const struct resolve_machine *at, const struct policy_when *w)
{
	uint32_t arch;

	for (size_t i = 0; i < w->archs.n; i++)
		if (arch_of_word(w->archs.v[i], &arch) && arch == at->arch)
			return true;
	return false;
}

static bool kernel_reached(const struct resolve_machine *at, const struct policy_when *w)
{
	return at->kernel.major != w->kernel.major ? at->kernel.major > w->kernel.major :
						     at->kernel.minor >= w->kernel.minor;
}

bool resolve_counts(const struct policy_rule *r, const struct resolve_machine *at)
{
	const struct policy_when *in = &r->includes, *out = &r->excludes;

	if (is_arch(at, out) || (policy_kernel_said(out->kernel) && kernel_reached(at, out)))
		return false;
	for (size_t i = 0; i < out->caps.n; i++)
		if (has_cap(at, out->caps.v[i]))
			return false;
	if ((in->archs.n && !is_arch(at, in)) ||
	    (policy_kernel_said(in->kernel) && !kernel_reached(at, in)))
		return false;
	for (size_t i = 0; i < in->caps.n; i++)
		if (!has_cap(at, in->caps.v[i]))
			return false;
	return true;
}

static int known_enough(const struct policy *p, const struct resolve_machine *at, struct err *e)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		const struct policy_rule *r = &p->rules.v[i];
		char shown[80];

		esc_word(shown, sizeof(shown), bytes_of(r->names.n ? r->names.v[0] : ""));
		if (!at->caps_known && (r->includes.caps.n || r->excludes.caps.n))
			return err_set(
				e, ST_INPUT,
				"what it says of %s depends on capabilities: name them with --caps LIST (docker: "
				"what Docker gives a container; none; all)",
				shown);
		if (!policy_kernel_said(at->kernel) && (policy_kernel_said(r->includes.kernel) ||
							policy_kernel_said(r->excludes.kernel)))
			return err_set(
				e, ST_INPUT,
				"what it says of %s depends on the kernel: name it with --kernel X.Y",
				shown);
	}
	return 0;
}

/* Where no row of archMap is of that machine Docker names none, which means the machine's own. */
static void take_family(struct policy *p, uint32_t arch)
{
	for (size_t i = 0; i < p->families.n; i++) {
		struct policy_family *f = &p->families.v[i];

		if (f->arch == arch && p->archs.n == 0) {
			*VEC_PUSH(&p->archs) = f->arch;
			for (size_t k = 0; k < f->subs.n; k++)
				*VEC_PUSH(&p->archs) = f->subs.v[k];
		}
		VEC_FREE(&f->subs);
	}
	p->families.n = 0;
}

int resolve_policy(struct policy *p, const struct resolve_machine *at, struct err *e)
{
	size_t kept = 0;

	if (known_enough(p, at, e) < 0)
		return -1;
	for (size_t i = 0; i < p->rules.n; i++) {
		struct policy_rule *r = &p->rules.v[i];

		if (!resolve_counts(r, at)) {
			policy_rule_release(r);
			continue;
		}
		VEC_FREE(&r->includes.caps);
		VEC_FREE(&r->includes.archs);
		VEC_FREE(&r->excludes.caps);
		VEC_FREE(&r->excludes.archs);
		r->includes.kernel = r->excludes.kernel = (struct policy_kernel){ 0 };
		p->rules.v[kept++] = *r;
	}
	p->rules.n = kept;
	take_family(p, at->arch);
	return 0;
}
