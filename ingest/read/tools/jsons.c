// SPDX-License-Identifier: Apache-2.0
/*
 * Tools of clusters: Falco's alerts, Inspektor Gadget's audit_seccomp, the Security Profiles
 * Operator's enricher. Each event names its container; none of them tells of all calls.
 */
#include "ingest/read/tools/tool_json.h"

#include "store/base/mem.h"
#include "store/model/action.h"

#include <ctype.h>
#include <stdlib.h>

struct jsons { struct tool_callers callers; };

static struct jsons *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct jsons));
	return r->state;
}

static void release(struct tool_reading *r)
{
	if (r->state != NULL)
		tool_callers_release(&((struct jsons *)r->state)->callers);
	free(r->state);
}

struct happened {
	int64_t pid, ms;
	struct bytes comm, exe, name, location[LOCATION_FIELDS];
	uint32_t action;           /* 0: the call was made */
	bool denied;
};

static int emit(struct tool_reading *r, const struct happened *h, struct err *e)
{
	char room[SYSCALL_NAME_MAX];
	int32_t nr = tool_number(&r->names, r->arch, tool_plain_name(h->name, room));
	bool placed = h->location[LOCATION_CONTAINER].n || h->location[LOCATION_CONTAINER_NAME].n ||
		      h->location[LOCATION_POD_NAME].n;

	if (nr == TOOL_NO_NUMBER) {
		r->other++;
		return 0;
	}
	r->calls++;
	return r->take.call(r->take.to,
			    &(struct tool_call){ .who = tool_caller(r, &state_of(r)->callers,
								    h->pid, h->comm, h->exe),
						 .nr = nr,
						 .ms = h->ms,
						 .serial = r->serial,
						 .location = placed ? h->location : NULL,
						 .denied = h->denied,
						 .action = h->action },
			    e);
}

/* A line that is a whole object, handed to `take`; else it was cut, or is none. */
static int each(struct tool_reading *r, struct bytes line,
		int (*take)(struct tool_reading *, json_object *, struct err *), struct err *e)
{
	json_object *o = tool_json_parse(line);
	int ret = 0;

	if (o != NULL)
		ret = take(r, o, e);
	else if (line.n && line.p[0] == '{' && !r->last)
		tool_damaged(r, "it is no whole object of JSON", line);
	else if (line.n && line.p[0] == '{')
		r->facts |= TOOL_CUT;
	else
		r->other += line.n > 0;
	json_object_put(o);
	return ret;
}

static enum tool_says says(struct bytes line, bool (*is)(json_object *))
{
	json_object *o = line.p[0] == '{' ? tool_json_parse(line) : NULL;
	bool yes = o != NULL && is(o);

	json_object_put(o);
	return yes ? TOOL_OWN : TOOL_FOREIGN;
}

/* ---- Falco ---- */

/* A field whose name has dots. */
static struct bytes field(json_object *fields, const char *name)
{
	json_object *o = NULL;

	if (fields == NULL || !json_object_is_type(fields, json_type_object) ||
	    !json_object_object_get_ex(fields, name, &o) || o == NULL)
		return BYTES("");
	if (!json_object_is_type(o, json_type_string) && !json_object_is_type(o, json_type_int))
		return BYTES("");
	return bytes_of(json_object_get_string(o));
}

static bool is_falco(json_object *o)
{
	return tool_json_at(o, "rule") != NULL && tool_json_at(o, "priority") != NULL &&
	       tool_json_at(o, "output") != NULL;
}

static int falco(struct tool_reading *r, json_object *o, struct err *e)
{
	json_object *f = tool_json_at(o, "output_fields");
	struct bytes pid = field(f, "proc.pid"), drops = field(f, "n_drops");
	struct happened h = { .ms = tool_json_time(tool_json_text(o, "time")),
			      .comm = field(f, "proc.name"),
			      .exe = field(f, "proc.exepath"),
			      .name = field(f, "syscall.type").n ? field(f, "syscall.type") :
								   field(f, "evt.type") };
	uint64_t v;

	if (drops.n && bytes_dec(&drops, INT64_MAX / 2, &v) > 0) {
		r->lost += v;
		r->facts |= TOOL_LOST;
		return 0;
	}
	if (bytes_dec(&pid, INT32_MAX, &v) > 0)
		h.pid = (int64_t)v;
	h.location[LOCATION_CONTAINER] = field(f, "container.id");
	h.location[LOCATION_CONTAINER_NAME] = field(f, "container.name");
	h.location[LOCATION_IMAGE] = field(f, "container.image.repository");
	h.location[LOCATION_POD_NAME] = field(f, "k8s.pod.name");
	h.location[LOCATION_NAMESPACE] = field(f, "k8s.ns.name");
	if (bytes_eq(h.location[LOCATION_CONTAINER], BYTES("host"))) {
		h.location[LOCATION_CONTAINER].n = 0;
		h.location[LOCATION_CONTAINER_NAME].n = 0;
	}
	return emit(r, &h, e);
}

static int falco_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	return each(r, line, falco, e);
}

static enum tool_says falco_says(struct bytes line, struct tool_names *names)
{
	(void)names;
	return says(line, is_falco);
}

const struct tool tool_falco = { .name = "falco",
				 .kind = KIND_FALCO,
				 .says = falco_says,
				 .line = falco_line,
				 .release = release };

/* ---- Inspektor Gadget, audit_seccomp ---- */

static bool is_ig(json_object *o)
{
	struct bytes code = tool_json_text(o, "code");

	return tool_json_at(o, "syscall") != NULL &&
	       (bytes_starts(code, BYTES("SECCOMP_RET_")) || bytes_starts(code, BYTES("kill")) ||
		bytes_eq(code, BYTES("errno")) || bytes_eq(code, BYTES("log")) ||
		bytes_eq(code, BYTES("trap")));
}

/* "SECCOMP_RET_KILL_THREAD", "kill_thread": what the filter answered. */
static bool answered(struct bytes code, uint32_t *action)
{
	char word[32];
	size_t n = 0;

	bytes_take(&code, BYTES("SECCOMP_RET_"));
	while (n < code.n && n < sizeof(word) - 1) {
		word[n] = (char)tolower((unsigned char)code.p[n]);
		n++;
	}
	word[n] = '\0';
	return action_parse(word, action);
}

static int ig(struct tool_reading *r, json_object *o, struct err *e)
{
	int64_t ns = tool_json_int(o, "timestamp_raw|timestamp");
	struct happened h = { .pid = tool_json_int(o, "proc.pid|pid"),
			      .comm = tool_json_any(o, "proc.comm|comm"),
			      .name = tool_json_text(o, "syscall"),
			      .ms = ns > INT64_C(100000000000000000) ?
					    ns / 1000000 :
					    tool_json_time(tool_json_text(o, "timestamp")) };

	h.denied = answered(tool_json_text(o, "code"), &h.action) && !action_passes(h.action);
	h.location[LOCATION_CONTAINER] = tool_json_any(o, "runtime.containerId");
	h.location[LOCATION_CONTAINER_NAME] =
		tool_json_any(o, "k8s.containerName|k8s.container|runtime.containerName|container");
	h.location[LOCATION_POD_NAME] = tool_json_any(o, "k8s.podName|k8s.pod|pod");
	h.location[LOCATION_NAMESPACE] = tool_json_any(o, "k8s.namespace|namespace");
	return emit(r, &h, e);
}

static int ig_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	return each(r, line, ig, e);
}

static enum tool_says ig_says(struct bytes line, struct tool_names *names)
{
	(void)names;
	return says(line, is_ig);
}

const struct tool tool_ig_audit = { .name = "ig-audit",
				    .kind = KIND_IG_AUDIT,
				    .says = ig_says,
				    .line = ig_line,
				    .release = release };

/* ---- the Security Profiles Operator's enricher ---- */

static bool is_spo(json_object *o)
{
	json_object *calls = tool_json_at(o, "syscalls");

	return calls != NULL && json_object_is_type(calls, json_type_array) &&
	       tool_json_at(o, "auditID") != NULL && tool_json_at(o, "executable") != NULL;
}

static int spo_object(struct tool_reading *r, json_object *o, struct err *e)
{
	json_object *calls = tool_json_at(o, "syscalls");
	struct happened h = { .pid = tool_json_int(o, "pid"),
			      .exe = tool_json_text(o, "executable"),
			      .ms = tool_json_time(tool_json_text(o, "timestamp")) };
	int ret = 0;

	if (!is_spo(o)) {
		r->other++;
		return 0;
	}
	h.comm = h.exe;
	for (size_t i = h.exe.n; i > 0; i--)
		if (h.exe.p[i - 1] == '/') {
			bytes_skip(&h.comm, i);
			break;
		}
	h.location[LOCATION_CONTAINER_NAME] = tool_json_text(o, "resource.container");
	h.location[LOCATION_POD_NAME] = tool_json_text(o, "resource.pod");
	h.location[LOCATION_NAMESPACE] = tool_json_text(o, "resource.namespace");
	for (size_t i = 0; i < json_object_array_length(calls) && ret == 0; i++) {
		json_object *call = json_object_array_get_idx(calls, i);

		if (!json_object_is_type(call, json_type_string))
			continue;
		h.name = bytes_of(json_object_get_string(call));
		ret = emit(r, &h, e);
	}
	return ret;
}

/* The value of a key: "pid"=12, pid=12, "node"="a b". */
static struct bytes value_of(struct bytes line, const char *key)
{
	char words[2][48];

	snprintf(words[0], sizeof(words[0]), " \"%s\"=", key);
	snprintf(words[1], sizeof(words[1]), " %s=", key);
	for (int i = 0; i < 2; i++) {
		struct bytes b = line, want = bytes_of(words[i]);
		size_t at = bytes_find(b, want);

		if (at == b.n)
			continue;
		bytes_skip(&b, at + want.n);
		if (bytes_take(&b, BYTES("\"")))
			return bytes_until(&b, '"');
		return bytes_until(&b, ' ');
	}
	return BYTES("");
}

static bool is_spo_line(struct bytes line)
{
	return bytes_has(line, BYTES("log-enricher")) && value_of(line, "syscallName").n > 0;
}

static int spo_text(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct bytes pid = value_of(line, "pid"), stamp = value_of(line, "timestamp");
	struct happened h = { .exe = value_of(line, "executable"),
			      .name = value_of(line, "syscallName"),
			      .ms = WHEN_NONE };
	uint64_t v;

	if (bytes_dec(&pid, INT32_MAX, &v) > 0)
		h.pid = (int64_t)v;
	if (bytes_dec(&stamp, WHEN_MAX_SEC, &v) > 0)
		h.ms = (int64_t)v * 1000;
	h.comm = h.exe;
	for (size_t i = h.exe.n; i > 0; i--)
		if (h.exe.p[i - 1] == '/') {
			bytes_skip(&h.comm, i);
			break;
		}
	h.location[LOCATION_CONTAINER_NAME] = value_of(line, "container");
	h.location[LOCATION_POD_NAME] = value_of(line, "pod");
	h.location[LOCATION_NAMESPACE] = value_of(line, "namespace");
	return emit(r, &h, e);
}

static int spo_line(struct tool_reading *r, struct bytes line, struct err *e)
{
	if (line.n && line.p[0] == '{')
		return each(r, line, spo_object, e);
	if (is_spo_line(line))
		return spo_text(r, line, e);
	r->other += line.n > 0;
	return 0;
}

static enum tool_says spo_says(struct bytes line, struct tool_names *names)
{
	(void)names;
	if (is_spo_line(line))
		return TOOL_OWN;
	return bytes_has(line, BYTES("enricher")) ? TOOL_NOISE : says(line, is_spo);
}

const struct tool tool_spo = { .name = "spo-enricher",
			       .kind = KIND_SPO,
			       .says = spo_says,
			       .line = spo_line,
			       .release = release };
