// SPDX-License-Identifier: Apache-2.0
/*
 * The reader's thread: records from the kernel, locations from /proc, perf's events, all into the
 * queue.
 */
#include "ingest/live/capture/reader.h"

#include "ingest/live/kernel/audit.h"
#include "ingest/live/kernel/marker.h"
#include "ingest/live/process/location.h"
#include "ingest/read/fields.h"
#include "store/base/hash.h"
#include "store/base/when.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define MARKER_MS 2000       /* within which a marker has to come back */
#define IDLE_MS 50          /* how long a silent socket is waited for at once */
#define PUSH_MS 200         /* what was read is handed over at the latest */
#define SETTLE_MS 300       /* so long ago everything has come */
#define STRAGGLER_MS 300    /* what is missing at the end is waited for */
#define LOOK_AGAIN_MS 500   /* a pid that was silent for so long may be another process */
/* in which so many records are a burst, and the next ones may gather for a moment */
#define BURST_MS 10
#define BURST 100
#define BURST_US 500
#define LOOKED 32768        /* a power of two */
/* serials that may still come, out of order, while the figures are looked at */
#define SHOWN_BEHIND 256

struct reader_location {
	int32_t pid;
	uint32_t exe, location;
	int64_t t_ms;
}; /* a hash; of reader.places */

/* ---- what a record says, without parsing it whole ---- */

struct peeked {
	int64_t t_ms;
	int32_t pid, nr;
	uint32_t arch;
	struct bytes rest;
}; /* rest: what is behind pid */

/* The number behind a word; the kernel puts no blank into names, so that it is the kernel's own. */
static bool number_behind(struct bytes *line, struct bytes word, uint64_t max, bool hex,
			  uint64_t *out)
{
	bytes_skip(line, bytes_find(*line, word) + word.n);
	return (hex ? bytes_hex(line, max, out) : bytes_dec(line, max, out)) > 0;
}

static bool peek(struct bytes line, bool call, struct peeked *out)
{
	uint64_t second, ms, pid, arch = 0, nr = 0;
	struct bytes rest;

	if (!number_behind(&line, BYTES("audit("), INT64_MAX / 1000000, false, &second) ||
	    !bytes_take(&line, BYTES(".")))
		return false;
	/* three digits, which may begin with 0 */
	if (line.n < 3 || !bytes_digit(line.p[0]) || !bytes_digit(line.p[1]) ||
	    !bytes_digit(line.p[2]))
		return false;
	ms = (uint64_t)(line.p[0] - '0') * 100 + (uint64_t)(line.p[1] - '0') * 10 +
	     (uint64_t)(line.p[2] - '0');
	if (!number_behind(&line, BYTES(" pid="), INT32_MAX, false, &pid))
		return false;
	rest = line;
	if (call && (!number_behind(&line, BYTES(" arch="), UINT32_MAX, true, &arch) ||
		     !number_behind(&line, BYTES(" syscall="), INT32_MAX, false, &nr)))
		return false;
	*out = (struct peeked){ (int64_t)(second * 1000 + ms), (int32_t)pid, (int32_t)nr,
				(uint32_t)arch, rest };
	return true;
}

/* The program, as the record has it, in quotes or hex: " comm=... exe=... ". */
static struct bytes exe_of(const struct peeked *p)
{
	struct bytes rest = p->rest;

	bytes_skip(&rest, 1);
	bytes_until(&rest, ' ');
	return bytes_take(&rest, BYTES(" exe=")) ? bytes_until(&rest, ' ') :
						   (struct bytes){ "", 0 };
}

/* ---- fences ---- */

static bool is_marker(const struct netlink_message *m, int32_t nr, struct peeked *out)
{
	return m->ours && peek(m->line, true, out) && out->nr == nr;
}

/* Reads until the marker has come. What came before it does not count, and what came behind it in
 * one go is kept in nl. */
static int wait_for_marker(struct reader *r, int32_t nr, int32_t child, struct err *e)
{
	int64_t end = when_clock_ms() + MARKER_MS;
	struct peeked p;

	while (when_clock_ms() < end) {
		if (netlink_receive(&r->nl, IDLE_MS, &r->n_rest, e) < 0)
			return -1;
		for (size_t i = 0; i < r->n_rest; i++) {
			const struct netlink_message *m = &r->nl.messages[i];

			if (m->ours && peek(m->line, false, &p) && p.pid == getpid())
				return err_set(
					e, ST_SYSTEM,
					"this process is itself under a filter that logs, so reading a record makes "
					"another: start scaudit outside of it");
			if (!is_marker(m, nr, &p))
				continue;
			gaps_begin(r->gaps, m->serial);
			r->foreign_pids = p.pid != child;
			r->figures.serial_first = m->serial;
			r->figures.t_first = p.t_ms;
			r->rest = i + 1;
			return 0;
		}
	}
	return err_set(
		e, ST_SYSTEM,
		"wrong network namespace, or logging is off: a record made as a test did not come within %d s "
		"(the initial network namespace is needed, and 'log' in kernel.seccomp.actions_logged; see scaudit doctor)",
		MARKER_MS / 1000);
}

/* ---- records ---- */

/* Where a process runs, as a row of reader.places; 0: it has gone. */
static uint32_t look_for_location(struct reader *r, const struct peeked *p)
{
	char text[LOCATION_ROOM + LOCATION_FIELDS];
	struct location location;
	size_t n;

	r->figures.looked++;
	if (!location_of_pid(&location, p->pid, p->t_ms, "")) {
		r->figures.vanished++;
		return 0;
	}
	n = location_encode(&location, text, sizeof(text));
	if (n > LOCATION_FIELDS) /* more than empty fields */
		queue_add(&r->queue, ITEM_LOCATION, text, n);
	return pool_intern(&r->locations, (struct bytes){ text, n });
}

/*
 * A process's cgroup, once when it is first heard of, and again after a silence in which its pid
 * may have changed hands; its program then and when it has become another. The program first: it is
 * gone before the cgroup is.
 */
static void look_up(struct reader *r, const struct peeked *p)
{
	struct reader_location *was = &r->looked[(uint32_t)p->pid % LOOKED];
	struct bytes value = exe_of(p), exe;
	uint32_t hash = (uint32_t)hash_bytes(value.p, value.n);
	bool again = was->pid != p->pid || p->t_ms > was->t_ms + LOOK_AGAIN_MS;
	char room[FIELDS_EXE_MAX];
	int fd = -1;

	was->t_ms = p->t_ms;
	if (!again && was->exe == hash)
		return;
	if (r->exes != NULL && fields_string(&value, &exe, room, sizeof(room), false) == NULL)
		fd = exes_open(p->pid, exe);
	*was = (struct reader_location){ p->pid, hash,
					 again ? look_for_location(r, p) : was->location, p->t_ms };
	if (fd >= 0 && was->location != 0)
		exes_add(r->exes, fd, exe, pool_get(&r->locations, was->location), p->t_ms);
	else if (fd >= 0)
		close(fd);
}

static void take_message(struct reader *r, const struct netlink_message *m)
{
	struct peeked p;

	gaps_add(r->gaps, m->serial);
	r->figures.received++;
	if (!m->ours || !peek(m->line, r->follow || r->mark, &p))
		return;
	if (r->mark != 0 && p.nr == r->mark)
		r->marked_pid = p.pid;
	if (r->follow && !descend_has(&r->descend, p.pid, p.t_ms))
		return;
	if (r->follow)
		descend_record(&r->descend, p.pid, p.t_ms, m->serial, syscall_edge(p.arch, p.nr));
	if (r->o.locations && !r->foreign_pids)
		look_up(r, &p);
	queue_add(&r->queue, ITEM_RECORD, m->line.p, m->line.n + 1);
	r->figures.taken++;
}

static void take_task(void *to, const struct queue_task *task)
{
	queue_add(to, ITEM_TASK, task, sizeof(*task));
}

/* What perf has told of; first, because a process is born before it makes a record. */
static void follow(struct reader *r)
{
	tasks_read(&r->tasks);
	for (size_t i = 0; i < r->tasks.events.n; i++)
		descend_event(&r->descend, &r->tasks.events.v[i]);
	r->figures.tasks_lost = tasks_lost(&r->tasks);
}

static void settle_tasks(struct reader *r, int64_t behind_ms)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	descend_settle(&r->descend,
		       (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - behind_ms * 1000000,
		       take_task, &r->queue);
}

static void take_all(struct reader *r, size_t from, size_t n)
{
	int64_t now = when_clock_ms();

	pthread_mutex_lock(&r->figures_lock);
	if (r->follow)
		follow(r);
	for (size_t i = from; i < n; i++)
		take_message(r, &r->nl.messages[i]);
	if (r->follow && now - r->settled_ms > SETTLE_MS) {
		settle_tasks(r, SETTLE_MS);
		r->settled_ms = now;
	}
	pthread_mutex_unlock(&r->figures_lock);
	if (now - r->pushed_ms > PUSH_MS) {
		queue_push(&r->queue);
		r->pushed_ms = now;
	}
}

/*
 * In a burst it is cheaper to look at the socket now and then than to be woken for each record. Not
 * while new processes come: they are gone within milliseconds, and with them what tells their
 * containers.
 */
static bool in_burst(struct reader *r)
{
	int64_t now = when_clock_ms();

	if (now >= r->window_ms + BURST_MS) {
		r->burst = now < r->window_ms + 2 * BURST_MS &&
			   r->figures.received - r->window_received >= BURST &&
			   r->figures.looked == r->window_looked;
		r->window_ms = now;
		r->window_received = r->figures.received;
		r->window_looked = r->figures.looked;
	}
	return r->burst && r->figures.looked == r->window_looked;
}

static void tell_of_spool(struct reader *r)
{
	char text[512];
	int error = r->told ? 0 : queue_spool_error(&r->queue);

	if (error == 0)
		return;
	r->told = true;
	snprintf(text, sizeof(text),
		 "the spool in '%.200s' is not used any more: %s; what comes waits in memory alone",
		 r->o.spool, strerror(error));
	if (r->o.say != NULL)
		r->o.say(text);
}

static int receive(struct reader *r, struct err *e)
{
	size_t n;

	tell_of_spool(r);
	/* where there is no room, records are left to the socket, which holds more than memory does
	 */
	if (!queue_room(&r->queue, IDLE_MS))
		return 0;
	if (netlink_receive(&r->nl, IDLE_MS, &n, e) < 0)
		return -1;
	take_all(r, 0, n);
	if (n < NETLINK_AT_ONCE && in_burst(r))
		nanosleep(&(struct timespec){ .tv_nsec = BURST_US * 1000 }, NULL);
	return 0;
}

/* Reads up to a last marker, and what is missing before it for a moment. */
static int finish(struct reader *r, struct err *e)
{
	int64_t end = when_clock_ms() + MARKER_MS, quiet = INT64_MAX, t_last = 0;
	uint32_t last = r->gaps->high;
	int32_t nr, child;
	bool came = false;

	if (marker_make(&nr, &child, e) < 0)
		return -1;
	while (!r->given_up && when_clock_ms() < end && when_clock_ms() < quiet &&
	       !(came && gaps_until(r->gaps, last) == 0)) {
		struct peeked p;
		size_t n;

		if (!queue_room(&r->queue, IDLE_MS)) {
			end += IDLE_MS; /* whoever empties the queue is waited for */
			continue;
		}
		if (netlink_receive(&r->nl, IDLE_MS, &n, e) < 0)
			return -1;
		take_all(r, 0, n);
		for (size_t i = 0; i < n; i++) {
			if (came || !is_marker(&r->nl.messages[i], nr, &p))
				continue;
			came = true;
			last = r->nl.messages[i].serial;
			quiet = when_clock_ms() + STRAGGLER_MS;
			t_last = p.t_ms;
		}
	}
	pthread_mutex_lock(&r->figures_lock);
	r->finished = true;
	r->no_marker = !came;
	r->figures.t_last = t_last;
	r->figures.serial_last = last;
	r->figures.gaps = gaps_until(r->gaps, last);
	pthread_mutex_unlock(&r->figures_lock);
	return 0;
}

static void note_lost(struct reader *r)
{
	struct audit_state now;
	struct err ignored = { 0 };
	bool known = r->figures.lost_known && audit_read(&now, &ignored) == 0;

	pthread_mutex_lock(&r->figures_lock);
	r->figures.lost_known = known;
	r->figures.lost = known ? now.lost - r->lost_first : 0; /* the kernel's counter wraps */
	pthread_mutex_unlock(&r->figures_lock);
}

static void *read_records(void *to)
{
	struct reader *r = to;
	int ret = 0;

	take_all(r, r->rest, r->n_rest);
	while (ret == 0 && !r->stop)
		ret = receive(r, &r->failure);
	if (ret == 0 && !r->given_up)
		ret = finish(r, &r->failure);
	if (r->follow) {
		pthread_mutex_lock(&r->figures_lock);
		follow(r);
		settle_tasks(r, 0);
		pthread_mutex_unlock(&r->figures_lock);
	}
	note_lost(r);
	tell_of_spool(r);
	r->failed = ret < 0;
	queue_end(&r->queue);
	return NULL;
}

/* ---- for its users ---- */

int reader_open(struct reader *r, const struct reader_options *options, struct err *e)
{
	struct audit_state state;
	struct err ignored = { 0 };
	int32_t nr, child;

	*r = (struct reader){ .o = *options, .gaps = mem_zero(1, sizeof(*r->gaps)), .nl.fd = -1,
			      .looked = mem_zero(LOOKED, sizeof(struct reader_location)) };
	pthread_mutex_init(&r->figures_lock, NULL);
	if (queue_open(&r->queue, options->spool, e) < 0 ||
	    netlink_open(&r->nl, options->buffer ? options->buffer : NETLINK_BUFFER, e) < 0 ||
	    marker_make(&nr, &child, e) < 0 || wait_for_marker(r, nr, child, e) < 0)
		return -1;
	r->figures.lost_known = audit_read(&state, &ignored) == 0;
	r->lost_first = r->figures.lost_known ? state.lost : 0;
	return 0;
}

int reader_follow(struct reader *r, int32_t pid, struct err *e)
{
	if (r->foreign_pids)
		return err_set(e, ST_SYSTEM, "this is not the initial pid namespace");
	if (tasks_open(&r->tasks, pid, e) < 0) {
		tasks_release(&r->tasks);
		return -1;
	}
	descend_begin(&r->descend, pid);
	r->follow = true;
	return 0;
}

int reader_start(struct reader *r, struct err *e)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the other thread */
	r->exes = r->o.locations && !r->foreign_pids ? exes_start() : NULL;
	error = pthread_create(&r->thread, NULL, read_records, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return err_set(e, ST_SYSTEM, "no thread: %s", strerror(error));
	r->running = true;
	return 0;
}

void reader_stop(struct reader *r)
{
	r->stop = true;
}

struct reader_figures reader_figures_now(struct reader *r)
{
	struct reader_figures out;

	/* what takes a walk to find is found here, not with each record */
	pthread_mutex_lock(&r->figures_lock);
	out = r->figures;
	if (!r->finished) {
		out.serial_last = r->gaps->high;
		out.gaps = gaps_until(r->gaps, r->gaps->high - SHOWN_BEHIND);
	}
	if (r->follow) {
		out.processes = r->descend.processes;
		out.alive = descend_alive(&r->descend);
	}
	pthread_mutex_unlock(&r->figures_lock);
	pthread_mutex_lock(&r->queue.lock);
	out.dropped = r->queue.dropped;
	out.tasks_lost += r->queue.dropped_tasks;
	out.spooled = r->queue.spool_most;
	pthread_mutex_unlock(&r->queue.lock);
	return out;
}

bool reader_complete(const struct reader *r, const struct reader_figures *f)
{
	return f->gaps == 0 && f->dropped == 0 && f->lost_known && f->lost == 0 &&
	       f->tasks_lost == 0 && !r->no_marker;
}

void reader_release(struct reader *r)
{
	if (r->running) {
		r->stop = r->given_up = true;
		pthread_join(r->thread, NULL);
	}
	if (r->follow) {
		tasks_release(&r->tasks);
		descend_release(&r->descend);
	}
	exes_free(r->exes);
	netlink_release(&r->nl);
	queue_release(&r->queue);
	free(r->gaps);
	free(r->looked);
	pool_release(&r->locations);
	pthread_mutex_destroy(&r->figures_lock);
}
