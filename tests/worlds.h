/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Made-up machines, what their kernels would log as lines of every form, and lines that somebody
 * forges. For property tests: all of it follows from one seed.
 */
#ifndef TESTS_WORLDS_H
#define TESTS_WORLDS_H

#include "store/base/buf.h"
#include "store/base/map.h"
#include "store/base/mem.h"
#include "store/base/when.h"

#include <inttypes.h>
#include <time.h>

/* ---- chance ---- */

static uint64_t dice_state;

static inline uint32_t dice(uint32_t n)
{
	dice_state ^= dice_state << 13;
	dice_state ^= dice_state >> 7;
	dice_state ^= dice_state << 17;
	return (uint32_t)((dice_state >> 16) % n);
}

static inline bool chance(uint32_t percent)
{
	return dice(100) < percent;
}

static inline void dice_seed(uint64_t seed)
{
	dice_state = seed * 0x9e3779b97f4a7c15u + 0x1234567;
	if (dice_state == 0)
		dice_state = 1;
	for (int i = 0; i < 8; i++)
		dice(2);
}

#define PICK(table) ((table)[dice(ARRAY_SIZE(table))])

/* ---- lines ---- */

enum world_kind { WORLD_TRUSTED, WORLD_TEXT };
struct world_line {
	size_t at, n;
	uint8_t kind;
};

struct world_log {
	struct buf text;
	bool yearless; /* markers may have stamps without a year */
	enum {
		TALES_ANY,
		TALES_OF_TEXT,
		TALES_ONE
	} tales; /* lines are left out that tell otherwise of an event than others of text, or than
		    any */
	struct map told; /* (node and second, serial) -> what was said of it */
	struct {
		struct world_line *v;
		size_t n, cap;
	} lines;
};

static inline void world_release(struct world_log *l)
{
	buf_release(&l->text);
	map_release(&l->told);
	VEC_FREE(&l->lines);
}

static inline void world_end_line(struct world_log *l, size_t from, enum world_kind kind)
{
	buf_char(&l->text, '\n');
	*VEC_PUSH(&l->lines) = (struct world_line){ from, l->text.n - from, (uint8_t)kind };
}

/* ---- what happens ---- */

static const char *const world_nodes[] = { "web", "web.a.org", "web.b.org",
					   "db7", "10.0.0.5",  "db7.a.org" };

static const struct world_program {
	const char *comm[3], *exe;
} world_programs[] = {
	{ { "runc:[2:INIT]", "runc:[2:INIT]", "runc" }, "/usr/bin/runc" },
	{ { "app", "worker", "app" }, "/usr/bin/app" },
	{ { "helper", "helper", "io" }, "/usr/bin/helper" },
	{ { "sh", "sh", "sh" }, "/usr/bin/dash" },
	{ { "sort", "sort", "sort" }, "/usr/bin/sort" },
	{ { "crun", "crun", "crun" }, "/usr/bin/crun" },
	{ { "app", "x y", "app" }, "/opt/app" },
};

struct world_event {
	int node;
	int64_t ms;
	uint32_t serial, uid, auid, arch, code;
	int32_t pid, nr;
	const char *comm, *exe, *subj;
	uint64_t ip;
	int64_t uptime_ms; /* -1: the line has none */
};

enum { WORLD_PIDS = 12, WORLD_SPACES = 8, WORLD_EVENTS = 1000 };

struct world_process {
	int space;
	bool alive;
	uint32_t uid;
};
struct world_space {
	int program;
	uint64_t cell[2];
	uint32_t page;
};

struct world {
	struct world_log *log;
	struct world_space space[WORLD_SPACES];
	struct world_process process[ARRAY_SIZE(world_nodes)][WORLD_PIDS];
	int64_t t, booted[ARRAY_SIZE(world_nodes)];
	uint32_t serial[ARRAY_SIZE(world_nodes)];
	int n_nodes, first_node, n_pids;
	uint32_t lost, text, both, denied, fixed, marked, presence;
	int64_t step;
	struct {
		struct world_event *v;
		size_t n, cap;
	} seen; /* that were trusted: what a forger may know */
};

static const uint64_t world_fixed[] = { 1, 2, 40, 0x1555556, 0x1ffffd3 };

static inline uint64_t world_cell(const struct world *w)
{
	if (dice(100) < w->fixed)
		return PICK(world_fixed);
	return 0x1fc1000 + dice(3) * 0x1000 + dice(chance(50) ? 2 : 24);
}

static inline void world_new_space(const struct world *w, struct world_space *s)
{
	*s = (struct world_space){ .program = (int)dice(ARRAY_SIZE(world_programs)),
				   .cell = { world_cell(w), world_cell(w) },
				   .page = dice(chance(50) ? 3 : 1000) };
	if (chance(60))
		s->cell[1] = s->cell[0];
}

/* ---- one line of an event, in some form ---- */

static inline void world_rfc3339(struct buf *out, int64_t ms)
{
	char text[32];

	buf_str(out, when_rfc3339(ms < 0 ? 0 : ms, text));
}

static inline void world_legacy(struct buf *out, int64_t ms)
{
	time_t t = (time_t)(ms < 0 ? 0 : ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%b %e %H:%M:%S", &tm);
	buf_str(out, text);
}

static inline void world_uptime(struct buf *out, int64_t ms)
{
	if (ms >= 0)
		buf_printf(out, "[%5" PRId64 ".%03" PRId64 "%03d] ", ms / 1000, ms % 1000, 0);
}

static inline void world_who(struct buf *out, const struct world_event *ev)
{
	buf_printf(out, "auid=%u uid=%u gid=%u ses=1 ", ev->auid, ev->uid, ev->uid);
	if (ev->subj)
		buf_printf(out, "subj=%s ", ev->subj);
	buf_printf(out, "pid=%d comm=", ev->pid);
	if (strchr(ev->comm, ' ') != NULL) /* as the kernel writes what is not plain */
		for (const char *p = ev->comm; *p; p++)
			buf_printf(out, "%02X", (unsigned char)*p);
	else
		buf_printf(out, "\"%s\"", ev->comm);
	buf_printf(out, " exe=\"%s\" sig=0 arch=%x syscall=%d compat=0 ip=0x%" PRIx64 " code=0x%x",
		   ev->exe, ev->arch, ev->nr, ev->ip, ev->code);
}

static inline void world_stamp(struct buf *out, const struct world_event *ev)
{
	buf_printf(out, "audit(%" PRId64 ".%03" PRId64 ":%u): ", ev->ms / 1000, ev->ms % 1000,
		   ev->serial);
}

enum world_form {
	FORM_AUDITD,
	FORM_SYSLOG,
	FORM_RFC3339,
	FORM_SHORT_UNIX,
	FORM_MONOTONIC,
	FORM_AUDISP,
	FORM_BUSYBOX,
	FORM_5424,
	N_FORMS,
	FORM_PRESENCE,
	FORM_PRESENCE_TIMED
};

/* Was something else told of this event? Else this is told of it now. */
static inline bool world_told(struct world_log *l, const struct world_event *ev, const char *node)
{
	auto_buf struct buf what = { 0 };
	struct bytes label = bytes_of(node);
	uint64_t key, tale;
	int64_t was;

	if (node[0] > '9')
		label = bytes_until(&label, '.'); /* a short name may be that of a full one */
	key = hash_bytes(label.p, label.n) * 31 + (uint64_t)(ev->ms / 1000);
	world_who(&what, ev);
	buf_printf(&what, "%" PRId64, ev->ms);
	tale = hash_bytes(what.p, what.n) >> 2;
	was = map_get(&l->told, key, ev->serial, -1);
	if (was < 0)
		map_put(&l->told, key, ev->serial, (int64_t)tale);
	return was >= 0 && was != (int64_t)tale;
}

static inline void world_write(struct world_log *l, const struct world_event *ev, const char *node,
			       enum world_form form, enum world_kind kind)
{
	struct buf *out = &l->text;
	size_t from = out->n;

	if ((l->tales == TALES_ONE || (l->tales == TALES_OF_TEXT && kind == WORLD_TEXT)) &&
	    form < N_FORMS && world_told(l, ev, node))
		return;
	switch (form) {
	case FORM_AUDITD:
		buf_printf(out, "node=%s type=SECCOMP msg=", node);
		break;
	case FORM_SYSLOG:
		world_legacy(out, ev->ms);
		buf_printf(out, " %s kernel: ", node);
		world_uptime(out, ev->uptime_ms);
		buf_str(out, "audit: type=1326 ");
		break;
	case FORM_RFC3339:
		world_rfc3339(out, ev->ms);
		buf_printf(out, " %s kernel: ", node);
		world_uptime(out, ev->uptime_ms);
		buf_str(out, "audit: type=1326 ");
		break;
	case FORM_SHORT_UNIX:
		buf_printf(out, "%" PRId64 ".%03" PRId64 "000 %s kernel: audit: type=1326 ",
			   ev->ms / 1000, ev->ms % 1000, node);
		break;
	case FORM_MONOTONIC:
		world_uptime(out, ev->uptime_ms < 0 ? 5 : ev->uptime_ms);
		buf_printf(out, "%s kernel: audit: type=1326 ", node);
		break;
	case FORM_AUDISP:
		world_legacy(out, ev->ms);
		buf_printf(out, " relay audisp-syslog: node=%s type=SECCOMP msg=", node);
		break;
	case FORM_BUSYBOX:
		world_legacy(out, ev->ms);
		buf_printf(out, " %s kern.notice kernel: audit: type=1326 ", node);
		break;
	case FORM_5424:
		buf_str(out, "<5>1 ");
		world_rfc3339(out, ev->ms);
		buf_printf(out, " %s kernel - - - audit: type=1326 ", node);
		break;
	case FORM_PRESENCE_TIMED:
		buf_printf(out, "%" PRId64 ".%03" PRId64 "000 %s audit[%d]: SECCOMP ",
			   ev->ms / 1000, ev->ms % 1000, node, ev->pid);
		break;
	case FORM_PRESENCE:
	default:
		world_legacy(out, ev->ms);
		buf_printf(out, " %s audit[%d]: SECCOMP ", node, ev->pid);
	}
	if (form < N_FORMS)
		world_stamp(out, ev);
	world_who(out, ev);
	world_end_line(l, from, kind);
}

/* A line that says that something was lost. */
static inline void world_write_loss(struct world_log *l, const char *node, int64_t ms,
				    int64_t uptime_ms, enum world_kind kind)
{
	static const struct {
		const char *tag, *before, *after;
	} rows[] = {
		{ "kernel", "audit: audit_lost=", " audit_rate_limit=0 audit_backlog_limit=64" },
		{ "kernel", "audit: audit_backlog=", " > audit_backlog_limit=64" },
		{ "kernel", "audit: backlog limit exceeded", NULL },
		{ "kernel", "audit: rate limit exceeded", NULL },
		{ "kernel", "audit: kauditd_printk_skb: ", " callbacks suppressed" },
		{ "kernel", "kauditd_printk_skb: ", " callbacks suppressed" },
		{ "kernel", "audit_printk_skb: ", " callbacks suppressed" },
		{ "systemd-journald[7]", "Missed ", " kernel messages" },
		{ "systemd-journald[7]", "Suppressed ", " messages from x" },
		{ "systemd-journald[7]", "Forwarding to syslog missed ", " messages." },
		{ "rsyslogd", "imuxsock[pid 9]: lost ",
		  " messages from pid 9 due to rate-limiting" },
	};
	static const char *const numbers[] = { "1", "7", "5000", "4294967296",
					       "9223372036854775807" };
	size_t i = dice(ARRAY_SIZE(rows)), from = l->text.n;

	if (l->yearless && chance(40))
		world_legacy(&l->text, ms);
	else
		world_rfc3339(&l->text, ms);
	buf_printf(&l->text, " %s %s: ", node, rows[i].tag);
	if (strcmp(rows[i].tag, "kernel") == 0)
		world_uptime(&l->text, uptime_ms);
	buf_printf(&l->text, "%s%s%s", rows[i].before, rows[i].after ? PICK(numbers) : "",
		   rows[i].after ? rows[i].after : "");
	world_end_line(l, from, kind);
}

/* ---- what the kernel logs ---- */

static const int32_t world_calls[] = { 0, 1, 3, 9, 12, 257, 41, 20 };
static const int32_t world_forks[] = { 56, 57, 58, 435 };

/* Seen by a trusted source, by text, or by both; or lost. */
static inline void world_emit(struct world *w, struct world_event ev)
{
	const char *node = world_nodes[ev.node];
	bool as_text = dice(100) < w->text;

	ev.ms = w->t + (chance(4) ? -(int64_t)dice(12) : 0);
	ev.serial = w->serial[ev.node]++;
	ev.uptime_ms = chance(50) ? ev.ms - w->booted[ev.node] : -1;
	if (dice(100) < w->lost)
		return;
	if (!as_text) {
		world_write(w->log, &ev, node, chance(80) ? FORM_AUDITD : FORM_RFC3339,
			    WORLD_TRUSTED);
		*VEC_PUSH(&w->seen) = ev;
	}
	if (as_text || dice(100) < w->both)
		world_write(w->log, &ev, node, (enum world_form)dice(N_FORMS), WORLD_TEXT);
	if (dice(100) < w->presence)
		world_write(w->log, &ev, node, chance(50) ? FORM_PRESENCE : FORM_PRESENCE_TIMED,
			    WORLD_TEXT);
}

static inline void world_speak(struct world *w, int node, int32_t pid, int32_t nr)
{
	const struct world_process *p = &w->process[node][pid];
	const struct world_space *s = &w->space[p->space];
	const struct world_program *program = &world_programs[s->program];
	struct world_event ev = { .node = node,
				  .pid = 500 + pid,
				  .uid = p->uid,
				  .auid = p->uid,
				  .nr = nr,
				  .arch = 0xc000003e,
				  .code = dice(100) < w->denied ? 0x50001 : 0x7ffc0000,
				  .comm = PICK(program->comm),
				  .exe = program->exe };

	if (chance(2)) {
		ev.arch = 0x40000003;
		ev.nr = (int32_t)dice(8);
	}
	if (chance(3))
		ev.nr = chance(50) ? 0x40000000 + ev.nr : 3000 + (int32_t)dice(3);
	if (w->presence && chance(30))
		ev.subj = "system_u:system_r:app_t:s0:c1,c2";
	ev.ip = s->cell[chance(80) ? 0 : 1] << 22 | (uint64_t)s->page << 12 |
		(uint64_t)(ev.nr & 0xff) * 16;
	world_emit(w, ev);
}

static inline void world_act(struct world *w)
{
	int node = w->first_node + (int)dice((uint32_t)w->n_nodes);
	int32_t pid = (int32_t)dice((uint32_t)w->n_pids),
		child = (int32_t)dice((uint32_t)w->n_pids);
	struct world_process *p = &w->process[node][pid];
	uint32_t what = dice(100);

	if (!p->alive)
		*p = (struct world_process){ (int)dice(WORLD_SPACES), true, dice(10) == 0 };
	if (what < 50) {
		world_speak(w, node, pid, PICK(world_calls));
	} else if (what < 70 && child != pid) {
		world_speak(w, node, pid, PICK(world_forks));
		if (chance(40))
			w->t += dice(3) == 0 ? dice(1100) : dice(12);
		w->process[node][child] = *p;
		world_speak(w, node, child, PICK(world_calls));
	} else if (what < 86) {
		world_speak(w, node, pid, 59);
		w->t += chance(20) ? dice(400) : 0;
		p->space = (int)dice(WORLD_SPACES);
		if (chance(40))
			world_new_space(w, &w->space[p->space]);
		world_speak(w, node, pid, PICK(world_calls));
	} else if (what < 94) {
		world_speak(w, node, pid, 231);
		p->alive = false;
	} else if (what < 97) {
		w->space[p->space].program = (int)dice(ARRAY_SIZE(world_programs));
	} else if (dice(100) < w->marked) {
		world_write_loss(w->log, world_nodes[node], w->t, w->t - w->booted[node],
				 dice(100) < w->text ? WORLD_TEXT : WORLD_TRUSTED);
	}
}

/* A reboot: serials begin again, pids and addresses too. */
static inline void world_boot(struct world *w, int node)
{
	w->t += 5000 + dice(100000);
	w->booted[node] = w->t - 100;
	w->serial[node] = 2 + dice(20);
	memset(w->process[node], 0, sizeof(w->process[node]));
}

/* About n events. text: per cent that only text tells of. The log is the caller's. */
static inline void world_make(struct world *w, struct world_log *log, size_t n, uint32_t text)
{
	static const int64_t steps[] = { 1, 4, 30, 300, 900, 2500 };
	static const int pids[] = { 2, 4, WORLD_PIDS };

	*w = (struct world){ .log = log,
			     .t = 1795518350000 + dice(3600000),
			     .n_nodes = chance(60) ? 1 : 1 + (int)dice(3),
			     .n_pids = PICK(pids),
			     .lost = chance(60) ? 0 : dice(60),
			     .text = text,
			     .both = chance(50) ? 0 : dice(100),
			     .fixed = chance(50)   ? 0
				      : chance(50) ? 100
						   : 30,
			     .denied = chance(70) ? 0 : dice(30),
			     .marked = chance(50) ? 0 : 80,
			     .presence = text && chance(40) ? dice(20) : 0,
			     .step = PICK(steps) };
	if (text == 0)
		w->both = 0;
	w->first_node = (int)dice((uint32_t)(ARRAY_SIZE(world_nodes) - (size_t)w->n_nodes + 1));
	for (size_t i = 0; i < ARRAY_SIZE(world_nodes); i++) {
		w->serial[i] = chance(5) ? UINT32_MAX - 60 : 100 + dice(1000);
		w->booted[i] = w->t - 60000 - dice(100000);
	}
	for (int i = 0; i < WORLD_SPACES; i++)
		world_new_space(w, &w->space[i]);
	for (size_t tries = 0; log->lines.n < n && tries < 4 * n; tries++) {
		world_act(w);
		w->t += chance(60) ? (int64_t)dice((uint32_t)w->step + 1) : 0;
		if (chance(2))
			w->t += chance(50) ? 3600000 : -(int64_t)dice(2000);
		if (chance(3))
			w->serial[w->first_node] += dice(5);
		if (dice(150) == 0)
			world_boot(w, w->first_node + (int)dice((uint32_t)w->n_nodes));
	}
}

static inline void world_done(struct world *w)
{
	VEC_FREE(&w->seen);
}

/* ---- what a forger writes, knowing all that is there ---- */

static inline const char *forged_node(const struct world *w, int node)
{
	static const char *const others[] = { "web.evil.org", "WEB",	    "db7.z", "w",
					      "10.0.0.6",     "web.a.org.x" };

	return chance(85)   ? world_nodes[node]
	       : chance(50) ? world_nodes[dice(ARRAY_SIZE(world_nodes))]
			    : PICK(others) + 0 * w->n_nodes;
}

/* Another one for what a trusted record says, or one near it. */
static inline void forge_record(struct world *w, struct world_event ev, enum world_form form)
{
	static const int32_t calls[] = { 59, 231, 56, 57, 58, 435, 322, 0, 1, 101, 272 };
	const struct world_space *s = &w->space[dice(WORLD_SPACES)];
	const struct world_program *program =
		&world_programs[chance(70) ? (size_t)s->program
					   : dice(ARRAY_SIZE(world_programs))];

	if (chance(70)) {
		ev.comm = PICK(program->comm);
		ev.exe = program->exe;
		ev.ip = s->cell[0] << 22 | (uint64_t)s->page << 12 | dice(4096);
	}
	if (chance(10))
		ev.exe = "/tmp/evil";
	if (chance(80))
		ev.nr = PICK(calls);
	if (chance(60))
		ev.pid = 500 + (int32_t)dice((uint32_t)w->n_pids + 1);
	if (chance(20))
		ev.ip = world_cell(w) << 22 | dice(4096);
	if (chance(10))
		ev.code = chance(50) ? 0x50001 : 0x80000000;
	if (chance(50))
		ev.serial += dice(40) - 20;
	if (chance(40))
		ev.ms += (int64_t)dice(3000) - 1500;
	ev.uptime_ms = chance(50)   ? -1
		       : chance(50) ? (int64_t)dice(1000000)
				    : ev.ms - w->booted[ev.node];
	world_write(w->log, &ev, forged_node(w, ev.node), form, WORLD_TEXT);
}

static inline void forge_far(struct world *w, struct world_event ev)
{
	static const int64_t times[] = {
		0, 1000, 1795518000000, 1795604750000, 4102444800000, 253402300799000
	};
	static const uint32_t serials[] = { 0, 1, 2, 50, 4000000000u, UINT32_MAX };

	if (chance(80))
		ev.ms = PICK(times) + dice(1000);
	if (chance(80))
		ev.serial = PICK(serials);
	ev.uptime_ms = chance(50) ? -1 : (int64_t)dice(4000000);
	world_write(w->log, &ev, forged_node(w, ev.node), (enum world_form)dice(N_FORMS),
		    WORLD_TEXT);
}

static inline void forge_garbage(struct world *w)
{
	static const char *const lines[] = {
		"",
		"Nov 24 11:05:50 web kernel: audit: type=1326 audit(1795518350.089:1): auid=1",
		"type=SECCOMP msg=audit(1.000:1): pid=",
		"Nov 24 11:05:50 web app: hello",
		"node=web type=SYSCALL msg=audit(1795518350.000:7): arch=c000003e syscall=59",
	};
	size_t from = w->log->text.n;

	buf_str(&w->log->text, PICK(lines));
	world_end_line(w->log, from, WORLD_TEXT);
}

/* n lines of text behind the log. */
static inline void world_forge(struct world *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		static const struct world_event nothing = { .ms = 1795518350000,
							    .serial = 7,
							    .pid = 500,
							    .arch = 0xc000003e,
							    .code = 0x7ffc0000,
							    .comm = "app",
							    .exe = "/usr/bin/app",
							    .ip = 0x7f0000001000,
							    .uptime_ms = -1 };
		struct world_event ev = w->seen.n ? w->seen.v[dice((uint32_t)w->seen.n)] : nothing;
		uint32_t what = dice(100);

		if (what < 66)
			forge_record(w, ev, (enum world_form)dice(N_FORMS));
		else if (what < 76) /* nothing but the truth */
			world_write(w->log, &ev, world_nodes[ev.node],
				    (enum world_form)dice(N_FORMS), WORLD_TEXT);
		else if (what < 84)
			forge_record(w, ev, chance(50) ? FORM_PRESENCE : FORM_PRESENCE_TIMED);
		else if (what < 91)
			world_write_loss(w->log, forged_node(w, ev.node),
					 ev.ms + (int64_t)dice(20000) - 5000,
					 chance(30) ? -1 : (int64_t)dice(1000000), WORLD_TEXT);
		else if (what < 97)
			forge_far(w, ev);
		else
			forge_garbage(w);
	}
}

#endif
