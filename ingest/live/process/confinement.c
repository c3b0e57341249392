// SPDX-License-Identifier: Apache-2.0
/* Reads what confines a process from /proc: capabilities, namespaces, label, location. */
#include "ingest/live/process/confinement.h"

#include "ingest/live/host/host.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static const char *const capabilities[] = {
#define CAPABILITY(name) name,
#include "store/model/capability_list.h"
#undef CAPABILITY
};

static const char *const kinds[CONFINEMENT_NAMESPACES] = { "cgroup", "ipc",  "mnt",  "net",
							   "pid",    "time", "user", "uts" };

const char *confinement_capability(unsigned bit)
{
	return bit < ARRAY_SIZE(capabilities) ? capabilities[bit] : NULL;
}

static uint64_t mask(struct bytes status, const char *name)
{
	struct bytes text = host_status(status, name);
	uint64_t v = 0;

	bytes_hex(&text, UINT64_MAX, &v);
	return v;
}

/* Why the status of a process cannot be read. */
static int explain(const char *root, const char *status, int32_t pid, struct err *e)
{
	auto_free char *path = mem_print("%s%s", root, status);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? errno :
			     ESRCH; /* it can be opened and not be read: the process has ended */

	if ((error == ENOENT || error == ENOTDIR) && !host_exists(root, "/proc/self/status"))
		return err_set(
			e, ST_SYSTEM,
			"/proc is missing here, and only that tells what confines a process (mount -t proc proc /proc)");
	if (error != ENOENT && error != ESRCH)
		return err_set(e, ST_SYSTEM, "%s cannot be read: %s", status, strerror(error));
	if (pid != 0 && (kill(pid, 0) == 0 || errno == EPERM))
		return err_set(e, ST_SYSTEM,
			       "process %d is there, but /proc does not show it (hidepid)", pid);
	return err_set(e, ST_INPUT, "there is no process %d", pid);
}

int confinement_read(struct confinement *out, const char *root, int32_t pid, struct err *e)
{
	auto_free char *name = pid ? mem_print("%d", pid) : mem_dup("self"),
		       *path = mem_print("/proc/%s/status", name);
	auto_free char *label = mem_print("/proc/%s/attr/current", name);
	auto_buf struct buf status = { 0 };

	*out = (struct confinement){ .filters = -1 };
	if (!host_read(root, path, &status))
		return explain(root, path, pid, e);
	out->mode = host_status_number(buf_bytes(&status), "Seccomp", 0);
	out->filters = host_status_number(buf_bytes(&status), "Seccomp_filters", -1);
	out->no_new_privs = host_status_number(buf_bytes(&status), "NoNewPrivs", 0) != 0;
	out->effective = mask(buf_bytes(&status), "CapEff");
	out->bounding = mask(buf_bytes(&status), "CapBnd");
	for (size_t i = 0; i < CONFINEMENT_NAMESPACES; i++) {
		enum host_answer first = host_is_initial(root, name, kinds[i]);

		out->namespaces[i].kind = kinds[i];
		out->namespaces[i].known = first != HOST_UNKNOWN;
		out->namespaces[i].own = first == HOST_NO;
	}
	host_read(root, label, &out->label);
	out->located = location_of_pid(&out->location, pid ? pid : getpid(), when_now(), root);
	if (out->located)
		location_find_names(&out->location, root);
	return 0;
}

void confinement_release(struct confinement *c)
{
	buf_release(&c->label);
}
