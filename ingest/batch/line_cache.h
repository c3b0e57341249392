/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path: recognises a line by comparing it with what lines before it looked like, instead of parsing it. What
 * it does not recognise whole goes the slow way, so it can be wrong about nothing that body_parse_line would not accept.
 */
#ifndef INGEST_BATCH_LINE_CACHE_H
#define INGEST_BATCH_LINE_CACHE_H

#include "ingest/batch/tally.h"

#define LINE_CACHE_PREFIX_MAX 240
#define LINE_CACHE_PREFIXES 8
#define LINE_CACHE_IDENTS 1024

/* What stood before "audit(" on a line that was a record: text, with digits of stamps left open. */
struct prefix {
	uint8_t text[LINE_CACHE_PREFIX_MAX + 16];
	uint8_t any_digit[LINE_CACHE_PREFIX_MAX + 16]; /* 0xff where any digit will do */
	uint16_t n;
	int16_t uptime;       /* where the uptime's seconds begin, -1: none */
	int64_t node;
	bool own_node;        /* the line named none: this machine's name was taken */
	bool auditd_form, indented;
};

struct line_cache {
	struct tally *tally;
	struct prefix prefixes[LINE_CACHE_PREFIXES];
	unsigned n;
	struct ident *last;
	struct ident *idents[LINE_CACHE_IDENTS];  /* by a hash of the pid and the comm's first bytes; see find_ident */
	uint32_t drops;                 /* tally->ident_drops when near was filled */
	uint32_t pid_at;                /* where the pid's digits begin in the text of an identity */
	char second_text[24];  /* the last stamp's second */
	uint8_t second_n;
	int64_t second;
	uint64_t uptime_text, uptime_mask; /* the last uptime up to its point; mask 0: none */
	int64_t uptime;
};

struct line_cache_event {
	size_t n;              /* of the line without its newline */
	struct ident *id;
	const struct prefix *prefix;
	int64_t ms, second;
	int64_t boot_time;          /* epoch minus uptime in seconds, or BOOT_NO_TIME */
	uint64_t ip;
	uint32_t serial, code;
	int32_t nr;
};

/*
 * True: the next line is a record like one before, and *out says which event. `ahead` begins with that line and its
 * newline, other lines may follow; LINES_SLACK bytes behind it can be read. So nobody has to look for the newline first.
 */
bool line_cache_match(struct line_cache *f, struct bytes ahead, struct line_cache_event *out);

/* Learns the prefix of a line that body_parse_line took, when it is in a form that can be compared. */
void line_cache_learn(struct line_cache *f, struct bytes line, const struct line *parsed, int64_t node, bool own_node);

/* Learns an identity that a slow line had. Call it also when identities were dropped: with the new one. */
void line_cache_learn_ident(struct line_cache *f, struct ident *id);

/* Forgets prefixes and identities: node rows or identities may have gone. */
void line_cache_forget(struct line_cache *f);

#endif
