// SPDX-License-Identifier: Apache-2.0
/* Prints help from the tables: commands, options with their sections, formats, forms of lines. */
#include "cli/help.h"

#include "analyze/input/input.h"
#include "analyze/output/output.h"
#include "analyze/policy/runtime.h"
#include "analyze/policy/target.h"
#include "ingest/read/body.h"
#include "ingest/read/wrap.h"
#include "store/base/buf.h"
#include "store/model/kind.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MOST 15 /* options that --help shows of a command that has more */
#define COLUMNS 66    /* of a list of names, behind the options */
#define INDENT 31     /* of what stands behind an option's name */

/* Options in the order of help, and the titles above them (opt is -1). */
static const struct { const char *section; int opt; } items[] = {
#define SECTION(title) { title, -1 },
#define OPTION(id, name, letter, arg, groups, help) { NULL, OPT_##id },
#include "cli/option_list.h"
#undef OPTION
};

#define COMMAND(id) extern const struct command command_##id;
#include "cli/command_list.h"
#undef COMMAND

static const struct { const struct command *command; enum opt opt; const char *help; } texts[] = {
#define OPTION_TEXT(command, opt, help) { &command_##command, OPT_##opt, help },
#include "cli/option_text_list.h"
#undef OPTION_TEXT
};

/* ---- names of tables ---- */

/* The i-th name of a table; NULL at the end. */
static const char *output_name(size_t i)
{
	return output_at(i) == NULL ? NULL : output_at(i)->name;
}

static const char *input_name(size_t i)
{
	return input_at(i) == NULL ? NULL : input_at(i)->name;
}

static const char *runtime_name(size_t i)
{
	return runtime_at(i) == NULL ? NULL : runtime_at(i)->name;
}

static const char *kind_name(size_t i)
{
	return i < N_KINDS ? kind_at((enum kind)i)->name : NULL;
}

static const struct { const char *word; const char *(*at)(size_t i); } lists[] = {
	{ "{formats}", output_name },
	{ "{inputs}", input_name },
	{ "{kinds}", kind_name },
	{ "{runtimes}", runtime_name },
	{ "{targets}", target_name },
};

/* A list of names, on a new line where it would be too long. */
static void add_names(struct buf *out, const char *(*at)(size_t i))
{
	size_t line = 0;

	for (size_t i = 0; at(i) != NULL; i++) {
		size_t n = strlen(at(i)) + 2;

		if (line + n > COLUMNS) {
			buf_str(out, ",\n");
			line = 0;
		} else if (i) {
			buf_str(out, ", ");
		}
		buf_str(out, at(i));
		line += n;
	}
}

static void expand(struct buf *out, const char *text)
{
	while (*text != '\0') {
		size_t i = 0;

		while (i < ARRAY_SIZE(lists) &&
		       strncmp(text, lists[i].word, strlen(lists[i].word)) != 0)
			i++;
		if (i < ARRAY_SIZE(lists)) {
			add_names(out, lists[i].at);
			text += strlen(lists[i].word);
		} else {
			buf_add(out, text++, 1);
		}
	}
}

/* ---- options ---- */

static bool takes(const struct command *c, int opt)
{
	return opts_row((enum opt)opt)->groups & (c->groups | G_ALL);
}

void help_text_of(struct buf *out, const struct command *c, enum opt opt)
{
	const char *text = opts_row(opt)->help, *other = strchr(text, '|');
	auto_free char *mine = NULL;

	if (other != NULL) {
		mine = c->groups & G_SELECT ? mem_dup(other + 1) :
					      mem_print("%.*s", (int)(other - text), text);
		text = mine;
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].command == c && texts[i].opt == opt)
			text = texts[i].help;
	expand(out, text);
}

static void print_option(const struct command *c, int opt)
{
	const struct opts_row *row = opts_row((enum opt)opt);
	auto_buf struct buf text = { 0 };
	char letter[8] = "    ", left[64];
	struct bytes rest, line;

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name,
		 row->arg && row->arg[0] != '[' ? " " : "", row->arg ? row->arg : "");
	help_text_of(&text, c, (enum opt)opt);
	rest = buf_bytes(&text);
	while (rest.n > 0) {
		line = bytes_until(&rest, '\n');
		bytes_skip(&rest, rest.n > 0);
		printf("  %-*s%.*s\n", INDENT - 2, left, (int)line.n, line.p);
		left[0] = '\0';
	}
}

/* Groups that few commands have: their options are what a command is about. */
#define G_OWN                                                                                      \
	(G_FORGET | G_CHECK | G_COMPACT | G_LIST | G_DIFF | G_BLOCKED | G_LINT | G_STATUS |        \
	 G_READINESS)

/* Which options --help shows: all of them, or of many those of the command's own, then those that
 * come first. */
static void choose_shown(const struct command *c, bool all, bool shown[N_OPTS])
{
	size_t n = 0;

	for (int i = 0; i < N_OPTS; i++)
		n += shown[i] = takes(c, i);
	if (all || n <= SHOWN_MOST)
		return;
	n = 0;
	for (int i = 0; i < N_OPTS; i++)
		n += shown[i] = takes(c, i) && (opts_row((enum opt)i)->groups & c->groups & G_OWN);
	for (int i = 0; i < N_OPTS; i++)
		if (!shown[i] && takes(c, i) && n < SHOWN_MOST &&
		    (opts_row((enum opt)i)->groups & G_FIRST))
			n += shown[i] = true;
}

static bool has_more(const struct command *c, const bool shown[N_OPTS])
{
	for (int i = 0; i < N_OPTS; i++)
		if (takes(c, i) && !shown[i])
			return true;
	return false;
}

/* Sections of options that are not shown, each with their names. */
static void print_rest(const struct command *c, const bool shown[N_OPTS])
{
	const char *section = "";
	size_t column = 0;

	printf("\nmore options ('scaudit %s --help all' says what they are):\n", c->name);
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		const struct opts_row *row;

		if (items[i].opt < 0) {
			section = items[i].section;
			column = column ? printf("\n"), 0 : 0;
			continue;
		}
		row = opts_row((enum opt)items[i].opt);
		if (!takes(c, items[i].opt) || shown[items[i].opt])
			continue;
		if (column > 0 && column + strlen(row->name) + 3 > 100) {
			printf("\n");
			column = (size_t)printf("  %-18s", "");
		}
		if (column == 0)
			column = (size_t)printf("  %-18s", section);
		column += (size_t)printf(" --%s", row->name);
	}
	if (column > 0)
		printf("\n");
}

static void print_options(const struct command *c, bool all)
{
	const char *section = NULL;
	bool shown[N_OPTS], many = false, more;

	choose_shown(c, false, shown);
	many = has_more(c, shown);
	choose_shown(c, all, shown);
	more = has_more(c, shown);
	printf("\noptions:\n");
	for (size_t i = 0; i < ARRAY_SIZE(items); i++) {
		if (items[i].opt < 0) {
			section = items[i].section;
			continue;
		}
		if (!shown[items[i].opt])
			continue;
		if (many && !more && section != NULL)
			printf(" %s:\n", section);
		section = NULL;
		print_option(c, items[i].opt);
	}
	if (more)
		print_rest(c, shown);
}

static void print_program(void)
{
	printf("usage: scaudit COMMAND [OPTIONS] [ARGS]\n\n"
	       "Turns the kernel's seccomp log records (type=1326) into least-privilege seccomp profiles.\n\n"
	       "    grep syscall /var/log/syslog | scaudit ingest\n"
	       "    scaudit profile --comm myapp > myapp.json\n\ncommands:\n");
	for (size_t i = 0; opts_command_at(i) != NULL; i++)
		printf("  %-10s %s\n", opts_command_at(i)->name, opts_command_at(i)->about);
	printf("\n'scaudit COMMAND --help' shows its options, 'man scaudit' all there is.\n"
	       "exit status: 0 done, 1 the answer is no or nothing matched, 2 usage or unreadable input,\n"
	       "3 store or system error\n");
}

void help_print(const struct command *c, bool all)
{
	if (c == NULL) {
		print_program();
		return;
	}
	printf("usage: scaudit %s [OPTIONS]%s%s\n\n%s\n", c->name, c->args[0] ? " " : "", c->args,
	       c->help ? c->help : c->about);
	print_options(c, all);
}

/* ---- formats ---- */

static void print_row(const char *name, const char *about, const char *cannot)
{
	printf("  %-18s  %s\n", name, about);
	if (cannot != NULL)
		printf("  %-18s  cannot say: %s\n", "", cannot);
}

void help_outputs(void)
{
	printf("profiles are written as (--format):\n");
	for (size_t i = 0; output_at(i) != NULL; i++)
		print_row(output_at(i)->name, output_at(i)->about, output_at(i)->cannot);
}

void help_inputs(void)
{
	printf("profiles are read as (told by their content, or by --from):\n");
	for (size_t i = 0; input_at(i) != NULL; i++)
		print_row(input_at(i)->name, input_at(i)->about, NULL);
}

void help_formats(void)
{
	help_outputs();
	printf("\n");
	help_inputs();
	printf("\nlines may lie in containers:\n");
	for (size_t i = 0; wrap_at(i) != NULL; i++)
		print_row(wrap_at(i)->name, wrap_at(i)->about, NULL);
	printf("\nbefore a record may stand, several of them:\n");
	for (size_t i = 0; header_at(i) != NULL; i++)
		print_row(header_at(i)->name, header_at(i)->about, NULL);
	printf("\na record, or what tells of lost ones, is written as:\n");
	for (size_t i = 0; body_at(i) != NULL; i++)
		print_row(body_at(i)->name, body_at(i)->about, NULL);
}
