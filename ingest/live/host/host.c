// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what a machine's files say about seccomp and logging: kernel settings, auditd, rsyslog,
 * journald.
 */
#include "ingest/live/host/host.h"

#include "ingest/live/kernel/helper.h"
#include "store/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HELPER_MS 3000

/* Inodes of the first namespaces, fixed by the kernel. source: include/uapi/linux/nsfs.h; net and
 * mnt since 6.18 */
static const struct { const char *kind; uint64_t inode; bool always; } firsts[] = {
	{ "user", 0xeffffffd, true },
	{ "pid", 0xeffffffc, true },
	{ "net", 0xeffffff9, false },
	{ "ipc", 0xefffffff, true },
	{ "uts", 0xeffffffe, true },
	{ "cgroup", 0xeffffffb, true },
	{ "time", 0xeffffffa, true },
	{ "mnt", 0xeffffff8, false },
};

/* Adds what fd holds to out, at most HOST_FILE_MAX bytes. */
static bool read_all(int fd, struct buf *out)
{
	char block[4096];
	ssize_t got;

	for (size_t sum = 0; sum < HOST_FILE_MAX; sum += (size_t)got) {
		got = read(fd, block, sizeof(block));
		if (got < 0)
			return false;
		if (got == 0)
			break;
		buf_add(out, block, (size_t)got);
	}
	return true;
}

bool host_read(const char *root, const char *path, struct buf *out)
{
	auto_free char *whole = mem_print("%s%s", root, path);
	auto_close int fd = open(whole, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t before = out->n;
	struct stat st;
	struct bytes b;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	if (!read_all(fd, out)) {
		out->n = before;
		return false;
	}
	b = (struct bytes){ out->p + before, out->n - before };
	if (b.n)
		bytes_trim_right(&b);
	out->n = before + b.n;
	return true;
}

bool host_number(const char *root, const char *path, int64_t *out)
{
	auto_buf struct buf text = { 0 };
	struct bytes b;
	uint64_t v;

	if (!host_read(root, path, &text))
		return false;
	b = buf_bytes(&text);
	if (b.n == 0 || bytes_dec(&b, INT64_MAX, &v) == 0 || b.n)
		return false;
	*out = (int64_t)v;
	return true;
}

bool host_exists(const char *root, const char *path)
{
	auto_free char *whole = mem_print("%s%s", root, path);

	return access(whole, F_OK) == 0;
}

struct bytes host_word(struct bytes *b)
{
	static const char blanks[] = " \t\r\n()";
	size_t n = 0;

	while (b->n && b->p[0] && strchr(blanks, b->p[0]) != NULL)
		bytes_skip(b, 1);
	while (n < b->n && (!b->p[n] || strchr(blanks, b->p[n]) == NULL))
		n++;
	bytes_skip(b, n);
	return (struct bytes){ b->p - n, n };
}

bool host_has_word(struct bytes text, const char *word)
{
	while (text.n)
		if (bytes_eq(host_word(&text), bytes_of(word)))
			return true;
	return false;
}

bool host_boot_option(const char *root, const char *name, struct buf *out)
{
	auto_buf struct buf text = { 0 }, front = { 0 };
	struct bytes rest;
	bool found = false;

	buf_printf(&front, "%s=", name);
	if (!host_read(root, "/proc/cmdline", &text))
		return false;
	for (rest = buf_bytes(&text); rest.n;) {
		struct bytes word = host_word(&rest);

		if (bytes_eq(word, BYTES("--"))) /* what follows is for init */
			break;
		if (!bytes_take(&word, buf_bytes(&front)))
			continue;
		out->n = 0;
		buf_add(out, word.p, word.n);
		found = true;
	}
	return found;
}

static bool unpacked(const char *root, const char *path, struct buf *out)
{
	auto_free char *whole = mem_print("%s%s", root, path);
	const char *const argv[] = { "gzip", "-dc", whole, NULL };
	struct err e = { 0 };

	return access(whole, R_OK) == 0 &&
	       helper_output(argv, HOST_FILE_MAX, HELPER_MS, out, &e) == 0 && out->n > 0;
}

bool host_config(const char *root, const char *release, struct buf *text, char where[256])
{
	static const char *const rows[] = { "/boot/config-%s", "/lib/modules/%s/config",
					    "/usr/lib/modules/%s/config" };

	snprintf(where, 256, "/proc/config.gz");
	if (unpacked(root, where, text))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *at = strchr(rows[i], '%');

		snprintf(where, 256, "%.*s%s%s", (int)(at - rows[i]), rows[i], release, at + 2);
		text->n = 0;
		if (host_read(root, where, text) && text->n)
			return true;
	}
	where[0] = '\0';
	return false;
}

bool host_config_has(struct bytes text, const char *option)
{
	while (text.n) {
		struct bytes line = bytes_until(&text, '\n');

		bytes_skip(&text, 1);
		if (bytes_take(&line, bytes_of(option)) && bytes_take(&line, BYTES("=")))
			return bytes_starts(line, BYTES("y")) || bytes_starts(line, BYTES("m"));
	}
	return false;
}

/* The inode of a namespace link, "net:[4026531833]"; 0: it cannot be read. */
static uint64_t namespace_of(const char *root, const char *process, const char *kind)
{
	auto_free char *path = mem_print("%s/proc/%s/ns/%s", root, process, kind);
	char link[64];
	ssize_t n = readlink(path, link, sizeof(link));
	struct bytes b = { link, n > 0 ? (size_t)n : 0 };
	uint64_t v = 0;

	bytes_until(&b, '[');
	bytes_skip(&b, 1);
	bytes_dec(&b, UINT64_MAX, &v);
	return v;
}

enum host_answer host_is_initial(const char *root, const char *who, const char *kind)
{
	uint64_t mine = namespace_of(root, who, kind), of_init;

	for (size_t i = 0; i < ARRAY_SIZE(firsts); i++)
		if (strcmp(firsts[i].kind, kind) == 0 && mine) {
			if (mine == firsts[i].inode)
				return HOST_YES;
			if (firsts[i].always)
				return HOST_NO;
		}
	/* older kernels number network namespaces as they come; the first process is in the first
	 * one, if it is the first */
	of_init = namespace_of(root, "1", kind);
	if (!mine || !of_init || namespace_of(root, "self", "pid") != firsts[1].inode)
		return HOST_UNKNOWN;
	return mine == of_init ? HOST_YES : HOST_NO;
}

struct bytes host_status(struct bytes status, const char *name)
{
	while (status.n) {
		struct bytes line = bytes_until(&status, '\n');

		bytes_skip(&status, 1);
		if (!bytes_take(&line, bytes_of(name)) || !bytes_take(&line, BYTES(":")))
			continue;
		bytes_trim_left(&line);
		return line;
	}
	return BYTES("");
}

int host_status_number(struct bytes status, const char *name, int otherwise)
{
	struct bytes text = host_status(status, name);
	uint64_t v;

	return bytes_dec(&text, INT32_MAX, &v) ? (int)v : otherwise;
}

/* False: it has ended meanwhile, or may not be looked at. */
static bool add_thread(const char *root, const char *pid, const char *tid, bool first,
		       struct host_seccomp *out)
{
	auto_free char *path = mem_print("/proc/%s/task/%s/status", pid, tid);
	auto_buf struct buf text = { 0 };
	int mode, filters;

	if (!host_read(root, path, &text))
		return false;
	mode = host_status_number(buf_bytes(&text), "Seccomp", 0);
	filters = host_status_number(buf_bytes(&text), "Seccomp_filters", -1);
	out->differ = out->differ || (!first && (mode != out->mode || filters != out->filters));
	out->mode = mode > out->mode ? mode : out->mode;
	out->filters = filters > out->filters ? filters : out->filters;
	return true;
}

bool host_seccomp(const char *root, const char *pid, struct host_seccomp *out)
{
	auto_free char *comm = mem_print("/proc/%s/comm", pid),
		       *tasks = mem_print("%s/proc/%s/task", root, pid);
	struct dirent *d;
	DIR *dir = opendir(tasks);
	bool first = true;

	*out = (struct host_seccomp){ .filters = -1 };
	if (dir == NULL)
		return false;
	while ((d = readdir(dir)) != NULL) {
		if (bytes_digit(d->d_name[0]) && add_thread(root, pid, d->d_name, first, out))
			first = false;
	}
	closedir(dir);
	host_read(root, comm, &out->name);
	return !first;
}

int host_process(const char *root, const char *comm)
{
	auto_free char *proc = mem_print("%s/proc", root);
	struct dirent *d;
	DIR *dir = opendir(proc);
	int found = 0;

	while (dir != NULL && found == 0 && (d = readdir(dir)) != NULL) {
		auto_free char *path = mem_print("/proc/%s/comm", d->d_name);
		auto_buf struct buf name = { 0 };

		if (bytes_digit(d->d_name[0]) && host_read(root, path, &name) &&
		    bytes_eq(buf_bytes(&name), bytes_of(comm)))
			found = atoi(d->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}
