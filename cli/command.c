#include "cli/command.h"

#include "store/base/esc.h"
#include "store/base/mem.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

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

void command_on_signals(void (*handler)(int number))
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = handler }, was;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (ends[i] != SIGHUP || (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN))
			sigaction(ends[i], &action, NULL);
}
