// SPDX-License-Identifier: Apache-2.0
/* What is read of a machine's files, on fake trees; excluding rules; programs whose output is read.
 */
#include "tests/test.h"

#include "ingest/live/kernel/audit.h"
#include "ingest/live/kernel/helper.h"
#include "ingest/live/host/host.h"
#include "store/base/err.h"

#include <libaudit.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/scaudit-host-XXXXXX";

/* Makes a file of the tree, with the folders that it lies in. */
static void put(const char *path, const char *text)
{
	auto_free char *whole = mem_print("%s%s", root, path);
	FILE *f;

	for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		mkdir(whole, 0755);
		*at = '/';
	}
	f = fopen(whole, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void clear(void)
{
	auto_free char *command = mem_print("rm -rf '%s' && mkdir '%s'", root, root);

	assert_int_equal(system(command), 0);
}

/* ---- journald.conf ---- */

static struct journald_row {
	const char *name, *files[6], *key, *want; /* files: path, text, ...; want NULL: not set */
} journald_rows[] = {
	{ "journald: nothing there", { NULL }, "RateLimitBurst", NULL },
	{ "journald: a comment is no setting",
	  { "/etc/systemd/journald.conf", "[Journal]\n#RateLimitBurst=5\n" },
	  "RateLimitBurst",
	  NULL },
	{ "journald: main file",
	  { "/etc/systemd/journald.conf", "[Journal]\nRateLimitBurst = 5 \n" },
	  "RateLimitBurst",
	  "5" },
	{ "journald: another section does not count",
	  { "/etc/systemd/journald.conf", "[Other]\nRateLimitBurst=5\n" },
	  "RateLimitBurst",
	  NULL },
	{ "journald: the last line counts",
	  { "/etc/systemd/journald.conf", "[Journal]\nRateLimitBurst=5\nRateLimitBurst=6" },
	  "RateLimitBurst",
	  "6" },
	{ "journald: an empty value unsets",
	  { "/etc/systemd/journald.conf", "[Journal]\nRateLimitBurst=5\nRateLimitBurst=\n" },
	  "RateLimitBurst",
	  NULL },
	{ "journald: a drop-in of the vendor beats the main file",
	  { "/etc/systemd/journald.conf", "[Journal]\nStorage=none\n",
	    "/usr/lib/systemd/journald.conf.d/10.conf", "[Journal]\nStorage=volatile\n" },
	  "Storage",
	  "volatile" },
	{ "journald: drop-ins in the order of names, whatever their folder",
	  { "/usr/lib/systemd/journald.conf.d/20.conf", "[Journal]\nStorage=persistent\n",
	    "/etc/systemd/journald.conf.d/10.conf", "[Journal]\nStorage=none\n" },
	  "Storage",
	  "persistent" },
	{ "journald: of one name that in /etc counts",
	  { "/usr/lib/systemd/journald.conf.d/20.conf", "[Journal]\nStorage=persistent\n",
	    "/etc/systemd/journald.conf.d/20.conf", "[Journal]\nStorage=none\n" },
	  "Storage",
	  "none" },
	{ "journald: other names than *.conf do not count",
	  { "/etc/systemd/journald.conf.d/a.bak", "[Journal]\nStorage=none\n" },
	  "Storage",
	  NULL },
};

static void reads_journald(void **state)
{
	const struct journald_row *row = *state;
	auto_buf struct buf got = { 0 };

	clear();
	for (size_t i = 0; i + 1 < ARRAY_SIZE(row->files) && row->files[i] != NULL; i += 2)
		put(row->files[i], row->files[i + 1]);
	assert_int_equal(host_journald(root, row->key, &got), row->want != NULL);
	if (row->want != NULL)
		assert_bytes(buf_bytes(&got), row->want);
}

/* ---- rsyslog ---- */

static struct rsyslog_row {
	const char *name, *text, *more; /* more: a file of rsyslog.d */
	bool kernel, journal, unlimited;
	const char *limits;
} rsyslog_rows[] = {
	{ "rsyslog: kernel's log by a module", "module(load=\"imklog\")\n", NULL, true, false,
	  false, "" },
	{ "rsyslog: the old form", "$ModLoad imklog\n$SystemLogRateLimitInterval 2\n", NULL, true,
	  false, false, "$SystemLogRateLimitInterval 2" },
	{ "rsyslog: a comment is no setting", "#module(load=\"imjournal\" Ratelimit.Burst=\"9\")\n",
	  NULL, false, false, false, "" },
	{ "rsyslog: imjournal with a limit over several lines",
	  "module(load=\"imjournal\"\n  Ratelimit.Interval=\"600\"\n  ratelimit.burst=\"20000\")\n",
	  NULL, false, true, false, "Ratelimit.Interval=\"600\", ratelimit.burst=\"20000\"" },
	{ "rsyslog: imjournal without a limit, in a drop-in", "",
	  "module(load=\"imjournal\" Ratelimit.Interval=\"0\")", false, true, true,
	  "Ratelimit.Interval=\"0\"" },
	{ "rsyslog: the old form of imjournal's",
	  "$ModLoad imjournal\n$imjournalRatelimitInterval 0", NULL, false, true, true,
	  "$imjournalRatelimitInterval 0" },
	{ "rsyslog: an old setting without a value", "$SystemLogRateLimitBurst", NULL, false, false,
	  false, "$SystemLogRateLimitBurst" },
};

static void reads_rsyslog(void **state)
{
	const struct rsyslog_row *row = *state;
	struct host_rsyslog got;

	clear();
	put("/etc/rsyslog.conf", row->text);
	if (row->more != NULL)
		put("/etc/rsyslog.d/50-more.conf", row->more);
	assert_true(host_rsyslog(root, &got));
	assert_int_equal(got.kernel, row->kernel);
	assert_int_equal(got.journal, row->journal);
	assert_int_equal(got.unlimited, row->unlimited);
	assert_bytes(buf_bytes(&got.limits), row->limits);
	buf_release(&got.limits);
}

static void no_rsyslog(void **state)
{
	struct host_rsyslog got;

	(void)state;
	clear();
	assert_false(host_rsyslog(root, &got));
	buf_release(&got.limits);
}

/* ---- the kernel ---- */

static struct boot_row {
	const char *name, *text, *want;
} boot_rows[] = {
	{ "cmdline: not there", "ro quiet", NULL },
	{ "cmdline: off", "ro audit=0 quiet\n", "0" },
	{ "cmdline: the last one counts", "audit=0 audit=1", "1" },
	{ "cmdline: another option ends alike", "noaudit=0 audit_backlog_limit=9", NULL },
	{ "cmdline: what is for init does not count", "quiet -- audit=0", NULL },
};

static void reads_cmdline(void **state)
{
	const struct boot_row *row = *state;
	auto_buf struct buf got = { 0 };

	clear();
	put("/proc/cmdline", row->text);
	assert_int_equal(host_boot_option(root, "audit", &got), row->want != NULL);
	if (row->want != NULL)
		assert_bytes(buf_bytes(&got), row->want);
}

static struct number_row {
	const char *name, *text;
	bool good;
	int64_t want;
} number_rows[] = {
	{ "number: as a sysctl has it", "5\n", true, 5 },
	{ "number: zero", "0", true, 0 },
	{ "number: empty", "", false, 0 },
	{ "number: negative", "-1\n", false, 0 },
	{ "number: two", "4\t4\n", false, 0 },
	{ "number: too large", "99999999999999999999", false, 0 },
};

static void reads_numbers(void **state)
{
	const struct number_row *row = *state;
	int64_t got = -7;

	clear();
	put("/proc/sys/kernel/printk_ratelimit", row->text);
	assert_int_equal(host_number(root, "/proc/sys/kernel/printk_ratelimit", &got), row->good);
	if (row->good)
		assert_int_equal(got, row->want);
}

static void words(void **state)
{
	(void)state;
	assert_true(host_has_word(BYTES("kill_process log"), "log"));
	assert_true(host_has_word(BYTES("log\n"), "log"));
	assert_false(host_has_word(BYTES("kill_process logs"), "log"));
	assert_false(host_has_word(BYTES(""), "log"));
	assert_false(host_has_word((struct bytes){ "log\0", 4 }, "log"));
}

static void reads_config(void **state)
{
	auto_buf struct buf text = { 0 }, packed = { 0 };
	auto_free char *command =
		mem_print("echo CONFIG_AUDIT=y | gzip >'%s/proc/config.gz'", root);
	char where[256];

	(void)state;
	clear();
	assert_false(host_config(root, "6.1.0", &text, where));
	assert_string_equal(where, "");
	put("/boot/config-6.1.0",
	    "CONFIG_SECCOMP=y\n# CONFIG_SECCOMP_FILTER is not set\nCONFIG_AUDITSYSCALL=n\n");
	text.n = 0;
	assert_true(host_config(root, "6.1.0", &text, where));
	assert_string_equal(where, "/boot/config-6.1.0");
	assert_true(host_config_has(buf_bytes(&text), "CONFIG_SECCOMP"));
	assert_false(host_config_has(buf_bytes(&text), "CONFIG_SECCOMP_FILTER"));
	assert_false(host_config_has(buf_bytes(&text), "CONFIG_AUDITSYSCALL"));
	assert_false(host_config_has(buf_bytes(&text), "CONFIG_AUDIT"));
	put("/proc/cmdline", "");
	assert_int_equal(system(command), 0);
	assert_true(host_config(root, "6.1.0", &packed, where));
	assert_string_equal(where, "/proc/config.gz");
	assert_true(host_config_has(buf_bytes(&packed), "CONFIG_AUDIT"));
}

/* ---- processes ---- */

static void link_namespace(const char *process, const char *kind, const char *to)
{
	auto_free char *folder = mem_print("/proc/%s/ns/.keep", process),
		       *path = mem_print("%s/proc/%s/ns/%s", root, process, kind);

	put(folder, "");
	unlink(path);
	assert_int_equal(symlink(to, path), 0);
}

static void namespaces(void **state)
{
	(void)state;
	clear();
	assert_int_equal(host_is_initial(root, "self", "pid"), HOST_UNKNOWN);
	link_namespace("self", "pid", "pid:[4026531836]");
	assert_int_equal(host_is_initial(root, "self", "pid"), HOST_YES);
	link_namespace("self", "net", "net:[4026531833]");
	assert_int_equal(host_is_initial(root, "self", "net"), HOST_YES);
	link_namespace("self", "net", "net:[4026531992]");
	assert_int_equal(host_is_initial(root, "self", "net"),
			 HOST_UNKNOWN); /* an older kernel's, or another one */
	link_namespace("1", "net", "net:[4026531992]");
	assert_int_equal(host_is_initial(root, "self", "net"), HOST_YES);
	link_namespace("1", "net", "net:[4026531840]");
	assert_int_equal(host_is_initial(root, "self", "net"), HOST_NO);
	link_namespace("self", "pid",
		       "pid:[4026532200]"); /* a container's: its process 1 says nothing */
	assert_int_equal(host_is_initial(root, "self", "pid"), HOST_NO);
	assert_int_equal(host_is_initial(root, "self", "net"), HOST_UNKNOWN);
}

static void seccomp_of_a_process(void **state)
{
	struct host_seccomp s;

	(void)state;
	clear();
	assert_false(host_seccomp(root, "7", &s));
	put("/proc/7/comm", "a b\n");
	put("/proc/7/task/7/status", "Name:\ta b\nSeccomp:\t0\nSeccomp_filters:\t0\n");
	assert_true(host_seccomp(root, "7", &s));
	assert_int_equal(s.mode, 0);
	assert_false(s.differ);
	assert_bytes(buf_bytes(&s.name), "a b");
	buf_release(&s.name);
	put("/proc/7/task/8/status", "Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t3\n");
	assert_true(host_seccomp(root, "7", &s));
	assert_int_equal(s.mode, 2);
	assert_int_equal(s.filters, 3);
	assert_true(s.differ);
	buf_release(&s.name);
	clear();
	put("/proc/7/task/7/status", "Seccomp:\t2\n"); /* before 5.9 */
	assert_true(host_seccomp(root, "7", &s));
	assert_int_equal(s.mode, 2);
	assert_int_equal(s.filters, -1);
	buf_release(&s.name);
}

static void processes_by_name(void **state)
{
	(void)state;
	clear();
	assert_int_equal(host_process(root, "auditd"), 0);
	put("/proc/12/comm", "kauditd\n");
	assert_int_equal(host_process(root, "auditd"), 0);
	put("/proc/345/comm", "auditd\n");
	assert_int_equal(host_process(root, "auditd"), 345);
}

static void reads_auditd(void **state)
{
	auto_buf struct buf got = { 0 };

	(void)state;
	clear();
	assert_false(host_auditd(root, "log_file", &got));
	put("/etc/audit/auditd.conf",
	    "# log_file = /no\nWrite_Logs = no\nlog_file = /var/log/a b.log\n");
	assert_true(host_auditd(root, "log_file", &got));
	assert_bytes(buf_bytes(&got), "/var/log/a b.log");
	assert_true(host_auditd(root, "write_logs", &got));
	assert_bytes(buf_bytes(&got), "no");
}

static void a_file_is_bounded(void **state)
{
	auto_buf struct buf got = { 0 };
	auto_free char *command = mem_print("head -c 3000000 /dev/zero >'%s/big'", root);

	(void)state;
	clear();
	assert_int_equal(system(command), 0);
	assert_true(host_read(root, "/big", &got));
	assert_in_range(got.n, 1, HOST_FILE_MAX + 4096);
	assert_false(host_read("", "/dev/zero", &got));
	assert_false(host_read("", "/dev", &got));
}

/* ---- audit rules ---- */

static struct rule_row {
	const char *name;
	uint32_t flags, n, fields[2], ops[2], values[2], all, some;
} rule_rows[] = {
	{ "rule: msgtype is SECCOMP",
	  AUDIT_FILTER_EXCLUDE,
	  1,
	  { AUDIT_MSGTYPE },
	  { AUDIT_EQUAL },
	  { 1326 },
	  1,
	  0 },
	{ "rule: put in front",
	  AUDIT_FILTER_EXCLUDE | AUDIT_FILTER_PREPEND,
	  1,
	  { AUDIT_MSGTYPE },
	  { AUDIT_EQUAL },
	  { 1326 },
	  1,
	  0 },
	{ "rule: another type",
	  AUDIT_FILTER_EXCLUDE,
	  1,
	  { AUDIT_MSGTYPE },
	  { AUDIT_EQUAL },
	  { 1300 },
	  0,
	  0 },
	{ "rule: all but another type",
	  AUDIT_FILTER_EXCLUDE,
	  1,
	  { AUDIT_MSGTYPE },
	  { AUDIT_NOT_EQUAL },
	  { 1300 },
	  1,
	  0 },
	{ "rule: a range that holds it",
	  AUDIT_FILTER_EXCLUDE,
	  2,
	  { AUDIT_MSGTYPE, AUDIT_MSGTYPE },
	  { AUDIT_GREATER_THAN_OR_EQUAL, AUDIT_LESS_THAN_OR_EQUAL },
	  { 1326, 1326 },
	  1,
	  0 },
	{ "rule: a range that ends before",
	  AUDIT_FILTER_EXCLUDE,
	  2,
	  { AUDIT_MSGTYPE, AUDIT_MSGTYPE },
	  { AUDIT_GREATER_THAN, AUDIT_LESS_THAN },
	  { 1300, 1326 },
	  0,
	  0 },
	{ "rule: of one user",
	  AUDIT_FILTER_EXCLUDE,
	  2,
	  { AUDIT_MSGTYPE, AUDIT_UID },
	  { AUDIT_EQUAL, AUDIT_EQUAL },
	  { 1326, 7 },
	  0,
	  1 },
	{ "rule: of one user, all types",
	  AUDIT_FILTER_EXCLUDE,
	  1,
	  { AUDIT_UID },
	  { AUDIT_EQUAL },
	  { 7 },
	  0,
	  1 },
	{ "rule: of another list",
	  AUDIT_FILTER_EXIT,
	  1,
	  { AUDIT_MSGTYPE },
	  { AUDIT_EQUAL },
	  { 1326 },
	  0,
	  0 },
	{ "rule: more fields than there are",
	  AUDIT_FILTER_EXCLUDE,
	  65,
	  { AUDIT_MSGTYPE },
	  { AUDIT_EQUAL },
	  { 1326 },
	  0,
	  0 },
};

static void counts_rules(void **state)
{
	const struct rule_row *row = *state;
	struct audit_rule_data rule = { .flags = row->flags,
					.action = AUDIT_NEVER,
					.field_count = row->n };
	struct audit_excludes got = { 0 };

	for (size_t i = 0; i < 2; i++) {
		rule.fields[i] = row->fields[i];
		rule.fieldflags[i] = row->ops[i];
		rule.values[i] = row->values[i];
	}
	audit_count_rule(&got, &rule);
	assert_int_equal(got.all, row->all);
	assert_int_equal(got.some, row->some);
}

/* ---- helpers ---- */

static struct helper_row {
	const char *name, *command;
	size_t max;
	int ms;
	bool good;
	const char *want;
} helper_rows[] = {
	{ "helper: what it prints", "echo a; echo b >&2", 100, 5000, true, "a\n" },
	{ "helper: what is too much is left out", "echo abcdef", 3, 5000, true, "abc" },
	{ "helper: nothing on its standard input", "cat", 100, 5000, true, "" },
	{ "helper: another status", "echo a; exit 3", 100, 5000, false, NULL },
	{ "helper: one that does not end", "exec sleep 60", 100, 50, false, NULL },
	{ "helper: one that never stops to print", "exec yes", 100, 50, false, NULL },
};

static void helps(void **state)
{
	const struct helper_row *row = *state;
	const char *const argv[] = { "sh", "-c", row->command, NULL };
	auto_buf struct buf got = { 0 };
	struct err e = { 0 };

	assert_int_equal(helper_output(argv, row->max, row->ms, &got, &e) == 0, row->good);
	if (row->good)
		assert_bytes(buf_bytes(&got), row->want);
	else
		assert_int_equal(e.status, ST_SYSTEM);
}

static void no_such_helper(void **state)
{
	const char *const argv[] = { "/no/such/program", NULL };
	auto_buf struct buf got = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(helper_output(argv, 10, 1000, &got, &e), -1);
}

int main(void)
{
	struct tests t = { 0 };
	int ret;

	if (mkdtemp(root) == NULL)
		return 1;
	ADD_ROWS(&t, journald_rows, reads_journald);
	ADD_ROWS(&t, rsyslog_rows, reads_rsyslog);
	ADD(&t, no_rsyslog);
	ADD_ROWS(&t, boot_rows, reads_cmdline);
	ADD_ROWS(&t, number_rows, reads_numbers);
	ADD(&t, words);
	ADD(&t, reads_config);
	ADD(&t, namespaces);
	ADD(&t, seccomp_of_a_process);
	ADD(&t, processes_by_name);
	ADD(&t, reads_auditd);
	ADD(&t, a_file_is_bounded);
	ADD_ROWS(&t, rule_rows, counts_rules);
	ADD_ROWS(&t, helper_rows, helps);
	ADD(&t, no_such_helper);
	ret = run_rows(&t, "host");
	clear();
	rmdir(root);
	return ret;
}
