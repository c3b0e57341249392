/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TARGET(name, runtime, its ENOSYS stub, flags, default errno, SCMP_ARCH_NATIVE, newest number, of which tables, architectures it lacks, actions it lacks,
 * refuses an errno where the action takes none):
 * only rows; analyze/policy/target.h says what each is. The numbers are x86-64's, which all architectures share above 423.
 * source: runc's libcontainer/seccomp/config.go and libcontainer/specconv (1.1 knows no flags; its release is built with libseccomp
 * 2.5.4, 1.2's with 2.5.5), libseccomp's src/syscalls.csv, Docker 20.10's types without flags and defaultErrnoRet, crun's
 * libcrun/seccomp.c; containerd and CRI-O hand a profile to the runtime as they read it; the SeccompProfile CRD's enumerations
 */
TARGET("runc-1.1",   "runc", STUB_LISTED, "refuses", NULL, false, 450, "libseccomp 2.5.4 (Linux 5.17)",
       "SCMP_ARCH_LOONGARCH64 SCMP_ARCH_PARISC SCMP_ARCH_PARISC64 SCMP_ARCH_M68K SCMP_ARCH_SHEB", "", false)
TARGET("runc-1.2",   "runc", STUB_NATIVE, NULL, NULL, false, 456, "libseccomp 2.5.5 (Linux 6.7)",
       "SCMP_ARCH_LOONGARCH64 SCMP_ARCH_PARISC SCMP_ARCH_PARISC64 SCMP_ARCH_M68K SCMP_ARCH_SHEB", "", false)
TARGET("crun",       "crun", NO_STUB, NULL, NULL, false, 0, "", "", "", true)
TARGET("docker-20",  "", NO_STUB, "drops", "drops", false, 0, "", "SCMP_ARCH_LOONGARCH64 SCMP_ARCH_PARISC SCMP_ARCH_PARISC64 SCMP_ARCH_M68K SCMP_ARCH_SHEB", "", false)
TARGET("docker-25",  "", NO_STUB, NULL, NULL, false, 0, "", "", "", false)
TARGET("containerd", "", NO_STUB, NULL, NULL, false, 0, "", "", "", false)
TARGET("cri-o",      "", NO_STUB, NULL, NULL, false, 0, "", "", "", false)
TARGET("spo",        "", NO_STUB, NULL, "has no field for", true, 0, "", "SCMP_ARCH_LOONGARCH64 SCMP_ARCH_M68K SCMP_ARCH_SHEB", "SCMP_ACT_NOTIFY", false)
