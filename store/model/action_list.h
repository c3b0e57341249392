/* SPDX-License-Identifier: Apache-2.0 */
/* ACTION(id, value of `code` without its data, name in profiles, word for people): only rows. */
ACTION(LOG,          0x7ffc0000u, "SCMP_ACT_LOG",          "log")
ACTION(ERRNO,        0x00050000u, "SCMP_ACT_ERRNO",        "errno")
ACTION(TRAP,         0x00030000u, "SCMP_ACT_TRAP",         "trap")
ACTION(TRACE,        0x7ff00000u, "SCMP_ACT_TRACE",        "trace")
ACTION(NOTIFY,       0x7fc00000u, "SCMP_ACT_NOTIFY",       "notify")
ACTION(KILL_THREAD,  0x00000000u, "SCMP_ACT_KILL_THREAD",  "kill_thread")
ACTION(KILL_PROCESS, 0x80000000u, "SCMP_ACT_KILL_PROCESS", "kill_process")
ACTION(ALLOW,        0x7fff0000u, "SCMP_ACT_ALLOW",        "allow")
