/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RUNTIME_OF(name, its loader's image, version that was measured, call that it makes first after it has loaded the filter,
 * the same with no-new-privileges; NULL: not always the same one), then RUNTIME(name, call, when) for each call that it makes
 * after that. ALWAYS: in every start that was measured; PRIVILEGED: in every one without no-new-privileges; SOME: in some.
 * Only rows, by what tests/proof/floor prints. docs/floor.md has the figures; the first ones are what
 * tests/kernel/test_blocked.sh sees in the kernel's records.
 */

RUNTIME_OF(runc, "runc:[2:INIT]", "runc 1.1.5", "openat", "close")
RUNTIME(runc, "capget", PRIVILEGED)
RUNTIME(runc, "capset", PRIVILEGED)
RUNTIME(runc, "chdir", PRIVILEGED)
RUNTIME(runc, "close", ALWAYS)
RUNTIME(runc, "epoll_ctl", ALWAYS)
RUNTIME(runc, "execve", ALWAYS)
RUNTIME(runc, "faccessat2", PRIVILEGED)
RUNTIME(runc, "fcntl", PRIVILEGED)
RUNTIME(runc, "fstat", PRIVILEGED)
RUNTIME(runc, "fstatfs", ALWAYS)
RUNTIME(runc, "futex", SOME)
RUNTIME(runc, "getcwd", PRIVILEGED)
RUNTIME(runc, "getdents64", ALWAYS)
RUNTIME(runc, "getpid", ALWAYS)
RUNTIME(runc, "getppid", PRIVILEGED)
RUNTIME(runc, "newfstatat", PRIVILEGED)
RUNTIME(runc, "openat", ALWAYS)
RUNTIME(runc, "prctl", PRIVILEGED)
RUNTIME(runc, "read", PRIVILEGED)
RUNTIME(runc, "rt_sigreturn", SOME)
RUNTIME(runc, "setgid", PRIVILEGED)
RUNTIME(runc, "setgroups", PRIVILEGED)
RUNTIME(runc, "setuid", PRIVILEGED)
RUNTIME(runc, "write", ALWAYS)

RUNTIME_OF(crun, "crun", "crun 1.8.1", "close", "close")
RUNTIME(crun, "capset", PRIVILEGED)
RUNTIME(crun, "close", ALWAYS)
RUNTIME(crun, "execve", ALWAYS)
RUNTIME(crun, "fchown", SOME)
RUNTIME(crun, "ioctl", SOME)
RUNTIME(crun, "openat", SOME)
RUNTIME(crun, "prctl", PRIVILEGED)
RUNTIME(crun, "read", SOME)
RUNTIME(crun, "rt_sigaction", PRIVILEGED)
RUNTIME(crun, "rt_sigprocmask", PRIVILEGED)
RUNTIME(crun, "setgroups", SOME)
RUNTIME(crun, "setresgid", PRIVILEGED)
RUNTIME(crun, "setresuid", PRIVILEGED)
RUNTIME(crun, "statx", SOME)
RUNTIME(crun, "write", PRIVILEGED)

RUNTIME_OF(bwrap, "bwrap", "bubblewrap 0.8.0", NULL, NULL)
RUNTIME(bwrap, "execve", ALWAYS)
RUNTIME(bwrap, "exit_group", SOME)
RUNTIME(bwrap, "wait4", SOME)
RUNTIME(bwrap, "write", SOME)

RUNTIME_OF(systemd, "(", "systemd 252", NULL, NULL)
RUNTIME(systemd, "execve", ALWAYS)
RUNTIME(systemd, "write", SOME)
