// SPDX-License-Identifier: Apache-2.0
/*
 * Encodes observations and edges as JSON arrays, decodes them with every field checked, and adds
 * lists up.
 */
#include "store/model/obs.h"

#include "store/base/mem.h"
#include "store/base/when.h"

#include <stdlib.h>

#define OBS_FIELDS 9
#define EDGE_FIELDS 3

static int obs_order(const void *a, const void *b)
{
	const struct obs *x = a, *y = b;

	if (x->caller != y->caller)
		return x->caller < y->caller ? -1 : 1;
	return x->call < y->call ? -1 : x->call > y->call;
}

/* Of equal serials the lower address counts: which came first does not matter. */
static void add_totals(struct obs *to, const struct obs *o)
{
	to->text += o->text;
	to->fresh += o->fresh;
	to->upgraded += o->upgraded;
	to->t_first = o->t_first < to->t_first ? o->t_first : to->t_first;
	to->t_last = o->t_last > to->t_last ? o->t_last : to->t_last;
	if (o->serial < to->serial || (o->serial == to->serial && o->ip < to->ip)) {
		to->serial = o->serial;
		to->ip = o->ip;
	}
}

void obs_unite(struct obs_list *list)
{
	size_t left = 0;

	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), obs_order);
	for (size_t i = 0; i < list->n; i++) {
		if (left > 0 && obs_order(&list->v[left - 1], &list->v[i]) == 0)
			add_totals(&list->v[left - 1], &list->v[i]);
		else
			list->v[left++] = list->v[i];
	}
	list->n = left;
}

static int edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->serial != y->serial)
		return x->serial < y->serial ? -1 : 1;
	if (x->t != y->t)
		return x->t < y->t ? -1 : 1;
	return x->kind < y->kind ? -1 : x->kind > y->kind;
}

void edge_unite(struct edge_list *list)
{
	size_t left = 0;

	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), edge_order);
	for (size_t i = 0; i < list->n; i++)
		if (left == 0 || edge_order(&list->v[left - 1], &list->v[i]) != 0)
			list->v[left++] = list->v[i];
	list->n = left;
}

static void put_number(struct buf *out, char before, int64_t v)
{
	char text[24];
	size_t at = sizeof(text);
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do
		text[--at] = (char)('0' + u % 10);
	while ((u /= 10) > 0);
	if (v < 0)
		text[--at] = '-';
	text[--at] = before;
	buf_add(out, text + at, sizeof(text) - at);
}

static void row(struct buf *out, const int64_t *v, size_t n)
{
	if (out->p[out->n - 1] != '[')
		buf_char(out, ',');
	for (size_t i = 0; i < n; i++)
		put_number(out, i == 0 ? '[' : ',', v[i]);
	buf_char(out, ']');
}

/* The next row of n numbers; false at the end of the text, or when it is none: then *text has
 * something left. */
static bool next_row(struct bytes *text, bool first, int64_t *v, size_t n)
{
	struct bytes rest = *text;

	if (!first && (!bytes_take(&rest, BYTES(",")) || !bytes_starts(rest, BYTES("["))))
		return false;
	*text = rest;
	if (!bytes_take(text, BYTES("[")))
		return false;
	for (size_t i = 0; i < n; i++) {
		bool minus;
		uint64_t u;

		if (i > 0 && !bytes_take(text, BYTES(",")))
			return false;
		minus = bytes_take(text, BYTES("-"));
		if (!bytes_dec(text, (uint64_t)INT64_MAX + minus, &u))
			return false;
		v[i] = minus ? (int64_t)-u : (int64_t)u;
	}
	return bytes_take(text, BYTES("]"));
}

static bool is_row(int64_t v)
{
	return v > 0 && v <= OBS_ROW_MAX;
}

static bool is_count(int64_t v)
{
	return v >= 0 && v <= OBS_COUNT_MAX;
}

/* A time so long after another one. */
static bool moved(int64_t t, int64_t by, int64_t *out)
{
	return !__builtin_add_overflow(t, by, out) && when_fits(*out);
}

void obs_encode(struct obs_list *list, struct obs_origin origin, struct buf *out)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), obs_order);
	buf_char(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		const struct obs *o = &list->v[i];
		const int64_t v[OBS_FIELDS] = { o->caller,
						o->call,
						(int64_t)o->text,
						(int64_t)o->fresh,
						(int64_t)o->upgraded,
						o->t_first - origin.t,
						o->t_last - origin.t,
						(int64_t)o->serial - origin.serial,
						(int64_t)(o->ip - origin.ip) };

		row(out, v, OBS_FIELDS);
	}
	buf_char(out, ']');
}

bool obs_decode(struct bytes text, struct obs_origin origin, struct obs_list *out)
{
	int64_t v[OBS_FIELDS];

	if (!bytes_take(&text, BYTES("[")))
		return false;
	for (bool first = true; next_row(&text, first, v, OBS_FIELDS); first = false) {
		int64_t t_first, t_last, serial;

		if (!is_row(v[0]) || !is_row(v[1]) || !is_count(v[2]) || !is_count(v[3]) ||
		    !is_count(v[4]) || !moved(origin.t, v[5], &t_first) ||
		    !moved(origin.t, v[6], &t_last) || t_last < t_first ||
		    __builtin_add_overflow((int64_t)origin.serial, v[7], &serial) || serial < 0 ||
		    serial > UINT32_MAX)
			return false;
		*VEC_PUSH(out) = (struct obs){ .caller = v[0],
					       .call = v[1],
					       .text = (uint64_t)v[2],
					       .fresh = (uint64_t)v[3],
					       .upgraded = (uint64_t)v[4],
					       .t_first = t_first,
					       .t_last = t_last,
					       .serial = (uint32_t)serial,
					       .ip = origin.ip + (uint64_t)v[8] };
	}
	return bytes_eq(text, BYTES("]"));
}

void edge_encode(struct edge_list *list, struct obs_origin origin, struct buf *out)
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), edge_order);
	buf_char(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		const int64_t v[EDGE_FIELDS] = { list->v[i].t - origin.t,
						 (int64_t)list->v[i].serial - origin.serial,
						 list->v[i].kind };

		row(out, v, EDGE_FIELDS);
	}
	buf_char(out, ']');
}

bool edge_decode(struct bytes text, struct obs_origin origin, struct edge_list *out)
{
	int64_t v[EDGE_FIELDS];

	if (!bytes_take(&text, BYTES("[")))
		return false;
	for (bool first = true; next_row(&text, first, v, EDGE_FIELDS); first = false) {
		int64_t t, serial;

		if (!moved(origin.t, v[0], &t) ||
		    __builtin_add_overflow((int64_t)origin.serial, v[1], &serial) || serial < 0 ||
		    serial > UINT32_MAX || v[2] < EDGE_EXEC || v[2] > EDGE_EXIT)
			return false;
		*VEC_PUSH(out) = (struct edge){ t, (uint32_t)serial, (enum edge_kind)v[2] };
	}
	return bytes_eq(text, BYTES("]"));
}
