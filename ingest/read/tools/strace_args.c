// SPDX-License-Identifier: Apache-2.0
/* Reads the strings among the arguments of a call, as strace quotes them, and times. */
#include "ingest/read/tools/strace_args.h"

#include <time.h>

#define DAY_MS (24 * INT64_C(3600000))
#define SLACK_MS 60000 /* a file may be written a moment before its last line's time */

const struct bytes strace_unknown = { "(unknown)", 9 };

/* The first string among the arguments: "..." with strace's escapes, which are C's. */
struct bytes strace_string(struct tool_reading *r, struct bytes args)
{
	auto_buf struct buf out = { 0 };
	size_t i = bytes_find(args, BYTES("\"")) + 1;

	for (; i < args.n && args.p[i] != '"'; i++) {
		static const char letters[] = "nrtvfab\"\\0", codes[] = "\n\r\t\v\f\a\b\"\\";
		const char *at;
		int v = 0, n = 0;

		if (args.p[i] != '\\' || i + 1 == args.n) {
			buf_char(&out, args.p[i]);
			continue;
		}
		i++;
		if (args.p[i] == 'x') {
			struct bytes two = { args.p + i + 1,
					     args.n - i - 1 < 2 ? args.n - i - 1 : 2 };
			uint64_t hex;

			n = (int)bytes_hex(&two, 255, &hex);
			buf_char(&out, n ? (char)hex : 'x');
			i += (size_t)n;
			continue;
		}
		for (n = 0; n < 3 && i < args.n && args.p[i] >= '0' && args.p[i] <= '7'; n++)
			v = v * 8 + args.p[i++] - '0';
		if (n > 0) {
			buf_char(&out, (char)v);
			i--;
			continue;
		}
		at = strchr(letters, args.p[i]);
		buf_char(&out, at != NULL && args.p[i] ? codes[at - letters] : args.p[i]);
	}
	return out.n ? tool_keep(r, buf_bytes(&out)) : strace_unknown;
}

int64_t strace_time(struct strace_days *d, const struct strace_line *l, int64_t date)
{
	time_t seconds = (time_t)(date / 1000);
	struct tm tm;

	if (l->clock == STRACE_EPOCH)
		return l->ms;
	if (l->clock == STRACE_NO_TIME)
		return WHEN_NONE;
	if (d->midnight == 0) {
		localtime_r(&seconds, &tm);
		d->midnight = date - date % 1000 -
			      ((tm.tm_hour * 60 + tm.tm_min) * 60 + tm.tm_sec) * INT64_C(1000);
		if (d->midnight + l->ms > date + SLACK_MS)
			d->midnight -= DAY_MS;
	} else if (l->ms < d->last - DAY_MS / 2) {
		d->midnight += DAY_MS;
	}
	d->last = l->ms;
	return d->midnight + l->ms;
}
