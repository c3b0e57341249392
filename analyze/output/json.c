// SPDX-License-Identifier: Apache-2.0
/*
 * Writes all that is known of a list as JSON: each name with its ground, callers, counts, and what
 * the list rests on.
 */
#include "analyze/evidence/kinds.h"
#include "analyze/evidence/builds.h"
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"
#include "analyze/policy/runtime.h"
#include "store/base/json.h"

#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <json-c/json.h>

/* ---- values ---- */

static void put_bytes(json_object *to, const char *name, struct bytes b)
{
	json_put_text(to, name, true, b);
}

/* A file's own words may be no UTF-8. */
static void put_word(json_object *to, const char *name, const char *text)
{
	json_put_text(to, name, text != NULL, bytes_of(text ? text : ""));
}

static void put_count(json_object *to, const char *name, uint64_t v)
{
	json_object_object_add(to, name, json_object_new_uint64(v));
}

static void put_bool(json_object *to, const char *name, bool v)
{
	json_object_object_add(to, name, json_object_new_boolean(v));
}

static void put_errno(json_object *to, int error)
{
	json_object_object_add(to, "errno",
			       error == POLICY_NO_ERRNO ? NULL : json_object_new_int(error));
}

static json_object *put_list(json_object *to, const char *name)
{
	json_object *list = json_object_new_array();

	json_object_object_add(to, name, list);
	return list;
}

static json_object *put_object(json_object *list)
{
	json_object *o = json_object_new_object();

	json_object_array_add(list, o);
	return o;
}

static void put_item(json_object *list, const char *text)
{
	auto_buf struct buf clean = { 0 };

	esc_utf8(&clean, bytes_of(text));
	json_object_array_add(list,
			      json_object_new_string_len(clean.n ? clean.p : "", (int)clean.n));
}

/* ---- where it comes from ---- */

static void put_nodes(json_object *to, const struct profile *p)
{
	json_object *list = put_list(to, "nodes");
	struct provenance_nodes nodes;

	provenance_nodes(&nodes, p);
	for (size_t i = 0; i < nodes.n; i++)
		put_bytes(put_object(list), "node", nodes.v[i]);
	VEC_FREE(&nodes);
}

static void put_binaries(json_object *to, const struct profile *p)
{
	json_object *list = put_list(to, "binaries");
	struct builds builds;

	builds_find(&builds, p->q, p->s);
	for (size_t i = 0; i < builds.n; i++)
		json_object_array_add(list, builds_json(&builds.v[i]));
	VEC_FREE(&builds);
}

/* By what means the calls are known: records, or calls that a tool saw, which count as none. */
static void put_kinds(json_object *to, const struct profile *p)
{
	json_object *list = put_list(to, "kinds");
	struct kinds k;

	kinds_find(&k, p->q, p->s);
	for (int i = 0; i < N_KINDS; i++) {
		auto_buf struct buf gaps = { 0 };
		json_object *one;

		if (k.of[i].trees == 0)
			continue;
		one = put_object(list);
		put_word(one, "kind", kind_at((enum kind)i)->name);
		put_count(one, "trees", k.of[i].trees);
		put_count(one, "records", k.of[i].records);
		put_count(one, "calls", k.of[i].made);
		if (i != KIND_SECCOMP)
			kind_gaps(&gaps, (enum kind)i, k.of[i].facts);
		put_word(one, "missing", gaps.n ? buf_text(&gaps) : NULL);
	}
}

static void put_evidence(json_object *to, const struct output_input *in)
{
	const struct selection *s = in->profile->s;
	json_object *o = json_object_new_object();

	put_count(o, "records", s->records);
	put_count(o, "trees", s->trees);
	put_kinds(o, in->profile);
	put_count(o, "starts", s->starts);
	put_count(o, "fragments", s->fragments);
	put_count(o, "ways", s->ways);
	json_put_time(o, "first", s->t_first);
	json_put_time(o, "last", s->t_last);
	put_nodes(o, in->profile);
	put_binaries(o, in->profile);
	put_word(o, "loss", in->from->loss);
	put_word(o, "readiness", in->from->readiness);
	put_bool(o, "trusted_only", in->profile->q->trusted);
	put_bool(o, "denied_included", in->profile->o.include_denied);
	json_object_object_add(to, "evidence", o);
}

static void put_head(json_object *to, const struct output_input *in)
{
	const struct policy *p = in->policy;
	const struct runtime *runtime = in->profile ? in->profile->o.runtime : NULL;
	json_object *archs, *flags;

	put_word(to, "scaudit", in->from->version);
	put_word(to, "selector", in->from->source ? NULL : in->from->selector);
	put_word(to, "source", in->from->source);
	put_word(to, "default_action", action_scmp(p->default_action));
	put_errno(to, p->default_error);
	archs = put_list(to, "architectures");
	for (size_t i = 0; i < p->archs.n; i++)
		put_item(archs, arch_scmp(p->archs.v[i]));
	flags = put_list(to, "flags");
	for (size_t i = 0; i < p->flags.n; i++)
		put_item(flags, p->flags.v[i]);
	if (in->profile != NULL)
		put_evidence(to, in);
	else
		json_object_object_add(to, "evidence", NULL);
	put_word(to, "runtime", runtime && in->profile->runtime_unseen ? runtime->version : NULL);
}

/* ---- calls ---- */

static void put_callers(json_object *to, const struct profile *p, const struct profile_rule *r)
{
	json_object *list = put_list(to, "callers");
	struct profile_callers callers;

	profile_callers(&callers, p, r);
	for (size_t i = 0; i < callers.n; i++) {
		const struct profile_caller *c = &callers.v[i];
		json_object *o = put_object(list);

		put_bytes(o, "path", c->path);
		put_bytes(o, "comm", c->comm);
		json_put_text(o, "subj", c->subj.n > 0, c->subj);
		put_count(o, "events", c->events);
		put_count(o, "denied", c->denied);
		put_count(o, "trees", c->trees);
		put_count(o, "starts", c->starts);
		json_put_time(o, "first", c->t_first);
		json_put_time(o, "last", c->t_last);
		put_bool(o, "trusted", c->trusted);
	}
	profile_callers_release(&callers);
}

static void put_number(json_object *list, uint32_t arch, int32_t nr)
{
	json_object *o;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		json_object *before = json_object_array_get_idx(list, i);

		if (json_object_get_int(json_object_object_get(before, "nr")) == nr &&
		    strcmp(json_object_get_string(json_object_object_get(before, "arch")),
			   arch_name(arch)) == 0)
			return;
	}
	o = put_object(list);
	put_word(o, "arch", arch_name(arch));
	json_object_object_add(o, "nr", json_object_new_int(nr));
}

/* By which numbers the evidence shows it; of what has none, those of the list's architectures. */
static void put_numbers(json_object *to, const struct output_input *in,
			const struct profile_rule *r, const char *name)
{
	json_object *list = put_list(to, "numbers");
	const struct policy *p = in->policy;

	for (size_t i = 0; r != NULL && i < r->uses.n; i++) {
		const struct query *q = in->profile->q;
		const struct query_call *c = &q->calls.v[q->uses.v[r->uses.v[i]].call];

		put_number(list, arch_of(c->arch, c->nr), c->nr);
	}
	for (size_t i = 0; (r == NULL || r->uses.n == 0) && i < p->archs.n; i++) {
		int32_t nr = syscall_number(p->archs.v[i], name);

		if (nr != INT32_MIN)
			put_number(list, p->archs.v[i], nr);
	}
}

static void put_seen(json_object *to, const struct output_input *in, const struct profile_rule *r)
{
	put_word(to, "ground", profile_ground_word(r->ground));
	put_count(to, "events", r->events);
	put_count(to, "denied", r->denied);
	put_count(to, "starts", r->starts);
	put_bool(to, "text_only", r->uses.n > 0 && r->text_only);
	put_bool(to, "others_only", r->uses.n > 0 && r->others_only);
	put_word(to, "danger", r->danger);
	put_callers(to, in->profile, r);
}

static void put_args(json_object *to, const struct policy_rule *r)
{
	json_object *list = put_list(to, "args");

	for (size_t i = 0; i < r->args.n; i++) {
		json_object *o = put_object(list);

		put_count(o, "index", r->args.v[i].index);
		put_word(o, "op", policy_op_word(r->args.v[i].op));
		put_count(o, "value", r->args.v[i].value);
		put_count(o, "value_two", r->args.v[i].two);
	}
}

static const struct profile_rule *evidence_of(const struct profile *p, const char *name)
{
	for (size_t i = 0; p != NULL && i < p->rules.n; i++)
		if (bytes_eq(p->rules.v[i].name, bytes_of(name)))
			return &p->rules.v[i];
	return NULL;
}

static void put_call(json_object *list, const struct output_input *in,
		     const struct policy_rule *rule, const char *name)
{
	const struct profile_rule *r = evidence_of(in->profile, name);
	json_object *o = put_object(list);

	put_word(o, "name", name);
	put_word(o, "action", action_scmp(rule->action));
	put_errno(o, rule->error);
	if (rule->comment != NULL)
		put_bytes(o, "comment", bytes_of(rule->comment));
	put_args(o, rule);
	put_numbers(o, in, r, name);
	if (r != NULL)
		put_seen(o, in, r);
}

/* Those that the evidence shows and the list does not have. */
static void put_others(json_object *to, const char *key, const struct output_input *in,
		       const struct profile_rule *v, size_t n)
{
	json_object *list = put_list(to, key);

	for (size_t i = 0; i < n; i++) {
		json_object *o = put_object(list);

		put_bytes(o, "name", v[i].name);
		put_numbers(o, in, &v[i], v[i].name.p);
		put_seen(o, in, &v[i]);
	}
}

static void put_unnamed(json_object *to, const struct profile *p)
{
	json_object *list = put_list(to, "unnamed");

	for (size_t i = 0; i < p->unnamed.n; i++) {
		json_object *o = put_object(list);
		char hex[16];

		snprintf(hex, sizeof(hex), "%x", p->unnamed.v[i].arch);
		put_word(o, "arch", hex);
		json_object_object_add(o, "nr", json_object_new_int(p->unnamed.v[i].nr));
		put_count(o, "events", p->unnamed.v[i].events);
	}
}

/* All that is known: the list, and of each name who called it how often, when, and by what the list
 * knows. */
static int write_json(FILE *to, const struct output_input *in, struct err *e)
{
	json_object *root = json_object_new_object(), *list;

	(void)e;
	put_head(root, in);
	list = put_list(root, "syscalls");
	for (size_t i = 0; i < in->policy->rules.n; i++)
		for (size_t k = 0; k < in->policy->rules.v[i].names.n; k++)
			put_call(list, in, &in->policy->rules.v[i],
				 in->policy->rules.v[i].names.v[k]);
	if (in->profile != NULL) {
		put_others(root, "denied", in, in->profile->denied.v, in->profile->denied.n);
		put_unnamed(root, in->profile);
	}
	json_write(to, root);
	return 0;
}

const struct output output_json = {
	.name = "json", .about = "the list with all that is known of it: evidence, callers, loss",
	.write = write_json, .args = true,
};
