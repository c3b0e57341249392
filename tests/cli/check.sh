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

# ---- what else a unit loads, and what nobody reads ----
export SCAUDIT_DB=$TMP/unit.db
serial=0
for nr in 0 308 335 453; do
	echo "type=SECCOMP msg=audit(1700000000.000:$((++serial))): auid=0 uid=0 gid=0 ses=1 pid=7 comm=\"a\" exe=\"/a\" sig=0 arch=c000003e syscall=$nr compat=0 ip=0x7f0000000000 code=0x7ffc0000"
done >"$TMP/some.log"
"$SCAUDIT" ingest -q --node n "$TMP/some.log"
printf '[Service]\nSystemCallFilter=~bpf\nSystemCallErrorNumber=EPERM\nRestrictNamespaces=~mnt\nRestrictNamespaces=yes\n' >"$TMP/ns.service"
run "$SCAUDIT" check --all "$TMP/ns.service"
ok "a unit's other filters: exit 1" is "$status" 1
ok "a unit's other filters: setns is refused" says $'^setns\tx86_64\trefused\terrno EPERM'
ok "a unit's other filters: they are named" warns 'as systemd 252 loads them: RestrictNamespaces='
printf '[Service]\nSystemCallFilter=~bpf\nSystemCallErrorNumber=EPERM\nCapabilityBoundingSet=\nCapabilityBoundingSet=CAP_CHOWN\n' >"$TMP/caps.service"
run "$SCAUDIT" check --all "$TMP/caps.service"
ok "what is not read: exit 0" is "$status" 0
ok "what is not read: it does not say that all pass" test "$(grep -c 'all 4 calls' "$TMP/err")" = 0
ok "what is not read: it says what" warns 'would refuse none of the 4 calls that were seen; not read: CapabilityBoundingSet='
ok "335: why it passes" warns '^scaudit: uretprobe passes whatever a filter says'
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read", "setns", "exit_group"], "action": "SCMP_ACT_ALLOW"}]}' >"$TMP/no-archs.json"
run "$SCAUDIT" check --all "$TMP/no-archs.json"
if [ "$(uname -m)" = x86_64 ]; then
	ok "runc's versions: both answers" says $'^map_shadow_stack\tx86_64\trefused\terrno (EPERM or errno ENOSYS|ENOSYS or errno EPERM)'
	ok "runc's versions: and how to name one" warns 'runc-1.1 or runc-1.2 says which runs'
	run "$SCAUDIT" check --all --runtime runc-1.1 "$TMP/no-archs.json"
	ok "runc 1.1: no architecture is listed" says $'^map_shadow_stack\tx86_64\trefused\terrno EPERM\t'
	run "$SCAUDIT" check --all --target runc-1.2 "$TMP/no-archs.json"
	ok "runc 1.2: the machine's own" says $'^map_shadow_stack\tx86_64\trefused\terrno ENOSYS\t'
fi
run "$SCAUDIT" check --all --runtime crun --target runc-1.2 "$TMP/no-archs.json"
ok "two runtimes: exit 2" is "$status" 2
for text in '@denylist\nsetns: return ENOSYS\n' '2\nblacklist\n[all]\nsetns errno 38\n'; do
	# shellcheck disable=SC2059
	printf "$text" >"$TMP/deny"
	run "$SCAUDIT" check --all "$TMP/deny"
	ok "a list that denies: its name is refused" says $'^setns\tx86_64\trefused\terrno ENOSYS'
	ok "a list that denies: all else passes" test "$(grep -c '^read' "$TMP/out")" = 0
done
