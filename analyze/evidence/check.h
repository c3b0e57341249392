/* SPDX-License-Identifier: Apache-2.0 */
/* What would a filter do to what was seen? Each call of the evidence is put to it. */
#ifndef ANALYZE_EVIDENCE_CHECK_H
#define ANALYZE_EVIDENCE_CHECK_H

#include "analyze/evidence/active.h"
#include "analyze/policy/bpf.h"

enum check_verdict { CHECK_REFUSED, CHECK_DEPENDS, CHECK_UNKNOWN, CHECK_PASSES };

struct check_call {
	uint32_t arch;
	int32_t nr;
	char name[48];
	struct bpf_answers answers;
	enum check_verdict verdict;
	uint64_t events;
	int64_t t_last;               /* WHEN_NONE: not known */
	struct bytes path, comm;      /* of the caller with most events */
	uint64_t caller_events;
	bool loader;                  /* a loader made it, after it had loaded its filter */
	struct bytes loader_path;
	int64_t loader_ms;            /* when it first did, and with which serial */
	uint32_t loader_serial;
};

struct check {
	/* by verdict, then the loader's in their order, then by name */
	VEC(struct check_call) calls;
	size_t refused, depends, unknown;
	const struct check_call *first; /* of the loader's calls that are refused, the one that it
					   makes first; NULL */
};

/* What the filter answers. */
typedef void check_judge(const void *filter, uint32_t arch, int32_t nr, struct bpf_answers *out);

/*
 * What a record proves of the arguments: those in force let it through without one where their
 * conditions held. policy: what the filter was made of.
 */
struct check_proof { const struct active_policies *policies; const struct policy *policy; };

/* Of what was let through when it was recorded. proof: NULL: nothing is known. The caller releases.
 */
void check_run(struct check *out, const struct query *q, const struct selection *s,
	       check_judge *judge, const void *filter, const struct check_proof *proof);
void check_release(struct check *c);

/* One call alone, by its answers. */
enum check_verdict check_verdict(uint32_t arch, int32_t nr, const struct bpf_answers *answers);

/* "kill_process", "errno EPERM", "allow or errno EPERM": for people. */
void check_words(struct buf *out, const struct bpf_answers *answers);

#endif
