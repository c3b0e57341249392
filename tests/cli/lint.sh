#!/bin/bash
# lint: traps in profiles, as a person and a program see them; the rules themselves are in tests/test_lint.c.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cat >"$TMP/bad.json" <<'END'
{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
 {"names": ["read", "raed", "pread", "ptrace", "exit_group"], "action": "SCMP_ACT_ALLOW"}]}
END
run "$SCAUDIT" lint "$TMP/bad.json"
ok "errors: exit 1" is "$status" 1
ok "errors: come first" test "$(head -n 3 "$TMP/out" | tail -n 2 | cut -f1 | sort -u)" = error
ok "errors: a name that nobody knows" says $'^error\tunknown-name\traed\t'
ok "errors: libaudit's spelling" says $'^error\taudit-name\tpread, which loaders know as pread64\t'
ok "warnings: a dangerous one, and why" says $'^warning\tdanger\tptrace\treads and changes other processes'
ok "notes: counted" says $'^note\tcount\t3 calls of x86_64'
ok "says how many" warns '^scaudit: 3 errors, 3 warnings$'
run "$SCAUDIT" lint -q --json "$TMP/bad.json"
ok "json: exit 1" is "$status" 1
ok "json: errors counted" says '"errors": 3'
ok "json, quiet: nothing on stderr" lines 0 "$TMP/err"

"$SCAUDIT" ingest -q --node node01 "$SAMPLES/runc-start.log"
"$SCAUDIT" profile -q --comm perl --root 'runc:[2:INIT]' >"$TMP/perl.json"
run "$SCAUDIT" lint "$TMP/perl.json"
ok "our own list: no errors" is "$status" 0
"$SCAUDIT" ingest -q --node node01 "$SAMPLES/java-threads.log"
"$SCAUDIT" profile -q --comm java --runtime runc >"$TMP/java.json"
run "$SCAUDIT" lint "$TMP/java.json"
ok "our own list for runc: it would start" test "$(grep -c $'no-start\trunc' "$TMP/out")" = 0
"$SCAUDIT" profile -q --comm java >"$TMP/java.json"
run "$SCAUDIT" lint "$TMP/java.json"
ok "our own list, for none: what runc lacks" says $'no-start\trunc 1.1.5: '

run "$SCAUDIT" lint
ok "no profile: exit 2" is "$status" 2
echo '<xml>' >"$TMP/bad.xml"
run "$SCAUDIT" lint "$TMP/bad.xml"
ok "no format: exit 2" is "$status" 2
ok "no format: one line" lines 1 "$TMP/err"
printf '[Service]\nSystemCallFilter=~@mount bpf\n' >"$TMP/unit"
run "$SCAUDIT" lint "$TMP/unit"
ok "systemd: a set is named" says $'^warning\tsystemd-set\t@mount\t'

distributed=/usr/share/containers/seccomp.json
if [ -r "$distributed" ]; then
	run "$SCAUDIT" lint --caps docker --arch amd64 "$distributed"
	ok "containers/common's: read, and linted" says $'^note\tcount\t'
	ok "containers/common's: starts under runc and crun" test "$(grep -c no-start "$TMP/out")" = 0
	ok "containers/common's: has no name that nobody knows" test "$(grep -c unknown-name "$TMP/out")" = 0
	run "$SCAUDIT" lint "$distributed"
	ok "containers/common's: capabilities have to be named" warns 'depends on capabilities: name them with --caps LIST'
else
	skip "containers/common's" "no $distributed here"
fi
