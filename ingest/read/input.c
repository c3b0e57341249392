// SPDX-License-Identifier: Apache-2.0
/* Goes through the members of a source: itself, or the files of an archive. */
#include "ingest/read/input.h"

#include "ingest/read/unpack.h"
#include "store/base/esc.h"
#include "store/base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int input_open(struct input *in, const char *path, const char *json_field, struct err *e)
{
	auto_buf struct buf shown = { 0 };

	*in = (struct input){ .json_field = json_field };
	if (source_open(&in->source, path, e) < 0)
		return -1;
	if (in->source.is_stdin)
		buf_str(&shown, "standard input");
	else
		esc_shell(&shown, bytes_of(path));
	in->shown = mem_dup(buf_text(&shown));
	in->name = in->source.name;
	return 0;
}

static void end_member(struct input *in)
{
	if (in->begun)
		reading_release(&in->reading);
	in->begun = false;
	free(in->member);
	in->member = NULL;
}

void input_close(struct input *in)
{
	end_member(in);
	unpack_close(in->unpack);
	in->unpack = NULL;
	free(in->shown);
	in->shown = NULL;
	source_close(&in->source);
}

static int next_packed(struct input *in, bool *any, struct err *e)
{
	struct bytes head = { NULL, 0 };
	const char *name;
	int fd = -1;

	end_member(in);
	if (unpack_next(in->unpack, any, &fd, &head, &name, e) < 0)
		return -1;
	if (!*any)
		return 0;
	if (name != NULL)
		in->member = mem_print("%s:%s", in->source.name, name);
	in->name = in->member ? in->member : in->source.name;
	reading_init(&in->reading, fd, in->json_field);
	lines_give(&in->reading.lines, head);
	in->begun = true;
	return 0;
}

int input_next(struct input *in, bool *any, struct err *e)
{
	*any = false;
	if (in->unpack == NULL && in->source.packed != NULL) {
		in->unpack = unpack_open(in->source.fd, (struct bytes){ NULL, 0 }, in->shown, e);
		if (in->unpack == NULL)
			return -1;
	}
	if (in->unpack != NULL)
		return next_packed(in, any, e);
	*any = !in->begun;
	if (*any)
		reading_init(&in->reading, in->source.fd, in->json_field);
	in->begun = true;
	return 0;
}

/* A pipe that brings something packed: its first bytes go to the unpacker, and its first member is
 * read instead. */
static int look(struct input *in, enum lines_state *state, struct err *e)
{
	struct lines *l = &in->reading.lines;
	struct bytes head = { l->buf + l->start, l->end - l->start };
	char first[UNPACK_HEAD];
	bool any;

	in->looked = true;
	if (head.n > sizeof(first) && unpack_known(head) == NULL)
		return 0;
	if (unpack_known(head) == NULL)
		return 0;
	in->unpack = unpack_open(in->source.fd, head, in->shown, e);
	if (in->unpack == NULL || next_packed(in, &any, e) < 0)
		return -1;
	*state = any ? LINES_GOT : LINES_EOF;
	return 0;
}

int input_fill(struct input *in, int timeout_ms, enum lines_state *state, struct err *e)
{
	if (lines_fill(&in->reading.lines, timeout_ms, state, e) < 0)
		return -1;
	if (in->looked || in->unpack != NULL || in->source.is_regular || in->source.is_kmsg ||
	    *state != LINES_GOT)
		return 0;
	return look(in, state, e);
}

int input_again(struct input *in, struct err *e)
{
	end_member(in);
	unpack_close(in->unpack);
	in->unpack = NULL;
	if (lseek(in->source.fd, 0, SEEK_SET) < 0)
		return err_set(e, err_status(errno), "cannot read %s again: %s", in->shown,
			       strerror(errno));
	return 0;
}
