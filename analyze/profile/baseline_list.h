/* SPDX-License-Identifier: Apache-2.0 */
/* BASELINE(name, why it comes by chance): what a list gets by default, without evidence. Only rows. docs/baseline.md has the figures. */
BASELINE("clock_nanosleep", "only where a lock or a queue is busy, and its user backs off")
BASELINE("exit",            "a thread ends by itself, or the process ends first")
BASELINE("exit_group",      "a program that was killed while it was logged did not come to its end")
BASELINE("futex",           "only where two threads meet at a lock")
BASELINE("nanosleep",       "the same, by older C libraries and by Go's runtime")
BASELINE("pselect6",        "a sleep by select(), as MariaDB backs off while it waits for its threads to end")
BASELINE("restart_syscall", "only where a sleep is stopped and continued, by SIGSTOP or a debugger")
BASELINE("rt_sigreturn",    "only where a signal arrives; Go sends itself signals to preempt its threads")
BASELINE("rt_sigsuspend",   "only where what a shell waits for has not ended yet")
BASELINE("sched_yield",     "only where a spinning lock is held by another thread")
BASELINE("shutdown",        "a server that is told to stop ends the connections that are still open, where there are any")
