#!/bin/bash
# Whatever reads a log ahead, the store is the same: one thread, two, three, many.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3

# more ROUNDS FILE...: the lines again and again, as other events
more() {
	local rounds=$1

	shift
	cat "$@" | awk -v rounds="$rounds" '{ line[NR] = $0 }
		END {
			for (r = 0; r < rounds; r++)
				for (i = 1; i <= NR; i++) {
					at = match(line[i], /audit\([0-9]+\./)
					print at ? substr(line[i], 1, at + 5) (substr(line[i], at + 6, 10) + r * 60) substr(line[i], at + 16) : line[i]
				}
		}'
}
more 4 "$SAMPLES"/*.log >"$TMP/plain.log"
# in the middle of others: foreign and damaged lines, JSON of one and of many lines with a record as text, long lines, other types
more 3 "$SAMPLES/pipeline.log" "$SAMPLES/denials.log" "$SAMPLES/java-threads.log" | awk 'BEGIN { srand(7) }
	{ print }
	rand() < 0.1 { print "Nov 24 11:05:50 node01 systemd[1]: Started Session " NR "." }
	rand() < 0.01 { print substr($0, 1, length($0) * rand()) }
	rand() < 0.01 { gsub(/["\\]/, "\\\\&"); print "{\"host\":\"node0" NR % 3 "\",\"message\":\"" $0 "\"}" }
	rand() < 0.005 { print "{\n\"a\":\n[\n" $0 "\n]}" }
	rand() < 0.005 { print "__CURSOR=a\n_HOSTNAME=node01\nMESSAGE=" $0 "\n" }
	rand() < 0.01 { print "type=SYSCALL msg=audit(1795494577." 100 + NR % 900 ":" NR "): arch=c000003e" }
	rand() < 0.002 { printf "%100000s\n", $0 }
	rand() < 0.01 { print "Nov 24 11:05:50 node01 kernel: [  77.000001] audit: audit_lost=" NR " audit_rate_limit=0 audit_backlog_limit=64" }
	' >"$TMP/mixed.log"
# hosts, and more identities than are kept, in few intervals: how a batch is cut hangs on time
awk 'BEGIN { for (i = 0; i < 26000; i++)
	printf "Nov 24 %02d:%02d:%02d n%d kernel: audit: type=1326 audit(%d.%03d:%d): auid=1000 uid=1000 gid=1000 ses=1 pid=%d comm=\"c%d\" " \
	"exe=\"/usr/bin/a\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x7f0000001000 code=0x7ffc0000\n", i / 3600 % 24, i / 60 % 60, i % 60,
	i % 7, 1795494577 + i / 1000, i % 1000, i + 1, 100 + i % 7, i % 23000, i % 300 }' >"$TMP/many.log"

# all that is stored, but rows' numbers, which hang on how batches were cut, by the clock, and when it was
rows() { # DB
	sqlite3 "$1" "SELECT * FROM observations" "SELECT n.name, s.seconds, s.serials, hex(s.data) FROM seen AS s JOIN node AS n ON n.id = s.node" \
		"SELECT t_first, t_last, hex(cell), trusted FROM interval" "SELECT kind, number, stamp, t FROM loss" \
		"SELECT bytes FROM string" "SELECT pid, hour, t_first, t_last, ip FROM presence" | sort
	sqlite3 "$1" "SELECT new_events, seen_before, damaged, other, losses FROM ingest"
}
for log in plain mixed many; do
	for n in 1 2 3 8; do
		run "$SCAUDIT" --db "$TMP/$n.db" ingest -v --threads "$n" "$TMP/$log.log"
		ok "$log, $n threads: read" test "$status" -le 1
		sed 's/; [0-9.]* s, .*//' "$TMP/err" >"$TMP/$n.err"
		rows "$TMP/$n.db" >"$TMP/$n.rows"
		[ "$n" = 1 ] || ok "$log, $n threads: the same store" cmp "$TMP/1.rows" "$TMP/$n.rows"
		[ "$n" = 1 ] || ok "$log, $n threads: the same words" cmp "$TMP/1.err" "$TMP/$n.err"
	done
	ok "$log: something was read" test "$(wc -l <"$TMP/1.rows")" -gt 100
	rm -f "$TMP"/*.db*
done
run "$SCAUDIT" ingest --threads 0 "$TMP/plain.log"
ok "no thread at all: refused" warns "not a number from 1"
