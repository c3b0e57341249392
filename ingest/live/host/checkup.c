// SPDX-License-Identifier: Apache-2.0
/* The questions that doctor asks: a row for each, and a function that answers it. */
#include "ingest/live/host/checkup.h"

#include "store/base/esc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <sys/utsname.h>

#define ACTIONS "/proc/sys/kernel/seccomp/"
#define FEW_RECORDS 1024 /* a backlog limit below this fills while one program starts */
#define NOTHING_MS 200   /* how long a record is waited for that the kernel says it will not make */

static void say_finding(struct finding *f, enum state state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void advise(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say_finding(struct finding *f, enum state state, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		buf_str(&f->found, text);
	va_end(ap);
	f->state = state;
}

static void advise(struct finding *f, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		buf_str(&f->todo, text);
	va_end(ap);
}

/* What the kernel's audit does not tell us. */
static void say_unknown(struct finding *f, const struct checkup *c)
{
	say_finding(f, STATE_UNKNOWN, c->audit_absent ? "not known: there is no audit" : "not known (needs CAP_AUDIT_CONTROL)");
	if (!c->audit_absent)
		advise(f, "run it as root");
}

static bool arrived(const struct checkup *c)
{
	for (size_t i = 0; i < c->delivery.n; i++)
		if (c->delivery.ways[i].arrived)
			return true;
	return false;
}

static const struct delivery_way *way_of(const struct checkup *c, const char *name)
{
	for (size_t i = 0; i < c->delivery.n; i++)
		if (strcmp(c->delivery.ways[i].name, name) == 0)
			return &c->delivery.ways[i];
	return NULL;
}

/* ---- the rows: false where there is nothing to say ---- */

static bool look_seccomp(const struct checkup *c, struct finding *f)
{
	bool built = c->has_config && host_config_has(buf_bytes(&c->config), "CONFIG_SECCOMP") &&
		     host_config_has(buf_bytes(&c->config), "CONFIG_SECCOMP_FILTER");
	char from[256];

	esc_word(from, sizeof(from), bytes_of(c->config_from));
	if (c->has_avail && host_has_word(buf_bytes(&c->avail), "log"))
		say_finding(f, STATE_OK, "CONFIG_SECCOMP and CONFIG_SECCOMP_FILTER are there: the kernel lists its actions, log among them");
	else if (c->has_avail || built)
		say_finding(f, STATE_FAIL, "the kernel has seccomp, but no action log");
	else if (c->has_config)
		say_finding(f, STATE_FAIL, "CONFIG_SECCOMP or CONFIG_SECCOMP_FILTER is not set (%s)", from);
	else
		say_finding(f, STATE_UNKNOWN, "not known: no " ACTIONS "actions_avail, no kernel configuration");
	if (f->state == STATE_FAIL)
		advise(f, "boot a kernel of version 4.14 or later with both options");
	return true;
}

static bool look_logged(const struct checkup *c, struct finding *f)
{
	char words[256];

	if (!c->has_logged) {
		say_finding(f, STATE_UNKNOWN, "not known: " ACTIONS "actions_logged cannot be read");
		return true;
	}
	esc_word(words, sizeof(words), buf_bytes(&c->logged));
	if (host_has_word(buf_bytes(&c->logged), "log")) {
		say_finding(f, STATE_OK, "kernel.seccomp.actions_logged holds log: %s", words);
		return true;
	}
	say_finding(f, STATE_FAIL, "kernel.seccomp.actions_logged does not hold log, so LOG makes no record: %s",
		    words[0] ? words : "it is empty");
	advise(f, "sysctl -w kernel.seccomp.actions_logged='%s%slog'", words, words[0] ? " " : "");
	return true;
}

static bool boots_without_audit(const struct checkup *c)
{
	auto_buf struct buf value = { 0 };

	if (!host_boot_option(c->root, "audit", &value))
		return false;
	return strcmp(buf_text(&value), "0") == 0 || strcasecmp(buf_text(&value), "off") == 0;
}

static bool look_audit(const struct checkup *c, struct finding *f)
{
	bool syscalls = host_config_has(buf_bytes(&c->config), "CONFIG_AUDITSYSCALL");

	if (c->audit_absent == 0 && c->has_config && !syscalls && !arrived(c)) {
		say_finding(f, STATE_FAIL, "CONFIG_AUDITSYSCALL is not set, so seccomp makes no records");
		advise(f, "boot a kernel with CONFIG_AUDITSYSCALL");
	} else if (c->audit_absent == 0) {
		say_finding(f, STATE_OK, "CONFIG_AUDIT is there and audit=0 is not: the audit socket opens");
	} else if (boots_without_audit(c)) {
		say_finding(f, STATE_FAIL, "the kernel was booted with audit=0: there are no records at all");
		advise(f, "remove audit=0 from the kernel's command line and boot again");
	} else if (c->has_config && !host_config_has(buf_bytes(&c->config), "CONFIG_AUDIT")) {
		say_finding(f, STATE_FAIL, "the kernel was built without CONFIG_AUDIT: there are no records at all");
		advise(f, "boot a kernel with CONFIG_AUDIT and CONFIG_AUDITSYSCALL");
	} else {
		say_finding(f, c->audit_absent == EPROTONOSUPPORT ? STATE_FAIL : STATE_UNKNOWN, "the audit socket does not open: %s",
			    strerror(c->audit_absent));
		advise(f, "look for audit=0 in the boot loader's settings, and for CONFIG_AUDIT in the kernel's");
	}
	return true;
}

static bool look_excludes(const struct checkup *c, struct finding *f)
{
	if (!c->excludes_known)
		say_unknown(f, c);
	else if (c->excludes.all == 0 && c->excludes.some == 0)
		say_finding(f, STATE_OK, "none hides records of seccomp");
	else if (c->excludes.all)
		say_finding(f, STATE_FAIL, "a rule of the exclude list hides all records of seccomp");
	else
		say_finding(f, STATE_WARN, "%u rule%s of the exclude list hide%s records of seccomp of some users or programs",
			    c->excludes.some, c->excludes.some == 1 ? "" : "s", c->excludes.some == 1 ? "s" : "");
	if (c->excludes_known && f->state != STATE_OK)
		advise(f, "find it by 'auditctl -l' (msgtype), delete it with -d, and in /etc/audit/rules.d");
	return true;
}

static bool writes_no_log(const struct checkup *c)
{
	auto_buf struct buf value = { 0 };

	return host_auditd(c->root, "write_logs", &value) && strcasecmp(buf_text(&value), "no") == 0;
}

static bool look_daemon(const struct checkup *c, struct finding *f)
{
	auto_free char *path = mem_print("/proc/%d/comm", c->daemon);
	auto_buf struct buf comm = { 0 };
	char name[64], log[256];

	esc_word(log, sizeof(log), buf_bytes(&c->audit_log));
	if (c->daemon == 0) {
		say_finding(f, c->audit_known ? STATE_WARN : STATE_UNKNOWN, "%s: records go to the kernel's log",
			    c->audit_known ? "no audit daemon runs" : "no audit daemon is seen");
		advise(f, "capture while programs are logged ('scaudit capture'), or install auditd");
		return true;
	}
	host_read(c->root, path, &comm);
	esc_word(name, sizeof(name), comm.n ? buf_bytes(&comm) : BYTES("a daemon"));
	if (strcmp(name, "auditd") == 0 && writes_no_log(c)) {
		say_finding(f, STATE_WARN, "auditd runs (pid %d) with write_logs = no: it takes the records and keeps none", c->daemon);
		advise(f, "set write_logs = yes in /etc/audit/auditd.conf, or capture");
	} else if (strcmp(name, "auditd") == 0) {
		say_finding(f, STATE_OK, "auditd runs (pid %d): records go to %s, none to the kernel's log", c->daemon, log);
	} else {
		say_finding(f, STATE_WARN, "%s (pid %d) takes the records from the kernel: where it keeps them is its own matter", name,
			    c->daemon);
		advise(f, "capture, or look into its settings");
	}
	return true;
}

static bool look_printk(const struct checkup *c, struct finding *f)
{
	int64_t seconds, lines;

	if (!host_number(c->root, "/proc/sys/kernel/printk_ratelimit", &seconds) ||
	    !host_number(c->root, "/proc/sys/kernel/printk_ratelimit_burst", &lines)) {
		say_finding(f, STATE_UNKNOWN, "not known: kernel.printk_ratelimit cannot be read");
	} else if (seconds == 0 || c->daemon) {
		say_finding(f, STATE_OK, seconds ? "%" PRId64 " lines in %" PRId64 " s, but no record goes that way while a daemon runs" :
			    "no limit", lines, seconds);
	} else {
		say_finding(f, STATE_WARN, "the kernel's log takes %" PRId64 " lines in %" PRId64 " s: of a program's start nearly all are lost",
			    lines, seconds);
		advise(f, "capture or install auditd; else sysctl -w kernel.printk_ratelimit=0 and read soon, the ring is small");
	}
	return true;
}

static bool look_backlog(const struct checkup *c, struct finding *f)
{
	uint32_t limit = c->audit.backlog_limit;

	if (!c->audit_known) {
		say_unknown(f, c);
	} else if (limit == 0 || limit >= FEW_RECORDS) {
		say_finding(f, STATE_OK, limit ? "%u records may wait" : "no limit", limit);
	} else {
		say_finding(f, STATE_WARN, "%u records may wait; with more, programs that are logged are put to sleep, then records are lost",
			    limit);
		advise(f, c->audit.enabled == 2 ? "audit is locked until the next boot: set audit_backlog_limit=8192 there" :
		       "auditctl -b 8192, and in /etc/audit/rules.d to keep it");
	}
	return true;
}

static bool look_rate(const struct checkup *c, struct finding *f)
{
	if (!c->audit_known || c->audit.rate_limit == 0)
		return false;
	say_finding(f, STATE_WARN, "audit takes %u records a second, all else is lost", c->audit.rate_limit);
	advise(f, "auditctl -r 0");
	return true;
}

static bool look_lost(const struct checkup *c, struct finding *f)
{
	auto_buf struct buf n = { 0 };

	if (!c->audit_known) {
		say_unknown(f, c);
		return true;
	}
	buf_count(&n, c->audit.lost);
	if (c->audit.lost == 0) {
		say_finding(f, STATE_OK, "none since boot");
		return true;
	}
	say_finding(f, STATE_WARN, "%s since boot, or since it was reset", buf_text(&n));
	advise(f, "raise the backlog limit; 'auditctl -s' before and after a run shows whether it rises");
	return true;
}

static bool look_failure(const struct checkup *c, struct finding *f)
{
	if (!c->audit_known || c->audit.failure != 2)
		return false;
	say_finding(f, STATE_WARN, "the kernel panics when a record is lost (failure 2)");
	advise(f, "auditctl -f 1 before anything is logged");
	return true;
}

static void setting(const struct checkup *c, const char *key, const char *otherwise, char *out, size_t size)
{
	auto_buf struct buf value = { 0 };

	if (!host_journald(c->root, key, &value))
		buf_str(&value, otherwise);
	esc_word(out, size, buf_bytes(&value));
}

static bool look_journald(const struct checkup *c, struct finding *f)
{
	char interval[64], burst[64], storage[64], kmsg[64];
	bool runs = host_process(c->root, "systemd-journal") != 0;

	if (!runs && !host_exists(c->root, "/usr/lib/systemd/systemd-journald") &&
	    !host_exists(c->root, "/lib/systemd/systemd-journald"))
		return false;
	setting(c, "RateLimitIntervalSec", "30s", interval, sizeof(interval));
	setting(c, "RateLimitBurst", "10000", burst, sizeof(burst));
	setting(c, "Storage", "auto", storage, sizeof(storage));
	setting(c, "ReadKMsg", "yes", kmsg, sizeof(kmsg));
	/* source: server_dispatch_message in src/journal/journald-server.c: counted where there is a unit */
	say_finding(f, STATE_OK, runs ? "its limit of %s messages in %s is for services; records from the kernel are not counted" :
		    "is installed and does not run (limit: %s messages in %s)", burst, interval);
	if (strcmp(storage, "none") != 0 && strcmp(storage, "volatile") != 0)
		return true;
	f->state = STATE_WARN;
	buf_printf(&f->found, "; Storage=%s", storage);
	advise(f, "set Storage=persistent in /etc/systemd/journald.conf if the journal is where you collect");
	return true;
}

static bool look_rsyslog(const struct checkup *c, struct finding *f)
{
	struct host_rsyslog r = { 0 };
	bool there = (host_exists(c->root, "/usr/sbin/rsyslogd") || host_exists(c->root, "/usr/bin/rsyslogd")) &&
		     host_rsyslog(c->root, &r);
	const char *runs = host_process(c->root, "rsyslogd") ? "runs" : "is installed and does not run";
	char limits[256];

	esc_word(limits, sizeof(limits), buf_bytes(&r.limits));
	if (there && r.journal && !r.unlimited) {
		say_finding(f, STATE_WARN, "%s; it takes the journal's messages with a limit (%s)", runs,
			    limits[0] ? limits : "20000 in 600 s by default");
		advise(f, "set Ratelimit.Interval=\"0\" of imjournal, or collect from elsewhere");
	} else if (there) {
		say_finding(f, STATE_OK, "%s; %s", runs, limits[0] ? limits : "no rate limit is set");
	}
	buf_release(&r.limits);
	return there;
}

static bool look_netlink(const struct checkup *c, struct finding *f)
{
	const struct delivery_way *w = way_of(c, "netlink");

	if (!w->open) {
		say_finding(f, c->audit_absent ? STATE_FAIL : STATE_UNKNOWN, "records cannot be captured: %s", w->why.msg);
		if (!c->audit_absent)
			advise(f, "run it as root, in the initial user namespace");
	} else if (w->arrived || !c->delivery.made || !host_has_word(buf_bytes(&c->logged), "log")) {
		say_finding(f, STATE_OK, "the multicast group may be read: records can be captured");
	} else {
		say_finding(f, STATE_WARN, "the multicast group opens, but no record comes");
		advise(f, "run it in the host's network namespace (hostNetwork: true, --network host)");
	}
	return true;
}

static bool look_namespaces(const struct checkup *c, struct finding *f)
{
	static const char *const kinds[] = { "user", "pid", "net" };
	auto_buf struct buf not = { 0 }, unknown = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		enum host_answer is = host_is_initial(c->root, "self", kinds[i]);
		struct buf *to = is == HOST_NO ? &not : &unknown;

		/* what has been seen to work proves more than a number */
		if (strcmp(kinds[i], "net") == 0 && way_of(c, "netlink")->arrived)
			is = HOST_YES;
		if (strcmp(kinds[i], "pid") == 0 && c->delivery.record_pid && c->delivery.record_pid != c->delivery.pid)
			is = HOST_NO, to = &not;
		if (is != HOST_YES)
			buf_printf(to, "%s%s", to->n ? ", " : "", kinds[i]);
	}
	if (not.n) {
		say_finding(f, STATE_WARN, "this runs in another namespace than the machine's first: %s", buf_text(&not));
		advise(f, "run it on the host itself: records come to the first network namespace and have its pids");
	} else if (unknown.n) {
		say_finding(f, STATE_UNKNOWN, "not known whether this is the machine's first namespace: %s", buf_text(&unknown));
	} else {
		say_finding(f, STATE_OK, "user, pid and network are the machine's first");
	}
	return true;
}

static const char *const modes[] = { "no filter", "strict mode", "filters" };

static void mode_text(const struct host_seccomp *s, struct buf *out)
{
	buf_printf(out, "Seccomp: %d", s->mode);
	if (s->mode == 2 && s->filters >= 0)
		buf_printf(out, ", %d filter%s", s->filters, s->filters == 1 ? "" : "s");
	else if (s->mode >= 0 && s->mode <= 2)
		buf_printf(out, ", %s", modes[s->mode]);
	if (s->differ)
		buf_str(out, ", its threads differ");
}

static bool look_self(const struct checkup *c, struct finding *f)
{
	struct host_seccomp s = { 0 };
	auto_buf struct buf text = { 0 };

	if (!host_seccomp(c->root, "self", &s)) {
		say_finding(f, STATE_UNKNOWN, "not known: /proc/self cannot be read");
	} else if (s.mode == 0) {
		say_finding(f, STATE_OK, "doctor itself runs under no filter");
	} else {
		mode_text(&s, &text);
		say_finding(f, STATE_WARN, "doctor itself runs under seccomp (%s): where its filter answers with an errno, LOG makes no record",
			    buf_text(&text));
		advise(f, "run it outside of the container or service, or without its profile");
	}
	buf_release(&s.name);
	return true;
}

static bool look_pid(const struct checkup *c, struct finding *f)
{
	struct host_seccomp s = { 0 };
	auto_buf struct buf text = { 0 };
	char name[64];

	if (c->pid == NULL)
		return false;
	if (!host_seccomp(c->root, c->pid, &s)) {
		if (host_exists(c->root, "/proc/self"))
			say_finding(f, STATE_UNKNOWN, "no process %s, or it is hidden", c->pid);
		else
			say_finding(f, STATE_UNKNOWN, "not known: /proc is missing");
		buf_release(&s.name);
		return true;
	}
	mode_text(&s, &text);
	esc_word(name, sizeof(name), buf_bytes(&s.name));
	say_finding(f, s.mode ? STATE_OK : STATE_WARN, "%s (%s): %s", c->pid, name, buf_text(&text));
	if (s.mode == 0)
		advise(f, "it makes no records: start it with a profile that logs");
	buf_release(&s.name);
	return true;
}

static bool look_overhead(const struct checkup *c, struct finding *f)
{
	if (c->overhead_known)
		say_finding(f, STATE_OK, "a call took %.0f ns, and %.0f ns when it was logged; %u records were made to measure it",
			    c->overhead.plain_ns, c->overhead.logged_ns, c->overhead.records);
	else
		say_finding(f, STATE_UNKNOWN, "not measured: %s", c->overhead_why.msg);
	return true;
}

static const struct { const char *what; bool (*look)(const struct checkup *c, struct finding *f); } rows[] = {
	{ "seccomp", look_seccomp },
	{ "actions logged", look_logged },
	{ "audit", look_audit },
	{ "exclude rules", look_excludes },
	{ "audit daemon", look_daemon },
	{ "printk", look_printk },
	{ "backlog limit", look_backlog },
	{ "rate limit", look_rate },
	{ "lost records", look_lost },
	{ "on loss", look_failure },
	{ "journald", look_journald },
	{ "rsyslog", look_rsyslog },
	{ "netlink", look_netlink },
	{ "namespaces", look_namespaces },
	{ "own filter", look_self },
	{ "process", look_pid },
	{ "cost", look_overhead },
};

/* ---- looking ---- */

static void read_kernel(struct checkup *c)
{
	struct utsname u;
	struct err e = { 0 };

	c->has_avail = host_read(c->root, ACTIONS "actions_avail", &c->avail);
	c->has_logged = host_read(c->root, ACTIONS "actions_logged", &c->logged);
	c->has_config = uname(&u) == 0 && host_config(c->root, u.release, &c->config, c->config_from);
	c->audit_absent = audit_absent();
	c->audit_known = audit_read(&c->audit, &c->audit_why) == 0;
	c->excludes_known = audit_read_excludes(&c->excludes, &e) == 0;
	c->daemon = c->audit_known ? (int)c->audit.daemon : host_process(c->root, "auditd");
	if (!host_auditd(c->root, "log_file", &c->audit_log))
		buf_str(&c->audit_log, "/var/log/audit/audit.log");
}

static void measure(struct checkup *c)
{
	if (!host_has_word(buf_bytes(&c->logged), "log"))
		err_set(&c->overhead_why, ST_SYSTEM, "LOG makes no record here");
	else
		c->overhead_known = overhead_measure(&c->overhead, &c->overhead_why) == 0;
}

static void look_at_machine(struct checkup *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct finding f = { .what = rows[i].what };

		if (rows[i].look(c, &f))
			*VEC_PUSH(&c->findings) = f;
	}
}

static const struct finding *first_failure(const struct checkup *c)
{
	for (size_t i = 0; i < c->findings.n; i++)
		if (c->findings.v[i].state == STATE_FAIL)
			return &c->findings.v[i];
	return NULL;
}

/* Might records come and we not see them, or our own filter keep ours from being made? */
static bool is_blind(const struct checkup *c)
{
	struct host_seccomp s = { 0 };
	bool filtered = host_seccomp(c->root, "self", &s) && s.mode != 0;

	buf_release(&s.name);
	return filtered || !way_of(c, "netlink")->open || host_is_initial(c->root, "self", "net") != HOST_YES;
}

static enum outcome outcome_of(const struct checkup *c)
{
	const struct delivery_way *live = way_of(c, "netlink");

	if (delivery_by(&c->delivery, DELIVERY_KEPT) != NULL)
		return OUTCOME_KEPT;
	if (live->arrived)
		return OUTCOME_LIVE;
	if (delivery_by(&c->delivery, DELIVERY_RING) != NULL)
		return OUTCOME_RING;
	return first_failure(c) == NULL && c->delivery.made && is_blind(c) ? OUTCOME_UNKNOWN : OUTCOME_NONE;
}

static void give_verdict(struct checkup *c)
{
	const struct delivery_way *kept = delivery_by(&c->delivery, DELIVERY_KEPT);
	const struct finding *bad = first_failure(c);
	char name[256];

	c->outcome = outcome_of(c);
	switch (c->outcome) {
	case OUTCOME_KEPT:
		esc_word(name, sizeof(name), bytes_of(kept->path != NULL ? kept->path : "the journal"));
		buf_printf(&c->verdict, "Records are made and kept, in %s%s.", name,
			   c->daemon ? "" : "; without an audit daemon most are lost on the way, so capture them");
		break;
	case OUTCOME_LIVE:
		buf_str(&c->verdict, "Records are made, and 'scaudit capture' can keep them; nothing else on this machine does.");
		break;
	case OUTCOME_RING:
		buf_str(&c->verdict, "Records are made, but come no further than the kernel's ring: read it soon (dmesg | scaudit ingest).");
		break;
	case OUTCOME_UNKNOWN:
		buf_str(&c->verdict, "It is not known whether records are kept: nothing speaks against it, but seeing one needs root on the host itself.");
		break;
	case OUTCOME_NONE:
		buf_str(&c->verdict, "No record can be kept: ");
		if (bad != NULL)
			buf_add(&c->verdict, bad->found.p, bad->found.n);
		else
			buf_str(&c->verdict, c->delivery.made ? "one was made and came nowhere" : c->delivery.why.msg);
		buf_char(&c->verdict, '.');
		break;
	}
}

void checkup_run(struct checkup *c, const char *root, const char *pid)
{
	*c = (struct checkup){ .root = root, .pid = pid };
	read_kernel(c);
	delivery_watch(&c->delivery, buf_text(&c->audit_log),
		       c->has_logged && !host_has_word(buf_bytes(&c->logged), "log") ? NOTHING_MS : DELIVERY_MS);
	measure(c);
	look_at_machine(c);
	give_verdict(c);
}

void checkup_release(struct checkup *c)
{
	for (size_t i = 0; i < c->findings.n; i++) {
		buf_release(&c->findings.v[i].found);
		buf_release(&c->findings.v[i].todo);
	}
	VEC_FREE(&c->findings);
	delivery_release(&c->delivery);
	buf_release(&c->avail);
	buf_release(&c->logged);
	buf_release(&c->config);
	buf_release(&c->audit_log);
	buf_release(&c->verdict);
}
