#!/bin/bash
# scaudit ingest: files and pipes into the store.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3
cp "$SAMPLES"/*.log "$TMP"
chmod 0666 "$TMP"/*.log # text, whoever runs this
fresh() { rm -f "$SCAUDIT_DB"*; }

# --- once and again ---
run "$SCAUDIT" ingest "$TMP/pipeline.log"
ok "a file: exit 0" is $status 0
ok "a file: a summary" warns '^scaudit: 346 records: 346 new, 0 seen before; 0 damaged, 0 other lines, 0 loss markers(;|$)'
ok "a file: nothing on standard output" test ! -s "$TMP/out"
ok "a file: the view counts its events" is "$(db 'SELECT sum(count) FROM observations')" 346
ok "a file: the store is for its owner alone" is "$(stat -c %a "$SCAUDIT_DB")" 600
run "$SCAUDIT" ingest "$TMP/pipeline.log"
ok "again: nothing is new" warns '346 records: 0 new, 346 seen before'
ok "again: the view has not changed" is "$(db 'SELECT sum(count) FROM observations')" 346
run "$SCAUDIT" ingest "$TMP/pipeline-auditd.log" --node node01
ok "the same events in another form: nothing is new" warns '346 records: 0 new, 346 seen before'

# --- standard input ---
fresh
grep syscall "$TMP/syslog-ratelimited.log" | run "$SCAUDIT" ingest
ok "grep syscall: read" warns '50 records: 50 new'
ok "grep syscall: says what it cuts off" warns "grep -E 'syscall\|audit\|suppressed"
fresh
run "$SCAUDIT" ingest <"$TMP/syslog-ratelimited.log"
ok "a whole log: loss markers" warns '15 other lines, 4 loss markers'
ok "a whole log: no advice about grep" test -z "$(grep 'grep -E' "$TMP/err")"
ok "loss: in the store" is "$(db 'SELECT sum(number) FROM loss')" $((1636 + 336 + 335 + 336))
fresh
cat "$TMP"/*.log | run "$SCAUDIT" ingest -
ok "forms mixed on one pipe" warns '^scaudit: 3,019 records: 3,019 new'
ok "lines that name no node are said to be this machine's" warns "taken as this machine's, .*--node NAME"

# --- what was denied made no process, and ended none ---
# a line: serial, milliseconds, call, code
one_process() { printf 'type=SECCOMP msg=audit(1795518350.%s:%s): auid=0 uid=0 gid=0 ses=1 pid=500 comm="app" exe="/usr/bin/app" sig=0 arch=c000003e syscall=%s compat=0 ip=%s code=%s\n' "$2" "$1" "$3" "$4" "$5"; }
for code in 0x50001 0x7fc00000 0x7ffc0000; do
	for nr in 59 231; do
		fresh
		{ one_process 1 000 0 0x7f0000001000 0x7ffc0000; one_process 2 010 $nr 0x7f0000001010 $code; one_process 3 900 0 0x7f9900001000 0x7ffc0000; one_process 4 910 1 0x7f0000001000 0x7ffc0000; } |
			"$SCAUDIT" ingest -q
		ok "call $nr with code $code: $([ $code = 0x7ffc0000 ] && echo an edge || echo no edge)" is \
			"$(db 'SELECT edges = json_array() FROM interval WHERE json_array_length(obs) > 0 ORDER BY t_first LIMIT 1')" "$([ $code = 0x7ffc0000 ] && echo 0 || echo 1)"
	done
done

# --- trust ---
fresh
run "$SCAUDIT" ingest --trusted-input <"$TMP/denials.log"
ok "--trusted-input: trusted" is "$(db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
fresh
run "$SCAUDIT" ingest <"$TMP/denials.log"
ok "standard input is text" is "$(db 'SELECT sum(trusted) FROM observations')" 0
fresh
if [ "$(id -u)" = 0 ]; then
	cp "$TMP/denials.log" "$TMP/audit.log"
	chmod 0640 "$TMP/audit.log"
	run "$SCAUDIT" ingest "$TMP/audit.log"
	ok "root's own audit.log is trusted" is "$(db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
	run "$SCAUDIT" ingest "$TMP/denials.log"
	ok "text later does not count again" is "$(db 'SELECT sum(count) FROM observations')" 433
else
	skip "root's own audit.log is trusted" "not root"
fi

# --- damaged lines ---
fresh
printf '%s\n' 'audit: type=1326 audit(1.000:1): auid=x'$'\x1b[2J' >"$TMP/damaged.log"
head -n 3 "$TMP/dmesg.log" >>"$TMP/damaged.log"
run "$SCAUDIT" ingest "$TMP/damaged.log"
ok "damaged: exit 0, counted" warns '^scaudit: 3 records: 3 new.*; 1 damaged'
run "$SCAUDIT" ingest -v "$TMP/damaged.log"
ok "-v: damaged with place, reason and text, escaped" warns '/damaged.log:1: damaged: auid is .*\\x1b\[2J'
ok "-v: nothing moves the cursor" test -z "$(tr -d '\n -~' <"$TMP/err")"
ok "-v: how many of each reason" warns '^scaudit: damaged, 1: auid is '

# --- a read that fails ---
fresh
run "$SCAUDIT" ingest --node n "$TMP/dmesg.log" /proc/self/mem "$TMP/denials.log"
ok "a read that fails: the system's fault" is "$status" 3
ok "... named with file and line" warns '^scaudit: /proc/self/mem, behind line 0: cannot read: Input/output error'
ok "... and the other files are read" is "$(db 'SELECT count(DISTINCT comm) > 1 AND sum(count) >= 433 FROM observations')" 1

# --- nothing to read ---
fresh
for what in '' 'some text' '{"MESSAGE":"x"}' 'type=SYSCALL msg=audit(1.000:1): arch=c000003e'; do
	printf '%s\n' "$what" >"$TMP/none.log"
	run "$SCAUDIT" ingest "$TMP/none.log"
	ok "no record (${what:0:12}): exit 0" is $status 0
	ok "no record (${what:0:12}): one line says what was expected" is "$(grep -c 'no record: .*audit: type=1326' "$TMP/err")" 1
done
run "$SCAUDIT" ingest </dev/null
ok "empty input: said" warns 'no record: the input is empty'
run "$SCAUDIT" ingest -q </dev/null
ok "--quiet: nothing said" test ! -s "$TMP/err"

# --- what cannot be read ---
run "$SCAUDIT" ingest "$TMP"
ok "a folder: exit 2, what to do" is "$status $(grep -c 'is a folder; name the files in it' "$TMP/err")" '2 1'
fresh
run "$SCAUDIT" ingest "$TMP/missing" "$TMP/dmesg.log"
ok "a missing file among others: exit 2" is $status 2
ok "a missing file among others: the others are read" is "$(db 'SELECT sum(count) FROM observations')" 45
run "$SCAUDIT" ingest --db "$TMP/no/such/folder.db" "$TMP/dmesg.log"
ok "a store that cannot be made: exit 3" is $status 3
ok "a store that cannot be made: named" warns 'no/such/folder.db'
echo "no store at all, but a text file of some length" >"$TMP/text.db"
run "$SCAUDIT" ingest --db "$TMP/text.db" "$TMP/dmesg.log"
ok "a store that is none: exit 3, left alone" is "$status $(wc -l <"$TMP/text.db")" '3 1'

# --- labels ---
fresh
run "$SCAUDIT" ingest --label first "$TMP/pipeline.log"
ok "--label: every observation carries it" is "$(db 'SELECT group_concat(DISTINCT label) FROM observations')" first

# --- a slow pipe ---
fresh
mkfifo "$TMP/fifo"
"$SCAUDIT" ingest "$TMP/fifo" 2>"$TMP/err" &
exec 3<>"$TMP/fifo" # both ways, so that nothing waits for a program that did not start
timeout 20 head -n 100 "$TMP/pipeline.log" >&3
for _ in {1..100}; do
	[ "$(db 'SELECT ifnull(sum(count), 0) FROM observations' 2>/dev/null)" != 100 ] || break
	sleep 0.05
done
ok "a pipe that stays open: what came is in the store" is "$(db 'SELECT sum(count) FROM observations')" 100
timeout 20 tail -n +101 "$TMP/pipeline.log" >&3
exec 3>&-
wait
ok "... and so is the rest" is "$(db 'SELECT sum(count) FROM observations')" 346

# --- journald's short form: the runtime's steps are of the program that the same pid became ---
fresh
short() { printf 'Mär 11 09:58:0%s box audit[%s]: SECCOMP auid=1 uid=0 gid=0 ses=1 pid=%s comm="%s" exe="%s" sig=0 arch=c000003e syscall=%s compat=0 ip=0x4c1b3b code=0x7ffc0000\n' "$@"; }
{
	short 2 700 700 'runc:[2:INIT]' / 126
	short 2 700 700 shopd /usr/bin/shopd 218
	short 3 700 700 shopd /usr/bin/shopd 41
	short 3 701 701 'runc:[2:INIT]' / 105
	short 3 702 702 other /usr/bin/other 102
} >"$TMP/short.log"
run "$SCAUDIT" ingest "$TMP/short.log"
ok "short form: presence is no failure, and the way to more is named" test $status = 0 -a "$(grep -c 'journalctl -k' "$TMP/err")" = 1
run "$SCAUDIT" profile --comm shopd --format names --baseline none
ok "short form: the loader's step is in the list" says '^capset$'
ok "short form: what it did itself, too" says '^set_tid_address$'
ok "short form: what another pid's loader did is not" test -z "$(grep '^setuid$' "$TMP/out")"
run "$SCAUDIT" profile --comm other --format names --baseline none
ok "short form: nor is it another program's" test -z "$(grep '^capset$' "$TMP/out")"

# --- a program that is known from a record and from presence far from it: whatever comes first, the loader's step is of both ---
unix() { printf '%s box audit[501]: SECCOMP %s comm="%s" exe="%s" sig=0 arch=c000003e syscall=%s compat=0 ip=0x7f04004270%s0 code=0x7ffc0000\n' "$@"; }
ids='auid=0 uid=0 gid=0 ses=1 pid=501'
unix 1795519551.000000 "$ids" 'runc:[2:INIT]' /usr/bin/runc 126 1 >"$TMP/loader"
echo "node=box type=SECCOMP msg=audit(1795519560.955:139): $ids comm=\"sort\" exe=\"/usr/bin/sort\" sig=0 arch=c000003e syscall=257" \
	"compat=0 ip=0x7f0405f91010 code=0x7ffc0000" >"$TMP/record"
unix 1795519560.900000 "$ids" sort /usr/bin/sort 12 2 >"$TMP/near"
unix 1795519564.000000 "$ids" sort /usr/bin/sort 0 3 >"$TMP/far"
for order in "loader record near far" "loader record far near" "far near loader record" "record far loader near"; do
	fresh
	for part in $order; do cat "$TMP/$part"; done | "$SCAUDIT" ingest -q
	"$SCAUDIT" workloads --by tree >"$TMP/trees.now"
	[ -e "$TMP/trees.first" ] || cp "$TMP/trees.now" "$TMP/trees.first"
	ok "short form: $order: the same trees" cmp "$TMP/trees.first" "$TMP/trees.now"
done
