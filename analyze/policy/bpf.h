/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a seccomp filter answers to a call, without making it. Number and architecture are known,
 * arguments and the instruction pointer are not: where a filter looks at these, both ways are
 * followed, and all answers are kept. source: bpf_check_classic in net/core/filter.c,
 * seccomp_check_filter and seccomp_run_filters in kernel/seccomp.c
 */
#ifndef ANALYZE_POLICY_BPF_H
#define ANALYZE_POLICY_BPF_H

#include "store/base/err.h"
#include "store/base/mem.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#define BPF_ANSWERS 64

/* All that may come out, as the kernel would have it: SECCOMP_RET_* with data, sorted from the most
 * severe. */
struct bpf_answers {
	uint32_t v[BPF_ANSWERS];
	size_t n;
	bool too_many; /* more than that, or more ways than are followed: nothing is said of the
			  call */
};

/* Would the kernel load it? ST_INPUT with the instruction and what is wrong with it. */
int bpf_check(const struct sock_filter *code, size_t n, struct err *e);

/* Of a filter that bpf_check took. nr: as the kernel has it, with the bit of x32. */
void bpf_run(const struct sock_filter *code, size_t n, uint32_t arch, int32_t nr,
	     struct bpf_answers *out);

/*
 * Of filters that are stacked, the one that was loaded last first, as the kernel keeps them: the
 * most severe answer counts, among equals that of the newest. Adds to *out, which begins as the
 * answers of the newest.
 */
void bpf_stack(struct bpf_answers *out, const struct bpf_answers *older);

/* Filters that are stacked, the one that was loaded last first; borrowed. */
struct bpf_code { const struct sock_filter *v; size_t n; };
void bpf_run_all(const struct bpf_code *filters, size_t n, uint32_t arch, int32_t nr,
		 struct bpf_answers *out);

/* Numbers that this kernel lets pass whatever filters say: x86-64's uretprobe and uprobe, which
 * only the kernel's own code makes. */
bool bpf_bypasses(uint32_t arch, int32_t nr);

/* The kernel's order: kill_process, kill_thread, trap, errno, notify, trace, log, allow; unknown
 * ones kill the process. */
int bpf_severity(uint32_t answer);

#endif
