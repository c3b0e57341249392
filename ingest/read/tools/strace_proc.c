// SPDX-License-Identifier: Apache-2.0
/* Keeps the threads in a file of strace's: in chunks, so that none moves, found by a table of their
 * ids. */
#include "ingest/read/tools/strace_proc.h"

#include "store/base/hash.h"
#include "store/base/mem.h"
#include "store/model/record.h"

#include <stdlib.h>

struct proc *strace_proc_at(const struct strace *s, size_t i)
{
	return &s->chunks.v[i / CHUNK][i % CHUNK];
}

static size_t slot_of(const struct strace *s, int64_t tid)
{
	size_t i = (size_t)hash_mix((uint64_t)tid * 0x9e3779b97f4a7c15u) & (s->at.cap - 1);

	while (s->at.v[i] != 0 && strace_proc_at(s, s->at.v[i] - 1)->tid != tid)
		i = (i + 1) & (s->at.cap - 1);
	return i;
}

struct proc *strace_proc_known(const struct strace *s, int64_t tid)
{
	uint32_t at = s->at.cap == 0 ? 0 : s->at.v[slot_of(s, tid)];

	return at == 0 ? NULL : strace_proc_at(s, at - 1);
}

struct proc *strace_proc_find(const struct strace *s, int64_t tid)
{
	struct proc *p = strace_proc_known(s, tid);

	return p == NULL || p->gone ? NULL : p;
}

void strace_proc_index(struct strace *s)
{
	s->at.cap = s->at.cap ? s->at.cap * 2 : 64;
	free(s->at.v);
	s->at.v = mem_zero(s->at.cap, sizeof(*s->at.v));
	for (size_t i = 0; i < s->n; i++)
		s->at.v[slot_of(s, strace_proc_at(s, i)->tid)] = (uint32_t)i + 1;
}

void strace_proc_renew(struct strace *s, const struct proc *p)
{
	size_t slot = (uint32_t)p->tid % SLOTS;

	if (s->slots[slot].of == p)
		s->slots[slot].of = NULL;
}

struct tool_who *strace_proc_who(struct tool_reading *r, struct strace *s, const struct proc *p)
{
	size_t slot = (uint32_t)p->tid % SLOTS;
	struct tool_who *who = &s->slots[slot].who;

	if (s->slots[slot].of == p)
		return who;
	s->slots[slot].of = p;
	*who = (struct tool_who){ .pid = p->pid,
				  .arch = p->arch,
				  .comm = pool_get(&r->pool, p->comm),
				  .exe = pool_get(&r->pool, p->exe),
				  .image = p->image,
				  .version = ++s->versions };
	return who;
}

void strace_proc_set_comm(struct tool_reading *r, struct strace *s, struct proc *p,
			  struct bytes comm)
{
	comm.n = comm.n < RECORD_COMM_MAX ? comm.n : RECORD_COMM_MAX;
	p->comm = pool_intern(&r->pool, comm);
	strace_proc_renew(s, p);
}

void strace_proc_set_arch(struct strace *s, struct proc *p, uint32_t arch)
{
	if (p->arch == arch)
		return;
	p->arch = arch;
	strace_proc_renew(s, p);
}

struct waitings *strace_proc_waitings(const struct strace *s, const struct proc *p)
{
	return p->waiting == 0 ? NULL : &s->waitings.v[p->waiting - 1];
}

void strace_proc_drop_waitings(struct strace *s, struct proc *p)
{
	struct waitings *w = strace_proc_waitings(s, p);

	if (w == NULL)
		return;
	s->waiting -= w->n;
	VEC_FREE(w);
	*VEC_PUSH(&s->unused) = p->waiting;
	p->waiting = 0;
}

struct proc *strace_proc_new(struct tool_reading *r, struct strace *s, int32_t tid)
{
	struct proc *p = strace_proc_known(s, tid);

	if (p == NULL) {
		if (s->n % CHUNK == 0)
			*VEC_PUSH(&s->chunks) = mem_zero(CHUNK, sizeof(*p));
		p = strace_proc_at(s, s->n++);
		p->tid = tid;
		if (s->n * 4 > s->at.cap * 3)
			strace_proc_index(s);
		else
			s->at.v[slot_of(s, tid)] = (uint32_t)s->n;
	}
	s->in_fork -= p->inside && p->forks;
	s->alive -= !p->gone && p->pid != 0;
	strace_proc_drop_waitings(s, p);
	*p = (struct proc){ .tid = tid,
			    .pid = tid,
			    .first = (uint32_t)r->serial,
			    .arch = r->arch,
			    .image = ++s->images };
	p->exe = pool_intern(&r->pool, strace_unknown);
	strace_proc_set_comm(r, s, p, strace_unknown);
	s->alive++;
	r->processes++;
	return p;
}

void strace_proc_supersede(struct strace *s, struct proc *p, int64_t by)
{
	struct proc *t = strace_proc_find(s, by);

	if (t == NULL || t == p || t->pid != p->pid)
		return;
	s->in_fork -= p->inside && p->forks;
	p->inside = t->inside;
	p->nr = t->nr;
	p->serial = t->serial;
	p->ms = t->ms;
	p->text = t->text;
	p->execs = t->execs;
	p->forks = p->bears = p->threads = p->names = false;
	t->gone = true;
	t->inside = false;
	s->alive--;
}
