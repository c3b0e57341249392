/* SPDX-License-Identifier: Apache-2.0 */
/* Architectures by their AUDIT_ARCH value. x32 has none of its own in records: see arch_of. */
#ifndef STORE_MODEL_ARCH_H
#define STORE_MODEL_ARCH_H

#include <stdbool.h>
#include <stdint.h>

#define ARCH_X86_64 0xc000003eu
#define ARCH_I386 0x40000003u
#define ARCH_X32 0x4000003eu
#define X32_BIT 0x40000000 /* __X32_SYSCALL_BIT */

/*
 * The ABI by which a call came: arch, but for x86-64 calls with bit 30 set, which are x32's.
 * -1 and the like have the bit set too and belong to the 64-bit table.
 * source: do_syscall_64() in arch/x86/entry/common.c
 */
static inline uint32_t arch_of(uint32_t arch, int32_t nr)
{
	return arch == ARCH_X86_64 && nr >= X32_BIT ? ARCH_X32 : arch;
}

const char *arch_name(uint32_t arch); /* "x86_64", "i386", "x32" ...; NULL when nobody knows it */
const char *arch_scmp(uint32_t arch); /* "SCMP_ARCH_X86_64" ...; NULL likewise */
bool arch_parse(const char *text,
		uint32_t *arch); /* reads arch_scmp's words; SCMP_ARCH_NATIVE is arch_native() */
bool arch_of_name(const char *name, uint32_t *arch); /* reads arch_name's */
uint32_t arch_native(void);           /* of the machine that the program was built for */

#endif
