// SPDX-License-Identifier: Apache-2.0
/* Writes a list for each workload into a folder. */
#include "cli/each.h"

#include "cli/command.h"
#include "cli/verdict.h"
#include "store/base/json.h"
#include "store/base/outfile.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MOST 60

static volatile sig_atomic_t stop; /* the folder that is not whole has to go first */

static void on_signal(int number)
{
	stop = number;
}

/* "logrun > java" of 4b6c... as "java-4b6c....json": letters, digits, dots and dashes, and never a
 * path. */
static char *file_name(const struct workload *w, const char *format)
{
	static const struct { const char *format, *end;
	} ends[] = {
		{ "spo", "yaml" },
		{ "pod", "yaml" },
		{ "systemd", "conf" },
		{ "systemd-log", "conf" },
		{ "minijail", "policy" },
		{ "bpf", "bpf" },
		{ "c", "c" },
		{ "oci", "json" },
		{ "docker", "json" },
		{ "json", "json" },
	};
	const char *end = "txt";
	auto_buf struct buf name = { 0 };
	size_t begin = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (strcmp(ends[i].format, format) == 0)
			end = ends[i].end;
	for (size_t i = 0; i + 3 <= w->name.n; i++)
		if (memcmp(w->name.p + i, " > ", 3) == 0)
			begin = i + 3;
	for (size_t i = begin; i < w->name.n && name.n < NAME_MOST && w->name.p[i] != ' '; i++) {
		unsigned char c = (unsigned char)w->name.p[i];
		bool plain = c < 0x80 &&
			     (isalnum(c) || c == '_' || ((c == '.' || c == '-') && name.n > 0));

		buf_char(&name, plain ? (char)c : '_');
	}
	return mem_print("%s-%s.%s", name.n ? buf_text(&name) : "workload", w->code, end);
}

/* New, or there and empty. */
static int check_folder(const char *path, struct err *e)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	if (d == NULL && errno == ENOENT)
		return 0;
	if (d == NULL)
		return err_set(e, ST_INPUT, "--output-dir: cannot open '%.200s': %s", path,
			       strerror(errno));
	while ((entry = readdir(d)) != NULL)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return n ? err_set(e, ST_INPUT, "--output-dir: '%.200s' is not empty", path) : 0;
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		unlinkat(dirfd(d), entry->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(path);
}

/* The verdict of what this workload shows. */
static int put_verdict(json_object *row, const struct opts *o, struct selected *s, struct err *e)
{
	struct selection sel;
	struct readiness r = { 0 };
	int ret;

	select_run(&sel, &s->query, &s->workloads, &s->options);
	ret = verdict_find(&r, o, s, &sel, e);
	select_release(&sel);
	if (ret < 0)
		return -1;
	json_put_word(row, "verdict", readiness_verdict_word(r.verdict));
	json_put_word(row, "why", buf_text(&r.why));
	readiness_release(&r);
	return 0;
}

static int one(json_object *rows, const char *folder, const struct workload *w,
	       const struct opts *o, struct selected *s, each_make *make, struct err *e)
{
	auto_free char *name = file_name(w, opt_text(o, OPT_format, "oci")),
		       *path = mem_print("%s/%s", folder, name);
	const char *code = w->code, *value = path, *flag = "";
	struct opts mine = *o;
	json_object *row = json_object_new_object();
	struct err no = { 0 };
	int ret;

	mine.given[OPT_output].v = &value;
	mine.given[OPT_workload].v = &code;
	mine.given[OPT_output].n = mine.given[OPT_workload].n = 1;
	if (!opt_on(o, OPT_verbose)) {
		mine.given[OPT_quiet].v = &flag;
		mine.given[OPT_quiet].n = 1;
	}
	s->options.workload = (struct select_names){ &code, 1 };
	ret = make(&mine, s, &no);
	json_object_array_add(rows, row);
	json_put_word(row, "workload", w->code);
	json_put_text(row, "name", true, w->name);
	json_put_word(row, "file", ret == ST_OK ? name : NULL);
	json_put_word(row, "left_out",
		      ret == ST_OK ? NULL :
		      no.msg[0]	   ? no.msg :
				     "no name is left for a list");
	json_put_int(row, "starts", true, (int64_t)w->starts);
	json_put_int(row, "fragments", true, (int64_t)w->fragments);
	json_put_int(row, "records", true, (int64_t)w->records);
	if (ret != ST_OK && ret != ST_NO) {
		*e = no;
		return ret;
	}
	return put_verdict(row, o, s, e) < 0 ? (int)e->status : ret;
}

static int write_index(const char *folder, json_object *doc, struct err *e)
{
	auto_free char *path = mem_print("%s/index.json", folder);
	struct outfile f = { 0 };
	int ret = outfile_open(&f, path, e);

	if (ret == 0) {
		fprintf(f.to, "%s\n",
			json_object_to_json_string_ext(
				doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
		ret = outfile_complete(&f, e) < 0 ? -1 : outfile_commit(&f, e);
	}
	outfile_release(&f);
	return ret;
}

/* *whole: the folder holds all that it should. */
static int all(const char *folder, json_object *doc, const struct opts *o, struct selected *s,
	       each_make *make, bool *whole, struct err *e)
{
	json_object *rows = json_object_new_array();
	auto_free bool *in = mem_zero(s->workloads.n + 1, sizeof(*in));
	struct selection sel;
	size_t made = 0, left_out = 0;

	json_object_object_add(doc, "workloads", rows);
	select_run(&sel, &s->query, &s->workloads, &s->options);
	for (size_t i = 0; i < s->query.trees.n; i++)
		if (sel.tree_in[i] && s->workloads.of_tree[i] != WORKLOADS_NONE)
			in[s->workloads.of_tree[i]] = true;
	select_release(&sel);
	for (size_t i = 0; i < s->workloads.n; i++) {
		int ret = in[i] && !stop ? one(rows, folder, &s->workloads.v[i], o, s, make, e) :
					   ST_OK;

		if (stop) {
			err_set(e, ST_SYSTEM, "stopped: nothing is written");
			return 128 + stop;
		}
		if (ret != ST_OK && ret != ST_NO)
			return ret;
		made += in[i] && ret == ST_OK;
		left_out += ret == ST_NO;
	}
	if (made + left_out == 0) {
		err_set(e, ST_NO, "nothing matches");
		return ST_NO;
	}
	if (write_index(folder, doc, e) < 0)
		return (int)e->status;
	*whole = true;
	if (!opt_on(o, OPT_quiet))
		command_say("%zu lists, of %zu workloads; the verdicts are in index.json of %s",
			    made, made + left_out, opt_text(o, OPT_output_dir, ""));
	return left_out ? ST_NO : ST_OK;
}

int each_workload(const struct opts *o, struct selected *s, each_make *make, struct err *e)
{
	auto_free char *to = mem_dup(opt_text(o, OPT_output_dir, "")), *folder = NULL;
	json_object *doc;
	bool whole = false;
	mode_t mask;
	int ret;

	if (!opt_on(o, OPT_output_dir) || opt_on(o, OPT_output) || opt_on(o, OPT_evidence) ||
	    opt_on(o, OPT_explain)) {
		err_set(e, ST_INPUT,
			"--each writes into --output-dir DIR, without --output, --evidence and --explain");
		return ST_INPUT;
	}
	while (strlen(to) > 1 && to[strlen(to) - 1] == '/')
		to[strlen(to) - 1] = '\0';
	if (check_folder(to, e) < 0)
		return (int)e->status;
	folder = mem_print("%s.XXXXXX", to);
	mask = umask(0);
	umask(mask);
	command_on_signals(on_signal);
	if (mkdtemp(folder) == NULL || chmod(folder, 0777 & ~mask) != 0) {
		err_set(e, ST_SYSTEM, "--output-dir: cannot make '%.200s': %s", folder,
			strerror(errno));
		return ST_SYSTEM;
	}
	doc = json_object_new_object();
	s->options.union_ = true; /* trees of one workload are one list */
	s->options.all = s->options.all || !select_names_something(&s->options);
	ret = all(folder, doc, o, s, make, &whole, e);
	json_object_put(doc);
	if (whole && rename(folder, to) != 0) {
		err_set(e, ST_SYSTEM, "--output-dir: cannot put '%.200s' in its place: %s", to,
			strerror(errno));
		ret = ST_SYSTEM;
		whole = false;
	}
	if (!whole)
		remove_folder(folder);
	return ret;
}
