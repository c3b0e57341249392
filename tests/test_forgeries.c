// SPDX-License-Identifier: Apache-2.0
/*
 * Whatever lines somebody forges, and in whatever order they are read: with --trusted every
 * command that selects, and status, says to the byte what it says of a store that has the trusted
 * lines alone.
 *
 * `make test` runs as many cases as take some seconds; SCAUDIT_LONG=1 runs 10,000. The seed is
 * printed; SCAUDIT_SEED takes it, and SCAUDIT_CASES how many. What fails is made smaller, and kept
 * in the folder that is named.
 */
#include "tests/pair.h"

#include "ingest/batch/feed.h"
#include "ingest/ingest.h"
#include "store/base/code.h"
#include "store/query.h"
#include "store/rows/run.h"

#define PIECES 4 /* runs of each kind, at most */

/* ---- stores ---- */

enum { ALONE, FORGED };

/* ---- one case ---- */

struct scene_piece {
	struct buf text;
	const char *label, *node, *policy;
	bool with_next;
	bool captured; /* of trusted ones: not read, but captured */
};

/* What is done to both stores when all is read, before anything is asked. */
static const char *const later[][8] = {
	{ "fold", "--db", "store.db", "--keep-trees", "0" },
	{ "fold", "--db", "store.db", "--keep-trees", "1" },
	{ "fold", "--db", "store.db", "--keep-trees", "3", "-q" },
	{ "forget", "--db", "store.db", "--trusted", "--comm", "app", "--yes" },
	{ "forget", "--db", "store.db", "--trusted", "--until", "2026-11-24T11:30:00Z", "--yes" },
};

struct scene {
	struct world_log log;
	struct scene_piece piece[2][PIECES]; /* by kind */
	size_t n[2];
	struct {
		uint8_t kind[2 * PIECES];
	} order;		  /* in which they are read */
	const char *const *later; /* one of those; NULL: none */
	size_t batch;
	char tree[CODE_SIZE]; /* of some tree */
	struct err broke;     /* of a reading that failed */
};

static void scene_release(struct scene *c)
{
	world_release(&c->log);
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < PIECES; i++)
			buf_release(&c->piece[k][i].text);
}

/* Each line into a piece of its kind; a piece's lines as they come, or mixed. */
static void cut(struct scene *c, const struct world_log *log, const bool *left_out)
{
	for (int k = 0; k < 2; k++)
		for (size_t i = 0; i < PIECES; i++)
			c->piece[k][i].text.n = 0;
	for (size_t i = 0; i < log->lines.n; i++) {
		const struct world_line *l = &log->lines.v[i];
		size_t n = c->n[l->kind];
		/* neighbours mostly stay together */
		uint32_t at = (uint32_t)((i * 2654435761u >> 7) % 10 < 2 ? i * 40503u % n
									 : i * n / log->lines.n);

		if (left_out == NULL || !left_out[i])
			buf_add(&c->piece[l->kind][at].text, log->text.p + l->at, l->n);
	}
}

static void random_scene(struct scene *c)
{
	static const size_t sizes[] = { 6, 15, 40, 90 };
	struct world w;
	size_t n = PICK(sizes), left[2];

	*c = (struct scene){ .batch = chance(70) ? 0 : 1 + dice(20),
			     .later = chance(60) ? NULL : PICK(later) };
	c->log.yearless = chance(30);
	world_make(&w, &c->log, n, chance(70) ? 0 : dice(60));
	world_forge(&w, chance(30) ? 1 + dice(3) : dice(40));
	world_done(&w);
	for (int k = 0; k < 2; k++) {
		left[k] = c->n[k] = 1 + dice(PIECES);
		for (size_t i = 0; i < c->n[k]; i++) {
			c->piece[k][i].label =
				chance(25) ? (chance(50) ? "nightly" : "mine") : NULL;
			c->piece[k][i].node = chance(25) ? world_nodes[dice(3)] : NULL;
			c->piece[k][i].with_next = chance(30);
			c->piece[k][i].captured = k == WORLD_TRUSTED && chance(20);
			c->piece[k][i].policy = chance(10) ? "../policy.json" : NULL;
		}
	}
	cut(c, &c->log, NULL);
	for (size_t i = 0; i < c->n[0] + c->n[1]; i++) {
		int kind = left[0] == 0 ? 1 : left[1] == 0 ? 0 : (int)dice(2);

		c->order.kind[i] = (uint8_t)kind;
		left[kind]--;
	}
}

static struct bytes piece_text(const struct scene_piece *p)
{
	return p == NULL ? BYTES("") : bytes_of(buf_text((struct buf *)(uintptr_t)&p->text));
}

/* What capture knows beside a record, drawn from the record: where its process ran, what became of
 * it. */
static int capture_line(struct feed *f, int64_t node, struct bytes line, struct err *e)
{
	static const char *const containers[] = { "0123456789abcdef", "fedcba9876543210" };
	static const char *const units[] = { "", "web.service", "db.service" };
	uint64_t draw = hash_bytes(line.p, line.n) >> 5;
	struct bytes v[LOCATION_FIELDS] = { { 0 } };
	long long second;
	unsigned ms, serial;
	int pid;
	int64_t location = 0, t;

	for (int i = 0; i < LOCATION_FIELDS; i++)
		v[i] = BYTES("");
	v[LOCATION_UNIT] = bytes_of(units[draw % 3]);
	if (draw / 3 % 3 == 0)
		v[LOCATION_CONTAINER] = bytes_of(containers[draw / 9 % 2]);
	if ((v[LOCATION_UNIT].n || v[LOCATION_CONTAINER].n) &&
	    (location = names_location(&f->names, node, v, e)) < 0)
		return -1;
	if (feed_line(f, line, false, false, e) < 0)
		return -1;
	if (draw / 18 % 3 == 0)
		feed_location(f, location);
	if (sscanf(strstr(line.p, "audit(") ? strstr(line.p, "audit(") : "", "audit(%lld.%u:%u)",
		   &second, &ms, &serial) != 3 ||
	    sscanf(strstr(line.p, " pid=") ? strstr(line.p, " pid=") : "", " pid=%d", &pid) != 1)
		return 0;
	t = second * 1000 + ms;
	if (draw / 54 % 4 == 0)
		tally_add_lifecycle(&f->tally, node, pid,
				    (enum edge_kind)(EDGE_BORN + draw / 216 % 3), t, serial,
				    500 + (int)(draw / 648 % 4));
	return draw / 2592 % 5 ? 0
			       : names_build(&f->names, node, BYTES("/usr/bin/app"), 0, true,
					     draw / 12960 % 2 ? "abcd" : "dcba", t, e);
}

/* A piece as capture has it: of one machine, with a note of what was lost. */
static void capture(struct store *s, struct scene *c, const struct scene_piece *p)
{
	struct ingest_options o = { .node = p->node ? p->node : "web",
				    .version = "test",
				    .label = p->label,
				    .policy = p->policy };
	struct ingest_report report;
	struct bytes rest = piece_text(p);
	struct feed f;
	struct err e = { 0 };
	int64_t node = -1;
	int ret;

	feed_begin(&f, s, &o, &report, "capture");
	f.trust = FEED_ALL;
	f.file = "netlink";
	ret = feed_lock(&f, &e);
	f.tally.label = true;
	if (ret == 0)
		ret = (node = feed_own_node(&f, &e)) < 0 ? -1 : 0;
	while (ret == 0 && rest.n > 0) {
		struct bytes line = bytes_until(&rest, '\n');

		bytes_skip(&rest, 1);
		ret = capture_line(&f, node, line, &e);
	}
	if (ret == 0)
		ret = run_save_capture(s,
				       &(struct capture_row){ .ingest = report.ingest,
							      .node = node,
							      .t_first = 1795518000000,
							      .t_last = 1795530000000,
							      .serial_first = 1,
							      .serial_last = 4000000000,
							      .received = p->text.n,
							      .gaps = p->text.n % 3,
							      .lost_known = true,
							      .complete = p->text.n % 3 == 0 },
				       &e);
	if (ret == 0)
		ret = feed_commit(&f, &e);
	if (feed_end(&f, ret, &e) < 0 && c->broke.msg[0] == '\0')
		c->broke = e;
}

/* Reads a piece, or a text one and a trusted one in a run. */
static void bring(struct store *s, struct scene *c, const struct scene_piece *text,
		  const struct scene_piece *trusted)
{
	const struct scene_piece *of = trusted ? trusted : text;
	struct ingest_options o = { .node = of->node,
				    .version = "test",
				    .batch_records = c->batch,
				    .label = of->label,
				    .policy = of->policy,
				    .trusted_input = true };
	const char *sources[] = { "input.log", "-" };
	struct ingest_report report;
	struct err e = { 0 };
	int was = dup(STDIN_FILENO), fd;

	rig_file("input.log", piece_text(text), 0666); /* else it may be root's own */
	rig_file("trusted.log", piece_text(trusted), 0644);
	fd = open("trusted.log", O_RDONLY | O_CLOEXEC);
	assert_true(was >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	if (ingest_run(s, text ? sources : sources + 1, (text != NULL) + (trusted != NULL), &o,
		       &report, &e) < 0)
		c->broke = e;
	else
		assert_int_equal(report.failed, 0);
	dup2(was, STDIN_FILENO);
	close(was);
	close(fd);
}

static void do_later(struct scene *c)
{
	struct says said;
	size_t n = 0;

	if (c->later == NULL)
		return;
	while (c->later[n] != NULL)
		n++;
	says_run(&said, c->later, n);
	if (said.status > ST_NO && c->broke.msg[0] == '\0')
		err_set(&c->broke, ST_SYSTEM, "%s: %.300s", c->later[0], buf_text(&said.err));
	says_release(&said);
}

/*
 * Begins a store, and reads the trusted pieces into it; with those of text between where they are
 * to be.
 */
static void fill(const struct pair *b, struct scene *c, int which)
{
	size_t at[2] = { 0, 0 };
	struct store s;

	pair_enter(b, which);
	pair_begin(b);
	pair_store(&s);
	for (size_t i = 0; i < c->n[0] + c->n[1]; i++) {
		int kind = c->order.kind[i];
		const struct scene_piece *p = &c->piece[kind][at[kind]++], *next = NULL;

		if (kind == WORLD_TRUSTED && p->captured) {
			capture(&s, c, p);
			continue;
		}
		if (kind == WORLD_TRUSTED) {
			bring(&s, c, NULL, p);
			continue;
		}
		/* text may be read in the run that reads what is trusted */
		if (p->with_next && at[0] < c->n[0] && c->order.kind[i + 1] == WORLD_TRUSTED &&
		    c->piece[0][at[0]].node == p->node && !c->piece[0][at[0]].captured) {
			next = &c->piece[0][at[0]++];
			i++;
		}
		if (which == FORGED)
			bring(&s, c, p, next);
		else if (next != NULL)
			bring(&s, c, NULL, next);
	}
	/* when a run began is no matter of what it read */
	sqlite3_exec(s.db, "UPDATE ingest SET started = 1795518350000", NULL, NULL, NULL);
	store_close(&s);
	do_later(c);
}

/* The id of some tree, trusted or not. */
static void find_tree(struct scene *c)
{
	struct err e = { 0 };
	struct store s;
	struct query q;

	snprintf(c->tree, sizeof(c->tree), "0123456789");
	assert_ok(store_open(&s, "store.db", STORE_READ, &e), &e);
	if (query_load(&q, &s, WHEN_NONE, WHEN_NONE, false, &e) == 0 && q.trees.n > 0)
		snprintf(c->tree, sizeof(c->tree), "%s",
			 q.trees.v[dice((uint32_t)q.trees.n)].code.p);
	query_release(&q);
	store_close(&s);
}

/* The first question that is answered otherwise; n: none is. */
static size_t differs(const struct pair *b, const struct scene *c, const struct questions *all,
		      struct buf *why)
{
	if (c->broke.msg[0] != '\0') {
		if (why != NULL)
			buf_printf(why, "%s\n", c->broke.msg);
		return 0;
	}
	for (size_t i = 0; i < all->n; i++)
		if (!pair_agrees(b, &all->v[i], why))
			return i;
	return all->n;
}

/* ---- a case that failed, made smaller ---- */

static bool fails(const struct pair *b, struct scene *c, const bool *left_out,
		  const struct questions *one)
{
	cut(c, &c->log, left_out);
	c->broke = (struct err){ 0 };
	fill(b, c, ALONE);
	fill(b, c, FORGED);
	return differs(b, c, one, NULL) < one->n;
}

static void reduce(const struct pair *b, struct scene *c, bool *left_out,
		   const struct questions *one)
{
	size_t n = c->log.lines.n;

	for (size_t step = n / 2 + 1; step > 0; step /= 2)
		for (size_t from = 0; from < n; from += step) {
			auto_free bool *was = mem_alloc(n * sizeof(*was));

			memcpy(was, left_out, n * sizeof(*was));
			for (size_t i = from; i < n && i < from + step; i++)
				left_out[i] = true;
			if (memcmp(was, left_out, n * sizeof(*was)) != 0 &&
			    !fails(b, c, left_out, one))
				memcpy(left_out, was, n * sizeof(*was));
		}
	fails(b, c, left_out, one); /* leaves the stores as they are then */
}

static void tell(const struct pair *b, struct scene *c, const struct questions *all, size_t at,
		 unsigned long long seed)
{
	auto_free bool *left_out = mem_zero(c->log.lines.n, sizeof(*left_out));
	struct questions one = { &all->v[at], 1, 1 };
	auto_buf struct buf words = { 0 }, why = { 0 };

	says_words(&words, all->v[at].words, all->v[at].n);
	reduce(b, c, left_out, &one);
	differs(b, c, &one, &why);
	fprintf(stderr, "# SCAUDIT_SEED=%llu SCAUDIT_CASES=1: %s (both stores are in %s)\n", seed,
		buf_text(&words), b->dir);
	for (size_t i = 0; i < c->n[0] + c->n[1]; i++) {
		int kind = c->order.kind[i];
		size_t nth = 0;

		for (size_t m = 0; m < i; m++)
			nth += c->order.kind[m] == kind;
		fprintf(stderr, "# %s%s%s%s%s%s%s\n%.*s", kind ? "text" : "trusted",
			c->piece[kind][nth].label ? ", --label " : "",
			c->piece[kind][nth].label ? c->piece[kind][nth].label : "",
			c->piece[kind][nth].node ? ", --node " : "",
			c->piece[kind][nth].node ? c->piece[kind][nth].node : "",
			c->piece[kind][nth].policy ? ", --logged-under" : "",
			c->piece[kind][nth].with_next ? " (with the next)" : "",
			(int)c->piece[kind][nth].text.n,
			c->piece[kind][nth].text.n ? c->piece[kind][nth].text.p : "");
	}
	for (size_t i = 0; c->later != NULL && c->later[i] != NULL; i++)
		fprintf(stderr, "%s%s%s", i ? " " : "# then: ", c->later[i],
			c->later[i + 1] ? "" : "\n");
	fprintf(stderr, "%s", buf_text(&why));
}

static void forged_text_changes_no_trusted_answer(void **state)
{
	struct pair_cases cases = pair_cases(25, 10000);
	unsigned long long bad = 0, ran = 0, asked = 0;
	bool last = false;
	struct pair b;

	(void)state;
	pair_open(&b);
	for (unsigned long long i = 0; i < cases.n && !last; i++) {
		struct questions all = { 0 };
		struct scene c;
		size_t at;

		dice_seed(cases.first + i);
		random_scene(&c);
		fill(&b, &c, ALONE);
		fill(&b, &c, FORGED);
		find_tree(&c);
		ask(&all, c.tree, true);
		add_question(&all, "status", NULL, 0, NULL, NULL, true);
		add_question(&all, "status", (const char *const[]){ "--json" }, 1, NULL, NULL,
			     true);
		at = differs(&b, &c, &all, NULL);
		asked += all.n;
		bad += at < all.n;
		ran++;
		last = at < all.n && !getenv("SCAUDIT_ALL");
		if (at < all.n && bad <= 3)
			tell(&b, &c, &all, at, cases.first + i);
		VEC_FREE(&all);
		scene_release(&c);
	}
	fprintf(stderr, "# %llu cases, %llu answers, %llu differences\n", ran, asked, bad);
	pair_close(&b, bad > 0);
	assert_int_equal(bad, 0);
}

int main(void)
{
	struct tests t = { 0 };

	setenv("TZ", "UTC", 1);
	ADD(&t, forged_text_changes_no_trusted_answer);
	return run_rows(&t, "forgeries");
}
