/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hot path: recognises a line by comparing it with what lines before it looked like, instead of
 * parsing it. What it does not recognise whole goes the slow way, so it can be wrong about nothing
 * that body_parse_line would not accept.
 */
#ifndef INGEST_BATCH_LINE_CACHE_H
#define INGEST_BATCH_LINE_CACHE_H

#include "ingest/batch/tally.h"
#include "ingest/read/wrap.h"

#define LINE_CACHE_PREFIX_MAX 240
#define LINE_CACHE_SHAPES 16
#define LINE_CACHE_PREFIXES 4096   /* of all shapes */
#define LINE_CACHE_IDENTS 1024
#define LINE_CACHE_TAIL 12

/* How a prefix ends, and what follows up to the identity. */
enum prefix_lead {
	LEAD_STAMP,   /* "audit(", then "SECOND.MS:SERIAL): " */
	LEAD_PID,     /* "audit[", then "PID]: SECCOMP ", of journald */
	LEAD_NONE,    /* the identity itself */
};

/* Where a record without a stamp of its own has its time from. */
enum prefix_time { TIME_NONE, TIME_UNIX, TIME_CLOCK };

/*
 * What stood before the record on a line: a range for each byte. Text has a range of one; digits
 * are as open as the parser was seen to take them.
 */
struct prefix {
	uint8_t low[LINE_CACHE_PREFIX_MAX + 16];
	uint8_t span[LINE_CACHE_PREFIX_MAX +
		     16]; /* a byte may be so much over low; behind n anything */
	uint16_t n;
	uint16_t host, host_n; /* where the host's name stands; host_n 0: nowhere */
	uint16_t uptime;       /* where the uptime's seconds stand, in so many digits */
	uint8_t uptime_n;
	bool has_uptime;
	enum prefix_lead lead;
	enum prefix_time time;
	uint16_t time_at;
	int64_t time_base;     /* TIME_CLOCK: of midnight there, in milliseconds */
	bool escaped;          /* bytes may stand as \xHH: only what holds none is taken */
	uint8_t tail_n;        /* what stands behind the record's last digit */
	char tail[LINE_CACHE_TAIL];
	int64_t node;
	bool own_node;         /* the line named none: this machine's name was taken */
	bool auditd_form, indented;
};

/* Prefixes that differ in their hosts alone, by the host's hash. */
struct prefix_shape {
	struct prefix **v;
	uint32_t n, cap;       /* cap: a power of two */
};

struct line_cache {
	struct tally *tally;
	struct prefix *recent;
	struct prefix_shape shapes[LINE_CACHE_SHAPES]; /* the last used one first */
	unsigned n;
	uint32_t n_prefixes;
	uint32_t changes;               /* of what is known of prefixes */
	uint32_t credit;                /* how much may be tried to learn; see line_learn.c */
	struct ident *last;
	struct ident *idents[LINE_CACHE_IDENTS]; /* by a hash of the pid and the comm's first bytes;
						    see find_ident */
	uint32_t drops;                 /* tally->ident_drops when near was filled */
	uint32_t pid_at; /* where the pid's digits begin in the text of an identity */
	char second_text[24];  /* the last stamp's second */
	uint8_t second_n;
	int64_t second;
	uint64_t uptime_text;  /* the last uptime's seconds, in so many digits */
	uint8_t uptime_n;
	int64_t uptime;
};

struct line_cache_event {
	size_t n;              /* of the line without its newline */
	struct ident *id;
	const struct prefix *prefix;
	int64_t ms, second;         /* WHEN_NONE, where it has no time */
	int64_t boot_time;          /* epoch minus uptime in seconds, or BOOT_NO_TIME */
	uint64_t ip;
	uint32_t serial, code;
	int32_t nr;
	bool has_serial;            /* else it tells of presence alone */
};

/*
 * True: the next line is a record like one before, and *out says which event. `ahead` begins with
 * that line and its newline, other lines may follow; LINES_SLACK bytes behind it can be read. So
 * nobody has to look for the newline first.
 */
bool line_cache_match(struct line_cache *f, struct bytes ahead, struct line_cache_event *out);

/* The same with one prefix alone. */
bool line_cache_match_with(struct line_cache *f, const struct prefix *prefix, struct bytes ahead,
			   struct line_cache_event *out);

/* The prefix of a line that begins as one before; NULL: none. */
const struct prefix *line_cache_front(struct line_cache *f, struct bytes ahead);

/* Is the line's front as the prefix says? */
bool line_cache_is_prefix(const struct prefix *p, struct bytes ahead);

/*
 * Learns how a record is spelled that the parser took, and that line_cache_learn_ident was called
 * for. entry: the container's that it was read from, NULL: it is a line.
 */
void line_cache_learn(struct line_cache *f, struct bytes line, const struct entry *entry,
		      const struct line *parsed, int64_t node, bool own_node);

/* Learns an identity that a slow line had. Call it also when identities were dropped: with the new
 * one. */
void line_cache_learn_ident(struct line_cache *f, struct ident *id);

/* One of a shape's prefixes: they differ in the host alone. */
const struct prefix *line_cache_like(const struct prefix_shape *s);

/* The prefix of a shape that has this host; NULL: none. line_cache_add: makes it known, and takes
 * it over. */
struct prefix *line_cache_find(const struct prefix_shape *s, struct bytes host);
void line_cache_add(struct line_cache *f, struct prefix_shape *s, struct prefix *p);

/* A new shape, before the others. The one that was not used for longest goes where there are too
 * many. */
struct prefix_shape *line_cache_new_shape(struct line_cache *f);

/* Knows the prefixes that another one knows, and no others. */
void line_cache_copy(struct line_cache *f, const struct line_cache *from);

/* Forgets prefixes and identities: node rows or identities may have gone. It owns nothing after
 * that. */
void line_cache_forget(struct line_cache *f);

#endif
