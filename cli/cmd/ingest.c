// SPDX-License-Identifier: Apache-2.0
/* ingest: reads files, pipes or standard input into the store and says what was found. */
#include "cli/cmd/compact.h"
#include "cli/command.h"
#include "cli/term.h"
#include "cli/values.h"
#include "ingest/ingest.h"
#include "store/base/esc.h"
#include "store/base/when.h"
#include "store/model/arch.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

struct talk {
	const struct opts *o;
	bool progress;      /* a line that is overwritten is on the screen */
	int64_t last;
};

static void wipe(struct talk *t)
{
	if (t->progress)
		fputs("\r\033[K", stderr);
	t->progress = false;
}

static void on_damaged(void *to, const char *file, uint64_t line, const char *reason,
		       struct bytes text)
{
	struct talk *t = to;
	auto_buf struct buf shown = { 0 }, name = { 0 };

	wipe(t);
	esc_tty(&name, bytes_of(file));
	esc_tty(&shown, (struct bytes){ text.p, text.n < 400 ? text.n : 400 });
	fprintf(stderr, "%s:%" PRIu64 ": damaged: %s: %s%s\n", buf_text(&name), line, reason,
		buf_text(&shown), text.n > 400 ? "..." : "");
}

static void on_failed(void *to, const char *message)
{
	wipe(to);
	command_say("%s", message);
}

static void on_distrusted(void *to, const char *file, const char *why, uint64_t line)
{
	auto_buf struct buf name = { 0 };

	wipe(to);
	esc_tty(&name, bytes_of(file));
	if (why[0])
		command_say("%s counts as text, not as trusted: %s", buf_text(&name), why);
	else
		command_say("%s counts as text, not as trusted: line %" PRIu64
			    " is not in auditd's form",
			    buf_text(&name), line);
}

/* A file of a tool: what it is taken for, and what is missing in it. */
static void on_tool(void *to, const struct ingest_tool *tool)
{
	auto_buf struct buf gaps = { 0 };
	char calls[32], fresh[32], processes[32];

	wipe(to);
	kind_gaps(&gaps, tool->kind, tool->facts);
	command_say("%.*s: %s: %s call%s of %s process%s, %s new%s%s", (int)tool->file.n,
		    tool->file.p, kind_at(tool->kind)->name, term_number(tool->calls, calls),
		    tool->calls == 1 ? "" : "s", term_number(tool->processes, processes),
		    tool->processes == 1 ? "" : "es", term_number(tool->fresh, fresh),
		    gaps.n ? "; incomplete: " : "", gaps.n ? buf_text(&gaps) : "");
	if (tool->lost)
		command_say("%.*s: it says that %" PRIu64 " event%s lost", (int)tool->file.n,
			    tool->file.p, tool->lost, tool->lost == 1 ? " was" : "s were");
}

static void on_progress(void *to, uint64_t bytes, long long size)
{
	struct talk *t = to;
	int64_t now = when_now();

	if (now - t->last < 300)
		return;
	t->last = now;
	t->progress = true;
	if (size > 0)
		fprintf(stderr, "\r%" PRIu64 " MB of %lld MB", bytes / 1000000, size / 1000000);
	else
		fprintf(stderr, "\r%" PRIu64 " MB", bytes / 1000000);
	fflush(stderr);
}

static void say_no_record(const struct ingest_report *r)
{
	static const char *const looks[] = {
		[LOOKS_EMPTY] = "the input is empty",
		[LOOKS_BLANK] = "the input has only blank lines",
		[LOOKS_JSON] =
			"the input is JSON (or another container of messages) without records of seccomp in the fields that have "
			"messages (--json-field NAME names another)",
		[LOOKS_BINARY] = "the input holds NUL bytes (grep: use -a; compressed: unpack it)",
		[LOOKS_QUOTED] =
			"the input has records of seccomp only where another program than the kernel or auditd is named as the "
			"one who wrote the line: quotations, which are not taken",
		[LOOKS_AUDIT] =
			"the input has audit records, but none of seccomp (type=1326, SECCOMP): was the filter's "
			"action LOG, and does kernel.seccomp.actions_logged hold log?",
		[LOOKS_TEXT] = "the input is text without audit records",
	};

	if (r->losses)
		command_say("no record in this input%s, but %" PRIu64
			    " loss marker%s, which %s kept: what %s lost is in 'scaudit status'",
			    r->damaged ? " that is whole" : "", r->losses,
			    r->losses == 1 ? "" : "s", r->losses == 1 ? "was" : "were",
			    r->losses == 1 ? "it says was" : "they say was");
	else if (r->damaged)
		command_say(
			"no whole record in this input, %" PRIu64
			" damaged (-v shows them); expected lines such as "
			"'audit: type=1326 audit(1795494577.759:215): auid=... code=0x7ffc0000'",
			r->damaged);
	else if (r->hint != NULL)
		command_say("no record: %s", r->hint);
	else
		command_say(
			"no record: %s; expected lines such as "
			"'audit: type=1326 audit(1795494577.759:215): auid=... code=0x7ffc0000'",
			looks[r->looks]);
}

static void say_reasons(const struct ingest_report *r)
{
	for (size_t i = 0; i < r->n_reasons; i++)
		command_say("damaged, %" PRIu64 ": %s", r->reasons[i].n, r->reasons[i].why);
}

#define LONG_MS 100  /* what took less was done at once */

/* Of an input without a record. */
static void say_nothing(const struct opts *o, const struct ingest_report *r)
{
	if (r->tools > 0 && r->damaged > 0 && !opt_on(o, OPT_verbose))
		say_reasons(r);
	if (r->calls > 0 || (r->tools > 0 && r->damaged > 0))
		return;
	if (r->tools > 0)
		command_say("no call of a program in this input, though it is a file of a tool");
	else if (r->failed < r->sources || r->failed == 0)
		say_no_record(r);
}

static void say_records(const struct ingest_report *r)
{
	char records[32], fresh[32], before[32], other[32], took[64] = "";
	double seconds = (double)r->ms / 1000;

	if (r->ms >= LONG_MS)
		snprintf(took, sizeof(took), "; %.1f s, %.0f MB/s", seconds,
			 (double)r->bytes / 1e6 / seconds);
	command_say("%s record%s: %s new, %s seen before; %" PRIu64
		    " damaged, %s other lines, %" PRIu64 " loss marker%s%s",
		    term_number(r->records, records), r->records == 1 ? "" : "s",
		    term_number(r->new_events, fresh), term_number(r->seen_before, before),
		    r->damaged, term_number(r->other, other), r->losses, r->losses == 1 ? "" : "s",
		    took);
}

/* What is to be known of the records that were taken. */
static void say_notes(const struct ingest_report *r)
{
	char records[32], name[160];

	if (r->presence)
		command_say(
			"%" PRIu64
			" of them ha%s no serial (journald's short form, logcat): that shows that a call was made, "
			"not how often; 'journalctl -k', or -o json, has serials",
			r->presence, r->presence == 1 ? "s" : "ve");
	if (r->notes)
		command_say(
			"%s SYSCALL record%s told of arguments: notes, which profile --explain shows",
			term_number(r->notes, records), r->notes == 1 ? "" : "s");
	if (r->contradicted)
		command_say(
			"%" PRIu64
			" text lines contradict what a trusted source says of the same events: forged, or "
			"another boot",
			r->contradicted);
	if (r->own_node)
		command_say(
			"%s record%s no node and w%s taken as this machine's, %s; --node NAME says otherwise",
			term_number(r->own_node, records), r->own_node == 1 ? " names" : "s name",
			r->own_node == 1 ? "as" : "ere",
			esc_word(name, sizeof(name), bytes_of(r->own_name)));
	if (r->only_syscall_lines)
		command_say(
			"a pipe that lets only lines with 'syscall' through cuts off those that say what was lost; "
			"this one keeps them: grep -E 'syscall|audit|suppressed|missed|lost' FILE | scaudit ingest");
	if (r->outside)
		command_say("%s record%s of another time than --since and --until say w%s left out",
			    term_number(r->outside, records), r->outside == 1 ? "" : "s",
			    r->outside == 1 ? "as" : "ere");
	if (r->stopped)
		command_say(
			"stopped; what was read is in the store, and the same command again completes it");
	if (r->waits)
		command_say("%s", COMMAND_IMAGES_WAIT);
}

static void say_summary(const struct opts *o, const struct ingest_report *r)
{
	char calls[32], fresh[32];

	if (opt_on(o, OPT_verbose))
		say_reasons(r);
	if (r->calls > 0)
		command_say(
			"%s call%s that tools saw, not records of a filter: %s new; they show that a call was made, and count as no event",
			term_number(r->calls, calls), r->calls == 1 ? "" : "s",
			term_number(r->fresh_calls, fresh));
	if (r->records == 0) {
		say_nothing(o, r);
		return;
	}
	say_records(r);
	say_notes(r);
}

/* No record, and not for want of them: all were damaged, or it is no text. */
static int nothing_good(const struct ingest_report *r)
{
	if (r->records || r->losses || r->calls)
		return ST_OK;
	if (r->damaged)
		return ST_NO;
	return r->looks == LOOKS_BINARY ? ST_INPUT : ST_OK;
}

/* --journal, --boot, --follow, --since and --until. */
static int read_choice(const struct opts *o, struct ingest_options *io, struct err *e)
{
	int64_t now = when_now();
	const char *place = opt_text(o, OPT_journal, NULL);

	io->journal = opt_on(o, OPT_journal);
	io->journal_place = place != NULL && place[0] ? place : NULL;
	io->boot = opt_text(o, OPT_boot, NULL);
	io->follow = opt_on(o, OPT_follow);
	if (io->boot != NULL && !io->journal)
		return err_set(e, ST_INPUT, "--boot is about the journal: --journal reads it");
	if (opt_on(o, OPT_since) &&
	    when_parse(opt_text(o, OPT_since, NULL), now, &io->since, e) < 0)
		return err_wrap(e, "--since");
	if (opt_on(o, OPT_until) &&
	    when_parse(opt_text(o, OPT_until, NULL), now, &io->until, e) < 0)
		return err_wrap(e, "--until");
	if (io->since && io->until && io->since > io->until)
		return err_set(e, ST_INPUT, "--since is later than --until");
	if (!io->follow)
		return 0;
	for (int i = 0; i < o->n_args; i++)
		if (strcmp(o->args[i], "-") == 0)
			return err_set(
				e, ST_INPUT,
				"--follow is about files and the journal, not about standard input, which is read as it comes");
	if (o->n_args == 0 && !io->journal)
		return err_set(e, ST_INPUT, "--follow needs files, or --journal");
	return 0;
}

/* --kind and --arch. */
static int read_tool(const struct opts *o, struct ingest_options *io, struct err *e)
{
	const char *kind = opt_text(o, OPT_kind, NULL), *arch = opt_text(o, OPT_arch, NULL);

	if (kind != NULL && !kind_of(bytes_of(kind), &io->kind))
		return err_set(e, ST_INPUT, "--kind is one of %s, not '%.40s'", kind_names(), kind);
	if (kind != NULL && io->kind == KIND_SECCOMP)
		io->kind = N_KINDS;
	if (arch != NULL && !arch_of_name(arch, &io->arch))
		return err_set(e, ST_INPUT, "--arch: '%.40s' is no architecture that is known here",
			       arch);
	return 0;
}

static int check_trusted_input(const struct opts *o, struct err *e)
{
	if (!opt_on(o, OPT_trusted_input) || o->n_args == 0)
		return 0;
	for (int i = 0; i < o->n_args; i++)
		if (strcmp(o->args[i], "-") == 0)
			return 0;
	return err_set(e, ST_INPUT,
		       "--trusted-input is about standard input, which is not among the files named");
}

static int run_ingest(struct opts *o, struct err *e)
{
	static const char *only_stdin[] = { "-" };
	struct talk talk = { .o = o };
	struct ingest_options io = { .node = opt_text(o, OPT_node, NULL),
				     .label = opt_text(o, OPT_label, NULL),
				     .version = SCAUDIT_VERSION,
				     .json_field = opt_text(o, OPT_json_field, NULL),
				     .trusted_input = opt_on(o, OPT_trusted_input),
				     .with_syscalls = opt_on(o, OPT_with_syscalls),
				     .stop = &stop,
				     .to = &talk,
				     .failed = on_failed };
	struct ingest_report report = { 0 };
	uint64_t keep, days, threads;
	struct store store;
	size_t n;
	int ret;

	if (check_trusted_input(o, e) < 0 || read_tool(o, &io, e) < 0 ||
	    read_choice(o, &io, e) < 0 ||
	    values_policy(o, &io.policy, e) < 0 || compact_limits(o, &keep, &days, e) < 0 ||
	    values_number(o, OPT_threads, 1, INGEST_THREADS_MOST, 1, &threads, e) < 0)
		return ST_INPUT;
	io.threads = (unsigned)threads;
	n = o->n_args || io.journal ? (size_t)o->n_args : 1;
	if (n == 1 && o->n_args == 0 && isatty(STDIN_FILENO) && !opt_on(o, OPT_quiet))
		command_say("reading standard input");
	if (opt_on(o, OPT_verbose))
		io.damaged = on_damaged;
	if (!opt_on(o, OPT_quiet)) {
		io.distrusted = on_distrusted;
		io.tool = on_tool;
	}
	if (isatty(STDERR_FILENO) && !opt_on(o, OPT_quiet))
		io.progress = on_progress;
	command_on_signals(on_signal);
	ret = values_store(o, &store, STORE_WRITE, &(struct opt_stop){ &stop, 0 }, e);
	if (ret == 0)
		ret = ingest_run(&store, o->n_args ? o->args : only_stdin, n, &io, &report, e);
	wipe(&talk);
	if (ret < 0)
		ret = store.wait.gave_up ? 128 + stop : (int)e->status;
	store_close(&store);
	if (ret > 0)
		return ret;
	if (!opt_on(o, OPT_quiet))
		say_summary(o, &report);
	if (report.stopped && !io.follow)
		return 128 + stop;
	command_ends(
		NULL); /* what was read is stored: from here on a signal need not be waited for */
	if ((opt_text(o, OPT_keep_trees, NULL) || opt_text(o, OPT_keep_days, NULL)) &&
	    compact_old(o, false, e) < 0)
		return (int)e->status;
	return report.failed_status != ST_OK ? (int)report.failed_status : nothing_good(&report);
}

const struct command command_ingest = {
	.name = "ingest",
	.args = "[FILE...]",
	.about = "read log lines into the store",
	.help = "Reads seccomp log records (type=1326) into the store: files, '-' or standard input, in every form,\n"
		"recognised line by line, packed or not; other stores; with --journal, the journal. Each event counts\n"
		"once, however often and in whatever form it is read.\n"
		"Exit status: 0 where there was nothing new, too; 1 where lines look like records and none could be taken; 2 for\n"
		"what is no log (a program, a database).\n\n"
		"    grep syscall /var/log/syslog | scaudit ingest\n"
		"    scaudit ingest /var/log/audit/audit.log*",
	.groups = G_STORE | G_INPUT | G_INGEST,
	.max_args = -1,
	.run = run_ingest,
};
