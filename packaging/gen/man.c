// SPDX-License-Identifier: Apache-2.0
/*
 * Manual pages: one for each command, of the tables of commands and options and of
 *docs/man/COMMAND.mdoc; and an overview of docs/man/scaudit.mdoc. A file of text has parts:
 *
 *	@description         what stands below DESCRIPTION
 *	@option NAME [NAME]  of an option (or of several that are told together); without it, the
 *help of the table
 *	@text                more sections
 *
 * docs/man/options.mdoc has options that commands share. A part of a command's file for an option
 *that the command does not take is an error, so that no page tells of options that are gone. In
 *scaudit.mdoc, a line "@commands" becomes the list.
 */
#include "packaging/gen/tables.h"

#include "store/base/buf.h"
#include "store/base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part { char *kind, *text; };
struct parts { struct part *v; size_t n, cap; };

/* Text may begin with @ as well: names of sets do. */
static bool begins_part(const char *line)
{
	return strcmp(line, "@description\n") == 0 || strcmp(line, "@text\n") == 0 ||
	       strncmp(line, "@option ", 8) == 0;
}

static int parts_read(struct parts *out, const char *folder, const char *name, struct err *e)
{
	auto_free char *path = mem_print("%s/%s.mdoc", folder, name), *line = NULL;
	auto_fclose FILE *f = fopen(path, "re");
	auto_buf struct buf text = { 0 };
	size_t room = 0;
	ssize_t n;

	if (f == NULL)
		return err_set(e, ST_INPUT, "cannot read %s: %s", path, strerror(errno));
	while ((n = getline(&line, &room, f)) > 0) {
		if (begins_part(line)) {
			if (out->n)
				out->v[out->n - 1].text = mem_dup(buf_text(&text));
			buf_release(&text);
			line[strcspn(line, "\n")] = '\0';
			*VEC_PUSH(out) = (struct part){ .kind = mem_dup(line + 1) };
			continue;
		}
		if (out->n == 0)
			return err_set(e, ST_INPUT, "%s: begins without a part", path);
		buf_add(&text, line, (size_t)n);
	}
	if (out->n)
		out->v[out->n - 1].text = mem_dup(buf_text(&text));
	return 0;
}

static void parts_release(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].kind);
		free(p->v[i].text);
	}
	VEC_FREE(p);
}

/* Does "option a b" tell of a? */
static bool tells_of(const struct part *p, const char *option)
{
	size_t n = strlen(option);

	if (strncmp(p->kind, "option ", 7) != 0)
		return false;
	for (const char *at = p->kind + 6; (at = strstr(at, option)) != NULL; at += n)
		if (at[-1] == ' ' && (at[n] == '\0' || at[n] == ' '))
			return true;
	return false;
}

static const struct part *part_of(const struct parts *p, const char *kind)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->v[i].kind, kind) == 0)
			return &p->v[i];
	return NULL;
}

static const struct part *part_of_option(const struct parts *p, const char *option)
{
	for (size_t i = 0; i < p->n; i++)
		if (tells_of(&p->v[i], option))
			return &p->v[i];
	return NULL;
}

/* ---- mdoc ---- */

#define WIDTH 78

/* Text as roff takes it, in lines of at most WIDTH bytes: none begins with a control character, no
 * backslash is one. */
static void put_text(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " \n");
		bool broken = column + n + 1 > WIDTH;

		if (column > 0)
			putchar(broken ? '\n' : ' ');
		column = broken ? n : column + n + 1;
		if (*text == '.' || *text == '\'')
			printf("\\&");
		for (size_t i = 0; i < n; i++)
			printf(text[i] == '\\' ? "\\e" : "%c", text[i]);
		text += n;
		text += strspn(text, " \n");
	}
	putchar('\n');
}

/* A part, in which a page does not refer to itself. */
static void put_part(const char *text, const char *self)
{
	auto_free char *name = mem_print("Xr scaudit-%s 1", self);
	const char *at;

	for (; (at = strstr(text, name)) != NULL; text = at + strlen(name))
		printf("%.*sCm %s", (int)(at - text), text, self);
	printf("%s", text);
}

/* One word of a usage line, as the macro and what it is of. */
static void put_word(const char *word, size_t n)
{
	if (n == 2 && strncmp(word, "--", n) == 0) {
		printf("Cm \\-\\-");
	} else if (n == 1 && word[0] == '|') {
		printf("|");
	} else {
		printf(isupper((unsigned char)word[0]) ? "Ar " : "Cm ");
		for (size_t i = 0; i < n; i++)
			putchar(tolower((unsigned char)word[i]));
	}
}

/* A usage line, "PROFILE -- COMMAND [ARG...]": a line for each part, what is in brackets with all
 * in it. */
static void put_args(const char *args)
{
	size_t depth = 0;

	printf(".Op Ar options\n");
	for (const char *at = args; *at; at += *at == ' ') {
		printf(depth ? " " : ".");
		for (; *at == '['; at++, depth++)
			printf("Op ");
		put_word(at, strcspn(at, " .]"));
		at += strcspn(at, " .]");
		for (; *at == '.'; at++)
			printf(at[1] == '.' && at[2] == '.' ? " ..." : "");
		for (; *at == ']'; at++)
			depth--;
		printf(depth ? "" : "\n");
	}
}

static void put_head(const char *name, const char *about, const char *date)
{
	auto_free char *upper = mem_dup(name);

	for (char *p = upper; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	printf(".\\\" made of the tables and of docs/man\n.Dd %s\n.Dt %s 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ",
	       date, upper, name);
	put_text(about);
}

static void put_option_head(const struct gen_option *o)
{
	auto_free char *arg = o->arg ? mem_dup(o->arg) : NULL;

	for (char *p = arg; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	printf(".It ");
	if (o->letter)
		printf("Fl %c , ", o->letter);
	printf("Fl Fl %s%s%s\n", o->name, arg ? " Ar " : "", arg ? arg : "");
}

static void put_option(const struct command *c, const struct gen_option *o, const struct parts *own,
		       const struct parts *shared)
{
	const struct part *p = part_of_option(own, o->name);
	auto_free char *help = gen_help(c, o);

	/* what commands share is of selectors and stores: "label" of ingest is another thing than
	 * the selector */
	if (p == NULL && !gen_has_own_help(c, o))
		p = part_of_option(shared, o->name);
	put_option_head(o);
	if (p != NULL) {
		put_part(p->text, c->name);
		return;
	}
	help[0] = (char)toupper((unsigned char)help[0]);
	put_text(help);
}

static int check_parts(const struct command *c, const struct parts *own, struct err *e)
{
	size_t taken;

	for (size_t i = 0; i < own->n; i++) {
		taken = 0;
		for (size_t k = 0; k < N_OPTS; k++)
			taken += gen_takes(c, &gen_options[k]) &&
				 tells_of(&own->v[i], gen_options[k].name);
		if (strncmp(own->v[i].kind, "option", 6) == 0 && taken == 0)
			return err_set(e, ST_INPUT,
				       "docs/man/%s.mdoc: the command takes no such option: %s",
				       c->name, own->v[i].kind);
	}
	return 0;
}

static int command_page(const struct command *c, const struct parts *own,
			const struct parts *shared, const char *date, struct err *e)
{
	auto_free char *name = mem_print("scaudit-%s", c->name);
	const struct part *p = part_of(own, "description");

	if (check_parts(c, own, e) < 0)
		return -1;
	put_head(name, c->about, date);
	printf(".Sh SYNOPSIS\n.Nm scaudit %s\n", c->name);
	put_args(c->args);
	printf(".Sh DESCRIPTION\n%s.Sh OPTIONS\n.Bl -tag -width Ds\n", p ? p->text : "");
	for (size_t i = 0; i < N_OPTS; i++)
		if (gen_takes(c, &gen_options[i]))
			put_option(c, &gen_options[i], own, shared);
	printf(".El\n");
	p = part_of(own, "text");
	put_part(p ? p->text : "", c->name);
	printf(".Sh SEE ALSO\n.Xr scaudit 1\n");
	return 0;
}

static void put_overview(const char *text)
{
	const char *list = strstr(text, "@commands\n");

	if (list == NULL) {
		printf("%s", text);
		return;
	}
	printf("%.*s.Bl -tag -width Ds\n", (int)(list - text), text);
	for (size_t i = 0; gen_commands[i] != NULL; i++) {
		printf(".It Xr scaudit-%s 1\n", gen_commands[i]->name);
		put_text(gen_commands[i]->about);
	}
	printf(".El\n%s", list + strlen("@commands\n"));
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; gen_commands[i] != NULL; i++)
		if (strcmp(gen_commands[i]->name, name) == 0)
			return gen_commands[i];
	return NULL;
}

int gen_man(const char *folder, const char *command, const char *date, struct err *e)
{
	struct parts own = { 0 }, shared = { 0 };
	const struct command *c = find(command);
	const struct part *text;
	int ret;

	ret = parts_read(&own, folder, command, e) < 0 ||
			      parts_read(&shared, folder, "options", e) < 0 ?
		      -1 :
		      0;
	text = part_of(&own, "text");
	if (ret == 0 && c != NULL) {
		ret = command_page(c, &own, &shared, date, e);
	} else if (ret == 0 && (strcmp(command, "scaudit") != 0 || text == NULL)) {
		ret = err_set(e, ST_INPUT, "%s is no command", command);
	} else if (ret == 0) {
		put_head("scaudit", "make seccomp profiles from the kernel's seccomp log", date);
		printf(".Sh SYNOPSIS\n.Nm\n.Ar command\n.Op Ar options\n.Op Ar arguments\n");
		put_overview(text->text);
	}
	parts_release(&own);
	parts_release(&shared);
	return ret;
}
