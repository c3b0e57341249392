// SPDX-License-Identifier: Apache-2.0
/* Reads and prints times: dates, durations, RFC 3339, and the clock that does not jump. */
#include "store/base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

int64_t when_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *when_rfc3339(int64_t ms, char out[32])
{
	time_t sec = (time_t)(ms / 1000 - (ms % 1000 < 0));
	struct tm tm;
	char day[24];

	gmtime_r(&sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out, 32, "%s.%03dZ", day, (int)((ms % 1000 + 1000) % 1000));
	return out;
}

const char *when_local(int64_t ms, char out[32])
{
	time_t sec = (time_t)(ms / 1000);
	struct tm tm;

	localtime_r(&sec, &tm);
	strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
	return out;
}

const char *when_span(int64_t ms, char out[32])
{
	static const struct { const char *name; int64_t ms; } units[] = {
		{ "days", 86400000 }, { "hours", 3600000 }, { "min", 60000 }, { "s", 1000 },
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double v = (double)ms / (double)units[i].ms;

		if (v >= 2 || (i == 3 && v >= 0.1)) {
			snprintf(out, 32, v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[i].name);
			return out;
		}
	}
	snprintf(out, 32, "%" PRId64 " ms", ms);
	return out;
}

int64_t when_days(int64_t year, unsigned month, unsigned day)
{
	/* the year begins in March, so that a leap day is its last; 400 years have 146,097 days */
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool relative(const char *text, int64_t now, int64_t *ms)
{
	static const struct { char unit; int64_t ms;
	} units[] = {
		{ 's', 1000 },	   { 'm', 60000 },     { 'h', 3600000 },
		{ 'd', 86400000 }, { 'w', 604800000 },
	};
	struct bytes b = bytes_of(text);
	uint64_t n;

	if (!bytes_dec(&b, 100000, &n) || b.n != 1)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (units[i].unit != b.p[0])
			continue;
		*ms = now - (int64_t)n * units[i].ms;
		return true;
	}
	return false;
}

/* Midnight of the local day that lies `back` days before now. */
static int64_t midnight(int64_t now, int back)
{
	time_t sec = (time_t)(now / 1000);
	struct tm tm;

	localtime_r(&sec, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_mday -= back;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000;
}

/* The zone that ends an RFC 3339 time: "Z", "+01:00" or "+0100"; seconds east. */
static bool zone(const char *p, long *east)
{
	unsigned h, m;
	int used = 0;

	if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0) {
		*east = 0;
		return true;
	}
	if (*p != '+' && *p != '-')
		return false;
	if (sscanf(p + 1, "%2u:%2u%n", &h, &m, &used) != 2 &&
	    sscanf(p + 1, "%2u%2u%n", &h, &m, &used) != 2)
		return false;
	*east = (long)(h * 3600 + m * 60) * (*p == '-' ? -1 : 1);
	return p[1 + used] == '\0' && h < 24 && m < 60;
}

static int days_of_month(int year, int month)
{
	struct tm last = { .tm_year = year, .tm_mon = month + 1, .tm_mday = 0 };

	timegm(&last); /* the day before the next month's first */
	return last.tm_mday;
}

static bool absolute(const char *text, int64_t *ms)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					     "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *rest = strptime(text, forms[i], &tm);
		unsigned frac = 0;
		int used = 0;
		long east;

		if (rest == NULL || tm.tm_mday > days_of_month(tm.tm_year, tm.tm_mon))
			continue;
		if (i < 2 && *rest == '.' && sscanf(rest, ".%3u%n", &frac, &used) == 1) {
			for (int d = used; d < 4; d++)
				frac *= 10;
			rest += used;
			rest += strspn(rest, "0123456789");
		}
		if (*rest == '\0')
			*ms = (int64_t)mktime(&tm) * 1000 + frac;
		else if (zone(rest, &east))
			*ms = ((int64_t)timegm(&tm) - east) * 1000 + frac;
		else
			continue;
		return true;
	}
	return false;
}

int when_parse(const char *text, int64_t now, int64_t *ms, struct err *e)
{
	struct bytes b = bytes_of(text);
	uint64_t epoch;

	if (strcmp(text, "now") == 0)
		*ms = now;
	else if (strcmp(text, "today") == 0)
		*ms = midnight(now, 0);
	else if (strcmp(text, "yesterday") == 0)
		*ms = midnight(now, 1);
	else if (bytes_take(&b, BYTES("@")) && bytes_dec(&b, WHEN_MAX_SEC, &epoch) && b.n == 0)
		*ms = (int64_t)epoch * 1000;
	else if (!relative(text, now, ms) && !absolute(text, ms))
		return err_set(e, ST_INPUT,
			       "not a time: '%.60s' (try 2026-11-24T04:29:37Z, '2026-11-24 04:29', "
			       "yesterday, 2h or @EPOCH)",
			       text);
	return 0;
}

int64_t when_clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
