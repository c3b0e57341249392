#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Serials that are held, of other types and missing; scaudit readiness; profile --require.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need jq sqlite3
fresh() { rm -f "$SCAUDIT_DB"*; }
trusted() { "$SCAUDIT" ingest -q --node n1 --trusted-input -; }

# starts N [WHICH:CALL]...: starts of a container, 8 records each, with serials from 1 on; some make a call more
starts() {
	awk -v n="$1" -v more="${*:2}" 'BEGIN {
		k = split(more, list, " ")
		for (i = 1; i <= k; i++) { split(list[i], one, ":"); extra[one[1]] = one[2] }
		for (i = 0; i < n; i++) {
			at = 1795518350 + i * 60; ms = 100; pid = 1000 + i
			line("runc:[2:INIT]", "/", 12, 0); line("runc:[2:INIT]", "/", 59, 0)
			for (c = 0; c < 4; c++) line("app", "/usr/bin/app", c, 1)
			line("app", "/usr/bin/app", (i in extra) ? extra[i] : 3, 1)
			line("app", "/usr/bin/app", 231, 1)
		}
	}
	function line(comm, exe, nr, image) {
		serial++; ms += 3
		printf "type=SECCOMP msg=audit(%d.%03d:%d): auid=0 uid=0 gid=0 ses=1 pid=%d comm=\"%s\" exe=\"%s\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x7f%02x%06x%03x code=0x7ffc0000\n",
			at, ms, serial, pid, comm, exe, nr, image, (i * 7919) % 16777216, nr * 16
	}'
}
# lines of another type at these serials
others() { awk '{ printf "type=SYSCALL msg=audit(1795518350.000:%d): arch=c000003e syscall=59 success=yes exit=0\ntype=EOE msg=audit(1795518350.000:%d): \n", $1, $1 }'; }
boot() { "$SCAUDIT" status --json "${@:2}" | jq -c ".nodes[0].boots[0].$1"; }
verdict() { "$SCAUDIT" readiness --comm app --json "$@" | jq -r .verdict; }

# --- serials ---
fresh
starts 100 | trusted
ok "all there: nothing is missing" is "$(boot missing) $(boot held) $(boot exact)" "0 800 true"
ok "... and status says so in words" test -n "$("$SCAUDIT" status | grep 'no hole in 800 serials')"
for seventh in together before after; do
	fresh
	starts 100 >"$TMP/all"
	awk 'NR % 7 != 0' "$TMP/all" >"$TMP/some"
	seq 7 7 800 | others >"$TMP/other"
	case $seventh in
	together) cat "$TMP/some" "$TMP/other" | trusted ;;
	before) trusted <"$TMP/other"; trusted <"$TMP/some" ;;
	after) trusted <"$TMP/some"
		ok "every seventh taken out: missing is that number" is "$(boot missing) $(boot exact)" "114 false"
		trusted <"$TMP/other" ;;
	esac
	ok "every seventh of another type, read $seventh: nothing is missing" is "$(boot missing) $(boot held) $(boot other) $(boot exact)" "0 686 114 true"
done
# as_journal: the same records, and those of other types, as journalctl -o json shows the audit transport
as_journal() {
	sed -E 's/^type=SECCOMP msg=audit\(([0-9]+)\.([0-9]+):([0-9]+)\): (.*)/\1\2000 \3 1326 SECCOMP \4/
		s/^type=(SYSCALL|EOE) msg=audit\(([0-9]+)\.([0-9]+):([0-9]+)\): ?(.*)/\2\3000 \4 1300 SYSCALL \5/' "$@" |
		sed 's/"/\\"/g' | awk '{ us = $1; id = $2; type = $3; sub(/^[0-9]+ [0-9]+ [0-9]+ /, "")
			printf "{\"_HOSTNAME\":\"n1\",\"_TRANSPORT\":\"audit\",\"_AUDIT_TYPE\":\"%s\",\"_AUDIT_ID\":\"%s\",\"_SOURCE_REALTIME_TIMESTAMP\":\"%s\",\"MESSAGE\":\"%s\"}\n", type, id, us, $0 }'
}
fresh
as_journal "$TMP/some" "$TMP/other" | trusted
ok "... and as the journal's JSON, with records of other types" is "$(boot missing) $(boot held) $(boot other) $(boot exact)" "0 686 114 true"
fresh
seq 7 7 800 | awk '{ printf "type=EOE msg=audit(1795518350.000:%d): \n", $1 }' | cat "$TMP/some" - | trusted
ok "... and as auditd's EOE alone, which ends behind its stamp" is "$(boot missing) $(boot other)" "0 114"
fresh
{ cat "$TMP/some"; sed 's/^/node=n1 /' "$TMP/other" | sed 's/^/Nov 24 11:05:50 collector tag_audit: /'; } | trusted
ok "... and as an imfile's lines, which name the node themselves" is "$(boot missing) $(boot other)" "0 114"
# what printk lets through: ten records, then none until five seconds are over
for last in 10 8; do
	fresh
	awk -v last="$last" '(NR - 1) % 40 < last' "$TMP/all" | trusted
	ok "runs of $last between holes: printk's limit in words" is "$("$SCAUDIT" status | grep -c "printk's limit of 10 in 5 s")" "$((last == 10))"
	ok "... and in JSON" is "$(boot pattern)" "$([ "$last" = 10 ] && echo '"printk"' || echo null)"
	ok "... with the holes, and the longest one" is "$(boot holes) $(boot longest_hole.serials) $(boot longest_hole.from)" "19 $((40 - last)) $((last + 1))"
done
ok "the time of the longest hole is within the boot" test "$(boot longest_hole.about)" '>' '"2026-11-24T11:05:'
fresh
awk 'NR % 7 != 0' "$TMP/all" | trusted
seq 14 14 800 | others | trusted
ok "every second of these of another type: the rest is missing, exactly" is "$(boot missing) $(boot exact)" "57 true"
awk 'NR % 7 == 0' "$TMP/all" | tac | trusted
ok "... and read later, in another order: none is" is "$(boot missing) $(boot held)" "0 800"
fresh
awk 'NR <= 100 || NR > 300' "$TMP/all" | trusted
ok "a hole: said with its size" is "$(boot missing)" 200
ok "... and in words: at most" test -n "$("$SCAUDIT" status | grep 'at most 200 of 800 serials missing')"
ok "... the sum is given only where it is exact" is "$("$SCAUDIT" status --json | jq -c '.nodes[0].lost')" null

# --- text: never exact, and it hides nothing of what is trusted ---
fresh
awk 'NR % 7 != 0' "$TMP/all" | trusted
seq 7 7 800 | others | "$SCAUDIT" ingest -q --node n1 -
ok "forged serials of other types: trusted ones are missing as before" is "$(boot missing) $(boot missing --trusted)" "114 114"
fresh
starts 100 | "$SCAUDIT" ingest -q --node n1 -
ok "from text: not exact" is "$(boot missing) $(boot exact)" "0 false"
ok "from text alone: unknown" is "$(verdict)" unknown
ok "... and says why" test -n "$("$SCAUDIT" readiness --comm app | head -n 1 | grep 'from text that a user can write')"

# --- other types in other headers ---
fresh
{ sed -n 1,2p "$TMP/all" | sed 's/type=SECCOMP msg=/Nov 24 11:05:50 n1 kernel: audit: type=1326 /'
	echo 'Nov 24 11:05:50 n1 kernel: audit: type=1400 audit(1795518350.002:3): apparmor="ALLOWED" operation="open"'
	echo 'node=n1 type=AVC msg=audit(1795518350.002:4): avc: denied'
	echo 'Nov 24 11:05:50 n1 myprog[77]: audit: type=1400 audit(1795518350.002:5): a quotation'
	echo 'Nov 24 11:05:50 n1 myprog[77]: it said type=1400 audit(1795518350.002:6): a quotation'
	sed -n 7,8p "$TMP/all" | sed 's/type=SECCOMP msg=/Nov 24 11:05:50 n1 kernel: audit: type=1326 /'; } | "$SCAUDIT" ingest -q -
ok "kernel's and auditd's other types count, quotations do not" is "$(boot other) $(boot missing)" "2 2"

# --- the verdict ---
for n in 1 20 88 89 120; do
	fresh
	starts $n | trusted
	run "$SCAUDIT" readiness --comm app
	ok "$n starts, all alike" is "$(verdict) $status" "$([ $n -ge 89 ] && echo "ready 0" || echo "unknown 1")"
	ok "$n: arrived" test -n "$(grep '^arrived    yes' "$TMP/out")"
done
ok "verdict first, then what it rests on" is "$(sed -n '1p;3p' "$TMP/out" | cut -c1-7 | tr '\n' ' ')" "verdict starts  "
fresh
starts 88 | trusted
ok "one too few: it says how many more" test -n "$("$SCAUDIT" readiness --comm app | grep '^next  *1 more start that ends')"
fresh
starts 120 110:41 | trusted
ok "news among the last starts: not ready" is "$(verdict)" "not ready"
ok "... and names it, with who made the call" test -n "$("$SCAUDIT" readiness --comm app | grep '^111.*socket (runc:\[2:INIT\] > app)')"
fresh
starts 150 40:41 | trusted
ok "news long ago: ready after 96 more" is "$(verdict) $("$SCAUDIT" readiness --comm app --json | jq -c '[.next_start.stage, .next_start.clean]')" "ready [2,109]"
fresh
starts 150 40:41 | awk 'NR <= 40 * 8 || NR > 41 * 8' | trusted
ok "a start that was lost whole: none of it is known, and its neighbours are not whole" is \
	"$("$SCAUDIT" readiness --comm app --json | jq -c '[.ended, .whole]')" "[149,147]"
for share in 2 30; do # of a hundred starts
	fresh
	starts 120 | awk -v s=$share '!((NR - 1) % 8 == 4 && int((NR - 1) / 8) % 100 < s)' >"$TMP/some"
	{ cat "$TMP/some"; echo 5 | others; } | trusted # of another type: the source has these, too
	ok "$share of 100 starts lossy" is "$("$SCAUDIT" readiness --comm app --json | jq -c '.lossy > 6')" "$([ $share = 30 ] && echo true || echo false)"
	ok "... more than 5 %: unknown" is "$([ $share = 30 ] && verdict || echo unknown)" unknown
done
fresh
starts 100 | grep -v 'syscall=231' | trusted
ok "starts whose end was not seen are not counted" is "$("$SCAUDIT" readiness --comm app --json | jq -c '[.ended, .running]')" "[0,100]"
fresh
{ starts 100; starts 1 | sed 's/code=0x7ffc0000/code=0x00050001/; s/syscall=0 /syscall=41 /; s/:\([0-9]*\)): /:9\1): /'; } | trusted
ok "a denial: not ready" is "$(verdict)" "not ready"
fresh
starts 100 | grep -v 'syscall=59 ' | grep -v runc | trusted
ok "only fragments: unknown" is "$(verdict)" unknown

# --- nothing to judge ---
fresh
starts 3 | trusted
run "$SCAUDIT" readiness --comm nobody
ok "nothing matches: exit 1" is $status 1
run "$SCAUDIT" readiness
ok "no selector: exit 2" is $status 2
for risk in 0 101% x '5%x' -1 nan; do
	run "$SCAUDIT" readiness --comm app "--risk=$risk"
	ok "--risk $risk: exit 2" is $status 2
done

# --- --risk, --require ---
fresh
starts 60 | trusted
ok "--risk 10%: ready after 54" is "$(verdict --risk 10%)" ready
ok "--risk 0.1: the same" is "$(verdict --risk 0.1)" ready
run "$SCAUDIT" profile --comm app -o "$TMP/other.list"
ok "the verdict is in the summary" warns '^scaudit: readiness: unknown: 60 starts are too few'
run "$SCAUDIT" profile --comm app --format minijail
ok "... and in the list's own words, where it has room" says '^# readiness: unknown, by 60 starts that ended, '
run "$SCAUDIT" profile --comm app --format json
ok "... and in its JSON" is "$(jq -r .evidence.readiness "$TMP/out" | cut -d, -f1)" 'readiness: unknown'
run "$SCAUDIT" profile --comm app --block
ok "... not of what was denied" test "$(grep -c readiness "$TMP/err")" = 0
run "$SCAUDIT" profile --comm app --require ready -o "$TMP/list"
ok "--require ready: exit 1, nothing written" is "$status $(ls "$TMP/list" 2>/dev/null)" "1 "
ok "... with the reason" warns '--require ready: unknown: 60 starts are too few; nothing is written'
run "$SCAUDIT" profile --comm app --require arrived -o "$TMP/list"
ok "--require arrived: written" is "$status $(jq -r '.syscalls | length > 0' "$TMP/list")" "0 true"
run "$SCAUDIT" profile --comm app --require both --risk 10% -o "$TMP/list"
ok "--require both, at another risk: written" is $status 0
run "$SCAUDIT" profile --comm app --require sometimes
ok "--require of no such word: exit 2" is $status 2

# --- 300 forged lines never make it ready, nor arrived ---
fresh
starts 10 | awk 'NR != 20' | trusted
for i in 1 2 3; do starts 100 | sed "s/:\([0-9]*\)): /:$((i * 1000))\1): /; s/pid=1/pid=$i/" | "$SCAUDIT" ingest -q --node n1 -; done
run "$SCAUDIT" readiness --comm app --union
ok "forged starts: there is an answer, and it is no" is "$status $(grep -c ^verdict "$TMP/out")" "1 1"
ok "forged starts: not ready" test "$(verdict --union)" != ready
ok "forged starts: not arrived" test "$("$SCAUDIT" readiness --comm app --union --json | jq -r .arrived)" != yes
run "$SCAUDIT" profile --comm app --union --require ready
ok "... nor for --require" is $status 1

# --- a boot that text alone tells of ends no start that a trusted source has seen ---
fresh
starts 100 | grep -v 'syscall=231' | trusted
starts 3 | sed 's/audit(17955/audit(17965/; s/:\([0-9]*\)): /:\1): /' | "$SCAUDIT" ingest -q --node n1 -
ok "a forged later boot: trusted starts still run" is "$("$SCAUDIT" readiness --comm app --union --json | jq -c '.running >= 100')" true
starts 3 | sed 's/audit(17955/audit(17965/' | trusted
ok "a true one: they have ended" is "$("$SCAUDIT" readiness --comm app --union --json | jq -c '[.running <= 3, .ended >= 100]')" "[true,true]"

# --- what the starts covered ---
fresh
starts 30 7:15 9:15 | trusted
run "$SCAUDIT" readiness --comm app
ok "stops and handled signals, in words" says '^seen .*; 30 stopped, 2 handled a signal .*; 0 other trees'
ok "... in JSON" is "$("$SCAUDIT" readiness --comm app --json | jq -c '[.stops, .signals, .probes, .hours_of_day, .days_of_week]')" '[30,2,0,1,1]'

# --- compacted trees: what readiness needs of each start is kept ---
figures() { "$SCAUDIT" readiness --comm app --json "$@" | jq -c '{verdict, why, arrived, ended, whole, lossy, unknown, text, running, next_start, fresh_node, last_news, quiet_ms, longest_quiet_ms,
	starts: [.starts[] | {time, records, source, names, news: ([.news[].name] | sort)}]}'; }
for source in trusted text lossy; do
	fresh
	case $source in
	trusted) starts 120 40:41 70:42 | trusted ;;
	text) starts 120 40:41 70:42 | "$SCAUDIT" ingest -q --node n1 ;;
	lossy) { starts 120 40:41 70:42 | awk 'NR % 100 != 50'; echo 2 | others; } | trusted ;;
	esac
	figures >"$TMP/before"
	figures --trusted >"$TMP/before.trusted"
	bytes=$("$SCAUDIT" status --json | jq .bytes)
	"$SCAUDIT" compact -q --keep-trees 10
	ok "$source: 110 of 120 starts compacted, readiness says the same" is "$(figures)" "$(cat "$TMP/before")"
	ok "... of what is trusted, too" is "$(figures --trusted)" "$(cat "$TMP/before.trusted")"
	ok "... and nothing is left out" is "$("$SCAUDIT" readiness --comm app --json | jq .compacted)" 0
	ok "... and what compacting is for" test "$("$SCAUDIT" status --json | jq .bytes)" -le "$bytes"
	"$SCAUDIT" compact -q --keep-trees 1
	ok "... again, with what was compacted before" is "$(figures)" "$(cat "$TMP/before")"
done
ok "bytes a start: under 40" test "$(sqlite3 "$SCAUDIT_DB" "SELECT sum(pgsize) / 119 FROM dbstat WHERE name = 'fold_start'" 2>/dev/null || echo 0)" -lt 40
"$SCAUDIT" forget -q --all --yes
ok "forgotten with the rest" is "$(sqlite3 "$SCAUDIT_DB" 'SELECT count(*) FROM fold_start')" 0
