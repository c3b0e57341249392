/* SPDX-License-Identifier: Apache-2.0 */
/* The allow-list with its own evidence: which names, made by whom, in how many starts, trusted or
 * not. */
#ifndef ANALYZE_PROFILE_PROFILE_H
#define ANALYZE_PROFILE_PROFILE_H

#include "analyze/evidence/active.h"
#include "analyze/evidence/select.h"
#include "analyze/evidence/whole.h"
#include "analyze/policy/policy.h"
#include "analyze/profile/baseline.h"
#include "analyze/profile/stage.h"

struct profile_options {
	uint32_t default_action;   /* of all else */
	bool block;                /* a block-list: what was denied is denied, all else allowed */
	bool include_denied;       /* denials count as needs */
	bool kills; /* what is not in the list will be killed: said of the default, or of a stage */
	/* borrowed: names for a list, whatever the evidence; NULL: none */
	const struct baseline *baseline;
	/* borrowed: what it allowed is kept; NULL: nothing was in force */
	const struct active_policies *active_policies;
	/* borrowed: names beside those that were seen; NULL: none */
	const struct stage_siblings *siblings;
	const struct runtime *runtime; /* whose calls a list gets where no whole start by it was
					  seen; NULL: none */
	const struct whole *whole; /* borrowed: what the evidence says of what is missing in it;
				      NULL: not asked */
};

/* What a rule stands on. */
enum profile_ground {
	GROUND_SEEN,
	GROUND_BASELINE,
	GROUND_RUNTIME,
	GROUND_SIBLING,
	GROUND_UNOBSERVABLE,
	N_GROUNDS
};

/* "seen", "baseline" ...; and why such a name is in a list, "" for one that was seen. */
const char *profile_ground_word(enum profile_ground g);
const char *profile_ground_why(enum profile_ground g);

struct profile_rule {
	struct bytes name;
	VEC(uint32_t) uses;        /* of the query: who made it */
	uint64_t events, denied;
	uint64_t starts;           /* how many of the selection's starts showed it */
	size_t rare; /* program + 1 of which only one of several starts showed it, and no other
			program did more often; 0 */
	bool text_only;            /* no trusted source has brought it */
	bool others_only;          /* only callers that the selector did not name made it */
	enum profile_ground ground;
	const char *danger;        /* what the call can do; NULL: nothing much */
};

struct profile_unnamed { uint32_t arch; int32_t nr; uint64_t events; };

/* Starts of one main program. */
struct profile_program { struct bytes name; uint64_t starts; };

struct profile {
	struct query *q;                       /* borrowed, as is what follows from it */
	const struct selection *s;
	struct profile_options o;
	VEC(struct profile_rule) rules;        /* sorted by name */
	/* what was denied and is not in the list, sorted by name */
	VEC(struct profile_rule) denied;
	VEC(struct profile_unnamed) unnamed;   /* numbers that no table knows: never in the list */
	bool runtime_unseen; /* a runtime was named, and no whole start by it is in the evidence, */
	bool runtime_shown;                    /* though some of one is */
	VEC(struct policy_rule) partial; /* allowed for some arguments while it was recorded: these
					    left no records */
	VEC(struct profile_program) programs;  /* main programs of the selection's starts */
	VEC(uint32_t) archs; /* that the evidence shows, in the order of the table */
};

/* The caller releases. */
void profile_build(struct profile *out, struct query *q, const struct selection *s,
		   const struct profile_options *o);
void profile_release(struct profile *p);

/* Is the rule there by --include-denied alone: the call was refused each time? */
bool profile_denied_only(const struct profile *p, const struct profile_rule *r);

/* The list as a filter: what is written. The caller releases. */
void profile_policy(struct policy *out, const struct profile *p);

/* Who made one of a rule's calls, over all trees that reached it in the same way. */
struct profile_caller {
	struct bytes path, comm, subj;
	uint64_t events, starts, trees, denied;
	int64_t t_first, t_last;
	bool trusted;
	enum kind kind;            /* by what the calls are known */
	struct buf args;           /* notes of arguments: "a0 1, 2"; empty: none */
	uint64_t made;             /* calls that a tool saw: none is an event */
};
struct profile_callers { struct profile_caller *v; size_t n, cap; };

/* Callers of a rule, most events first. The caller frees *out by profile_callers_release. */
void profile_callers_release(struct profile_callers *c);
void profile_callers(struct profile_callers *out, const struct profile *p,
		     const struct profile_rule *rule);

#endif
