#!/bin/bash
# diff: two profiles of any format, and a profile with what was seen.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

cat >"$TMP/old.json" <<'END'
{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
 {"names": ["read", "write", "ptrace"], "action": "SCMP_ACT_ALLOW"}]}
END
cat >"$TMP/new.yaml" <<'END'
apiVersion: security-profiles-operator.x-k8s.io/v1
kind: SeccompProfile
metadata: {name: new}
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures: [SCMP_ARCH_X86_64]
  syscalls:
  - {action: SCMP_ACT_ALLOW, names: [write, openat]}
  - {action: SCMP_ACT_ALLOW, names: [read]}
END

run "$SCAUDIT" diff "$TMP/old.json" "$TMP/old.json"
ok "the same: exit 0" is "$status" 0
ok "the same: nothing on stdout" lines 0 "$TMP/out"
ok "the same: says so" warns '^scaudit: no difference$'
run "$SCAUDIT" diff "$TMP/old.json" "$TMP/new.yaml"
ok "different: exit 1" is "$status" 1
ok "different: what was added" says $'^added\topenat\tlooser\terrno\\(1\\)\tallow$'
ok "different: what was removed" says $'^removed\tptrace\tstricter\tallow\terrno\\(1\\)$'
ok "different: nothing else" lines 3 "$TMP/out"
ok "different: counted" warns '^scaudit: 2 differences: 1 looser, 1 stricter, 0 other$'
run "$SCAUDIT" diff --json -q "$TMP/old.json" "$TMP/new.yaml"
ok "json: exit 1" is "$status" 1
ok "json: one document" grep -q '"looser": 1' "$TMP/out"
ok "json, quiet: nothing on stderr" lines 0 "$TMP/err"
run "$SCAUDIT" diff "$TMP/old.json" "$TMP/nowhere.json"
ok "a file that is not there: exit 2" is "$status" 2
echo '{"defaultAction": "\u001b[2J"}' >"$TMP/bad.json"
run "$SCAUDIT" diff "$TMP/old.json" "$TMP/bad.json"
ok "a malformed one: exit 2" is "$status" 2
ok "a malformed one: one line with file, path and reason" warns 'bad\.json: defaultAction: no such action: \\x1b\[2J$'
ok "a malformed one: no more than that" lines 1 "$TMP/err"
run "$SCAUDIT" diff
ok "nothing named: exit 2" is "$status" 2
run "$SCAUDIT" diff --from elf "$TMP/old.json" "$TMP/new.yaml"
ok "a format that is none: exit 2" is "$status" 2

printf 'read\nraed\n@x\n' >"$TMP/names"
run "$SCAUDIT" diff "$TMP/old.json" "$TMP/names"
ok "a line that is no name: exit 2, with its number" warns 'names:3: no name of a call: @x$'
printf 'read\nraed\n' >"$TMP/names"
run "$SCAUDIT" diff "$TMP/names" "$TMP/names"
ok "a name that no table knows is said, even where both have it" warns 'names: names that no table knows: raed$'

# ---- with the evidence ----
"$SCAUDIT" ingest -q --node node01 "$SAMPLES/java-threads.log" "$SAMPLES/pipeline.log"
"$SCAUDIT" profile -q --comm java --floor none >"$TMP/java.json"
run "$SCAUDIT" diff "$TMP/java.json" --comm java
ok "evidence: the list that it makes is the same" is "$status" 0
sed 's/"futex"/"ptrace"/' "$TMP/java.json" >"$TMP/other.json"
run "$SCAUDIT" diff "$TMP/other.json" --comm java
ok "evidence: exit 1" is "$status" 1
ok "evidence: what would be refused" says $'^added\tfutex\tlooser'
ok "evidence: what nobody did" says $'^removed\tptrace\tstricter'
run "$SCAUDIT" diff "$TMP/java.json"
ok "evidence: no selector: exit 2" is "$status" 2
run "$SCAUDIT" diff "$TMP/java.json" --comm jawa
ok "evidence: no match: exit 1, and why" warns "no comm 'jawa'"
run "$SCAUDIT" diff "$TMP/java.json" --comm java --comm sort
ok "evidence: two workloads: exit 1" is "$status" 1
ok "evidence: two workloads: each with its option" test "$(grep -cE -e '--workload [0-9a-f]{10}' "$TMP/err")" = 2

# ---- what is written is read back ----
for action in errno kill_process; do
	"$SCAUDIT" profile -q --comm java --default-action "$action" >"$TMP/list.json"
	for format in oci docker spo systemd minijail names json; do
		case $format-$action in
		minijail-errno | names-kill_process) continue ;; # what it cannot say
		esac
		"$SCAUDIT" profile -q --comm java --default-action "$action" --format "$format" >"$TMP/list"
		run "$SCAUDIT" diff "$TMP/list.json" "$TMP/list"
		if [ "$format" = systemd ]; then # which lets @default through, whatever a list says
			ok "written and read back: $format, $action: @default alone differs" test "$(tail -n +2 "$TMP/out" | grep -vc $'^added\t.*\tlooser\t')" = 0
			ok "... getrlimit among it" says $'^added\tgetrlimit\tlooser'
			run "$SCAUDIT" diff "$TMP/list" "$TMP/list"
		fi
		ok "written and read back: $format, $action" is "$status $(wc -l <"$TMP/out")" "0 0"
	done
done

# LXC has no list for one ABI alone, and its kill is of the thread
for action in errno kill_thread trap; do
	"$SCAUDIT" profile -q --comm java --default-action "$action" >"$TMP/list.json"
	"$SCAUDIT" profile -q --comm java --default-action "$action" --format lxc >"$TMP/list"
	run "$SCAUDIT" diff "$TMP/list.json" "$TMP/list"
	ok "written and read back: lxc, $action: its ABIs alone differ" test "$(tail -n +2 "$TMP/out" | grep -vc '^architecture')" = 0
done
run "$SCAUDIT" profile -q --comm java --default-action kill_process --format lxc
ok "lxc: what it has no word for: exit 2" is "$status" 2
cat >"$TMP/args.json" <<'END'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_KILL_THREAD"},
 {"names": ["clone", "unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": [{"index": 0, "value": 268435456, "valueTwo": 268435456, "op": "SCMP_CMP_MASKED_EQ"}]},
 {"names": ["ioctl"], "action": "SCMP_ACT_TRAP", "args": [{"index": 1, "value": 21522, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 0, "op": "SCMP_CMP_NE"}]},
 {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 40, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 38, "op": "SCMP_CMP_EQ"}]}]}
END
"$SCAUDIT" profile -q --comm java --base "$TMP/args.json" --format lxc >"$TMP/args.lxc"
run "$SCAUDIT" diff "$TMP/args.json" "$TMP/args.lxc"
ok "written and read back: lxc, a block-list with conditions" test "$(tail -n +2 "$TMP/out" | grep -vc '^architecture')" = 0

# ---- a unit and another format: what systemd allows by itself counts ----
printf '[Service]\nSystemCallFilter=uname\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=native\n' >"$TMP/a.service"
printf 'uname\n' >"$TMP/a.txt"
run "$SCAUDIT" diff "$TMP/a.service" "$TMP/a.txt"
ok "@default: the list is stricter by its calls" says $'^removed\tmmap\tstricter'
run "$SCAUDIT" diff "$TMP/a.txt" "$TMP/a.service"
ok "@default: and the other way round" says $'^added\tmmap\tlooser'
printf '[Service]\nSystemCallFilter=~bpf\nSystemCallErrorNumber=EPERM\nSystemCallArchitectures=native\n' >"$TMP/deny.service"
run "$SCAUDIT" diff "$TMP/deny.service" "$TMP/a.service"
ok "@default: no difference where both let it through" test "$(grep -c mmap "$TMP/out")" = 0
printf 'x: 1\nexecve: 1\n' >"$TMP/a.policy"
run "$SCAUDIT" diff "$TMP/a.policy" "$TMP/a.service"
ok "@default: minijail's policy, too" says $'^added\tmmap\tlooser'

# ---- several profiles ----
for v in 1 2; do
	for name in one two; do
		printf -- '---\napiVersion: security-profiles-operator.x-k8s.io/v1beta1\nkind: SeccompProfile\nmetadata: {name: %s}\nspec:\n  defaultAction: SCMP_ACT_%s\n' "$name" \
			"$([ "$name$v" = two2 ] && echo LOG || echo ERRNO)"
	done >"$TMP/v$v.yaml"
done
printf -- '---\napiVersion: v1beta1\nkind: SeccompProfile\nmetadata: {name: three}\nspec: {defaultAction: SCMP_ACT_LOG, baseProfileName: base}\n' >>"$TMP/v2.yaml"
printf '{"apiVersion": "v1", "kind": "SeccompProfile", "metadata": {"name": "base"}, "spec": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ALLOW"}]}}' >"$TMP/base.json"
run "$SCAUDIT" diff "$TMP/v1.yaml" "$TMP/v2.yaml"
ok "several: exit 1" is "$status" 1
ok "several: what differs" says $'^default\t-\tlooser'
ok "several: what only one file has" says '^three: only in the second file$'
run "$SCAUDIT" diff --name one "$TMP/v1.yaml" "$TMP/v2.yaml"
ok "several: --name chooses one" is "$status" 0
run "$SCAUDIT" diff --name three "$TMP/v2.yaml" "$TMP/base.json"
ok "several: a name that a file does not have: exit 2" is "$status" 2
run "$SCAUDIT" lint "$TMP/v2.yaml"
ok "several: lint takes them all" test "$(grep -cE '^(one|two|three):$' "$TMP/out")" = 3
run "$SCAUDIT" lint --name three "$TMP/v2.yaml"
ok "several: a base beside the file is read" test "$(grep -c baseProfileName "$TMP/out")" = 0
run "$SCAUDIT" run --name four "$TMP/v2.yaml" -- true
ok "several: others want one" warns '3 profiles: --name chooses one .one, two, three.$'

# ---- Docker's conditions ----
cat >"$TMP/docker.json" <<'END'
{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": null}], "syscalls": [
 {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
 {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_PTRACE"]}}]}
END
run "$SCAUDIT" diff "$TMP/docker.json" "$TMP/old.json"
ok "conditions: capabilities have to be named: exit 2" is "$status" 2
ok "conditions: says by which option" warns 'ptrace depends on capabilities: name them with --caps LIST'
run "$SCAUDIT" diff --caps sys_ptrace --kernel 5.10 --arch amd64 "$TMP/docker.json" "$TMP/old.json"
ok "conditions: with them, the same" is "$status" 0
run "$SCAUDIT" diff --caps none --kernel 5.10 --arch amd64 "$TMP/docker.json" "$TMP/old.json"
ok "conditions: without one, different" says $'^added\tptrace'
run "$SCAUDIT" diff --caps all --kernel 4.4 --arch amd64 "$TMP/docker.json" "$TMP/old.json"
ok "conditions: an old kernel" says $'^added\tread'
