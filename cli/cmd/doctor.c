// SPDX-License-Identifier: Apache-2.0
/* doctor: prints what was found on this machine, as text or JSON. */
#include "cli/command.h"
#include "ingest/live/host/checkup.h"
#include "store/base/esc.h"
#include "store/base/json.h"

#include <stdio.h>

static const char *const marks[] = { "ok", "warn", "FAIL", "?" };
static const char *const states[] = { "ok", "warn", "fail", "unknown" };
static const char *const kinds[] = { "live", "ring", "kept" };
static const char *const outcomes[] = { "kept", "live", "ring", "unknown", "none" };

static void print_line(enum state state, const char *what, const char *found, const char *todo)
{
	printf("%-4s  %-14s  %s\n", marks[state], what, found);
	if (todo[0])
		printf("%-22s-> %s\n", "", todo);
}

/* Why the kernel's ring may lack what came otherwise. */
static const char *ring_note(const struct checkup *c, const struct delivery_way *w)
{
	if (w->kind != DELIVERY_RING || !c->delivery.record_pid)
		return "";
	return c->daemon ? " (a daemon takes the records)" :
			   " (printk's limit lets few lines through)";
}

static void print_way(const struct checkup *c, const struct delivery_way *w)
{
	auto_buf struct buf found = { 0 };

	if (w->path != NULL)
		esc_tty(&found, bytes_of(w->path));
	buf_str(&found, w->path != NULL ? ": " : "");
	if (w->arrived)
		buf_printf(&found, "it arrived, after %d ms", w->after_ms);
	else if (w->open)
		buf_printf(&found, "it did not arrive%s", ring_note(c, w));
	else
		buf_printf(&found, "not looked at: %s", w->why.msg);
	print_line(w->arrived ? STATE_OK :
		   w->open    ? STATE_WARN :
				STATE_UNKNOWN,
		   w->name, buf_text(&found), "");
}

static void print_text(struct checkup *c)
{
	for (size_t i = 0; i < c->findings.n; i++) {
		struct finding *f = &c->findings.v[i];

		print_line(f->state, f->what, buf_text(&f->found), buf_text(&f->todo));
	}
	if (c->delivery.made)
		printf("\none LOG record was made (syscall=%d pid=%d) and looked for:\n",
		       c->delivery.nr, c->delivery.pid);
	else
		printf("\nno LOG record could be made: %s\n", c->delivery.why.msg);
	for (size_t i = 0; c->delivery.made && i < c->delivery.n; i++)
		print_way(c, &c->delivery.ways[i]);
	printf("\n%s\n", buf_text(&c->verdict));
}

static json_object *json_findings(struct checkup *c)
{
	json_object *all = json_object_new_array();

	for (size_t i = 0; i < c->findings.n; i++) {
		struct finding *f = &c->findings.v[i];
		json_object *one = json_object_new_object();

		json_put_word(one, "what", f->what);
		json_put_word(one, "state", states[f->state]);
		json_put_text(one, "found", true, buf_bytes(&f->found));
		json_put_text(one, "do", f->todo.n > 0, buf_bytes(&f->todo));
		json_object_array_add(all, one);
	}
	return all;
}

static json_object *json_delivery(const struct delivery *a)
{
	json_object *all = json_object_new_object();

	for (size_t i = 0; i < a->n; i++) {
		const struct delivery_way *w = &a->ways[i];
		json_object *one = json_object_new_object();

		json_put_word(one, "kind", kinds[w->kind]);
		json_put_text(one, "path", w->path != NULL,
			      bytes_of(w->path != NULL ? w->path : ""));
		json_object_object_add(one, "arrived",
				       w->open && a->made ? json_object_new_boolean(w->arrived) :
							    NULL);
		json_put_int(one, "after_ms", w->arrived, w->after_ms);
		json_put_text(one, "why_not", !w->open, bytes_of(w->why.msg));
		json_object_object_add(all, w->name, one);
	}
	return all;
}

static void print_json(struct checkup *c)
{
	json_object *doc = json_object_new_object(), *record = json_object_new_object();

	json_object_object_add(doc, "findings", json_findings(c));
	json_object_object_add(record, "made", json_object_new_boolean(c->delivery.made));
	json_put_int(record, "syscall", c->delivery.made, c->delivery.nr);
	json_put_int(record, "pid", c->delivery.made, c->delivery.pid);
	json_put_text(record, "why_not", !c->delivery.made, bytes_of(c->delivery.why.msg));
	json_object_object_add(doc, "record", record);
	json_object_object_add(doc, "arrived", json_delivery(&c->delivery));
	json_put_word(doc, "records", outcomes[c->outcome]);
	json_put_text(doc, "verdict", true, buf_bytes(&c->verdict));
	json_print(doc);
}

static int check_pid(const char *text, struct err *e)
{
	struct bytes b = bytes_of(text);
	uint64_t v;

	if (bytes_dec(&b, INT32_MAX, &v) == 0 || b.n || v == 0)
		return err_set(e, ST_INPUT, "--pid takes the number of a process, not '%.80s'",
			       text);
	return 0;
}

static int run_doctor(struct opts *o, struct err *e)
{
	const char *pid = opt_text(o, OPT_pid, NULL);
	struct checkup c;
	int ret;

	if (pid != NULL && check_pid(pid, e) < 0)
		return (int)e->status;
	checkup_run(&c, "", pid);
	if (opt_on(o, OPT_json))
		print_json(&c);
	else
		print_text(&c);
	ret = c.outcome == OUTCOME_UNKNOWN || c.outcome == OUTCOME_NONE ? ST_NO : ST_OK;
	checkup_release(&c);
	return ret;
}

const struct command command_doctor = {
	.name = "doctor",
	.args = "",
	.about = "say whether records are made and kept on this machine",
	.help = "Says whether the kernel makes records and who keeps them, and what to do about each finding. Makes one record and\n"
		"looks where it comes out, and 200 more to measure what they cost; none of them is evidence of anything. Best as root.",
	.groups = G_JSON | G_DOCTOR,
	.max_args = 0,
	.run = run_doctor,
};
