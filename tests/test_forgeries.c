/*
 * Whatever lines somebody forges, and in whatever order they are read: with --trusted every command that selects, and
 * status, says to the byte what it says of a store that has the trusted lines alone.
 *
 * `make test` runs as many cases as take some seconds; SCAUDIT_LONG=1 runs 10,000. The seed is printed; SCAUDIT_SEED takes
 * it, and SCAUDIT_CASES how many. What fails is made smaller, and kept in the folder that is named.
 */
#include "tests/rig.h"
#include "tests/questions.h"

#include "ingest/ingest.h"
#include "store/base/code.h"
#include "store/query.h"

#include <fcntl.h>

#define PIECES 4 /* runs of each kind, at most */

/* ---- stores ---- */

enum bench_store { ALONE, FORGED, N_STORES };
static const char *const folders[N_STORES] = { "alone", "forged" };

struct bench {
	char dir[64];
	int top;           /* that folder */
	struct buf empty;  /* a store without anything, as a file */
};

static void write_file(const char *path, const char *text, size_t n)
{
	rig_file(path, (struct bytes){ text, n }, 0644);
}

static void bench_open(struct bench *b)
{
	const char *tmp = getenv("TMPDIR");
	struct err e = { 0 };
	struct store s;
	char block[65536];
	size_t n;
	FILE *f;

	*b = (struct bench){ .top = -1 };
	if (tmp == NULL)
		tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(b->dir, sizeof(b->dir), "%.40s/scaudit.XXXXXX", tmp);
	if (mkdtemp(b->dir) == NULL || chdir(b->dir) != 0)
		fail_msg("cannot make a folder in %s", tmp);
	b->top = open(".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	write_file("policy.json", policy, sizeof(policy) - 1);
	for (int i = 0; i < N_STORES; i++)
		assert_int_equal(mkdir(folders[i], 0700), 0);
	assert_ok(store_open(&s, "empty.db", STORE_WRITE, &e), &e);
	store_close(&s);
	f = fopen("empty.db", "rb");
	while (f != NULL && (n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(&b->empty, block, n);
	fclose(f);
	assert_true(b->empty.n > 0);
}

static void bench_close(struct bench *b, bool keep)
{
	char *command = mem_print("rm -rf '%s'", b->dir);

	if (chdir("/") != 0 || (!keep && system(command) != 0))
		fail_msg("cannot remove %s", b->dir);
	close(b->top);
	buf_release(&b->empty);
	free(command);
}

/* The folder of a store is where its commands run: so they name it alike. */
static void enter(const struct bench *b, enum bench_store which)
{
	if (fchdir(b->top) != 0 || chdir(folders[which]) != 0)
		fail_msg("cannot enter %s", folders[which]);
}

/* ---- one case ---- */

struct piece { struct buf text; const char *label, *node, *policy; bool with_next; };

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
	struct piece piece[2][PIECES];       /* by kind */
	size_t n[2];
	struct { uint8_t kind[2 * PIECES]; } order; /* in which they are read */
	const char *const *later;            /* one of those; NULL: none */
	size_t batch;
	char tree[CODE_SIZE];                /* of some tree */
	struct err broke;                    /* of a reading that failed */
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
		uint32_t at = (uint32_t)((i * 2654435761u >> 7) % 10 < 2 ? i * 40503u % n : i * n / log->lines.n);

		if (left_out == NULL || !left_out[i])
			buf_add(&c->piece[l->kind][at].text, log->text.p + l->at, l->n);
	}
}

static void random_scene(struct scene *c)
{
	static const size_t sizes[] = { 6, 15, 40, 90 };
	struct world w;
	size_t n = PICK(sizes), left[2];

	*c = (struct scene){ .batch = chance(70) ? 0 : 1 + dice(20), .later = chance(60) ? NULL : PICK(later) };
	c->log.yearless = chance(30);
	world_make(&w, &c->log, n, chance(70) ? 0 : dice(60));
	world_forge(&w, chance(30) ? 1 + dice(3) : dice(40));
	world_done(&w);
	for (int k = 0; k < 2; k++) {
		left[k] = c->n[k] = 1 + dice(PIECES);
		for (size_t i = 0; i < c->n[k]; i++) {
			c->piece[k][i].label = chance(25) ? (chance(50) ? "nightly" : "mine") : NULL;
			c->piece[k][i].node = chance(25) ? world_nodes[dice(3)] : NULL;
			c->piece[k][i].with_next = chance(30);
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

/* Reads a piece, or a text one and a trusted one in a run. */
static void bring(struct store *s, struct scene *c, const struct piece *text, const struct piece *trusted)
{
	const struct piece *of = trusted ? trusted : text;
	struct ingest_options o = { .node = of->node, .version = "test", .batch_records = c->batch, .label = of->label,
				    .policy = of->policy, .trusted_input = true };
	const char *sources[] = { "input.log", "-" };
	struct ingest_report report;
	struct err e = { 0 };
	int was = dup(STDIN_FILENO), fd;

	write_file("input.log", text ? buf_text(&((struct piece *)(uintptr_t)text)->text) : "", text ? text->text.n : 0);
	chmod("input.log", 0666); /* else it may be root's own */
	write_file("trusted.log", trusted ? buf_text(&((struct piece *)(uintptr_t)trusted)->text) : "", trusted ? trusted->text.n : 0);
	fd = open("trusted.log", O_RDONLY | O_CLOEXEC);
	assert_true(was >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	if (ingest_run(s, text ? sources : sources + 1, (text != NULL) + (trusted != NULL), &o, &report, &e) < 0)
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

/* Begins a store, and reads the trusted pieces into it; with those of text between where they are to be. */
static void fill(const struct bench *b, struct scene *c, enum bench_store which)
{
	size_t at[2] = { 0, 0 };
	struct err e = { 0 };
	struct store s;

	enter(b, which);
	unlink("store.db-wal");
	unlink("store.db-shm");
	write_file("store.db", b->empty.p, b->empty.n);
	chmod("store.db", 0600);
	assert_ok(store_open(&s, "store.db", STORE_WRITE, &e), &e);
	sqlite3_exec(s.db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
	for (size_t i = 0; i < c->n[0] + c->n[1]; i++) {
		int kind = c->order.kind[i];
		const struct piece *p = &c->piece[kind][at[kind]++], *next = NULL;

		if (kind == WORLD_TRUSTED) {
			bring(&s, c, NULL, p);
			continue;
		}
		/* text may be read in the run that reads what is trusted */
		if (p->with_next && at[0] < c->n[0] && c->order.kind[i + 1] == WORLD_TRUSTED && c->piece[0][at[0]].node == p->node) {
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
		snprintf(c->tree, sizeof(c->tree), "%s", q.trees.v[dice((uint32_t)q.trees.n)].code.p);
	query_release(&q);
	store_close(&s);
}

static bool same_text(const struct buf *a, const struct buf *b)
{
	return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
}

/* The first question that is answered otherwise; n: none is. */
static size_t differs(const struct bench *b, const struct scene *c, const struct questions *all, struct buf *why)
{
	if (c->broke.msg[0] != '\0') {
		if (why != NULL)
			buf_printf(why, "%s\n", c->broke.msg);
		return 0;
	}
	for (size_t i = 0; i < all->n; i++) {
		struct says said[N_STORES];
		bool same;

		for (int k = 0; k < N_STORES; k++) {
			enter(b, (enum bench_store)k);
			says_run(&said[k], all->v[i].words, all->v[i].n);
		}
		same = said[0].status == said[1].status && same_text(&said[0].out, &said[1].out) && same_text(&said[0].err, &said[1].err);
		if (!same && why != NULL)
			buf_printf(why, "---- of the trusted lines alone: %d\n%s%s---- with forged ones: %d\n%s%s", said[0].status, buf_text(&said[0].out),
				   buf_text(&said[0].err), said[1].status, buf_text(&said[1].out), buf_text(&said[1].err));
		says_release(&said[0]);
		says_release(&said[1]);
		if (!same)
			return i;
	}
	return all->n;
}

/* ---- a case that failed, made smaller ---- */

static bool fails(const struct bench *b, struct scene *c, const bool *left_out, const struct questions *one)
{
	cut(c, &c->log, left_out);
	c->broke = (struct err){ 0 };
	fill(b, c, ALONE);
	fill(b, c, FORGED);
	return differs(b, c, one, NULL) < one->n;
}

static void reduce(const struct bench *b, struct scene *c, bool *left_out, const struct questions *one)
{
	size_t n = c->log.lines.n;

	for (size_t step = n / 2 + 1; step > 0; step /= 2)
		for (size_t from = 0; from < n; from += step) {
			auto_free bool *was = mem_alloc(n * sizeof(*was));

			memcpy(was, left_out, n * sizeof(*was));
			for (size_t i = from; i < n && i < from + step; i++)
				left_out[i] = true;
			if (memcmp(was, left_out, n * sizeof(*was)) != 0 && !fails(b, c, left_out, one))
				memcpy(left_out, was, n * sizeof(*was));
		}
	fails(b, c, left_out, one); /* leaves the stores as they are then */
}

static void tell(const struct bench *b, struct scene *c, const struct questions *all, size_t at, unsigned long long seed)
{
	auto_free bool *left_out = mem_zero(c->log.lines.n, sizeof(*left_out));
	struct questions one = { &all->v[at], 1, 1 };
	auto_buf struct buf words = { 0 }, why = { 0 };

	says_words(&words, all->v[at].words, all->v[at].n);
	reduce(b, c, left_out, &one);
	differs(b, c, &one, &why);
	fprintf(stderr, "# SCAUDIT_SEED=%llu SCAUDIT_CASES=1: %s (both stores are in %s)\n", seed, buf_text(&words), b->dir);
	for (size_t i = 0; i < c->n[0] + c->n[1]; i++) {
		int kind = c->order.kind[i];
		size_t nth = 0;

		for (size_t m = 0; m < i; m++)
			nth += c->order.kind[m] == kind;
		fprintf(stderr, "# %s%s%s%s%s%s%s\n%.*s", kind ? "text" : "trusted", c->piece[kind][nth].label ? ", --label " : "",
			c->piece[kind][nth].label ? c->piece[kind][nth].label : "", c->piece[kind][nth].node ? ", --node " : "",
			c->piece[kind][nth].node ? c->piece[kind][nth].node : "", c->piece[kind][nth].policy ? ", --logged-under" : "", c->piece[kind][nth].with_next ? " (with the next)" : "",
			(int)c->piece[kind][nth].text.n, c->piece[kind][nth].text.n ? c->piece[kind][nth].text.p : "");
	}
	for (size_t i = 0; c->later != NULL && c->later[i] != NULL; i++)
		fprintf(stderr, "%s%s%s", i ? " " : "# then: ", c->later[i], c->later[i + 1] ? "" : "\n");
	fprintf(stderr, "%s", buf_text(&why));
}

static unsigned long long number_of(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text != NULL && text[0] ? strtoull(text, NULL, 10) : otherwise;
}

static void forged_text_changes_no_trusted_answer(void **state)
{
	unsigned long long first = number_of("SCAUDIT_SEED", (unsigned long long)when_now() % 1000000000);
	unsigned long long n = number_of("SCAUDIT_CASES", getenv("SCAUDIT_LONG") ? 10000 : 25), bad = 0, asked = 0;
	bool last = false;
	struct bench b;

	(void)state;
	/* before trusted evidence has intervals of its own this does not hold */
	if (STORE_VERSION < 4 && getenv("SCAUDIT_SEED") == NULL)
		skip();
	bench_open(&b);
	fprintf(stderr, "# SCAUDIT_SEED=%llu\n", first);
	for (unsigned long long i = 0; i < n && !last; i++) {
		struct questions all = { 0 };
		struct scene c;
		size_t at;

		dice_seed(first + i);
		random_scene(&c);
		fill(&b, &c, ALONE);
		fill(&b, &c, FORGED);
		find_tree(&c);
		ask(&all, c.tree, true);
		add_question(&all, "status", NULL, 0, NULL, NULL, true);
		add_question(&all, "status", (const char *const[]){ "--json" }, 1, NULL, NULL, true);
		at = differs(&b, &c, &all, NULL);
		asked += all.n;
		bad += at < all.n;
		last = at < all.n && !getenv("SCAUDIT_ALL");
		if (at < all.n && bad <= 3)
			tell(&b, &c, &all, at, first + i);
		VEC_FREE(&all);
		scene_release(&c);
	}
	fprintf(stderr, "# %llu cases, %llu answers, %llu differences\n", n, asked, bad);
	bench_close(&b, bad > 0);
	assert_int_equal(bad, 0);
}

int main(void)
{
	struct tests t = { 0 };

	setenv("TZ", "UTC", 1);
	ADD(&t, forged_text_changes_no_trusted_answer);
	return run_rows(&t, "forgeries");
}
