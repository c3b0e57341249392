// SPDX-License-Identifier: Apache-2.0
/*
 * Reads a cgroup path into runtime, container, pod and unit, and looks for names in files of
 * kubelet and the runtimes.
 */
#include "ingest/live/process/location.h"

#include "store/base/buf.h"
#include "store/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define ID_DIGITS 64
#define STATE_MAX (1 << 20) /* bytes of a runtime's state file that are read */
/* a process's beginning is told in ticks of 10 ms, a record's time in steps of 4 */
#define START_SLACK_MS 20

/* ---- text that a location keeps ---- */

static void set(struct location *p, enum location_field f, struct bytes text)
{
	if (p->v[f].n > 0 || text.n == 0 || p->used + text.n > sizeof(p->room))
		return;
	memcpy(p->room + p->used, text.p, text.n);
	p->v[f] = (struct bytes){ p->room + p->used, text.n };
	p->used += text.n;
}

/* ---- parts of a cgroup's path ---- */

static bool is_id(struct bytes b)
{
	if (b.n != ID_DIGITS)
		return false;
	for (size_t i = 0; i < b.n; i++)
		if (!bytes_digit(b.p[i]) && (b.p[i] < 'a' || b.p[i] > 'f'))
			return false;
	return true;
}

static bool ends(struct bytes b, struct bytes with)
{
	return b.n >= with.n && memcmp(b.p + b.n - with.n, with.p, with.n) == 0;
}

static bool drop_end(struct bytes *b, struct bytes with)
{
	if (!ends(*b, with))
		return false;
	b->n -= with.n;
	return true;
}

/* "docker-ID.scope", "cri-containerd-ID.scope", "libpod-ID", "...:cri-containerd:ID": who made the
 * container ID. */
static const struct { struct bytes front; const char *runtime; } runtimes[] = {
	{ { "docker-", 7 }, "docker" },           { { "docker:", 7 }, "docker" },
	{ { "cri-containerd-", 15 }, "containerd" }, { { "cri-containerd:", 15 }, "containerd" },
	{ { "crio-", 5 }, "cri-o" },              { { "crio:", 5 }, "cri-o" },
	{ { "libpod-", 7 }, "podman" },           { { "libpod:", 7 }, "podman" },
	{ { "nerdctl-", 8 }, "containerd" },      { { "nerdctl:", 8 }, "containerd" },
};

static bool container_part(struct location *p, struct bytes part)
{
	bool scope = drop_end(&part, BYTES(".scope"));
	size_t colon;

	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++) {
		struct bytes rest = part;

		/* the colon's form stands behind the slice that a runtime took for a folder */
		colon = bytes_find(rest, runtimes[i].front);
		if (colon == rest.n || (colon > 0 && (rest.p[colon - 1] != ':' || scope)))
			continue;
		bytes_skip(&rest, colon + runtimes[i].front.n);
		if (!is_id(rest))
			continue;
		set(p, LOCATION_CONTAINER, rest);
		set(p, LOCATION_RUNTIME, bytes_of(runtimes[i].runtime));
		return true;
	}
	if (bytes_take(&part, BYTES("lxc.payload.")) && part.n) {
		set(p, LOCATION_CONTAINER, part);
		set(p, LOCATION_RUNTIME, BYTES("lxc"));
		return true;
	}
	if (!is_id(part))
		return false;
	set(p, LOCATION_CONTAINER, part);
	return true;
}

/* A pod's uid is 8-4-4-4-12 hex digits, or 32 of a static pod; systemd's names have _ for -. */
static bool pod_part(struct location *p, struct bytes part)
{
	size_t at = bytes_find(part, BYTES("pod")), n = 0;
	char uid[40];

	while (at < part.n &&
	       bytes_starts((struct bytes){ part.p + at, part.n - at }, BYTES("pods")))
		at += 4 +
		      bytes_find((struct bytes){ part.p + at + 4, part.n - at - 4 }, BYTES("pod"));
	if (at >= part.n || (at > 0 && part.p[at - 1] != '-'))
		return false;
	bytes_skip(&part, at + 3);
	drop_end(&part, BYTES(".slice"));
	if (part.n != 36 && part.n != 32)
		return false;
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i] == '_' ? '-' : part.p[i];

		if (!bytes_digit(c) && (c < 'a' || c > 'f') && c != '-')
			return false;
		uid[n++] = c;
	}
	set(p, LOCATION_POD, (struct bytes){ uid, n });
	return true;
}

static bool is_unit(struct bytes part)
{
	return (ends(part, BYTES(".service")) && part.n > 8) ||
	       (ends(part, BYTES(".scope")) && part.n > 6);
}

/* The last part of a path; *path is cut before it. */
static struct bytes last_part(struct bytes *path)
{
	size_t at = path->n;
	struct bytes out;

	while (at > 0 && path->p[at - 1] != '/')
		at--;
	out = (struct bytes){ path->p + at, path->n - at };
	path->n = at > 0 ? at - 1 : 0;
	return out;
}

/* From the innermost part outwards: what is found first is nearer to the process. */
static void read_path(struct location *p, struct bytes path)
{
	while (path.n) {
		struct bytes part = last_part(&path), above = path;

		if (part.n == 0 || bytes_eq(part, BYTES("..")))
			continue;
		if (p->v[LOCATION_CONTAINER].n == 0 && container_part(p, part)) {
			if (bytes_eq(last_part(&above), BYTES("docker")))
				set(p, LOCATION_RUNTIME, BYTES("docker"));
			continue;
		}
		/* a runtime's own helper stands beside the container, in a scope of its own */
		if (pod_part(p, part) || !is_unit(part))
			continue;
		if (!bytes_starts(part, BYTES("libpod-conmon-")) &&
		    !bytes_starts(part, BYTES("crio-conmon-")))
			set(p, LOCATION_UNIT, part);
	}
}

bool location_parse(struct location *out, struct bytes cgroup)
{
	out->used = 0;
	memset(out->v, 0, sizeof(out->v));
	while (cgroup.n) {
		struct bytes line = bytes_until(&cgroup, '\n');

		bytes_skip(&cgroup, 1);
		for (int i = 0; i < 2; i++) { /* "4:memory:/path" */
			bytes_until(&line, ':');
			bytes_skip(&line, 1);
		}
		read_path(out, line);
	}
	return out->v[LOCATION_CONTAINER].n || out->v[LOCATION_POD].n || out->v[LOCATION_UNIT].n;
}

/* ---- names ---- */

/* "NAMESPACE_POD_UID" in /var/log/pods, which kubelet makes. */
static void pod_names(struct location *p, const char *root)
{
	auto_free char *path = mem_print("%s/var/log/pods", root);
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		struct bytes rest = bytes_of(d->d_name), space = bytes_until(&rest, '_'), name;

		bytes_skip(&rest, 1);
		name = bytes_until(&rest, '_');
		bytes_skip(&rest, 1);
		if (!bytes_eq(rest, p->v[LOCATION_POD]))
			continue;
		set(p, LOCATION_NAMESPACE, space);
		set(p, LOCATION_POD_NAME, name);
		break;
	}
	if (dir != NULL)
		closedir(dir);
}

/* "POD_NAMESPACE_CONTAINER-ID.log" in /var/log/containers, links of kubelet's. */
static void container_log_name(struct location *p, const char *root)
{
	auto_free char *path = mem_print("%s/var/log/containers", root);
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		struct bytes name = bytes_of(d->d_name), pod, space;

		if (!drop_end(&name, BYTES(".log")) || !drop_end(&name, p->v[LOCATION_CONTAINER]) ||
		    !drop_end(&name, BYTES("-")))
			continue;
		pod = bytes_until(&name, '_');
		bytes_skip(&name, 1);
		space = bytes_until(&name, '_');
		bytes_skip(&name, 1);
		set(p, LOCATION_POD_NAME, pod);
		set(p, LOCATION_NAMESPACE, space);
		set(p, LOCATION_CONTAINER_NAME, name);
		break;
	}
	if (dir != NULL)
		closedir(dir);
}

/* Where runtimes keep what they know of a container: %s: root, id. */
static const struct { const char *path, *runtime;
} states[] = {
	{ "%s/run/containerd/io.containerd.runtime.v2.task/k8s.io/%.*s/config.json", "containerd" },
	{ "%s/run/containerd/io.containerd.runtime.v2.task/default/%.*s/config.json",
	  "containerd" },
	{ "%s/run/containers/storage/overlay-containers/%.*s/userdata/config.json", NULL },
	{ "%s/var/lib/containers/storage/overlay-containers/%.*s/userdata/config.json", NULL },
	{ "%s/var/lib/docker/containers/%.*s/config.v2.json", "docker" },
};

static json_object *read_json(const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	auto_free char *text = NULL;
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = mem_alloc(STATE_MAX + 1);
	do {
		got = read(fd, text + n, STATE_MAX - n);
		n += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && n < STATE_MAX) || (got < 0 && errno == EINTR));
	text[n] = '\0';
	return got == 0 && n > 0 ? json_tokener_parse(text) : NULL;
}

static void set_json(struct location *p, enum location_field f, json_object *from, const char *key)
{
	json_object *value;
	struct bytes text;

	if (!json_object_object_get_ex(from, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return;
	text = (struct bytes){ json_object_get_string(value),
			       (size_t)json_object_get_string_len(value) };
	bytes_take(&text, BYTES("/")); /* docker's names begin with one */
	set(p, f, text);
}

static void state_names(struct location *p, const char *root)
{
	static const struct { const char *key; enum location_field field;
	} keys[] = {
		{ "io.kubernetes.cri.container-name", LOCATION_CONTAINER_NAME },
		{ "io.kubernetes.cri.sandbox-name", LOCATION_POD_NAME },
		{ "io.kubernetes.cri.sandbox-namespace", LOCATION_NAMESPACE },
		{ "io.kubernetes.cri.sandbox-uid", LOCATION_POD },
		{ "io.kubernetes.container.name", LOCATION_CONTAINER_NAME },
		{ "io.kubernetes.pod.name", LOCATION_POD_NAME },
		{ "io.kubernetes.pod.namespace", LOCATION_NAMESPACE },
		{ "io.kubernetes.pod.uid", LOCATION_POD },
		{ "nerdctl/name", LOCATION_CONTAINER_NAME },
		{ "io.container.manager", LOCATION_RUNTIME },
		/* the first that is there: CRI-O's digest before its name */
		{ "io.kubernetes.cri-o.ImageRef", LOCATION_IMAGE },
		{ "io.kubernetes.cri.image-name", LOCATION_IMAGE },
		{ "io.kubernetes.cri-o.ImageName", LOCATION_IMAGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		auto_free char *path =
			mem_print(states[i].path, root, (int)p->v[LOCATION_CONTAINER].n,
				  p->v[LOCATION_CONTAINER].p);
#pragma GCC diagnostic pop
		json_object *doc = read_json(path), *notes;

		if (doc == NULL)
			continue;
		if (states[i].runtime != NULL)
			set(p, LOCATION_RUNTIME, bytes_of(states[i].runtime));
		set_json(p, LOCATION_CONTAINER_NAME, doc, "Name");
		set_json(p, LOCATION_IMAGE, doc, "Image"); /* docker's id of it; containerd's and
							      podman's files have no such member */
		if (json_object_object_get_ex(doc, "annotations", &notes))
			for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
				set_json(p, keys[k].field, notes, keys[k].key);
		json_object_put(doc);
	}
}

/* podman's names are in one list of all containers, and there are the ids of podman's and CRI-O's
 * images. */
static void podman_list(struct location *p, const char *root)
{
	auto_free char *path =
		mem_print("%s/var/lib/containers/storage/overlay-containers/containers.json", root);
	json_object *doc = read_json(path), *id, *names;

	for (size_t i = 0; doc != NULL && json_object_is_type(doc, json_type_array) &&
			   i < json_object_array_length(doc);
	     i++) {
		json_object *one = json_object_array_get_idx(doc, i);

		if (!json_object_object_get_ex(one, "id", &id) ||
		    !json_object_is_type(id, json_type_string) ||
		    !bytes_eq(bytes_of(json_object_get_string(id)), p->v[LOCATION_CONTAINER]))
			continue;
		set_json(p, LOCATION_IMAGE, one, "image");
		if (!json_object_object_get_ex(one, "names", &names) ||
		    !json_object_is_type(names, json_type_array) ||
		    json_object_array_length(names) == 0)
			continue;
		set(p, LOCATION_CONTAINER_NAME,
		    bytes_of(json_object_get_string(json_object_array_get_idx(names, 0))));
	}
	json_object_put(doc);
}

void location_find_names(struct location *p, const char *root)
{
	if (p->v[LOCATION_CONTAINER].n) {
		state_names(p, root);
		if (p->v[LOCATION_CONTAINER_NAME].n == 0)
			container_log_name(p, root);
		if (p->v[LOCATION_CONTAINER_NAME].n == 0 || p->v[LOCATION_IMAGE].n == 0)
			podman_list(p, root);
	}
	if (p->v[LOCATION_POD].n && p->v[LOCATION_POD_NAME].n == 0)
		pod_names(p, root);
}

/*
 * runc and crun run by hand: a folder of cgroups that is called as the container, and their state
 * under the same name. Their roots may be elsewhere (--root); then the container stays unknown.
 */
static void plain_runtime(struct location *p, struct bytes cgroup, const char *root)
{
	static const struct { const char *path, *runtime; } rows[] = {
		{ "%s/run/runc/%.*s/state.json", "runc" },
		{ "%s/run/crun/%.*s/status", "crun" },
	};

	struct bytes before = BYTES("");

	while (cgroup.n && p->v[LOCATION_CONTAINER].n == 0) {
		struct bytes line = bytes_until(&cgroup, '\n'), name = last_part(&line);

		bytes_skip(&cgroup, 1);
		if (bytes_eq(name, before)) /* v1 has a line a controller */
			continue;
		before = name;
		drop_end(&name, BYTES(".scope"));
		if (bytes_starts(name, BYTES("runc-")) || bytes_starts(name, BYTES("crun-")))
			bytes_skip(&name, 5);
		for (size_t i = 0; i < ARRAY_SIZE(rows) && name.n && name.p[0] != '.'; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			auto_free char *path = mem_print(rows[i].path, root, (int)name.n, name.p);
#pragma GCC diagnostic pop

			if (access(path, F_OK) != 0)
				continue;
			set(p, LOCATION_CONTAINER, name);
			set(p, LOCATION_RUNTIME, bytes_of(rows[i].runtime));
			break;
		}
	}
}

/* ---- a process that lives ---- */

/* Nothing where a file cannot be read whole, or is longer than the room: half a path would name
 * another location. */
static struct bytes read_proc(const char *root, int32_t pid, const char *what, char *room,
			      size_t size)
{
	char path[128];
	auto_close int fd = -1;
	ssize_t got = -1;
	size_t n = 0;

	if (snprintf(path, sizeof(path), "%s/proc/%d/%s", root, pid, what) >= (int)sizeof(path))
		return (struct bytes){ room, 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && n < size &&
	       ((got = read(fd, room + n, size - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	return (struct bytes){ room, got == 0 ? n : 0 };
}

/* When a process began, in milliseconds since the epoch; -1: there is none. proc(5): field 22 of
 * stat, in ticks. */
static int64_t began(const char *root, int32_t pid)
{
	char room[1024];
	struct bytes stat = read_proc(root, pid, "stat", room, sizeof(room));
	struct timespec now, boot;
	uint64_t ticks = 0;
	size_t at = stat.n;

	/* behind the name, which may hold anything, the state is field 3 */
	while (at > 0 && stat.p[at - 1] != ')')
		at--;
	bytes_skip(&stat, at);
	for (int field = 2; field < 22 && stat.n; field++) {
		bytes_until(&stat, ' ');
		bytes_skip(&stat, 1);
	}
	if (bytes_dec(&stat, INT64_MAX / 1000, &ticks) == 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return ((int64_t)now.tv_sec - boot.tv_sec) * 1000 + (now.tv_nsec - boot.tv_nsec) / 1000000 +
	       (int64_t)ticks * 1000 / sysconf(_SC_CLK_TCK);
}

/*
 * The cgroup first, then the beginning: whoever has the pid then and had begun before the record
 * was there all the time.
 */
bool location_of_pid(struct location *out, int32_t pid, int64_t t_ms, const char *root)
{
	char room[8192];
	struct bytes cgroup = read_proc(root, pid, "cgroup", room, sizeof(room));
	int64_t t_began;

	if (cgroup.n == 0)
		return false;
	t_began = began(root, pid);
	if (t_began < 0 || t_began > t_ms + START_SLACK_MS)
		return false;
	if (!location_parse(out, cgroup) || out->v[LOCATION_CONTAINER].n == 0)
		plain_runtime(out, cgroup, root);
	return true;
}

size_t location_encode(const struct location *p, char *out, size_t room)
{
	size_t n = 0;

	for (int i = 0; i < LOCATION_FIELDS; i++) {
		if (n + p->v[i].n + 1 > room)
			return 0;
		if (p->v[i].n)
			memcpy(out + n, p->v[i].p, p->v[i].n);
		n += p->v[i].n;
		out[n++] = '\0';
	}
	return n;
}

bool location_decode(struct bytes v[LOCATION_FIELDS], struct bytes text)
{
	for (int i = 0; i < LOCATION_FIELDS; i++) {
		if (text.n == 0)
			return false;
		v[i] = bytes_until(&text, '\0');
		bytes_skip(&text, 1);
	}
	return text.n == 0;
}
