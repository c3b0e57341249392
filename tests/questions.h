/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be asked of a store: each command that selects, in some of its forms and with a random
 * selector.
 */
#ifndef TESTS_QUESTIONS_H
#define TESTS_QUESTIONS_H

#include "tests/says.h"
#include "tests/worlds.h"

#define COMMAND(id) extern const struct command command_##id;
#include "cli/command_list.h"
#undef COMMAND

static const struct command *const commands[] = {
#define COMMAND(id) &command_##id,
#include "cli/command_list.h"
#undef COMMAND
};

/*
 * What a command needs beside a selector, and in which forms it answers; ID: of a tree. Commands
 * that are not here need nothing.
 */
static const struct way {
	const char *name, *words[4];
} ways[] = {
	{ "profile", { "--format", "json" } },
	{ "profile", { "--explain" } },
	{ "profile", { "--format", "systemd" } },
	{ "profile", { "--format", "spo", "--union" } },
	{ "profile", { "--union", "--block" } },
	{ "profile", { "--runtime", "runc", "--verbose" } },
	{ "profile", { "--union", "--verbose", "--include-denied" } },
	{ "check", { "../policy.json", "--verbose" } },
	{ "check", { "../policy.json", "--json" } },
	{ "diff", { "../policy.json" } },
	{ "diff", { "../policy.json", "--union", "--json" } },
	{ "workloads", { "--by", "tree" } },
	{ "workloads", { "--json" } },
	{ "workloads", { "--by", "comm" } },
	{ "workloads", { "--by", "label" } },
	{ "workloads", { "--by", "node" } },
	{ "workloads", { "ID" } },
	{ "workloads", { "ID", "--json" } },
	{ "denials", { "--json" } },
	{ "denials", { NULL } },
	{ "forget", { "--dry-run" } },
	{ "forget", { "--dry-run", "--unsee" } },
};

static const char policy[] = "{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [ "
			     "\"SCMP_ARCH_X86_64\" ], \"syscalls\": [ { \"names\": [ "
			     "\"read\", \"execve\", \"clone\", \"exit_group\" ], \"action\": "
			     "\"SCMP_ACT_ALLOW\" } ] }\n";

/* A selector; codes: of trees and workloads. */
struct selector {
	const char *words[8];
	size_t n;
};

static inline void add_words(struct selector *s, const char *option, const char *value)
{
	s->words[s->n++] = option;
	if (value != NULL)
		s->words[s->n++] = value;
}

static inline void random_selector(struct selector *s, const char *tree)
{
	static const char *const times[] = { "2026-11-24T11:06:00Z", "2026-11-24T11:40:00Z",
					     "2026-11-24T11:05:55Z" };
	uint32_t what = dice(100);

	*s = (struct selector){ .n = 0 };
	if (what < 25)
		add_words(s, "--comm", PICK(world_programs).comm[0]);
	else if (what < 40)
		add_words(s, "--exe", PICK(world_programs).exe);
	else if (what < 55)
		add_words(s, "--root", PICK(world_programs).comm[0]);
	else if (what < 65)
		add_words(s, "--node", PICK(world_nodes));
	else if (what < 72)
		add_words(s, "--label", chance(50) ? "nightly" : "mine");
	else if (what < 80)
		add_words(s, "--tree", tree);
	else if (what < 83)
		add_words(s, "--comm", "aqp");
	else
		add_words(s, "--all", NULL);
	if (chance(15))
		add_words(s, chance(50) ? "--since" : "--until", PICK(times));
	if (chance(8))
		add_words(s, "--exclude-comm", "sh");
}

struct question {
	const char *words[16];
	size_t n;
};
struct questions {
	struct question *v;
	size_t n, cap;
};

static inline void add_question(struct questions *out, const char *name, const char *const *words,
				size_t n_words, const struct selector *s, const char *tree,
				bool trusted)
{
	struct question *q = VEC_PUSH(out);

	*q = (struct question){ .n = 0 };
	q->words[q->n++] = name;
	q->words[q->n++] = "--db";
	q->words[q->n++] = "store.db";
	if (trusted)
		q->words[q->n++] = "--trusted";
	for (size_t i = 0; i < n_words && words[i] != NULL; i++)
		q->words[q->n++] = strcmp(words[i], "ID") == 0 ? tree : words[i];
	for (size_t i = 0; s != NULL && i < s->n; i++)
		q->words[q->n++] = s->words[i];
}

/* Of each command that selects some ways. tree: a code that --tree may be given. */
static inline void ask(struct questions *out, const char *tree, bool trusted)
{
	out->n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		struct selector s;
		bool known = false;

		if (!(commands[i]->groups & G_SELECT))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(ways); k++) {
			if (strcmp(ways[k].name, commands[i]->name) != 0)
				continue;
			known = true;
			random_selector(&s, tree);
			add_question(out, commands[i]->name, ways[k].words,
				     ARRAY_SIZE(ways[k].words), &s, tree, trusted);
		}
		random_selector(&s, tree);
		if (!known)
			add_question(out, commands[i]->name, NULL, 0, &s, tree, trusted);
	}
}

#endif
