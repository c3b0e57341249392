// SPDX-License-Identifier: Apache-2.0
/*
 * Whatever the order, the pieces and the number of writers: the same store, and the same answers.
 * Random machines, records, text and trusted mixed, presence and losses; each log is read as it
 * comes, and then otherwise.
 *
 * `make test` runs as many cases as take some seconds; SCAUDIT_LONG=1 runs 20,000. The seed is
 * printed; SCAUDIT_SEED takes it, and SCAUDIT_CASES how many. What fails is made smaller, and kept
 * in the folder that is named.
 */
#include "tests/fault_dump.h"
#include "tests/pair.h"

#include "analyze/evidence/main_program.h"
#include "ingest/batch/feed.h"
#include "store/base/esc.h"
#include "store/base/map.h"
#include "store/query.h"
#include "store/status.h"


#define WRITERS 3
#define LABELS 3     /* none, and two */
#define ASK_EVERY 50 /* cases: so often all commands are asked, too */
#define READINGS 3   /* beside the first */

static const char *const labels[LABELS] = { NULL, "nightly", "mine" };

/* ---- the store as text ---- */

static void put_bytes(struct buf *out, struct bytes b)
{
	buf_char(out, '\'');
	esc_tty(out, b);
	buf_str(out, "' ");
}

static void put_index(struct buf *out, uint32_t at)
{
	if (at == QUERY_NONE)
		buf_str(out, "- ");
	else
		buf_printf(out, "%u ", at);
}

static void dump_tree(struct buf *out, const struct query *q, const struct query_tree *t)
{
	buf_printf(out, "tree %.*s root ", (int)t->code.n, t->code.p);
	put_index(out, t->root);
	put_index(out, t->main);
	put_bytes(out, t->node);
	buf_printf(out,
		   "start %d %d of %" PRIu64 "/%" PRIu64 ", %" PRId64 " to %" PRId64
		   " captured %" PRIu64 "/%" PRIu64 "/%d",
		   t->start_seen, t->started, t->starts, t->stands_for, t->t_first, t->t_last,
		   t->captured, t->holes, t->captured_whole);
	for (size_t i = 0; i < t->labels.n; i++) {
		buf_str(out, " label ");
		put_bytes(out, t->labels.v[i]);
	}
	for (size_t i = 0; i < t->policies.n; i++) {
		buf_str(out, " policy ");
		put_bytes(out, q->policies.v[t->policies.v[i]].name);
	}
	buf_char(out, '\n');
}

static void dump_image(struct buf *out, const struct query *q, const struct query_image *m)
{
	buf_str(out, "image of ");
	put_bytes(out, q->trees.v[m->tree].code);
	put_bytes(out, m->path);
	put_bytes(out, m->exe);
	put_bytes(out, m->name);
	buf_printf(out, "pid %d loader %d boot %u serial %u, %" PRId64 " to %" PRId64 " above ",
		   m->pid, m->loader, m->boot, m->serial, m->t_first, m->t_last);
	put_index(out, m->parent);
	put_index(out, m->fork_of);
	put_index(out, m->execs);
	buf_char(out, '\n');
}

static void dump_use(struct buf *out, const struct query *q, const struct query_use *u)
{
	const struct query_call *c = &q->calls.v[u->call];

	buf_printf(out, "use image %u ", u->image);
	put_bytes(out, q->callers.v[u->caller].comm);
	put_bytes(out, q->callers.v[u->caller].subj);
	buf_printf(out, "%x %d %x: %" PRIu64 " %" PRIu64 ", %" PRId64 " to %" PRId64 " from %u\n",
		   c->arch, c->nr, c->action, u->events, u->trusted, u->t_first, u->t_last,
		   u->serial);
}

/* What readers of the store are given. */
static void dump_query(struct buf *out, struct store *s, bool trusted)
{
	struct query_losses losses = { 0 };
	struct query q;
	struct err e = { 0 };

	buf_printf(out, "---- %s\n", trusted ? "trusted" : "all");
	if (query_load(&q, s, WHEN_NONE, WHEN_NONE, trusted, &e) < 0 ||
	    query_losses(&losses, &q, s, WHEN_NONE, WHEN_NONE, &e) < 0)
		buf_printf(out, "%s\n", e.msg);
	else
		main_program_find(&q);
	for (size_t i = 0; i < q.trees.n; i++)
		dump_tree(out, &q, &q.trees.v[i]);
	for (size_t i = 0; i < q.images.n; i++)
		dump_image(out, &q, &q.images.v[i]);
	for (size_t i = 0; i < q.uses.n; i++)
		dump_use(out, &q, &q.uses.v[i]);
	for (size_t i = 0; i < losses.n; i++) {
		const struct query_loss *l = &losses.v[i];

		put_bytes(out, l->node);
		buf_printf(out,
			   "lost %" PRIu64 " %" PRIu64 ": %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			   l->markers, l->kernel_markers, l->printk, l->kernel, l->others);
	}
	VEC_FREE(&losses);
	query_release(&q);
}

static void dump_status(struct buf *out, struct store *s, bool trusted)
{
	struct status_store all;
	struct err e = { 0 };

	if (status_load(&all, s, 1, trusted, &e) < 0)
		buf_printf(out, "%s\n", e.msg);
	for (size_t i = 0; i < all.nodes.n; i++) {
		const struct status_node *n = &all.nodes.v[i];

		put_bytes(out, n->name);
		buf_printf(out, "trees %" PRIu64 ", %" PRId64 " to %" PRId64 " names", n->trees,
			   n->t_first, n->t_last);
		for (size_t k = 0; k < n->names.n; k++)
			put_bytes(out, n->names.v[k]);
		for (size_t k = 0; k < n->boots.n; k++)
			buf_printf(out, " boot %" PRId64 " %" PRId64 " %u %u",
				   n->boots.v[k].t_first, n->boots.v[k].t_last,
				   n->boots.v[k].serial_first, n->boots.v[k].serial_last);
		for (size_t k = 0; k < n->losses.n; k++)
			buf_printf(out, " %s %" PRIu64 " %" PRIu64, n->losses.v[k].kind,
				   n->losses.v[k].markers, n->losses.v[k].records);
		buf_char(out, '\n');
	}
	status_release(&all);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The rows as text, sorted as that. */
static void dump_sorted(struct buf *out, struct store *s, const char *sql)
{
	auto_buf struct buf text = { 0 };
	VEC(char *) lines = { 0 };
	char *rest;

	rows(s->db, sql, &text);
	buf_text(&text);
	for (char *line = strtok_r(text.p, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		*VEC_PUSH(&lines) = line;
	if (lines.n > 1)
		qsort(lines.v, lines.n, sizeof(*lines.v), by_text);
	buf_printf(out, "---- %.60s\n", sql);
	for (size_t i = 0; i < lines.n; i++)
		buf_printf(out, "%s\n", lines.v[i]);
	VEC_FREE(&lines);
}

/*
 * Tables as they are, but for what no answer is made of: rows that stay when the last that used
 * them went, and how the seen set is written (boots are made of it).
 */
static void dump_tables(struct buf *out, struct store *s)
{
	static const char *const left_out[] = { "PRAGMA",
						"SELECT key",
						"SELECT hex(bytes)",
						"SELECT type",
						"SELECT p.text",
						"SELECT arch",
						"SELECT " NODE_OF("node") ", serials" };

	for (size_t i = 0; i < OF_RUNS; i++) {
		bool in = true;

		for (size_t k = 0; k < ARRAY_SIZE(left_out); k++)
			in = in && !bytes_starts(bytes_of(tables[i]), bytes_of(left_out[k]));
		if (in)
			dump_sorted(out, s, tables[i]);
	}
}

static void dump(struct buf *out)
{
	struct store s;
	struct err e = { 0 };

	assert_ok(store_open(&s, "store.db", STORE_READ, &e), &e);
	sqlite3_db_config(s.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
	dump_query(out, &s, false);
	dump_query(out, &s, true);
	dump_status(out, &s, false);
	dump_status(out, &s, true);
	dump_tables(out, &s);
	store_close(&s);
}

/* ---- one log, read in some way ---- */

struct scene {
	struct world_log log;
	bool *left_out; /* of each line; for making it smaller */
	uint8_t *label; /* of each line: one of labels */
	uint64_t seed;
};

/*
 * A number that a line has in a reading, whatever other lines there are: so that leaving some out
 * changes nothing of the rest.
 */
static uint64_t draw(const struct scene *c, unsigned reading, size_t line, unsigned what)
{
	return hash_u64(c->seed * 31 + reading, line * 8 + what) >> 8;
}

struct writer {
	struct store store;
	struct feed feed;
	struct ingest_options o;
	struct ingest_report report;
	bool open, any;
};

struct order_reading {
	const struct pair *b;
	const struct scene *c;
	unsigned number; /* 0: as it comes, by one */
	unsigned writers;
	uint32_t cuts;	/* per thousand lines after which a batch ends; or a run */
	uint32_t mixes; /* how far lines go from where they were; 0: not at all */
	struct writer w[WRITERS][LABELS];
	struct writer *last;
	struct err broke;
};

static void end_run(struct order_reading *r, struct writer *w)
{
	struct err e = { 0 };

	if (w->open && feed_end(&w->feed, feed_commit(&w->feed, &e), &e) < 0 &&
	    r->broke.msg[0] == '\0')
		r->broke = e;
	w->open = false;
}

static void take_line(struct order_reading *r, size_t i)
{
	const struct world_line *l = &r->c->log.lines.v[i];
	uint8_t label = r->c->label[i];
	struct writer *w =
		&r->w[r->writers > 1 ? draw(r->c, r->number, i / 7, 1) % r->writers : 0][label];
	uint64_t end = draw(r->c, r->number, i, 2) % 1000;
	struct err e = { 0 };

	/* one holds the lock until its batch ends */
	if (r->last != NULL && r->last != w && r->last->open &&
	    feed_commit(&r->last->feed, &e) < 0 && r->broke.msg[0] == '\0')
		r->broke = e;
	r->last = w;
	if (!w->any) {
		pair_store(&w->store);
		w->any = true;
	}
	if (!w->open) {
		w->o = (struct ingest_options){ .version = "test", .label = labels[label] };
		feed_begin(&w->feed, &w->store, &w->o, &w->report, "log");
		w->feed.file = "log";
		w->open = true;
	}
	w->feed.trust = l->kind == WORLD_TRUSTED ? FEED_ALL : FEED_TEXT;
	w->feed.number = i;
	if (feed_line(&w->feed, (struct bytes){ r->c->log.text.p + l->at, l->n - 1 }, false, false,
		      &e) < 0 ||
	    (end < r->cuts && feed_commit(&w->feed, &e) < 0)) {
		if (r->broke.msg[0] == '\0')
			r->broke = e;
	}
	if (end < r->cuts / 4)
		end_run(r, w);
}

struct turn {
	uint64_t at;
	size_t line;
};

static int by_turn(const void *a, const void *b)
{
	const struct turn *x = a, *y = b;

	return x->at != y->at	   ? (x->at < y->at ? -1 : 1)
	       : x->line < y->line ? -1
				   : x->line > y->line;
}

/* The lines in the order of this reading; some come twice. */
static size_t turns(const struct order_reading *r, struct turn *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->c->log.lines.n; i++) {
		if (r->c->left_out[i])
			continue;
		out[n++] = (struct turn){
			i * 100 + (r->mixes ? draw(r->c, r->number, i, 3) % r->mixes : 0), i
		};
		if (r->number > 0 && draw(r->c, r->number, i, 4) % 12 == 0)
			out[n++] = (struct turn){
				draw(r->c, r->number, i, 5) % (100 * r->c->log.lines.n), i
			};
	}
	qsort(out, n, sizeof(*out), by_turn);
	return n;
}

/* Reads the log into a store of its own in the folder where this is, and appends what that holds.
 */
static void read_log(const struct pair *b, const struct scene *c, unsigned number,
		     struct buf *out)
{
	static const uint32_t cuts[] = { 0, 5, 60, 300, 1000 },
			      mixes[] = { 0, 200, 2000, 1000000 };
	auto_free struct order_reading *r = mem_zero(1, sizeof(*r));
	auto_free struct turn *order = mem_alloc((2 * c->log.lines.n + 1) * sizeof(*order));
	size_t n;

	*r = (struct order_reading){ .b = b, .c = c, .number = number, .writers = 1 };
	if (number > 0) {
		r->writers = 1 + draw(c, number, 0, 6) % WRITERS;
		r->cuts = cuts[draw(c, number, 1, 6) % ARRAY_SIZE(cuts)];
		r->mixes = mixes[draw(c, number, 2, 6) % ARRAY_SIZE(mixes)];
	}
	pair_begin(b);
	n = turns(r, order);
	for (size_t i = 0; i < n && r->broke.msg[0] == '\0'; i++)
		take_line(r, order[i].line);
	for (size_t i = 0; i < WRITERS; i++)
		for (size_t k = 0; k < LABELS; k++) {
			if (!r->w[i][k].any)
				continue;
			/* whoever held the lock last ends first */
			if (r->last != NULL)
				end_run(r, r->last);
			r->last = NULL;
			end_run(r, &r->w[i][k]);
			store_close(&r->w[i][k].store);
		}
	if (r->broke.msg[0] != '\0')
		buf_printf(out, "broken: %s\n", r->broke.msg);
	else
		dump(out);
}

/* ---- cases ---- */

static void random_scene(struct scene *c, uint64_t seed, bool contradicts)
{
	static const size_t sizes[] = { 6, 15, 40, 120, 300 };
	uint32_t kind = dice(4);
	struct world w;

	*c = (struct scene){ .seed = seed };
	c->log.tales = contradicts ? TALES_OF_TEXT : TALES_ONE;
	world_make(&w, &c->log, PICK(sizes), kind == 0 ? 0 : kind == 1 ? 100 : dice(100));
	if (kind == 3)
		world_forge(&w, 1 + dice(30));
	world_done(&w);
	c->left_out = mem_zero(c->log.lines.n + 1, sizeof(*c->left_out));
	c->label = mem_zero(c->log.lines.n + 1, sizeof(*c->label));
	if (chance(30))
		for (size_t i = 0; i < c->log.lines.n; i++)
			c->label[i] = (uint8_t)(draw(c, 0, i / 16, 7) % LABELS);
}

static void scene_release(struct scene *c)
{
	world_release(&c->log);
	free(c->left_out);
	free(c->label);
}

/* The store of a reading, in its folder. */
static void read_into(const struct pair *b, const struct scene *c, unsigned reading,
		      struct buf *out)
{
	out->n = 0;
	pair_enter(b, reading > 0);
	read_log(b, c, reading, out);
}

/* Where two stores differ. */
static void first_difference(struct buf *first, struct buf *other, struct buf *why)
{
	const char *x = buf_text(first), *y = buf_text(other);

	while (*x == *y)
		x++, y++;
	while (x > first->p && x[-1] != '\n')
		x--, y--;
	buf_printf(why, "as it comes: %.*s\notherwise:   %.*s\n", (int)strcspn(x, "\n"), x,
		   (int)strcspn(y, "\n"), y);
}

/* Is it another store in this reading? Both are left in their folders. */
static bool differs(const struct pair *b, const struct scene *c, unsigned reading,
		    struct buf *why)
{
	auto_buf struct buf first = { 0 }, other = { 0 };

	read_into(b, c, 0, &first);
	read_into(b, c, reading, &other);
	if (strcmp(buf_text(&first), buf_text(&other)) == 0)
		return false;
	if (why != NULL)
		first_difference(&first, &other, why);
	return true;
}

static void reduce(const struct pair *b, struct scene *c, unsigned reading)
{
	size_t n = c->log.lines.n;

	for (size_t step = n / 2 + 1; step > 0; step /= 2)
		for (size_t from = 0; from < n; from += step) {
			auto_free bool *was = mem_alloc(n * sizeof(*was));

			memcpy(was, c->left_out, n * sizeof(*was));
			for (size_t i = from; i < n && i < from + step; i++)
				c->left_out[i] = true;
			if (memcmp(was, c->left_out, n * sizeof(*was)) != 0 &&
			    !differs(b, c, reading, NULL))
				memcpy(c->left_out, was, n * sizeof(*was));
		}
}

static void tell(const struct pair *b, struct scene *c, unsigned reading)
{
	auto_buf struct buf why = { 0 };

	reduce(b, c, reading);
	differs(b, c, reading, &why);
	fprintf(stderr,
		"# SCAUDIT_SEED=%llu SCAUDIT_CASES=1: reading %u differs (both stores are in "
		"%s)\n",
		(unsigned long long)c->seed, reading, b->dir);
	for (size_t i = 0; i < c->log.lines.n; i++)
		if (!c->left_out[i])
			fprintf(stderr, "# %s%s%s: %.*s",
				c->log.lines.v[i].kind ? "text" : "trusted",
				c->label[i] ? ", label " : "",
				c->label[i] ? labels[c->label[i]] : "", (int)c->log.lines.v[i].n,
				c->log.text.p + c->log.lines.v[i].at);
	fprintf(stderr, "%s", buf_text(&why));
}

/* All commands of both stores, from --trusted ones on; false: one is answered otherwise, which is
 * told. */
static bool same_answers(const struct pair *b, const struct scene *c, int from)
{
	struct questions all = { 0 };
	bool same = true;

	for (int trusted = from; trusted < 2 && same; trusted++) {
		ask(&all, "0123456789", trusted);
		for (size_t i = 0; i < all.n && same; i++) {
			auto_buf struct buf words = { 0 }, why = { 0 };

			same = pair_agrees(b, &all.v[i], &why);
			if (same)
				continue;
			says_words(&words, all.v[i].words, all.v[i].n);
			fprintf(stderr,
				"# SCAUDIT_SEED=%llu SCAUDIT_CASES=1: %s (both stores are in %s)\n%s",
				(unsigned long long)c->seed, buf_text(&words), b->dir,
				buf_text(&why));
		}
	}
	VEC_FREE(&all);
	return same;
}

static void the_order_of_reading_changes_nothing(void **state)
{
	struct pair_cases cases = pair_cases(40, 20000);
	unsigned long long bad = 0, lines = 0, asked = 0, ran = 0;
	struct pair b;

	(void)state;
	pair_open(&b);
	for (unsigned long long i = 0; i < cases.n && (bad == 0 || getenv("SCAUDIT_ALL")); i++) {
		auto_buf struct buf as_it_comes = { 0 }, other = { 0 };
		bool differed = false;
		struct scene c;

		dice_seed(cases.first + i);
		random_scene(&c, cases.first + i, false);
		read_into(&b, &c, 0, &as_it_comes);
		for (unsigned k = 1; k <= READINGS && !differed; k++) {
			read_into(&b, &c, k, &other);
			differed = strcmp(buf_text(&as_it_comes), buf_text(&other)) != 0;
			if (differed && bad < 3)
				tell(&b, &c, k);
			if (!differed && (cases.first + i) % ASK_EVERY == 0) {
				differed = !same_answers(&b, &c, 0);
				asked++;
			}
		}
		bad += differed;
		ran++;
		lines += c.log.lines.n;
		scene_release(&c);
	}
	fprintf(stderr,
		"# %llu cases, %llu lines, %u readings each, of %llu readings all commands, %llu "
		"differences\n",
		ran, lines, READINGS + 1, asked, bad);
	pair_close(&b, bad > 0);
	assert_int_equal(bad, 0);
}

/*
 * Text that tells otherwise of events that are trusted. What text alone shows can hang on the order
 * then (docs/tracker.md, "What is open"): how often is printed. What is trusted does not.
 */
static void nor_for_what_is_trusted_where_text_contradicts(void **state)
{
	struct pair_cases cases = pair_cases(20, 5000);
	unsigned long long bad = 0, open = 0, ran = 0;
	struct pair b;

	(void)state;
	pair_open(&b);
	for (unsigned long long i = 0; i < cases.n && bad == 0; i++) {
		auto_buf struct buf as_it_comes = { 0 }, other = { 0 };
		struct scene c;

		dice_seed(cases.first + i);
		random_scene(&c, cases.first + i, true);
		read_into(&b, &c, 0, &as_it_comes);
		read_into(&b, &c, 1 + i % READINGS, &other);
		open += strcmp(buf_text(&as_it_comes), buf_text(&other)) != 0;
		bad += !same_answers(&b, &c, 1);
		ran++;
		scene_release(&c);
	}
	fprintf(stderr,
		"# %llu cases, %llu where what text shows hangs on the order, %llu differences\n",
		ran, open, bad);
	pair_close(&b, bad > 0);
	assert_int_equal(bad, 0);
}

int main(void)
{
	struct tests t = { 0 };

	setenv("TZ", "UTC", 1);
	ADD(&t, the_order_of_reading_changes_nothing);
	ADD(&t, nor_for_what_is_trusted_where_text_contradicts);
	return run_rows(&t, "orders");
}
