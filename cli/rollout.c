// SPDX-License-Identifier: Apache-2.0
/*
 * Applies --base, --tighten, --stage, --errno, --siblings and --target to a list, and says what
 * they changed.
 */
#include "cli/rollout.h"

#include "analyze/policy/target.h"
#include "analyze/profile/extend.h"
#include "analyze/profile/profile.h"
#include "cli/command.h"
#include "cli/policy.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <string.h>

#define SIBLINGS_SHOWN 6
#define CHANGES_SHOWN 12
#define ABOVE_SHOWN 4
#define NUMBERS_ABOVE 512 /* no architecture has more calls than that */

bool rollout_adds_siblings(const struct opts *o)
{
	return strcmp(opt_text(o, OPT_siblings, ""), "add") == 0;
}

static enum shape_stage stage_of(const struct opts *o)
{
	enum shape_stage stage = STAGE_NONE;

	if (opt_on(o, OPT_stage))
		stage_parse(opt_text(o, OPT_stage, NULL), &stage);
	return stage;
}

int rollout_check(const struct opts *o, bool *observe, struct err *e)
{
	const char *word = opt_text(o, OPT_stage, NULL), *number = opt_text(o, OPT_errno, NULL);
	enum shape_stage stage = STAGE_NONE;
	int error;

	if (word != NULL && !stage_parse(word, &stage))
		return err_set(e, ST_INPUT,
			       "--stage is observe, canary, enforce or kill, not '%.40s'", word);
	if (word != NULL && (opt_on(o, OPT_default_action) || opt_on(o, OPT_block)))
		return err_set(e, ST_INPUT,
			       "--stage says what the list does to all else, and so does --%s",
			       opt_on(o, OPT_block) ? "block" : "default-action");
	if (number != NULL && !stage_errno_parse(number, &error))
		return err_set(
			e, ST_INPUT,
			"--errno: no such errno: '%.40s' (such as EPERM, ENOSYS, or 1 to 4094)",
			number);
	if (number != NULL && (stage == STAGE_OBSERVE || stage == STAGE_KILL))
		return err_set(e, ST_INPUT, "--errno: stage %s answers with none", word);
	if (opt_on(o, OPT_siblings) && !rollout_adds_siblings(o) &&
	    strcmp(opt_text(o, OPT_siblings, NULL), "show") != 0)
		return err_set(e, ST_INPUT, "--siblings is show or add, not '%.40s'",
			       opt_text(o, OPT_siblings, NULL));
	if (opt_on(o, OPT_tighten) && !opt_on(o, OPT_base))
		return err_set(e, ST_INPUT, "--tighten is about a base: --base FILE");
	if (opt_on(o, OPT_base) &&
	    (opt_on(o, OPT_default_action) || opt_on(o, OPT_block) || opt_on(o, OPT_explain)))
		return err_set(
			e, ST_INPUT,
			"--base keeps what the base does to all else (--stage changes that), so not with --%s",
			opt_on(o, OPT_block)   ? "block" :
			opt_on(o, OPT_explain) ? "explain" :
						 "default-action");
	*observe = stage == STAGE_OBSERVE && !opt_on(o, OPT_base);
	return 0;
}

/* "x86_64 above 318 (getrandom), such as memfd_create, bpf and 60 more"; nothing where none is
 * above. */
static void say_above(struct buf *line, const struct policy *p, uint32_t arch)
{
	auto_buf struct buf names = { 0 };
	const char *highest = "";
	int32_t top = stage_highest(p, arch, &highest);
	char name[SYSCALL_NAME_MAX];
	size_t n = 0;

	for (int32_t nr = top + 1; top > 0 && nr <= top + NUMBERS_ABOVE; nr++)
		if (syscall_name(arch, nr, name) && ++n <= ABOVE_SHOWN)
			buf_printf(&names, "%s%s", n > 1 ? ", " : "", name);
	if (n == 0)
		return;
	buf_printf(line, "%s%s above %d (%s), such as %s", line->n ? "; " : "", arch_name(arch),
		   top & ~X32_BIT, highest, buf_text(&names));
	if (n > ABOVE_SHOWN)
		buf_printf(line, " and %zu more", n - ABOVE_SHOWN);
}

/* What an errno does to newer C libraries, and where runc answers otherwise. */
static void say_errno(const struct policy *p)
{
	auto_buf struct buf line = { 0 };

	if (p->default_error == ENOSYS)
		command_say(
			"ENOSYS: C libraries fall back to older calls where a newer one is refused; some programs take it for an old kernel");
	else
		command_say(
			"errno %d: C libraries that try a newer call first and get this fail, where ENOSYS would make them fall back",
			p->default_error);
	for (size_t i = 0; i < p->archs.n && p->default_error != ENOSYS; i++)
		say_above(&line, p, p->archs.v[i]);
	if (line.n)
		command_say(
			"runc answers ENOSYS all the same for numbers above the highest that is listed: %s",
			buf_text(&line));
}

static void say_siblings(const struct policy *p, bool all)
{
	auto_buf struct buf line = { 0 };
	struct stage_siblings s;

	stage_siblings(&s, p);
	for (size_t i = 0; i < s.n && all; i++)
		command_say("sibling: %s, beside %s (%s)", s.v[i].name, s.v[i].of, s.v[i].reason);
	for (size_t i = 0; i < s.n && !all && i < SIBLINGS_SHOWN; i++)
		buf_printf(&line, "%s%s (beside %s)", i ? ", " : "", s.v[i].name, s.v[i].of);
	if (s.n && !all)
		command_say(
			"%zu siblings, without evidence and not in the list: %s%s; --siblings add takes them",
			s.n, buf_text(&line), s.n > SIBLINGS_SHOWN ? " ... (-v shows all)" : "");
	VEC_FREE(&s);
}

/* Those of a base and a list together, as a rule of their own. */
static void add_base_siblings(struct policy *p, bool quiet)
{
	auto_buf struct buf line = { 0 };
	struct stage_siblings s;
	struct policy_rule *r;

	stage_siblings(&s, p);
	if (s.n) {
		r = policy_add_rule(p, ACTION_ALLOW, POLICY_NO_ERRNO);
		r->comment = profile_ground_why(GROUND_SIBLING);
		for (size_t i = 0; i < s.n; i++) {
			*VEC_PUSH(&r->names) = s.v[i].name;
			buf_printf(&line, "%s%s", i ? ", " : "", s.v[i].name);
		}
	}
	if (s.n && !quiet)
		command_say("%zu siblings added, without evidence: %s", s.n, buf_text(&line));
	VEC_FREE(&s);
}

static void say_changes(const struct extend_changes *changes, enum extend_what what,
			const char *text, bool all)
{
	auto_buf struct buf line = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < changes->n; i++) {
		if (changes->v[i].what != what)
			continue;
		if (all)
			command_say("%s: %s (%s)", text, changes->v[i].name, extend_reason(what));
		else if (n < CHANGES_SHOWN)
			buf_printf(&line, "%s%s", n ? ", " : "", changes->v[i].name);
		n++;
	}
	if (n && !all)
		command_say("%zu %s, %s: %s%s", n, text, extend_reason(what), buf_text(&line),
			    n > CHANGES_SHOWN ? " ... (-v shows all)" : "");
}

static void say_base(const struct extend_changes *changes, bool all)
{
	static const char *const texts[] = { [EXTEND_ADDED] = "added to the base",
					     [EXTEND_REMOVED] = "taken off the base",
					     [EXTEND_ARCH_ADDED] =
						     "architectures added to the base",
					     [EXTEND_DENIED] = "needed and left as they are",
					     [EXTEND_DEPENDS] = "needed and left as they are",
					     [EXTEND_OTHER_ARCH] = "not judged and left" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		say_changes(changes, (enum extend_what)i, texts[i], all);
	if (changes->n == 0)
		command_say("the base stays as it is: it allows what is needed");
}

/* Architectures of the base by which nobody came: what was seen by others speaks for them, too. */
static void say_unseen_archs(const struct policy *base, const struct policy *list)
{
	auto_buf struct buf names = { 0 };

	for (size_t i = 0; i < base->archs.n; i++)
		if (!policy_has_arch(list, base->archs.v[i]))
			buf_printf(&names, "%s%s", names.n ? ", " : "",
				   arch_name(base->archs.v[i]));
	for (size_t i = 0; i < base->families.n; i++)
		if (!policy_has_arch(list, base->families.v[i].arch))
			buf_printf(&names, "%s%s", names.n ? ", " : "",
				   arch_name(base->families.v[i].arch));
	if (names.n)
		command_say("tightened for these as well, though nothing was seen by them: %s",
			    buf_text(&names));
}

/* The base as it is, in the stage that is asked for, and what the list changes in it. */
static int change_base(struct policy *base, const struct policy *list, bool whole,
		       const struct opts *o, struct err *e)
{
	struct extend_changes changes = { 0 };
	struct resolve_machine at;
	const char *file = opt_text(o, OPT_base, NULL);
	int ret = policy_open_whole(base, &at, file, o, e);

	if (ret == 0 && base->in_order)
		ret = err_set(
			e, ST_INPUT,
			"%.200s: rules that answer in their order cannot be extended: no format that is written has an order",
			file);
	if (ret == 0 && base->also.n && !opt_on(o, OPT_quiet))
		command_say(
			"what other settings of the unit load is not in the list that is written: keep them in the unit");

	if (ret == 0 && !opt_on(o, OPT_quiet))
		policy_say_unknown(base, file);
	if (ret == 0)
		shape_stage(base, stage_of(o));
	if (ret == 0 && extend_policy(base, list, &at, &changes, e) < 0)
		ret = err_wrap(e, "%.200s", file);
	if (ret == 0 && opt_on(o, OPT_tighten))
		extend_tighten(base, list, &at, &changes);
	if (ret == 0 && opt_on(o, OPT_tighten) && !opt_on(o, OPT_quiet))
		say_unseen_archs(base, list);
	if (ret == 0 && !whole)
		ret = resolve_policy(base, &at, e);
	if (ret == 0 && !opt_on(o, OPT_quiet))
		say_base(&changes, opt_on(o, OPT_verbose));
	VEC_FREE(&changes);
	resolve_machine_release(&at);
	return ret;
}

/* Puts the base, extended and tightened by the list, into the list's place. */
static int take_base(struct policy *list, bool whole, const struct opts *o, struct err *e)
{
	struct policy base;
	int ret = change_base(&base, list, whole, o, e);

	if (ret < 0) {
		policy_release(&base);
		return ret;
	}
	policy_release(list);
	*list = base;
	return 0;
}

/* The first of what its consumer would not take is the error. */
static int fits(const struct policy *p, const char *name, struct err *e)
{
	const struct target *t = target_find(name, e);
	struct target_says says;
	int ret = 0;

	if (t == NULL)
		return -1;
	target_judge(&says, t, p);
	for (size_t i = 1; i < says.n; i++)
		command_say("%s", says.v[i]);
	if (says.n)
		ret = err_set(e, ST_INPUT, "%s", says.v[0]);
	target_says_release(&says);
	return ret;
}

int rollout_apply(struct policy *p, bool whole, const struct opts *o, struct err *e)
{
	enum shape_stage stage = stage_of(o);
	bool quiet = opt_on(o, OPT_quiet);

	if (!opt_on(o, OPT_base))
		shape_stage(p, stage);
	else if (take_base(p, whole, o, e) < 0)
		return -1;
	if (opt_on(o, OPT_errno)) {
		if (p->default_action != ACTION_ERRNO)
			return err_set(e, ST_INPUT, "--errno: the list does not answer by errno");
		stage_errno_parse(opt_text(o, OPT_errno, NULL), &p->default_error);
		if (!quiet)
			say_errno(p);
	}
	if (opt_on(o, OPT_base) && rollout_adds_siblings(o))
		add_base_siblings(p, quiet);
	else if (opt_on(o, OPT_siblings) && !rollout_adds_siblings(o) && !quiet)
		say_siblings(p, opt_on(o, OPT_verbose));
	if (stage == STAGE_CANARY && !quiet)
		command_say(
			"denials are logged where the runtime takes flags (runc 1.2, crun); 'scaudit denials' shows them");
	return opt_on(o, OPT_target) ? fits(p, opt_text(o, OPT_target, NULL), e) : 0;
}
