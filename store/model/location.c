// SPDX-License-Identifier: Apache-2.0
/* Decides what of a location stays the same when it is started again, and prints it for people. */
#include "store/model/location.h"

#define SUFFIX 5          /* characters that a pod's name ends with */
#define HASH_MIN 6        /* and of the hash before it */
#define HASH_MAX 10
#define ID_SHOWN 12

/* Is it drawn from the letters and digits that Kubernetes draws names from? */
static bool drawn(struct bytes b)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";

	for (size_t i = 0; i < b.n; i++)
		if (memchr(letters, b.p[i], sizeof(letters) - 1) == NULL)
			return false;
	return b.n > 0;
}

static bool is_number(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++)
		if (!bytes_digit(b.p[i]))
			return false;
	return b.n > 0;
}

/* Cuts "-LAST" off; false where there is no such part, or nothing before it. */
static bool cut_last(struct bytes *name, struct bytes *last)
{
	size_t at = name->n;

	while (at > 0 && name->p[at - 1] != '-')
		at--;
	if (at < 2)
		return false;
	*last = (struct bytes){ name->p + at, name->n - at };
	name->n = at - 1;
	return true;
}

static struct bytes owner(struct bytes pod)
{
	struct bytes name = pod, last, before;

	if (!cut_last(&name, &last))
		return pod;
	if (is_number(last) && last.n < SUFFIX)
		return name;
	if (last.n != SUFFIX || !drawn(last))
		return pod;
	before = name;
	if (cut_last(&before, &last) && last.n >= HASH_MIN && last.n <= HASH_MAX &&
	    (drawn(last) || is_number(last)))
		return before;
	return name;
}

static void add_word(struct buf *out, struct bytes b)
{
	buf_add(out, b.p, b.n);
}

bool location_general(const struct bytes v[LOCATION_FIELDS], struct bytes out[LOCATION_FIELDS],
		      struct buf *room)
{
	struct bytes unit = v[LOCATION_UNIT];

	memset(out, 0, LOCATION_FIELDS * sizeof(*out));
	if (v[LOCATION_POD_NAME].n) {
		out[LOCATION_POD_NAME] = owner(v[LOCATION_POD_NAME]);
		out[LOCATION_NAMESPACE] = v[LOCATION_NAMESPACE];
		out[LOCATION_CONTAINER_NAME] = v[LOCATION_CONTAINER_NAME];
		return true;
	}
	if (v[LOCATION_CONTAINER_NAME].n) {
		out[LOCATION_CONTAINER_NAME] = v[LOCATION_CONTAINER_NAME];
		return true;
	}
	if (v[LOCATION_CONTAINER].n || v[LOCATION_POD].n) {
		out[LOCATION_CONTAINER] = v[LOCATION_CONTAINER];
		out[LOCATION_POD] = v[LOCATION_POD];
		return true;
	}
	if (unit.n < 8 || memcmp(unit.p + unit.n - 8, ".service", 8) != 0)
		return false;
	out[LOCATION_UNIT] = unit;
	if (memchr(unit.p, '@', unit.n) == NULL)
		return true;
	room->n = 0;
	add_word(room, bytes_until(&unit, '@'));
	buf_str(room, "@.service");
	out[LOCATION_UNIT] = buf_bytes(room);
	return true;
}

void location_text(const struct bytes v[LOCATION_FIELDS], struct buf *out)
{
	struct bytes id = v[LOCATION_CONTAINER], name = v[LOCATION_CONTAINER_NAME];

	if (name.n == 0)
		name = (struct bytes){ id.p, id.n == 64 ? ID_SHOWN : id.n };

	if (v[LOCATION_POD_NAME].n) {
		buf_str(out, "pod ");
		if (v[LOCATION_NAMESPACE].n) {
			add_word(out, v[LOCATION_NAMESPACE]);
			buf_char(out, '/');
		}
		add_word(out, v[LOCATION_POD_NAME]);
		if (name.n) {
			buf_char(out, '/');
			add_word(out, name);
		}
	} else if (name.n) {
		buf_str(out, "container ");
		add_word(out, name);
	} else if (v[LOCATION_POD].n) {
		buf_str(out, "pod ");
		add_word(out, v[LOCATION_POD]);
	} else if (v[LOCATION_UNIT].n) {
		buf_str(out, "unit ");
		add_word(out, v[LOCATION_UNIT]);
	}
}
