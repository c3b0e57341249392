// SPDX-License-Identifier: Apache-2.0
/* Waiting for another process that holds the store: by the clock, ended by a signal, told once. */
#include "tests/rig.h"

#include "store/wait.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* ---- a step of a wait ---- */

static unsigned said;

static void count(void *to, const char *text)
{
	(void)to;
	assert_non_null(strstr(text, "waiting for "));
	said++;
}

/* waited: how long the wait has gone on, by the clock, when the step is asked for. */
static struct step_row {
	const char *name;
	int64_t ms, stop_ms, waited;
	bool stopped, goes_on;
	unsigned said;
} steps[] = {
	{ "step: the first one",                        60000, 0,    -1,    false, true,  0 },
	{ "step: none where nothing may be waited",     0,     0,    -1,    false, false, 0 },
	{ "step: within the time",                      60000, 0,    900,   false, true,  0 },
	{ "step: after a second it is said",            60000, 0,    1500,  false, true,  1 },
	{ "step: at the end of the time",               60000, 0,    60000, false, false, 0 },
	{ "step: long after the end of the time",       60000, 0,    1 << 30, false, false, 0 },
	{ "step: a short wait says nothing",            500,   0,    600,   false, false, 0 },
	{ "step: a signal ends it at once",             60000, 0,    10,    true,  false, 0 },
	{ "step: a signal before the first step",       60000, 0,    -1,    true,  false, 0 },
	{ "step: after a signal a second more",         60000, 1000, 500,   true,  true,  0 },
	{ "step: after a signal a second is all",       60000, 1000, 1200,  true,  false, 0 },
	{ "step: a signal makes no wait longer",        500,   1000, 600,   true,  false, 0 },
};

static void step(void **state)
{
	const struct step_row *row = *state;
	volatile sig_atomic_t stop = row->stopped ? SIGINT : 0;
	struct store_wait w = {
		.ms = row->ms, .stop = &stop, .stop_ms = row->stop_ms, .say = count
	};

	said = 0;
	if (row->waited >= 0)
		w.began = when_clock_ms() - row->waited;
	assert_int_equal(wait_step(&w, "/nonexistent/store.db"), row->goes_on);
	assert_int_equal(said, row->said);
	if (row->goes_on && row->said)
		wait_step(&w, "/nonexistent/store.db");
	assert_int_equal(said, row->said); /* once in a wait */
	wait_end(&w);
	assert_int_equal(w.began, 0);
}

/* ---- a store that another process holds ---- */

/* A process that holds the write lock until it is killed. */
static pid_t hold(const char *db)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		sqlite3 *other;

		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also where a check fails */

		if (sqlite3_open(db, &other) != SQLITE_OK ||
		    sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
		    write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void let_go(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* What a command says, and how it ends: 128 and the signal's number where a signal ended it. */
static int run_shell(const char *command, struct buf *out)
{
	FILE *f = popen(command, "r");
	char block[512];
	size_t n;

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(out, block, n);
	return WEXITSTATUS(pclose(f));
}

static void a_wait_that_is_over_names_who_holds_the_store(void **state)
{
	struct rig r;
	struct store_wait wait = { .ms = 0 };
	struct store other;
	struct err e = { 0 };
	char who[32];
	bool changed;
	pid_t pid;

	(void)state;
	rig_open(&r);
	pid = hold(r.db);
	assert_ok(store_open_waiting(&other, r.db, STORE_WRITE, &wait, &e), &e);
	assert_int_equal(store_begin(&other, &changed, &e), -1);
	assert_int_equal(e.status, ST_SYSTEM);
	snprintf(who, sizeof(who), "pid %d (", (int)pid);
	assert_non_null(strstr(e.msg, who));
	assert_true(sqlite3_get_autocommit(other.db));
	let_go(pid);
	/* the same connection may go on when the lock is free */
	assert_ok(store_begin(&other, &changed, &e), &e);
	assert_ok(store_commit(&other, &e), &e);
	store_close(&other);
	rig_close(&r);
}

static void a_signal_ends_the_wait(void **state)
{
	struct rig r;
	volatile sig_atomic_t stop = SIGTERM;
	struct store_wait wait = { .ms = 3600000, .stop = &stop };
	struct store other;
	struct err e = { 0 };
	bool changed;
	pid_t pid;

	(void)state;
	rig_open(&r);
	pid = hold(r.db);
	assert_ok(store_open_waiting(&other, r.db, STORE_WRITE, &wait, &e), &e);
	assert_int_equal(store_begin(&other, &changed, &e), -1);
	assert_true(other.wait.gave_up);
	assert_non_null(strstr(e.msg, "stopped while waiting for"));
	let_go(pid);
	store_close(&other);
	rig_close(&r);
}

/* A signal after the program has said that it waits. */
#define SIGNALLED(name)                                                                            \
	"f=$(mktemp); %s ingest --node n --db %s samples/i386.log 2>$f & "                         \
	"until grep -q 'waiting for' $f; do sleep 0.05; done; kill -" name                         \
	" $!; wait $!; s=$?; cat $f; rm $f; exit $s"

static struct command_row {
	const char *name, *command;
	int status;
	const char *says;
} commands[] = {
	{ "held: ingest ends with 3", "%s ingest --wait 0 --node n --db %s samples/i386.log 2>&1",
	  ST_SYSTEM, "holds it" },
	{ "held: forget ends with 3", "%s forget --wait 0 --all --yes --db %s 2>&1", ST_SYSTEM,
	  "holds it" },
	{ "held: fold ends with 3", "%s fold --wait 0 --keep-trees 0 --db %s 2>&1", ST_SYSTEM,
	  "holds it" },
	{ "held: node ends with 3", "%s node --wait 0 alias n m --db %s 2>&1", ST_SYSTEM,
	  "holds it" },
	{ "held: readers go on", "%s profile --wait 0 --all --union --db %s 2>&1", ST_OK,
	  "exit_group" },
	{ "held: the whole time", "%s ingest --wait 1100ms --node n --db %s samples/i386.log 2>&1",
	  ST_SYSTEM, "for up to 1.1 s" },
	{ "held: --wait is a time", "%s ingest --wait soon --node n --db %s samples/i386.log 2>&1",
	  ST_INPUT, "--wait: not a duration" },
	{ "held: SIGINT ends ingest", SIGNALLED("INT"), 128 + SIGINT, "stopped while" },
	{ "held: SIGHUP ends ingest", SIGNALLED("HUP"), 128 + SIGHUP, "stopped while" },
	{ "held: SIGTERM ends ingest", SIGNALLED("TERM"), 128 + SIGTERM, "stopped while" },
};

static void a_command(void **state)
{
	const struct command_row *row = *state;
	const char *program = getenv("SCAUDIT");
	auto_buf struct buf out = { 0 };
	auto_free char *fill = NULL, *command = NULL;
	struct rig r;
	pid_t pid;

	if (program == NULL)
		skip();
	rig_open(&r);
	fill = mem_print("%s ingest -q --node n --db %s samples/pipeline.log", program, r.db);
	assert_int_equal(run_shell(fill, &out), 0);
	pid = hold(r.db);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	command = mem_print(row->command, program, r.db);
#pragma GCC diagnostic pop
	assert_int_equal(run_shell(command, &out), row->status);
	if (strstr(buf_text(&out), row->says) == NULL)
		fail_msg("it says: %s", buf_text(&out));
	let_go(pid);
	rig_close(&r);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, steps, step);
	ADD(&t, a_wait_that_is_over_names_who_holds_the_store);
	ADD(&t, a_signal_ends_the_wait);
	ADD_ROWS(&t, commands, a_command);
	return run_rows(&t, "wait");
}
