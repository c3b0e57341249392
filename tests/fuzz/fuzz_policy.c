/* Profile files: any bytes are read or refused with one line; what was read is compiled, or refused. */
#include "analyze/compile.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct policy p = { .default_error = POLICY_NO_ERRNO };
	struct compiled c = { 0 };
	struct err e = { 0 };

	if (policy_read_oci(&p, (struct bytes){ (const char *)data, n }, "file", &e) < 0)
		must(e.msg[0] != '\0' && strchr(e.msg, '\n') == NULL, "a refusal that is not one line");
	else if (compile_policy(&c, &p, &e) < 0)
		must(e.msg[0] != '\0', "no reason");
	else
		must(c.code.n > 0 && c.code.n <= BPF_MAXINSNS, "an empty filter");
	compiled_release(&c);
	policy_release(&p);
	return 0;
}
