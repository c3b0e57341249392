/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and times in strace's lines. */
#ifndef INGEST_READ_TOOLS_STRACE_ARGS_H
#define INGEST_READ_TOOLS_STRACE_ARGS_H

#include "ingest/read/tools/strace_line.h"
#include "ingest/read/tools/tool.h"

/* The name of what no line shows. */
extern const struct bytes strace_unknown;

/* The first string, decoded, kept in the reading's pool; strace_unknown where there is none. */
struct bytes strace_string(struct tool_reading *r, struct bytes args);

/* Of times of day: where their day began, and the last one. `{0}` at first. */
struct strace_days { int64_t midnight, last; };

/* The time of a line; date: the file's. WHEN_NONE: it has none. */
int64_t strace_time(struct strace_days *d, const struct strace_line *l, int64_t date);

#endif
