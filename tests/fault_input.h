/* SPDX-License-Identifier: Apache-2.0 */
/* What the scenes of test_fault.c read: made-up logs of one machine, and a policy. */
#ifndef TESTS_FAULT_INPUT_H
#define TESTS_FAULT_INPUT_H

#include "tests/rig.h"

#define T0 1795518350000ll /* 2026-11-24T11:05:50Z */
#define COUNT 12           /* processes of a boot */

enum form { SYSLOG, AUDITD };

struct one {
	int64_t ms;
	uint32_t serial;
	int pid;
	const char *comm, *exe;
	int nr;
	unsigned ip;
	uint32_t code;
};

static inline void add_record(struct buf *out, enum form form, const struct one *r)
{
	char stamp[64];
	time_t second = r->ms / 1000;

	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", gmtime(&second));
	if (form == SYSLOG)
		buf_printf(out, "%s.%03d000+00:00 node01 kernel: audit: type=1326 audit(", stamp,
			   (int)(r->ms % 1000));
	else
		buf_str(out, "type=SECCOMP msg=audit(");
	buf_printf(
		out,
		"%lld.%03d:%u): auid=1000 uid=1000 gid=1000 ses=2 pid=%d comm=\"%s\" exe=\"%s\" sig=0 arch=c000003e "
		"syscall=%d compat=0 ip=0x7f328%07x code=0x%x\n",
		(long long)second, (int)(r->ms % 1000), r->serial, r->pid, r->comm, r->exe, r->nr,
		r->ip, r->code);
}

/* A shell that calls, forks, and whose child execs a worker; five more such calls 700 ms later, so
 * in other intervals. */
static inline size_t a_life(struct one *v, int64_t ms, uint32_t serial, int pid)
{
	static const int calls[] = { 12, 9, 21, 257, 56 };
	const char *worker = pid % 3 == 0 ? "cat" : pid % 3 == 1 ? "worker" : "sort";
	static const char *const exes[] = { "/usr/bin/cat", "/opt/worker", "/usr/bin/sort" };
	size_t n = 0;

	v[n++] =
		(struct one){ ms, serial, pid, "logrun", "/opt/logrun", 59, 0xaf00bad, 0x7ffc0000 };
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		v[n++] = (struct one){ ms + 5 + (int64_t)i, 0,	      pid,	 "sh",
				       "/usr/bin/dash",	    calls[i], 0xe6a7c47, 0x7ffc0000 };
	v[n++] = (struct one){
		ms + 20, 0, pid + 1, "sh", "/usr/bin/dash", 59, 0xe6a7c60, 0x7ffc0000
	};
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		v[n++] = (struct one){ ms + 720 + (int64_t)i,
				       0,
				       pid + 1,
				       worker,
				       exes[pid % 3],
				       calls[i] + pid % 5,
				       0x2269c47,
				       i == 3 ? 0x50001 : 0x7ffc0000 };
	v[n++] =
		(struct one){ ms + 760, 0, pid, "sh", "/usr/bin/dash", 231, 0xe6a7c99, 0x7ffc0000 };
	for (size_t i = 0; i < n; i++)
		v[i].serial = serial + (uint32_t)i;
	return n;
}

/* Which of all records a log has. */
enum part { EARLY, LATE, WHOLE, MORE, OTHER };

/*
 * Two boots: the serials of the second begin within those of the first. Its early part, with the
 * late one of the second, looks like one boot. In the second lives a daemon of many intervals; MORE
 * is what it does later.
 */
static inline void add_log(struct buf *out, enum form form, enum part part)
{
	struct one v[32];
	uint32_t serial = 1000;

	/* of another boot, so that it may be another name of the same machine */
	for (uint32_t i = 0; i < 40 && part == OTHER; i++)
		add_record(out, form,
			   &(struct one){ T0 + 86400000 + i * 1000, 10 + i, 95, "late",
					  "/usr/bin/late", (int)i % 5, 0x1111111, 0x7ffc0000 });
	for (int i = 0; i < 2 * COUNT && part != OTHER; i++) {
		bool second = i >= COUNT;
		size_t n;

		if (i == COUNT)
			serial = 1000 + 14 * COUNT / 2;
		n = a_life(v, T0 + i * 1500 + second * 100000, serial, 200 + i * 7 % 50 * 2);
		serial += (uint32_t)n;
		for (size_t k = 0; k < n; k++) {
			if (part == MORE || (part == EARLY && !second && i > COUNT / 4) ||
			    (part == LATE && i % 3 == 1))
				continue;
			/* what the kernel says itself is another call than a user had written */
			if (form == AUDITD && v[k].serial % 50 == 0)
				v[k].nr = 39;
			add_record(out, form, &v[k]);
		}
	}
	for (int i = 0; i < 170 && part != OTHER; i++)
		if ((part == MORE) == (i >= 140))
			add_record(out, form,
				   &(struct one){ T0 + 200000 + i * 1000, serial + (uint32_t)i, 90,
						  "daemon", "/usr/sbin/daemon", i % 7, 0x1111111,
						  0x7ffc0000 });
}

static inline void add_rest(struct buf *out)
{
	for (int i = 0; i < 30; i++)
		buf_printf(
			out,
			"2026-11-24T11:05:%02d.000000+00:00 node01 audit[%d]: SECCOMP auid=1000 uid=1000 gid=1000 ses=2 pid=%d "
			"comm=\"sh\" exe=\"/usr/bin/dash\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000\n",
			i + 10, 200 + i * 2, 200 + i * 2, i % 9);
	for (int i = 0; i < 20; i++)
		buf_printf(
			out,
			"2026-11-24T11:06:%02d.000000+00:00 node01 kernel: [ 20%02d.253054] kauditd_printk_skb: %d callbacks suppressed\n",
			i, i, 1000 + i);
}

/* All files that the scenes read. */
static inline void write_inputs(const char *dir)
{
	static const struct { const char *name; enum form form; enum part part;
	} logs[] = {
		{ "early.log", SYSLOG, EARLY }, { "late.log", SYSLOG, LATE },
		{ "whole.log", SYSLOG, WHOLE }, { "more.log", SYSLOG, MORE },
		{ "other.log", SYSLOG, OTHER }, { "kernel.log", AUDITD, WHOLE },
	};
	auto_buf struct buf text = { 0 };
	auto_free char *rest = mem_print("%s/rest.log", dir),
		       *policy = mem_print("%s/policy.json", dir);

	for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
		auto_free char *path = mem_print("%s/%s", dir, logs[i].name);

		text.n = 0;
		add_log(&text, logs[i].form, logs[i].part);
		rig_file(path, buf_bytes(&text), 0666);
	}
	text.n = 0;
	add_rest(&text);
	rig_file(rest, buf_bytes(&text), 0666);
	rig_file(
		policy,
		BYTES("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86_64\"], \"syscalls\": "
		      "[{\"names\": [\"read\", \"mmap\", \"execve\"], \"action\": \"SCMP_ACT_ALLOW\"}]}\n"),
		0666);
}

#endif
