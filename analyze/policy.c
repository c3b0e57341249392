#include "analyze/policy.h"

#include "store/base/esc.h"

#include <errno.h>
#include <stdio.h>

void policy_release(struct policy *p)
{
	for (size_t i = 0; i < p->rules.n; i++) {
		VEC_FREE(&p->rules.v[i].names);
		VEC_FREE(&p->rules.v[i].args);
	}
	VEC_FREE(&p->rules);
	VEC_FREE(&p->archs);
	VEC_FREE(&p->flags);
	pool_release(&p->strings);
}

static const char *const ops[] = { "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
				   "SCMP_CMP_MASKED_EQ" };

const char *policy_op_word(enum policy_op op)
{
	return ops[op];
}

bool policy_op_parse(const char *word, enum policy_op *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(word, ops[i]) != 0)
			continue;
		*op = (enum policy_op)i;
		return true;
	}
	return false;
}

const char *policy_keep(struct policy *p, const char *text)
{
	return pool_get(&p->strings, pool_intern(&p->strings, bytes_of(text))).p;
}

int policy_read(struct policy *p, const char *file, struct err *e)
{
	auto_buf struct buf text = { 0 }, shown = { 0 };
	auto_fclose FILE *from = fopen(file, "re");
	char block[16384];
	size_t n;

	*p = (struct policy){ .default_error = POLICY_NO_ERRNO };
	esc_shell(&shown, bytes_of(file));
	if (from == NULL)
		return err_set(e, ST_INPUT, "cannot open %s: %s", buf_text(&shown), strerror(errno));
	while ((n = fread(block, 1, sizeof(block), from)) > 0 && text.n <= POLICY_MAX)
		buf_add(&text, block, n);
	if (ferror(from))
		return err_set(e, ST_INPUT, "cannot read %s: %s", buf_text(&shown), strerror(errno));
	if (text.n > POLICY_MAX)
		return err_set(e, ST_INPUT, "%s: over 4 MB, so no profile", buf_text(&shown));
	return policy_read_oci(p, buf_bytes(&text), buf_text(&shown), e);
}
