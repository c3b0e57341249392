// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a list as a profile for Docker, containerd and Podman; an extended one keeps its
 * conditions and comments.
 */
#include "analyze/output/oci_json.h"
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"
#include "store/base/json.h"
#include "store/model/arch.h"

/* Docker has a comment for each rule, so that names without evidence stand apart, to be removed. */

static enum profile_ground ground_of(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->rules.n; i++)
		if (strcmp(p->rules.v[i].name.p, name) == 0)
			return p->rules.v[i].ground;
	return GROUND_SEEN;
}

static void copy_rule(struct policy *out, const struct policy_rule *r, const struct profile *p,
		      enum profile_ground ground)
{
	struct policy_rule *to;
	size_t n = 0;

	for (size_t i = 0; i < r->names.n; i++)
		n += ground_of(p, r->names.v[i]) == ground;
	if (n == 0)
		return;
	to = VEC_PUSH(&out->rules);
	*to = (struct policy_rule){ .action = r->action, .error = r->error };
	for (size_t i = 0; i < r->names.n; i++)
		if (ground_of(p, r->names.v[i]) == ground)
			*VEC_PUSH(&to->names) = r->names.v[i];
}

static void put_comment(json_object *rule, const char *text)
{
	json_object_object_add(rule, "comment", json_object_new_string(text));
}

static void put_origin(json_object *rule, const struct output_input *in)
{
	struct provenance_lines lines;
	auto_buf struct buf text = { 0 };

	provenance_lines(&lines, in);
	for (size_t i = 0; i < lines.n; i++)
		buf_printf(&text, "%s%s", i ? "; " : "", lines.v[i]);
	put_comment(rule, buf_text(&text));
	provenance_lines_release(&lines);
}

/* The list of a profile, which has one rule, as one for each ground that its names stand on. */
static void write_apart(FILE *to, const struct output_input *in)
{
	struct policy apart = { .default_action = in->policy->default_action,
				.default_error = in->policy->default_error };
	VEC(enum profile_ground) grounds = { 0 };
	json_object *doc, *rules;

	for (size_t i = 0; i < in->policy->archs.n; i++)
		*VEC_PUSH(&apart.archs) = in->policy->archs.v[i];
	for (size_t i = 0; i < in->policy->rules.n; i++)
		for (enum profile_ground g = GROUND_SEEN; g < N_GROUNDS; g++) {
			copy_rule(&apart, &in->policy->rules.v[i], in->profile, g);
			while (grounds.n < apart.rules.n)
				*VEC_PUSH(&grounds) = g;
		}
	doc = oci_json(&apart);
	json_object_object_get_ex(doc, "syscalls", &rules);
	for (size_t i = 0; i < grounds.n; i++)
		if (grounds.v[i] == GROUND_SEEN)
			put_origin(json_object_array_get_idx(rules, i), in);
		else
			put_comment(json_object_array_get_idx(rules, i),
				    profile_ground_why(grounds.v[i]));
	json_write(to, doc);
	VEC_FREE(&grounds);
	policy_release(&apart);
}

/* Names and answers alone: what a profile makes of records. */
static bool is_simple(const struct policy *p)
{
	bool simple = !p->has_flags && p->flags.n == 0 && !policy_is_conditional(p);

	for (size_t i = 0; i < p->rules.n; i++)
		simple = simple && p->rules.v[i].args.n == 0 && p->rules.v[i].comment == NULL;
	return simple;
}

/* ---- conditions, of a base ---- */

static void put_words(json_object *to, const char *name, const struct policy_words *words)
{
	if (words->n)
		json_object_object_add(to, name, oci_json_words(words->v, words->n));
}

static void put_when(json_object *rule, const char *name, const struct policy_when *w)
{
	json_object *out = json_object_new_object();
	char kernel[32];

	put_words(out, "caps", &w->caps);
	put_words(out, "arches", &w->archs);
	if (policy_kernel_said(w->kernel)) {
		snprintf(kernel, sizeof(kernel), "%u.%u", w->kernel.major, w->kernel.minor);
		json_object_object_add(out, "minKernel", json_object_new_string(kernel));
	}
	if (json_object_object_length(out) > 0)
		json_object_object_add(rule, name, out);
	else
		json_object_put(out);
}

/* Docker takes either of "architectures" and "archMap". */
static void put_families(json_object *doc, const struct policy *p)
{
	json_object *map = json_object_new_array();

	for (size_t i = 0; i < p->families.n; i++) {
		const struct policy_family *f = &p->families.v[i];
		json_object *row = json_object_new_object(), *subs = json_object_new_array();

		json_object_object_add(row, "architecture",
				       json_object_new_string(arch_scmp(f->arch)));
		for (size_t k = 0; k < f->subs.n; k++)
			json_object_array_add(subs,
					      json_object_new_string(arch_scmp(f->subs.v[k])));
		json_object_object_add(row, "subArchitectures", subs);
		json_object_array_add(map, row);
	}
	json_object_object_del(doc, "architectures");
	json_object_object_add(doc, "archMap", map);
}

/* The base's own comments stay; where the list comes from is said at the last rule that has none.
 */
static void write_whole(FILE *to, const struct output_input *in)
{
	const struct policy *p = in->policy;
	json_object *doc = oci_json(p), *rules, *bare = NULL;

	if (p->families.n)
		put_families(doc, p);
	json_object_object_get_ex(doc, "syscalls", &rules);
	for (size_t i = 0; i < p->rules.n; i++) {
		json_object *rule = json_object_array_get_idx(rules, i);

		put_when(rule, "includes", &p->rules.v[i].includes);
		put_when(rule, "excludes", &p->rules.v[i].excludes);
		if (p->rules.v[i].comment != NULL)
			put_comment(rule, p->rules.v[i].comment);
		else
			bare = rule;
	}
	if (bare != NULL)
		put_origin(bare, in);
	json_write(to, doc);
}

static int write_docker(FILE *to, const struct output_input *in, struct err *e)
{
	(void)e;
	if (in->profile != NULL && is_simple(in->policy))
		write_apart(to, in);
	else
		write_whole(to, in);
	return 0;
}

const struct output output_docker = {
	.name = "docker",
	.about = "JSON for Docker, with comments: names without evidence stand apart",
	.write = write_docker,
	.args = true,
	.conditions = true,
};
