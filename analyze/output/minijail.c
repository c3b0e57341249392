// SPDX-License-Identifier: Apache-2.0
/* Writes a list as a policy for minijail0, or as its file of frequencies. */
#include "analyze/output/output.h"
#include "analyze/output/flat.h"
#include "analyze/output/provenance.h"
#include "analyze/policy/danger.h"

#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <stdlib.h>

struct counted { const char *name; uint64_t events; const char *danger; };
struct counts { struct counted *v; size_t n, cap; };

static int most_first(const void *a, const void *b)
{
	const struct counted *x = a, *y = b;

	return x->events != y->events ? (x->events > y->events ? -1 : 1) : strcmp(x->name, y->name);
}

/* The names that the architecture has, what was called most often first: minijail's filter compares
 * in this order. */
static void count_names(struct counts *out, const struct output_input *in,
			const struct flat_list *list)
{
	for (size_t i = 0; i < list->names.n; i++) {
		struct counted *c;

		if (!flat_exists(in->policy, list->names.v[i]))
			continue;
		c = VEC_PUSH(out);
		*c = (struct counted){ .name = list->names.v[i],
				       .danger = danger_of(bytes_of(list->names.v[i])) };
		for (size_t k = 0; in->profile != NULL && k < in->profile->rules.n; k++)
			if (strcmp(in->profile->rules.v[k].name.p, c->name) == 0)
				c->events = in->profile->rules.v[k].events;
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), most_first);
}

/* A policy is for one architecture; what is not in it kills, or does what minijail0's own options
 * say. */
static int check_list(const struct flat_list *list, const struct policy *p, struct err *e)
{
	auto_buf struct buf known = { 0 };

	if (!list->allows ||
	    (list->otherwise != ACTION_KILL_PROCESS && list->otherwise != ACTION_KILL_THREAD))
		return err_set(
			e, ST_INPUT,
			"minijail: a policy allows its names and kills all else; %s cannot be said in it "
			"(--default-action kill_process)",
			action_scmp(list->allows ? list->otherwise : list->action));
	for (size_t i = 0; i < p->archs.n; i++)
		buf_printf(&known, "%s%s", i ? " or " : "", arch_name(p->archs.v[i]));
	if (p->archs.n > 1)
		return err_set(e, ST_INPUT, "minijail: a policy is for one architecture: --arch %s",
			       buf_text(&known));
	return 0;
}

static int names_of(struct counts *out, const struct output_input *in, struct err *e)
{
	struct flat_list list;
	int ret = flat_of(&list, in->policy, "minijail", e);

	*out = (struct counts){ 0 };
	if (ret == 0)
		ret = check_list(&list, in->policy, e);
	if (ret == 0)
		count_names(out, in, &list);
	flat_release(&list);
	return ret;
}

static uint32_t the_arch(const struct policy *p)
{
	return p->archs.n ? p->archs.v[0] : arch_native();
}

/*
 * What both the C loader and the Python compiler take: "name: 1" and comments that have a line of
 * their own. source: syscall_filter.c and tools/parser.py of minijail
 */
static int write_minijail(FILE *to, const struct output_input *in, struct err *e)
{
	struct counts names;

	if (names_of(&names, in, e) < 0)
		return -1;
	provenance_write(to, in, "# ");
	provenance_remark(to, "# ", "for %s; what was called most often stands first",
			  arch_name(the_arch(in->policy)));
	for (size_t i = 0; i < names.n; i++) {
		if (syscall_is_recent(names.v[i].name))
			provenance_remark(
				to, "# ",
				"%s needs a minijail0 built with the headers of Linux %s or newer: others refuse the whole policy",
				names.v[i].name, syscall_kernel(names.v[i].name));
		if (names.v[i].danger != NULL)
			provenance_remark(to, "# ", "%s: %s", names.v[i].name, names.v[i].danger);
		fprintf(to, "%s: 1\n", names.v[i].name);
	}
	VEC_FREE(&names);
	return 0;
}

/* How often each was called, by which minijail's compiler orders the filter. */
static int write_frequency(FILE *to, const struct output_input *in, struct err *e)
{
	struct counts names;

	if (in->profile == NULL)
		return err_set(e, ST_INPUT,
			       "minijail-frequency: only records tell how often a call was made");
	if (names_of(&names, in, e) < 0)
		return -1;
	provenance_write(to, in, "# ");
	for (size_t i = 0; i < names.n; i++)
		fprintf(to, "%s: %" PRIu64 "\n", names.v[i].name, names.v[i].events);
	VEC_FREE(&names);
	return 0;
}

const struct output output_minijail = {
	.name = "minijail", .about = "a .policy of minijail, for one architecture",
	.cannot = "any default but kill; conditions, several answers, flags; several architectures",
	.write = write_minijail,
};
const struct output output_minijail_frequency = {
	.name = "minijail-frequency", .about = "the frequency file of minijail's compiler",
	.cannot = "any default but kill; conditions, several answers, flags; several architectures",
	.write = write_frequency,
};
