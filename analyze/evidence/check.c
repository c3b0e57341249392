// SPDX-License-Identifier: Apache-2.0
/*
 * Puts each call of the evidence to a compiled filter and sorts the answers: passes, depends on
 * arguments, refused.
 */
#include "analyze/evidence/check.h"

#include "store/base/map.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <libaudit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

static bool passes(uint32_t answer)
{
	uint32_t action = answer & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

enum check_verdict check_verdict(uint32_t arch, int32_t nr, const struct bpf_answers *answers)
{
	size_t pass = 0;

	if (bpf_bypasses(arch, nr))
		return CHECK_PASSES;
	if (answers->too_many || answers->n == 0)
		return CHECK_UNKNOWN;
	for (size_t i = 0; i < answers->n; i++)
		pass += passes(answers->v[i]);
	return pass == answers->n ? CHECK_PASSES : pass == 0 ? CHECK_REFUSED : CHECK_DEPENDS;
}

void check_words(struct buf *out, const struct bpf_answers *answers)
{
	if (answers->too_many)
		buf_str(out, "not known");
	for (size_t i = 0; i < answers->n && !answers->too_many; i++) {
		uint32_t action = action_of(answers->v[i]), data = answers->v[i] & SECCOMP_RET_DATA;
		const char *name = audit_errno_to_name((int)data);

		buf_printf(out, "%s%s", i ? " or " : "",
			   action_scmp(action) ? action_word(action) : "kill_process");
		if (action == ACTION_ERRNO && name != NULL && data != 0)
			buf_printf(out, " %s", name);
		else if (action == ACTION_ERRNO || action == ACTION_TRACE)
			buf_printf(out, " %u", data);
	}
}

static void note_loader(struct check_call *c, const struct query_image *m,
			const struct query_use *u)
{
	if (!m->loader ||
	    (c->loader && (c->loader_ms < u->t_first ||
			   (c->loader_ms == u->t_first && c->loader_serial <= u->serial))))
		return;
	c->loader = true;
	c->loader_path = m->path;
	c->loader_ms = u->t_first;
	c->loader_serial = u->serial;
}

static int by_verdict(const void *a, const void *b)
{
	const struct check_call *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (strcmp(x->name, y->name) != 0)
		return strcmp(x->name, y->name);
	if (x->arch != y->arch)
		return x->arch < y->arch ? -1 : 1;
	return x->nr < y->nr ? -1 : x->nr > y->nr;
}

static void sum_up(struct check *out)
{
	if (out->calls.n > 1)
		qsort(out->calls.v, out->calls.n, sizeof(*out->calls.v), by_verdict);
	for (size_t i = 0; i < out->calls.n; i++) {
		const struct check_call *c = &out->calls.v[i];

		out->refused += c->verdict == CHECK_REFUSED;
		out->depends += c->verdict == CHECK_DEPENDS;
		out->unknown += c->verdict == CHECK_UNKNOWN;
		if (c->verdict != CHECK_REFUSED || !c->loader)
			continue;
		if (out->first == NULL || c->loader_ms < out->first->loader_ms ||
		    (c->loader_ms == out->first->loader_ms &&
		     c->loader_serial < out->first->loader_serial))
			out->first = c;
	}
}

/* One event that is refused is enough, whatever the others are. */
static void take_proof(struct check_call *c, const struct query_tree *t,
		       const struct check_proof *proof)
{
	size_t left = 0;

	if (c->verdict != CHECK_DEPENDS || proof == NULL ||
	    !active_proves(proof->policies, t, proof->policy, arch_of(c->arch, c->nr), c->name))
		return;
	for (size_t i = 0; i < c->answers.n; i++)
		if (!passes(c->answers.v[i]))
			c->answers.v[left++] = c->answers.v[i];
	c->answers.n = left;
	c->verdict = CHECK_REFUSED;
}

void check_run(struct check *out, const struct query *q, const struct selection *s,
	       check_judge *judge, const void *filter, const struct check_proof *proof)
{
	struct map index = { 0 };

	*out = (struct check){ .first = NULL };
	for (size_t i = 0; i < q->uses.n; i++) {
		const struct query_use *u = &q->uses.v[i];
		const struct query_call *call = &q->calls.v[u->call];
		const struct query_image *m = &q->images.v[u->image];
		int64_t at = map_get(&index, call->arch, (uint32_t)call->nr, -1);
		struct check_call *c;

		if (!s->use_in[i] || !action_passes(call->action))
			continue;
		if (at < 0) {
			at = (int64_t)out->calls.n;
			map_put(&index, call->arch, (uint32_t)call->nr, at);
			c = VEC_PUSH(&out->calls);
			*c = (struct check_call){ .arch = call->arch,
						  .nr = call->nr,
						  .t_last = WHEN_NONE };
			syscall_name(call->arch, call->nr, c->name);
			judge(filter, call->arch, call->nr, &c->answers);
			c->verdict = check_verdict(call->arch, call->nr, &c->answers);
		}
		c = &out->calls.v[at];
		take_proof(c, &q->trees.v[m->tree], proof);
		c->events += u->events;
		c->t_last = u->t_last != WHEN_NONE &&
					    (c->t_last == WHEN_NONE || u->t_last > c->t_last) ?
				    u->t_last :
				    c->t_last;
		note_loader(c, m, u);
		if (c->path.p == NULL || u->events > c->caller_events) {
			c->path = m->path;
			c->comm = q->callers.v[u->caller].comm;
			c->caller_events = u->events;
		}
	}
	sum_up(out);
	map_release(&index);
}

void check_release(struct check *c)
{
	VEC_FREE(&c->calls);
}
