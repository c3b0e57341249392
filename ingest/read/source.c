// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a file, a pipe or /dev/kmsg; refuses what is no log (folders, archives), and names the
 * tool for it.
 */
#include "ingest/read/source.h"

#include "ingest/read/unpack.h"
#include "store/base/esc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MEM_MAJOR 1   /* include/uapi/linux/major.h */
#define KMSG_MINOR 11 /* drivers/char/mem.c */
#define PIPE_SIZE (1 << 20) /* what the kernel allows to anybody (fs.pipe-max-size) */

static int look_at_file(struct source *s, const struct trust *where, const char *shown,
			struct err *e)
{
	struct stat st;
	char head[UNPACK_HEAD];
	ssize_t n;

	if (fstat(s->fd, &st) != 0)
		return err_set(e, err_status(errno), "cannot look at %s: %s", shown,
			       strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(e, ST_INPUT, "%s is a folder; name the files in it", shown);
	s->is_kmsg = S_ISCHR(st.st_mode) && st.st_rdev == makedev(MEM_MAJOR, KMSG_MINOR);
	s->is_regular = S_ISREG(st.st_mode);
	if (S_ISFIFO(st.st_mode)) /* who writes goes on while a batch is committed; where that is
				     refused, it waits */
		fcntl(s->fd, F_SETPIPE_SZ, PIPE_SIZE);
	if (!s->is_regular)
		return 0;
	s->size = st.st_size;
	s->root_only = !s->is_stdin && trust_root_only(s->fd, where, s->why);
	if (st.st_uid != 0)
		s->why[0] = '\0';
	n = pread(s->fd, head, sizeof(head), 0);
	s->is_store = n >= 16 && memcmp(head, "SQLite format 3", 16) == 0;
	s->is_journal = n >= 8 && memcmp(head, "LPKSHHRH", 8) == 0;
	s->packed = n > 0 ? unpack_known((struct bytes){ head, (size_t)n }) : NULL;
	return 0;
}

int source_open(struct source *s, const char *path, struct err *e)
{
	auto_buf struct buf shown = { 0 };
	struct trust where = { .link = false };

	*s = (struct source){ .fd = -1, .name = path };
	s->is_stdin = strcmp(path, "-") == 0;
	if (s->is_stdin)
		buf_str(&shown, "standard input");
	else
		esc_shell(&shown, bytes_of(path));
	/* kmsg without O_NONBLOCK would wait for ever for the next message */
	s->fd = s->is_stdin ? STDIN_FILENO : trust_open(path, &where);
	if (s->fd < 0)
		return err_set(e, err_status(errno), "cannot open %s: %s", buf_text(&shown),
			       errno == ENXIO ? "it is a socket, or a device that is not there" :
						strerror(errno));
	if (look_at_file(s, &where, buf_text(&shown), e) < 0) {
		source_close(s);
		return -1;
	}
	if (s->is_kmsg)
		fcntl(s->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

void source_close(struct source *s)
{
	if (s->fd >= 0 && !s->is_stdin)
		close(s->fd);
	s->fd = -1;
}
