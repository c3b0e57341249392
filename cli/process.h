/* SPDX-License-Identifier: Apache-2.0 */
/* The process that a command is to look at: --pid, --container or --pod. */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include "cli/opts.h"

#include <stdint.h>

/* Was one of them given? */
bool process_is_named(const struct opts *o);

/*
 * *pid is 0 where none was. Of a container it is the process that began first. Errors: none runs
 * there; several containers match, which are named.
 */
int process_find(const struct opts *o, int32_t *pid, struct err *e);

#endif
