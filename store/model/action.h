/* SPDX-License-Identifier: Apache-2.0 */
/* What a filter answered: SECCOMP_RET_* of linux/seccomp.h, as `code=` shows it. */
#ifndef STORE_MODEL_ACTION_H
#define STORE_MODEL_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#define ACTION_MASK 0xffff0000u /* SECCOMP_RET_ACTION_FULL; old kernels print data below it */

/* GNU C: one of them is greater than INT_MAX, so all are unsigned where they are compared. */
enum action {
#define ACTION(id, value, scmp, word) ACTION_##id = (value),
#include "store/model/action_list.h"
#undef ACTION
};

/* The action of a `code`; an unknown value stays what it is (the kernel kills the process then). */
static inline uint32_t action_of(uint32_t code)
{
	return code & ACTION_MASK;
}

/*
 * Does the action kill? Those that do come with sig=31 (or 9 in strict mode), all others with
 * sig=0. source: __seccomp_filter() in kernel/seccomp.c; an unknown action is
 * SECCOMP_RET_KILL_PROCESS.
 */
bool action_kills(uint32_t action);

/* Was the call let through: logged, or, as a tool saw it, made? */
static inline bool action_passes(uint32_t action)
{
	return action == (uint32_t)ACTION_LOG || action == (uint32_t)ACTION_ALLOW;
}

const char *action_word(uint32_t action); /* "log", "errno" ...; "unknown" for what no table has */
const char *action_scmp(uint32_t action); /* "SCMP_ACT_LOG" ...; NULL for what no table has */

/* Reads "SCMP_ACT_ERRNO", "errno" or "ERRNO"; KILL alone is KILL_THREAD, as in the runtime-spec. */
bool action_parse(const char *text, uint32_t *action);

#endif
