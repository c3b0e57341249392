/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter as a file says it, in whatever format: what is allowed, what is not, and how that is
 * answered. Read from and written to formats, compiled to what the kernel runs by
 * analyze/policy/compile.
 */
#ifndef ANALYZE_POLICY_POLICY_H
#define ANALYZE_POLICY_POLICY_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/mem.h"
#include "store/base/pool.h"

#define POLICY_NO_ERRNO (-1)
/* below the kernel's MAX_ERRNO: libseccomp's db_action_valid() refuses that one */
#define POLICY_ERRNO_MAX 4094
#define POLICY_MAX (4 << 20) /* bytes of a file that is read */

enum policy_op {
	POLICY_NE,
	POLICY_LT,
	POLICY_LE,
	POLICY_EQ,
	POLICY_GE,
	POLICY_GT,
	POLICY_MASKED_EQ
};

struct policy_words { const char **v; size_t n, cap; };
struct policy_archs { uint32_t *v; size_t n, cap; };

/* Argument `index` (0 to 5) compared with `value`; masked: argument & value == two. */
struct policy_arg { unsigned index; enum policy_op op; uint64_t value, two; };

/* A kernel's version; 0.0: not said. */
struct policy_kernel { unsigned major, minor; };

static inline bool policy_kernel_said(struct policy_kernel k)
{
	return k.major || k.minor;
}

/* "4.8": two numbers, not both 0. */
bool policy_kernel_parse(const char *text, struct policy_kernel *out);

/* Docker's condition on a rule, as it says it: "CAP_SYS_ADMIN", "amd64", 4.8. */
struct policy_when {
	struct policy_words caps;
	struct policy_words archs;
	struct policy_kernel kernel; /* that one or a later one */
};

struct policy_rule {
	struct policy_words names;
	uint32_t action;       /* ACTION_* */
	int error; /* what ERRNO answers, or TRACE's message; POLICY_NO_ERRNO: not said */
	VEC(struct policy_arg) args;
	const char *comment;   /* NULL: none */
	bool implied; /* nobody wrote it, and the loader adds it by itself: systemd's @default */
	bool all; /* all conditions have to hold, also where an argument has two of them */
	bool otherwise; /* answers where no rule of the same call does that stands before it: it has
			   no conditions itself */
	struct policy_when includes; /* all of it has to hold, else the rule does not count */
	struct policy_when excludes; /* where any of it holds, the rule does not count */
};

/* A program that the list was made of, where the file says so; "": not said, or in no container. */
struct policy_binary {
	const char *path, *build_id, *container, *node;
	bool local;            /* the path was one of the node's own files */
};

/* A filter that a setting beside the list loads, as systemd's RestrictNamespaces= does. The
 * strictest answer of all counts. */
struct policy_also {
	const char *setting;   /* as the file has it; the policy's text */
	struct policy *policy;
};

/* Of Docker's archMap: on a machine of `arch`, that one and these. */
struct policy_family { uint32_t arch; struct policy_archs subs; };

struct policy {
	uint32_t default_action;
	int default_error;
	struct policy_archs archs;         /* empty: the machine's own */
	VEC(struct policy_family) families;
	struct policy_words flags;
	bool has_flags; /* an empty list of them is there: that is not the same as none */
	bool listener;               /* somebody answers NOTIFY: a listenerPath is there */
	bool direct; /* its loader writes the instructions itself, without libseccomp */
	bool in_order;               /* of a call's rules the first whose conditions hold answers */
	bool exact; /* its loader takes a name for that call alone: no socketcall for socket */
	bool by_name; /* and passes over a name where libseccomp has no number of an ABI's own for
			 it */
	bool others_pass;            /* what is of none of archs passes; else it kills */
	VEC(struct policy_also) also;
	struct policy_words profiles; /* the names of all that the file holds, where it holds
					 several; of one of them is the rest */
	const char *pick; /* while it is read: the name of the one that is wanted; NULL: none */
	size_t nth;                  /* while it is read: the same, from 1; 0: none */
	const char *path; /* of the file while it is read, for what it includes; NULL: not known */
	bool native;                 /* SCMP_ARCH_NATIVE is among archs, as the machine's own */
	VEC(struct policy_rule) rules;
	bool too_large;              /* for which it was refused: see analyze/policy/bounds.h */
	const char *format;          /* the reader's name; NULL: it was not read from a file */
	struct policy_words sets;      /* of systemd's: their names are in the rules */
	struct policy_words unread; /* what the file says and no filter here can: sentences, safe
				       for a terminal */
	struct policy_words idle; /* what it says and its loader passes over, so that the filter is
				     read whole: the same */
	const char *idle_errno; /* a number for an action that takes none, as "defaultErrnoRet
				   beside SCMP_ACT_LOG"; NULL */
	struct policy_words notes; /* what its loaders do not agree on, or pass over: the same */
	VEC(struct policy_binary) binaries;
	struct pool strings;         /* what all the names point into */
};

/* An empty one with what "not said" is. */
void policy_init(struct policy *p);
void policy_release(struct policy *p);
void policy_rule_release(struct policy_rule *r);

/* Adds an empty rule. */
struct policy_rule *policy_add_rule(struct policy *p, uint32_t action, int error);

/*
 * A copy for whoever changes it, with texts that are `of`'s: it has to live as long. Released by
 * policy_release.
 */
void policy_share(struct policy *out, const struct policy *of);

/* Is it among those that are filtered? Of none that are named: the machine's own. */
bool policy_has_arch(const struct policy *p, uint32_t arch);

/*
 * Adds one that is not filtered yet; of an archMap, to what a machine of `machine` has. An empty
 * list, which means the machine's own, becomes one that says so.
 */
void policy_add_arch(struct policy *p, uint32_t machine, uint32_t arch);

/* Does what the policy means depend on where it is loaded? See analyze/policy/resolve.h. */
bool policy_is_conditional(const struct policy *p);
bool policy_rule_is_conditional(const struct policy_rule *r);

/*
 * The number that goes with an action: what ERRNO answers and TRACE tells its tracer, EPERM where
 * nothing is said; 0 of the others. source: actErrno and actTrace in runc's
 * libcontainer/seccomp/seccomp_linux.go, get_seccomp_action in crun
 */
int policy_number(uint32_t action, int error);

/* "SCMP_CMP_EQ" ..., and back. */
const char *policy_op_word(enum policy_op op);
bool policy_op_parse(const char *word, enum policy_op *op);

/* Has one of a rule's conditions to hold, not all? So it is where an argument's index occurs twice:
 * see compile_policy. */
bool policy_any_holds(const struct policy_rule *r);

/* A text that lives as long as the policy. */
const char *policy_keep(struct policy *p, const char *text);

/* Adds an empty policy that is loaded beside *p, for a setting of that name. */
struct policy *policy_add_also(struct policy *p, const char *setting);

/* Is it a list that any format could say: no rules in order, nothing loaded beside it? */
bool policy_is_plain(const struct policy *p);

/* A sentence for *p's list of what loaders do not agree on. */
void policy_note(struct policy *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A sentence for *p's list of what was not read. */
void policy_unread(struct policy *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One for that of what means nothing. */
void policy_idle(struct policy *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
