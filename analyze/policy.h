/*
 * A filter as a file says it, in whatever format: what is allowed, what is not, and how that is answered. Read from and
 * written to formats, compiled to what the kernel runs by analyze/compile.
 */
#ifndef ANALYZE_POLICY_H
#define ANALYZE_POLICY_H

#include "store/base/buf.h"
#include "store/base/err.h"
#include "store/base/mem.h"
#include "store/base/pool.h"

#define POLICY_NO_ERRNO (-1)
#define POLICY_MAX (4 << 20) /* bytes of a file that is read */

enum policy_op { POLICY_NE, POLICY_LT, POLICY_LE, POLICY_EQ, POLICY_GE, POLICY_GT, POLICY_MASKED_EQ };

/* Argument `index` (0 to 5) compared with `value`; masked: argument & value == two. */
struct policy_arg { unsigned index; enum policy_op op; uint64_t value, two; };

struct policy_rule {
	VEC(const char *) names;
	uint32_t action;       /* ACTION_* */
	int error;             /* what ERRNO answers, or TRACE's message; POLICY_NO_ERRNO: not said */
	VEC(struct policy_arg) args;
};

struct policy {
	uint32_t default_action;
	int default_error;
	VEC(uint32_t) archs;         /* empty: the machine's own */
	VEC(const char *) flags;
	VEC(struct policy_rule) rules;
	struct pool strings;         /* what all the names point into */
};

void policy_release(struct policy *p);

/* "SCMP_CMP_EQ" ..., and back. */
const char *policy_op_word(enum policy_op op);
bool policy_op_parse(const char *word, enum policy_op *op);

/* A text that lives as long as the policy. */
const char *policy_keep(struct policy *p, const char *text);

/*
 * Reads a file of the runtime-spec's JSON: linux.seccomp itself, or a config.json that holds it. ST_INPUT with file, line
 * or the path inside it, and reason. Release *p also after a failure.
 *   source: runtime-spec config-linux.md, "Seccomp"
 */
int policy_read(struct policy *p, const char *file, struct err *e);

/* The same of text that was read; `file` is only for messages. */
int policy_read_oci(struct policy *p, struct bytes text, const char *file, struct err *e);

#endif
