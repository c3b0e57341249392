/* SPDX-License-Identifier: Apache-2.0 */
/* Times are milliseconds since the epoch, UTC; what a person types is in the local zone. */
#ifndef STORE_BASE_WHEN_H
#define STORE_BASE_WHEN_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#define WHEN_NONE INT64_MIN
#define WHEN_MAX_SEC 253402300799 /* the end of year 9999: what RFC 3339 can say */
#define WHEN_HOUR_MS 3600000
#define WHEN_MIN_MS INT64_C(-62135596800000)                 /* years 1 to 9999 */
#define WHEN_MAX_MS (WHEN_MAX_SEC * INT64_C(1000) + 999)

/* Can it be a time? What a store says may be none, and sums of such overflow. */
static inline bool when_fits(int64_t ms)
{
	return ms >= WHEN_MIN_MS && ms <= WHEN_MAX_MS;
}

int64_t when_now(void);

/* "2026-11-24T04:29:37.759Z"; room for 32 bytes. Returns out. */
const char *when_rfc3339(int64_t ms, char out[32]);

/* "2026-11-24 04:29:37" in the local zone, for people. Returns out. */
const char *when_local(int64_t ms, char out[32]);

/* "3 days", "2.5 hours", "12 s": a length of time as people say it. Returns out. */
const char *when_span(int64_t ms, char out[32]);

/*
 * Reads what --since and --until take: RFC 3339, "2026-11-24", "2026-11-24 04:29[:37]", "now",
 * "today", "yesterday", "@EPOCH", or a time back from now such as "90s", "30m", "2h", "3d", "1w".
 */
int when_parse(const char *text, int64_t now, int64_t *ms, struct err *e);

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
int64_t when_days(int64_t year, unsigned month, unsigned day);

/* Milliseconds of a clock that nobody sets: for how long things take. */
int64_t when_clock_ms(void);

#endif
