// SPDX-License-Identifier: Apache-2.0
#include "ingest/track/model.h"

#include "store/base/mem.h"

/*
 * Mappings that are not random: non-PIE static programs and 32 bit below 4 GiB; with ASLR off the
 * 64 MiB below mmap_base (the end of user space less 128 MiB) and the beginning of
 * ELF_ET_DYN_BASE, with 47 and 48 bits. One in 16,384 random ones lies there, too.
 */
static const struct { uint64_t lo, hi; } fixed_ranges[] = {
	{ 0, 0x3ff },
	{ 0x1555555, 0x1555558 }, { 0x1ffffd0, 0x1ffffdf },
	{ 0x2aaaaaa, 0x2aaaaad }, { 0x3ffffd0, 0x3ffffdf },
};

enum track_region track_region(uint64_t cell)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixed_ranges); i++)
		if (cell >= fixed_ranges[i].lo && cell <= fixed_ranges[i].hi)
			return TRACK_FIXED;
	return cell < (1ull << 34) ? TRACK_RANDOM : TRACK_KERNEL;
}

uint16_t track_fixed_number(uint64_t cell)
{
	uint64_t before = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixed_ranges); i++) {
		if (cell >= fixed_ranges[i].lo && cell <= fixed_ranges[i].hi)
			return (uint16_t)(before + cell - fixed_ranges[i].lo);
		before += fixed_ranges[i].hi - fixed_ranges[i].lo + 1;
	}
	return (uint16_t)before;
}
