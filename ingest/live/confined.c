#include "ingest/live/confined.h"

#include "ingest/live/host.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <unistd.h>

static const char *const capabilities[] = {
#define CAPABILITY(name) name,
#include "store/model/capability_list.h"
#undef CAPABILITY
};

static const char *const kinds[CONFINED_NAMESPACES] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };

const char *confined_capability(unsigned bit)
{
	return bit < ARRAY_SIZE(capabilities) ? capabilities[bit] : NULL;
}

/* What stands behind "NAME:\t" in a status file; empty: there is no such line. */
static struct bytes value(struct bytes status, const char *name)
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

static int number(struct bytes status, const char *name, int otherwise)
{
	struct bytes text = value(status, name);
	uint64_t v;

	return bytes_dec(&text, INT32_MAX, &v) ? (int)v : otherwise;
}

static uint64_t mask(struct bytes status, const char *name)
{
	struct bytes text = value(status, name);
	uint64_t v = 0;

	bytes_hex(&text, UINT64_MAX, &v);
	return v;
}

bool confined_read(struct confined *out, const char *root, int32_t pid)
{
	auto_free char *name = pid ? mem_print("%d", pid) : mem_dup("self"), *path = mem_print("/proc/%s/status", name);
	auto_free char *label = mem_print("/proc/%s/attr/current", name);
	auto_buf struct buf status = { 0 };

	*out = (struct confined){ .filters = -1 };
	if (!host_read(root, path, &status))
		return false;
	out->mode = number(buf_bytes(&status), "Seccomp", 0);
	out->filters = number(buf_bytes(&status), "Seccomp_filters", -1);
	out->no_new_privs = number(buf_bytes(&status), "NoNewPrivs", 0) != 0;
	out->effective = mask(buf_bytes(&status), "CapEff");
	out->bounding = mask(buf_bytes(&status), "CapBnd");
	for (size_t i = 0; i < CONFINED_NAMESPACES; i++) {
		enum host_answer first = host_is_initial(root, name, kinds[i]);

		out->namespaces[i].kind = kinds[i];
		out->namespaces[i].known = first != HOST_UNKNOWN;
		out->namespaces[i].own = first == HOST_NO;
	}
	host_read(root, label, &out->label);
	out->placed = place_of_pid(&out->place, pid ? pid : getpid(), when_now(), root);
	if (out->placed)
		place_find_names(&out->place, root);
	return true;
}

void confined_release(struct confined *c)
{
	buf_release(&c->label);
}
