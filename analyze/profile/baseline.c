// SPDX-License-Identifier: Apache-2.0
/* Loads the baseline: the rows of baseline_list.h, or a file of names. */
#include "analyze/profile/baseline.h"

#include "analyze/input/input.h"
#include "store/base/esc.h"
#include "store/model/syscall.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 2000 /* of a file: more than there are syscalls */

static const struct { const char *name, *why; } rows[] = {
#define BASELINE(name, why) { name, why },
#include "analyze/profile/baseline_list.h"
#undef BASELINE
};

const char *baseline_at(size_t i, const char **why)
{
	if (i >= ARRAY_SIZE(rows))
		return NULL;
	*why = rows[i].why;
	return rows[i].name;
}

/* A name that libseccomp or the small table knows: runtimes refuse or ignore any other. */
static int take_line(struct baseline *out, struct bytes line, const char *path, size_t number,
		     struct err *e)
{
	struct bytes name = bytes_until(&line, '#');
	auto_free char *text = NULL;
	char word[80], meant[SYSCALL_NAME_MAX + 24];

	bytes_trim_left(&name);
	bytes_trim_right(&name);
	if (name.n == 0)
		return 0;
	text = mem_print("%.*s", (int)name.n, name.p);
	if (strlen(text) != name.n || !syscall_is_known(text))
		return err_set(e, ST_INPUT, "--baseline: %s:%zu: no such syscall: '%s'%s", path,
			       number, esc_word(word, sizeof(word), name),
			       syscall_meant(text, meant));
	if (out->names.n == NAMES_MAX)
		return err_set(e, ST_INPUT, "--baseline: %s:%zu: over %d names", path, number,
			       NAMES_MAX);
	*VEC_PUSH(&out->names) = TAKE(text);
	return 0;
}

static int load_file(struct baseline *out, const char *path, struct err *e)
{
	auto_buf struct buf text = { 0 }, shown = { 0 };
	struct bytes rest, line;
	size_t number = 0;

	if (input_load(&text, path, e) < 0)
		return err_wrap(e, "--baseline (default, none, or a file)");
	esc_shell(&shown, bytes_of(path));
	rest = buf_bytes(&text);
	while (rest.n > 0) {
		line = bytes_until(&rest, '\n');
		bytes_skip(&rest, 1);
		if (take_line(out, line, buf_text(&shown), ++number, e) < 0)
			return -1;
	}
	return 0;
}

int baseline_load(struct baseline *out, const char *which, struct err *e)
{
	*out = (struct baseline){ 0 };
	if (strcmp(which, "none") == 0)
		return 0;
	if (strcmp(which, "default") != 0)
		return load_file(out, which, e);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		*VEC_PUSH(&out->names) = mem_dup(rows[i].name);
	return 0;
}

void baseline_release(struct baseline *f)
{
	for (size_t i = 0; i < f->names.n; i++)
		free(f->names.v[i]);
	VEC_FREE(&f->names);
}
