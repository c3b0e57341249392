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
ok "errors: come first" test "$(sed -n 2p "$TMP/out" | cut -f1)" = error
ok "warnings: a name that nobody knows, and what comes of it" says $'^warning\tunknown-name\traed\trunc and crun pass over'
ok "errors: libaudit's spelling" says $'^error\taudit-name\tpread, which loaders know as pread64\t'
ok "warnings: a dangerous one, and why" says $'^warning\tdanger\tptrace\treads and changes other processes'
ok "notes: counted" says $'^note\tcount\t3 calls of x86_64'
ok "says how many" warns '^scaudit: 2 errors, 4 warnings$'
run "$SCAUDIT" lint -q --json "$TMP/bad.json"
ok "json: exit 1" is "$status" 1
ok "json: errors counted" says '"errors": 2'
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
printf 'read: 1\nraed: 1\n' >"$TMP/minijail.policy"
run "$SCAUDIT" lint "$TMP/minijail.policy"
ok "minijail: an unknown name refuses the policy" says $'^error\tunknown-name\traed\tminijail0 and its compiler refuse the whole policy'
mkdir -p "$TMP/in/sub"
printf '@include ./sub/more\nexit_group: 1\n' >"$TMP/in/top.policy"
printf 'read: 1\n@include ../last\n' >"$TMP/in/sub/more"
printf '{write, close}[arch=nowhere]: 1\n' >"$TMP/in/last"
run "$SCAUDIT" lint "$TMP/in/top.policy"
ok "minijail: an error in what is included: exit 2" is "$status" 2
ok "minijail: ... with its file and line" warns '/in/./sub/../last:1: '
printf '{write, close}: 1\n' >"$TMP/in/last"
run "$SCAUDIT" lint "$TMP/in/top.policy"
ok "minijail: includes, relative to each file" says $'^note\tcount\t4 calls'
printf '@include ./round\n' >"$TMP/in/round"
run "$SCAUDIT" lint "$TMP/in/round"
ok "minijail: an include of itself ends" warns 'more than 10 deep'
printf '[Service]\nSystemCallFilter=~@mount bpf\n' >"$TMP/unit"
run "$SCAUDIT" lint "$TMP/unit"
ok "systemd: a set is named" says $'^warning\tsystemd-set\t@mount\t'

# ---- what runs containers ----
cat >"$TMP/job.yaml" <<'END'
apiVersion: batch/v1
kind: CronJob
metadata: {name: night}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          securityContext:
            seccompProfile: {type: Localhost, localhostProfile: night.json}
          initContainers:
          - {name: first, securityContext: {seccompProfile: {type: Localhost, localhostProfile: /etc/x.json}}}
          containers:
          - {name: second}
          - {name: third, securityContext: {privileged: true, seccompProfile: {type: Unconfined}}}
END
run "$SCAUDIT" lint "$TMP/job.yaml"
ok "securityContext: an error: exit 1" is "$status" 1
ok "securityContext: a path that the API server refuses" says $'^error\tsecurity-context\tnight, container first: localhostProfile /etc/x.json'
ok "securityContext: the file to look at" says $'^note\tsecurity-context\tnight, container second: Localhost: /var/lib/kubelet/seccomp/night.json'
ok "securityContext: privileged" says $'^warning\tsecurity-context\tnight, container third: privileged'
ok "securityContext: unconfined" says $'^warning\tsecurity-context\tnight, container third: Unconfined'
printf '{"apiVersion": "v1", "kind": "List", "items": [{"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}]}' >"$TMP/pods.json"
run "$SCAUDIT" lint --json "$TMP/pods.json"
ok "securityContext: a List in JSON" says '"what": "p, container c: no seccompProfile"'
ok "securityContext: no profile is no error" is "$status" 0
run "$SCAUDIT" check "$TMP/job.yaml"
ok "securityContext: no profile for others: exit 2" is "$status" 2

# --- files that are none, and settings where systemd does not read them ---
refused() { run "$SCAUDIT" "$1" "$2" && [ "$status" = 2 ] && grep -qE -e "$3" "$TMP/err"; }
: >"$TMP/empty"
for command in lint check; do ok "an empty file: $command says so" refused "$command" "$TMP/empty" ' it is empty: no profile$'; done
printf '[Exec]\nSystemCallFilter=read\n' >"$TMP/box.nspawn"
ok "a file of nspawn: refused by name" refused lint "$TMP/box.nspawn" 'systemd-nspawn, not a unit'
printf '%% time     seconds  usecs/call     calls    errors syscall\n------ ----- ---- ---- ---- ----\n100.00    0.0   0   5     read\n' >"$TMP/table"
ok "strace -c: refused by name" refused lint "$TMP/table" 'table of strace -c'
printf '@basic-io\n    # Basic IO\n    close\n    read\n' >"$TMP/sets"
ok "systemd-analyze: refused by name" refused lint "$TMP/sets" 'systemd-analyze syscall-filter'
for section in Unit Install Timer service; do
	printf '[%s]\nSystemCallFilter=~bpf\nPrivateDevices=yes\n[Service]\nExecStart=/bin/x\n' "$section" >"$TMP/unit"
	ok "a filter in [$section]: systemd passes over it, so there is none" refused lint "$TMP/unit" 'no filter: its settings stand in a section'
	printf '[Service]\nSystemCallFilter=@system-service\n[%s]\nSystemCallFilter=~read\n' "$section" >"$TMP/unit"
	run "$SCAUDIT" lint "$TMP/unit"
	ok "a second one in [$section]: said" says "not-read.line 4: SystemCallFilter= stands in .$section., where systemd passes over it"
	printf '[Service]\nSystemCallFilter=@system-service\n' >"$TMP/plain"
	run "$SCAUDIT" diff "$TMP/unit" "$TMP/plain"
	ok "... and changes nothing" is "$status" 0
done
for section in Service Socket Mount Swap; do
	printf '[%s]\nSystemCallFilter=~bpf\n' "$section" >"$TMP/unit"
	run "$SCAUDIT" lint "$TMP/unit"
	ok "a filter in [$section] is one" is "$status" 0
done

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
