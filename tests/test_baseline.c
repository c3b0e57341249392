// SPDX-License-Identifier: Apache-2.0
/* What a list gets without evidence: the floor, a file of the user's, the runtimes' tables. */
#include "tests/test.h"

#include "analyze/policy/danger.h"
#include "analyze/policy/runtime.h"
#include "analyze/profile/baseline.h"
#include "analyze/profile/profile.h"
#include "store/model/syscall.h"

#include <unistd.h>

static void baseline_holds_no_dangerous_name(void **state)
{
	const char *why, *name;

	(void)state;
	for (size_t i = 0; (name = baseline_at(i, &why)) != NULL; i++)
		if (danger_of(bytes_of(name)) != NULL)
			fail_msg("%s is in both tables", name);
}

static void baseline_is_sorted_known_and_says_why(void **state)
{
	const char *why, *name, *before = "";

	(void)state;
	assert_non_null(baseline_at(0, &why));
	for (size_t i = 0; (name = baseline_at(i, &why)) != NULL; i++) {
		assert_true(strcmp(before, name) < 0);
		assert_true(syscall_is_known(name));
		assert_true(strlen(why) > 0);
		before = name;
	}
}

static bool has_call(const struct runtime *r, const char *name)
{
	const char *call;

	for (size_t i = 0; (call = runtime_call(r, i)) != NULL; i++)
		if (strcmp(call, name) == 0)
			return true;
	return false;
}

static void runtimes_have_known_names_none_of_them_dangerous(void **state)
{
	(void)state;
	for (size_t i = 0; runtime_at(i) != NULL; i++) {
		const struct runtime *r = runtime_at(i);
		const char *before = "", *call;

		assert_ptr_equal(runtime_of(r->name), r);
		assert_true(strlen(r->version) > 0);
		assert_non_null(runtime_call(r, 0));
		assert_true((r->first == NULL || has_call(r, r->first)) &&
			    (r->first_nnp == NULL || has_call(r, r->first_nnp)));
		for (size_t k = 0; (call = runtime_call(r, k)) != NULL; k++) {
			assert_true(strcmp(before, call) < 0);
			assert_true(syscall_is_known(call));
			assert_null(danger_of(bytes_of(call)));
			before = call;
		}
	}
	assert_null(runtime_of("no such"));
}

static struct loader_row { const char *name, *runtime, *path; bool is; } loaders[] = {
	{ "loader: runc's",                   "runc", "runc:[2:INIT]",      true },
	{ "loader: what it starts is not",    "runc", "runc:[2:INIT] > sh", false },
	{ "loader: crun's is not runc's",     "runc", "crun",               false },
	{ "loader: crun's",                   "crun", "crun",               true },
	{ "loader: bubblewrap's",             "bwrap", "bwrap",             true },
	{ "loader: systemd's child",          "systemd", "(name)",          true },
	{ "loader: what that starts is not",  "systemd", "(name) > sh",     false },
	{ "loader: a program is not",         "systemd", "name",            false },
};

static void check_loader(void **state)
{
	const struct loader_row *r = *state;

	assert_int_equal(runtime_is(runtime_of(r->runtime), bytes_of(r->path)), r->is);
}

/* names: those that come of it, with blanks; NULL: an error that says `error` */
static struct file_row { const char *name, *text, *names, *error;
} files[] = {
	{ "file: one name a line", "futex\nexit\n", "futex exit ", NULL },
	{ "file: no newline at the end", "futex\nexit", "futex exit ", NULL },
	{ "file: comments, blanks, CR LF", "# mine\n\n \tfutex # why\r\n", "futex ", NULL },
	{ "file: empty", "", "", NULL },
	{ "file: a dangerous one is taken", "ptrace\n", "ptrace ", NULL },
	{ "file: a name of other machines", "socketcall\n", "socketcall ", NULL },
	{ "file: a name that is too new", "file_setattr\n", "file_setattr ", NULL },
	{ "file: unknown name, with line", "futex\n\nfutexx\n", NULL,
	  ":3: no such syscall: 'futexx'" },
	{ "file: two names in a line", "futex exit\n", NULL, ":1: no such syscall: 'futex exit'" },
	{ "file: nothing moves a cursor", "\x1b[31m\n", NULL, ":1: no such syscall: '\\x1b[31m'" },
	{ "file: libaudit's spelling", "pread\n", NULL, ":1: no such syscall: 'pread'" },
};

static void check_file(void **state)
{
	const struct file_row *r = *state;
	char path[] = "/tmp/floorXXXXXX", got[256] = "";
	int fd = mkstemp(path);
	struct baseline baseline;
	struct err e = { 0 };

	assert_int_equal(write(fd, r->text, strlen(r->text)), strlen(r->text));
	close(fd);
	assert_int_equal(baseline_load(&baseline, path, &e), r->names == NULL ? -1 : 0);
	unlink(path);
	for (size_t i = 0; i < baseline.names.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ", baseline.names.v[i]);
	if (r->names != NULL)
		assert_string_equal(got, r->names);
	else
		assert_non_null(strstr(e.msg, r->error));
	baseline_release(&baseline);
}

static void words_are_default_and_none(void **state)
{
	struct baseline baseline;
	struct err e = { 0 };
	const char *why;

	(void)state;
	assert_int_equal(baseline_load(&baseline, "none", &e), 0);
	assert_int_equal(baseline.names.n, 0);
	baseline_release(&baseline);
	assert_int_equal(baseline_load(&baseline, "default", &e), 0);
	assert_non_null(baseline_at(baseline.names.n - 1, &why));
	assert_null(baseline_at(baseline.names.n, &why));
	baseline_release(&baseline);
	assert_int_equal(baseline_load(&baseline, "/no/such", &e), -1);
	assert_non_null(strstr(e.msg, "default, none, or a file"));
	baseline_release(&baseline);
	assert_int_equal(baseline_load(&baseline, "/", &e), -1);
	baseline_release(&baseline);
}

int main(void)
{
	struct tests t = { 0 };

	ADD(&t, baseline_holds_no_dangerous_name);
	ADD(&t, baseline_is_sorted_known_and_says_why);
	ADD(&t, runtimes_have_known_names_none_of_them_dangerous);
	ADD_ROWS(&t, loaders, check_loader);
	ADD_ROWS(&t, files, check_file);
	ADD(&t, words_are_default_and_none);
	return run_rows(&t, "floor");
}
