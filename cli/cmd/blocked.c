// SPDX-License-Identifier: Apache-2.0
/* blocked: reads the filters of a running process and prints what they refuse, as text or JSON. */
#include "analyze/evidence/check.h"
#include "cli/command.h"
#include "cli/live.h"
#include "cli/process.h"
#include "ingest/live/process/confinement.h"
#include "ingest/live/process/probe.h"
#include "store/base/esc.h"
#include "store/base/json.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#include <errno.h>
#include <inttypes.h>
#include <libaudit.h>
#include <string.h>
#include <unistd.h>

#define NUMBERS 600 /* more than any table has */

struct blocked_call {
	uint32_t arch;
	int32_t nr;
	char name[SYSCALL_NAME_MAX];
	char *answer;
	bool depends;
};

struct findings {
	VEC(struct blocked_call) calls;
	size_t asked, unknown;
	bool by_probe;   /* asked of the kernel; else read from it */
};

static void add_blocked_call(struct findings *f, uint32_t arch, int32_t nr, const char *name,
			     const char *answer, bool depends)
{
	struct blocked_call *c = VEC_PUSH(&f->calls);

	*c = (struct blocked_call){
		.arch = arch, .nr = nr, .answer = mem_dup(answer), .depends = depends
	};
	snprintf(c->name, sizeof(c->name), "%s", name);
}

static void release(struct findings *f)
{
	for (size_t i = 0; i < f->calls.n; i++)
		free(f->calls.v[i].answer);
	VEC_FREE(&f->calls);
}

/* ---- from the filters, as the kernel shows them ---- */

static void judge_arch(struct findings *f, const struct bpf_code *code, size_t n, uint32_t arch,
		       int32_t bit)
{
	for (int32_t nr = 0; nr < NUMBERS; nr++) {
		char name[SYSCALL_NAME_MAX];
		auto_buf struct buf words = { 0 };
		struct bpf_answers a;
		enum check_verdict v;

		if (!syscall_name(arch, nr | bit, name))
			continue;
		f->asked++;
		bpf_run_all(code, n, arch, nr | bit, &a);
		v = check_verdict(arch, nr | bit, &a);
		f->unknown += v == CHECK_UNKNOWN;
		if (v != CHECK_REFUSED && v != CHECK_DEPENDS)
			continue;
		check_words(&words, &a);
		add_blocked_call(f, arch, nr | bit, name, buf_text(&words), v == CHECK_DEPENDS);
	}
}

static int from_filters(struct findings *f, int32_t pid, struct err *e)
{
	struct live live;
	int ret = live_read(&live, pid, e);

	if (ret == 0)
		judge_arch(f, live.code.v, live.code.n, arch_native(), 0);
	if (ret == 0 && arch_native() == ARCH_X86_64) {
		judge_arch(f, live.code.v, live.code.n, ARCH_I386, 0);
		judge_arch(f, live.code.v, live.code.n, ARCH_X86_64, X32_BIT);
	}
	live_release(&live);
	return ret;
}

/* ---- from questions, for a process that may not read its own filters ---- */

static int from_questions(struct findings *f, struct err *e)
{
	f->by_probe = true;
	for (int32_t nr = 0; nr < NUMBERS; nr++) {
		char name[SYSCALL_NAME_MAX], answer[64];
		struct probe_result r;

		if (!syscall_name(arch_native(), nr, name) || bpf_bypasses(arch_native(), nr))
			continue;
		f->asked++;
		if (probe_call(nr, NULL, NULL, &r, e) < 0)
			return -1;
		f->unknown += r.outcome == PROBE_UNKNOWN;
		if (r.outcome == PROBE_SIGSYS)
			add_blocked_call(f, arch_native(), nr, name, "kill or trap", false);
		if (r.outcome != PROBE_ERRNO)
			continue;
		snprintf(answer, sizeof(answer), "errno %s",
			 audit_errno_to_name(r.error) ? audit_errno_to_name(r.error) : "0");
		add_blocked_call(f, arch_native(), nr, name, answer, false);
	}
	return 0;
}

/* ---- what is said ---- */

static void names_of(struct buf *out, uint64_t set)
{
	for (unsigned i = 0, k = 0; confinement_capability(i) != NULL; i++)
		if (set >> i & 1)
			buf_printf(out, "%s%s", k++ ? " " : "", confinement_capability(i));
}

/* The names, or where there are most, those that are not there. */
static void capabilities_text(struct buf *out, uint64_t set)
{
	uint64_t all = 0;

	for (unsigned i = 0; confinement_capability(i) != NULL; i++)
		all |= (uint64_t)1 << i;
	set &= all;
	if (set == 0 || set == all) {
		buf_str(out, set ? "all" : "none");
		return;
	}
	if (__builtin_popcountll(set) > __builtin_popcountll(all) / 2) {
		buf_str(out, "all but ");
		set = all & ~set;
	}
	names_of(out, set);
}

static void print_confinement(const struct confinement *c)
{
	static const char *const modes[] = { "none", "strict", "filters" };
	auto_buf struct buf eff = { 0 }, bound = { 0 }, own = { 0 }, label = { 0 },
			    location = { 0 }, shown = { 0 };
	bool known = false;

	capabilities_text(&eff, c->effective);
	capabilities_text(&bound, c->bounding);
	for (size_t i = 0; i < CONFINEMENT_NAMESPACES; i++) {
		known = known || c->namespaces[i].known;
		if (c->namespaces[i].own)
			buf_printf(&own, "%s%s", own.n ? " " : "", c->namespaces[i].kind);
	}
	esc_tty(&label, buf_bytes(&c->label));
	if (c->located)
		location_text(c->location.v, &location);
	esc_tty(&shown, buf_bytes(&location));
	printf("seccomp       %s", c->mode >= 0 && c->mode < 3 ? modes[c->mode] : "?");
	if (c->filters > 0)
		printf(" (%d)", c->filters);
	printf("\nno_new_privs  %s\ncapabilities  %s\nbounding set  %s\nnamespaces    %s\nlabel         %s\nruns in       %s\n",
	       c->no_new_privs ? "yes" : "no", buf_text(&eff), buf_text(&bound),
	       own.n ? buf_text(&own) :
	       known ? "all the machine's" :
		       "not known",
	       label.n ? buf_text(&label) : "none",
	       shown.n ? buf_text(&shown) : "no container or unit that is known");
}

/* The first of its answer, in the order of names of each architecture. */
static bool is_first(const struct findings *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (f->calls.v[k].arch == f->calls.v[i].arch &&
		    arch_of(f->calls.v[k].arch, f->calls.v[k].nr) ==
			    arch_of(f->calls.v[i].arch, f->calls.v[i].nr) &&
		    strcmp(f->calls.v[k].answer, f->calls.v[i].answer) == 0)
			return false;
	return true;
}

/* One paragraph for each architecture and answer. */
static void print_calls(const struct findings *f)
{
	for (size_t i = 0; i < f->calls.n; i++) {
		const struct blocked_call *c = &f->calls.v[i];
		uint32_t abi = arch_of(c->arch, c->nr);
		size_t n = 0;

		if (!is_first(f, i))
			continue;
		for (size_t k = i; k < f->calls.n; k++)
			n += arch_of(f->calls.v[k].arch, f->calls.v[k].nr) == abi &&
			     strcmp(f->calls.v[k].answer, c->answer) == 0;
		printf("\n%s, %s%s (%zu):", arch_name(abi),
		       c->depends ? "depends on arguments: " : "", c->answer, n);
		for (size_t k = i; k < f->calls.n; k++)
			if (arch_of(f->calls.v[k].arch, f->calls.v[k].nr) == abi &&
			    strcmp(f->calls.v[k].answer, c->answer) == 0)
				printf(" %s", f->calls.v[k].name);
		printf("\n");
	}
}

static void print_json(const struct confinement *c, const struct findings *f)
{
	json_object *doc = json_object_new_object(), *calls = json_object_new_array(),
		    *caps = json_object_new_array();
	json_object *own = json_object_new_array();
	auto_buf struct buf location = { 0 };

	json_put_int(doc, "seccomp", true, c->mode);
	json_put_int(doc, "filters", c->filters >= 0, c->filters);
	json_object_object_add(doc, "no_new_privs", json_object_new_boolean(c->no_new_privs));
	for (unsigned i = 0; confinement_capability(i) != NULL; i++)
		if (c->effective >> i & 1)
			json_object_array_add(caps,
					      json_object_new_string(confinement_capability(i)));
	json_object_object_add(doc, "capabilities", caps);
	for (size_t i = 0; i < CONFINEMENT_NAMESPACES; i++)
		if (c->namespaces[i].own)
			json_object_array_add(own, json_object_new_string(c->namespaces[i].kind));
	json_object_object_add(doc, "own_namespaces", own);
	json_put_text(doc, "label", c->label.n > 0, buf_bytes(&c->label));
	if (c->located)
		location_text(c->location.v, &location);
	json_put_text(doc, "runs_in", location.n > 0, buf_bytes(&location));
	for (size_t i = 0; i < f->calls.n; i++) {
		const struct blocked_call *b = &f->calls.v[i];
		json_object *row = json_object_new_object();

		json_put_word(row, "name", b->name);
		json_put_word(row, "arch", arch_name(arch_of(b->arch, b->nr)));
		json_put_int(row, "nr", true, b->nr);
		json_put_word(row, "answer", b->answer);
		json_object_object_add(row, "depends_on_arguments",
				       json_object_new_boolean(b->depends));
		json_object_array_add(calls, row);
	}
	json_object_object_add(doc, "blocked", calls);
	json_put_word(doc, "asked_by", f->by_probe ? "questions" : "filters");
	json_print(doc);
}

static int run_blocked(struct opts *o, struct err *e)
{
	struct confinement c = { 0 };
	struct findings f = { 0 };
	int32_t pid;
	int ret = process_find(o, &pid, e);

	if (ret == 0)
		ret = confinement_read(&c, "", pid, e);
	if (ret == 0 && c.mode == 2)
		ret = pid ? from_filters(&f, pid, e) : from_questions(&f, e);
	if (ret == 0 && opt_on(o, OPT_json)) {
		print_json(&c, &f);
	} else if (ret == 0) {
		print_confinement(&c);
		print_calls(&f);
	}
	if (ret == 0 && f.by_probe && !opt_on(o, OPT_quiet))
		command_say(
			"asked call by call with arguments 0, none was made: what is logged cannot be told from what is allowed, and a "
			"kill not from a trap");
	if (ret == 0 && f.unknown && !opt_on(o, OPT_quiet))
		command_say("%zu of %zu calls could not be judged", f.unknown, f.asked);
	release(&f);
	confinement_release(&c);
	return ret < 0 ? (int)e->status : ST_OK;
}

const struct command command_blocked = {
	.name = "blocked",
	.args = "",
	.about = "say what the filters of a running process refuse",
	.help = "Shows what confines a process: its seccomp filters, read back from the kernel and run for every call that the tables\n"
		"know, and its capabilities, namespaces, label and container. --container and --pod find it. Without these: this\n"
		"process itself, as inside of a container; since filters cannot be read from under one, each call is then put to the kernel as a question, and none\n"
		"is made.\n\n"
		"    scaudit blocked --pid 4711",
	.groups = G_JSON | G_BLOCKED,
	.max_args = 0,
	.run = run_blocked,
};
