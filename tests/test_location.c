// SPDX-License-Identifier: Apache-2.0
/* cgroup paths of all runtimes to locations, and names from files. */
#include "tests/test.h"

#include "ingest/live/process/location.h"
#include "store/base/buf.h"

#include <sys/stat.h>
#include <unistd.h>

#define A64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "8c1ed33b-2f0a-4b7e-9f44-0a5b6c7d8e9f"
#define UID_ "8c1ed33b_2f0a_4b7e_9f44_0a5b6c7d8e9f"

/* cgroup as /proc/PID/cgroup has it; what is expected: runtime|container|pod|unit, container A64 as
 * "A". */
static struct row { const char *name, *cgroup, *want;
} rows[] = {
	{ "v2, docker by systemd", "0::/system.slice/docker-" A64 ".scope\n", "docker|A||" },
	{ "v2, docker by cgroupfs", "0::/docker/" A64 "\n", "docker|A||" },
	{ "v1, docker",
	  "12:pids:/docker/" A64 "\n4:memory:/docker/" A64 "\n1:name=systemd:/docker/" A64 "\n",
	  "docker|A||" },
	{ "v2, Kubernetes, containerd by systemd",
	  "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
	  ".slice/cri-containerd-" A64 ".scope\n",
	  "containerd|A|" UID "|" },
	{ "v2, Kubernetes, CRI-O",
	  "0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
	  ".slice/crio-" A64 ".scope\n",
	  "cri-o|A|" UID "|" },
	{ "v1, Kubernetes by cgroupfs", "7:cpu:/kubepods/besteffort/pod" UID "/" A64 "\n",
	  "|A|" UID "|" },
	{ "Kubernetes, guaranteed", "0::/kubepods/pod" UID "/" A64 "\n", "|A|" UID "|" },
	{ "kind: below kubelet's own slice",
	  "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_
	  ".slice/cri-containerd-" A64 ".scope\n",
	  "containerd|A|" UID "|" },
	{ "a systemd path taken for a folder",
	  "0::/system.slice/kubepods-pod" UID_ ".slice:cri-containerd:" A64 "\n",
	  "containerd|A||" },
	{ "a static pod's uid",
	  "0::/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" A64 "\n",
	  "|A|0123456789abcdef0123456789abcdef|" },
	{ "from another cgroup namespace", "0::/../../pod" UID "/" A64 "\n", "|A|" UID "|" },
	{ "a pod's sandbox alone", "0::/../pod" UID "\n", "||" UID "|" },
	{ "podman by systemd", "0::/machine.slice/libpod-" A64 ".scope/container\n", "podman|A||" },
	{ "podman by cgroupfs", "0::/libpod_parent/libpod-" A64 "\n", "podman|A||" },
	{ "podman of a user",
	  "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A64
	  ".scope/container\n",
	  "podman|A||user@1000.service" },
	{ "podman's helper is no container", "0::/machine.slice/libpod-conmon-" A64 ".scope\n",
	  "|||" },
	{ "CRI-O's helper is none", "0::/system.slice/crio-conmon-" A64 ".scope\n", "|||" },
	{ "nested: the innermost container",
	  "0::/docker/fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210/docker/" A64
	  "\n",
	  "docker|A||" },
	{ "lxc", "0::/lxc.payload.web1/init.scope\n", "lxc|web1||init.scope" },
	{ "a service", "0::/system.slice/nginx.service\n", "|||nginx.service" },
	{ "a service's instance", "0::/system.slice/system-getty.slice/getty@tty1.service\n",
	  "|||getty@tty1.service" },
	{ "a delegated folder below a service", "0::/system.slice/nginx.service/workers\n",
	  "|||nginx.service" },
	{ "a user's service",
	  "0::/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service\n",
	  "|||mail.service" },
	{ "a session", "0::/user.slice/user-0.slice/session-3.scope\n", "|||session-3.scope" },
	{ "v1 and v2 at once", "9:name=systemd:/system.slice/nginx.service\n8:pids:/\n0::/\n",
	  "|||nginx.service" },
	{ "nothing", "0::/\n", "|||" },
	{ "63 digits are no id",
	  "0::/docker/123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", "|||" },
	{ "upper case is none",
	  "0::/docker/0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n", "|||" },
	{ "pods is no pod", "0::/kubepods\n", "|||" },
	{ "podA is no uid", "0::/../podA\n", "|||" },
	{ "empty", "", "|||" },
	{ "no colons", "garbage", "|||" },
	{ "only a suffix is no unit", "0::/.service\n", "|||" },
};

static void add_word(struct buf *out, struct bytes b)
{
	buf_add(out, b.p, b.n);
}

static void parses(void **state)
{
	const struct row *row = *state;
	char *exact = exact_copy(bytes_of(row->cgroup));
	static const enum location_field shown[] = { LOCATION_RUNTIME, LOCATION_CONTAINER,
						     LOCATION_POD, LOCATION_UNIT };
	auto_buf struct buf got = { 0 };
	struct location p;
	bool any = location_parse(&p, (struct bytes){ exact, strlen(row->cgroup) });

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		if (i)
			buf_char(&got, '|');
		add_word(&got, bytes_eq(p.v[shown[i]], BYTES(A64)) ? BYTES("A") : p.v[shown[i]]);
	}
	assert_string_equal(buf_text(&got), row->want);
	assert_int_equal(any, strcmp(row->want, "|||") != 0);
	free(exact);
}

static void too_much_is_cut(void **state)
{
	auto_buf struct buf cgroup = { 0 };
	struct location p;

	(void)state;
	buf_str(&cgroup, "0::/system.slice/");
	for (int i = 0; i < 4000; i++)
		buf_char(&cgroup, 'x');
	buf_str(&cgroup, ".service\n");
	assert_false(location_parse(&p, buf_bytes(&cgroup)));
}

static void there_and_back(void **state)
{
	struct location p;
	struct bytes v[LOCATION_FIELDS];
	char room[LOCATION_ROOM + LOCATION_FIELDS];
	size_t n;

	(void)state;
	assert_true(location_parse(&p, BYTES("0::/kubepods/pod" UID "/" A64 "\n")));
	n = location_encode(&p, room, sizeof(room));
	assert_true(location_decode(v, (struct bytes){ room, n }));
	for (int i = 0; i < LOCATION_FIELDS; i++)
		assert_true(bytes_eq(v[i], p.v[i]));
	assert_false(location_decode(v, (struct bytes){ room, n - 1 }));
	assert_int_equal(location_encode(&p, room, 20), 0);
}

/* ---- names, on a tree of files ---- */

static char root[] = "/tmp/scaudit-place-XXXXXX";

static void write_file(const char *path, const char *text)
{
	auto_free char *full = mem_print("%s%s", root, path);
	FILE *f;

	for (char *s = full + sizeof(root); (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		mkdir(full, 0700);
		*s = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static struct names_row { const char *name, *cgroup, *path, *text, *want, *image;
} names[] = {
	{ "docker's name", "0::/docker/" A64 "\n",
	  "/var/lib/docker/containers/" A64 "/config.v2.json",
	  "{\"Name\": \"/web\", \"Image\": \"sha256:" A64 "\", \"Config\": {\"Image\": \"web:1\"}}",
	  "container web", "sha256:" A64 },
	{ "containerd's notes", "0::/kubepods/pod" UID "/" A64 "\n",
	  "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" A64 "/config.json",
	  "{\"annotations\": {\"io.kubernetes.cri.container-name\": \"app\", \"io.kubernetes.cri.sandbox-name\": \"web-1\", "
	  "\"io.kubernetes.cri.sandbox-namespace\": \"prod\", \"io.kubernetes.cri.image-name\": \"docker.io/library/web:1\"}}",
	  "pod prod/web-1/app", "docker.io/library/web:1" },
	{ "CRI-O's notes", "0::/kubepods/pod" UID "/crio-" A64 ".scope\n",
	  "/run/containers/storage/overlay-containers/" A64 "/userdata/config.json",
	  "{\"annotations\": {\"io.kubernetes.container.name\": \"app\", \"io.kubernetes.pod.name\": \"web-2\", "
	  "\"io.kubernetes.pod.namespace\": \"prod\", \"io.kubernetes.cri-o.ImageName\": \"web:2\", \"io.kubernetes.cri-o.ImageRef\": \"web@sha256:" A64
	  "\"}}",
	  "pod prod/web-2/app", "web@sha256:" A64 },
	{ "podman's list", "0::/libpod-" A64 "\n",
	  "/var/lib/containers/storage/overlay-containers/containers.json",
	  "[{\"id\": \"x\", \"names\": [\"no\"]}, {\"id\": \"" A64
	  "\", \"names\": [\"db\"], \"image\": \"f00d\"}]",
	  "container db", "f00d" },
	{ "CRI-O's list", "0::/kubepods/pod" UID "/crio-" A64 ".scope\n",
	  "/var/lib/containers/storage/overlay-containers/containers.json",
	  "[{\"id\": null}, {\"id\": \"" A64 "\", \"image\": \"f00d\"}]", "container 0123456789ab",
	  "f00d" },
	{ "kubelet's logs of pods", "0::/kubepods/pod" UID "\n",
	  "/var/log/pods/prod_web-3_" UID "/app/0.log", "", "pod prod/web-3", NULL },
	{ "kubelet's links of containers", "0::/kubepods/pod" UID "/" A64 "\n",
	  "/var/log/containers/web-4_prod_app-" A64 ".log", "", "pod prod/web-4/app", NULL },
	{ "a state file that is no JSON", "0::/docker/" A64 "\n",
	  "/var/lib/docker/containers/" A64 "/config.v2.json", "{\"Name\": \"/we",
	  "container 0123456789ab", NULL },
	{ "a state file with other types", "0::/docker/" A64 "\n",
	  "/var/lib/docker/containers/" A64 "/config.v2.json",
	  "{\"Name\": 7, \"Image\": null, \"annotations\": []}", "container 0123456789ab", NULL },
	{ "none", "0::/docker/" A64 "\n", "/x", "", "container 0123456789ab", NULL },
};

static void finds_names(void **state)
{
	const struct names_row *row = *state;
	auto_buf struct buf text = { 0 };
	auto_free char *clean = NULL;
	struct location p;

	strcpy(root, "/tmp/scaudit-place-XXXXXX");
	assert_non_null(mkdtemp(root));
	write_file(row->path, row->text);
	assert_true(location_parse(&p, bytes_of(row->cgroup)));
	location_find_names(&p, root);
	location_text(p.v, &text);
	clean = mem_print("rm -rf '%s'", root);
	assert_int_equal(system(clean), 0);
	assert_string_equal(buf_text(&text), row->want);
	assert_bytes(p.v[LOCATION_IMAGE], row->image ? row->image : "");
}

/* ---- what stays the same from start to start ---- */

static struct general_row { const char *name, *pod, *container, *unit, *want;
} generals[] = {
	{ "Deployment", "web-7d4b9c6f5-x2x9z", "app", "", "pod web/app" },
	{ "Deployment with dashes", "my-web-app-5c689d88bb-qx7zt", "app", "",
	  "pod my-web-app/app" },
	{ "StatefulSet", "db-0", "pg", "", "pod db/pg" },
	{ "DaemonSet", "kube-proxy-x7k2p", "kube-proxy", "", "pod kube-proxy/kube-proxy" },
	{ "CronJob", "backup-28473920-q8k5z", "b", "", "pod backup/b" },
	{ "a pod by hand", "debug", "c", "", "pod debug/c" },
	{ "a pod whose name ends like a word", "kube-proxy", "c", "", "pod kube-proxy/c" },
	{ "a container's name", "", "web", "", "container web" },
	{ "a service", "", "", "nginx.service", "unit nginx.service" },
	{ "a service's instance", "", "", "getty@tty1.service", "unit getty@.service" },
	{ "a scope says nothing", "", "", "session-3.scope", "" },
};

static void generalises(void **state)
{
	const struct general_row *row = *state;
	struct bytes v[LOCATION_FIELDS] = { 0 }, out[LOCATION_FIELDS], again[LOCATION_FIELDS];
	auto_buf struct buf room = { 0 }, more = { 0 }, text = { 0 };

	v[LOCATION_CONTAINER] = row->unit[0] ? BYTES("") : BYTES(A64);
	v[LOCATION_POD_NAME] = bytes_of(row->pod);
	v[LOCATION_CONTAINER_NAME] = bytes_of(row->container);
	v[LOCATION_UNIT] = bytes_of(row->unit);
	assert_int_equal(location_general(v, out, &room), row->want[0] != '\0');
	location_text(out, &text);
	assert_string_equal(buf_text(&text), row->want);
	if (row->want[0] == '\0')
		return;
	assert_true(location_general(
		out, again, &more)); /* folds are made of what is general, and grouped again */
	for (int i = 0; i < LOCATION_FIELDS; i++)
		assert_true(bytes_eq(out[i], again[i]));
}

static void a_process_that_lives(void **state)
{
	struct timespec now;
	struct location p;
	int64_t ms;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	assert_true(location_of_pid(&p, getpid(), ms, ""));
	/* a record from before the process began was another's, who had its pid */
	assert_false(location_of_pid(&p, getpid(), ms - 86400000, ""));
	assert_false(location_of_pid(&p, 0, ms, ""));
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, parses);
	ADD(&t, too_much_is_cut);
	ADD(&t, there_and_back);
	ADD_ROWS(&t, names, finds_names);
	ADD_ROWS(&t, generals, generalises);
	ADD(&t, a_process_that_lives);
	return run_rows(&t, "place");
}
