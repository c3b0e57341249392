// SPDX-License-Identifier: Apache-2.0
/* Times that people type, and how they are printed. */
#include "tests/test.h"

#include "store/base/when.h"

#define NOW 1795494577759 /* 2026-11-24T04:29:37.759Z */

static struct parse_row { const char *name, *text; int64_t ms;
} parses[] = {
	{ "now", "now", NOW },
	{ "seconds back", "90s", NOW - 90000 },
	{ "minutes back", "30m", NOW - 1800000 },
	{ "hours back", "2h", NOW - 7200000 },
	{ "days back", "3d", NOW - 259200000 },
	{ "weeks back", "1w", NOW - 604800000 },
	{ "epoch", "@1795494577", 1795494577000 },
	{ "RFC 3339, Z", "2026-11-24T04:29:37Z", 1795494577000 },
	{ "RFC 3339, fraction", "2026-11-24T04:29:37.759Z", NOW },
	{ "RFC 3339, one digit of fraction", "2026-11-24T04:29:37.7Z", 1795494577700 },
	{ "RFC 3339, microseconds", "2026-11-24T04:29:37.759123Z", NOW },
	{ "RFC 3339, zone with a colon", "2026-11-24T05:29:37+01:00", 1795494577000 },
	{ "RFC 3339, zone without a colon", "2026-11-23T21:59:37-0630", 1795494577000 },
	{ "local date (Berlin, winter)", "2026-11-24", 1795474800000 },
	{ "local date (Berlin, summer)", "2026-07-01", 1782856800000 },
	{ "local time to the minute", "2026-11-24 05:29", 1795494540000 },
	{ "local time to the second", "2026-11-24 05:29:37", 1795494577000 },
	{ "today", "today", 1795474800000 },
	{ "yesterday", "yesterday", 1795388400000 },
	{ "nothing is refused", "", WHEN_NONE },
	{ "words are refused", "last tuesday", WHEN_NONE },
	{ "number without unit is refused", "90", WHEN_NONE },
	{ "unknown unit is refused", "2y", WHEN_NONE },
	{ "sign is refused", "-2h", WHEN_NONE },
	{ "text behind a date is refused", "2026-11-24 or so", WHEN_NONE },
	{ "text behind a zone is refused", "2026-11-24T04:29:37Zulu", WHEN_NONE },
	{ "text behind a numeric zone is refused", "2026-11-24T04:29:37+01:00x", WHEN_NONE },
	{ "zone out of range is refused", "2026-11-24T04:29:37+25:00", WHEN_NONE },
	{ "month 13 is refused", "2026-13-01", WHEN_NONE },
	{ "30 February is refused", "2026-02-30", WHEN_NONE },
	{ "epoch over the year 9999 is refused", "@253402300800", WHEN_NONE },
	{ "epoch with text is refused", "@17x", WHEN_NONE },
	{ "absurd span is refused", "100001d", WHEN_NONE },
};

static void check_parse(void **state)
{
	const struct parse_row *r = *state;
	struct err e = { 0 };
	int64_t ms = 0;

	if (r->ms == WHEN_NONE) {
		assert_int_equal(when_parse(r->text, NOW, &ms, &e), -1);
		assert_int_equal(e.status, ST_INPUT);
		assert_non_null(strstr(e.msg, "not a time"));
	} else {
		assert_int_equal(when_parse(r->text, NOW, &ms, &e), 0);
		assert_int_equal(ms, r->ms);
	}
}

static struct print_row {
	const char *name;
	const char *(*f)(int64_t, char[32]);
	int64_t ms;
	const char *text;
} prints[] = {
	{ "RFC 3339 of the epoch", when_rfc3339, 0, "1970-01-01T00:00:00.000Z" },
	{ "RFC 3339 with milliseconds", when_rfc3339, NOW, "2026-11-24T04:29:37.759Z" },
	{ "RFC 3339 of the year 9999", when_rfc3339, WHEN_MAX_SEC * 1000,
	  "9999-12-31T23:59:59.000Z" },
	{ "RFC 3339 before the epoch", when_rfc3339, -500, "1969-12-31T23:59:59.500Z" },
	{ "local time (Berlin)", when_local, NOW, "2026-11-24 05:29:37" },
	{ "span: milliseconds", when_span, 42, "42 ms" },
	{ "span: part of a second", when_span, 400, "0.4 s" },
	{ "span: seconds", when_span, 90000, "90 s" },
	{ "span: minutes", when_span, 150000, "2.5 min" },
	{ "span: hours", when_span, 9000000, "2.5 hours" },
	{ "span: days", when_span, 30 * 86400000LL, "30 days" },
	{ "span: nothing", when_span, 0, "0 ms" },
};

static void check_print(void **state)
{
	const struct print_row *r = *state;
	char out[32];

	assert_string_equal(r->f(r->ms, out), r->text);
}

static void days_of_the_calendar(void **state)
{
	(void)state;
	assert_int_equal(when_days(1970, 1, 1), 0);
	assert_int_equal(when_days(1969, 12, 31), -1);
	assert_int_equal(when_days(2000, 3, 1) - when_days(2000, 2, 1), 29);
	assert_int_equal(when_days(1900, 3, 1) - when_days(1900, 2, 1), 28);
	assert_int_equal(when_days(2026, 11, 24), 1795494577 / 86400);
	for (int64_t day = -200000; day < 3000000; day += 7) { /* from 1422 to 10183 */
		time_t sec = (time_t)day * 86400;
		struct tm tm;

		gmtime_r(&sec, &tm);
		assert_int_equal(
			when_days(tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday),
			day);
	}
}

int main(void)
{
	struct tests t = { 0 };

	/* a zone that needs no zone files: CET with the rules of the European Union */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	ADD_ROWS(&t, parses, check_parse);
	ADD_ROWS(&t, prints, check_print);
	ADD(&t, days_of_the_calendar);
	return run_rows(&t, "when");
}
