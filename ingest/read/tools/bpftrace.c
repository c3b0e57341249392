// SPDX-License-Identifier: Apache-2.0
/*
 * bpftrace's maps, as text or JSON: @[comm, args.id]: 12, @[probe]: 3. What the keys are, only the
 * script knows. So a name of a probe is taken, and the last number of a key only where each key of
 * the map has one that is some call's: pids are not.
 */
#include "ingest/read/tools/tool_json.h"

#include "store/base/mem.h"

#include <stdlib.h>

struct row { uint32_t comm; int32_t nr; uint64_t serial; };

struct bpftrace {
	struct tool_callers callers;
	VEC(struct row) rows;      /* of numbers, until all of them were seen */
	bool strange;              /* a number that is no call's */
};

static struct bpftrace *state_of(struct tool_reading *r)
{
	if (r->state == NULL)
		r->state = mem_zero(1, sizeof(struct bpftrace));
	return r->state;
}

/* "@name[key, key]: value": the keys. */
static bool keys_of(struct bytes line, struct bytes *keys)
{
	struct bytes b = line;
	size_t end;

	if (b.n == 0 || b.p[0] != '@')
		return false;
	bytes_until(&b, '[');
	for (end = b.n; end > 0 && b.p[end - 1] != ']'; end--)
		;
	if (b.n == 0 || end < 2 || end >= b.n || b.p[end] != ':')
		return false;
	*keys = (struct bytes){ b.p + 1, end - 2 };
	return true;
}

static int named(struct tool_reading *r, struct bpftrace *t, struct bytes probe, struct bytes comm,
		 struct err *e)
{
	char room[SYSCALL_NAME_MAX];
	int32_t nr = tool_number(&r->names, r->arch, tool_plain_name(probe, room));

	if (nr == TOOL_NO_NUMBER) {
		r->other++;
		return 0;
	}
	r->calls++;
	return r->take.call(
		r->take.to,
		&(struct tool_call){ .who = tool_caller(r, &t->callers, 1, comm, BYTES("")),
				     .nr = nr,
				     .ms = WHEN_NONE,
				     .serial = r->serial,
				     .presence = true },
		e);
}

static int take_keys(struct tool_reading *r, struct bytes keys, struct err *e)
{
	struct bpftrace *t = state_of(r);
	struct bytes comm = BYTES("(unknown)"), probe = BYTES("");
	int64_t nr = -1;
	char name[SYSCALL_NAME_MAX];

	while (keys.n) {
		struct bytes key = bytes_until(&keys, ','), digits;
		uint64_t v;

		bytes_skip(&keys, 1);
		bytes_trim_left(&key);
		bytes_trim_right(&key);
		digits = key;
		if (bytes_has(key, BYTES("sys_enter_")) || bytes_has(key, BYTES("_sys_")))
			probe = key;
		else if (bytes_dec(&digits, INT32_MAX, &v) > 0 && digits.n == 0)
			nr = (int64_t)v;
		else if (key.n)
			comm = key;
	}
	if (probe.n)
		return named(r, t, probe, comm, e);
	if (nr < 0 || !syscall_name(r->arch, (int32_t)nr, name)) {
		t->strange = true;
		return 0;
	}
	*VEC_PUSH(&t->rows) = (struct row){ pool_intern(&r->pool, comm), (int32_t)nr, r->serial };
	return 0;
}

static int object(struct tool_reading *r, json_object *o, struct err *e)
{
	json_object *data = tool_json_at(o, "data");
	int ret = 0;

	if (bytes_eq(tool_json_text(o, "type"), BYTES("lost_events"))) {
		r->lost += (uint64_t)(tool_json_int(o, "data.events") > 0 ?
					      tool_json_int(o, "data.events") :
					      0);
		r->facts |= TOOL_LOST;
		return 0;
	}
	if (!bytes_eq(tool_json_text(o, "type"), BYTES("map")) || data == NULL ||
	    !json_object_is_type(data, json_type_object))
		return 0;
	json_object_object_foreach(data, map, rows) {
		(void)map;
		if (!json_object_is_type(rows, json_type_object))
			continue;
		json_object_object_foreach(rows, keys, value) {
			(void)value;
			ret = ret < 0 ? ret : take_keys(r, bytes_of(keys), e);
		}
	}
	return ret;
}

static int line_of(struct tool_reading *r, struct bytes line, struct err *e)
{
	struct bytes keys, b = line;
	json_object *o;
	uint64_t n;
	int ret = 0;

	if (keys_of(line, &keys))
		return take_keys(r, keys, e);
	if (line.n && line.p[0] == '{' && (o = tool_json_parse(line)) != NULL) {
		ret = object(r, o, e);
		json_object_put(o);
		return ret;
	}
	if (bytes_take(&b, BYTES("Lost ")) && bytes_dec(&b, INT64_MAX / 2, &n) > 0) {
		r->lost += n;
		r->facts |= TOOL_LOST;
		return 0;
	}
	r->other += line.n > 0;
	return 0;
}

static int end(struct tool_reading *r, struct err *e)
{
	struct bpftrace *t = state_of(r);
	int ret = 0;

	if (t->strange && (t->rows.n > 0 || r->calls == 0)) {
		tool_damaged(
			r,
			"the keys of its maps have no number of a call at their end: @[comm, args.id] = count() of raw_syscalls:sys_enter has",
			BYTES("@"));
		return 0;
	}
	for (size_t i = 0; i < t->rows.n && ret == 0; i++) {
		struct tool_who *who = tool_caller(
			r, &t->callers, 1, pool_get(&r->pool, t->rows.v[i].comm), BYTES(""));

		r->calls++;
		ret = r->take.call(r->take.to,
				   &(struct tool_call){ .who = who,
							.nr = t->rows.v[i].nr,
							.ms = WHEN_NONE,
							.serial = t->rows.v[i].serial,
							.presence = true },
				   e);
	}
	return ret;
}

static void release(struct tool_reading *r)
{
	struct bpftrace *t = r->state;

	if (t == NULL)
		return;
	tool_callers_release(&t->callers);
	VEC_FREE(&t->rows);
	free(t);
}

static enum tool_says says(struct bytes line, struct tool_names *names)
{
	struct bytes keys;

	(void)names;
	if (keys_of(line, &keys) || bytes_starts(line, BYTES("{\"type\": \"map\"")) ||
	    bytes_starts(line, BYTES("{\"type\":\"map\"")))
		return TOOL_OWN;
	return bytes_starts(line, BYTES("Attaching ")) || bytes_starts(line, BYTES("{\"type\":")) ||
			       bytes_starts(line, BYTES("Lost ")) ?
		       TOOL_NOISE :
		       TOOL_FOREIGN;
}

const struct tool tool_bpftrace = { .name = "bpftrace",
				    .kind = KIND_BPFTRACE,
				    .sparse = true,
				    .says = says,
				    .line = line_of,
				    .end = end,
				    .release = release };
