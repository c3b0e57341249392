/* SPDX-License-Identifier: Apache-2.0 */
/* JSON by json-c, as all commands write it. */
#ifndef STORE_BASE_JSON_H
#define STORE_BASE_JSON_H

#include "store/base/bytes.h"

#include <json-c/json.h>
#include <stdio.h>

/* A text; where it is no valid UTF-8, with replacement characters and NAME_hex beside it. !there:
 * null. */
void json_put_text(json_object *to, const char *name, bool there, struct bytes b);
void json_put_word(json_object *to, const char *name, const char *text);  /* NULL: null */
void json_put_int(json_object *to, const char *name, bool there, int64_t v);
void json_put_hex(json_object *to, const char *name, uint64_t v); /* lower case, without 0x */
void json_put_time(json_object *to, const char *name, int64_t ms); /* RFC 3339; WHEN_NONE: null */
void json_write(FILE *to, json_object *doc); /* one document; releases it */
void json_print(json_object *doc);                                        /* the same, on stdout */
void json_print_line(json_object *doc); /* the same, on one line */

#endif
