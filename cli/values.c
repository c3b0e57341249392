// SPDX-License-Identifier: Apache-2.0
/* Reads values of options, each within its range, and opens the store as the options say. */
#include "cli/values.h"

#include "analyze/input/input.h"
#include "ingest/upkeep/again.h"

#include "analyze/policy/policy.h"
#include "cli/command.h"
#include "ingest/batch/run.h"
#include "ingest/upkeep/upgrade.h"
#include "store/base/esc.h"
#include "store/base/when.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct unit { const char *word; uint64_t times; };

/* A number and a unit; the first unit is the one with no word. */
static bool read_with_unit(const char *text, const struct unit *units, size_t n, uint64_t *out)
{
	struct bytes b = bytes_of(text);
	uint64_t v;

	if (!bytes_dec(&b, UINT64_MAX / 2, &v))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!bytes_eq(b, bytes_of(units[i].word)))
			continue;
		*out = v * units[i].times;
		return v <= UINT64_MAX / 2 / units[i].times;
	}
	return false;
}

int values_number(const struct opts *o, enum opt id, uint64_t min, uint64_t max, uint64_t otherwise,
		  uint64_t *out, struct err *e)
{
	const char *text = opt_text(o, id, NULL);
	struct bytes b = bytes_of(text ? text : "");

	*out = otherwise;
	if (text == NULL || (bytes_dec(&b, max, out) && b.n == 0 && *out >= min))
		return 0;
	return err_set(e, ST_INPUT, "--%s: not a number from %" PRIu64 " to %" PRIu64 ": '%.40s'",
		       opt_name(id), min, max, text);
}

int values_duration(const struct opts *o, enum opt id, uint64_t min, uint64_t otherwise,
		    uint64_t *ms, struct err *e)
{
	static const struct unit units[] = { { "", 1000 },     { "s", 1000 },	  { "m", 60000 },
					     { "h", 3600000 }, { "d", 86400000 }, { "ms", 1 } };
	const char *text = opt_text(o, id, NULL);

	*ms = otherwise;
	if (text == NULL || (read_with_unit(text, units, ARRAY_SIZE(units), ms) && *ms >= min))
		return 0;
	return err_set(e, ST_INPUT, "--%s: not a duration: '%.40s' (such as 90s, 5m, 2h)",
		       opt_name(id), text);
}

static void say_waiting(void *to, const char *text)
{
	(void)to;
	command_say("%s", text);
}

/* ---- a store of an older version ---- */

#define BRINGING_MS 2000 /* who waits for so long is told for what, */
#define AGAIN_MS 5000    /* and then now and then how far it is */

struct bringing { const char *path; int64_t said; bool quiet; };

static void say_bringing(void *to, double done)
{
	struct bringing *b = to;
	int64_t now = when_clock_ms();
	char path[512];

	if (b->quiet || now < b->said)
		return;
	command_say("bringing store %s up to version %d: %d %% done",
		    esc_word(path, sizeof(path), bytes_of(b->path)), STORE_VERSION,
		    (int)(done * 100));
	b->said = now + AGAIN_MS;
}

static int bring_up(const struct opts *o, struct store *store, const struct store_wait *wait,
		    struct err *e)
{
	auto_free char *path = mem_dup(store->path);
	struct bringing b = { path, when_clock_ms() + BRINGING_MS, opt_on(o, OPT_quiet) };

	store_close(store);
	return upgrade_store(path, wait, &(struct upgrade_progress){ say_bringing, &b }, e);
}

int values_store(const struct opts *o, struct store *store, enum store_mode mode,
		 const struct opt_stop *stop, struct err *e)
{
	struct store_wait wait = { .say = opt_on(o, OPT_quiet) ? NULL : say_waiting };
	struct err older = { 0 };
	uint64_t ms;
	int ret;

	*store = (struct store){ 0 };
	if (values_duration(o, OPT_wait, 0, WAIT_MS, &ms, e) < 0)
		return -1;
	wait.ms = (int64_t)ms;
	if (stop != NULL) {
		wait.stop = stop->stop;
		wait.stop_ms = stop->stop_ms;
	}
	ret = store_open_waiting(store, opt_text(o, OPT_db, NULL), mode, &wait, &older);
	if (ret < 0 && (!store->older || mode == STORE_READ))
		*e = older;
	else if (ret < 0 && bring_up(o, store, &wait, e) == 0)
		ret = store_open_waiting(store, opt_text(o, OPT_db, NULL), mode, &wait, e);
	if (ret < 0)
		return -1;
	/* who reads it is told, once: commands that read and then write open it as STORE_CHANGE as
	 * well */
	if (mode == STORE_READ && !store_trusts(store) && !opt_on(o, OPT_quiet))
		command_say(
			"store %s could be written by others than root%s (%s): its trusted marks count as text",
			store->path, geteuid() == 0 ? "" : " and you", store->owner.why);
	return 0;
}

int values_brought_up(const struct opts *o, struct err *e)
{
	struct store store;
	int ret = store_open(&store, opt_text(o, OPT_db, NULL), STORE_READ, e);
	bool older = ret == 0 && store.older;

	store_close(&store);
	if (!older)
		return ret;
	ret = values_store(o, &store, STORE_CHANGE, NULL, e);
	store_close(&store);
	return ret;
}

static int not_finished(const struct store *s, struct err *e)
{
	return err_set(
		e, ST_SYSTEM,
		"store %s is not finished: a run that was stopped, or goes on, has left images to be "
		"derived; wait for it, or finish it with 'scaudit status' as the store's owner",
		s->path);
}

/* Derives what waits, with a store that may be written. */
static int finish(const struct opts *o, struct store *store, struct err *e)
{
	bool waits = false;

	if (!opt_on(o, OPT_quiet))
		command_say("finishing what a run before left to be derived");
	if (store->owner.unwritable[0] != '\0')
		return not_finished(store, e);
	store_close(store);
	if (values_store(o, store, STORE_CHANGE, NULL, e) < 0 || again_rest(store, NULL, e) < 0)
		return -1;
	store_close(store);
	if (values_store(o, store, STORE_READ, NULL, e) < 0 || store_snapshot(store, e) < 0 ||
	    again_waits(store, &waits, e) < 0)
		return -1;
	return waits ? not_finished(store, e) : 0;
}

int values_read(const struct opts *o, struct store *store, struct err *e)
{
	bool waits;

	if (values_store(o, store, STORE_READ, NULL, e) < 0 || store_snapshot(store, e) < 0 ||
	    again_waits(store, &waits, e) < 0)
		return -1;
	return waits ? finish(o, store, e) : 0;
}

int values_size(const struct opts *o, enum opt id, uint64_t otherwise, uint64_t *bytes,
		struct err *e)
{
	static const struct unit units[] = {
		{ "", 1 }, { "k", 1 << 10 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }
	};
	const char *text = opt_text(o, id, NULL);

	*bytes = otherwise;
	if (text == NULL || (read_with_unit(text, units, ARRAY_SIZE(units), bytes) && *bytes > 0))
		return 0;
	return err_set(e, ST_INPUT, "--%s: not a size: '%.40s' (such as 4096, 64M)", opt_name(id),
		       text);
}

/*
 * What it lets through leaves no records, so a list made later needs all of it: what cannot be read
 * whole is told now, and not when the log has gone.
 */
static int look_into(const char *path, bool quiet, struct err *e)
{
	auto_buf struct buf text = { 0 }, shown = { 0 };
	struct policy p;
	int ret;

	if (input_load(&text, path, e) < 0)
		return err_wrap(e, "--logged-under");
	esc_shell(&shown, bytes_of(path));
	ret = input_policy(&p, buf_bytes(&text), buf_text(&shown), NULL, e);
	if (ret < 0)
		err_wrap(e, "--logged-under");
	else if (p.unread.n > 0)
		ret = err_set(
			e, ST_INPUT,
			"--logged-under: %s: %s, so what it lets through without a record cannot be told (%zu such part%s)",
			buf_text(&shown), p.unread.v[0], p.unread.n, p.unread.n == 1 ? "" : "s");
	for (size_t i = 0; i < p.idle.n && ret == 0 && !quiet; i++)
		command_say("--logged-under: %s: %s", buf_text(&shown), p.idle.v[i]);
	policy_release(&p);
	return ret;
}

int values_policy(const struct opts *o, const char **path, struct err *e)
{
	struct stat st;

	*path = opt_text(o, OPT_logged_under, NULL);
	if (*path == NULL)
		return 0;
	if (stat(*path, &st) != 0 || access(*path, R_OK) != 0)
		return err_set(e, err_status(errno), "--logged-under: cannot read '%s': %s", *path,
			       strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size >= INGEST_POLICY_MAX)
		return err_set(e, ST_INPUT, "--logged-under: '%s' is no policy: %s", *path,
			       !S_ISREG(st.st_mode) ? "not a file" :
			       st.st_size == 0	    ? "it is empty" :
						      "over 4 MB");
	return look_into(*path, opt_on(o, OPT_quiet), e);
}
