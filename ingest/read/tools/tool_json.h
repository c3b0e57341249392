/* SPDX-License-Identifier: Apache-2.0 */
/* For tools that write a JSON object a line: what is in it, by paths such as
 * "workload.process.pid.value". */
#ifndef INGEST_READ_TOOLS_TOOL_JSON_H
#define INGEST_READ_TOOLS_TOOL_JSON_H

#include "ingest/read/tools/tool.h"

#include <json-c/json.h>

/* NULL: it is no object, or cut. The caller puts it. */
json_object *tool_json_parse(struct bytes line);

/* NULL: it is not there. */
json_object *tool_json_at(json_object *from, const char *path);

/* A text, or what a number looks like; n 0: it is not there. It lives as long as the object. */
struct bytes tool_json_text(json_object *from, const char *path);

/* The first of several, with | between, that is there. */
struct bytes tool_json_any(json_object *from, const char *paths);

/* A number, or a text that is one; -1: neither. */
int64_t tool_json_int(json_object *from, const char *paths);

/* Is it there, and true? */
bool tool_json_true(json_object *from, const char *paths);

/* RFC 3339, to milliseconds; WHEN_NONE: it is none. */
int64_t tool_json_time(struct bytes text);

/* A call of `who` by an object, at its place. */
int tool_json_call(struct tool_reading *r, struct tool_who *who, int32_t nr, int64_t ms,
		   const struct bytes *location, struct err *e);

#endif
