// SPDX-License-Identifier: Apache-2.0
#include "cli/live.h"

#include "analyze/evidence/check.h"

static void take_filters(struct live *l)
{
	for (size_t i = 0; i < l->filters.v.n; i++)
		*VEC_PUSH(&l->code) = (struct bpf_code){ l->filters.v.v[i].v, l->filters.v.v[i].n };
}

static bool passes(const struct filters *f, uint32_t arch, int32_t nr)
{
	struct live l = { .filters = *f };
	struct bpf_answers a;

	take_filters(&l);
	bpf_run_all(l.code.v, l.code.n, arch, nr, &a);
	VEC_FREE(&l.code);
	return check_verdict(arch, nr, &a) == CHECK_PASSES;
}

int live_read(struct live *out, int32_t pid, struct err *e)
{
	int ret;

	*out = (struct live){ 0 };
	ret = filters_read(&out->filters, pid, passes, e);
	take_filters(out);
	return ret;
}

void live_release(struct live *l)
{
	VEC_FREE(&l->code);
	filters_release(&l->filters);
}
