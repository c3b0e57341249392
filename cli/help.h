/* SPDX-License-Identifier: Apache-2.0 */
/* Help, made of the tables of commands, options and formats. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"
#include "store/base/buf.h"

/* Of the program (NULL), or of one command; all: each of its options, where it has many. */
void help_print(const struct command *command, bool all);

/* What an option is to this command: appended to out. */
void help_text_of(struct buf *out, const struct command *command, enum opt opt);

/* The formats that lists are written in, with what each cannot say; those that profiles are read
 * in. */
void help_outputs(void);
void help_inputs(void);

/* These, and the forms of lines that are read. */
void help_formats(void);

#endif
