// SPDX-License-Identifier: Apache-2.0
/* Pieces of input as they come: lines, or the entries of a container. */
#include "ingest/read/reading.h"

#include "ingest/read/body.h"
#include "ingest/read/sieve.h"

void reading_init(struct reading *r, int fd, const char *json_field)
{
	lines_init(&r->lines, fd);
	r->wrap = (struct wrap){ .fields.extra = json_field };
}

void reading_release(struct reading *r)
{
	lines_release(&r->lines);
	wrap_release(&r->wrap);
}

static struct bytes ahead(const struct reading *r)
{
	return (struct bytes){ r->lines.buf + r->lines.start, r->lines.end - r->lines.start };
}

/* Goes on with the container that is open. False: more has to be read, or it is no longer open. */
static bool go_on(struct reading *r, struct piece *p)
{
	struct bytes b = ahead(r);
	size_t before = b.n;
	enum wrap_got got = wrap_push(&r->wrap, &b, r->lines.eof);

	r->lines.start += before - b.n;
	r->lines.number = r->wrap.line - 1;
	if (got != WRAP_ENTRY && got != WRAP_NOTHING)
		return false;
	*p = (struct piece){ .kind = got == WRAP_ENTRY ? PIECE_ENTRY : PIECE_NOTHING,
			     .entry = &r->wrap.entry,
			     .number = r->wrap.entry.line };
	if (got == WRAP_ENTRY)
		p->text = r->wrap.entry.message;
	return true;
}

bool reading_next(struct reading *r, struct piece *p)
{
	bool unsure = false;

	for (;;) {
		while (reading_inside(r)) {
			size_t start = r->lines.start;

			if (go_on(r, p))
				return true;
			if (reading_inside(r) &&
			    (r->lines.start == r->lines.end || r->lines.start == start))
				return false;
		}
		if (r->lines.in_long || r->lines.start == r->lines.end ||
		    !wrap_begins(&r->wrap, ahead(r), lines_ready(&r->lines) || r->lines.eof,
				 r->lines.number + 1, &unsure))
			break;
	}
	*p = (struct piece){ .kind = PIECE_LINE };
	if (unsure || !lines_next(&r->lines, &p->text, &p->cut))
		return false;
	p->number = r->lines.number;
	return true;
}

uint64_t reading_pass(struct reading *r)
{
	uint64_t lines = 0;
	size_t n = reading_inside(r) ? 0 : sieve_pass(lines_ahead(&r->lines), &lines);

	if (n > 0)
		lines_pass(&r->lines, n, lines);
	return lines;
}

bool reading_ready(const struct reading *r)
{
	return reading_inside(r) || lines_ready(&r->lines);
}

void reading_within(struct wrap *w, const struct line *l, struct bytes *message, uint64_t number)
{
	*message = l->message;
	wrap_within(w, message, &l->outer, number);
}
