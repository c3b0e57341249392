// SPDX-License-Identifier: Apache-2.0
/*
 * Builds linux.seccomp of the runtime specification, which the formats oci, docker, pod and spo
 * begin with.
 */
#include "analyze/output/oci_json.h"

#include "store/model/action.h"
#include "store/model/arch.h"

static void put_text(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

static void add_errno(json_object *to, const char *name, int error)
{
	if (error != POLICY_NO_ERRNO)
		json_object_object_add(to, name, json_object_new_int(error));
}

static json_object *arg(const struct policy_arg *a)
{
	json_object *out = json_object_new_object();

	json_object_object_add(out, "index", json_object_new_int((int)a->index));
	json_object_object_add(out, "value", json_object_new_uint64(a->value));
	if (a->op == POLICY_MASKED_EQ)
		json_object_object_add(out, "valueTwo", json_object_new_uint64(a->two));
	put_text(out, "op", policy_op_word(a->op));
	return out;
}

json_object *oci_json_words(const char *const *v, size_t n)
{
	json_object *out = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(out, json_object_new_string(v[i]));
	return out;
}

static json_object *rule(const struct policy_rule *r)
{
	json_object *out = json_object_new_object(), *args;

	json_object_object_add(out, "names", oci_json_words(r->names.v, r->names.n));
	put_text(out, "action", action_scmp(r->action));
	add_errno(out, "errnoRet", r->error);
	if (r->args.n == 0)
		return out;
	args = json_object_new_array();
	for (size_t i = 0; i < r->args.n; i++)
		json_object_array_add(args, arg(&r->args.v[i]));
	json_object_object_add(out, "args", args);
	return out;
}

json_object *oci_json(const struct policy *p)
{
	json_object *root = json_object_new_object(), *archs = json_object_new_array(),
		    *all = json_object_new_array();

	put_text(root, "defaultAction", action_scmp(p->default_action));
	add_errno(root, "defaultErrnoRet", p->default_error);
	for (size_t i = 0; i < p->archs.n; i++)
		json_object_array_add(archs, json_object_new_string(arch_scmp(p->archs.v[i])));
	json_object_object_add(root, "architectures", archs);
	if (p->flags.n ||
	    p->has_flags) /* to runc an empty list is none, and a missing one SPEC_ALLOW */
		json_object_object_add(root, "flags", oci_json_words(p->flags.v, p->flags.n));
	for (size_t i = 0; i < p->rules.n; i++)
		json_object_array_add(all, rule(&p->rules.v[i]));
	json_object_object_add(root, "syscalls", all);
	return root;
}
