#!/bin/bash
# Rules that no sample meets: logs are made for each, record by record.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3 jq

code=0x7ffc0000
# rec SECOND SERIAL PID COMM EXE CALL [IP]: a record as auditd writes it; $code is the answer
rec() {
	printf 'type=SECCOMP msg=audit(%d.%03d:%d): auid=1000 uid=1000 gid=1000 ses=1 pid=%d comm="%s" exe="%s" sig=0 arch=c000003e syscall=%d compat=0 ip=%s code=%s\n' \
		"$((1795000000 + $1))" "$(($2 % 1000))" "$2" "$3" "$4" "$5" "$6" "${7:-0x7f0000001000}" "$code"
}
ingest() { "$SCAUDIT" ingest -q --node n --trusted-input; }
fresh() { rm -f "$SCAUDIT_DB" "$SCAUDIT_DB"-*; }
# start SECOND SERIAL PID NAME CALL...: a shell execs a program, which makes these calls
start() {
	local second=$1 serial=$2 pid=$3 name=$4 nr

	shift 4
	rec "$second" "$serial" "$pid" sh /bin/sh 59
	for nr in "$@"; do
		serial=$((serial + 1))
		rec "$second" "$serial" "$pid" "$name" "/usr/bin/$name" "$nr"
	done
}

# ---- what was denied made no process and ended none ----
for nr in 59 57 231; do
	fresh
	{ rec 1 1 100 a /usr/bin/a 0; code=0x00050001; rec 1 2 100 a /usr/bin/a $nr; code=0x7ffc0000; rec 1 3 100 a /usr/bin/a 1; } | ingest
	ok "a denied $nr makes no edge" is "$(db 'SELECT group_concat(edges) FROM interval')" '[]'
	fresh
	{ rec 1 1 100 a /usr/bin/a 0; rec 1 2 100 a /usr/bin/a $nr; rec 1 3 100 a /usr/bin/a 1; } | ingest
	ok "one that was made makes one" test "$(db 'SELECT group_concat(edges) FROM interval')" != '[]'
done

# ---- forget --unsee leaves seconds in which kept records lie ----
fresh
{ rec 1 1 100 gone /usr/bin/gone 0; rec 1 2 200 kept /usr/bin/kept 1; rec 900 3 100 gone /usr/bin/gone 2; } >"$TMP/log"
ingest <"$TMP/log"
"$SCAUDIT" forget --comm gone --yes --unsee 2>/dev/null
ingest <"$TMP/log"
ok "a second that is shared stays seen, another does not" is \
	"$(db "SELECT comm, sum(count) FROM observations GROUP BY comm ORDER BY comm" | tr '\n' ' ')" 'gone|1 kept|1 '

# ---- rows that are joined are the first run's, and the others' as well ----
for order in '1 900 450' '450 1 900' '900 450 1'; do
	fresh
	for ms in $order; do rec 1 "$ms" 100 a /usr/bin/a 0 | ingest; done
	ok "joined in the order $order: whose" is "$(db "SELECT group_concat(ingest) FROM interval") $(db "SELECT group_concat(ingest) FROM
		(SELECT DISTINCT ingest FROM touch ORDER BY ingest)")" "1 2,3"
done

# ---- in how many starts ----
starts() { # N: of a program, of which the last makes one call more
	local i

	for ((i = 1; i < $1; i++)); do start $((i * 100)) $((i * 10)) $((100 + i)) app 0 1 231; done
	start $((i * 100)) $((i * 10)) $((100 + i)) app 0 1 41 231
}
for n in 2 3; do
	fresh
	starts $n | ingest
	run "$SCAUDIT" profile --comm app --baseline none -o "$TMP/list"
	ok "$n starts: rare is told from 3 on" is "$(grep -c 'in only 1 of\|in 1 of\|only in 1' "$TMP/err")" $((n - 2))
	"$SCAUDIT" profile --comm app --baseline none --explain -q >"$TMP/explained"
	"$SCAUDIT" compact -q --keep-trees 0
	"$SCAUDIT" profile --comm app --baseline none --explain -q >"$TMP/compacted"
	ok "$n starts: the same when they are compacted" diff <(cut -f1-4 "$TMP/explained") <(cut -f1-4 "$TMP/compacted")
done
# another workload's totals do not count
for i in 1 2 3 4 5 6 7; do start $((2000 + i * 100)) $((500 + i * 10)) $((300 + i)) other 41 231; done | ingest
"$SCAUDIT" compact -q --keep-trees 0
"$SCAUDIT" profile --comm app --baseline none --explain -q >"$TMP/compacted"
ok "totals of others do not count" diff <(cut -f1-4 "$TMP/explained") <(cut -f1-4 "$TMP/compacted")

# ---- in how many ways a program was started ----
fresh
for n in 1 2; do
	start $((n * 100)) $((n * 10)) $((100 + n)) app 0 231 | sed "s,comm=\"sh\" exe=\"/bin/sh\",comm=\"sh$n\" exe=\"/bin/sh$n\"," | ingest
	run "$SCAUDIT" profile --comm app -o "$TMP/list"
	ok "$n ways: $([ $n = 1 ] && echo not said || echo said)" is "$(grep -c "started in $n ways" "$TMP/err")" $((n - 1))
done

# ---- markers of losses come late ----
for late in 290 310; do
	fresh
	rec 1 1 100 a /usr/bin/a 0 | ingest
	printf '%s n kernel: audit: audit_lost=5 audit_rate_limit=0 audit_backlog_limit=64\n' \
		"$(date -u -d "@$((1795000001 + late))" +%Y-%m-%dT%H:%M:%S.000000+00:00)" >"$TMP/marker"
	"$SCAUDIT" ingest -q "$TMP/marker"
	run "$SCAUDIT" profile --comm a --until "$(date -u -d @1795000002 +%Y-%m-%dT%H:%M:%SZ)"
	ok "a marker $late s late: $([ $late -lt 300 ] && echo counts || echo does not)" is "$(grep -c 'loss unknown' "$TMP/err")" $((late > 300))
done

# ---- check counts what a runtime's first call is refused ----
fresh
rec 1 1 100 a /usr/bin/a 0 | ingest
sed -nE 's/^RUNTIME\(runc, "([a-z_0-9]+)", [A-Z]+\)$/\1/p' "$ROOT/analyze/policy/runtime_list.h" | sort -u >"$TMP/runc"
printf 'read\nopenat\nclose\n' >>"$TMP/runc"
run "$SCAUDIT" check "$TMP/runc" --all --runtime runc
ok "all that runc calls: it starts" is "$status" 0
grep -vx openat "$TMP/runc" >"$TMP/less"
run "$SCAUDIT" check "$TMP/less" --all --runtime runc
ok "its first call is refused: it does not" is "$status $(grep -c 'it needs openat first' "$TMP/err")" "1 1"

# ---- ids may be cut to four characters ----
sqlite3 "$SCAUDIT_DB" "INSERT INTO place (id, node, runtime, container, container_name, pod, pod_name, namespace, unit, image)
	SELECT 1, id, x'', CAST('abcdef0123456789' AS BLOB), x'', x'', x'', x'', x'', x'' FROM node LIMIT 1;
	INSERT INTO tree_place (tree, place, trusted) SELECT id, 1, 1 FROM tree"
for id in abcd abc a b; do
	run "$SCAUDIT" profile --container $id -q
	ok "--container $id" is "$status" "$([ $id = abcd ] && echo 0 || echo 1)"
done
run "$SCAUDIT" profile --container abdc
ok "no container: the nearest" warns "no container 'abdc'; the nearest: abcdef0123456789"

# ---- a pipe that nobody reads ----
mkfifo "$TMP/pipe"
: <"$TMP/pipe" &
(
	trap '' PIPE
	exec 3>"$TMP/pipe"
	wait
	sleep 0.1
	"$SCAUDIT" help formats >&3 2>"$TMP/err"
	echo $? >"$TMP/status"
)
wait
ok "nobody reads: no error" is "$(cat "$TMP/status") $(wc -c <"$TMP/err")" "0 0"
