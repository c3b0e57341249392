/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KIND(id, name, starts, what makes it whole or NULL, what tells of loss or NULL, event id, who may have written it, about): only
 * rows. Kinds of evidence: the first is what a filter logged, all others are calls that a program saw being made.
 *
 * starts: does a beginning count as a start, where nothing of it is missing? Only where the source tells of loss.
 * whole: NULL where it never can be: it selects calls, or gives names that were met.
 */
KIND(SECCOMP,     "seccomp",      true,  "capture of a command, with nothing lost", "markers of the kernel, auditd, journald and rsyslog; serials",
     "the audit serial", "the kernel, where the source is trusted; else text", "records of a filter (type 1326)")
KIND(STRACE,      "strace",       true,  "-f, without -e or -p, up to the end of each process", "strace itself: it stops what it follows, so nothing is left out; a file that is cut shows it",
     NULL, "text", "strace, one line a call")
KIND(STRACE_C,    "strace-c",     false, "-f, without -e or -p", NULL,
     NULL, "text", "strace -c, a table of calls")
KIND(TRACEE,      "tracee",       false, "--trace set=syscalls (0.4.0), all syscalls (later)", "the last lines of the table, with lost events; JSON has none",
     NULL, "text", "Tracee's table or JSON")
KIND(PERF_TRACE,  "perf-trace",   false, "without -e", "LOST lines",
     NULL, "text", "perf trace")
KIND(PERF_SCRIPT, "perf-script",  false, "raw_syscalls:sys_enter", "LOST lines",
     NULL, "text", "perf script of raw_syscalls:sys_enter")
KIND(BPFTRACE,    "bpftrace",     false, "raw_syscalls:sys_enter", "Lost N events",
     NULL, "text", "bpftrace's maps and lines of sys_enter")
KIND(FTRACE,      "ftrace",       false, "raw_syscalls:sys_enter", "LOST EVENTS, EVENTS DROPPED",
     NULL, "text", "trace-cmd report, and the kernel's trace file")
KIND(SYSDIG,      "sysdig",       false, NULL, "events of type drop",
     NULL, "text", "sysdig, one line an event")
KIND(FALCO,       "falco",        false, NULL, "its own alert about dropped events",
     NULL, "text", "Falco's alerts in JSON")
KIND(IG_AUDIT,    "ig-audit",     false, NULL, NULL,
     NULL, "text", "Inspektor Gadget, audit_seccomp")
KIND(IG_ADVISE,   "ig-advise",    false, NULL, NULL,
     NULL, "text", "Inspektor Gadget, advise_seccomp")
KIND(SPO,         "spo-enricher", false, NULL, NULL,
     NULL, "text", "the Security Profiles Operator's enricher, lines or JSON")
KIND(OCI_HOOK,    "oci-hook",     false, NULL, NULL,
     NULL, "text", "oci-seccomp-bpf-hook's profile")
