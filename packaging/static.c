// SPDX-License-Identifier: Apache-2.0
/*
 * For the static program alone: what glibc would ask shared libraries for. `make static` links this
 * file instead, so that the linker has nothing to warn of, and the program needs no other file of
 * the machine that it runs on.
 *
 * Users and groups are read from /etc/passwd and /etc/group: names that only a directory service
 * knows are not found. No library is opened.
 */
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* ---- users and groups ---- */

static struct passwd *find_user(const char *name, uid_t uid)
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *p = NULL;

	while (f != NULL && (p = fgetpwent(f)) != NULL)
		if (name != NULL ? strcmp(p->pw_name, name) == 0 : p->pw_uid == uid)
			break;
	if (f != NULL)
		fclose(f);
	return p;
}

struct passwd *getpwnam(const char *name)
{
	return find_user(name, 0);
}

struct passwd *getpwuid(uid_t uid)
{
	return find_user(NULL, uid);
}

/* libaudit's rules name groups; scaudit writes no rules. */
struct group *getgrnam(const char *name)
{
	FILE *f = fopen("/etc/group", "re");
	struct group *g = NULL;

	while (f != NULL && (g = fgetgrent(f)) != NULL && strcmp(g->gr_name, name) != 0)
		continue;
	if (f != NULL)
		fclose(f);
	return g;
}

int initgroups(const char *user, gid_t group)
{
	gid_t list[NGROUPS_MAX];
	size_t n = 0;
	FILE *f = fopen("/etc/group", "re");
	struct group *g;

	list[n++] = group;
	while (f != NULL && (g = fgetgrent(f)) != NULL)
		for (char **m = g->gr_mem; *m != NULL && n < NGROUPS_MAX; m++)
			if (strcmp(*m, user) == 0 && g->gr_gid != group) {
				list[n++] = g->gr_gid;
				break;
			}
	if (f != NULL)
		fclose(f);
	return setgroups(n, list);
}

/* ---- libraries: the linker has calls of dlopen() and the like come here (--wrap) ---- */

void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlsym(void *handle, const char *name);
int __wrap_dlclose(void *handle);
char *__wrap_dlerror(void);

/* libarchive's functions are in the program, where they were there to link; their names stand in
 * ingest/read/unpack.c. */
#ifdef WITH_ARCHIVE
#define ARCHIVE(name) extern void name(void);
#include "static/archive_list.h"
#undef ARCHIVE

static const struct { const char *name; void (*at)(void); } archive[] = {
#define ARCHIVE(name) { #name, name },
#include "static/archive_list.h"
#undef ARCHIVE
};

void *__wrap_dlopen(const char *file, int mode)
{
	static char is_archive;

	(void)mode;
	return strncmp(file, "libarchive.so", strlen("libarchive.so")) == 0 ? &is_archive : NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	void *at = NULL;

	(void)handle;
	for (size_t i = 0; i < sizeof(archive) / sizeof(archive[0]); i++)
		if (strcmp(archive[i].name, name) == 0)
			memcpy(&at, &archive[i].at, sizeof(at));
	return at;
}
#else
void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}
#endif

int __wrap_dlclose(void *handle)
{
	(void)handle;
	return 0;
}

char *__wrap_dlerror(void)
{
	static char text[] = "the static program opens no libraries";

	return text;
}
