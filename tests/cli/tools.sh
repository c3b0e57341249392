#!/bin/bash
# Files of tools that saw calls being made: what they are taken for, what they say is missing, and that they count as no event.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 jq
cp -r "$SAMPLES/tools" "$SAMPLES/cks" "$SAMPLES/pipeline.log" "$TMP"
cd "$TMP" || exit 1
fresh() { rm -f "$SCAUDIT_DB"*; }
names() { "$SCAUDIT" profile -q --union --baseline none --format names "$@"; }
trees() { db 'SELECT path FROM observations GROUP BY path ORDER BY path' | tr '\n' ';'; }

# --- each sample: its kind, its calls, what is missing ---
while read -r file kind calls missing; do
	fresh
	run "$SCAUDIT" ingest ${missing:+$([ "$kind" != oci-hook ] || echo --kind oci-hook)} "tools/$file"
	ok "$file: read as $kind, $calls calls" is "$(db "SELECT value ->> 'kind' || ' ' || (value ->> 'calls') FROM meta WHERE key LIKE 'tool %'")" "$kind $calls"
	ok "... no event" is "$(db 'SELECT sum(count) FROM observations')" 0
	case $missing in
	-) ok "... nothing is missing, by what it shows" test "$(grep -c incomplete err)" = 0 ;;
	*) ok "... and says what is missing" warns "incomplete: .*${missing//_/ }" ;;
	esac
done <<-END
	strace-6.1-f.txt strace 113 -
	strace-6.1-options.txt strace 113 -
	strace-6.1-stderr.txt strace 113 -
	strace-6.1-threads.txt strace 115 -
	strace-6.1-i386.txt strace 32 -
	strace-6.1-not-f.txt strace 59 strace_-f_follows
	strace-6.1-c.txt strace-c 22 nothing_in_it_shows
	strace-6.1-c-columns.txt strace-c 22 nothing_in_it_shows
	tracee-0.4.0.txt tracee 6 68_of_353
	tracee-0.4.0-container.txt tracee 4 nothing_in_it_shows
	tracee-0.4.0.json tracee 3 nothing_in_it_shows
	tracee-0.24.json tracee 2 nothing_in_it_shows
	tracee-2025-11.json tracee 2 nothing_in_it_shows
	perf-6.1-script.txt perf-script 113 nothing_in_it_shows
	perf-6.1-trace.txt perf-trace 119 nothing_in_it_shows
	perf-6.1-trace-s.txt perf-trace 54 nothing_in_it_shows
	bpftrace-0.17.txt bpftrace 22 nothing_in_it_shows
	bpftrace-0.17.json bpftrace 22 nothing_in_it_shows
	ftrace-6.18.txt ftrace 124 nothing_in_it_shows
	trace-cmd-3.1.txt ftrace 3 events_were_lost
	sysdig-0.29.txt sysdig 3 some_calls_and_not_all
	falco-0.36.json falco 1 events_were_lost
	inspektor-gadget-audit-seccomp.json ig-audit 2 some_calls_and_not_all
	inspektor-gadget-advise-seccomp.txt ig-advise 5 some_calls_and_not_all
	spo-enricher.log spo-enricher 2 some_calls_and_not_all
	spo-enricher.json spo-enricher 3 some_calls_and_not_all
	oci-seccomp-bpf-hook-1.2.json oci-hook 9 some_calls_and_not_all
END

# --- one run of a program, in each of strace's forms: one list, one tree ---
fresh
"$SCAUDIT" ingest -q tools/strace-6.1-f.txt
names --all >f.names
trees >f.trees
for form in options stderr; do
	fresh
	"$SCAUDIT" ingest -q "tools/strace-6.1-$form.txt"
	ok "strace, $form: the same names" is "$(names --all | cmp - f.names 2>&1)" ""
	ok "strace, $form: the same tree" is "$(trees)" "$(cat f.trees)"
done
fresh
run "$SCAUDIT" ingest tools/strace-6.1-ff.*
ok "strace -ff: three files are one source" is "$(db "SELECT count(*) FROM meta WHERE key LIKE 'tool %'")" 1
ok "... the same names" is "$(names --all | cmp - f.names 2>&1)" ""
ok "... the same tree" is "$(trees)" "$(cat f.trees)"
ok "the tree is exact" is "$(cat f.trees)" "strace;strace > sh;strace > sh > cat;"

# --- a file counts once, whatever it is called and packed in ---
fresh
cp tools/strace-6.1-f.txt other.name
gzip -k other.name
run "$SCAUDIT" ingest tools/strace-6.1-f.txt
ok "new" warns '113 calls of 3 processes, 113 new'
run "$SCAUDIT" ingest other.name
ok "the same under another name: nothing new" warns '113 calls of 3 processes, 0 new'
run sh -c "'$SCAUDIT' ingest <other.name"
ok "... by a pipe" warns '113 calls of 3 processes, 0 new'
run "$SCAUDIT" ingest other.name.gz
[ "$status" = 2 ] && skip "packed" "no libarchive here" || ok "... packed" warns '113 calls of 3 processes, 0 new'
run "$SCAUDIT" ingest other.name other.name
ok "... twice in a run" is "$(db 'SELECT sum(made) FROM observations')" 113
run "$SCAUDIT" forget -qy --all
run "$SCAUDIT" ingest tools/strace-6.1-f.txt
ok "forgotten: reading it again does not bring it back" warns ', 0 new'
fresh
"$SCAUDIT" ingest -q tools/strace-6.1-f.txt
"$SCAUDIT" forget -qy --all --unsee
run "$SCAUDIT" ingest tools/strace-6.1-f.txt
ok "... with --unsee it does" warns ', 113 new'

# a part of it first, and then all
fresh
"$SCAUDIT" ingest -q --since 2099-01-01 tools/strace-6.1-options.txt
run "$SCAUDIT" ingest tools/strace-6.1-options.txt
ok "--since: what it left out comes with the whole" is "$(names --all | cmp - f.names 2>&1)" ""

# --- beside a log ---
fresh
chmod 0666 pipeline.log
"$SCAUDIT" ingest -q pipeline.log tools/strace-6.1-f.txt tools/perf-6.1-script.txt
ok "events are the log's" is "$(db 'SELECT sum(count) FROM observations')" 346
run "$SCAUDIT" status --json
ok "status: the files of tools" is "$(jq -c '[.tools[].kind] | sort' out)" '["perf-script","strace"]'
ok "... and one node" is "$(jq -c '[.nodes[].name]' out)" '["node01"]'
run "$SCAUDIT" profile --all --union --explain
ok "--explain: by strace" says 'strace: [0-9]+.*strace > sh'
ok "--explain: by records" says 'text.*logrun'
ok "the verdict says so" warns 'part of it was seen by tools .*seccomp: 346 records of 1 tree; strace: 113 calls of 1 tree; perf-script: 113 calls'
run "$SCAUDIT" profile --kind strace --union --explain --json
ok "--kind narrows" is "$(jq -c '[.. | .kind? // empty] | unique' out)" '["strace"]'
run "$SCAUDIT" profile --kind nonsense
ok "--kind: a kind that is none" warns "kind is one of seccomp, strace"
run "$SCAUDIT" profile --kind seccomp --format names -q --baseline none
ok "--kind seccomp: the log's list" is "$(cmp out <(fresh; "$SCAUDIT" ingest -q pipeline.log; names --all) 2>&1)" ""
fresh
"$SCAUDIT" ingest -q tools/strace-6.1-f.txt
run "$SCAUDIT" profile --all --trusted
ok "--trusted leaves it out" warns 'no trusted records'
run "$SCAUDIT" readiness --all
ok "readiness: a start, and text" says 'starts +1 that ended'
ok "... arrived is not said" says 'arrived +unknown: .*text that a user can write'
run "$SCAUDIT" profile --all --require arrived
ok "--require arrived: nothing is written" is "$status" 1
fresh
"$SCAUDIT" ingest -q tools/strace-6.1-not-f.txt
run "$SCAUDIT" readiness --all
ok "without -f: no start, and calls are missing" says 'arrived +no: files of tools show that calls are missing'
run "$SCAUDIT" profile --all
ok "... the list says so" warns 'incomplete: strace: .*-f follows'
fresh
"$SCAUDIT" ingest -q tools/tracee-0.24.json
ok "Tracee: container and pod are kept" is "$(names --pod shop/web-5d9c6-x2x7k | tr '\n' ' ')" "accept4 recvmsg "

# --- stores: taken over, compacted ---
fresh
"$SCAUDIT" ingest -q --db a.db tools/strace-6.1-f.txt tools/strace-6.1-c.txt
"$SCAUDIT" ingest -q a.db
"$SCAUDIT" ingest -q a.db tools/strace-6.1-f.txt
ok "another store: its calls, once" is "$(db "SELECT sum(made), sum(count) FROM observations")" '113|0'
ok "... its trees" is "$(db "SELECT path FROM observations WHERE kind = 'strace' GROUP BY path ORDER BY path" | tr '\n' ';')" "$(cat f.trees)"
"$SCAUDIT" compact -q --keep-trees 0
ok "compacted: still no event" is "$(db "SELECT sum(count), sum(made) FROM observations WHERE kind = 'strace'")" '0|113'
ok "... and the same names" is "$(names --kind strace | cmp - f.names 2>&1)" ""

# a store that was made before there were tools: its view would count their calls as events
fresh
"$SCAUDIT" ingest -q pipeline.log
sqlite3 "$SCAUDIT_DB" 'DROP VIEW observations; CREATE VIEW observations AS SELECT 1 AS count'
"$SCAUDIT" ingest -q tools/strace-6.1-f.txt
ok "an older store: its view is made anew" is "$(db 'SELECT sum(count), sum(made) FROM observations')" '346|113'

# --- notes of arguments ---
fresh
cat >sys.log <<-'END'
	type=SECCOMP msg=audit(1795494577.755:214): auid=4294967295 uid=0 gid=0 ses=4294967295 pid=10894 comm="nc" exe="/usr/bin/nc" sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f416bce7829 code=0x7ffc0000
	type=SYSCALL msg=audit(1795494577.755:215): arch=c000003e syscall=41 success=yes exit=3 a0=2 a1=80002 a2=0 a3=0 items=0 ppid=1 pid=10894 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="nc" exe="/usr/bin/nc" key=(null)
	type=SYSCALL msg=audit(1795494577.755:216): arch=c000003e syscall=41 success=yes exit=3 a0=10 a1=3 a2=f a3=0 items=0 ppid=1 pid=10894 auid=4294967295 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=(none) ses=4294967295 comm="nc" exe="/usr/bin/nc" key=(null)
END
"$SCAUDIT" ingest -q sys.log
run "$SCAUDIT" profile --all --explain
ok "without the option: no notes" test "$(grep -c 'arguments seen' out)" = 0
"$SCAUDIT" ingest -q --with-syscall-records sys.log
"$SCAUDIT" ingest -q --with-syscall-records sys.log
run "$SCAUDIT" profile --all --explain
ok "--with-syscall-records: notes, each once" says 'socket.*nc \[nc\] \(arguments seen: a0 2,10; a1 3,80002; a2 0,f\)'
ok "... and one event" is "$(db 'SELECT sum(count) FROM observations')" 1

# --- amicontained ---
run "$SCAUDIT" diff --from amicontained cks/07-amicontained.txt cks/06-custom.json
ok "amicontained: misprints are read as the nearest name, and said" warns 'SYSCFG as syslog, VHAVGUP as vhangup'
ok "... it says what it does not try" warns 'up to number 334'
run "$SCAUDIT" diff cks/07-amicontained.txt cks/07-amicontained.txt
ok "... by its content" is "$status" 0

# --- what people have beside, and is no evidence ---
fresh
run "$SCAUDIT" ingest cks/07-amicontained.txt
ok "amicontained's list is no evidence: what takes it is said" warns 'diff --from amicontained'
run "$SCAUDIT" ingest cks/08-status.txt
ok "/proc/PID/status: the same" warns 'scaudit blocked --pid'
run "$SCAUDIT" ingest cks/12-deny-all.json
ok "a profile: the same" warns 'it is a profile'

# --- bad input ---
fresh
run "$SCAUDIT" ingest cks/03-tracee.txt
ok "Tracee's table without the event: exit 1, and the reason" test $status = 1 -a "$(grep -c 'no column EVENT' err)" = 1
head -c 2000 tools/strace-6.1-f.txt >cut.txt
run "$SCAUDIT" ingest cut.txt
ok "cut within a line: said" warns 'it ends before its end'
{ cat tools/strace-6.1-f.txt; head -c 3000000 /dev/zero | tr '\0' x; echo; } >long.txt
run "$SCAUDIT" ingest long.txt
ok "a line of megabytes: the rest is read" warns 'strace: 113 calls'
printf '{"eventName":"read","processName":"a' >half.json
{ cat tools/tracee-0.24.json half.json; } >cut.json
run "$SCAUDIT" ingest cut.json
ok "an object that is cut: the rest is read, and said" warns 'tracee: 2 calls.*it ends before its end'
mkdir tools/folder
run "$SCAUDIT" ingest tools/folder tools/strace-6.1-c.txt
ok "a folder: one line, the rest goes on, exit 2" test $status = 2 -a "$(grep -c 'is a folder' err)" = 1 -a "$(grep -c 'strace-c: 22 calls' err)" = 1
run "$SCAUDIT" ingest --kind seccomp tools/strace-6.1-f.txt
ok "--kind seccomp: it is a log, then" warns 'no record'
run "$SCAUDIT" ingest --arch sparc tools/strace-6.1-f.txt
ok "--arch: none that is known" is "$status" 2

# --- what to do next, where only tools saw something ---
fresh
"$SCAUDIT" ingest -q "$SAMPLES/tools/strace-6.1-f.txt"
run "$SCAUDIT" readiness --kind strace
ok "readiness: what tools wrote proves nothing" says '^next +use scaudit capture'
