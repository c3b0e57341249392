// SPDX-License-Identifier: Apache-2.0
/*
 * bpf: makes a filter of a profile, in the form that bubblewrap's --seccomp takes.
 *
 *	bpf FILE > FILTER       FILE: an OCI profile as scaudit writes it: names without conditions
 *	bpf --highest           prints the name with the highest number that libseccomp knows here
 *
 * Exit status: 0; 125 anything else.
 */
#include <errno.h>
#include <json-c/json.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ST_OWN = 125, NUMBERS = 1000 };

static const struct { const char *name; uint32_t action;
} actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(EPERM) },
};
static const struct { const char *name; uint32_t arch;
} archs[] = {
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 }, { "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },	  { "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
};

static void fail(const char *what, int error)
{
	fprintf(stderr, "bpf: %s%s%s\n", what, error ? ": " : "", error ? strerror(error) : "");
	exit(ST_OWN);
}

static json_object *member(json_object *of, const char *name)
{
	json_object *got;

	if (!json_object_object_get_ex(of, name, &got))
		fail(name, ENOENT);
	return got;
}

static uint32_t action_of(json_object *of, const char *name)
{
	const char *text = json_object_get_string(member(of, name));

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(actions[i].name, text) == 0)
			return actions[i].action;
	fail(text, EINVAL);
	return 0;
}

static void add_arch(scmp_filter_ctx to, const char *name)
{
	for (size_t i = 0; i < sizeof(archs) / sizeof(*archs); i++) {
		int ret = strcmp(archs[i].name, name) == 0 ? seccomp_arch_add(to, archs[i].arch) :
							     -EEXIST;

		if (ret != 0 && ret != -EEXIST)
			fail(name, -ret);
	}
}

static void add_rules(scmp_filter_ctx to, json_object *rule)
{
	json_object *names = member(rule, "names");
	uint32_t action = action_of(rule, "action");

	for (size_t i = 0; i < json_object_array_length(names); i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(names, i));
		int nr = seccomp_syscall_resolve_name(name);
		int ret = nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(to, action, nr, 0);

		if (ret != 0)
			fail(name, -ret);
	}
}

static void write_filter(const char *path)
{
	json_object *profile = json_object_from_file(path), *list;
	scmp_filter_ctx filter;

	if (profile == NULL)
		fail(path, errno);
	filter = seccomp_init(action_of(profile, "defaultAction"));
	if (filter == NULL)
		fail("seccomp_init", EINVAL);
	list = member(profile, "architectures");
	for (size_t i = 0; i < json_object_array_length(list); i++)
		add_arch(filter, json_object_get_string(json_object_array_get_idx(list, i)));
	if (json_object_object_get_ex(profile, "syscalls", &list))
		for (size_t i = 0; i < json_object_array_length(list); i++)
			add_rules(filter, json_object_array_get_idx(list, i));
	if (seccomp_export_bpf(filter, STDOUT_FILENO) != 0)
		fail("cannot write the filter", EIO);
	seccomp_release(filter);
	json_object_put(profile);
}

static void print_highest(void)
{
	for (int nr = NUMBERS; nr > 0; nr--) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);

		if (name == NULL)
			continue;
		printf("%s\n", name);
		free(name);
		return;
	}
}

int main(int argc, char **argv)
{
	if (argc != 2)
		fail("usage: bpf FILE | --highest", 0);
	if (strcmp(argv[1], "--highest") == 0)
		print_highest();
	else
		write_filter(argv[1]);
	return 0;
}
