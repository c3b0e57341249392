/*
 * For the static program alone: what glibc would ask shared libraries for. `make static` links this file instead, so
 * that the linker has nothing to warn of, and the program needs no other file of the machine that it runs on.
 *
 * Users and groups are read from /etc/passwd and /etc/group: names that only a directory service knows are not found.
 * No library is opened.
 */
#include <errno.h>
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

void *__wrap_dlopen(const char *file, int mode)
{
	(void)file;
	(void)mode;
	errno = ENOSYS;
	return NULL;
}

void *__wrap_dlsym(void *handle, const char *name)
{
	(void)handle;
	(void)name;
	return NULL;
}

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
