// SPDX-License-Identifier: Apache-2.0
/*
 * YAML into JSON's objects. Aliases and duplicate keys are refused, so that a file has one meaning
 * and one size.
 */
#include "analyze/input/yaml.h"

#include "store/base/esc.h"

#include <errno.h>
#include <stdlib.h>
#include <yaml.h>

#define DEPTH_MAX 32
#define DOCUMENTS_MAX 1000

struct loading {
	struct reading r;
	yaml_parser_t parser;
	yaml_event_t event;
	bool has_event;
};

static int next(struct loading *l)
{
	if (l->has_event)
		yaml_event_delete(&l->event);
	l->has_event = yaml_parser_parse(&l->parser, &l->event) != 0;
	if (!l->has_event) {
		l->r.line = l->parser.problem_mark.line + 1;
		return input_bad_line(&l->r, "no YAML: %.100s",
				      l->parser.problem ? l->parser.problem : "not readable");
	}
	l->r.line = l->event.start_mark.line + 1;
	return 0;
}

/* A number written without a sign, in the three bases of YAML 1.2. */
static json_object *yaml_number(const char *text)
{
	const char *digits = text;
	int base = 10;
	char *end;
	uint64_t v;

	if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0o", 2) == 0) {
		base = text[1] == 'x' ? 16 : 8;
		digits = text + 2;
	}
	/* strtoull would take blanks, signs and another 0x */
	if (!bytes_digit(digits[0]) &&
	    !(base == 16 && strchr("abcdefABCDEF", digits[0]) != NULL && digits[0] != '\0'))
		return NULL;
	errno = 0;
	v = strtoull(digits, &end, base);
	return errno == 0 && *end == '\0' && digits[1] != 'x' ? json_object_new_uint64(v) : NULL;
}

/* *out: NULL is null. */
static int scalar(struct loading *l, json_object **out)
{
	const char *text = (const char *)l->event.data.scalar.value;
	size_t n = l->event.data.scalar.length;
	bool plain = l->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	*out = NULL;
	if (plain && (n == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return 0;
	if (plain)
		*out = yaml_number(text);
	if (plain && *out == NULL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		*out = json_object_new_boolean(text[0] == 't');
	if (*out == NULL)
		*out = json_object_new_string_len(text, (int)n);
	return 0;
}

static int node(struct loading *l, json_object **out, unsigned depth);

static int sequence(struct loading *l, json_object **out, unsigned depth)
{
	*out = json_object_new_array();
	while (next(l) == 0 && l->event.type != YAML_SEQUENCE_END_EVENT) {
		json_object *one = NULL;
		int ret = node(l, &one, depth + 1);

		json_object_array_add(*out, one);
		if (ret < 0)
			return -1;
	}
	return l->has_event ? 0 : -1;
}

static int mapping(struct loading *l, json_object **out, unsigned depth)
{
	*out = json_object_new_object();
	while (next(l) == 0 && l->event.type != YAML_MAPPING_END_EVENT) {
		json_object *one = NULL;
		auto_free char *key = NULL;
		char shown[60];
		int ret;

		if (l->event.type != YAML_SCALAR_EVENT)
			return input_bad_line(&l->r, "a key that is no text");
		key = mem_dup((const char *)l->event.data.scalar.value);
		if (json_object_object_get_ex(*out, key, NULL))
			return input_bad_line(&l->r, "'%s' a second time in one object",
					      esc_word(shown, sizeof(shown), bytes_of(key)));
		ret = next(l) < 0 ? -1 : node(l, &one, depth + 1);
		json_object_object_add(*out, key, one);
		if (ret < 0)
			return -1;
	}
	return l->has_event ? 0 : -1;
}

/* The node that the event begins. */
static int node(struct loading *l, json_object **out, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return input_bad_line(&l->r, "nested deeper than %d", DEPTH_MAX);
	switch (l->event.type) {
	case YAML_SCALAR_EVENT:
		return scalar(l, out);
	case YAML_SEQUENCE_START_EVENT:
		return sequence(l, out, depth);
	case YAML_MAPPING_START_EVENT:
		return mapping(l, out, depth);
	default:
		return input_bad_line(&l->r, "an alias (*name) is not read");
	}
}

static int read_documents(struct loading *l, struct yaml_documents *out)
{
	while (next(l) == 0 && l->event.type != YAML_STREAM_END_EVENT) {
		json_object *root = NULL;
		int ret;

		if (l->event.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (out->n == DOCUMENTS_MAX)
			return input_bad_line(&l->r, "more than %d documents", DOCUMENTS_MAX);
		ret = next(l) < 0 ? -1 : node(l, &root, 0);
		*VEC_PUSH(out) = root;
		if (ret < 0)
			return -1;
	}
	return l->has_event ? 0 : -1;
}

int yaml_read(const struct reading *r, struct bytes text, struct yaml_documents *out)
{
	struct loading l = { .r = *r };
	int ret;

	if (!yaml_parser_initialize(&l.parser))
		return err_set(r->e, ST_SYSTEM, "no memory for a YAML reader");
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)(text.n ? text.p : ""),
				     text.n);
	ret = read_documents(&l, out);
	if (l.has_event)
		yaml_event_delete(&l.event);
	yaml_parser_delete(&l.parser);
	return ret;
}

void yaml_release(struct yaml_documents *d)
{
	for (size_t i = 0; i < d->n; i++)
		json_object_put(d->v[i]);
	VEC_FREE(d);
}
