// SPDX-License-Identifier: Apache-2.0
/* How far a file was read, and by what it is known again: its inode, its first block and the block
 * before the position. */
#include "ingest/file_mark.h"

#include "store/base/hash.h"
#include "store/base/when.h"
#include "store/rows/position.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 1024

static uint64_t hash_at(int fd, uint64_t at, uint64_t n, bool *fine)
{
	char block[BLOCK];
	ssize_t got = n == 0 ? 0 : pread(fd, block, (size_t)n, (off_t)at);

	*fine = got == (ssize_t)n;
	/* kept in the store: where a later version hashes otherwise, a file is read whole once */
	return *fine && n > 0 ? hash_bytes(block, (size_t)n) : 0;
}

bool file_mark_same(int fd, const struct file_mark *m)
{
	struct stat st;
	bool head, last;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_dev == m->dev &&
	       (uint64_t)st.st_ino == m->ino && (uint64_t)st.st_size >= m->offset &&
	       hash_at(fd, 0, m->head_n, &head) == m->head && head &&
	       hash_at(fd, m->offset - m->last_n, m->last_n, &last) == m->last && last;
}

void file_mark_set(int fd, struct file_mark *m, uint64_t offset)
{
	bool fine;

	m->offset = offset;
	m->head_n = offset < BLOCK ? offset : BLOCK;
	m->last_n = m->head_n;
	m->head = hash_at(fd, 0, m->head_n, &fine);
	m->last = hash_at(fd, offset - m->last_n, m->last_n, &fine);
	m->at_ms = when_now();
}

int file_mark_save(struct store *s, const char *path, const struct file_mark *m, struct err *e)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "1 %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIx64
		 " %" PRIu64 " %" PRIx64 " %d %" PRId64,
		 m->dev, m->ino, m->offset, m->line, m->head_n, m->head, m->last_n, m->last,
		 m->auditd, m->at_ms);
	return position_save(s, path, bytes_of(text), e);
}

int file_mark_load(struct store *s, const char *path, struct file_mark *m, bool *found,
		   struct err *e)
{
	auto_buf struct buf text = { 0 };
	int auditd = 0;

	if (position_load(s, path, &text, found, e) < 0)
		return -1;
	*found = *found &&
		 sscanf(buf_text(&text),
			"1 %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNx64
			" %" SCNu64 " %" SCNx64 " %d %" SCNd64,
			&m->dev, &m->ino, &m->offset, &m->line, &m->head_n, &m->head, &m->last_n,
			&m->last, &auditd, &m->at_ms) == 10 &&
		 m->head_n <= BLOCK && m->last_n <= BLOCK && m->last_n <= m->offset;
	m->auditd = auditd == 1;
	return 0;
}
