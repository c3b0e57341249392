// SPDX-License-Identifier: Apache-2.0
/*
 * Tracee: its tables, whose columns the head names, and its JSON in three shapes (0.4.0, up to
 * 0.24, since November 2025). Only events that are syscalls are taken: security_* and the like are
 * hooks within the kernel.
 */
#include "ingest/read/tools/tool_json.h"

#include "store/base/mem.h"
#include "store/model/arch.h"

#include <stdlib.h>

#define COLUMNS_MOST 16

enum column {
	C_OTHER,
	C_TIME,
	C_TEXT,
	C_UID,
	C_COMM,
	C_PID,
	C_TID,
	C_RET,
	C_EVENT,
	C_ARGS,
	C_CONTAINER,
	C_IMAGE
};

struct tracee {
	struct tool_callers callers;
	struct { enum column what; size_t at; bool pair; } columns[COLUMNS_MOST];
	size_t n_columns;
	bool head, no_event, old,
		all; /* old: 0.4.0; all: it has calls that 0.4.0 does not trace by itself */
};

static struct tracee *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct tracee));
	return r->state;
}

/* Calls that every program makes, and that are not in 0.4.0's own set. */
static void note_name(struct tracee *t, struct bytes name)
{
	static const char *const names[] = { "read",	       "brk",
					     "futex",	       "rt_sigaction",
					     "rt_sigprocmask", "set_tid_address" };

	for (size_t i = 0; i < ARRAY_SIZE(names) && !t->all; i++)
		t->all = bytes_eq(name, bytes_of(names[i]));
}

/* ---- tables ---- */

static bool is_head(struct bytes line)
{
	bytes_trim_left(&line);
	return bytes_starts(line, BYTES("TIME")) && bytes_has(line, BYTES(" COMM")) &&
	       (bytes_has(line, BYTES(" PID")) || bytes_has(line, BYTES(" TID")));
}

static void take_head(struct tracee *t, struct bytes line)
{
	static const struct { const char *word; enum column what;
	} words[] = {
		{ "TIME", C_TIME },   { "UTS_NAME", C_TEXT },
		{ "UID", C_UID },     { "COMM", C_COMM },
		{ "PID", C_PID },     { "TID", C_TID },
		{ "RET", C_RET },     { "EVENT", C_EVENT },
		{ "ARGS", C_ARGS },   { "CONTAINER_ID", C_CONTAINER },
		{ "IMAGE", C_IMAGE },
	};
	size_t i = 0;

	t->n_columns = 0;
	t->head = true;
	t->no_event = true;
	t->old = bytes_has(line, BYTES("TIME(s)"));
	while (i < line.n && t->n_columns < COLUMNS_MOST) {
		struct bytes word = line;

		while (i < line.n && line.p[i] == ' ')
			i++;
		bytes_skip(&word, i);
		word = bytes_until(&word, ' ');
		if (word.n == 0)
			break;
		t->columns[t->n_columns].what = C_OTHER;
		t->columns[t->n_columns].at = i;
		t->columns[t->n_columns].pair = bytes_has(word, BYTES("/"));
		i += word.n;
		word = bytes_until(&word, word.n && bytes_has(word, BYTES("(")) ? '(' : '/');
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			if (bytes_eq(word, bytes_of(words[k].word)))
				t->columns[t->n_columns].what = words[k].what;
		t->no_event = t->no_event && t->columns[t->n_columns].what != C_EVENT;
		t->n_columns++;
	}
}

static struct bytes token(struct bytes line, size_t *at)
{
	struct bytes b = line;

	while (*at < line.n && line.p[*at] == ' ')
		(*at)++;
	bytes_skip(&b, *at);
	b = bytes_until(&b, ' ');
	*at += b.n;
	return b;
}

/* "12     /3456   ": the one in the container, and the machine's. */
static struct bytes pair(struct bytes line, size_t *at)
{
	struct bytes first = token(line, at), second;
	size_t was = *at;

	if (bytes_has(first, BYTES("/"))) {
		bytes_until(&first, '/');
		bytes_skip(&first, 1);
		return first.n ? first : token(line, at);
	}
	second = token(line, at);
	if (bytes_take(&second, BYTES("/")))
		return second.n ? second : token(line, at);
	*at = was;
	return first;
}

static struct bytes cell(const struct tracee *t, size_t i, struct bytes line, size_t *at)
{
	bool last = i + 1 == t->n_columns;
	struct bytes b = line;
	size_t end = last ? line.n : t->columns[i + 1].at;

	switch (t->columns[i].what) {
	case C_COMM: /* may hold blanks: by its place */
	case C_TEXT:
	case C_CONTAINER:
	case C_IMAGE:
		if (*at < t->columns[i].at)
			*at = t->columns[i].at;
		if (end <= *at || end > line.n)
			return token(line, at);
		b = (struct bytes){ line.p + *at, end - *at };
		*at = end;
		bytes_trim_left(&b);
		bytes_trim_right(&b);
		return b;
	case C_ARGS:
		return BYTES("");
	default:
		return t->columns[i].pair ? pair(line, at) : token(line, at);
	}
}

/* "Stats: {EventCount:12 LostEvCount:3 ...}", "Lost 3 events". False: it says nothing of the kind.
 */
static bool take_lost(struct tool_reading *r, struct bytes line)
{
	static const char *const words[] = { "LostEvCount:", "LostWrCount:", "LostNtCount:",
					     "lostEvCount:", "Lost ",	     "lost " };
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct bytes b = line;
		uint64_t n;

		bytes_skip(&b, bytes_find(b, bytes_of(words[i])) + strlen(words[i]));
		if (bytes_dec(&b, INT64_MAX / 2, &n) == 0 ||
		    (i >= 4 && !bytes_starts(b, BYTES(" events"))))
			continue;
		any = true;
		if (n > 0) {
			r->lost += n;
			r->facts |= TOOL_LOST;
		}
	}
	return any;
}

static int row(struct tool_reading *r, struct tracee *t, struct bytes line, struct err *e)
{
	struct bytes v[C_IMAGE + 1] = { { NULL, 0 } }, location[LOCATION_FIELDS] = { { NULL, 0 } };
	size_t at = 0;
	uint64_t pid;
	int32_t nr;

	for (size_t i = 0; i < t->n_columns; i++)
		v[t->columns[i].what] = cell(t, i, line, &at);
	if (v[C_PID].n == 0 || bytes_dec(&v[C_PID], INT32_MAX, &pid) == 0 || v[C_PID].n != 0) {
		r->other++;
		return 0;
	}
	if (t->no_event) {
		tool_damaged(
			r,
			"the table has no column EVENT: it does not show which call was made (Tracee prints it, and a copy has lost it)",
			line);
		return 0;
	}
	nr = tool_number(&r->names, r->arch, v[C_EVENT]);
	if (nr == TOOL_NO_NUMBER) {
		r->other++;
		return 0;
	}
	note_name(t, v[C_EVENT]);
	location[LOCATION_CONTAINER] = v[C_CONTAINER];
	location[LOCATION_IMAGE] = v[C_IMAGE];
	return tool_json_call(r, tool_caller(r, &t->callers, (int64_t)pid, v[C_COMM], BYTES("")),
			      nr, WHEN_NONE, location, e);
}

/* ---- JSON ---- */

static int64_t time_of(json_object *o)
{
	int64_t ns = tool_json_int(o, "timestamp"), seconds = tool_json_int(o, "timestamp.seconds"),
		nanos = tool_json_int(o, "timestamp.nanos");

	if (seconds > 0 && seconds <= WHEN_MAX_SEC)
		return seconds * 1000 + (nanos > 0 && nanos < 1000000000 ? nanos / 1000000 : 0);
	/* since the epoch; what is small is since boot */
	if (ns > INT64_C(100000000000000000))
		return ns / 1000000;
	return tool_json_time(tool_json_text(o, "timestamp"));
}

/* sys_enter names the call in an argument: by name, or by number. */
static int32_t entered(struct tool_reading *r, json_object *o)
{
	json_object *args =
		tool_json_at(o, "args") ? tool_json_at(o, "args") : tool_json_at(o, "data");
	size_t n = args != NULL && json_object_is_type(args, json_type_array) ?
			   json_object_array_length(args) :
			   0;

	for (size_t i = 0; i < n; i++) {
		json_object *arg = json_object_array_get_idx(args, i);
		struct bytes text;
		uint64_t nr;

		if (!bytes_eq(tool_json_text(arg, "name"), BYTES("syscall")))
			continue;
		text = tool_json_any(arg, "value|str|int32|int64|uint32|uint64");
		if (bytes_dec(&text, INT32_MAX, &nr) > 0 && text.n == 0)
			return (int32_t)nr;
		return tool_number(&r->names, r->arch, text);
	}
	return TOOL_NO_NUMBER;
}

static int object(struct tool_reading *r, struct tracee *t, json_object *o, struct err *e)
{
	struct bytes name = tool_json_any(o, "eventName|name"),
		     location[LOCATION_FIELDS] = { { NULL, 0 } };
	bool compat = tool_json_true(o, "contextFlags.isCompat|workload.process.thread.compat");
	struct tool_who *who;
	int32_t nr;

	t->old = t->old ||
		 (tool_json_at(o, "eventName") != NULL && tool_json_at(o, "containerId") == NULL &&
		  tool_json_at(o, "container") == NULL);
	nr = bytes_eq(name, BYTES("sys_enter")) ?
		     entered(r, o) :
		     tool_number(&r->names, compat && r->arch == ARCH_X86_64 ? ARCH_I386 : r->arch,
				 name);
	if (nr == TOOL_NO_NUMBER) {
		r->other++;
		return 0;
	}
	note_name(t, bytes_eq(name, BYTES("sys_enter")) ? BYTES("read") : name);
	location[LOCATION_CONTAINER] =
		tool_json_any(o, "container.id|containerId|workload.container.id");
	location[LOCATION_CONTAINER_NAME] =
		tool_json_any(o, "container.name|containerName|workload.container.name");
	location[LOCATION_IMAGE] = tool_json_any(
		o,
		"container.image|containerImage|workload.container.image.name|workload.container.image");
	location[LOCATION_POD] = tool_json_any(o, "kubernetes.podUID|podUID|workload.k8s.pod.uid");
	location[LOCATION_POD_NAME] =
		tool_json_any(o, "kubernetes.podName|podName|workload.k8s.pod.name");
	location[LOCATION_NAMESPACE] = tool_json_any(
		o, "kubernetes.podNamespace|podNamespace|workload.k8s.namespace.name");
	who = tool_caller(
		r, &t->callers,
		tool_json_int(
			o,
			"hostProcessId|workload.process.host_pid.value|workload.process.hostPid|processId|workload.process.pid.value|workload.process.pid"),
		tool_json_any(o, "processName|workload.process.thread.name"),
		tool_json_any(o, "executable.path|workload.process.executable.path"));
	if (compat && who->arch == ARCH_X86_64) {
		who->arch = ARCH_I386;
		who->version++;
	}
	return tool_json_call(r, who, nr, time_of(o), location, e);
}

static bool is_object(json_object *o)
{
	return (tool_json_at(o, "eventName") != NULL && tool_json_at(o, "processName") != NULL) ||
	       (tool_json_at(o, "workload.process") != NULL && tool_json_at(o, "name") != NULL);
}

static int line_of(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct tracee *t = state_of(r);
	json_object *o;
	int ret = 0;

	bytes_trim_right(&line);
	if (line.n == 0)
		return 0;
	if (line.p[0] != '{') {
		if (is_head(line))
			take_head(t, line);
		else if (take_lost(r, line) || bytes_starts(line, BYTES("End of events stream")))
			;
		else if (t->head)
			return row(r, t, line, e);
		else
			r->other++;
		return 0;
	}
	o = tool_json_parse(line);
	if (o == NULL) {
		if (r->last)
			r->facts |= TOOL_CUT;
		else
			tool_damaged(r, "it is no whole object of JSON", line);
	} else if (is_object(o)) {
		ret = object(r, t, o, e);
	} else {
		r->other++;
	}
	json_object_put(o);
	return ret;
}

static int end(struct tool_reading *r, struct err *e)
{
	struct tracee *t = state_of(r);

	(void)e;
	if (t->old && !t->all)
		r->facts |= TOOL_PART;
	return 0;
}

static void release(struct tool_reading *r)
{
	if (r->state != NULL)
		tool_callers_release(&((struct tracee *)r->state)->callers);
	free(r->state);
}

static enum tool_says says(struct bytes line, struct tool_names *names)
{
	json_object *o;
	bool yes;

	(void)names;
	if (line.p[0] != '{') {
		if (is_head(line))
			return TOOL_OWN;
		/* a row begins with a time, and may be anything else */
		bytes_trim_left(&line);
		return line.n && (bytes_digit(line.p[0]) ||
				  bytes_starts(line, BYTES("End of events")) ||
				  bytes_starts(line, BYTES("Stats:"))) ?
			       TOOL_NOISE :
			       TOOL_FOREIGN;
	}
	o = tool_json_parse(line);
	yes = o != NULL && is_object(o);
	json_object_put(o);
	return yes ? TOOL_OWN : TOOL_FOREIGN;
}

const struct tool tool_tracee = { .name = "tracee",
				  .kind = KIND_TRACEE,
				  .says = says,
				  .line = line_of,
				  .end = end,
				  .release = release };
