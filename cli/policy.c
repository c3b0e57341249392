// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a profile for a command, resolved for the machine that the options name, and says what is
 * not known of it.
 */
#include "cli/policy.h"

#include "analyze/input/input.h"
#include "analyze/policy/systemd_set.h"
#include "cli/command.h"
#include "store/base/esc.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <sys/utsname.h>

#define UNREAD_SHOWN 10

static int machine_of(struct resolve_machine *at, const struct opts *o, struct err *e)
{
	const char *caps = opt_text(o, OPT_caps, NULL), *kernel = opt_text(o, OPT_kernel, NULL),
		   *arch = opt_text(o, OPT_arch, NULL);
	struct utsname here;

	*at = (struct resolve_machine){ .arch = arch_native() };
	if (caps != NULL && resolve_machine_caps(at, caps, e) < 0)
		return -1;
	if (kernel == NULL)
		kernel = uname(&here) == 0 ? here.release : "1.0";
	if (resolve_machine_kernel(at, kernel, e) < 0)
		return -1;
	return arch == NULL ? 0 : resolve_machine_arch(at, arch, e);
}

/* Settings with filters of their own; each has one for each architecture. */
static void say_also(const struct policy *p, const char *shown)
{
	auto_buf struct buf names = { 0 };

	for (size_t i = 0; i < p->also.n; i++)
		if (i == 0 || strcmp(p->also.v[i - 1].setting, p->also.v[i].setting) != 0)
			buf_printf(&names, "%s%s=", names.n ? ", " : "", p->also.v[i].setting);
	if (names.n)
		command_say("%s: filters beside the list, as " SYSTEMD_SETS_OF " loads them: %s",
			    shown, buf_text(&names));
}

/* What of the file is not, or may not be, as its consumer has it. */
static void say_unread(const struct policy *p, const char *file)
{
	auto_buf struct buf shown = { 0 }, sets = { 0 };

	esc_shell(&shown, bytes_of(file));
	for (size_t i = 0; i < p->unread.n && i < UNREAD_SHOWN; i++)
		command_say("%s: %s", buf_text(&shown), p->unread.v[i]);
	if (p->unread.n > UNREAD_SHOWN)
		command_say("%s: and %zu more", buf_text(&shown), p->unread.n - UNREAD_SHOWN);
	say_also(p, buf_text(&shown));
	for (size_t i = 0; i < p->sets.n && i < UNREAD_SHOWN; i++)
		buf_printf(&sets, "%s%s", i ? ", " : "", p->sets.v[i]);
	if (p->sets.n)
		command_say("%s: taken for what " SYSTEMD_SETS_OF " has in them: %s%s",
			    buf_text(&shown), buf_text(&sets),
			    p->sets.n > UNREAD_SHOWN ? " ..." : "");
}

static struct input_from from_of(const char *shown, const char *file, size_t nth,
				 const struct opts *o)
{
	return (struct input_from){ .file = shown,
				    .path = strcmp(file, "-") == 0 ? "" : file,
				    .format = opt_text(o, OPT_from, NULL),
				    .name = opt_text(o, OPT_name, NULL),
				    .nth = nth };
}

static int read_whole(struct policy *p, struct resolve_machine *at, struct bytes text,
		      const char *file, size_t nth, const struct opts *o, struct err *e)
{
	auto_buf struct buf shown = { 0 };

	struct input_from from;

	policy_init(p);
	esc_shell(&shown, bytes_of(file));
	from = from_of(buf_text(&shown), file, nth, o);
	if (machine_of(at, o, e) < 0 || input_policy_from(p, text, &from, e) < 0)
		return -1;
	if (!opt_on(o, OPT_quiet))
		say_unread(p, file);
	return 0;
}

int policy_open_whole(struct policy *p, struct resolve_machine *at, const char *file,
		      const struct opts *o, struct err *e)
{
	auto_buf struct buf text = { 0 };

	policy_init(p);
	*at = (struct resolve_machine){ 0 };
	return input_load(&text, file, e) < 0 ? -1 :
						read_whole(p, at, buf_bytes(&text), file, 0, o, e);
}

int policy_open_text(struct policy *p, struct bytes text, const char *file, const struct opts *o,
		     struct err *e)
{
	return policy_open_nth(p, text, file, 0, o, e);
}

void policy_names(struct policy *names, struct bytes text, const char *file, const struct opts *o)
{
	struct input_from from = from_of("", file, 0, o);
	struct err none = { 0 };

	input_policy_from(names, text, &from,
			  &none); /* what is wrong with it is said when it is opened */
	if (from.name != NULL || names->profiles.n < 2)
		names->profiles.n = 0;
}

int policy_open_nth(struct policy *p, struct bytes text, const char *file, size_t nth,
		    const struct opts *o, struct err *e)
{
	struct resolve_machine at;
	int ret = read_whole(p, &at, text, file, nth, o, e);

	if (ret == 0 && resolve_policy(p, &at, e) < 0)
		ret = err_wrap(e, "%.200s", file);
	resolve_machine_release(&at);
	return ret;
}

int policy_open(struct policy *p, const char *file, const struct opts *o, struct err *e)
{
	auto_buf struct buf text = { 0 };

	policy_init(p);
	return input_load(&text, file, e) < 0 ? -1 :
						policy_open_text(p, buf_bytes(&text), file, o, e);
}

void policy_say_names(const char *file, const char *what, const char *const *v, size_t n)
{
	auto_buf struct buf shown = { 0 }, names = { 0 };
	char word[80], meant[SYSCALL_NAME_MAX + 24];

	for (size_t i = 0; i < n && i < UNREAD_SHOWN; i++)
		buf_printf(&names, "%s%s", i ? ", " : "",
			   esc_word(word, sizeof(word), bytes_of(v[i])));
	if (n > UNREAD_SHOWN)
		buf_printf(&names, " and %zu more", n - UNREAD_SHOWN);
	esc_shell(&shown, bytes_of(file));
	if (n)
		command_say("%s: names that %s: %s", buf_text(&shown), what, buf_text(&names));
	for (size_t i = 0; i < n && i < UNREAD_SHOWN; i++)
		if (!syscall_is_known(v[i]) && syscall_meant(v[i], meant)[0] != '\0')
			command_say("%s%s", esc_word(word, sizeof(word), bytes_of(v[i])), meant);
}

void policy_say_unknown(const struct policy *p, const char *file)
{
	struct policy_words names = { 0 };

	for (size_t i = 0; i < p->rules.n; i++)
		for (size_t k = 0; k < p->rules.v[i].names.n; k++)
			if (!syscall_is_known(p->rules.v[i].names.v[k]))
				*VEC_PUSH(&names) = p->rules.v[i].names.v[k];
	policy_say_names(file, "no table knows", names.v, names.n);
	VEC_FREE(&names);
}
