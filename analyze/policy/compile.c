// SPDX-License-Identifier: Apache-2.0
/*
 * Compiles a policy by libseccomp for the architectures that it names, as runtimes do, with runc's
 * ENOSYS for newer calls.
 */
#include "analyze/policy/compile.h"

#include "analyze/policy/inorder.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CPU_MS 1000 /* for libseccomp; real profiles take some milliseconds */
#define API_LEVEL 5 /* of libseccomp: LOG, FLAG_LOG, SPEC_ALLOW and NOTIFY are there */

static uint32_t libs_action(uint32_t action, int error)
{
	unsigned data = (unsigned)policy_number(action, error);

	switch (action) {
	case ACTION_ERRNO:
		return SCMP_ACT_ERRNO(data);
	case ACTION_TRACE:
		return SCMP_ACT_TRACE(data);
	default:
		return action; /* the others have libseccomp's values, which are the kernel's */
	}
}

static struct scmp_arg_cmp libs_arg(const struct policy_arg *a)
{
	static const enum scmp_compare ops[] = { [POLICY_NE] = SCMP_CMP_NE,
						 [POLICY_LT] = SCMP_CMP_LT,
						 [POLICY_LE] = SCMP_CMP_LE,
						 [POLICY_EQ] = SCMP_CMP_EQ,
						 [POLICY_GE] = SCMP_CMP_GE,
						 [POLICY_GT] = SCMP_CMP_GT,
						 [POLICY_MASKED_EQ] = SCMP_CMP_MASKED_EQ };

	return (struct scmp_arg_cmp){ a->index, ops[a->op], a->value, a->two };
}

typedef int add_fn(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned n,
		   const struct scmp_arg_cmp *args);

/* Exactly that call, where the architecture has it; other rules than those of EDOM are not passed
 * over. */
static int add_exact(scmp_filter_ctx ctx, uint32_t action, int nr, unsigned n,
		     const struct scmp_arg_cmp *args)
{
	int ret = seccomp_rule_add_exact_array(ctx, action, nr, n, args);

	return ret == -EDOM ? 0 : ret;
}

static int add_name(scmp_filter_ctx ctx, uint32_t action, int nr, const struct policy_rule *r,
		    add_fn *add)
{
	struct scmp_arg_cmp args[8];
	int ret = 0;

	if (r->args.n <= 6 && !policy_any_holds(r)) {
		for (size_t i = 0; i < r->args.n; i++)
			args[i] = libs_arg(&r->args.v[i]);
		return add(ctx, action, nr, (unsigned)r->args.n, args);
	}
	for (size_t i = 0; i < r->args.n && ret == 0; i++) {
		args[0] = libs_arg(&r->args.v[i]);
		ret = add(ctx, action, nr, 1, args);
	}
	return ret;
}

/* seen: (number, action) of what always answers; libseccomp walks a list for each name that it is
 * given. */
static int add_rule(scmp_filter_ctx ctx, uint32_t otherwise, const struct policy_rule *r,
		    struct map *seen, uint32_t arch, add_fn *add, struct err *e)
{
	uint32_t action = libs_action(r->action, r->error);

	for (size_t i = 0; i < r->names.n; i++) {
		int nr = seccomp_syscall_resolve_name(r->names.v[i]), ret;
		char shown[80];

		if (arch != 0 && seccomp_syscall_resolve_name_arch(arch, r->names.v[i]) < 0)
			continue;
		if (nr == __NR_SCMP_ERROR ||
		    action == otherwise) /* the latter says nothing; libseccomp refuses it */
			continue;
		if (r->args.n == 0 && map_get(seen, (uint32_t)nr, action, 0))
			continue;
		if (r->args.n == 0)
			map_put(seen, (uint32_t)nr, action, 1);
		ret = add_name(ctx, action, nr, r, add);
		if (ret != 0)
			return err_set(e, ST_INPUT, "the rule for %s cannot be compiled: %s",
				       esc_word(shown, sizeof(shown), bytes_of(r->names.v[i])),
				       strerror(-ret));
	}
	return 0;
}

static scmp_filter_ctx begin_context(const struct policy *p, struct err *e)
{
	scmp_filter_ctx ctx;

	seccomp_api_set(API_LEVEL); /* what is compiled here need not be what this kernel, or a
				       sandbox around us, can load */
	ctx = seccomp_init(libs_action(p->default_action, p->default_error));
	if (ctx == NULL)
		err_set(e, ST_INPUT, "%s with %d cannot be the default (errnos end at %d)",
			action_scmp(p->default_action),
			policy_number(p->default_action, p->default_error), POLICY_ERRNO_MAX);
	return ctx;
}

/* arch: where names without a number of its own are passed over; 0: nowhere. */
static int add_rules(scmp_filter_ctx ctx, const struct policy *p, uint32_t arch, add_fn *add,
		     struct err *e)
{
	uint32_t otherwise = libs_action(p->default_action, p->default_error);
	struct map seen = { 0 };
	int ret = 0;

	for (size_t i = 0; i < p->rules.n && ret == 0; i++)
		ret = add_rule(ctx, otherwise, &p->rules.v[i], &seen, arch, add, e);
	map_release(&seen);
	return ret;
}

static int add_arch(scmp_filter_ctx ctx, uint32_t arch, struct err *e)
{
	/* libseccomp's tokens are the kernel's AUDIT_ARCH values, and x32's own as we have it */
	int got = seccomp_arch_add(ctx, arch);

	if (got != 0 && got != -EEXIST)
		return err_set(e, ST_INPUT, "libseccomp does not take %s: %s", arch_scmp(arch),
			       strerror(-got));
	return 0;
}

/* For one architecture alone. */
static scmp_filter_ctx exact_context(const struct policy *p, uint32_t arch, struct err *e)
{
	scmp_filter_ctx ctx = begin_context(p, e);

	if (ctx == NULL)
		return NULL;
	if (p->others_pass)
		seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
	if ((arch == arch_native() ||
	     (seccomp_arch_remove(ctx, arch_native()) == 0 && add_arch(ctx, arch, e) == 0)) &&
	    add_rules(ctx, p, p->by_name ? arch : 0, add_exact, e) == 0)
		return ctx;
	seccomp_release(ctx);
	return NULL;
}

/* Exact rules can be added to one architecture at a time. */
static scmp_filter_ctx merged_context(const struct policy *p, struct err *e)
{
	scmp_filter_ctx ctx = exact_context(p, p->archs.n ? p->archs.v[0] : arch_native(), e);

	for (size_t i = 1; i < p->archs.n && ctx != NULL; i++) {
		scmp_filter_ctx more;
		int ret = 0;

		if (seccomp_arch_exist(ctx, p->archs.v[i]) == 0)
			continue;
		more = exact_context(p, p->archs.v[i], e);
		if (more != NULL && (ret = seccomp_merge(ctx, more)) == 0) /* which releases it */
			continue;
		if (more != NULL)
			err_set(e, ST_INPUT, "libseccomp does not take %s beside others: %s",
				arch_scmp(p->archs.v[i]), strerror(-ret));
		if (more != NULL)
			seccomp_release(more);
		seccomp_release(ctx);
		return NULL;
	}
	return ctx;
}

/* The policy as libseccomp has it; NULL. The caller releases it. */
static scmp_filter_ctx context_of(const struct policy *p, struct err *e)
{
	scmp_filter_ctx ctx;
	int ret = 0;

	if (p->exact)
		return merged_context(p, e);
	ctx = begin_context(p, e);
	if (ctx == NULL)
		return NULL;
	for (size_t i = 0; i < p->archs.n && ret == 0; i++)
		ret = add_arch(ctx, p->archs.v[i], e);
	if (ret == 0)
		ret = add_rules(ctx, p, 0, seccomp_rule_add_array, e);
	if (ret == 0)
		return ctx;
	seccomp_release(ctx);
	return NULL;
}

/* ---- libseccomp, apart ---- */

typedef int export_fn(scmp_filter_ctx ctx, int fd);

static int export_to(int fd, const struct policy *p, export_fn *export, struct err *e)
{
	scmp_filter_ctx ctx = context_of(p, e);
	int ret;

	if (ctx == NULL)
		return -1;
	ret = export(ctx, fd);
	seccomp_release(ctx);
	return ret == 0 ?
		       0 :
		       err_set(e, ST_SYSTEM, "the filter cannot be compiled: %s", strerror(-ret));
}

/* A process of its own, which ends where libseccomp takes too long, and tells by a pipe how it
 * went. */
static void export_apart(int fd, int told, const struct policy *p, export_fn *export)
{
	struct itimerval most = { .it_value = { .tv_sec = CPU_MS / 1000,
						.tv_usec = CPU_MS % 1000 * 1000 } };
	struct err e = { 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL); /* it may be inherited as blocked */
	signal(SIGPROF, SIG_DFL);
	setitimer(ITIMER_PROF, &most, NULL);
	export_to(fd, p, export, &e);
	_exit(write(told, &e, sizeof(e)) == (ssize_t)sizeof(e) ? 0 : 1);
}

static int await(pid_t pid, int told, struct err *e)
{
	struct err said;
	ssize_t n;
	int status;

	do
		n = read(told, &said, sizeof(said));
	while (n < 0 && errno == EINTR);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(said)) {
		*e = said.status == ST_OK ? *e : said;
		return said.status == ST_OK ? 0 : -1;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
		return err_set(
			e, ST_INPUT,
			"too large for a profile: libseccomp does not make a filter of its conditions in %.1f s",
			CPU_MS / 1000.0);
	return err_set(e, ST_SYSTEM, "the filter cannot be compiled: libseccomp has failed");
}

/*
 * libseccomp's work on conditions grows with their third power and more, and depends on what they
 * are: no count of them says how long it takes. Where no process can be started it is done here.
 */
static int export_file(int fd, const struct policy *p, export_fn *export, struct err *e)
{
	int told[2] = { -1, -1 }, ret;
	pid_t pid = -1;

	if (pipe2(told, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0)
		export_apart(fd, told[1], p, export);
	mem_close_at(&told[1]);
	ret = pid < 0 ? export_to(fd, p, export, e) : await(pid, told[0], e);
	mem_close_at(&told[0]);
	return ret;
}

static int export_text(struct buf *out, const struct policy *p, export_fn *export, struct err *e)
{
	auto_close int fd = memfd_create("filter", MFD_CLOEXEC);
	char block[4096];
	ssize_t n;

	if (fd < 0)
		return err_set(e, ST_SYSTEM, "no memory for a filter: %s", strerror(errno));
	if (export_file(fd, p, export, e) < 0)
		return -1;
	if (lseek(fd, 0, SEEK_SET) != 0)
		return err_set(e, ST_SYSTEM, "the filter cannot be read back: %s", strerror(errno));
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
	return n == 0 ?
		       0 :
		       err_set(e, ST_SYSTEM, "the filter cannot be read back: %s", strerror(errno));
}

static int compile(struct compiled *out, struct buf *text, const struct policy *p,
		   export_fn *export, struct err *e)
{
	if (policy_is_conditional(p))
		return err_set(e, ST_INPUT,
			       "its rules depend on where it is loaded (--caps, --kernel, --arch)");
	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (seccomp_syscall_resolve_name(p->rules.v[i].names.v[k]) ==
			    __NR_SCMP_ERROR)
				*VEC_PUSH(&out->unknown) = p->rules.v[i].names.v[k];
	return export == NULL ? 0 : export_text(text, p, export, e);
}

static bool is_direct(const struct policy *p)
{
	return p->direct || p->in_order;
}

static int compile_one(struct compiled *out, const struct policy *p, struct err *e)
{
	auto_buf struct buf text = { 0 };
	struct sock_filter one;

	if (compile(out, &text, p, is_direct(p) ? NULL : seccomp_export_bpf, e) < 0)
		return -1;
	for (size_t at = 0; at + sizeof(one) <= text.n; at += sizeof(one))
		memcpy(VEC_PUSH(&out->code), text.p + at, sizeof(one));
	if (is_direct(p) && inorder_compile(out, p, e) < 0)
		return -1;
	if (out->code.n == 0 || out->code.n > BPF_MAXINSNS)
		return err_set(e, ST_INPUT, "the filter has %zu instructions; the kernel takes %d",
			       out->code.n, BPF_MAXINSNS);
	return 0;
}

int compile_policy(struct compiled *out, const struct policy *p, struct err *e)
{
	*out = (struct compiled){ 0 };
	for (size_t i = 0; i < p->also.n; i++) {
		struct compiled one = { 0 };
		struct compiled_also *also;
		int ret = compile_one(&one, p->also.v[i].policy, e);

		also = VEC_PUSH(&out->also);
		*also = (struct compiled_also){ 0 };
		for (size_t k = 0; k < one.code.n && ret == 0; k++)
			*VEC_PUSH(&also->code) = one.code.v[k];
		compile_release(&one);
		if (ret < 0)
			return err_wrap(e, "%s", p->also.v[i].setting);
	}
	return compile_one(out, p, e);
}

int compile_pfc(struct compiled *out, struct buf *text, const struct policy *p, struct err *e)
{
	*out = (struct compiled){ 0 };
	if (p->in_order)
		return err_set(
			e, ST_INPUT,
			"pfc is libseccomp's, which knows no order of rules, as this policy has");
	return compile(out, text, p, seccomp_export_pfc, e);
}

static bool lets_pass(uint32_t action)
{
	return action == ACTION_ALLOW || action == ACTION_LOG || action == ACTION_TRACE;
}

static void add_limit(struct compiled *c, const struct policy *p, uint32_t arch)
{
	int32_t last = 0;

	for (size_t k = 0; k < p->rules.n; k++)
		for (size_t m = 0; m < p->rules.v[k].names.n; m++) {
			int32_t nr = syscall_number(arch, p->rules.v[k].names.v[m]);

			last = nr > last ? nr : last;
		}
	if (last > 0)
		*VEC_PUSH(&c->limits) = (struct compiled_limit){ arch, last };
}

void compile_limits(struct compiled *c, const struct policy *p, bool native)
{
	bool listed = false;

	if (lets_pass(p->default_action) || p->default_error == ENOSYS)
		return;
	for (size_t i = 0; i < p->archs.n; i++) {
		add_limit(c, p, p->archs.v[i]);
		listed |= p->archs.v[i] == arch_native();
	}
	if (native && !listed)
		add_limit(c, p, arch_native());
}

bool compile_stub(const struct compiled *c, uint32_t arch, int32_t nr)
{
	uint32_t abi = arch_of(arch, nr);

	for (size_t i = 0; i < c->limits.n; i++)
		if (c->limits.v[i].arch == abi && (uint32_t)nr > (uint32_t)c->limits.v[i].last)
			return true;
	return false;
}

void compile_run(const struct compiled *c, uint32_t arch, int32_t nr, struct bpf_answers *out)
{
	bpf_run(c->code.v, c->code.n, arch, nr, out);
	for (size_t i = c->also.n; i-- > 0;) {
		struct bpf_answers older;

		bpf_run(c->also.v[i].code.v, c->also.v[i].code.n, arch, nr, &older);
		bpf_stack(out, &older);
	}
	if (compile_stub(c, arch, nr))
		*out = (struct bpf_answers){ .v = { SCMP_ACT_ERRNO(ENOSYS) }, .n = 1 };
}

void compile_release(struct compiled *c)
{
	VEC_FREE(&c->code);
	for (size_t i = 0; i < c->also.n; i++)
		VEC_FREE(&c->also.v[i].code);
	VEC_FREE(&c->also);
	VEC_FREE(&c->unknown);
	VEC_FREE(&c->limits);
}
