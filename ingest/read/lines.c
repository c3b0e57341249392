// SPDX-License-Identifier: Apache-2.0
/* Cuts blocks into lines without copying; of a line that is too long only its beginning is kept. */
#include "ingest/read/lines.h"

#include "store/base/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define BUF_SIZE (256u << 10) /* stays in the processor's second cache */
#define OVERLAP 16 /* so that a word across two reads is found */

void lines_init(struct lines *l, int fd)
{
	*l = (struct lines){ .fd = fd, .buf = mem_alloc(BUF_SIZE + LINES_SLACK), .size = BUF_SIZE };
	memset(l->buf + BUF_SIZE, 0, LINES_SLACK);
}

void lines_widen(struct lines *l, size_t size)
{
	if (size <= l->size)
		return;
	l->buf = mem_grow(l->buf, size + LINES_SLACK, 1);
	l->size = size;
	memset(l->buf + size, 0, LINES_SLACK);
}

void lines_release(struct lines *l)
{
	free(l->buf);
	*l = (struct lines){ .fd = -1 };
}

void lines_give(struct lines *l, struct bytes head)
{
	memcpy(l->buf + l->end, head.p, head.n);
	l->end += head.n;
	l->bytes += head.n;
}

static bool mentions_record(const char *p, size_t n)
{
	struct bytes b = { p, n };

	return bytes_has(b, BYTES("type=1326")) || bytes_has(b, BYTES("type=SECCOMP")) ||
	       bytes_has(b, BYTES("]: SECCOMP"));
}

/* Makes room: what is left goes to the front; of a line that fills the buffer only its front is
 * kept. */
static void make_room(struct lines *l)
{
	size_t left = l->end - l->start;

	if (l->start > 0) {
		memmove(l->buf, l->buf + l->start, left);
		l->start = 0;
		l->end = left;
	}
	if (left < l->size)
		return;
	l->mentions = (l->in_long && l->mentions) || mentions_record(l->buf, left);
	l->in_long = true;
	memmove(l->buf + LINES_MAX, l->buf + left - OVERLAP, OVERLAP);
	l->end = LINES_MAX + OVERLAP;
}

int lines_fill(struct lines *l, int timeout_ms, enum lines_state *state, struct err *e)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	ssize_t n;
	int got;

	*state = LINES_EOF;
	if (l->eof)
		return 0;
	make_room(l);
	if (timeout_ms >= 0) {
		got = poll(&p, 1, timeout_ms);
		if (got == 0 || (got < 0 && errno == EINTR)) {
			*state = LINES_TIMEOUT;
			return 0;
		}
	}
	n = read(l->fd, l->buf + l->end, l->size - l->end);
	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		*state = LINES_TIMEOUT;
		return 0;
	}
	if (n < 0)
		return err_set(e, err_status(errno), "cannot read: %s", strerror(errno));
	l->eof = n == 0;
	l->end += (size_t)n;
	memset(l->buf + l->end, 0, LINES_SLACK);
	l->bytes += (uint64_t)n;
	*state = n == 0 ? LINES_EOF : LINES_GOT;
	return 0;
}

/* Where the line at start ends; NULL when its end is not there yet. */
static const char *line_end(const struct lines *l)
{
	size_t left = l->end - l->start;
	const char *nl = left == 0 ? NULL : memchr(l->buf + l->start, '\n', left);

	if (nl == NULL && l->eof && left > 0)
		nl = l->buf + l->end;
	return nl;
}

bool lines_ready(const struct lines *l)
{
	return line_end(l) != NULL;
}

bool lines_next(struct lines *l, struct bytes *line, bool *cut)
{
	const char *end = line_end(l);
	size_t n;

	if (end == NULL)
		return false;
	n = (size_t)(end - (l->buf + l->start));
	*line = (struct bytes){ l->buf + l->start, n };
	*cut = n > LINES_MAX;
	if (*cut) {
		l->mentions = (l->in_long && l->mentions) || mentions_record(line->p, n);
		line->n = LINES_MAX;
	}
	l->in_long = false;
	l->start += n + (end < l->buf + l->end);
	l->number++;
	return true;
}
