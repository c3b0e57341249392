#!/bin/bash
# scaudit decode: what lines say, without a store.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

line='type=SECCOMP msg=audit(1795518350.089:610839): auid=4294967295 uid=65534 gid=65534 ses=4294967295 pid=5857'
line+=' comm="sh" exe="/usr/bin/dash" sig=0 arch=c000003e syscall=12 compat=0 ip=0x7f328e6a7c47 code=0x7ffc0000'
field() { jq -e "$1" "$TMP/out" >/dev/null; }

# --- text ---
run "$SCAUDIT" decode "$SAMPLES/pipeline.log"
ok "a file: exit 0" is $status 0
ok "a file: a line each record" lines 346 "$TMP/out"
ok "a file: time, node, comm, pid, exe, call, action" says \
	'^2026-11-24T11:05:50.089Z node01 sh\[5857\] /usr/bin/dash brk log$'
run "$SCAUDIT" decode - <"$SAMPLES/i386.log"
ok "standard input by its name" lines 53 "$TMP/out"
ok "calls of another architecture say so" says 'i386\[5985\] /opt/demo/i386 brk \(i386\) log$'
run "$SCAUDIT" decode <"$SAMPLES/denials.log"
ok "standard input by default" lines 433 "$TMP/out"
ok "denials are told from the rest" says ' (errno|trap|kill_process)$'
run "$SCAUDIT" decode "$SAMPLES/dmesg.log" "$SAMPLES/java-threads.log"
ok "several files, one after the other" lines $((45 + 1242)) "$TMP/out"
ok "a name in hex is shown decoded" says 'log writer\['

# --- hostile bytes ---
printf '%s\n' "${line/\"sh\"/1B5B324A0A}" | run "$SCAUDIT" decode
ok "a comm cannot move the cursor" says '\\x1b\[2J\\x0a\[5857\]'
run "$SCAUDIT" decode "$TMP/"$'no\x1b[2Jsuch'
ok "nor can a file's name" test -z "$(tr -d '\n -~' <"$TMP/err")"

# --- damaged lines and loss ---
{ echo "${line/syscall=12/syscall=brk}"; cat "$SAMPLES/syslog-ratelimited.log"; } >"$TMP/mixed.log"
run "$SCAUDIT" decode "$TMP/mixed.log"
ok "damaged: counted, not shown" lines 50 "$TMP/out"
ok "damaged: said on stderr" warns '1 damaged record not shown; --all shows'
run "$SCAUDIT" decode --all "$TMP/mixed.log"
ok "--all: damaged lines with place and reason" says "^damaged: .*/mixed.log:1: syscall is "
ok "--all: loss markers" says '^loss: .*/mixed.log:16: printk, 1636$'
ok "--all: all of it" lines 55 "$TMP/out"
run "$SCAUDIT" decode <<<"nothing of ours"
ok "no record: exit 0" is $status 0
ok "no record: said" warns 'no record in this input'
run "$SCAUDIT" decode -q <<<"nothing of ours"
ok "--quiet: nothing said" test ! -s "$TMP/err"

# --- JSON ---
if command -v jq >/dev/null; then
	printf '%s\n' "$line" | run "$SCAUDIT" decode --json
	ok "json: one object a record" field '.verdict == "record" and .line == 1 and .file == "-"'
	ok "json: every field" field '[.epoch, .ms, .serial, .auid, .uid, .gid, .ses, .pid, .sig, .syscall, .compat] ==
		[1795518350, 89, 610839, 4294967295, 65534, 65534, 4294967295, 5857, 0, 12, 0]'
	ok "json: names beside numbers" field '[.arch, .arch_name, .name, .ip, .code, .action] ==
		["c000003e", "x86_64", "brk", "7f328e6a7c47", "7ffc0000", "log"]'
	ok "json: what the form has not is null" field '.node == null and .subj == null'
	printf '%s\n' "${line/\"sh\"/FF41}" | run "$SCAUDIT" decode --json
	ok "json: bytes that are no text stand in hex, too" field '.comm == "\ufffdA" and .comm_hex == "ff41"'
	printf '%s\n' "${line/\"sh\"/C29B7F41}" | run "$SCAUDIT" decode --json
	ok "json: what a terminal acts on is escaped" grep -q '"comm":"\\u009b\\u007fA"' "$TMP/out"
	printf '%s\n' "${line/syscall=12/syscall=-1}" | run "$SCAUDIT" decode --json
	ok "json: a number without a name" field '.syscall == -1 and .name == null'
	printf '%s\n' "$line" | run "$SCAUDIT" decode --json --node web1
	ok "json: --node" field '.node == "web1"'
	run "$SCAUDIT" decode --json --all "$TMP/mixed.log"
	ok "json: every line is an object" is "$(jq -s length "$TMP/out")" 55
	ok "json: damaged with its reason" is "$(jq -r 'select(.verdict == "damaged").reason' "$TMP/out" | cut -c 1-10)" 'syscall is'
	ok "json: loss with its kind and number" is "$(jq -c 'select(.verdict == "loss") | [.what, .count]' "$TMP/out" | head -n 1)" '["printk",1636]'
else
	printf '%s\n' "$line" | run "$SCAUDIT" decode --json
	ok "json: one object a record" says '"verdict":"record".*"serial":610839.*"name":"brk"'
	skip "json, in detail" "no jq here"
fi

# --- what goes wrong ---
run "$SCAUDIT" decode "$TMP/missing" "$SAMPLES/dmesg.log"
ok "an unreadable file: exit 2" is $status 2
ok "an unreadable file: named" warns 'cannot open .*/missing: No such file'
ok "an unreadable file: the next one is read" lines 45 "$TMP/out"
run "$SCAUDIT" decode "$TMP"
ok "a folder: exit 2" is $status 2
ok "a folder: what to do" warns 'is a folder; name the files in it'
run "$SCAUDIT" decode --comm x "$SAMPLES/dmesg.log"
ok "an option of another command: exit 2" is $status 2
ok "an option of another command: named" warns 'decode takes no --comm'
run "$SCAUDIT" --no-such-option decode
ok "an unknown option: exit 2" is $status 2
ok "an unknown option: named" warns "unknown option '--no-such-option'"
run "$SCAUDIT" decode -Zq
ok "an unknown letter: exit 2" is $status 2
ok "an unknown letter: named" warns "unknown option '-Z"
run "$SCAUDIT" no-such-command
ok "an unknown command: exit 2" is $status 2
ok "an unknown command: named" warns "no such command: 'no-such-command'"
run "$SCAUDIT"
ok "no command: exit 2" is $status 2
run "$SCAUDIT" decode --node
ok "a value that is missing: exit 2" is $status 2
ok "a value that is missing: named" warns "option '--node' needs a value"

# --- help ---
run "$SCAUDIT" --help
ok "--help: exit 0, on standard output" is "$status $(wc -c <"$TMP/err")" '0 0'
ok "--help: lists the commands" says '^ +decode '
run "$SCAUDIT" decode --help
ok "decode --help: exit 0, its options" says '^ +--all '
ok "decode --help: not those of others" test -z "$(grep -e '--comm' "$TMP/out")"
run "$SCAUDIT" --version
ok "--version: exit 0" is $status 0
ok "--version: one line" says '^scaudit [0-9]+\.[0-9]+'

# --- a reader that goes away, a disk that is full ---
"$SCAUDIT" decode "$SAMPLES/java-threads.log" 2>"$TMP/err" | head -n 1 >/dev/null
ok "a reader that goes away is no error" test ! -s "$TMP/err"
if [ -w /dev/full ]; then
	status=0
	"$SCAUDIT" decode "$SAMPLES/dmesg.log" >/dev/full 2>"$TMP/err" || status=$?
	ok "a full disk: exit 3" is $status 3
	ok "a full disk: said" warns 'cannot write to standard output'
else
	skip "a full disk" "no /dev/full here"
fi
mkfifo "$TMP/fifo"
: >"$TMP/shown" # else the loop below sees what was there before
"$SCAUDIT" decode "$TMP/fifo" >"$TMP/shown" 2>"$TMP/err" &
exec 3<>"$TMP/fifo" # both ways, so that nothing waits for a program that did not start
printf '%s\n' "$line" >&3
for _ in {1..400}; do
	[ ! -s "$TMP/shown" ] || break
	sleep 0.05
done
ok "a record is shown before the pipe ends" lines 1 "$TMP/shown"
exec 3>&-
wait
