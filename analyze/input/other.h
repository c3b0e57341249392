/* SPDX-License-Identifier: Apache-2.0 */
/* Files that people take for profiles, or that hold one in another form: told by name, so that none
 * of them is read as something else. */
#ifndef ANALYZE_INPUT_OTHER_H
#define ANALYZE_INPUT_OTHER_H

#include "store/base/bytes.h"

#include <json-c/json.h>

/* What it is, and what can be done with it: "a policy of kafel (nsjail); ..."; NULL: none of those
 * that are known. */
const char *input_other(struct bytes text);

/* The same of JSON, by its members. */
const char *input_other_json(json_object *root);

#endif
