// SPDX-License-Identifier: Apache-2.0
/*
 * Containers of lines: whatever the bytes, and however they are cut, the same comes out, reading
 * ends, and fields are in their ranges. The first byte is the size of the pieces.
 */
#include "ingest/read/body.h"
#include "ingest/read/reading.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

struct came { uint64_t pieces, records, damaged, hash; };

static void note(struct came *c, const struct line *l)
{
	must(l->kind != LINE_DAMAGED || l->reason != NULL, "damaged without a reason");
	c->pieces++;
	c->damaged += l->kind == LINE_DAMAGED;
	if (l->kind != LINE_RECORD)
		return;
	must(l->rec.pid >= 0 && l->rec.comm.n <= RECORD_COMM_MAX && l->rec.exe.n >= 1 &&
		     l->rec.exe.n <= FIELDS_EXE_MAX,
	     "out of range");
	c->records++;
	c->hash = c->hash * 31 + l->rec.serial + (uint64_t)l->rec.ms + l->rec.node.n;
}

static void within(struct came *c, const struct line *outer, struct body_room *room)
{
	struct wrap w = { 0 };
	struct bytes message;
	struct line l;

	reading_within(&w, outer, &message, 1);
	while (wrap_open(&w))
		if (wrap_push(&w, &message, true) == WRAP_ENTRY) {
			body_parse_entry(&w.entry, &l, room);
			note(c, &l);
		}
	wrap_release(&w);
}

static void read_it(const uint8_t *data, size_t n, size_t step, struct came *c)
{
	struct body_room room = { 0 };
	enum lines_state state = LINES_GOT;
	struct reading r;
	struct piece p;
	struct err e = { 0 };
	struct line l;
	int fds[2];

	must(pipe(fds) == 0, "pipe");
	reading_init(&r, fds[0], NULL);
	while (state == LINES_GOT) {
		size_t part = n < step ? n : step;

		if (part > 0)
			must(write(fds[1], data, part) == (ssize_t)part, "write");
		else if (fds[1] >= 0) {
			close(fds[1]);
			fds[1] = -1;
		}
		data += part;
		n -= part;
		must(lines_fill(&r.lines, -1, &state, &e) == 0, "fill");
		while (reading_next(&r, &p)) {
			if (p.kind == PIECE_NOTHING)
				continue;
			if (p.kind == PIECE_ENTRY)
				body_parse_entry(p.entry, &l, &room);
			else if (p.cut)
				body_cut_line(r.lines.mentions, &l);
			else
				body_parse_line(p.text, &l, &room);
			if (l.kind == LINE_WRAPS)
				within(c, &l, &room);
			else
				note(c, &l);
		}
	}
	must(!reading_ready(&r), "something is left");
	reading_release(&r);
	body_room_release(&room);
	close(fds[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct came whole = { 0 }, cut = { 0 };

	if (n < 2)
		return 0;
	read_it(data + 1, n - 1, 65536, &whole);
	read_it(data + 1, n - 1, data[0] ? data[0] : 1, &cut);
	must(whole.records == cut.records && whole.hash == cut.hash,
	     "other records when it comes in pieces");
	return 0;
}
