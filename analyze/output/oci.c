#include "analyze/output.h"

#include "store/model/action.h"
#include "store/model/arch.h"

#include <json-c/json.h>

#define EPERM_OF_LINUX 1
#define PRETTY (JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE)

static void add(json_object *to, const char *name, const char *text)
{
	json_object_object_add(to, name, json_object_new_string(text));
}

/*
 * The runtime-spec's linux.seccomp, as runc, crun, containerd, the kubelet and Docker take it.
 * source: runtime-spec config-linux.md, "Seccomp"; defaultErrnoRet is allowed only where the action takes an errno
 */
static int write_oci(FILE *to, const struct profile *p, struct err *e)
{
	uint32_t otherwise = p->o.block ? (uint32_t)ACTION_ALLOW : p->o.default_action;
	json_object *root = json_object_new_object(), *archs = json_object_new_array(), *all = json_object_new_array();
	json_object *names = json_object_new_array(), *rule = json_object_new_object();

	(void)e;
	add(root, "defaultAction", action_scmp(otherwise));
	if (otherwise == (uint32_t)ACTION_ERRNO)
		json_object_object_add(root, "defaultErrnoRet", json_object_new_int(EPERM_OF_LINUX));
	for (size_t i = 0; i < p->archs.n; i++)
		json_object_array_add(archs, json_object_new_string(arch_scmp(p->archs.v[i])));
	json_object_object_add(root, "architectures", archs);
	for (size_t i = 0; i < p->rules.n; i++)
		json_object_array_add(names, json_object_new_string(p->rules.v[i].name.p));
	json_object_object_add(rule, "names", names);
	add(rule, "action", action_scmp(p->o.block ? (uint32_t)ACTION_ERRNO : (uint32_t)ACTION_ALLOW));
	if (p->o.block)
		json_object_object_add(rule, "errnoRet", json_object_new_int(EPERM_OF_LINUX));
	json_object_array_add(all, rule);
	json_object_object_add(root, "syscalls", all);
	fprintf(to, "%s\n", json_object_to_json_string_ext(root, PRETTY));
	json_object_put(root);
	return 0;
}

const struct output output_oci = { "oci", "JSON for runc, crun, Docker, containerd and the kubelet", write_oci };
