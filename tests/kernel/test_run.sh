#!/bin/bash
#
# run on the running kernel: what a profile refuses, to whom, and what the command's status becomes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || { skip run "needs root"; exit 0; }
need jq
"$SCAUDIT" capture -q -- ls / >/dev/null 2>"$TMP/err" || { skip run "no records come here: $(cat "$TMP/err")"; exit 0; }
"$SCAUDIT" profile --label ls --default-action kill_process -q -o "$TMP/ls.json"

# without NAMES...: the profile less these names, in $TMP/less.json; ACTION is the default
without() {
	local action=$1

	shift
	jq --arg action "$action" '.syscalls[0].names -= $ARGS.positional | .defaultAction = $action | del(.defaultErrnoRet)' \
		--args "$@" <"$TMP/ls.json" >"$TMP/less.json"
}

run "$SCAUDIT" run "$TMP/ls.json" -- ls /
ok "its own list holds" is "$status" 0
ok "... and that is said" warns '^scaudit: held: nothing was refused$'
ok "the command's output" says '^etc$'

without SCMP_ACT_ERRNO getdents64
run "$SCAUDIT" run "$TMP/less.json" -- ls /
ok "refused by errno: the command's own status" is "$status" 2
ok "... its record, although the action is errno" warns '^scaudit: refused: getdents64, errno, 1 time, ls \(.*/ls\)$'
ok "... and a sum" warns '^scaudit: 1 call was refused$'

without SCMP_ACT_KILL_PROCESS getdents64
run "$SCAUDIT" run "$TMP/less.json" -- ls /
ok "killed: 128 and SIGSYS" is "$status" 159
ok "... by which call" warns '^scaudit: refused: getdents64, kill_process, 1 time, ls '

without SCMP_ACT_LOG getdents64
run "$SCAUDIT" run "$TMP/less.json" -- ls /
ok "what is only logged is not refused" warns '^scaudit: held: nothing was refused$'

without SCMP_ACT_ERRNO execve
run "$SCAUDIT" run "$TMP/less.json" -- ls /
ok "an execve that is refused: 126" is "$status" 126
ok "... is in the report" warns '^scaudit: refused: execve, errno'

without SCMP_ACT_KILL_PROCESS execve
run "$SCAUDIT" run "$TMP/less.json" -- ls /
ok "... or kills: 126 as well, since it never started" is "$status" 126

# the refusal is a child's, which execs another program
"$SCAUDIT" capture -q --label sh -- sh -c 'true; sort /etc/passwd >/dev/null; exit 3' 2>/dev/null
"$SCAUDIT" profile --label sh -q -o "$TMP/sh.json"
run "$SCAUDIT" run "$TMP/sh.json" -- sh -c 'true; sort /etc/passwd >/dev/null; exit 3'
ok "a shell and its children" is "$status" 3
ok "... held" warns 'held'
jq '.syscalls[0].names -= ["fadvise64", "sysinfo"]' <"$TMP/sh.json" >"$TMP/less.json"
run "$SCAUDIT" run "$TMP/less.json" -- sh -c 'true; sort /etc/passwd >/dev/null; exit 3'
ok "the caller is the child" warns 'refused: (fadvise64|sysinfo), errno, [0-9]+ times?, sort '
run "$SCAUDIT" run "$TMP/sh.json" --user nobody -- sh -c 'exit 4'
ok "as another user" is "$status" 4

jq '.syscalls[0].names += ["no_such_call"]' <"$TMP/ls.json" >"$TMP/more.json"
run "$SCAUDIT" run "$TMP/more.json" -- ls /
ok "names that nobody knows are said" warns 'libseccomp does not know.*no_such_call'

run "$SCAUDIT" run "$TMP/nothing.json" -- ls /
ok "no profile: 125" is "$status" 125
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"]}]}' >"$TMP/bad.json"
run "$SCAUDIT" run "$TMP/bad.json" -- ls /
ok "one that cannot be read: 125" is "$status" 125
ok "... and where" warns 'bad.json: syscalls\[0\].action: missing$'
run "$SCAUDIT" run "$TMP/ls.json"
ok "no command: 125" is "$status" 125
run "$SCAUDIT" run "$TMP/ls.json" -- "$TMP/nothing"
ok "no such command: 127" is "$status" 127
run setpriv --reuid 65534 --clear-groups "$SCAUDIT" run "$TMP/ls.json" -- ls /
ok "without CAP_AUDIT_READ: 125" is "$status" 125

# a command that cannot even start was never started, whatever becomes of the process that was to be it
for action in SCMP_ACT_ERRNO SCMP_ACT_KILL_PROCESS SCMP_ACT_TRAP SCMP_ACT_KILL_THREAD; do
	for names in '"write", "exit_group"' '"getpid"'; do
		printf '{"defaultAction": "%s", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"], "syscalls": [{"names": [%s], "action": "SCMP_ACT_ALLOW"}]}\n' \
			"$action" "$names" >"$TMP/none.json"
		# where its exit is refused as well, a fault ends it; a sanitizer takes that, and never ends
		! ldd "$SCAUDIT" | grep -q libasan || [ "$action$names" != 'SCMP_ACT_ERRNO"getpid"' ] || continue
		run "$SCAUDIT" run "$TMP/none.json" -- true
		ok "no execve, $action, $names: never started" warns '^scaudit: the command was never started: execve is refused'
		ok "... exit 126" is "$status" 126
	done
done
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["execve"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}\n' >"$TMP/none.json"
run "$SCAUDIT" run "$TMP/none.json" -- true
ok "a block-list of execve: never started" test "$status $(grep -c 'never started: execve is refused (errno ENOSYS)' "$TMP/err")" = "126 1"
run "$SCAUDIT" run "$TMP/none.json" -- /no/such/command
ok "a command that is not there: 127 as before" is "$status" 127
