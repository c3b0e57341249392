// SPDX-License-Identifier: Apache-2.0
/* Names that a selector which matched nothing may have meant. */
#include "analyze/evidence/suggest.h"

void suggest_comms(const struct query *q, struct nearest *out)
{
	for (size_t i = 0; i < q->callers.n; i++)
		nearest_add(out, q->callers.v[i].comm);
}

static void add_pod(const struct bytes v[LOCATION_FIELDS], struct nearest *out)
{
	nearest_add(out, v[LOCATION_POD_NAME]);
	nearest_add(out, v[LOCATION_POD]);
}

static void add_container(const struct bytes v[LOCATION_FIELDS], struct nearest *out)
{
	nearest_add(out, v[LOCATION_CONTAINER_NAME]);
	nearest_add(out, v[LOCATION_CONTAINER]);
}

void suggest_locations(const struct query *q, enum workloads_by by, struct nearest *out)
{
	for (size_t i = 0; i < q->locations.n; i++) {
		const struct bytes *v = q->locations.v[i].v;

		if (by == BY_CONTAINER)
			add_container(v, out);
		else if (by == BY_POD)
			add_pod(v, out);
		else
			nearest_add(out, v[LOCATION_UNIT]);
	}
}
