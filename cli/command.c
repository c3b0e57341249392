#include "cli/command.h"

#include <stdarg.h>
#include <stdio.h>

void command_say(const char *fmt, ...)
{
	va_list ap;

	fputs("scaudit: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}
