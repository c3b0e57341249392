// SPDX-License-Identifier: Apache-2.0
#include "packaging/gen/tables.h"

#include "analyze/input/input.h"
#include "analyze/output/output.h"
#include "analyze/policy/runtime.h"
#include "analyze/policy/target.h"
#include "cli/help.h"
#include "store/base/buf.h"
#include "store/base/mem.h"

#include <string.h>

const struct gen_option gen_options[N_OPTS] = {
#define OPTION(id, name, letter, arg, groups, help) { name, letter, arg, groups, help },
#include "cli/option_list.h"
#undef OPTION
};

#define COMMAND(id) extern const struct command command_##id;
#include "cli/command_list.h"
#undef COMMAND

const struct command *const gen_commands[] = {
#define COMMAND(id) &command_##id,
#include "cli/command_list.h"
#undef COMMAND
	NULL,
};

bool gen_takes(const struct command *c, const struct gen_option *o)
{
	return o->groups & (c->groups | G_ALL);
}

char *gen_help(const struct command *c, const struct gen_option *o)
{
	auto_buf struct buf text = { 0 };

	help_text_of(&text, c, (enum opt)(o - gen_options));
	return mem_dup(buf_text(&text));
}

bool gen_has_own_help(const struct command *c, const struct gen_option *o)
{
	static const struct { const struct command *command; enum opt opt; } rows[] = {
#define OPTION_TEXT(command, opt, help) { &command_##command, OPT_##opt },
#include "cli/option_text_list.h"
#undef OPTION_TEXT
	};

	if (strchr(o->help, '|') != NULL && !(c->groups & G_SELECT))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].command == c && rows[i].opt == (enum opt)(o - gen_options))
			return true;
	return false;
}

/* ---- values ---- */

/* Options of a few words, and those of names that the store holds. What takes a FILE or DIR needs
 * no row. */
static const struct { const char *option; enum gen_kind kind; const char *what; } rows[] = {
	{ "label", GEN_STORE, "label" },
	{ "node", GEN_STORE, "node" },
	{ "comm", GEN_STORE, "comm" },
	{ "exe", GEN_STORE, "exe" },
	{ "root", GEN_STORE, "comm" },
	{ "container", GEN_STORE, "container" },
	{ "pod", GEN_STORE, "pod" },
	{ "unit", GEN_STORE, "unit" },
	{ "workload", GEN_STORE, "workload" },
	{ "tree", GEN_STORE, "tree" },
	{ "exclude-comm", GEN_STORE, "comm" },
	{ "exclude-exe", GEN_STORE, "exe" },
	{ "exclude-root", GEN_STORE, "comm" },
	{ "exclude-tree", GEN_STORE, "tree" },
	{ "scope", GEN_WORDS, "tree subtree only" },
	{ "by", GEN_WORDS, "workload comm exe label node tree container pod unit" },
	{ "baseline", GEN_WORDS_OR_FILE, "default none" },
	{ "stage", GEN_WORDS, "observe canary enforce kill" },
	{ "siblings", GEN_WORDS, "show add" },
	{ "errno", GEN_WORDS, "EPERM ENOSYS EACCES" },
	{ "default-action", GEN_WORDS, "errno kill_process kill_thread trap log" },
	{ "caps", GEN_WORDS, "docker none all" },
	{ "arch", GEN_WORDS, "x86_64 i386 aarch64 arm" },
	{ "since", GEN_WORDS, "today yesterday 1h 1d" },
	{ "until", GEN_WORDS, "now today yesterday" },
	{ "before", GEN_WORDS, "today yesterday 30d" },
	{ "user", GEN_USER, NULL },
	{ "pid", GEN_PID, NULL },
};

static void add_word(struct buf *out, const char *word)
{
	buf_printf(out, "%s%s", out->n ? " " : "", word);
}

/* Words that are rows of a table elsewhere. */
static bool table_words(struct buf *out, const char *option)
{
	if (strcmp(option, "format") == 0)
		for (size_t i = 0; output_at(i) != NULL; i++)
			add_word(out, output_at(i)->name);
	if (strcmp(option, "from") == 0)
		for (size_t i = 0; input_at(i) != NULL; i++)
			add_word(out, input_at(i)->name);
	if (strcmp(option, "runtime") == 0)
		for (size_t i = 0; runtime_at(i) != NULL; i++)
			add_word(out, runtime_at(i)->name);
	if (strcmp(option, "target") == 0)
		for (size_t i = 0; target_name(i) != NULL; i++)
			add_word(out, target_name(i));
	return out->n > 0;
}

struct gen_values gen_values(const struct gen_option *o)
{
	struct gen_values v = { 0 };
	auto_buf struct buf words = { 0 };

	if (table_words(&words, o->name))
		return (struct gen_values){ .kind = GEN_WORDS, .words = mem_dup(buf_text(&words)) };
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].option, o->name) == 0) {
			v.kind = rows[i].kind;
			v.by = v.kind == GEN_STORE ? rows[i].what : NULL;
			v.words =
				v.kind != GEN_STORE && rows[i].what ? mem_dup(rows[i].what) : NULL;
			return v;
		}
	v.kind = o->arg == NULL		     ? GEN_NOTHING :
		 strcmp(o->arg, "FILE") == 0 ? GEN_FILE :
		 strcmp(o->arg, "DIR") == 0  ? GEN_FOLDER :
					       GEN_NOTHING;
	return v;
}

/* By the words of its usage line. */
struct gen_values gen_operands(const struct command *c)
{
	if (strstr(c->args, "PROFILE") != NULL || strstr(c->args, "FILE") != NULL)
		return (struct gen_values){ .kind = GEN_FILE };
	if (strstr(c->args, "ID") != NULL)
		return (struct gen_values){ .kind = GEN_STORE, .by = "workload" };
	if (strcmp(c->name, "node") == 0)
		return (struct gen_values){ .kind = GEN_STORE, .by = "node" };
	return (struct gen_values){ 0 };
}

bool gen_runs(const struct command *c)
{
	return c->groups & G_COMMAND;
}
