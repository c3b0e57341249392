// SPDX-License-Identifier: Apache-2.0
/* Which names are one machine, whatever the order in which they came. */
#include "tests/test.h"

#include "store/nodes.h"

#define NAMES 6

/* "!" before a name: a trusted source brought it. "-": nothing is kept of it. shown: what each is
 * shown as; equal ones are one. */
static struct node_row { const char *name, *names[NAMES], *shown[NAMES];
} rows[] = {
	{ "short and full", { "web", "web.a.org" }, { "web.a.org", "web.a.org" } },
	{ "two full names are two", { "web.a.org", "web.b.org" }, { "web.a.org", "web.b.org" } },
	{ "short beside two full ones is a third",
	  { "web", "web.a.org", "web.b.org" },
	  { "web", "web.a.org", "web.b.org" } },
	{ "addresses are taken whole",
	  { "10.5.0.3", "10.5.0.4", "10" },
	  { "10.5.0.3", "10.5.0.4", "10" } },
	{ "IPv6 addresses are taken whole", { "2001:db8::1", "2001" }, { "2001:db8::1", "2001" } },
	{ "one letter more is another",
	  { "node1", "node11.example.com", "node1.example.com" },
	  { "node1.example.com", "node11.example.com", "node1.example.com" } },
	{ "a point alone", { ".", "a.", "a" }, { ".", "a.", "a." } },
	{ "of a name that holds nothing nothing follows",
	  { "web", "web.a.org", "-web.b.org" },
	  { "web.a.org", "web.a.org", "web.b.org" } },
	{ "... nor of a short one", { "-web", "web.a.org" }, { "web", "web.a.org" } },

	{ "trusted: short and full", { "!web", "!web.a.org" }, { "web.a.org", "web.a.org" } },
	{ "text does not rename what is trusted", { "!web", "web.a.org" }, { "web", "web" } },
	{ "text attaches to the full name", { "web", "!web.a.org" }, { "web.a.org", "web.a.org" } },
	{ "text does not part what is trusted",
	  { "!web", "!web.a.org", "web.b.org" },
	  { "web.a.org", "web.a.org", "web.b.org" } },
	{ "two full names by text are none of a trusted short one",
	  { "!web", "web.a.org", "web.b.org" },
	  { "web", "web.a.org", "web.b.org" } },
	{ "text attaches to nothing where there are two",
	  { "web", "!web.a.org", "web.b.org" },
	  { "web", "web.a.org", "web.b.org" } },
	{ "two full names that are trusted",
	  { "!web", "!web.a.org", "!web.b.org" },
	  { "web", "web.a.org", "web.b.org" } },
	/* one row of several names, by an alias */
	{ "alias: both names of one row", { "web=web.a.org" }, { "web.a.org" } },
	{ "alias: the first of two others", { "zoo=web" }, { "zoo" } },
	{ "alias: and the full name of the second",
	  { "zoo=web", "web.a.org" },
	  { "web.a.org", "web.a.org" } },
	{ "alias: one full name more", { "web=web.a.org", "web.b.org" }, { "web", "web.b.org" } },
	{ "alias: a short one and two full ones in one row",
	  { "web.a.org=web", "web.b.org" },
	  { "web.a.org", "web.b.org" } },
	{ "alias: two machines by two names of a third",
	  { "web=db", "web.a.org", "db.a.org" },
	  { "db.a.org", "db.a.org", "db.a.org" } },
	{ "alias: text is no bridge",
	  { "web=db", "!web.a.org", "!db.a.org" },
	  { "db.a.org", "web.a.org", "db.a.org" } },
};

static void add_name(struct nodes *n, const char *text, int64_t id)
{
	bool trusted = text[0] == '!', kept = text[0] != '-';
	struct bytes all = bytes_of(text + (trusted || !kept)), name = bytes_until(&all, '=');

	*VEC_PUSH(&n->rows) =
		(struct nodes_row){ .id = id, .name = name, .trusted = trusted, .kept = kept };
	*VEC_PUSH(&n->names) = (struct nodes_name){ (uint32_t)n->rows.n - 1, name };
	if (bytes_take(&all, BYTES("=")))
		*VEC_PUSH(&n->names) = (struct nodes_name){ (uint32_t)n->rows.n - 1, all };
}

/* The rows in one order; place[i]: the index of names[i]. */
static void check_order(const struct node_row *row, const size_t *order, size_t count)
{
	struct nodes n = { 0 };
	size_t place[NAMES];

	for (size_t i = 0; i < count; i++) {
		add_name(&n, row->names[order[i]], (int64_t)order[i] + 1);
		place[order[i]] = i;
	}
	nodes_join(&n);
	for (size_t i = 0; i < count; i++) {
		const struct nodes_row *a = &n.rows.v[place[i]];
		bool others = false;

		assert_bytes(a->shown, row->shown[i]);
		for (size_t k = 0; k < count; k++) {
			assert_int_equal(a->of == n.rows.v[place[k]].of,
					 strcmp(row->shown[i], row->shown[k]) == 0);
			others = others || (k != i && a->of == n.rows.v[place[k]].of);
		}
		assert_int_equal(a->others, others);
		/* who stands for them is told by content, too */
		assert_bytes(n.rows.v[a->of].shown, row->shown[i]);
	}
	nodes_release(&n);
}

static void each_order(const struct node_row *row, size_t *order, size_t at, size_t count)
{
	if (at == count)
		check_order(row, order, count);
	for (size_t i = at; i < count; i++) {
		size_t first = order[at];

		order[at] = order[i];
		order[i] = first;
		each_order(row, order, at + 1, count);
		order[i] = order[at];
		order[at] = first;
	}
}

static void check_row(void **state)
{
	const struct node_row *row = *state;
	size_t order[NAMES] = { 0, 1, 2, 3, 4, 5 }, count = 0;

	while (count < NAMES && row->names[count] != NULL)
		count++;
	each_order(row, order, 0, count);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, check_row);
	return run_rows(&t, "node");
}
