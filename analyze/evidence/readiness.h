// SPDX-License-Identifier: Apache-2.0
/*
 * Was enough seen? The starts of a selection in the order of time, which of them brought a name
 * that was not listed before, and what that says of the next start. docs/verdict.md has the rule,
 * its proof and its assumptions.
 */
#ifndef ANALYZE_EVIDENCE_READINESS_H
#define ANALYZE_EVIDENCE_READINESS_H

#include "analyze/evidence/select.h"
#include "store/model/syscall.h"
#include "store/query_past.h"
#include "store/serials.h"

#define READINESS_WARM_UP 20       /* units that count for nothing but what they brought */
#define READINESS_ALPHA 0.05       /* how often the bound may ever be wrong */
#define READINESS_RISK 0.05        /* --risk, where it is not given */
/* of the starts that ended: with more of them lossy nothing is said */
#define READINESS_LOSSY_MOST 0.05
#define READINESS_LATE 20          /* news in one of so many last starts: not ready */

/* ---- the rule, of whatever the units are ---- */

struct readiness_unit {
	bool clean;   /* nothing of it is missing */
	bool news;    /* it brought a name that no unit before it had */
};

struct readiness_bound {
	uint32_t stage;    /* 1 + units after the warm-up that brought news */
	uint32_t clean;    /* clean units since the last of these */
	uint32_t warm;     /* clean units in the warm-up, at most READINESS_WARM_UP */
	double chance; /* with certainty 1 - alpha, at every moment: the next unit needs an unlisted
			  name with at most it */
	uint32_t more; /* clean units without news that it takes until chance <= risk; 0: it is */
};

/*
 * chance = 1 - a_j^(1/m), a_j = 6 alpha / (pi^2 j^2), for stage j and m clean units; 1 where m is
 * 0. Source: docs/verdict.md. 0 < risk < 1.
 */
struct readiness_bound readiness_judge(const struct readiness_unit *v, size_t n, double risk);

/* ---- of a selection ---- */

enum readiness_records { RECORDS_WHOLE, RECORDS_LOSSY, RECORDS_UNKNOWN };

struct readiness_start {
	uint32_t tree;                     /* index in the query */
	uint32_t set; /* of a tree that was compacted: its calls, in query.sets; QUERY_NONE: it is
			 not */
	int64_t t;                         /* ms */
	enum readiness_records records;
	bool text;                         /* only text shows it */
	uint64_t names;                    /* how many were listed with it */
	uint32_t news, n_news;             /* what it brought: of readiness.news */
};

/* A name that a start brought first, and an image that made the call. */
struct readiness_news { char name[SYSCALL_NAME_MAX]; uint32_t image; };

enum readiness_verdict { VERDICT_UNKNOWN, VERDICT_NOT_READY, VERDICT_READY };
enum readiness_arrived { ARRIVED_UNKNOWN, ARRIVED_NO, ARRIVED_YES };

struct readiness {
	VEC(struct readiness_start) starts; /* that ended, by time */
	VEC(struct readiness_news) news;
	VEC(struct bytes) nodes;            /* machines that they ran on: the scope */
	uint64_t running, fragments, compacted,
		older_builds; /* that do not count; compacted: with nothing but totals left */
	uint64_t whole, lossy, unknown, text;                 /* of the starts */
	uint64_t denials;
	int64_t denied_t;                   /* ms, the last one; WHEN_NONE */
	double risk;
	struct readiness_bound bound;       /* of what trusted sources show */
	struct readiness_bound with_text;   /* text taken for true */
	struct readiness_bound fresh_node;  /* of machines as units */
	enum readiness_verdict verdict;
	bool tools_alone; /* all of it is what tools saw */
	bool from_text;                     /* it would be ready if text were trusted */
	enum readiness_arrived arrived;
	uint64_t missing; /* serials within the trees; at most, where arrived is unknown */
	uint64_t lost;                      /* records that loss markers own up to */
	int64_t t_news, quiet_ms, longest_quiet_ms; /* the last news (WHEN_NONE); since then; the
						       longest that news followed */
	uint64_t stops, signals, probes; /* starts whose end was seen, that handled a signal; other
					    trees in the same places */
	int64_t lived_ms;                   /* how long the starts lived, together */
	unsigned hours,
		days; /* of the day, of the week, that starts were seen in, local time: bits */
	struct buf why;                     /* of the verdict, a sentence without its end */
	struct buf why_arrived, next;       /* next: what would change it; may be empty */
};

/* trusted, all: serials of trusted evidence, and with text. past: compacted trees of the selection.
 * The caller releases. */
void readiness_find(struct readiness *out, const struct query *q, const struct selection *s,
		    const struct query_past *past, const struct query_losses *losses,
		    const struct serials *trusted, const struct serials *all, double risk);

/* What is known now of each tree of a query, for when only totals are left of it. out: room for all
 * of them. */
struct readiness_tree { enum readiness_records records; bool ended; };
void readiness_trees(struct readiness_tree *out, const struct query *q,
		     const struct serials *trusted, const struct serials *all);
void readiness_release(struct readiness *r);

const char *readiness_verdict_word(enum readiness_verdict v);
const char *readiness_arrived_word(enum readiness_arrived a);

#endif
