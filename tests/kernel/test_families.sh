#!/bin/bash
# Families found in records against the kernel's own trace of forks and execs: tests/kernel/truth says how.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need python3 sqlite3 perl cc
[ "$(id -u)" = 0 ] || { skip families "not root"; exit 0; }
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
[ -e /sys/kernel/tracing/events/raw_syscalls ] || { skip families "no tracefs with raw_syscalls here"; exit 0; }

for pids in plain reuse; do
	mkdir "$TMP/$pids"
	"$ROOT/tests/kernel/truth" capture "$TMP/$pids" "$pids" >"$TMP/said" 2>&1
	[ -s "$TMP/$pids/records.log" ] || { skip "families, $pids" "no records: $(tail -n 1 "$TMP/said")"; continue; }
	ok "$pids: every record is one of the trace's calls" grep -q '; 0 pids that do not match' "$TMP/said"
	"$ROOT/tests/kernel/truth" check "$TMP/$pids" "$pids"
done
