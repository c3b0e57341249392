// SPDX-License-Identifier: Apache-2.0
/* Finds SeccompProfiles in Kubernetes' objects, reads the one that is wanted, and judges
 * securityContexts. */
#include "analyze/input/kube.h"

#include "store/base/esc.h"

#include <stdarg.h>
#include <stdlib.h>

#define BASES_DEEP 8
#define ITEMS_DEEP 4
#define PROFILES_MAX 1000

static json_object *member(json_object *o, const char *name)
{
	json_object *out = NULL;

	if (json_object_is_type(o, json_type_object))
		json_object_object_get_ex(o, name, &out);
	return out;
}

static const char *text_of(json_object *o)
{
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";
}

static const char *kind_of(json_object *o)
{
	return text_of(member(o, "kind"));
}

static const char *name_of(json_object *o)
{
	return text_of(member(member(o, "metadata"), "name"));
}

bool kube_is(json_object *o)
{
	return kind_of(o)[0] != '\0' && text_of(member(o, "apiVersion"))[0] != '\0';
}

static bool is_list(json_object *o)
{
	size_t n = strlen(kind_of(o));

	return n >= 4 && strcmp(kind_of(o) + n - 4, "List") == 0 &&
	       json_object_is_type(member(o, "items"), json_type_array);
}

/* SeccompProfiles, those in Lists as well; and the kind of something else. */
struct profiles { VEC(json_object *) v; const char *other; };

static void find_profiles(struct profiles *out, json_object *o, unsigned depth)
{
	if (is_list(o) && depth < ITEMS_DEEP) {
		json_object *items = member(o, "items");

		for (size_t i = 0; i < json_object_array_length(items); i++)
			find_profiles(out, json_object_array_get_idx(items, i), depth + 1);
	} else if (strcmp(kind_of(o), "SeccompProfile") == 0) {
		if (out->v.n <= PROFILES_MAX)
			*VEC_PUSH(&out->v) = o;
	} else if (kind_of(o)[0] != '\0') {
		out->other = kind_of(o);
	}
}

/* ---- what a profile is built on ---- */

static int add_base(const struct reading *r, const struct profiles *all, const char *name,
		    unsigned depth);

/* Its rules, without its own head. */
static int read_rules(const struct reading *r, const struct profiles *all, json_object *o,
		      unsigned depth)
{
	json_object *spec = member(o, "spec"), *only = json_object_new_object(),
		    *rules = member(spec, "syscalls");
	const char *base = text_of(member(spec, "baseProfileName"));
	struct policy head = { .default_action = r->p->default_action,
			       .default_error = r->p->default_error,
			       .listener = r->p->listener,
			       .has_flags = r->p->has_flags };
	int ret;

	json_object_object_add(only, "defaultAction", json_object_new_string("SCMP_ACT_ERRNO"));
	if (rules != NULL)
		json_object_object_add(only, "syscalls", json_object_get(rules));
	ret = input_object(r, only, "spec.");
	r->p->default_action = head.default_action;
	r->p->default_error = head.default_error;
	r->p->listener = head.listener;
	r->p->has_flags = head.has_flags;
	json_object_put(only);
	return ret < 0 || base[0] == '\0' ? ret : add_base(r, all, base, depth + 1);
}

static json_object *find(const struct profiles *all, const char *name)
{
	for (size_t i = 0; i < all->v.n; i++)
		if (strcmp(name_of(all->v.v[i]), name) == 0)
			return all->v.v[i];
	return NULL;
}

/* NAME.yaml, NAME.yml or NAME.json in the folder of the file that is read. 1: there is none. */
static int load_beside(const struct reading *r, const char *name, struct yaml_documents *docs)
{
	static const char *const ends[] = { "yaml", "yml", "json" };
	const char *slash = r->p->path ? strrchr(r->p->path, '/') : NULL;

	if (r->p->path == NULL || strchr(name, '/') != NULL || name[0] == '.')
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		auto_buf struct buf path = { 0 }, text = { 0 };
		struct err none = { 0 };

		buf_add(&path, r->p->path, slash ? (size_t)(slash - r->p->path) + 1 : 0);
		buf_printf(&path, "%s.%s", name, ends[i]);
		if (input_load(&text, buf_text(&path), &none) == 0)
			return yaml_read(r, buf_bytes(&text), docs);
	}
	return 1;
}

/* The operator joins the rules of both. source: internal/pkg/daemon/seccompprofile of
 * security-profiles-operator */
static int add_base(const struct reading *r, const struct profiles *all, const char *name,
		    unsigned depth)
{
	struct yaml_documents docs = { 0 };
	struct profiles beside = { 0 };
	json_object *base = find(all, name);
	char shown[80];
	int ret = 0;

	esc_word(shown, sizeof(shown), bytes_of(name));
	if (depth > BASES_DEEP)
		return err_set(r->e, ST_INPUT, "%s: baseProfileName: more than %d profiles deep",
			       r->file, BASES_DEEP);
	if (base != NULL)
		return read_rules(r, all, base, depth);
	if (strstr(name, "://") == NULL)
		ret = load_beside(r, name, &docs);
	for (size_t i = 0; i < docs.n && ret == 0; i++)
		find_profiles(&beside, docs.v[i], 0);
	base = find(&beside, name);
	if (ret == 0 && base != NULL)
		ret = read_rules(r, &beside, base, depth);
	else if (ret >= 0)
		policy_unread(
			r->p,
			strstr(name, "://") ?
				"spec.baseProfileName: %s lies in a registry: what it adds is not here" :
				"spec.baseProfileName: %s is neither in this file nor beside it: what it adds is not here",
			shown);
	VEC_FREE(&beside.v);
	yaml_release(&docs);
	return ret < 0 ? -1 : 0;
}

/* The spec, without what says nothing about the filter. */
static int read_profile(const struct reading *r, const struct profiles *all, json_object *o)
{
	json_object *spec = member(o, "spec");
	const char *base;
	int ret;

	if (!json_object_is_type(spec, json_type_object))
		return err_set(r->e, ST_INPUT, "%s: spec: not an object", r->file);
	base = policy_keep(r->p, text_of(member(spec, "baseProfileName")));
	json_object_object_del(spec, "baseProfileName");
	json_object_object_del(spec, "state");
	json_object_object_del(spec, "disabled");
	json_object_object_del(spec, "targetWorkload"); /* v1alpha1 */
	ret = input_object(r, spec, "spec.");
	return ret < 0 || base[0] == '\0' ? ret : add_base(r, all, base, 1);
}

/* ---- one of several ---- */

static int no_profile(const struct reading *r, const struct profiles *all)
{
	char shown[60];

	if (all->other == NULL)
		return err_set(r->e, ST_INPUT, "%s: no document of kind SeccompProfile", r->file);
	return err_set(r->e, ST_INPUT, "%s: no document of kind SeccompProfile, but a %s%s",
		       r->file, esc_word(shown, sizeof(shown), bytes_of(all->other)),
		       strcmp(all->other, "ConfigMap") == 0 ?
			       ": the profile in its data has to be taken out" :
			       ": lint looks at its securityContexts, if it runs containers");
}

static int several(const struct reading *r)
{
	auto_buf struct buf names = { 0 };
	char shown[80];

	for (size_t i = 0; i < r->p->profiles.n && i < 20; i++)
		buf_printf(&names, "%s%s", i ? ", " : "",
			   esc_word(shown, sizeof(shown), bytes_of(r->p->profiles.v[i])));
	return err_set(r->e, ST_INPUT, "%s: %zu profiles: --name chooses one (%s%s)", r->file,
		       r->p->profiles.n, buf_text(&names), r->p->profiles.n > 20 ? " ..." : "");
}

int kube_read(const struct reading *r, json_object *const *v, size_t n)
{
	struct profiles all = { 0 };
	json_object *chosen = NULL;
	int ret;

	for (size_t i = 0; i < n; i++)
		find_profiles(&all, v[i], 0);
	for (size_t i = 0; i < all.v.n; i++)
		*VEC_PUSH(&r->p->profiles) = policy_keep(r->p, name_of(all.v.v[i]));
	if (r->p->pick != NULL)
		chosen = find(&all, r->p->pick);
	else if (r->p->nth > 0 && r->p->nth <= all.v.n)
		chosen = all.v.v[r->p->nth - 1];
	else if (all.v.n == 1)
		chosen = all.v.v[0];
	if (chosen != NULL)
		ret = read_profile(r, &all, chosen);
	else
		ret = all.v.n == 0 ? no_profile(r, &all) : several(r);
	VEC_FREE(&all.v);
	return ret;
}

/* ---- securityContexts ---- */

static void found(struct kube_findings *out, enum kube_severity severity, const char *why,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void found(struct kube_findings *out, enum kube_severity severity, const char *why,
		  const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*VEC_PUSH(out) = (struct kube_finding){ severity, mem_dup(text), why };
}

static void judge_file(struct kube_findings *out, const char *who, const char *file)
{
	char shown[160];

	esc_word(shown, sizeof(shown), bytes_of(file));
	if (file[0] == '\0')
		found(out, KUBE_ERROR, "the API server refuses it",
		      "%s: Localhost without a localhostProfile", who);
	else if (file[0] == '/' || strstr(file, "..") != NULL)
		found(out, KUBE_ERROR,
		      "the path has to be one below the kubelet's folder: the API server refuses it",
		      "%s: localhostProfile %s", who, shown);
	else
		found(out, KUBE_NOTE, "the profile to look at, on each node",
		      "%s: Localhost: /var/lib/kubelet/seccomp/%s", who, shown);
}

static void judge_profile(struct kube_findings *out, const char *who, json_object *profile)
{
	const char *type = text_of(member(profile, "type")),
		   *file = text_of(member(profile, "localhostProfile"));
	char shown[60];

	if (strcmp(type, "Localhost") == 0) {
		judge_file(out, who, file);
		return;
	}
	if (strcmp(type, "RuntimeDefault") == 0)
		found(out, KUBE_NOTE, "the container runtime's own list", "%s: RuntimeDefault",
		      who);
	else if (strcmp(type, "Unconfined") == 0)
		found(out, KUBE_WARNING, "no filter at all", "%s: Unconfined", who);
	else
		found(out, KUBE_ERROR,
		      "there are RuntimeDefault, Localhost and Unconfined: the API server refuses others",
		      "%s: seccompProfile type '%s'", who,
		      esc_word(shown, sizeof(shown), bytes_of(type)));
	if (file[0] != '\0')
		found(out, KUBE_ERROR, "only type Localhost takes one: the API server refuses it",
		      "%s: a localhostProfile", who);
}

static void judge_container(struct kube_findings *out, json_object *c, json_object *of_pod,
			    const char *pod)
{
	json_object *context = member(c, "securityContext"),
		    *profile = member(context, "seccompProfile");
	char who[200], name[80], shown[80];

	esc_word(name, sizeof(name), bytes_of(text_of(member(c, "name"))));
	snprintf(who, sizeof(who), "%s, container %s",
		 esc_word(shown, sizeof(shown), bytes_of(pod)), name);
	if (json_object_get_boolean(member(context, "privileged")))
		found(out, KUBE_WARNING,
		      "a privileged container runs without a filter, whatever its seccompProfile",
		      "%s: privileged", who);
	if (profile == NULL)
		profile = of_pod;
	if (profile == NULL)
		found(out, KUBE_WARNING, "no filter, unless the kubelet's seccompDefault is on",
		      "%s: no seccompProfile", who);
	else
		judge_profile(out, who, profile);
}

static bool judge_pod(struct kube_findings *out, json_object *spec, json_object *metadata,
		      const char *name)
{
	static const char *const lists[] = { "initContainers", "containers",
					     "ephemeralContainers" };
	json_object *profile = member(member(spec, "securityContext"), "seccompProfile"),
		    *annotations = member(metadata, "annotations");
	bool some = false;

	if (member(annotations, "seccomp.security.alpha.kubernetes.io/pod") != NULL)
		found(out, KUBE_WARNING,
		      "Kubernetes from 1.27 on passes over it: seccompProfile is what counts",
		      "annotation seccomp.security.alpha.kubernetes.io/pod");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		json_object *list = member(spec, lists[i]);

		for (size_t k = 0; json_object_is_type(list, json_type_array) &&
				   k < json_object_array_length(list);
		     k++) {
			judge_container(out, json_object_array_get_idx(list, k), profile, name);
			some = true;
		}
	}
	return some;
}

/* A Pod has its spec at once; a Deployment, a Job ... has a template, a CronJob one of a Job. */
static bool judge_object(struct kube_findings *out, json_object *o, unsigned depth)
{
	json_object *spec = member(o, "spec"), *template = member(spec, "template"),
		    *job = member(spec, "jobTemplate");
	bool some = false;

	if (is_list(o) && depth < ITEMS_DEEP) {
		json_object *items = member(o, "items");

		for (size_t i = 0; i < json_object_array_length(items); i++)
			some |= judge_object(out, json_object_array_get_idx(items, i), depth + 1);
		return some;
	}
	if (job != NULL)
		template = member(member(job, "spec"), "template");
	if (template != NULL)
		return judge_pod(out, member(template, "spec"), member(template, "metadata"),
				 name_of(o));
	return strcmp(kind_of(o), "Pod") == 0 &&
	       judge_pod(out, spec, member(o, "metadata"), name_of(o));
}

bool kube_contexts(struct bytes text, struct kube_findings *out)
{
	struct err none = { 0 };
	struct policy scratch;
	struct reading r = { .p = &scratch, .file = "", .e = &none };
	struct yaml_documents docs = { 0 };
	bool some = false;

	policy_init(&scratch);
	*out = (struct kube_findings){ 0 };
	if (yaml_read(&r, text, &docs) == 0)
		for (size_t i = 0; i < docs.n; i++)
			some |= kube_is(docs.v[i]) && judge_object(out, docs.v[i], 0);
	yaml_release(&docs);
	policy_release(&scratch);
	return some;
}

void kube_findings_release(struct kube_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].what);
	VEC_FREE(f);
}
