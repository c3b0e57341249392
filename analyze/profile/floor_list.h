/* FLOOR(name, why it comes by chance): what a list gets by default, without evidence. Only rows. docs/floor.md has the figures. */
FLOOR("exit",            "a thread ends by itself, or the process ends first")
FLOOR("exit_group",      "a program that was killed while it was logged did not come to its end")
FLOOR("futex",           "only where two threads meet at a lock")
FLOOR("restart_syscall", "only where a sleep is stopped and continued, by SIGSTOP or a debugger")
FLOOR("rt_sigreturn",    "only where a signal arrives; Go sends itself signals to preempt its threads")
FLOOR("rt_sigsuspend",   "only where what a shell waits for has not ended yet")
FLOOR("sched_yield",     "only where a spinning lock is held by another thread")
