// SPDX-License-Identifier: Apache-2.0
/* Looks at owner and mode of a file and of all folders above it. */
#include "ingest/read/trust.h"

#include "store/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* File systems that are not in every version of linux/magic.h. */
#define JFS_MAGIC 0x3153464a
#define ZFS_MAGIC 0x2fc12fc1
#define BCACHEFS_MAGIC 0xca451a4e
#define XFS_MAGIC 0x58465342

/* The folder of a path, opened as a place only; a link is not followed. The rest of the path:
 * *name. */
static int open_folder(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	auto_free char *folder = NULL, *above = NULL;
	auto_close int at = -1;
	char *last;

	*name = slash ? slash + 1 : path;
	if (slash == NULL)
		return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	while (slash > path && slash[-1] == '/')
		slash--;
	if (slash == path)
		return open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	folder = mem_print("%.*s", (int)(slash - path), path);
	last = strrchr(folder, '/');
	above = last == NULL   ? mem_dup(".") :
		last == folder ? mem_dup("/") :
				 mem_print("%.*s", (int)(last - folder), folder);
	at = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return at < 0 ? -1 :
			openat(at, last == NULL ? folder : last + 1,
			       O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int trust_open(const char *path, struct trust *where)
{
	const char *name;
	auto_close int folder = open_folder(path, &name);
	int fd = folder < 0 ? -1 :
			      openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);

	*where = (struct trust){ .link = fd < 0 && (errno == ELOOP || errno == ENOTDIR) };
	if (where->link)
		return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	where->folder_known = fd >= 0 && fstat(folder, &where->folder) == 0;
	return fd;
}

static bool stores_files(int fd)
{
	static const unsigned long those[] = {
		EXT4_SUPER_MAGIC,  XFS_MAGIC,
		BTRFS_SUPER_MAGIC, TMPFS_MAGIC,
		RAMFS_MAGIC,	   OVERLAYFS_SUPER_MAGIC,
		ZFS_MAGIC,	   F2FS_SUPER_MAGIC,
		JFS_MAGIC,	   REISERFS_SUPER_MAGIC,
		NILFS_SUPER_MAGIC, BCACHEFS_MAGIC,
		SQUASHFS_MAGIC,	   EROFS_SUPER_MAGIC_V1,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(those); i++)
		if (((unsigned long)fs.f_type & 0xffffffff) == those[i])
			return true;
	return false;
}

/* Why others than root may have written there; NULL: none. */
static const char *others(const struct stat *st)
{
	if (st->st_uid != 0)
		return "is not root's";
	if (st->st_mode & S_IWOTH)
		return "may be written by others";
	return st->st_mode & S_IWGRP ? "may be written by its group" : NULL;
}

bool trust_root_only(int fd, const struct trust *where, char why[TRUST_WHY])
{
	const char *reason;
	struct stat st;

	why[0] = '\0';
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		snprintf(why, TRUST_WHY, "it is no regular file");
	else if (where->link)
		snprintf(why, TRUST_WHY,
			 "it or its folder is a symbolic link: name the file itself");
	else if (!stores_files(fd))
		snprintf(why, TRUST_WHY,
			 "its file system does not store files itself (proc, FUSE, network)");
	else if (st.st_size == 0)
		snprintf(why, TRUST_WHY, "it is empty");
	else if ((reason = others(&st)) != NULL)
		snprintf(why, TRUST_WHY, "it %s (mode %04o)", reason, (unsigned)st.st_mode & 07777);
	else if (!where->folder_known)
		snprintf(why, TRUST_WHY, "its folder cannot be looked at");
	else if ((reason = others(&where->folder)) != NULL)
		snprintf(why, TRUST_WHY, "its folder %s (mode %04o)", reason,
			 (unsigned)where->folder.st_mode & 07777);
	return why[0] == '\0';
}
