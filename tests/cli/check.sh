#!/bin/bash
# check and blocked as commands: what a profile would refuse of what was seen, without running anything.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need jq
"$SCAUDIT" ingest -q --node node01 "$SAMPLES"/*.log
"$SCAUDIT" profile --comm java -q -o "$TMP/java.json"

run "$SCAUDIT" check "$TMP/java.json" --comm java
ok "a list holds its own evidence" is "$status" 0
ok "... and that is said" warns '^scaudit: all [0-9]+ calls that were seen pass$'
ok "... and nothing else" lines 0 "$TMP/out"

jq '.syscalls[0].names -= ["futex", "mmap"]' <"$TMP/java.json" >"$TMP/less.json"
run "$SCAUDIT" check "$TMP/less.json" --comm java
ok "what is missing is refused: 1" is "$status" 1
ok "... a row each" lines 3 "$TMP/out"
ok "... with answer and caller" says '^mmap.*refused.errno EPERM.[0-9]+.*java'
ok "... and a sum" warns '^scaudit: of [0-9]+ calls that were seen, 2 would be refused, 0 depend on arguments$'

jq '.syscalls += [{"names": ["futex"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": 0, "op": "SCMP_CMP_EQ"}]}]' <"$TMP/less.json" >"$TMP/args.json"
run "$SCAUDIT" check "$TMP/args.json" --comm java --json
ok "conditions on arguments: depends" is "$(jq -r '.calls[] | select(.name == "futex") | .verdict' "$TMP/out")" depends
ok "... both answers" is "$(jq -r '.calls[] | select(.name == "futex") | .answer' "$TMP/out")" "errno EPERM or allow"

# from a pipe, as text and as instructions
ok "a profile on standard input" is "$("$SCAUDIT" profile -q --comm java | "$SCAUDIT" check -q - --comm java; echo $?)" 0
ok "instructions on standard input" is "$("$SCAUDIT" profile -q --comm java --format bpf | "$SCAUDIT" check -q - --comm java; echo $?)" 0
ok "a profile in a pipe with a name" is "$("$SCAUDIT" check -q <("$SCAUDIT" profile -q --comm java) --comm java; echo $?)" 0

# runc answers ENOSYS above the highest name; crun does not
jq '.syscalls[0].names = ["read", "write"] | .defaultAction = "SCMP_ACT_KILL_PROCESS" | del(.defaultErrnoRet)' <"$TMP/java.json" >"$TMP/two.json"
run "$SCAUDIT" check "$TMP/two.json" --comm java --json
ok "runc's ENOSYS" is "$(jq -r '.calls[] | select(.name == "mmap") | .answer' "$TMP/out")" "errno ENOSYS"
run "$SCAUDIT" check "$TMP/two.json" --comm java --json --runtime crun
ok "crun has none" is "$(jq -r '.calls[] | select(.name == "mmap") | .answer' "$TMP/out")" kill_process
ok "... and would not get through its own start" warns '^scaudit: under crun .* the program would not start: it needs '
jq '.syscalls[0].names = ["exit"]' <"$TMP/two.json" >"$TMP/one.json"
run "$SCAUDIT" check "$TMP/one.json" --comm java --runtime crun
ok "... and which of its calls comes first" warns 'under crun .* would not start: it needs close first, then capset, execve, '
run "$SCAUDIT" check "$TMP/one.json" --comm java --runtime runc
ok "... which with runc depends on no-new-privileges" warns 'it needs openat first \(close with no-new-privileges\), then capget, '
jq '.syscalls[0].names = ["close", "openat"]' <"$TMP/two.json" >"$TMP/first.json"
run "$SCAUDIT" check "$TMP/first.json" --comm java --runtime crun
ok "... unless that passes" warns 'under crun .* would not start: it needs capset, execve, '
run "$SCAUDIT" check "$TMP/two.json" --root 'runc:[2:INIT]'
ok "a runtime that was seen: what it needs first" warns 'it would not start: runc:\[2:INIT\] needs [a-z_0-9]+ first'

printf '\6\0\0\0\0\0\377\177' >"$TMP/allow.bpf"
run "$SCAUDIT" check "$TMP/allow.bpf" --all
ok "raw instructions: allow all" is "$status" 0
printf '\6\0\0\0\0\0\0\200' >"$TMP/kill.bpf"
run "$SCAUDIT" check "$TMP/kill.bpf" --comm java
ok "raw instructions: kill" is "$status" 1
printf '\40\0\0\0\0\0\0\0' >"$TMP/bad.bpf"
run "$SCAUDIT" check "$TMP/bad.bpf" --comm java
ok "instructions that the kernel would not load: 2" is "$status" 2
ok "... and why" warns 'bad.bpf: instruction 0 of the filter: the last one is no return'

run "$SCAUDIT" check "$TMP/nothing.json"
ok "no such file: 2" is "$status" 2
run "$SCAUDIT" check
ok "nothing to check: 2" is "$status" 2
run "$SCAUDIT" check "$TMP/java.json" --comm no-such
ok "nothing that matches: 1" is "$status" 1
run "$SCAUDIT" check "$TMP/java.json" --runtime nonsense
ok "no such runtime: 2" is "$status" 2

run "$SCAUDIT" blocked --json
ok "blocked: JSON" jq -e '.blocked | type == "array"' "$TMP/out"
run "$SCAUDIT" blocked --pid 0
ok "blocked: a pid that is none" is "$status" 2
