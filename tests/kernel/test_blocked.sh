#!/bin/bash
# blocked and check --pid on the running kernel: what the filters of a live container refuse is what the kernel says when it
# is asked call by call, and what check says of the profile is what runc has made of it.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"

[ "$(id -u)" = 0 ] || { skip blocked "needs root"; exit 0; }
need jq runc

run "$SCAUDIT" blocked
ok "no filter: nothing is refused" says '^seccomp +none$'
run "$SCAUDIT" blocked --pid 2147483647
ok "no such process" is "$status" 2
run setpriv --reuid 65534 --clear-groups "$SCAUDIT" blocked --pid $$
ok "one without a filter may be looked at by anyone" is "$status" 0

# a wait goes on by restart_syscall after the stop, which a filter may refuse
"$BUILD/under" deny restart_syscall -- sleep 1 & sleeper=$!
sleep 0.3
run "$SCAUDIT" blocked --pid $sleeper
ok "a sleeper's filter is read" says '^x86_64, errno EPERM \(1\): restart_syscall$|aarch64'
wait $sleeper
ok "... and it does not notice" is $? 0

container_begin blocked
container_run plain - "$TMP/out" "$TMP/err" true || { skip blocked "runc does not start a container here"; exit 0; }

# what most rules look like: allowed and refused names, an errno of their own, conditions, a kill
cat >"$TMP/profile.json" <<-'END'
	{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": [
	 {"names": ["ptrace", "bpf", "add_key", "keyctl", "mount", "umount2", "reboot"], "action": "SCMP_ACT_ERRNO"},
	 {"names": ["swapon", "swapoff"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38},
	 {"names": ["kexec_load", "init_module"], "action": "SCMP_ACT_KILL_PROCESS"},
	 {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"}]}]}
END

live() { # PROFILE: a container with it, which lives for some seconds; its pid in $pid
	container_run live "$1" "$TMP/out" "$TMP/err" sleep 20 &
	pid=
	for _ in $(seq 100); do
		pid=$(runc --root "$CONTAINER_DIR/state" state live 2>/dev/null | jq -r 'select(.status == "running") | .pid')
		[ -z "$pid" ] || [ "$(cat "/proc/$pid/comm")" != sleep ] || break
		sleep 0.05
	done
}
gone() { kill -9 "$pid" 2>/dev/null; wait; }

live "$TMP/profile.json"
run "$SCAUDIT" blocked --pid "$pid" --json
ok "the filter of a live container" is "$(jq -r '[.blocked[] | select(.arch == "x86_64" and (.depends_on_arguments | not)) | .name] | sort | join(" ")' "$TMP/out")" \
	"add_key bpf init_module kexec_load keyctl mount ptrace reboot swapoff swapon umount2"
ok "... with the errno of each" is "$(jq -r '.blocked[] | select(.arch == "x86_64" and .name == "swapon") | .answer' "$TMP/out")" "errno ENOSYS"
ok "... and what depends on arguments" is "$(jq -r '[.blocked[] | select(.arch == "x86_64" and .depends_on_arguments) | .name] | join(" ")' "$TMP/out")" personality
ok "... as i386, too" is "$(jq -r '.blocked[] | select(.arch == "i386" and .name == "ptrace") | .answer' "$TMP/out")" "errno EPERM"
run "$SCAUDIT" blocked --pid "$pid"
ok "namespaces of its own" says '^namespaces +.*pid'
"$SCAUDIT" blocked --pid "$pid" --json | jq -r '.blocked[] | select(.arch == "x86_64" and (.depends_on_arguments | not)) | .name + " " + (.answer | sub("kill_process"; "kill or trap"))' | sort >"$TMP/read"
gone

# --- by the container's id instead of a pid ---
id=$(printf '%064x' 4711)
# shellcheck disable=SC2089,SC2090
export CONTAINER_CONFIG=".linux.cgroupsPath = \"/docker/$id\""
live "$TMP/profile.json"
run "$SCAUDIT" blocked --container "${id:0:64}" --json
ok "--container: the filter of its process" is "$(jq -r '[.blocked[] | select(.arch == "x86_64" and .answer == "errno ENOSYS") | .name] | sort | join(" ")' "$TMP/out")" \
	"swapoff swapon"
run "$SCAUDIT" blocked --container 0000000
ok "--container: a part of its id" is "$status" 0
run "$SCAUDIT" blocked --container nothere
ok "--container: none is there: exit 1" is "$status" 1
ok "which is said" warns 'no process runs in such a container'
"$SCAUDIT" ingest -q "$SAMPLES/pipeline.log"
run "$SCAUDIT" check --container "$id"
ok "check --container: of what ran in it, nothing is known here" is "$status" 1
gone
unset CONTAINER_CONFIG

# the truth: the same filter on scaudit itself, which asks the kernel call by call
container_run asked "$TMP/profile.json" "$TMP/asked" "$TMP/err" "$SCAUDIT" blocked --json
jq -r '.blocked[] | select(.arch == "x86_64") | .name + " " + .answer' "$TMP/asked" | grep -v '^personality ' | sort >"$TMP/truth"
ok "read from the kernel = asked of the kernel, for each number" diff "$TMP/read" "$TMP/truth"
ok "... by questions" is "$(jq -r .asked_by "$TMP/asked")" questions

# check: a profile as runc makes it, its ENOSYS above the highest name included, against the filter of the live container
"$SCAUDIT" ingest -q "$SAMPLES/pipeline-auditd.log" "$SAMPLES/runc-start.log"
container_log_filter "$TMP/log.json"
records "$TMP/all.log" container_run logged "$TMP/log.json" "$TMP/out" "$TMP/err" sleep 0.1
"$SCAUDIT" ingest -q "$TMP/all.log"
"$SCAUDIT" profile --comm sleep --root 'runc:[2:INIT]' --format oci -q --union -o "$TMP/sleep.json"
live "$TMP/sleep.json"
"$SCAUDIT" check "$TMP/sleep.json" --json 2>/dev/null | jq -c '.calls[] | [.name, .arch, .verdict, .answer]' | sort >"$TMP/by-profile"
"$SCAUDIT" check --pid "$pid" --json 2>/dev/null | jq -c '.calls[] | [.name, .arch, .verdict, .answer]' | sort >"$TMP/by-pid"
gone
ok "check of the profile = check of the live container's filters ($(wc -l <"$TMP/by-pid") calls)" diff "$TMP/by-profile" "$TMP/by-pid"
ok "... and something is refused" grep -q refused "$TMP/by-pid"
ok "... and something passes" grep -q passes "$TMP/by-pid"

# a list that denies all: which of the runtime's calls fails first, by its start in the log and by the table where there is
# none; and there it dies, as the kernel's record of the kill says
jq -n '{ defaultAction: "SCMP_ACT_KILL_PROCESS", architectures: ["SCMP_ARCH_X86_64"] }' >"$TMP/kill.json"
jq -n '{ defaultAction: "SCMP_ACT_ERRNO", architectures: ["SCMP_ARCH_X86_64"] }' >"$TMP/errno.json"
jq '.flags = ["SECCOMP_FILTER_FLAG_LOG"]' "$TMP/errno.json" >"$TMP/errno-logged.json"
SCAUDIT_DB=$TMP/table.db "$SCAUDIT" ingest -q "$SAMPLES/pipeline-auditd.log"
by_table() { # LIST: what check names as first without a start of the runtime
	SCAUDIT_DB=$TMP/table.db "$SCAUDIT" check "$1" --comm sort --runtime "$CONTAINER_RUNTIME" 2>&1 >/dev/null |
		sed -nE 's/.* the program would not start: it needs ([a-z_0-9]+) first( \(([a-z_0-9]+) with no-new-privileges\))?.*/\1 \3/p' |
		awk -v privs="$privs" '{ print (privs == "true" && NF > 1) ? $2 : $1 }'
}
denied() { # LIST: the calls that the loader was refused, in their order; its status in $status
	status=0
	records "$TMP/denied.log" container_run "denied$CONTAINER_RUNTIME$RANDOM" "$1" "$TMP/out" "$TMP/err" sleep 0.1 || status=$?
	"$SCAUDIT" decode --json "$TMP/denied.log" 2>/dev/null | jq -r --arg comm "$comm" 'select(.comm == $comm) | .name' | tr '\n' ' '
}
# runc is Go, whose threads make these whenever they meet, so that one of them may come first
by_chance() { # CALL: alone in its line
	[ $CONTAINER_RUNTIME = runc ] && { [ "${1% }" = futex ] || [ "${1% }" = rt_sigreturn ]; }
}
seen() { # the call that comes first, by check, of a start that is logged; what check says in $TMP/err
	local try

	for try in 1 2 3 4 5; do
		rm -f "$SCAUDIT_DB"*
		records "$TMP/all.log" container_run "seen$CONTAINER_RUNTIME$privs$try" "$TMP/log.json" "$TMP/out" "$TMP/err" sleep 0.1
		"$SCAUDIT" ingest -q "$TMP/all.log"
		run "$SCAUDIT" check "$TMP/kill.json" --comm sleep --root "$comm"
		first=$(sed -nE 's/.*it would not start: .* needs ([a-z_0-9]+) first \(kill_process\)$/\1/p' "$TMP/err")
		by_chance "$first" || return
	done
}
dies() { # the calls that it is refused, where it dies; not by chance
	local try calls

	for try in 1 2 3 4 5; do
		calls=$(denied "$TMP/kill.json")
		by_chance "$calls" || break
	done
	echo "$calls"
}
for CONTAINER_RUNTIME in runc crun; do
	# shellcheck disable=SC2090 # a filter of jq
	export CONTAINER_RUNTIME CONTAINER_CONFIG
	comm=$CONTAINER_RUNTIME
	[ $CONTAINER_RUNTIME = crun ] || comm='runc:[2:INIT]'
	command -v $CONTAINER_RUNTIME >/dev/null && container_run "plain$CONTAINER_RUNTIME" - "$TMP/out" "$TMP/err" true ||
		{ skip "a deny-all under $CONTAINER_RUNTIME" "it starts nothing here"; continue; }
	for privs in true false; do
		what="a deny-all, $CONTAINER_RUNTIME$([ $privs = true ] || echo ' without no-new-privileges')"
		CONTAINER_CONFIG=".process.noNewPrivileges = $privs"
		SCAUDIT_DB=$TMP/$CONTAINER_RUNTIME$privs.db
		seen
		ok "$what: it would not start" test -n "$first"
		ok "... and it dies there ($first), by the kernel's record" is "$(dies)" "$first "
		ok "... by the table, too" is "$(by_table "$TMP/kill.json")" "$first"
		run "$SCAUDIT" check "$TMP/errno.json" --comm sleep --root "$comm"
		ok "$what, by errno: it would not start" warns "it would not start: .* needs $first first \\(errno EPERM\\)$"
		status=0
		container_run "refused$CONTAINER_RUNTIME$privs" "$TMP/errno.json" "$TMP/out" "$TMP/err" sleep 0.1 || status=$?
		ok "... and it does not" test "$status" != 0
		# runc 1.1 refuses flags, so that nothing tells what it is refused
		[ $CONTAINER_RUNTIME = crun ] || continue
		calls=$(denied "$TMP/errno-logged.json")
		ok "... it is refused $first first ($calls)" is "${calls%% *}" "$first"
	done
done
