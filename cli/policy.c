#include "cli/policy.h"

#include "analyze/resolve.h"
#include "cli/command.h"
#include "store/base/esc.h"
#include "store/model/arch.h"

#include <sys/utsname.h>

#define UNREAD_SHOWN 10

static int place_of(struct policy_place *at, const struct opts *o, struct err *e)
{
	const char *caps = opt_text(o, OPT_caps, NULL), *kernel = opt_text(o, OPT_kernel, NULL), *arch = opt_text(o, OPT_arch, NULL);
	struct utsname here;

	*at = (struct policy_place){ .arch = arch_native() };
	if (caps != NULL && policy_place_caps(at, caps, e) < 0)
		return -1;
	if (kernel == NULL)
		kernel = uname(&here) == 0 ? here.release : "1.0";
	if (policy_place_kernel(at, kernel, e) < 0)
		return -1;
	return arch == NULL ? 0 : policy_place_arch(at, arch, e);
}

static void say_unread(const struct policy *p, const char *file)
{
	auto_buf struct buf shown = { 0 };

	esc_shell(&shown, bytes_of(file));
	for (size_t i = 0; i < p->unread.n && i < UNREAD_SHOWN; i++)
		command_say("%s: %s", buf_text(&shown), p->unread.v[i]);
	if (p->unread.n > UNREAD_SHOWN)
		command_say("%s: and %zu more", buf_text(&shown), p->unread.n - UNREAD_SHOWN);
}

int policy_open(struct policy *p, const char *file, const struct opts *o, struct err *e)
{
	struct policy_place at;
	int ret;

	policy_init(p);
	ret = place_of(&at, o, e);
	if (ret == 0)
		ret = policy_read(p, file, opt_text(o, OPT_from, NULL), e);
	if (ret == 0 && policy_resolve(p, &at, e) < 0)
		ret = err_wrap(e, "%.200s", file);
	if (ret == 0 && !opt_on(o, OPT_quiet))
		say_unread(p, file);
	policy_place_release(&at);
	return ret;
}
