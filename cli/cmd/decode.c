// SPDX-License-Identifier: Apache-2.0
/* decode: prints what each line says, field by field, without a store. */
#include "cli/command.h"
#include "ingest/read/body.h"
#include "ingest/read/input.h"
#include "store/base/esc.h"
#include "store/base/json_row.h"
#include "store/base/when.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <inttypes.h>
#include <unistd.h>

#define CALL_NAMES 512
struct call_name { uint32_t arch; int32_t nr; bool named; char name[SYSCALL_NAME_MAX]; };

struct decode {
	const struct opts *o;
	const char *file;
	uint64_t number;
	uint64_t records, damaged;
	const char *form_of[3]; /* wrap, header and body of the form that is written out */
	char form[64];
	struct json_row row;
	struct call_name names[CALL_NAMES];
};

/* "syslog/kernel"; in a container "json:syslog/kernel". Most often the last line's. */
static const char *form_of(struct decode *d, const struct line *l)
{
	const char *of[] = { l->wrap, l->header, l->body };

	if (l->body == NULL && l->header == NULL)
		return l->wrap;
	if (memcmp(of, d->form_of, sizeof(of)) == 0)
		return d->form;
	memcpy(d->form_of, of, sizeof(of));
	snprintf(d->form, sizeof(d->form), "%s%s%s%s%s", l->wrap ? l->wrap : "", l->wrap ? ":" : "",
		 l->header ? l->header : "", l->header && l->body ? "/" : "",
		 l->body ? l->body : "");
	return d->form;
}

/* The name of a call; they are few, and a look-up takes long. */
static const struct call_name *call_name(struct decode *d, const struct record *r)
{
	struct call_name *at = &d->names[((uint32_t)r->nr ^ r->arch) % CALL_NAMES];

	if (at->name[0] == '\0' || at->arch != r->arch || at->nr != r->nr) {
		at->arch = r->arch;
		at->nr = r->nr;
		at->named = syscall_name(r->arch, r->nr, at->name);
	}
	return at;
}

static void json_record(struct decode *d, const struct record *r)
{
	bool timed = r->ms != WHEN_NONE;
	const struct call_name *call = call_name(d, r);
	struct json_row *to = &d->row;

	json_row_text(to, "node", r->node.n > 0, r->node);
	json_row_time(to, "time", r->ms);
	json_row_int(to, "epoch", timed, r->ms / 1000);
	json_row_int(to, "ms", timed, r->ms % 1000);
	json_row_int(to, "serial", r->has_serial, r->serial);
	json_row_int(to, "auid", true, r->auid);
	json_row_int(to, "uid", true, r->uid);
	json_row_int(to, "gid", true, r->gid);
	json_row_int(to, "ses", true, r->ses);
	json_row_text(to, "subj", r->has_subj, r->subj);
	json_row_int(to, "pid", true, r->pid);
	json_row_text(to, "comm", true, r->comm);
	json_row_text(to, "exe", true, r->exe);
	json_row_int(to, "sig", true, r->sig);
	json_row_hex(to, "arch", r->arch);
	json_row_word(to, "arch_name", arch_name(arch_of(r->arch, r->nr)));
	json_row_int(to, "syscall", true, r->nr);
	json_row_word(to, "name", call->named ? call->name : NULL);
	json_row_int(to, "compat", true, r->compat);
	json_row_hex(to, "ip", r->ip);
	json_row_hex(to, "code", r->code);
	json_row_word(to, "action", action_word(action_of(r->code)));
}

static void print_json(struct decode *d, const struct line *l)
{
	static const char *const verdicts[] = { NULL, "record", "damaged", "loss" };
	struct json_row *to = &d->row;

	json_row_begin(to);
	json_row_text(to, "file", true, bytes_of(d->file));
	json_row_int(to, "line", true, (int64_t)d->number);
	json_row_word(to, "form", form_of(d, l));
	json_row_word(to, "verdict", verdicts[l->kind]);
	if (l->kind == LINE_RECORD) {
		json_record(d, &l->rec);
	} else if (l->kind == LINE_DAMAGED) {
		json_row_word(to, "reason", l->reason);
	} else {
		json_row_text(to, "node", l->loss.node.n > 0, l->loss.node);
		json_row_word(to, "what", record_loss_name(l->loss.kind));
		json_row_int(to, "count", l->loss.number > 0, (int64_t)l->loss.number);
	}
	json_row_print(to);
}

static void print_record(struct decode *d, const struct record *r)
{
	auto_buf struct buf out = { 0 };
	char stamp[32], unknown[16];
	uint32_t abi = arch_of(r->arch, r->nr);
	const char *arch = arch_name(abi);

	buf_str(&out, r->ms == WHEN_NONE ? "-" : when_rfc3339(r->ms, stamp));
	buf_char(&out, ' ');
	if (r->node.n)
		esc_tty(&out, r->node);
	else
		buf_char(&out, '-');
	buf_char(&out, ' ');
	esc_tty(&out, r->comm);
	buf_printf(&out, "[%d] ", r->pid);
	esc_tty(&out, r->exe);
	buf_printf(&out, " %s", call_name(d, r)->name);
	if (abi != arch_native()) {
		snprintf(unknown, sizeof(unknown), "0x%x", r->arch);
		buf_printf(&out, " (%s)", arch ? arch : unknown);
	}
	buf_printf(&out, " %s", action_word(action_of(r->code)));
	puts(buf_text(&out));
}

static void print_text(struct decode *d, const struct line *l)
{
	char file[256];

	if (l->kind == LINE_RECORD) {
		print_record(d, &l->rec);
		return;
	}
	esc_word(file, sizeof(file), bytes_of(d->file));
	if (l->kind == LINE_DAMAGED)
		printf("damaged: %s:%" PRIu64 ": %s\n", file, d->number, l->reason);
	else if (l->loss.number)
		printf("loss: %s:%" PRIu64 ": %s, %" PRIu64 "\n", file, d->number,
		       record_loss_name(l->loss.kind), l->loss.number);
	else
		printf("loss: %s:%" PRIu64 ": %s\n", file, d->number,
		       record_loss_name(l->loss.kind));
}

static void one_line(struct decode *d, struct line *l)
{
	const char *node = opt_text(d->o, OPT_node, NULL);

	d->records += l->kind == LINE_RECORD;
	d->damaged += l->kind == LINE_DAMAGED;
	if (l->kind == LINE_OTHER || l->kind == LINE_SERIAL ||
	    (l->kind != LINE_RECORD && !opt_on(d->o, OPT_all_lines)))
		return;
	if (node != NULL)
		l->rec.node = bytes_of(node);
	if (opt_on(d->o, OPT_json))
		print_json(d, l);
	else
		print_text(d, l);
}

/* JSON behind a header. */
static void within(struct decode *d, const struct line *outer, struct body_room *room)
{
	struct wrap wrap = { .fields.extra = opt_text(d->o, OPT_json_field, NULL) };
	struct bytes message;
	struct line l;

	reading_within(&wrap, outer, &message, d->number);
	while (wrap_open(&wrap)) {
		if (wrap_push(&wrap, &message, true) != WRAP_ENTRY)
			continue;
		body_parse_entry(&wrap.entry, &l, room);
		one_line(d, &l);
	}
	wrap_release(&wrap);
}

static void one_piece(struct decode *d, const struct reading *r, const struct piece *p,
		      struct body_room *room)
{
	struct line l;

	d->number = p->number;
	if (p->kind == PIECE_NOTHING)
		return;
	if (p->kind == PIECE_ENTRY)
		body_parse_entry(p->entry, &l, room);
	else if (p->cut)
		body_cut_line(r->lines.mentions, &l);
	else
		body_parse_line(p->text, &l, room);
	if (l.kind == LINE_WRAPS)
		within(d, &l, room);
	else
		one_line(d, &l);
}

static int one_member(struct decode *d, struct input *in, struct body_room *room, struct err *e)
{
	struct piece piece;
	enum lines_state state;
	int ret;

	do {
		/* what is there is shown before more is waited for */
		ret = input_fill(in, 0, &state, e);
		if (ret == 0 && state == LINES_TIMEOUT) {
			fflush(stdout);
			if (in->source.is_kmsg)
				break;
			ret = input_fill(in, -1, &state, e);
		}
		d->file = in->name;
		while (ret == 0 && (reading_pass(&in->reading), reading_next(&in->reading, &piece)))
			one_piece(d, &in->reading, &piece, room);
	} while (ret == 0 && state != LINES_EOF && !ferror(stdout));
	return ret < 0 ? err_wrap(e, "%s", in->name) : 0;
}

static int one_file(struct decode *d, const char *path, struct body_room *room, struct err *e)
{
	struct input in;
	bool any = true;
	int ret;

	if (input_open(&in, path, opt_text(d->o, OPT_json_field, NULL), e) < 0)
		return -1;
	if (in.source.is_store || in.source.is_journal) {
		ret = err_set(e, ST_INPUT, "%s is %s, which ingest reads", in.shown,
			      in.source.is_store ? "a store" : "a file of the journal");
		input_close(&in);
		return ret;
	}
	do {
		ret = input_next(&in, &any, e);
		if (ret == 0 && any)
			ret = one_member(d, &in, room, e);
	} while (ret == 0 && any && !ferror(stdout));
	input_close(&in);
	return ret;
}

static int run_decode(struct opts *o, struct err *e)
{
	static const char *only_stdin[] = { "-" };
	struct decode d = { .o = o };
	struct body_room room = { 0 };
	const char **files = o->n_args ? o->args : only_stdin;
	int n = o->n_args ? o->n_args : 1, status = ST_OK;

	if (o->n_args == 0 && isatty(STDIN_FILENO) && !opt_on(o, OPT_quiet))
		command_say("reading standard input");
	for (int i = 0; i < n; i++) {
		if (one_file(&d, files[i], &room, e) == 0)
			continue;
		command_say("%s", e->msg);
		status = (int)e->status;
		*e = (struct err){ 0 };
	}
	body_room_release(&room);
	json_row_release(&d.row);
	if (d.damaged && !opt_on(o, OPT_all_lines) && !opt_on(o, OPT_quiet))
		command_say("%" PRIu64
			    " damaged record%s not shown; --all shows them with the reason",
			    d.damaged, d.damaged == 1 ? "" : "s");
	if (status == ST_OK && d.records == 0 && !opt_on(o, OPT_quiet))
		command_say("no record in this input");
	return status;
}

const struct command command_decode = {
	.name = "decode",
	.args = "[FILE...]",
	.about = "show what log lines say, without a store",
	.help = "Shows what log lines say: one readable line (or, with --json, one JSON object) a record.\n"
		"Reads files, '-' or standard input, in every form in which such records occur.",
	.groups = G_DECODE | G_INPUT,
	.max_args = -1,
	.run = run_decode,
};
