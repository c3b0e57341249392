/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON object on one line, written field by field: the bytes that json.h would write, at a
 * fraction of their cost. */
#ifndef STORE_BASE_JSON_ROW_H
#define STORE_BASE_JSON_ROW_H

#include "store/base/buf.h"

#define JSON_ROW_NAME 60 /* bytes of a name; longer ones are cut */

/* `{0}` is a fresh one; it is used for one row after the other. */
struct json_row {
	struct buf out;
	int64_t second; /* the last time's, and how it is written */
	char second_text[32];
};

void json_row_begin(struct json_row *r);
void json_row_text(struct json_row *r, const char *name, bool there,
		   struct bytes b); /* these as json_put_text and so on */
void json_row_word(struct json_row *r, const char *name, const char *text);
void json_row_int(struct json_row *r, const char *name, bool there, int64_t v);
void json_row_hex(struct json_row *r, const char *name, uint64_t v);
void json_row_time(struct json_row *r, const char *name, int64_t ms);
void json_row_print(struct json_row *r); /* ends the object and the line */
void json_row_release(struct json_row *r);

#endif
