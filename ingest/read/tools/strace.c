// SPDX-License-Identifier: Apache-2.0
/*
 * strace, one line a call. Its fork-type calls and execs give the processes exactly: who was born of whom, which program each
 * runs, which ids are threads of one process.
 */
#include "ingest/read/tools/strace_args.h"
#include "ingest/read/tools/strace_line.h"
#include "ingest/read/tools/tool.h"

#include "store/base/mem.h"
#include "store/model/arch.h"
#include "store/model/program.h"
#include "store/model/record.h"

#include <stdlib.h>

#define WAIT_MOST 65536      /* calls of processes whose parent is not known yet */
#define UNDECIDED_MOST 256   /* calls without any that only one of two architectures has */
#define ONLY_PID 1           /* of a process whose id no line shows */

/*
 * A call that is held back: of a process whose parent will be told later, by the line that ends the parent's call, or of a program
 * of which it does not show yet whether it is of 32 or 64 bits.
 */
struct waiting { int32_t nr, nr_i386; uint32_t arch; bool failed, execs; struct bytes exe; int64_t ms; uint64_t serial; };

/* A thread. */
struct proc {
	struct tool_who who;       /* pid: of its process */
	int32_t tid;
	char comm[RECORD_COMM_MAX + 1];
	/* the call that it is in */
	int32_t nr;
	bool inside, forks, execs, threads, names;
	uint64_t serial;
	int64_t ms;
	struct bytes exe;          /* that it execs */
	bool begun, gone;
	uint64_t first;            /* its first line */
	bool undecided;            /* of 32 bits, or of 64? */
	bool waits;                /* for its parent to be told: */
	uint32_t n_waiting, cap_waiting;
	struct waiting *waiting;
};

struct strace {
	struct proc **procs;
	size_t n, cap;
	struct map at;             /* id of a thread -> index */
	uint64_t images, versions;
	size_t alive, waiting, in_fork; /* of those, and of threads in a fork-type call whose child is not known */
	struct proc *last;         /* of the line before */
	struct proc *only;         /* whose lines have no pid */
	bool front;                /* lines have one in front */
	struct strace_days days;
};

/* ---- processes ---- */

static struct strace *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct strace));
	return r->state;
}

static struct proc *find(const struct strace *s, int64_t tid)
{
	int64_t at = map_get(&s->at, (uint64_t)tid, 0, -1);

	return at < 0 || s->procs[at]->gone ? NULL : s->procs[at];
}

static void set_comm(struct strace *s, struct proc *p, struct bytes comm)
{
	size_t n = comm.n < RECORD_COMM_MAX ? comm.n : RECORD_COMM_MAX;

	memmove(p->comm, comm.p, n);
	p->comm[n] = '\0';
	p->who.comm = (struct bytes){ p->comm, n };
	p->who.version = ++s->versions;
}

static struct proc *new_proc(struct tool_reading *r, struct strace *s, int32_t tid)
{
	int64_t at = map_get(&s->at, (uint64_t)tid, 0, -1);
	struct proc *p;

	if (at < 0) {
		at = (int64_t)s->n;
		map_put(&s->at, (uint64_t)tid, 0, at);
		if (s->n == s->cap) {
			s->cap = s->cap ? s->cap * 2 : 64;
			s->procs = mem_grow(s->procs, s->cap, sizeof(*s->procs));
		}
		s->procs[s->n++] = mem_zero(1, sizeof(*p));
	}
	p = s->procs[at];
	free(p->waiting);
	*p = (struct proc){ .tid = tid, .first = r->serial, .who = { .pid = tid, .arch = r->arch, .exe = strace_unknown, .version = ++s->versions } };
	p->who.image = ++s->images;
	set_comm(s, p, strace_unknown);
	s->alive++;
	r->processes++;
	return p;
}

/* ---- what calls do to processes ---- */

static int emit(struct tool_reading *r, struct proc *p, int32_t nr, int64_t ms, uint64_t serial, bool failed, struct err *e)
{
	return tool_call(r, &p->who, nr, ms, serial, failed, e);
}

/* The program that an exec brought. */
static void becomes(struct tool_reading *r, struct strace *s, struct proc *p, struct bytes exe, int64_t ms, uint64_t serial)
{
	tool_life(r, EDGE_EXECED, p->who.pid, 0, ms, serial);
	p->who.exe = exe;
	p->who.image = ++s->images;
	set_comm(s, p, program_basename(exe));
	/* which of the two it is, strace says on standard error, not in its file */
	if (p->who.arch == ARCH_I386 && r->arch == ARCH_X86_64)
		p->who.arch = ARCH_X86_64;
	p->undecided = r->arch == ARCH_X86_64;
}

/* What the parent's call made: a process or a thread, which begins as the parent is. */
static void born(struct tool_reading *r, struct strace *s, struct proc *child, const struct proc *parent)
{
	child->who.exe = parent->who.exe;
	child->who.arch = parent->who.arch;
	child->who.image = parent->who.image;
	child->undecided = parent->undecided;
	set_comm(s, child, parent->who.comm);
	child->begun = true;
	if (parent->threads)
		child->who.pid = parent->who.pid;
	else
		tool_life(r, EDGE_BORN, child->who.pid, parent->who.pid, parent->ms, parent->serial);
}

static void set_arch(struct strace *s, struct proc *p, uint32_t arch)
{
	if (p->who.arch == arch)
		return;
	p->who.arch = arch;
	p->who.version = ++s->versions;
}

/* Its calls so far, now that it is known whose child it is and of how many bits, or that nobody will say. */
static int settle(struct tool_reading *r, struct strace *s, struct proc *p, struct err *e)
{
	uint32_t arch = p->who.arch;
	int ret = 0;

	for (uint32_t i = 0; i < p->n_waiting && ret == 0; i++) {
		const struct waiting *w = &p->waiting[i];
		bool other = arch == ARCH_I386 && w->arch == ARCH_X86_64 && w->nr_i386 != TOOL_NO_NUMBER;

		set_arch(s, p, other ? ARCH_I386 : w->arch);
		ret = emit(r, p, other ? w->nr_i386 : w->nr, w->ms, w->serial, w->failed, e);
		if (w->execs)
			becomes(r, s, p, w->exe, w->ms, w->serial);
	}
	set_arch(s, p, arch);
	p->undecided = false;
	s->waiting -= p->n_waiting;
	free(p->waiting);
	p->waiting = NULL;
	p->n_waiting = p->cap_waiting = 0;
	p->waits = false;
	return ret;
}

static int put(struct tool_reading *r, struct strace *s, struct proc *p, int32_t nr, int32_t nr_i386, bool failed, struct err *e)
{
	if (!p->waits && !p->undecided)
		return emit(r, p, nr, p->ms, p->serial, failed, e);
	if (p->n_waiting == p->cap_waiting) {
		p->cap_waiting = p->cap_waiting ? p->cap_waiting * 2 : 16;
		p->waiting = mem_grow(p->waiting, p->cap_waiting, sizeof(*p->waiting));
	}
	p->waiting[p->n_waiting++] = (struct waiting){ .nr = nr, .nr_i386 = nr_i386, .arch = p->who.arch, .failed = failed, .ms = p->ms, .serial = p->serial };
	return ++s->waiting > WAIT_MOST || (!p->waits && p->n_waiting > UNDECIDED_MOST) ? settle(r, s, p, e) : 0;
}

/* A thread whose first line this is. The only one that is in a fork-type call is its parent; of several, none is yet. */
static struct proc *begin(struct tool_reading *r, struct strace *s, int64_t tid)
{
	struct proc *p = new_proc(r, s, (int32_t)tid);
	struct proc *parent = NULL;

	if (s->in_fork == 1)
		for (size_t i = s->n; i-- > 0 && parent == NULL;)
			if (!s->procs[i]->gone && s->procs[i]->inside && s->procs[i]->forks && s->procs[i] != p)
				parent = s->procs[i];
	if (parent != NULL) {
		born(r, s, p, parent);
		parent->forks = false;
		s->in_fork--;
	} else {
		p->waits = s->in_fork > 1;
	}
	return p;
}

/* A fork-type call came to its end. */
static int forked(struct tool_reading *r, struct strace *s, struct proc *p, int64_t child, struct err *e)
{
	struct proc *c;
	int64_t at;

	s->in_fork -= p->inside && p->forks;
	p->forks = false;
	if (child <= 0 || child > INT32_MAX)
		return 0;
	/* one that began since is its own, though it may have ended already; else the id is used again */
	at = map_get(&s->at, (uint64_t)child, 0, -1);
	c = at < 0 || s->procs[at]->first < p->serial ? NULL : s->procs[at];
	if (c != NULL && c->begun)
		return 0;
	if (c == NULL)
		c = new_proc(r, s, (int32_t)child);
	born(r, s, c, p);
	if (!c->waits)
		return 0;
	c->waits = false;
	return c->undecided && !c->gone ? 0 : settle(r, s, c, e);
}

static int execed(struct tool_reading *r, struct strace *s, struct proc *p, struct err *e)
{
	if ((p->waits || p->undecided) && p->n_waiting > 0) {
		p->waiting[p->n_waiting - 1].execs = true;
		p->waiting[p->n_waiting - 1].exe = p->exe;
		if (p->waits)
			return 0;
		return settle(r, s, p, e);
	}
	becomes(r, s, p, p->exe, p->ms, p->serial);
	return 0;
}

/* What only one of two architectures has: an address that is too long for the other, a name. */
static int decide(struct tool_reading *r, struct strace *s, struct proc *p, const struct strace_line *l, struct err *e)
{
	struct bytes b = l->result;
	uint64_t v;
	bool wide = bytes_take(&b, BYTES("0x")) && bytes_hex(&b, UINT64_MAX, &v) > 8;

	if (!wide && !bytes_has(l->args, BYTES("ARCH_SET_FS")))
		return 0;
	p->undecided = false;
	return p->waits ? 0 : settle(r, s, p, e);
}

static int done(struct tool_reading *r, struct strace *s, struct proc *p, const struct strace_line *l, bool forks, struct err *e)
{
	int64_t result = strace_result(l);

	if (p->execs && result == 0 && !l->failed && !bytes_starts(l->result, BYTES("0x")))
		if (execed(r, s, p, e) < 0)
			return -1;
	if (p->undecided && !p->execs && decide(r, s, p, l, e) < 0)
		return -1;
	p->execs = false;
	if (p->names && result == 0)
		set_comm(s, p, p->exe);
	p->names = false;
	return forks ? forked(r, s, p, result, e) : 0;
}

/* ---- lines ---- */

static uint32_t arch_of_mode(const struct proc *p, char mode)
{
	if (p->who.arch != ARCH_X86_64 && p->who.arch != ARCH_I386 && p->who.arch != ARCH_X32)
		return mode == '3' && p->who.arch == 0xc00000b7u ? 0x40000028u : p->who.arch;
	return mode == '3' ? ARCH_I386 : mode == 'x' ? ARCH_X32 : ARCH_X86_64;
}

/* Calls of x32 are x86-64's with a bit, as the kernel has them. */
static int32_t number_of(struct tool_reading *r, struct strace *s, struct proc *p, const struct strace_line *l, bool *changed)
{
	int32_t nr;

	if (l->name.n == 0)
		return l->nr >= 0 ? (int32_t)l->nr : TOOL_NO_NUMBER;
	nr = tool_number(&r->names, p->who.arch, l->name);
	/* a name that only the other one has says which it is */
	if (nr == TOOL_NO_NUMBER && r->arch == ARCH_X86_64 && (p->who.arch == ARCH_X86_64 || p->who.arch == ARCH_I386)) {
		uint32_t other = p->who.arch == ARCH_X86_64 ? ARCH_I386 : ARCH_X86_64;

		nr = tool_number(&r->names, other, l->name);
		if (nr != TOOL_NO_NUMBER) {
			set_arch(s, p, other);
			*changed = true;
		}
	} else if (p->undecided && tool_number(&r->names, ARCH_I386, l->name) == TOOL_NO_NUMBER) {
		*changed = true;
	}
	return nr;
}

/*
 * On standard error a process has no pid in front as long as it is alone. A new one is this process, if that may begin a call, or
 * end the one that it is in, and no child is waited for.
 */
static bool is_only(const struct strace *s, const struct strace_line *l)
{
	if (s->only == NULL || s->only->gone || s->only->tid != ONLY_PID || map_get(&s->at, (uint64_t)l->pid, 0, -1) >= 0)
		return false;
	if (s->only->inside)
		return l->kind == STRACE_RESUMED;
	return s->in_fork == 0 || l->kind == STRACE_RESUMED;
}

static struct proc *proc_of(struct tool_reading *r, struct strace *s, const struct strace_line *l)
{
	struct proc *p;

	if (l->pid > 0) {
		s->front = true;
		if (s->last != NULL && s->last->tid == l->pid && !s->last->gone)
			return s->last;
		p = find(s, l->pid);
		if (p == NULL && is_only(s, l)) {
			map_put(&s->at, (uint64_t)l->pid, 0, map_get(&s->at, ONLY_PID, 0, 0));
			p = s->only;
			p->tid = (int32_t)l->pid;
		}
		return p != NULL ? p : begin(r, s, l->pid);
	}
	/* strace -ff: a file for each */
	if (r->file_pid > 0 && !s->front) {
		p = find(s, r->file_pid);
		return p != NULL ? p : new_proc(r, s, r->file_pid);
	}
	if (s->only == NULL)
		s->only = new_proc(r, s, ONLY_PID);
	/* the one that is left of several has none either */
	if (s->only->gone && s->alive == 1)
		for (size_t i = 0; i < s->n; i++)
			if (!s->procs[i]->gone)
				return s->procs[i];
	return s->only;
}

/* The first line of a process that strace started is its exec, which strace's own child made. */
static void note_first(struct strace *s, struct proc *p, const struct strace_line *l, int32_t nr, struct tool_reading *r)
{
	if (p->begun || p->waits)
		return;
	p->begun = true;
	if (l->comm.n)
		set_comm(s, p, l->comm);
	if (syscall_edge(p->who.arch, nr) != EDGE_EXEC) {
		r->facts |= TOOL_JOINED;
		return;
	}
	p->who.exe = BYTES("strace");
	set_comm(s, p, BYTES("strace"));
}

/* What of the arguments is needed until the call's end. */
static void note_args(struct tool_reading *r, struct strace *s, struct proc *p, const struct strace_line *l, enum edge_kind edge)
{
	p->execs = edge == EDGE_EXEC;
	p->names = bytes_eq(l->name, BYTES("prctl")) && bytes_has(l->args, BYTES("PR_SET_NAME"));
	if (p->execs || p->names)
		p->exe = strace_string(r, l->args);
	p->threads = edge == EDGE_FORK && bytes_has(l->args, BYTES("CLONE_THREAD"));
	p->forks = edge == EDGE_FORK && l->kind == STRACE_UNFINISHED;
	s->in_fork += p->forks;
}

static int begin_call(struct tool_reading *r, struct strace *s, struct proc *p, const struct strace_line *l, struct bytes line, struct err *e)
{
	bool changed = false;
	int32_t nr = number_of(r, s, p, l, &changed), nr_i386 = TOOL_NO_NUMBER;
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
	p->serial = r->serial;
	p->ms = strace_time(&s->days, l, r->date);
	edge = syscall_edge(p->who.arch, nr);
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
		if (find(s, l->other) == NULL)
			begin(r, s, l->other);
	}
	return p->inside ? 0 : done(r, s, p, l, edge == EDGE_FORK, e);
}

static int end_call(struct tool_reading *r, struct strace *s, struct proc *p, const struct strace_line *l, struct bytes line, struct err *e)
{
	struct strace_line whole = *l;
	bool forks;

	if (!p->inside) {
		/* its beginning was not seen: the file begins in it, or strace came later */
		if (l->name.n == 0 && l->nr < 0)
			return 0;
		whole.kind = STRACE_CALL;
		return begin_call(r, s, p, &whole, line, e);
	}
	forks = syscall_edge(p->who.arch, p->nr) == EDGE_FORK;
	if (done(r, s, p, l, false, e) < 0 || (forks && forked(r, s, p, strace_result(l), e) < 0))
		return -1;
	p->inside = false;
	return 0;
}

static int gone(struct tool_reading *r, struct strace *s, struct proc *p, struct err *e)
{
	/* whose child it was is told by its parent's call, which may end later */
	if (!p->waits && p->n_waiting > 0 && settle(r, s, p, e) < 0)
		return -1;
	s->in_fork -= p->inside && p->forks;
	p->gone = true;
	p->inside = false;
	s->alive--;
	/* of threads, the process ends with the last; the leader's line is as good */
	if (p->tid == p->who.pid || p == s->only)
		tool_life(r, EDGE_GONE, p->who.pid, 0, p->ms, r->serial);
	return 0;
}

/* The leader goes on with what the thread that called execve was in; the others are gone. */
static void superseded(struct strace *s, struct proc *p, int64_t by)
{
	struct proc *t = find(s, by);

	if (t == NULL || t == p || t->who.pid != p->who.pid)
		return;
	s->in_fork -= p->inside && p->forks;
	p->inside = t->inside;
	p->nr = t->nr;
	p->serial = t->serial;
	p->ms = t->ms;
	p->exe = t->exe;
	p->execs = t->execs;
	p->forks = p->threads = p->names = false;
	t->gone = true;
	t->inside = false;
	s->alive--;
}

static int line_of(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct strace *s = state_of(r);
	struct strace_line l;
	struct proc *p;

	strace_parse(line, &l);
	switch (l.kind) {
	case STRACE_OTHER:
		r->other += line.n > 0;
		r->facts |= r->last && line.n > 0 ? TOOL_CUT : 0;
		return 0;
	case STRACE_NOISE:
		return 0;
	case STRACE_TRUNCATED:
		r->facts |= TOOL_CUT;
		return 0;
	case STRACE_ATTACHED:
		if (s->n == 0 && l.other > 0) { /* strace -p */
			s->only = new_proc(r, s, (int32_t)l.other);
			return 0;
		}
		r->facts |= TOOL_FOLLOWS;
		if (l.other > 0 && find(s, l.other) == NULL)
			begin(r, s, l.other);
		return 0;
	case STRACE_CUT:
		if (!r->last) {
			tool_damaged(r, "the line ends before what the call returned", line);
			return 0;
		}
		break;
	default:
		break;
	}
	/* the rest of a line that strace had interrupted */
	if (l.kind == STRACE_RESUMED && l.pid < 0 && l.name.n == 0 && l.nr < 0 && s->last != NULL)
		p = s->last;
	else
		p = l.kind == STRACE_PERSONALITY && l.pid < 0 && find(s, l.other) != NULL ? find(s, l.other) : proc_of(r, s, &l);
	s->last = p;
	if ((l.pid > 0 || r->file_pid > 0) && r->processes > 1)
		r->facts |= TOOL_FOLLOWS;
	switch (l.kind) {
	case STRACE_PERSONALITY:
		set_arch(s, p, arch_of_mode(p, l.mode));
		p->undecided = false;
		return p->waits ? 0 : settle(r, s, p, e);
	case STRACE_GONE:
		return gone(r, s, p, e);
	case STRACE_SUPERSEDED:
		superseded(s, p, l.other);
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

	for (size_t i = 0; i < s->n && ret == 0; i++) {
		struct proc *p = s->procs[i];

		if (p->n_waiting > 0)
			ret = settle(r, s, p, e);
		if (!p->gone && p->who.version > 0)
			r->facts |= p->serial == 0 ? TOOL_ORPHANS : TOOL_LIVES;
	}
	return ret;
}

static void release(struct tool_reading *r)
{
	struct strace *s = r->state;

	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->procs[i]->waiting);
		free(s->procs[i]);
	}
	free(s->procs);
	map_release(&s->at);
	free(s);
}

static enum tool_says says(struct bytes line, struct tool_names *names)
{
	struct strace_line l;

	strace_parse(line, &l);
	if (l.kind == STRACE_OTHER)
		return TOOL_FOREIGN;
	if (l.kind == STRACE_NOISE || l.kind == STRACE_CUT || l.kind == STRACE_TRUNCATED || l.name.n == 0)
		return TOOL_NOISE;
	if (tool_number(names, arch_native(), l.name) != TOOL_NO_NUMBER || tool_number(names, ARCH_X86_64, l.name) != TOOL_NO_NUMBER ||
	    tool_number(names, ARCH_I386, l.name) != TOOL_NO_NUMBER || tool_number(names, 0xc00000b7u, l.name) != TOOL_NO_NUMBER)
		return TOOL_OWN;
	return TOOL_FOREIGN;
}

const struct tool tool_strace = { .name = "strace", .kind = KIND_STRACE, .says = says, .line = line_of, .end = end, .release = release };
