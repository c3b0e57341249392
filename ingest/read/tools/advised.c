// SPDX-License-Identifier: Apache-2.0
/*
 * Profiles that tools wrote of what they saw: Inspektor Gadget's advise_seccomp, a comment and an
 * OCI profile for each container, and oci-seccomp-bpf-hook's, which is a profile like any other and
 * so has to be asked for.
 */
#include "ingest/read/tools/tool_json.h"

#include "store/base/mem.h"
#include "store/model/action.h"

#include <stdlib.h>

struct advised { struct tool_callers callers; struct buf text; struct bytes name; bool too_long; };

static struct advised *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct advised));
	return r->state;
}

static int rule(struct tool_reading *r, struct advised *t, json_object *rule, struct err *e)
{
	json_object *names = tool_json_at(rule, "names");
	struct bytes word = tool_json_text(rule, "action");
	char action[32];
	uint32_t code;
	int ret = 0;

	snprintf(action, sizeof(action), "%.*s", (int)(word.n < 31 ? word.n : 31), word.p);
	if (!action_parse(action, &code) || !action_passes(code) || names == NULL ||
	    !json_object_is_type(names, json_type_array))
		return 0;
	for (size_t i = 0; i < json_object_array_length(names) && ret == 0; i++) {
		json_object *name = json_object_array_get_idx(names, i);
		struct bytes text = json_object_is_type(name, json_type_string) ?
					    bytes_of(json_object_get_string(name)) :
					    BYTES("");
		int32_t nr = tool_number(&r->names, r->arch, text);

		/* "syscall_1f4" is a byte of the gadget's state, which it reads as a call; "" a
		 * number that the hook had no name for */
		if (nr == TOOL_NO_NUMBER) {
			r->other++;
			continue;
		}
		r->calls++;
		ret = r->take.call(r->take.to,
				   &(struct tool_call){ .who = tool_caller(r, &t->callers, 1,
									   t->name, BYTES("")),
							.nr = nr,
							.ms = WHEN_NONE,
							.serial = r->serial,
							.presence = true },
				   e);
	}
	return ret;
}

/* What was gathered is a profile. */
static int take(struct tool_reading *r, struct advised *t, struct err *e)
{
	json_object *o = tool_json_parse(buf_bytes(&t->text)),
		    *rules = o ? tool_json_at(o, "syscalls") : NULL;
	int ret = 0;

	if (t->name.n == 0)
		t->name = BYTES("(unknown)");
	if (rules != NULL && json_object_is_type(rules, json_type_array))
		for (size_t i = 0; i < json_object_array_length(rules) && ret == 0; i++)
			ret = rule(r, t, json_object_array_get_idx(rules, i), e);
	else if (t->text.n > 0)
		tool_damaged(r,
			     t->too_long ? "the profile is over 4 MB" : "it is no profile of OCI's",
			     buf_bytes(&t->text));
	json_object_put(o);
	t->text.n = 0;
	return ret;
}

static int line_of(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct advised *t = state_of(r);
	int ret = 0;

	bytes_trim_right(&line);
	if (bytes_take(&line, BYTES("//"))) {
		ret = take(r, t, e);
		bytes_trim_left(&line);
		t->name = tool_keep(r, line);
		return ret;
	}
	t->too_long = t->too_long || t->text.n + line.n > TOOL_WHOLE_MAX;
	if (t->too_long || line.n == 0)
		return 0;
	buf_add(&t->text, line.p, line.n);
	buf_char(&t->text, '\n');
	return 0;
}

static int end(struct tool_reading *r, struct err *e)
{
	return take(r, state_of(r), e);
}

static void release(struct tool_reading *r)
{
	struct advised *t = r->state;

	if (t == NULL)
		return;
	tool_callers_release(&t->callers);
	buf_release(&t->text);
	free(t);
}

/* "// name" before a profile; a profile alone is none of this tool's. */
static enum tool_says ig_says(struct bytes line, struct tool_names *names)
{
	struct bytes b = line;

	(void)names;
	bytes_trim_left(&b);
	if (bytes_starts(line, BYTES("// ")))
		return TOOL_OWN;
	return b.n && strchr("{}[]\"", b.p[0]) != NULL ? TOOL_NOISE : TOOL_FOREIGN;
}

static enum tool_says hook_says(struct bytes line, struct tool_names *names)
{
	(void)line;
	(void)names;
	return TOOL_FOREIGN;
}

const struct tool tool_ig_advise = { .name = "ig-advise",
				     .kind = KIND_IG_ADVISE,
				     .says = ig_says,
				     .line = line_of,
				     .end = end,
				     .release = release,
				     .needs = BYTES("\"SCMP_ACT_") };
const struct tool tool_oci_hook = { .name = "oci-hook",
				    .kind = KIND_OCI_HOOK,
				    .asked = true,
				    .says = hook_says,
				    .line = line_of,
				    .end = end,
				    .release = release };
