// SPDX-License-Identifier: Apache-2.0
/* One function for each setting, which makes its filter for one architecture as systemd 252 does.
 */
#include "analyze/input/systemd_settings.h"

#include "analyze/policy/systemd_set.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

#define FAMILY_END 46 /* the first number that systemd 252 has no name for. source: its af-list */

/* ---- rules ---- */

static struct policy_rule *refuse(struct policy *p, const char *name, int error)
{
	struct policy_rule *r = policy_add_rule(p, ACTION_ERRNO, error);

	*VEC_PUSH(&r->names) = policy_keep(p, name);
	return r;
}

static struct policy_rule *refuse_if(struct policy *p, const char *name, int error, unsigned index,
				     enum policy_op op, uint64_t value)
{
	struct policy_rule *r = refuse(p, name, error);

	*VEC_PUSH(&r->args) =
		(struct policy_arg){ index, op, value, op == POLICY_MASKED_EQ ? value : 0 };
	return r;
}

static bool is_arch(uint32_t arch, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (arch_name(arch) != NULL && strcmp(arch_name(arch), names[i]) == 0)
			return true;
	return false;
}

#define ARCH_IN(arch, ...)                                                                         \
	is_arch(arch, (const char *const[]){ __VA_ARGS__ },                                        \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* ---- what each setting makes; false: no filter on this architecture ---- */

typedef bool make_fn(struct policy *p, const struct systemd_settings *s, uint32_t arch);

static bool make_families(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	unsigned first = 0, last = 0;

	/* the others make sockets by socketcall, which no filter looks into */
	if (!ARCH_IN(arch, "x86_64", "x32", "arm", "aarch64", "mipsel64n32", "mips64n32",
		     "mipsel64", "mips64", "riscv64"))
		return false;
	for (unsigned i = 1; i < FAMILY_END; i++)
		if (s->families[i]) {
			first = first ? first : i;
			last = i;
		}
	if (s->families_allow && first == 0) {
		refuse(p, "socket", EAFNOSUPPORT);
		return true;
	}
	if (s->families_allow) {
		refuse_if(p, "socket", EAFNOSUPPORT, 0, POLICY_LT, first);
		refuse_if(p, "socket", EAFNOSUPPORT, 0, POLICY_GT, last);
	}
	for (unsigned i = 1; i < FAMILY_END; i++)
		if (!s->families[i] == s->families_allow)
			refuse_if(p, "socket", EAFNOSUPPORT, 0, POLICY_EQ, i);
	return true;
}

static bool make_memory(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	bool mmap2 = ARCH_IN(arch, "i386", "s390", "arm");

	(void)s;
	if (!mmap2 && !ARCH_IN(arch, "ppc", "ppc64", "ppc64le", "s390x", "x86_64", "x32", "aarch64",
			       "riscv64"))
		return false;
	refuse_if(p, mmap2 ? "mmap2" : "mmap", EPERM, 2, POLICY_MASKED_EQ, PROT_EXEC | PROT_WRITE);
	if (ARCH_IN(arch, "i386", "s390"))
		refuse(p, "mmap", EPERM);
	refuse_if(p, "mprotect", EPERM, 2, POLICY_MASKED_EQ, PROT_EXEC);
	refuse_if(p, "pkey_mprotect", EPERM, 2, POLICY_MASKED_EQ, PROT_EXEC);
	if (ARCH_IN(arch, "arm", "x86_64", "x32", "aarch64", "riscv64"))
		refuse_if(p, "shmat", EPERM, 2, POLICY_MASKED_EQ, SHM_EXEC);
	return true;
}

static bool make_realtime(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	for (unsigned i = 0; i < SCHED_IDLE; i++)
		if (i != SCHED_OTHER && i != SCHED_BATCH)
			refuse_if(p, "sched_setscheduler", EPERM, 1, POLICY_EQ, i);
	refuse_if(p, "sched_setscheduler", EPERM, 1, POLICY_GT, SCHED_IDLE);
	return true;
}

static void refuse_mode(struct policy *p, mode_t mode)
{
	static const struct { const char *name; unsigned index; int flags;
	} calls[] = {
		{ "chmod", 1, -1 },	{ "fchmod", 1, -1 },  { "fchmodat", 2, -1 },
		{ "fchmodat2", 2, -1 }, { "mkdir", 1, -1 },   { "mkdirat", 2, -1 },
		{ "mknod", 1, -1 },	{ "mknodat", 2, -1 }, { "creat", 1, -1 },
		{ "open", 2, 1 },	{ "openat", 3, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct policy_rule *r =
			refuse_if(p, calls[i].name, EPERM, calls[i].index, POLICY_MASKED_EQ, mode);

		if (calls[i].flags >= 0)
			*VEC_PUSH(&r->args) =
				(struct policy_arg){ (unsigned)calls[i].flags, POLICY_MASKED_EQ,
						     O_CREAT, O_CREAT };
	}
}

static bool make_suid(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	refuse_mode(p, S_ISUID);
	refuse_mode(p, S_ISGID);
	refuse(p, "openat2", ENOSYS);
	return true;
}

static const struct { const char *word; uint64_t flag;
} namespaces[] = {
	{ "cgroup", CLONE_NEWCGROUP }, { "ipc", CLONE_NEWIPC }, { "net", CLONE_NEWNET },
	{ "mnt", CLONE_NEWNS },	       { "pid", CLONE_NEWPID }, { "user", CLONE_NEWUSER },
	{ "uts", CLONE_NEWUTS },
};

static uint64_t all_namespaces(void)
{
	uint64_t out = 0;

	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		out |= namespaces[i].flag;
	return out;
}

static bool make_namespaces(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	uint64_t left = s->namespaces & all_namespaces();

	if (left == all_namespaces())
		return false;
	refuse(p, "clone3", ENOSYS); /* its flags lie in memory */
	if (left == 0)
		refuse(p, "setns", EPERM);
	else
		refuse_if(p, "setns", EPERM, 1, POLICY_EQ, 0);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++) {
		if (left & namespaces[i].flag)
			continue;
		refuse_if(p, "unshare", EPERM, 0, POLICY_MASKED_EQ, namespaces[i].flag);
		refuse_if(p, "clone", EPERM, ARCH_IN(arch, "s390", "s390x") ? 1 : 0,
			  POLICY_MASKED_EQ, namespaces[i].flag);
		if (left != 0)
			refuse_if(p, "setns", EPERM, 1, POLICY_MASKED_EQ, namespaces[i].flag);
	}
	return true;
}

static bool make_tunables(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s;
	if (ARCH_IN(arch, "aarch64", "riscv64", "x32"))
		return false;
	refuse(p, "_sysctl", EPERM);
	return true;
}

static bool make_set(struct policy *p, const char *set)
{
	struct policy_words names = { 0 };

	systemd_set_names(&names, set);
	for (size_t i = 0; i < names.n; i++)
		if (syscall_in_library(names.v[i]))
			refuse(p, names.v[i], EPERM);
	VEC_FREE(&names);
	return true;
}

static bool make_modules(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	return make_set(p, "@module");
}

static bool make_logs(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	refuse(p, "syslog", EPERM);
	return true;
}

static bool make_clock(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	return make_set(p, "@clock");
}

static bool make_devices(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	return make_set(p, "@raw-io");
}

static bool make_hostname(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)s, (void)arch;
	refuse(p, "sethostname", EPERM);
	refuse(p, "setdomainname", EPERM);
	return true;
}

static bool make_personality(struct policy *p, const struct systemd_settings *s, uint32_t arch)
{
	(void)arch;
	refuse_if(p, "personality", EPERM, 0, POLICY_NE, s->personality);
	return true;
}

/* ---- the settings, in the order in which systemd loads their filters ---- */

enum kind { SWITCH, NAMESPACES, FAMILIES };

static const struct setting { const char *name; enum kind kind; make_fn *make; } settings[] = {
	{ "ProtectHostname", SWITCH, make_hostname },
	{ "RestrictAddressFamilies", FAMILIES, make_families },
	{ "MemoryDenyWriteExecute", SWITCH, make_memory },
	{ "RestrictRealtime", SWITCH, make_realtime },
	{ "RestrictSUIDSGID", SWITCH, make_suid },
	{ "RestrictNamespaces", NAMESPACES, make_namespaces },
	{ "ProtectKernelTunables", SWITCH, make_tunables },
	{ "ProtectKernelModules", SWITCH, make_modules },
	{ "ProtectKernelLogs", SWITCH, make_logs },
	{ "ProtectClock", SWITCH, make_clock },
	{ "PrivateDevices", SWITCH, make_devices },
	{ "LockPersonality", SWITCH, make_personality },
	{ "DynamicUser", SWITCH, make_suid }, /* it implies RestrictSUIDSGID= */
};

/* Settings that refuse calls without a seccomp filter. */
static const char *const others[] = {
	"CapabilityBoundingSet",
	"RestrictFileSystems",
	"RestrictNetworkInterfaces",
	"SocketBindDeny",
	"IPAddressDeny",
	"AppArmorProfile",
	"SELinuxContext",
	"SmackProcessLabel",
	"NoExecPaths",
	"BPFProgram",
	"IPIngressFilterPath",
	"IPEgressFilterPath",
};

/* ---- values ---- */

static bool word_in(struct bytes b, const char *words)
{
	struct bytes left = bytes_of(words), one;

	while ((one = input_word(&left)).n > 0)
		if (one.n == b.n && strncasecmp(one.p, b.p, b.n) == 0)
			return true;
	return false;
}

static bool boolean(struct bytes value, bool *out)
{
	*out = word_in(value, "1 yes y true t on");
	return *out || word_in(value, "0 no n false f off");
}

static void bad_value(const struct reading *r, struct bytes key, struct bytes value)
{
	char name[60], word[60];

	policy_unread(
		r->p, "line %zu: %s=%s is no value that systemd takes, so it passes over the line",
		r->line, esc_word(name, sizeof(name), key), esc_word(word, sizeof(word), value));
}

static bool namespace_flags(struct bytes value, uint64_t *out)
{
	struct bytes word;

	*out = 0;
	while ((word = input_word(&value)).n > 0) {
		size_t i = 0;

		while (i < ARRAY_SIZE(namespaces) && !bytes_eq(word, bytes_of(namespaces[i].word)))
			i++;
		if (i == ARRAY_SIZE(namespaces))
			return false;
		*out |= namespaces[i].flag;
	}
	return true;
}

/* The first list sets what is left, later ones add to it, or with a ~ take away. source:
 * config_parse_restrict_namespaces */
static void read_namespaces(struct systemd_settings *s, const struct reading *r, struct bytes key,
			    struct bytes value)
{
	struct bytes all = value;
	uint64_t flags;
	bool on, invert;

	if (value.n == 0) {
		s->namespaces_said = false;
		return;
	}
	if (boolean(value, &on)) {
		s->namespaces = on ? 0 : all_namespaces();
		s->namespaces_said = true;
		return;
	}
	invert = bytes_take(&value, BYTES("~"));
	if (!namespace_flags(value, &flags)) {
		bad_value(r, key, all);
		return;
	}
	if (!s->namespaces_said)
		s->namespaces = invert ? ~flags & all_namespaces() : flags;
	else
		s->namespaces = invert ? s->namespaces & ~flags : s->namespaces | flags;
	s->namespaces_said = true;
}

static const char *const family_names[FAMILY_END] = {
	[1] = "AF_UNIX",      [2] = "AF_INET",	    [3] = "AF_AX25",	   [4] = "AF_IPX",
	[5] = "AF_APPLETALK", [6] = "AF_NETROM",    [7] = "AF_BRIDGE",	   [8] = "AF_ATMPVC",
	[9] = "AF_X25",	      [10] = "AF_INET6",    [11] = "AF_ROSE",	   [12] = "AF_DECnet",
	[13] = "AF_NETBEUI",  [14] = "AF_SECURITY", [15] = "AF_KEY",	   [16] = "AF_NETLINK",
	[17] = "AF_PACKET",   [18] = "AF_ASH",	    [19] = "AF_ECONET",	   [20] = "AF_ATMSVC",
	[21] = "AF_RDS",      [22] = "AF_SNA",	    [23] = "AF_IRDA",	   [24] = "AF_PPPOX",
	[25] = "AF_WANPIPE",  [26] = "AF_LLC",	    [27] = "AF_IB",	   [28] = "AF_MPLS",
	[29] = "AF_CAN",      [30] = "AF_TIPC",	    [31] = "AF_BLUETOOTH", [32] = "AF_IUCV",
	[33] = "AF_RXRPC",    [34] = "AF_ISDN",	    [35] = "AF_PHONET",	   [36] = "AF_IEEE802154",
	[37] = "AF_CAIF",     [38] = "AF_ALG",	    [39] = "AF_NFC",	   [40] = "AF_VSOCK",
	[41] = "AF_KCM",      [42] = "AF_QIPCRTR",  [43] = "AF_SMC",	   [44] = "AF_XDP",
	[45] = "AF_MCTP",
};

static unsigned family_of(struct bytes word)
{
	if (bytes_eq(word, BYTES("AF_LOCAL")) || bytes_eq(word, BYTES("AF_FILE")))
		return 1;
	if (bytes_eq(word, BYTES("AF_ROUTE")))
		return 16;
	for (unsigned i = 1; i < FAMILY_END; i++)
		if (family_names[i] != NULL && bytes_eq(word, bytes_of(family_names[i])))
			return i;
	return 0;
}

/* source: config_parse_address_families */
static void read_families(struct systemd_settings *s, const struct reading *r, struct bytes key,
			  struct bytes value, bool *said)
{
	struct bytes word;
	bool invert, any = s->families_allow;

	if (value.n == 0 || bytes_eq(value, BYTES("none"))) {
		memset(s->families, 0, sizeof(s->families));
		*said = s->families_allow = value.n > 0;
		return;
	}
	invert = bytes_take(&value, BYTES("~"));
	for (unsigned i = 0; i < FAMILY_END; i++)
		any |= s->families[i];
	if (!any)
		s->families_allow = !invert;
	while ((word = input_word(&value)).n > 0) {
		unsigned family = family_of(word);

		if (family == 0)
			bad_value(r, key, word);
		else
			s->families[family] = !invert == s->families_allow;
	}
	*said = s->families_allow;
	for (unsigned i = 0; i < FAMILY_END; i++)
		*said |= s->families[i];
}

/* Compared with what LockPersonality= locks. */
static void read_personality(struct systemd_settings *s, struct bytes value)
{
	/* PER_LINUX32 for the 32-bit words on a 64-bit machine */
	s->personality = word_in(value, "x86 arm ppc s390") &&
					 !bytes_eq(value, bytes_of(arch_name(arch_native()))) ?
				 8 :
				 0;
}

static void say_other(const struct reading *r, struct bytes key, struct bytes value)
{
	for (size_t i = 0; i < ARRAY_SIZE(others) && value.n > 0; i++)
		if (bytes_eq(key, bytes_of(others[i])))
			policy_unread(
				r->p,
				"%s= is not read: it refuses calls by other means than a filter",
				others[i]);
}

bool systemd_settings_read(struct systemd_settings *s, const struct reading *r, struct bytes key,
			   struct bytes value)
{
	if (bytes_eq(key, BYTES("Personality"))) {
		read_personality(s, value);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!bytes_eq(key, bytes_of(settings[i].name)))
			continue;
		if (settings[i].kind == NAMESPACES) {
			read_namespaces(s, r, key, value);
			s->on[i] = s->namespaces_said;
		} else if (settings[i].kind == FAMILIES) {
			read_families(s, r, key, value, &s->on[i]);
		} else { /* an empty one is no boolean, and passed over like others */
			bool on;

			if (boolean(value, &on))
				s->on[i] = on;
			else
				bad_value(r, key, value);
		}
		return true;
	}
	say_other(r, key, value);
	return false;
}

size_t systemd_settings_apply(const struct systemd_settings *s, struct policy *p)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		if (!s->on[i])
			continue;
		n++;
		for (size_t k = 0; k < p->archs.n; k++) {
			struct policy *one = policy_add_also(p, settings[i].name);

			*VEC_PUSH(&one->archs) = p->archs.v[k];
			if (settings[i].make(one, s, p->archs.v[k]))
				continue;
			policy_release(one);
			mem_free_at(&p->also.v[--p->also.n].policy);
		}
	}
	return n;
}
