// SPDX-License-Identifier: Apache-2.0
/* What pages and reports put before a line: bullets, quotes, numbers. */
#include "ingest/read/header.h"

/*
 * The mark of a list, a table or a quotation: "- ", "* ", "• ", "> ", ">> ", "| ", "3. ", "3) ".
 * Who copied by hand may have changed more.
 */
static bool mark(struct bytes *b)
{
	static const char *const marks[] = {
		"-", "*", "+", ">", "|", "\xe2\x80\xa2", "\xe2\x80\x93", "\xe2\x80\xa3", "\xc2\xb7"
	};
	struct bytes rest = *b;
	uint64_t number;
	bool any = false;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && !any; i++)
		any = bytes_take(&rest, bytes_of(marks[i]));
	while (bytes_take(&rest, BYTES(">")))
		any = true;
	if (!any)
		any = bytes_dec(&rest, 9999, &number) &&
		      (bytes_take(&rest, BYTES(".")) || bytes_take(&rest, BYTES(")")));
	if (!any || rest.n == 0 || (rest.p[0] != ' ' && rest.p[0] != '\t'))
		return false;
	bytes_trim_left(&rest);
	*b = rest;
	return true;
}

/* Takes what stands at both ends of the line: a column's bars, Markdown's marks of code and of
 * emphasis. */
static bool both_ends(struct bytes *b)
{
	static const char *const marks[] = { "`", "***", "**", "__", "*", "_" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i]);

		if (b->n > 2 * n && memcmp(b->p, marks[i], n) == 0 &&
		    memcmp(b->p + b->n - n, marks[i], n) == 0 &&
		    (marks[i][0] == '`' || (b->p[n] != ' ' && b->p[n] != marks[i][0]))) {
			*b = (struct bytes){ b->p + n, b->n - 2 * n };
			return true;
		}
	}
	return false;
}

static bool bullet_parse(struct bytes *line, struct context *out)
{
	bool bar = line->n > 0 && line->p[0] == '|', any = false;

	while (mark(line) || both_ends(line)) {
		any = true;
		if (bar && line->n > 2 && line->p[line->n - 1] == '|' &&
		    line->p[line->n - 2] == ' ')
			line->n -= 2;
	}
	out->indented = out->indented || any;
	return any;
}

const struct header header_bullet = { "bullet",
				      "the mark of a list, a table, of code or of a quotation",
				      bullet_parse };
