/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ARCH(AUDIT_ARCH value, name, word in OCI profiles): only rows.
 * source: linux/audit.h, libseccomp's seccomp.h, the runtime-spec's list of architectures.
 */
ARCH(0xc000003eu, "x86_64",      "SCMP_ARCH_X86_64")
ARCH(0x40000003u, "i386",        "SCMP_ARCH_X86")
ARCH(0x4000003eu, "x32",         "SCMP_ARCH_X32")
ARCH(0xc00000b7u, "aarch64",     "SCMP_ARCH_AARCH64")
ARCH(0x40000028u, "arm",         "SCMP_ARCH_ARM")
ARCH(0x80000016u, "s390x",       "SCMP_ARCH_S390X")
ARCH(0x00000016u, "s390",        "SCMP_ARCH_S390")
ARCH(0xc0000015u, "ppc64le",     "SCMP_ARCH_PPC64LE")
ARCH(0x80000015u, "ppc64",       "SCMP_ARCH_PPC64")
ARCH(0x00000014u, "ppc",         "SCMP_ARCH_PPC")
ARCH(0xc00000f3u, "riscv64",     "SCMP_ARCH_RISCV64")
ARCH(0xc0000102u, "loongarch64", "SCMP_ARCH_LOONGARCH64")
ARCH(0x00000008u, "mips",        "SCMP_ARCH_MIPS")
ARCH(0x40000008u, "mipsel",      "SCMP_ARCH_MIPSEL")
ARCH(0x80000008u, "mips64",      "SCMP_ARCH_MIPS64")
ARCH(0xc0000008u, "mipsel64",    "SCMP_ARCH_MIPSEL64")
ARCH(0xa0000008u, "mips64n32",   "SCMP_ARCH_MIPS64N32")
ARCH(0xe0000008u, "mipsel64n32", "SCMP_ARCH_MIPSEL64N32")
ARCH(0x0000000fu, "parisc",      "SCMP_ARCH_PARISC")
ARCH(0x8000000fu, "parisc64",    "SCMP_ARCH_PARISC64")
ARCH(0x00000004u, "m68k",        "SCMP_ARCH_M68K")
ARCH(0x4000002au, "sh",          "SCMP_ARCH_SHEB")
ARCH(0xc0009026u, "alpha",       NULL)
