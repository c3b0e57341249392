// SPDX-License-Identifier: Apache-2.0
/* Finds the process that --pid, --container or --pod name, and refuses where several fit. */
#include "cli/process.h"

#include "analyze/evidence/select.h"
#include "cli/values.h"
#include "ingest/live/process/location.h"
#include "store/base/esc.h"
#include "store/base/when.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 5 /* containers that an error names */

struct found { char id[128], text[256]; int32_t pid; uint64_t began; };
struct found_all { struct found *v; size_t n, cap; };

bool process_is_named(const struct opts *o)
{
	return opt_on(o, OPT_pid) || opt_on(o, OPT_container) || opt_on(o, OPT_pod);
}

/* In ticks since boot; 0: it is gone. */
static uint64_t began(int32_t pid)
{
	auto_free char *path = mem_print("/proc/%" PRId32 "/stat", pid), *line = NULL;
	auto_fclose FILE *f = fopen(path, "re");
	size_t room = 0;
	char *at;

	if (f == NULL || getline(&line, &room, f) < 0 || (at = strrchr(line, ')')) == NULL)
		return 0;
	for (int field = 2; field < 22 && at != NULL;
	     field++) /* the name may have blanks: count from its end */
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

static bool is_one_of(const struct opts *o, enum opt id, const struct location *at,
		      bool (*is)(const struct bytes v[LOCATION_FIELDS], const char *text))
{
	for (size_t i = 0; i < o->given[id].n; i++)
		if (is(at->v, o->given[id].v[i]))
			return true;
	return o->given[id].n == 0;
}

/* Adds a process to its container, of which the one that began first stays. */
static void add(struct found_all *all, const struct location *at, int32_t pid)
{
	struct found one = { .pid = pid, .began = began(pid) };
	auto_buf struct buf text = { 0 };

	if (one.began == 0)
		return;
	snprintf(one.id, sizeof(one.id), "%.*s", (int)at->v[LOCATION_CONTAINER].n,
		 at->v[LOCATION_CONTAINER].p);
	location_text(at->v, &text);
	snprintf(one.text, sizeof(one.text), "%s", buf_text(&text));
	for (size_t i = 0; i < all->n; i++) {
		if (strcmp(all->v[i].id, one.id) != 0)
			continue;
		if (one.began < all->v[i].began ||
		    (one.began == all->v[i].began && pid < all->v[i].pid))
			all->v[i] = one;
		return;
	}
	*VEC_PUSH(all) = one;
}

static int look(struct found_all *all, const struct opts *o, struct err *e)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int64_t now = when_now();

	if (proc == NULL)
		return err_set(e, ST_SYSTEM, "cannot read /proc: %s", strerror(errno));
	while ((entry = readdir(proc)) != NULL) {
		struct location at = { 0 };
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid <= 0 || *end != '\0' || !location_of_pid(&at, (int32_t)pid, now, "") ||
		    at.v[LOCATION_CONTAINER].n == 0)
			continue;
		location_find_names(&at, "");
		if (is_one_of(o, OPT_container, &at, select_is_container) &&
		    is_one_of(o, OPT_pod, &at, select_is_pod))
			add(all, &at, (int32_t)pid);
	}
	closedir(proc);
	return 0;
}

static int several(const struct found_all *all, struct err *e)
{
	auto_buf struct buf names = { 0 };

	for (size_t i = 0; i < all->n && i < SHOWN; i++) {
		char word[300];

		buf_printf(&names, "%s%s (--container %.12s)", i ? ", " : "",
			   esc_word(word, sizeof(word), bytes_of(all->v[i].text)), all->v[i].id);
	}
	return err_set(e, ST_INPUT, "%zu containers match: %s%s", all->n, buf_text(&names),
		       all->n > SHOWN ? ", ..." : "");
}

int process_find(const struct opts *o, int32_t *pid, struct err *e)
{
	struct found_all all = { 0 };
	uint64_t given;
	int ret;

	*pid = 0;
	if (values_number(o, OPT_pid, 1, INT32_MAX, 0, &given, e) < 0)
		return -1;
	*pid = (int32_t)given;
	if (*pid != 0 || !process_is_named(o))
		return 0;
	ret = look(&all, o, e);
	if (ret == 0 && all.n == 0)
		ret = err_set(e, ST_NO, "no process runs in such a container here");
	else if (ret == 0 && all.n > 1)
		ret = several(&all, e);
	else if (ret == 0)
		*pid = all.v[0].pid;
	VEC_FREE(&all);
	return ret;
}
