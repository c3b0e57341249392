// SPDX-License-Identifier: Apache-2.0
/*
 * strace, one line a call. Its fork-type calls and execs give the processes exactly: who was born
 * of whom, which program each runs, which ids are threads of one process.
 */
#include "ingest/read/tools/strace_args.h"
#include "ingest/read/tools/strace_line.h"
#include "ingest/read/tools/strace_proc.h"
#include "ingest/read/tools/tool.h"

#include "store/base/mem.h"
#include "store/model/arch.h"
#include "store/model/program.h"
#include "store/model/record.h"

#include <stdlib.h>

#define WAIT_MOST 65536      /* calls of processes whose parent is not known yet */
#define BIRTHS_MOST 1024     /* by processes whose own parent is not known yet */
#define UNDECIDED_MOST 256   /* calls without any that only one of two architectures has */
#define ONLY_PID 1           /* of a process whose id no line shows */

static struct strace *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct strace));
	return r->state;
}

/* ---- what calls do to processes ---- */

static int emit(struct tool_reading *r, struct strace *s, struct proc *p, int32_t nr, int64_t ms,
		uint64_t serial, bool failed, struct err *e)
{
	return tool_call(r, strace_proc_who(r, s, p), nr, ms, serial, failed, e);
}

/* The program that an exec brought. */
static void becomes(struct tool_reading *r, struct strace *s, struct proc *p, uint32_t exe,
		    int64_t ms, uint64_t serial)
{
	tool_life(r, EDGE_EXECED, p->pid, 0, ms, serial);
	p->exe = exe;
	p->image = ++s->images;
	strace_proc_set_comm(r, s, p, program_basename(pool_get(&r->pool, exe)));
	/* which of the two it is, strace says on standard error, not in its file */
	if (p->arch == ARCH_I386 && r->arch == ARCH_X86_64)
		p->arch = ARCH_X86_64;
	p->undecided = r->arch == ARCH_X86_64;
}

/* What the parent's call made: a process or a thread, which begins as the parent is. */
static void born(struct tool_reading *r, struct strace *s, const struct birth *b)
{
	struct proc *child = b->child;

	child->exe = b->parent->exe;
	child->arch = b->parent->arch;
	child->image = b->parent->image;
	child->comm = b->parent->comm;
	child->undecided = b->parent->undecided;
	child->begun = true;
	if (b->thread)
		child->pid = b->parent->pid;
	else
		tool_life(r, EDGE_BORN, child->pid, b->parent->pid, b->ms, b->serial);
	strace_proc_renew(s, child);
}

/* Its calls so far, now that it is known whose child it is and of how many bits, or that nobody
 * will say. */
static int settle(struct tool_reading *r, struct strace *s, struct proc *p, struct err *e)
{
	struct waitings *all = strace_proc_waitings(s, p);
	uint32_t arch = p->arch;
	bool undecided = false;
	int ret = 0;

	for (size_t i = 0; all != NULL && i < all->n && ret == 0; i++) {
		const struct waiting *w = &all->v[i];
		bool other =
			arch == ARCH_I386 && w->arch == ARCH_X86_64 && w->nr_i386 != TOOL_NO_NUMBER;

		strace_proc_set_arch(s, p, other ? ARCH_I386 : w->arch);
		ret = emit(r, s, p, other ? w->nr_i386 : w->nr, w->ms, w->serial, w->failed, e);
		undecided = w->execs;
		if (w->execs)
			becomes(r, s, p, w->exe, w->ms, w->serial);
	}
	/* of what the last one exec'd nothing is known yet */
	if (!undecided)
		strace_proc_set_arch(s, p, arch);
	p->undecided = undecided && p->undecided;
	p->waits = false;
	strace_proc_drop_waitings(s, p);
	return ret;
}

static int put(struct tool_reading *r, struct strace *s, struct proc *p, int32_t nr,
	       int32_t nr_i386, bool failed, struct err *e)
{
	struct waitings *w;

	if (!p->waits && !p->undecided)
		return emit(r, s, p, nr, p->ms, p->serial, failed, e);
	if (p->waiting == 0 && s->unused.n > 0) {
		p->waiting = s->unused.v[--s->unused.n];
	} else if (p->waiting == 0) {
		*VEC_PUSH(&s->waitings) = (struct waitings){ 0 };
		p->waiting = (uint32_t)s->waitings.n;
	}
	w = strace_proc_waitings(s, p);
	*VEC_PUSH(w) = (struct waiting){ .nr = nr,
					 .nr_i386 = nr_i386,
					 .arch = p->arch,
					 .failed = failed,
					 .ms = p->ms,
					 .serial = p->serial };
	return ++s->waiting > WAIT_MOST || (!p->waits && w->n > UNDECIDED_MOST) ?
		       settle(r, s, p, e) :
		       0;
}

/* Now that its parent is known, or nobody will say more: the child, and whoever it bore in the
 * meantime. */
static int bear(struct tool_reading *r, struct strace *s, struct birth b, struct err *e)
{
	if (b.parent->waits && s->births.n < BIRTHS_MOST) {
		b.child->waits = true;
		*VEC_PUSH(&s->births) = b;
		return 0;
	}
	born(r, s, &b);
	b.child->waits = false;
	if ((!b.child->undecided || b.child->gone) && settle(r, s, b.child, e) < 0)
		return -1;
	for (size_t i = 0; i < s->births.n;) {
		struct birth next = s->births.v[i];

		if (next.parent != b.child) {
			i++;
			continue;
		}
		s->births.v[i] = s->births.v[--s->births.n];
		if (bear(r, s, next, e) < 0)
			return -1;
		i = 0;
	}
	return 0;
}

/* A thread whose first line this is. The only one that is in a fork-type call is its parent; of
 * several, none is yet. */
static int begin(struct tool_reading *r, struct strace *s, int64_t tid, struct proc **out,
		 struct err *e)
{
	struct proc *p = strace_proc_new(r, s, (int32_t)tid);
	struct proc *parent = s->in_fork == 1 ? s->forker : NULL;

	*out = p;
	/* the one that began last has ended, and an older one is left */
	for (size_t i = s->n;
	     s->in_fork == 1 && i-- > 0 && (parent == NULL || !parent->inside || !parent->forks);)
		parent = strace_proc_at(s, i);
	if (parent == NULL || parent == p) {
		p->waits = s->in_fork > 1;
		return 0;
	}
	parent->forks = false;
	s->in_fork--;
	return bear(r, s, (struct birth){ p, parent, parent->threads, parent->serial, parent->ms },
		    e);
}

/* Is its parent known, and not whose child that is? */
static bool is_born(const struct strace *s, const struct proc *p)
{
	for (size_t i = 0; i < s->births.n; i++)
		if (s->births.v[i].child == p)
			return true;
	return false;
}

/* A fork-type call came to its end. */
static int forked(struct tool_reading *r, struct strace *s, struct proc *p, int64_t child,
		  struct err *e)
{
	struct proc *c;

	s->in_fork -= p->inside && p->forks;
	p->forks = false;
	if (child <= 0 || child > INT32_MAX)
		return 0;
	/* one that began since is its own, though it may have ended already; else the id is used
	 * again */
	c = strace_proc_known(s, child);
	if (c != NULL && c->first < p->serial)
		c = NULL;
	if (c != NULL && (c->begun || is_born(s, c)))
		return 0;
	if (c == NULL)
		c = strace_proc_new(r, s, (int32_t)child);
	return bear(r, s, (struct birth){ c, p, p->threads, p->serial, p->ms }, e);
}

static int execed(struct tool_reading *r, struct strace *s, struct proc *p, struct err *e)
{
	struct waitings *w = strace_proc_waitings(s, p);

	if ((p->waits || p->undecided) && w != NULL && w->n > 0) {
		w->v[w->n - 1].execs = true;
		w->v[w->n - 1].exe = p->text;
		if (p->waits)
			return 0;
		return settle(r, s, p, e);
	}
	becomes(r, s, p, p->text, p->ms, p->serial);
	return 0;
}

/* What only one of two architectures has: an address that is too long for the other, a name. */
static int decide(struct tool_reading *r, struct strace *s, struct proc *p,
		  const struct strace_line *l, struct err *e)
{
	struct bytes b = l->result;
	uint64_t v;
	bool wide = bytes_take(&b, BYTES("0x")) && bytes_hex(&b, UINT64_MAX, &v) > 8;

	if (!wide && !bytes_has(l->args, BYTES("ARCH_SET_FS")))
		return 0;
	p->undecided = false;
	return p->waits ? 0 : settle(r, s, p, e);
}

static int done(struct tool_reading *r, struct strace *s, struct proc *p,
		const struct strace_line *l, struct err *e)
{
	int64_t result = strace_result(l);

	if (p->execs && result == 0 && !l->failed && !bytes_starts(l->result, BYTES("0x")))
		if (execed(r, s, p, e) < 0)
			return -1;
	if (p->undecided && !p->execs && decide(r, s, p, l, e) < 0)
		return -1;
	p->execs = false;
	if (p->names && result == 0)
		strace_proc_set_comm(r, s, p, pool_get(&r->pool, p->text));
	p->names = false;
	return p->bears ? forked(r, s, p, result, e) : 0;
}

/* ---- lines ---- */

static uint32_t arch_of_mode(const struct proc *p, char mode)
{
	if (p->arch != ARCH_X86_64 && p->arch != ARCH_I386 && p->arch != ARCH_X32)
		return mode == '3' && p->arch == 0xc00000b7u ? 0x40000028u : p->arch;
	return mode == '3' ? ARCH_I386 : mode == 'x' ? ARCH_X32 : ARCH_X86_64;
}

/* Calls of x32 are x86-64's with a bit, as the kernel has them. */
static int32_t number_of(struct tool_reading *r, struct strace *s, struct proc *p,
			 const struct strace_line *l, bool *changed)
{
	int32_t nr;

	if (l->name.n == 0)
		return l->nr >= 0 ? (int32_t)l->nr : TOOL_NO_NUMBER;
	nr = tool_number(&r->names, p->arch, l->name);
	/* a name that only the other one has says which it is */
	if (nr == TOOL_NO_NUMBER && r->arch == ARCH_X86_64 &&
	    (p->arch == ARCH_X86_64 || p->arch == ARCH_I386)) {
		uint32_t other = p->arch == ARCH_X86_64 ? ARCH_I386 : ARCH_X86_64;

		nr = tool_number(&r->names, other, l->name);
		if (nr != TOOL_NO_NUMBER) {
			strace_proc_set_arch(s, p, other);
			*changed = true;
		}
	} else if (p->undecided && tool_number(&r->names, ARCH_I386, l->name) == TOOL_NO_NUMBER) {
		*changed = true;
	}
	return nr;
}

/*
 * On standard error a process has no pid in front as long as it is alone. A new one is this
 * process, if that may begin a call, or end the one that it is in, and no child is waited for.
 */
static bool is_only(const struct strace *s, const struct strace_line *l)
{
	if (s->only == NULL || s->only->gone || s->only->tid != ONLY_PID ||
	    strace_proc_known(s, l->pid) != NULL)
		return false;
	if (s->only->inside)
		return l->kind == STRACE_RESUMED;
	return s->in_fork == 0 || l->kind == STRACE_RESUMED;
}

static struct proc *proc_of(struct tool_reading *r, struct strace *s, const struct strace_line *l,
			    struct err *e)
{
	struct proc *p;

	if (l->pid > 0) {
		s->front = true;
		if (s->last != NULL && s->last->tid == l->pid && !s->last->gone)
			return s->last;
		p = strace_proc_find(s, l->pid);
		if (p == NULL && is_only(s, l)) {
			p = s->only;
			strace_proc_renew(s, p);
			p->tid = (int32_t)l->pid;
			strace_proc_index(s);
		}
		return p != NULL || begin(r, s, l->pid, &p, e) == 0 ? p : NULL;
	}
	/* strace -ff: a file for each */
	if (r->file_pid > 0 && !s->front) {
		p = strace_proc_find(s, r->file_pid);
		return p != NULL ? p : strace_proc_new(r, s, r->file_pid);
	}
	if (s->only == NULL)
		s->only = strace_proc_new(r, s, ONLY_PID);
	/* the one that is left of several has none either */
	if (s->only->gone && s->alive == 1)
		for (size_t i = 0; i < s->n; i++)
			if (!strace_proc_at(s, i)->gone)
				return strace_proc_at(s, i);
	return s->only;
}

/* The first line of a process that strace started is its exec, which strace's own child made. */
static void note_first(struct strace *s, struct proc *p, const struct strace_line *l, int32_t nr,
		       struct tool_reading *r)
{
	if (p->begun || p->waits)
		return;
	p->begun = true;
	if (l->comm.n)
		strace_proc_set_comm(r, s, p, l->comm);
	if (syscall_edge(p->arch, nr) != EDGE_EXEC) {
		r->facts |= TOOL_JOINED;
		return;
	}
	p->exe = pool_intern(&r->pool, BYTES("strace"));
	strace_proc_set_comm(r, s, p, BYTES("strace"));
}

/* What of the arguments is needed until the call's end. */
static void note_args(struct tool_reading *r, struct strace *s, struct proc *p,
		      const struct strace_line *l, enum edge_kind edge)
{
	p->execs = edge == EDGE_EXEC;
	p->names = bytes_eq(l->name, BYTES("prctl")) && bytes_has(l->args, BYTES("PR_SET_NAME"));
	if (p->execs || p->names)
		p->text = pool_intern(&r->pool, strace_string(r, l->args));
	p->threads = edge == EDGE_FORK && bytes_has(l->args, BYTES("CLONE_THREAD"));
	p->bears = edge == EDGE_FORK;
	p->forks = p->bears && l->kind == STRACE_UNFINISHED;
	s->in_fork += p->forks;
	if (p->forks)
		s->forker = p;
}

static int begin_call(struct tool_reading *r, struct strace *s, struct proc *p,
		      const struct strace_line *l, struct bytes line, struct err *e)
{
	bool changed = false;
	int32_t nr = number_of(r, s, p, l, &changed), nr_i386 = TOOL_NO_NUMBER;
	struct proc *child;
	enum edge_kind edge;

	if (nr == TOOL_NO_NUMBER) {
		tool_damaged(r, "no call has this name", line);
		return 0;
	}
	if (changed && p->undecided) {
		p->undecided = false;
		if (!p->waits && settle(r, s, p, e) < 0)
			return -1;
	}
	if ((p->undecided || p->waits) && l->name.n)
		nr_i386 = tool_number(&r->names, ARCH_I386, l->name);
	p->nr = nr;
	p->serial = (uint32_t)r->serial;
	p->ms = strace_time(&s->days, l, r->date);
	edge = syscall_edge(p->arch, nr);
	note_first(s, p, l, nr, r);
	s->in_fork -= p->inside && p->forks;
	p->inside = false;
	note_args(r, s, p, l, edge);
	if (l->kind == STRACE_CUT)
		r->facts |= TOOL_CUT;
	p->inside = l->kind == STRACE_UNFINISHED;
	if (put(r, s, p, nr, nr_i386, l->failed, e) < 0)
		return -1;
	if (l->attached && l->other > 0) {
		r->facts |= TOOL_FOLLOWS;
		if (strace_proc_find(s, l->other) == NULL && begin(r, s, l->other, &child, e) < 0)
			return -1;
	}
	return p->inside ? 0 : done(r, s, p, l, e);
}

static int end_call(struct tool_reading *r, struct strace *s, struct proc *p,
		    const struct strace_line *l, struct bytes line, struct err *e)
{
	struct strace_line whole = *l;

	if (!p->inside) {
		/* its beginning was not seen: the file begins in it, or strace came later */
		if (l->name.n == 0 && l->nr < 0)
			return 0;
		whole.kind = STRACE_CALL;
		return begin_call(r, s, p, &whole, line, e);
	}
	if (done(r, s, p, l, e) < 0)
		return -1;
	p->inside = false;
	return 0;
}

static int gone(struct tool_reading *r, struct strace *s, struct proc *p, struct err *e)
{
	/* whose child it was is told by its parent's call, which may end later */
	if (!p->waits && p->waiting != 0 && settle(r, s, p, e) < 0)
		return -1;
	s->in_fork -= p->inside && p->forks;
	p->gone = true;
	p->inside = false;
	s->alive--;
	/* of threads, the process ends with the last; the leader's line is as good */
	if (p->tid == p->pid || p == s->only)
		tool_life(r, EDGE_GONE, p->pid, 0, p->ms, r->serial);
	return 0;
}

/* A line that is of no thread's call. */
static int aside(struct tool_reading *r, struct strace *s, const struct strace_line *l,
		 struct bytes line, struct err *e)
{
	struct proc *p;

	switch (l->kind) {
	case STRACE_OTHER:
		r->other += line.n > 0;
		r->facts |= r->last && line.n > 0 ? TOOL_CUT : 0;
		return 0;
	case STRACE_TRUNCATED:
		r->facts |= TOOL_CUT;
		return 0;
	case STRACE_ATTACHED:
		if (s->n == 0 && l->other > 0) { /* strace -p */
			s->only = strace_proc_new(r, s, (int32_t)l->other);
			return 0;
		}
		r->facts |= TOOL_FOLLOWS;
		return l->other > 0 && strace_proc_find(s, l->other) == NULL ?
			       begin(r, s, l->other, &p, e) :
			       0;
	default:
		return 0;
	}
}

/* Whose line it is; NULL: failure. */
static struct proc *owner(struct tool_reading *r, struct strace *s, const struct strace_line *l,
			  struct err *e)
{
	struct proc *p = NULL;

	/* the rest of a line that strace had interrupted */
	if (l->kind == STRACE_RESUMED && l->pid < 0 && l->name.n == 0 && l->nr < 0)
		p = s->last;
	else if (l->kind == STRACE_PERSONALITY && l->pid < 0)
		p = strace_proc_find(s, l->other);
	return p != NULL ? p : proc_of(r, s, l, e);
}

static int line_of(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct strace *s = state_of(r);
	struct strace_line l;
	struct proc *p;

	strace_parse(line, &l);
	if (l.kind == STRACE_OTHER || l.kind == STRACE_NOISE || l.kind == STRACE_TRUNCATED ||
	    l.kind == STRACE_ATTACHED)
		return aside(r, s, &l, line, e);
	if (l.kind == STRACE_CUT && !r->last) {
		tool_damaged(r, "the line ends before what the call returned", line);
		return 0;
	}
	p = owner(r, s, &l, e);
	if (p == NULL)
		return -1;
	s->last = p;
	if ((l.pid > 0 || r->file_pid > 0) && r->processes > 1)
		r->facts |= TOOL_FOLLOWS;
	switch (l.kind) {
	case STRACE_PERSONALITY:
		strace_proc_set_arch(s, p, arch_of_mode(p, l.mode));
		p->undecided = false;
		return p->waits ? 0 : settle(r, s, p, e);
	case STRACE_GONE:
		return gone(r, s, p, e);
	case STRACE_SUPERSEDED:
		strace_proc_supersede(s, p, l.other);
		return 0;
	case STRACE_RESUMED:
		return end_call(r, s, p, &l, line, e);
	default:
		return begin_call(r, s, p, &l, line, e);
	}
}

static int end(struct tool_reading *r, struct err *e)
{
	struct strace *s = state_of(r);
	int ret = 0;

	/* nobody will say more: those who wait for no parent that is known are what they are */
	for (size_t i = 0; i < s->n; i++)
		strace_proc_at(s, i)->waits = false;
	for (size_t i = 0; i < s->births.n; i++)
		s->births.v[i].child->waits = true;
	for (size_t i = 0; s->births.n > 0 && ret == 0;) {
		struct birth b = s->births.v[i];

		if (b.parent->waits && i + 1 < s->births.n) {
			i++;
			continue;
		}
		b.parent->waits = false;
		s->births.v[i] = s->births.v[--s->births.n];
		ret = bear(r, s, b, e);
		i = 0;
	}
	for (size_t i = 0; i < s->n && ret == 0; i++) {
		struct proc *p = strace_proc_at(s, i);

		if (p->waiting != 0)
			ret = settle(r, s, p, e);
		if (!p->gone)
			r->facts |= p->serial == 0 ? TOOL_ORPHANS : TOOL_LIVES;
	}
	return ret;
}

static void release(struct tool_reading *r)
{
	struct strace *s = r->state;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->waitings.n; i++)
		VEC_FREE(&s->waitings.v[i]);
	for (size_t i = 0; i < s->chunks.n; i++)
		free(s->chunks.v[i]);
	VEC_FREE(&s->waitings);
	VEC_FREE(&s->births);
	VEC_FREE(&s->unused);
	VEC_FREE(&s->chunks);
	free(s->at.v);
	free(s);
}

static enum tool_says says(struct bytes line, struct tool_names *names)
{
	struct strace_line l;

	strace_parse(line, &l);
	if (l.kind == STRACE_OTHER)
		return TOOL_FOREIGN;
	if (l.kind == STRACE_NOISE || l.kind == STRACE_CUT || l.kind == STRACE_TRUNCATED ||
	    l.name.n == 0)
		return TOOL_NOISE;
	if (tool_number(names, arch_native(), l.name) != TOOL_NO_NUMBER ||
	    tool_number(names, ARCH_X86_64, l.name) != TOOL_NO_NUMBER ||
	    tool_number(names, ARCH_I386, l.name) != TOOL_NO_NUMBER ||
	    tool_number(names, 0xc00000b7u, l.name) != TOOL_NO_NUMBER)
		return TOOL_OWN;
	return TOOL_FOREIGN;
}

const struct tool tool_strace = { .name = "strace",
				  .kind = KIND_STRACE,
				  .says = says,
				  .line = line_of,
				  .end = end,
				  .release = release };
