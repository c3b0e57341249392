// SPDX-License-Identifier: Apache-2.0
/*
 * A selector that matched nothing: the markers of lost records, or the nearest names.
 */
#include "analyze/profile/summary_part.h"

#include "analyze/evidence/suggest.h"
#include "store/base/esc.h"

#include <inttypes.h>

#define NEAREST_SHOWN 5

/* "no comm 'x'; the nearest: y, z" for each of the names that were asked for. */
static void say_nearest(struct summary *out, const struct query *q, const char *what,
			const struct select_names *names,
			void (*add)(const struct query *q, struct nearest *out))
{
	auto_buf struct buf line = { 0 };
	char word[80];

	for (size_t i = 0; i < names->n; i++) {
		struct nearest near = { .want = bytes_of(names->v[i]) };

		add(q, &near);
		line.n = 0;
		for (size_t k = 0; k < near.n && k < NEAREST_SHOWN; k++) {
			buf_str(&line, k ? ", " : "; the nearest: ");
			esc_tty(&line, near.v[k]);
		}
		summary_say(out, "no %s '%s'%s", what, esc_word(word, sizeof(word), near.want),
			    line.n ? buf_text(&line) : "; the store knows none");
	}
}

static void add_containers(const struct query *q, struct nearest *out)
{
	suggest_locations(q, BY_CONTAINER, out);
}

static void add_pods(const struct query *q, struct nearest *out)
{
	suggest_locations(q, BY_POD, out);
}

static void add_units(const struct query *q, struct nearest *out)
{
	suggest_locations(q, BY_UNIT, out);
}

/* Is what was asked for there, but not with the rest? Then nothing that is near it is meant. */
static bool say_alone(struct summary *out, const struct query *q, const char *comm,
		      const struct summary_advice *advice)
{
	auto_buf struct buf shell = { 0 };
	char word[80];

	if (!select_has_comm(q, comm))
		return false;
	esc_shell(&shell, bytes_of(comm));
	summary_say(
		out,
		"comm '%s' is there, but not with the other options: each kind of them narrows. Alone: %s --comm %s",
		esc_word(word, sizeof(word), bytes_of(comm)), advice->rest, buf_text(&shell));
	return true;
}

void summary_of_nothing(struct summary *out, const struct query *q, const struct select_options *o,
			const struct query_losses *losses, const struct summary_advice *advice)
{
	summary_cut_names(out, o);
	if (q->uses.n == 0) {
		summary_say(out, "the store holds no %srecords, or none in that time",
			    q->trusted ? "trusted " : "");
		summary_gone(out, losses);
		return;
	}
	summary_say(out, "no tree matches");
	if (summary_gone(out, losses))
		return;
	for (size_t i = 0; i < o->comm.n; i++)
		if (!say_alone(out, q, o->comm.v[i], advice))
			say_nearest(out, q, "comm", &(struct select_names){ &o->comm.v[i], 1 },
				    suggest_comms);
	say_nearest(out, q, "container", &o->container, add_containers);
	say_nearest(out, q, "pod", &o->pod, add_pods);
	say_nearest(out, q, "unit", &o->unit, add_units);
}
