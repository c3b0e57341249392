// SPDX-License-Identifier: Apache-2.0
/* capture: sets the capture up by options, runs it, and says what came, what was lost, and why. */
#include "cli/command.h"
#include "cli/term.h"
#include "cli/values.h"
#include "ingest/live/capture/capture.h"
#include "store/base/esc.h"
#include "store/model/program.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define STOP_MS 1000 /* after a signal, what was received may wait for the store so long */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

/* ---- what is said ---- */

static void say_client(const char *cmd)
{
	static const struct { const char *name, *instead; } clients[] = {
#define CLIENT(name, instead) { name, instead },
#include "cli/client_list.h"
#undef CLIENT
	};
	struct bytes base = program_basename(bytes_of(cmd));

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		if (bytes_eq(base, bytes_of(clients[i].name)))
			command_say(
				"what %s has others run is not its own and is not captured; for that: %s",
				clients[i].name, clients[i].instead);
}

static void say_loss(const struct capture_report *r)
{
	const struct reader_figures *f = &r->figures;
	auto_buf struct buf line = { 0 };

	if (f->gaps)
		buf_printf(&line,
			   "; %" PRIu64 " serials never came (the reader was too slow: --buffer)",
			   f->gaps);
	if (f->lost_known && f->lost)
		buf_printf(&line,
			   "; the kernel dropped %" PRIu32 " before they had a serial (--backlog)",
			   f->lost);
	if (f->dropped)
		buf_printf(
			&line,
			"; %" PRIu64
			" dropped while the store was busy: neither memory nor a spool had room (--spool)",
			f->dropped);
	if (f->tasks_lost)
		buf_printf(&line,
			   "; %" PRIu64
			   " events of processes lost, so some descendants may be missing",
			   f->tasks_lost);
	if (r->no_marker)
		buf_str(&line, "; the last records did not come in time");
	if (line.n)
		command_say("incomplete%s", buf_text(&line));
	else if (f->lost_known)
		command_say("complete: serials %" PRIu32 " to %" PRIu32
			    " without a gap, none lost by the kernel",
			    f->serial_first, f->serial_last);
	else
		command_say("completeness unknown: no gap in serials %" PRIu32 " to %" PRIu32
			    ", but what the kernel drops before may not "
			    "be read (CAP_AUDIT_CONTROL, initial namespaces)",
			    f->serial_first, f->serial_last);
}

static void say_conditions(const struct capture_report *r, const struct capture_options *c)
{
	size_t asked = c->reader.buffer ? c->reader.buffer : NETLINK_BUFFER;

	if (!r->forced && r->buffer < asked)
		command_say(
			"the socket holds %.1f MB instead of %.1f, so bursts may be lost (CAP_NET_ADMIN, or net.core.rmem_max)",
			(double)r->buffer / 1048576, (double)asked / 1048576);
	if (r->foreign_pids)
		command_say(
			"not in the initial pid namespace: containers and units cannot be told");
	if (r->not_followed[0])
		command_say(
			"descendants are told by their trees, and all records of the machine were taken: %s",
			r->not_followed);
}

/* For those who ask for more: cgroups and the spool. */
static void say_more(const struct capture_report *r)
{
	const struct reader_figures *f = &r->figures;

	command_say("cgroups: %" PRIu64 " processes looked up, %" PRIu64 " had gone by then",
		    f->looked, f->vanished);
	if (f->spooled)
		command_say("the spool held up to %.1f MB", (double)f->spooled / 1e6);
}

/* What a failure has cost stands behind its reason. */
static void add_unsaved(struct err *e, const struct capture_report *r)
{
	size_t n = strlen(e->msg);
	char records[32];

	if (r->unsaved > 0)
		snprintf(e->msg + n, sizeof(e->msg) - n, "; %s record%s received and not stored",
			 term_number(r->unsaved, records), r->unsaved == 1 ? " was" : "s were");
}

static void say_summary(const struct capture_report *r, const struct capture_options *c)
{
	const struct ingest_report *in = &r->ingest;
	char records[32], fresh[32], processes[32], what[64] = "", took[32] = "";

	if (r->failed[0])
		return;
	if (r->figures.processes)
		snprintf(what, sizeof(what), " of %s process%s",
			 term_number(r->figures.processes, processes),
			 r->figures.processes == 1 ? "" : "es");
	if (in->ms >= 100)
		snprintf(took, sizeof(took), " in %.1f s", (double)in->ms / 1000);
	command_say("%s record%s%s%s: %s new; %" PRIu64 " damaged",
		    term_number(in->records, records), in->records == 1 ? "" : "s", what, took,
		    term_number(in->new_events, fresh), in->damaged);
	say_loss(r);
	if (in->waits)
		command_say("%s", COMMAND_IMAGES_WAIT);
	say_conditions(r, c);
	if (r->figures.alive > 1)
		command_say(
			"%" PRIu64
			" processes that it started still run; what they do now is not captured",
			r->figures.alive - 1);
	if (c->argv != NULL && !child_is_privileged())
		command_say(
			"run without CAP_SYS_ADMIN, so under no_new_privs: setuid programs had no more rights than you");
}

static void say_spool(const char *text)
{
	command_say("%s", text);
}

/* ---- options ---- */

static int read_options(struct capture_options *c, const struct opts *o, struct err *e)
{
	uint64_t ms, buffer, backlog;

	if (values_duration(o, OPT_for, 1, 0, &ms, e) < 0 ||
	    values_size(o, OPT_buffer, 0, &buffer, e) < 0 ||
	    values_number(o, OPT_backlog, 1, UINT32_MAX, 0, &backlog, e) < 0)
		return -1;
	if (buffer > 1u << 30)
		return err_set(e, ST_INPUT, "--buffer: over 1 GB");
	c->ms = (int64_t)ms;
	c->backlog = (uint32_t)backlog;
	c->reader = (struct reader_options){ .buffer = buffer,
					     .spool = opt_text(o, OPT_spool, NULL),
					     .locations = true,
					     .say = opt_on(o, OPT_quiet) ? NULL : say_spool };
	c->user = opt_text(o, OPT_user, NULL);
	c->ingest = (struct ingest_options){ .label = opt_text(o, OPT_label, NULL),
					     .version = SCAUDIT_VERSION,
					     .stop = &stop };
	if (values_policy(o, &c->ingest.policy, e) < 0)
		return -1;
	if (o->n_args == 0 && c->user != NULL)
		return err_set(
			e, ST_INPUT,
			"--user says as whom a command runs, and none was given (scaudit capture -- COMMAND)");
	if (o->n_args > 0 && c->ms > 0)
		return err_set(
			e, ST_INPUT,
			"--for is about a capture of everything: that of a command ends with it");
	return 0;
}

static int run_capture(struct opts *o, struct err *e)
{
	struct capture_options c = { 0 };
	struct capture_report report = { 0 };
	char label[256];
	bool command = o->n_args > 0, quiet = opt_on(o, OPT_quiet);
	struct store store = { 0 };
	int ret = read_options(&c, o, e);

	if (ret == 0 && command) {
		struct bytes base = program_basename(bytes_of(o->args[0]));

		c.argv = (char *const *)(uintptr_t)o->args;
		snprintf(label, sizeof(label), "%.*s", (int)base.n, base.p);
		if (c.ingest.label == NULL)
			c.ingest.label = label;
		if (!quiet)
			say_client(o->args[0]);
	} else if (ret == 0) {
		command_on_signals(on_signal);
		if (isatty(STDERR_FILENO) && !quiet)
			command_say("capturing until Ctrl-C");
	}
	if (ret == 0)
		ret = values_store(o, &store, STORE_WRITE, &(struct opt_stop){ &stop, STOP_MS }, e);
	if (ret == 0)
		ret = capture_run(&store, &c, &report, e);
	if (ret < 0)
		ret = store.wait.gave_up ? 128 + stop : command ? CHILD_FAILED : (int)e->status;
	store_close(&store);
	if (ret > 0) {
		add_unsaved(e, &report);
		return ret;
	}
	if (report.failed[0])
		command_say("%s", report.failed);
	if (!quiet)
		say_summary(&report, &c);
	if (opt_on(o, OPT_verbose))
		say_more(&report);
	return report.status;
}

const struct command command_capture = {
	.name = "capture",
	.args = "[-- COMMAND [ARG...]]",
	.about = "read records live from the kernel, and say what was lost",
	.help = "Reads seccomp log records live from the kernel's audit multicast group into the store, beside auditd or without\n"
		"it, until Ctrl-C, SIGTERM or --for. Says whether anything was lost.\n\n"
		"With a command: runs it under a filter that logs every call, and takes its records and those of all that it\n"
		"starts, nothing else. Its exit status is the command's; 125, 126, 127 as for env.\n\n"
		"    scaudit capture --label web -- ./server --port 8080",
	.groups = G_STORE | G_CAPTURE | G_COMMAND,
	.max_args = -1,
	.run = run_capture,
};
