// SPDX-License-Identifier: Apache-2.0
/* What commands share: signals, and lines on stderr. */
#include "cli/command.h"

#include "store/base/esc.h"
#include "store/base/mem.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void command_say(const char *fmt, ...)
{
	auto_buf struct buf line = { 0 };
	auto_free char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	esc_message(&line, (struct bytes){ text, n < 0 ? 0 : (size_t)n });
	fprintf(stderr, "scaudit: %s\n", buf_text(&line));
}

static const char *last_words;

/* The default action follows, so that whoever waits sees which signal it was. */
static void on_end(int number)
{
	ssize_t ignored = write(STDERR_FILENO, last_words, strlen(last_words));

	(void)ignored;
	raise(number); /* delivered when this returns, with the action that SA_RESETHAND has set */
}

static void set_action(struct sigaction *action)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction was;

	/* nohup, and a shell for what it runs in the background, have them ignored */
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (sigaction(ends[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			sigaction(ends[i], action, NULL);
}

void command_ends(const char *text)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	if (text != NULL) {
		action.sa_handler = on_end;
		action.sa_flags = (int)SA_RESETHAND;
		last_words = text;
	}
	set_action(&action);
}

void command_on_signals(void (*handler)(int number))
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = handler }, was;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i] != SIGHUP ||
		    (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN))
			sigaction(ends[i], &action, NULL);
}
