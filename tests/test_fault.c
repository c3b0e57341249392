// SPDX-License-Identifier: Apache-2.0
/*
 * Every I/O call of SQLite's fails once, or from then on for good, in every command that works on a
 * store; so do its allocations. A run then ends with exit status 3 and a line that names the store,
 * or it is right: the same output and the same store as without the fault. The store is sound in
 * any case, and the same command again gives what it gives without a fault.
 *
 * Each run is a process of its own, the whole program from main(). `make test` tries some calls of
 * each command, drawn anew each time (SCAUDIT_SEED repeats them); SCAUDIT_LONG=1 (`make long`)
 * tries all. SCAUDIT_FAULT='NAME/SETTING/MODE/N' repeats one, and keeps its folder; without N, MODE
 * and SETTING it is all of them.
 */
#include "tests/rig.h"
#include "tests/fault_dump.h"
#include "tests/fault_input.h"
#include "tests/fault_scene.h"
#include "tests/fault_vfs.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define PATIENCE_S 120     /* until a run counts as hanging: sanitizers and valgrind are slow */
#define MEMORY_TRIES 400   /* of the allocations, which are many: whole, too */
#define SHOWN 10           /* faults of a command that are told of */

struct setting { const char *name; unsigned page, cache; };
static const struct setting settings[] = {
	{ "plain", 4096, 0 },
	{ "tight", 512,
	  100 }, /* much more is read, in the middle of loops, and written before the commit */
};

/* drawn: so many calls are tried, where not all are; what fails once is the most easily overlooked
 */
static const struct mode {
	const char *name;
	enum fault_kind kind;
	bool stays;
	uint64_t drawn;
} modes[] = {
	{ "once", FAULT_IO, false, 6 },	       { "stays", FAULT_IO, true, 2 },
	{ "full-once", FAULT_FULL, false, 1 }, { "full", FAULT_FULL, true, 1 },
	{ "mild-once", FAULT_MILD, false, 3 }, { "mild", FAULT_MILD, true, 1 },
	{ "memory", FAULT_MEMORY, false, 1 },  { "memory-stays", FAULT_MEMORY, true, 1 },
};

/* ---- one run ---- */

struct result {
	int status;             /* -N: killed by signal N */
	struct buf out, err;
	bool untouched; /* the store's file is what it was; neither it nor what is broken is looked
			   at */
	struct dump dump;
	struct buf broken;      /* what is not sound of the store */
};

struct bench {
	char *dir;
	const struct scene *scene;
	const struct setting *setting;
	struct fault *fault;    /* shared with the run */
	struct dump before;
	struct result want;     /* without a fault */
	uint64_t calls[FAULT_N_KINDS]; /* in a run without a fault, by kinds of faults */
};

static void result_release(struct result *r)
{
	buf_release(&r->out);
	buf_release(&r->err);
	dump_release(&r->dump);
	buf_release(&r->broken);
}

/* Runs a command of words; in the child. */
static int command(const char *words)
{
	char *text = mem_dup(words), *argv[32] = { (char[]){ "scaudit" } }, *last;
	int argc = 1;

	for (char *w = strtok_r(text, " ", &last); w != NULL; w = strtok_r(NULL, " ", &last)) {
		if (w[0] == '<' && freopen(w + 1, "r", stdin) == NULL)
			abort();
		if (w[0] != '<')
			argv[argc++] = w;
	}
	argc = scaudit_main(argc, argv);
	free(text);
	return argc;
}

/* In a process of its own; the exit status, -N: killed by signal N. */
static int process(const struct bench *b, const char *words, int (*f)(void))
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(PATIENCE_S);
		if (chdir(b->dir) != 0 || freopen("out", "w", stdout) == NULL ||
		    freopen("err", "w", stderr) == NULL)
			abort();
		setenv("SCAUDIT_DB", "store.db", 1);
		setenv("TZ", "UTC", 1);
		fault_begin(b->fault);
		exit(f ? f() : command(words));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail_msg("no process");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static char *in(const struct bench *b, const char *name)
{
	return mem_print("%s/%s", b->dir, name);
}

/* Copies a database with what may lie beside it; what lies at `to` goes. */
static void copy_store(const struct bench *b, const char *from, const char *to)
{
	static const char *const ends[] = { "", "-wal", "-journal", "-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		auto_free char *f = mem_print("%s/%s%s", b->dir, from, ends[i]),
			       *t = mem_print("%s/%s%s", b->dir, to, ends[i]);
		char block[65536];
		ssize_t n;
		int x, y;

		unlink(t);
		x = open(f, O_RDONLY | O_CLOEXEC);
		if (x < 0 || i == 3)
			continue;
		y = open(t, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		while ((n = read(x, block, sizeof(block))) > 0)
			assert_int_equal(write(y, block, (size_t)n), n);
		close(x);
		close(y);
	}
}

static sqlite3 *open_db(const struct bench *b, const char *name)
{
	auto_free char *path = in(b, name);
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* What the store holds; it is copied, so that it stays as the run has left it. */
static void look(const struct bench *b, struct dump *out, struct buf *broken)
{
	auto_free char *store = in(b, "store.db");
	sqlite3 *db;

	if (access(store, F_OK) != 0)
		return;
	copy_store(b, "store.db", "look.db");
	db = open_db(b, "look.db");
	for (size_t i = 0; i < ARRAY_SIZE(sound); i++) {
		auto_buf struct buf rest = { 0 };

		rows(db, sound[i], &rest);
		if (strcmp(buf_text(&rest), "ok\n") != 0 &&
		    strstr(buf_text(&rest), "no such") == NULL)
			buf_add(broken, rest.p, rest.n);
	}
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		rows(db, tables[i], &out->part[i]);
	sqlite3_close(db);
}

static void slurp(const struct bench *b, const char *name, struct buf *out)
{
	auto_free char *path = in(b, name), *text = read_file(path);
	const char *rate;

	/* how long it took is chance */
	while ((rate = strstr(text, " MB/s")) != NULL) {
		char *from = (char *)(uintptr_t)rate;

		while (from > text && *from != ';')
			from--;
		memmove(from, rate + 5, strlen(rate + 5) + 1);
	}
	buf_str(out, text);
}

static bool same_file(const char *a, const char *b)
{
	char x[65536], y[sizeof(x)];
	int f = open(a, O_RDONLY | O_CLOEXEC), g = open(b, O_RDONLY | O_CLOEXEC);
	ssize_t n = 1;

	while (f >= 0 && g >= 0 && n > 0)
		n = read(f, x, sizeof(x)) == (n = read(g, y, sizeof(y))) &&
				    memcmp(x, y, (size_t)n) == 0 ?
			    n :
			    -1;
	close(f);
	close(g);
	return f < 0 && g < 0 ? true : f >= 0 && g >= 0 && n == 0;
}

/* Is the store as it was before, and nothing left beside it? */
static bool untouched(const struct bench *b)
{
	auto_free char *store = in(b, "store.db"), *was = in(b, "template.db"),
		       *wal = in(b, "store.db-wal"), *old = in(b, "store.db-journal");

	return access(wal, F_OK) != 0 && access(old, F_OK) != 0 && same_file(store, was);
}

static void go(const struct bench *b, struct result *out)
{
	out->status = process(b, b->scene->command, b->scene->run);
	slurp(b, "out", &out->out);
	slurp(b, "err", &out->err);
	out->untouched = untouched(b);
	if (!out->untouched)
		look(b, &out->dump, &out->broken);
}

static struct dump *holds(struct bench *b, struct result *r)
{
	return r->untouched ? &b->before : &r->dump;
}

/* ---- one fault ---- */

static void arm(const struct bench *b, const struct mode *mode, uint64_t at)
{
	*b->fault = (struct fault){ .kind = mode->kind,
				    .at = at,
				    .stays = mode->stays,
				    .pages = b->setting->cache,
				    .where = at > 0 && getenv("SCAUDIT_FAULT") != NULL };
}

/* Whether a run that failed says so. */
static bool says_why(const struct bench *b, const struct result *r, struct buf *why)
{
	const char *text = buf_text((struct buf *)(uintptr_t)&r->err),
		   *line = strstr(text, "store.db");

	if (line == NULL || strstr(text, "scaudit: ") == NULL)
		buf_printf(why, "exit 3, and stderr does not name the store: '%s'", text);
	else if (b->scene->done != NULL && b->scene->atomic && strstr(text, b->scene->done) != NULL)
		buf_printf(why, "exit 3, and stderr says that it is done: '%s'", text);
	else if (r->out.n > 0)
		buf_str(why, "exit 3, and something on stdout");
	return why->n == 0;
}

/* The same again, without a fault. */
static void again(struct bench *b, bool done, struct buf *why)
{
	struct result r = { 0 };

	arm(b, &modes[0], 0);
	go(b, &r);
	if (r.status != b->want.status && !(done && r.status == ST_NO))
		buf_printf(why, "again: exit %d: %s", r.status, buf_text(&r.err));
	else if (r.broken.n)
		buf_printf(why, "again: broken: %s", buf_text(&r.broken));
	else if (!same(holds(b, &r), holds(b, &b->want), OF_RUNS, why))
		buf_str(why, " (again)");
	else if (!done && strcmp(buf_text(&r.out), buf_text(&b->want.out)) != 0)
		buf_str(why, "again: another output");
	result_release(&r);
}

enum outcome { RIGHT, FAILED, WRONG, LOST, N_OUTCOMES };

static enum outcome judge_run(struct bench *b, struct result *r, struct buf *why)
{
	auto_buf struct buf differs = { 0 };
	bool done = same(holds(b, r), holds(b, &b->want), ARRAY_SIZE(tables), &differs);

	if (r->broken.n) {
		buf_printf(why, "broken: %s", buf_text(&r->broken));
		return LOST;
	}
	if (r->status != ST_SYSTEM) {
		if (r->status != b->want.status)
			buf_printf(why, "exit %d: %s", r->status, buf_text(&r->err));
		else if (strcmp(buf_text(&r->out), buf_text(&b->want.out)) != 0)
			buf_printf(why, "exit %d, and another output", r->status);
		else if (strcmp(buf_text(&r->err), buf_text(&b->want.err)) != 0)
			buf_printf(why, "exit %d, and stderr is another: '%s'", r->status,
				   buf_text(&r->err));
		else if (!done)
			buf_printf(why, "exit %d, and another store: %s", r->status,
				   buf_text(&differs));
		return why->n ? WRONG : RIGHT;
	}
	if (!says_why(b, r, why))
		return WRONG;
	if (((b->scene->atomic && !done) || b->scene->reads) &&
	    !same(holds(b, r), &b->before, ARRAY_SIZE(tables), why)) {
		buf_str(why, " (exit 3)");
		return LOST;
	}
	if (!r->untouched) /* else it begins where the run without a fault began */
		again(b, done, why);
	return why->n ? LOST : FAILED;
}

static enum outcome try(struct bench *b, const struct mode *mode, uint64_t at, struct buf *why)
{
	struct result r = { 0 };
	enum outcome out;
	struct fault met;

	copy_store(b, "template.db", "store.db");
	arm(b, mode, at);
	go(b, &r);
	met = *b->fault;
	out = judge_run(b, &r, why);
	if (why->n) {
		auto_buf struct buf text = { 0 };

		buf_printf(&text, "SCAUDIT_FAULT='%s/%s/%s/%llu' (%s): ", b->scene->name,
			   b->setting->name, mode->name, (unsigned long long)at,
			   met.failed ? fault_op_name(met.op) : "none failed");
		buf_add(&text, why->p, why->n);
		why->n = 0;
		buf_add(why, text.p, text.n);
	}
	result_release(&r);
	return out;
}

/* ---- a scene ---- */

/* A store of version 3. */
static void take_older(const struct bench *b)
{
	const char *stores = getenv("SCAUDIT_STORES");
	auto_free char *to = in(b, "template.db");
	auto_free char *command =
		mem_print("cp '%s/version3.db' '%s'", stores != NULL ? stores : "tests/stores", to);

	if (system(command) != 0)
		fail_msg("%s", command);
}

/* The store that a scene begins with, as template.db; none where there is none. */
static void make_template(struct bench *b)
{
	const struct scene *s = b->scene;
	sqlite3 *db;

	copy_store(b, "none", "store.db");
	arm(b, &modes[0], 0);
	for (size_t i = 0; i < ARRAY_SIZE(s->before) && s->before[i] != NULL; i++) {
		auto_buf struct buf err = { 0 };
		int status = process(b, s->before[i], NULL);

		slurp(b, "err", &err);
		if (status != 0)
			fail_msg("%s: exit %d: %s", s->before[i], status, buf_text(&err));
	}
	copy_store(b, "store.db", "template.db");
	if (s->older)
		take_older(b);
	if (s->before[0] == NULL && b->setting->page == 4096)
		return;
	db = open_db(b, "template.db");
	if (b->setting->page != 4096) {
		auto_free char *sql = mem_print(
			"PRAGMA journal_mode = DELETE; PRAGMA page_size = %u; VACUUM; PRAGMA journal_mode = WAL",
			b->setting->page);

		assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	}
	sqlite3_close(db);
}

/* Under valgrind, which takes a second for each run: one fault of each scene. */
static bool brief(void)
{
	return getenv("UNTIMED") != NULL;
}

/* How it goes without a fault, again and again: what comes out must not be chance. */
static void measure(struct bench *b)
{
	auto_buf struct buf why = { 0 }, broken = { 0 };

	copy_store(b, "template.db", "store.db");
	look(b, &b->before, &broken);
	if (broken.n)
		fail_msg("broken at the beginning: %s", buf_text(&broken));
	copy_store(b, "template.db", "store.db");
	arm(b, &modes[0], 0);
	go(b, &b->want);
	assert_in_range(b->want.status, ST_OK, ST_NO);
	for (const struct mode *mode = modes; mode < modes + ARRAY_SIZE(modes); mode++) {
		if ((mode == modes || !brief()) && !mode->stays && try(b, mode, 0, &why) != RIGHT)
			fail_msg("again without a fault: %s", buf_text(&why));
		b->calls[mode->kind] = b->fault->calls;
	}
	if (b->want.broken.n)
		fail_msg("broken without a fault: %s", buf_text(&b->want.broken));
	if (b->scene->done != NULL && strstr(buf_text(&b->want.err), b->scene->done) == NULL)
		fail_msg("'%s' is not in '%s'", b->scene->done, buf_text(&b->want.err));
}

static uint32_t drawn(void)
{
	static uint32_t seed;

	if (seed == 0) {
		const char *text = getenv("SCAUDIT_SEED");

		seed = text ? (uint32_t)strtoul(text, NULL, 10) : (uint32_t)time(NULL);
		printf("# SCAUDIT_SEED=%u\n", seed);
	}
	seed = seed * 1664525u + 1013904223u;
	return seed >> 8;
}

static size_t try_mode(struct bench *b, const struct mode *mode, uint64_t *tally)
{
	uint64_t calls = b->calls[mode->kind], tries = getenv("SCAUDIT_LONG") ? calls : mode->drawn;
	size_t bad = 0;

	if (brief())
		tries = mode == modes;
#ifdef __SANITIZE_ADDRESS__
	tries = (tries + 15) / 16; /* each run costs several times as much */
#endif
	if (mode->kind == FAULT_MEMORY && tries > MEMORY_TRIES)
		tries = MEMORY_TRIES;
	if (tries > calls)
		tries = calls;
	for (uint64_t i = 0; i < tries; i++) {
		auto_buf struct buf why = { 0 };
		/* one of each equal piece */
		uint64_t from = calls * i / tries, to = calls * (i + 1) / tries;

		tally[try(b, mode, from + 1 + drawn() % (to - from), &why)]++;
		if (why.n && bad++ < SHOWN)
			printf("# %s\n", buf_text(&why));
	}
	return bad;
}

/* Is it the next word of SCAUDIT_FAULT, or is there none? *rest: what stands behind it. */
static bool meant(const char **rest, const char *name)
{
	size_t n = strlen(name);

	if (**rest == '\0')
		return true;
	if (strncmp(*rest, name, n) != 0 || ((*rest)[n] != '/' && (*rest)[n] != '\0'))
		return false;
	*rest += (*rest)[n] == '/' ? n + 1 : n;
	return true;
}

/* All of a setting, or the one that is named. */
static size_t try_modes(struct bench *b, const char *named, uint64_t *tally)
{
	size_t bad = 0;

	for (const struct mode *mode = modes; mode < modes + ARRAY_SIZE(modes); mode++) {
		auto_buf struct buf why = { 0 };
		const char *rest = named;

		if (!meant(&rest, mode->name))
			continue;
		if (*rest == '\0') {
			bad += try_mode(b, mode, tally);
			continue;
		}
		tally[try(b, mode, strtoull(rest, NULL, 10), &why)]++;
		bad += why.n > 0;
		printf("# %s\n# see %s\n", why.n ? buf_text(&why) : "it is right", b->dir);
	}
	return bad;
}

static void survives(void **state)
{
	const char *named = getenv("SCAUDIT_FAULT") ? getenv("SCAUDIT_FAULT") : "";
	struct bench b = { .scene = *state };
	uint64_t tally[N_OUTCOMES] = { 0 }, calls = 0;
	size_t bad = 0;
	struct rig r;

	if (!meant(&named, b.scene->name))
		skip();
	rig_open(&r);
	store_close(&r.store); /* the folder alone is wanted: what is opened here would be open in
				  each run */
	b.dir = r.dir;
	b.fault = mmap(NULL, sizeof(*b.fault), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	assert_ptr_not_equal(b.fault, MAP_FAILED);
	write_inputs(b.dir);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *rest = named;

		if (!meant(&rest, settings[i].name) || (brief() && settings[i].cache == 0))
			continue;
		b.setting = &settings[i];
		make_template(&b);
		measure(&b);
		calls += b.calls[0];
		bad += try_modes(&b, rest, tally);
		dump_release(&b.before);
		result_release(&b.want);
		b.before = (struct dump){ 0 };
		b.want = (struct result){ 0 };
	}
	printf("# %s, %llu calls: %llu failed: %llu runs right, %llu with exit 3 and nothing lost, %llu wrong, %llu lost\n",
	       b.scene->name, (unsigned long long)calls,
	       (unsigned long long)(tally[0] + tally[1] + tally[2] + tally[3]),
	       (unsigned long long)tally[RIGHT], (unsigned long long)tally[FAILED],
	       (unsigned long long)tally[WRONG], (unsigned long long)tally[LOST]);
	munmap(b.fault, sizeof(*b.fault));
	if (named[strcspn(named, "0123456789")] == '\0')
		rig_close(&r);
	assert_int_equal(bad, 0);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, scenes, survives);
	return run_rows(&t, "fault");
}
