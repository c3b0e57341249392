// SPDX-License-Identifier: Apache-2.0
/* Reads the command line by the rows of option_list.h, and prints help from the same rows. */
#include "cli/opts.h"

#include "cli/command.h"
#include "store/base/nearest.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct opts_row rows[] = {
#define OPTION(id, name, letter, arg, groups, help) { name, letter, arg, groups, help },
#include "cli/option_list.h"
#undef OPTION
};

#define COMMAND(id) extern const struct command command_##id;
#include "cli/command_list.h"
#undef COMMAND

static const struct command *const commands[] = {
#define COMMAND(id) &command_##id,
#include "cli/command_list.h"
#undef COMMAND
};

static const struct { const char *old, *now; } command_aliases[] = {
#define COMMAND_ALIAS(old, now) { old, now },
#define OPTION_ALIAS(old, now)
#include "cli/alias_list.h"
#undef COMMAND_ALIAS
#undef OPTION_ALIAS
}, option_aliases[] = {
#define COMMAND_ALIAS(old, now)
#define OPTION_ALIAS(old, now) { old, now },
#include "cli/alias_list.h"
#undef COMMAND_ALIAS
#undef OPTION_ALIAS
};

const struct command *opts_find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(command_aliases); i++)
		if (strcmp(command_aliases[i].old, name) == 0)
			name = command_aliases[i].now;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const struct command *opts_command_at(size_t i)
{
	return i < ARRAY_SIZE(commands) ? commands[i] : NULL;
}

const struct opts_row *opts_row(enum opt id)
{
	return &rows[id];
}

const char *opt_name(enum opt id)
{
	return rows[id].name;
}

bool opt_selects(enum opt id)
{
	return rows[id].groups & (G_SELECT | G_SCOPE);
}

/* "; did you mean 'x'?", or nothing. */
static const char *meant(const struct nearest *n, char *out, size_t size)
{
	struct bytes name = nearest_meant(n);

	out[0] = '\0';
	if (name.n)
		snprintf(out, size, "; did you mean '%.*s'?", (int)name.n, name.p);
	return out;
}

int opts_no_command(const char *word, struct err *e)
{
	struct nearest near = { .want = bytes_of(word) };
	char proposal[80];

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		nearest_add(&near, bytes_of(commands[i]->name));
	return err_set(e, ST_INPUT, "no such command: '%.80s'%s (see scaudit --help)", word,
		       meant(&near, proposal, sizeof(proposal)));
}

static int no_option(const char *word, struct err *e)
{
	auto_free char *name = mem_print("%.*s", (int)strcspn(word, "="), word);
	struct nearest near = { .want = bytes_of(name + strspn(name, "-")) };
	struct bytes best;

	for (int i = 0; i < N_OPTS && near.want.n > 1; i++)
		nearest_add(&near, bytes_of(rows[i].name));
	best = nearest_meant(&near);
	if (best.n == 0)
		return err_set(e, ST_INPUT, "unknown option '%.80s' (see scaudit --help)", word);
	return err_set(e, ST_INPUT,
		       "unknown option '%.80s'; did you mean '--%.*s'? (see scaudit --help)", word,
		       (int)best.n, best.p);
}

#define FIRST_LONG 256 /* getopt's value for row i is FIRST_LONG + i */

static int row_of(int got)
{
	if (got >= FIRST_LONG)
		return got - FIRST_LONG;
	for (int i = 0; i < N_OPTS; i++)
		if (rows[i].letter == got)
			return i;
	return -1;
}

static int check_options(const struct opts *o, const struct command *c, struct err *e)
{
	for (int i = 0; i < N_OPTS; i++)
		if (o->given[i].n && !(rows[i].groups & (c->groups | G_ALL)))
			return err_set(e, ST_INPUT, "%s takes no --%s (see scaudit %s --help)",
				       c->name, rows[i].name, c->name);
	if (c->max_args >= 0 && o->n_args > c->max_args)
		return err_set(e, ST_INPUT, "%s takes no '%.80s' (see scaudit %s --help)", c->name,
			       o->args[c->max_args], c->name);
	return 0;
}

/* The same option by its old name. */
static struct option alias_of(const char *old, const char *now, const struct option *longs)
{
	struct option alias = { 0 };

	for (int i = 0; i < N_OPTS; i++)
		if (strcmp(longs[i].name, now) == 0)
			alias = longs[i];
	alias.name = old;
	return alias;
}

int opts_read(struct opts *o, int argc, char **argv, const struct command **command, struct err *e)
{
	struct option longs[N_OPTS + ARRAY_SIZE(option_aliases) + 1] = { 0 };
	char shorts[N_OPTS * 2 + 2] = ":";
	size_t n = 1;
	int got;

	*command = NULL;
	for (int i = 0; i < N_OPTS; i++) {
		longs[i] = (struct option){ rows[i].name,
					    rows[i].arg == NULL	  ? no_argument :
					    rows[i].arg[0] == '[' ? optional_argument :
								    required_argument,
					    NULL, FIRST_LONG + i };
		if (!rows[i].letter)
			continue;
		shorts[n++] = (char)rows[i].letter;
		if (rows[i].arg)
			shorts[n++] = ':';
	}
	for (size_t i = 0; i < ARRAY_SIZE(option_aliases); i++)
		longs[N_OPTS + i] = alias_of(option_aliases[i].old, option_aliases[i].now, longs);
	opterr = 0;
	while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		int row = got == '?' || got == ':' ? -1 : row_of(got);

		char letter[3] = { '-', (char)optopt, '\0' };
		const char *word = optopt > 0 && optopt < FIRST_LONG ? letter : argv[optind - 1];

		if (got == ':')
			return err_set(e, ST_INPUT, "option '%.80s' needs a value", word);
		if (row < 0)
			return no_option(word, e);
		if (rows[row].arg && optarg != NULL && optarg[0] == '\0')
			return err_set(e, ST_INPUT, "option '--%s' has an empty value",
				       rows[row].name);
		*VEC_PUSH(&o->given[row]) = optarg != NULL && rows[row].arg ? optarg : "";
	}
	if (optind >= argc)
		return 0;
	*command = opts_find_command(argv[optind]);
	if (*command == NULL)
		return opts_no_command(argv[optind], e);
	o->command = (*command)->name;
	o->n_args = argc - optind - 1;
	o->args = mem_zero((size_t)o->n_args + 1, sizeof(*o->args));
	for (int i = 0; i < o->n_args; i++)
		o->args[i] = argv[optind + 1 + i];
	return opt_on(o, OPT_help) ? 0 : check_options(o, *command, e);
}

bool opts_run_a_command(int argc, char *const *argv)
{
	const struct command *c = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return c != NULL && (c->groups & G_COMMAND);
		if (c == NULL)
			c = opts_find_command(argv[i]);
	}
	return false;
}

void opts_release(struct opts *o)
{
	for (int i = 0; i < N_OPTS; i++)
		VEC_FREE(&o->given[i]);
	mem_free_at(&o->args);
}
