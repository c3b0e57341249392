// SPDX-License-Identifier: Apache-2.0
/* Which builds a selection is of: by program, node, container and time. */
#include "tests/test.h"

#include "analyze/evidence/builds.h"
#include "store/base/when.h"

#define IMAGE_A "web@sha256:a"

/* Trees, each with one image and one use: on which node, in which location, what, when. */
static const struct {
	int64_t node;
	int location;
	const char *exe;
	bool loader;
	int64_t first, last;
} trees[] = {
	{ 1, -1, "/bin/x", false, 100, 200 }, /* 0: in no location */
	{ 1, 0, "/bin/x", false, 100, 200 }, /* 1: container a */
	{ 1, 1, "/bin/x", false, 300, 400 }, /* 2: container b, of the same name */
	{ 1, 2, "/bin/x", false, 100, 200 }, /* 3: a unit */
	{ 2, -1, "/bin/x", false, 100, 200 }, /* 4: another node */
	{ 1, -1, "/sbin/runc", true, 100, 200 }, /* 5: a loader */
	{ 1, -1, "/bin/y", false, WHEN_NONE, WHEN_NONE }, /* 6: without a time */
	{ 1, 3, "/bin/x", false, 100, 200 }, /* 7: a fold of that container: its name alone */
	{ 1, -1, "/bin/x", false, 300, 400 }, /* 8: in no location, later */
};

static struct query_location locations[] = {
	{ 1,
	  { [LOCATION_CONTAINER] = BYTES("a1"),
	    [LOCATION_CONTAINER_NAME] = BYTES("web"),
	    [LOCATION_IMAGE] = BYTES(IMAGE_A) } },
	{ 2,
	  { [LOCATION_CONTAINER] = BYTES("b2"),
	    [LOCATION_CONTAINER_NAME] = BYTES("web"),
	    [LOCATION_IMAGE] = BYTES("web@sha256:b") } },
	{ 3, { [LOCATION_UNIT] = BYTES("x.service") } },
	{ 4, { [LOCATION_CONTAINER_NAME] = BYTES("web") } },
};

struct seen { const char *exe, *id; int64_t node; int location; bool here; int64_t first, last; };

#define HERE(id, first, last) { "/bin/x", id, 1, -1, true, first, last }

/* want: exe, id, location, image; * for the latest, how many others. */
static struct row {
	const char *name;
	struct seen seen[5];
	size_t n;
	unsigned in;
	const char *want;
} rows[] = {
	{ "none is known", { HERE("", 0, 0) }, 0, 1, "" },
	{ "one", { HERE("ab", 150, 150) }, 1, 1, "/bin/x ab|||* 0\n" },
	{ "of a tree that is not selected", { HERE("ab", 150, 150) }, 1, 1 << 8, "" },
	{ "at the edge",
	  { HERE("ab", 50, 100), HERE("cd", 200, 250) },
	  2,
	  1,
	  "/bin/x ab||| 1\n/bin/x cd|||* 1\n" },
	{ "before and after", { HERE("ab", 50, 99), HERE("cd", 201, 250) }, 2, 1, "" },
	{ "around", { HERE("ab", 50, 500) }, 1, 1, "/bin/x ab|||* 0\n" },
	{ "the later one stands last",
	  { HERE("aa", 150, 390), HERE("zz", 110, 120) },
	  2,
	  1 | 1 << 8,
	  "/bin/x zz||| 1\n/bin/x aa|||* 1\n" },
	{ "another program", { { "/bin/z", "ab", 1, -1, true, 150, 150 } }, 1, 1, "" },
	{ "another node", { HERE("ab", 150, 150) }, 1, 1 << 4, "" },
	{ "two nodes are two places",
	  { HERE("ab", 150, 150), { "/bin/x", "cd", 2, -1, true, 150, 150 } },
	  2,
	  1 | 1 << 4,
	  "/bin/x ab|||* 0\n/bin/x cd|||* 0\n" },
	{ "a container's is not the machine's",
	  { { "/bin/x", "ab", 1, 0, false, 150, 150 } },
	  1,
	  1,
	  "" },
	{ "nor the machine's the container's", { HERE("ab", 150, 150) }, 1, 1 << 1, "" },
	{ "a container, with its image",
	  { { "/bin/x", "ab", 1, 0, false, 150, 150 } },
	  1,
	  1 << 1,
	  "/bin/x ab|container web|" IMAGE_A "|* 0\n" },
	{ "two containers of one name are one place",
	  { { "/bin/x", "ab", 1, 0, false, 150, 150 }, { "/bin/x", "cd", 1, 1, false, 350, 350 } },
	  2,
	  1 << 1 | 1 << 2,
	  "/bin/x ab|container web|" IMAGE_A "| 1\n/bin/x cd|container web|web@sha256:b|* 1\n" },
	{ "two images may hold one build",
	  { { "/bin/x", "ab", 1, 0, false, 150, 150 }, { "/bin/x", "ab", 1, 1, false, 350, 350 } },
	  2,
	  1 << 1 | 1 << 2,
	  "/bin/x ab|container web|" IMAGE_A "| 0\n/bin/x ab|container web|web@sha256:b|* 0\n" },
	{ "folded trees go by the name",
	  { { "/bin/x", "ab", 1, 0, false, 150, 150 } },
	  1,
	  1 << 7,
	  "/bin/x ab|container web|" IMAGE_A "|* 0\n" },
	{ "a unit's programs are the machine's",
	  { HERE("ab", 150, 150) },
	  1,
	  1 << 3,
	  "/bin/x ab|||* 0\n" },
	{ "loaders are left out",
	  { { "/sbin/runc", "ab", 1, -1, true, 150, 150 } },
	  1,
	  1 << 5,
	  "" },
	{ "what has no time", { { "/bin/y", "ab", 1, -1, true, 150, 150 } }, 1, 1 << 6, "" },
	{ "another root directory is another place",
	  { HERE("ab", 150, 150), { "/bin/x", "cd", 1, -1, false, 150, 150 } },
	  2,
	  1,
	  "/bin/x cd|||* 0\n/bin/x ab|||* 0\n" },
};

static struct bytes keep(struct query *q, const char *text)
{
	return pool_get(&q->strings, pool_intern(&q->strings, bytes_of(text)));
}

static void make(struct query *q, const struct row *row)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(trees); i++) {
		struct query_tree *t = VEC_PUSH(&q->trees);

		*t = (struct query_tree){ .node_id = trees[i].node,
					  .node = keep(q, trees[i].node == 1 ? "n1" : "n2"),
					  .root = i,
					  .main = i };
		if (trees[i].location >= 0)
			*VEC_PUSH(&t->locations) = (uint32_t)trees[i].location;
		*VEC_PUSH(&q->images) = (struct query_image){ .tree = i,
							      .exe = keep(q, trees[i].exe),
							      .loader = trees[i].loader };
		*VEC_PUSH(&q->uses) = (struct query_use){ .image = i,
							  .t_first = trees[i].first,
							  .t_last = trees[i].last };
	}
	for (size_t i = 0; i < ARRAY_SIZE(locations); i++)
		*VEC_PUSH(&q->locations) = locations[i];
	for (size_t i = 0; i < row->n; i++) {
		const struct seen *s = &row->seen[i];

		*VEC_PUSH(&q->builds) =
			(struct query_build){ .node = s->node,
					      .exe = keep(q, s->exe),
					      .id = keep(q, s->id),
					      .here = s->here,
					      .location = s->location < 0 ? QUERY_NONE :
									    (uint32_t)s->location,
					      .t_first = s->first,
					      .t_last = s->last };
	}
}

static void finds(void **state)
{
	const struct row *row = *state;
	bool in[ARRAY_SIZE(trees)];
	struct selection s = { .use_in = in };
	struct query q = { 0 };
	struct builds b;
	auto_buf struct buf got = { 0 };

	make(&q, row);
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		in[i] = row->in & 1u << i;
	builds_find(&b, &q, &s);
	for (size_t i = 0; i < b.n; i++)
		buf_printf(&got, "%s %s|%s|%.*s|%s %zu\n", b.v[i].exe.p, b.v[i].id.p,
			   b.v[i].location.p, (int)b.v[i].image.n,
			   b.v[i].image.n ? b.v[i].image.p : "", b.v[i].latest ? "*" : "",
			   b.v[i].others);
	assert_string_equal(buf_text(&got), row->want);
	VEC_FREE(&b);
	query_release(&q);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, finds);
	return run_rows(&t, "builds");
}
