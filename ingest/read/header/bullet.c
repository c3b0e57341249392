// SPDX-License-Identifier: Apache-2.0
#include "ingest/read/header.h"

/* The mark of a list or of a quotation: "- ", "* ", "• ", "> ", "3. ", "3) ". Who copied by hand may have changed more. */
static bool mark(struct bytes *b)
{
	static const char *const marks[] = { "-", "*", "+", ">", "|", "\xe2\x80\xa2", "\xe2\x80\x93", "\xe2\x80\xa3", "\xc2\xb7" };
	struct bytes rest = *b;
	uint64_t number;
	bool any = false;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !any; i++)
		any = bytes_take(&rest, bytes_of(marks[i]));
	if (!any)
		any = bytes_dec(&rest, 9999, &number) && (bytes_take(&rest, BYTES(".")) || bytes_take(&rest, BYTES(")")));
	if (!any || rest.n == 0 || (rest.p[0] != ' ' && rest.p[0] != '\t'))
		return false;
	bytes_trim_left(&rest);
	*b = rest;
	return true;
}

static bool bullet_parse(struct bytes *line, struct context *out)
{
	if (!mark(line))
		return false;
	while (mark(line))
		;
	out->indented = true;
	return true;
}

const struct header header_bullet = { "bullet", "the mark of a list or of a quotation", bullet_parse };
