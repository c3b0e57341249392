#!/bin/bash
# scaudit doctor as root on the running kernel: that its record arrives, and what it says when somebody keeps it from
# being made.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
BIN=${BUILD:-build}
logged=/proc/sys/kernel/seccomp/actions_logged
need jq
[ "$(id -u)" = 0 ] || { skip doctor "not root"; exit 0; }
grep -qw log "$logged" || { skip doctor "LOG makes no records here"; exit 0; }

state_of() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | .state' "$TMP/out"; }
found() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | .found' "$TMP/out"; }
todo() { jq -r --arg what "$1" '.findings[] | select(.what == $what) | .do' "$TMP/out"; }

run "$SCAUDIT" doctor --json
[ "$(jq -r .arrived.netlink.arrived "$TMP/out")" = true ] ||
	{ skip doctor "no record arrives through the multicast group here"; exit 0; }
ok "exit 0 where a record arrives" is $status 0
ok "records are kept, or can be" is "$(jq -r '.records | IN("kept", "live")' "$TMP/out")" true
ok "seccomp, actions logged, audit and netlink are ok" is \
	"$(state_of seccomp) $(state_of "actions logged") $(state_of audit) $(state_of netlink)" "ok ok ok ok"
ok "the call is a number that no system has" is "$(jq '.record.syscall / 65536 | floor' "$TMP/out")" 1482
ok "cost: both figures" grep -qE '^a call took [0-9]+ ns, and [0-9]+ ns when it was logged; 200 records' <(found cost)
if command -v auditctl >/dev/null; then
	ok "backlog limit: the kernel's" grep -qE "^($(auditctl -s | sed -n 's/^backlog_limit //p') records|no limit)" <(found "backlog limit")
	ok "daemon: as the kernel says" is "$([ "$(state_of "audit daemon")" = warn ] && echo 0)" \
		"$(auditctl -s | sed -n 's/^pid 0$/0/p')"
fi

# --- rules ---
hide=("always,exclude" -F msgtype=SECCOMP -F uid=54321)
remove_rule() { auditctl -d "${hide[@]}" >/dev/null 2>&1; }
at_end=remove_rule
if command -v auditctl >/dev/null && auditctl -a "${hide[@]}" >/dev/null 2>&1; then
	run "$SCAUDIT" doctor --json
	ok "a rule that hides one user's records is found" is "$(state_of "exclude rules")" warn
	remove_rule
else
	skip "a rule that hides one user's records" "no rule can be set here"
fi
at_end=:

# --- processes ---
"$BIN/under" deny mount,umount2 -- sleep 30 &
sleeper=$!
sleep 0.2
run "$SCAUDIT" doctor --pid $sleeper
ok "--pid: a process under one filter" says "^ok +process +$sleeper \(sleep\): Seccomp: 2, [0-9]+ filters?$"
kill $sleeper
wait $sleeper 2>/dev/null
run "$SCAUDIT" doctor --pid 1
ok "--pid: a process under none" says '^(warn +process +1 \(.*\): Seccomp: 0, no filter|ok +process +1 \(.*Seccomp: 2)'

# --- under filters of its own: of stacked ones the more severe answer wins ---
run "$BIN/under" deny mount,umount2 -- "$SCAUDIT" doctor --json
ok "a list of what is denied: the record is made" is "$(jq -r .arrived.netlink.arrived "$TMP/out")" true
ok "a list of what is denied: said" is "$(state_of "own filter")" warn
if command -v systemd-analyze >/dev/null; then
	known=$(systemd-analyze syscall-filter @known | sed -n 's/^    \([a-z_0-9]*\)$/\1/p' | paste -sd,)
	run "$BIN/under" allow "$known" -- "$SCAUDIT" doctor --json
	ok "a list of what is allowed: the record is not made" is "$(jq -r .arrived.netlink.arrived "$TMP/out")" false
	ok "a list of what is allowed: exit 1" is $status 1
	ok "a list of what is allowed: not known, rather than none" is "$(jq -r .records "$TMP/out")" unknown
else
	skip "a list of what is allowed" "no systemd-analyze here"
fi

# --- namespaces ---
if unshare --net true 2>/dev/null; then
	run unshare --net "$SCAUDIT" doctor --json
	ok "another network namespace: said" grep -qE '^(warn|unknown)$' <(state_of namespaces)
	ok "another network namespace: the group opens, nothing comes" is "$(state_of netlink)" warn
	run unshare --pid --fork "$SCAUDIT" doctor --json
	ok "another pid namespace: said" grep -q 'pid' <(found namespaces)
else
	skip "namespaces" "none can be made here"
fi

# --- LOG is not among what is logged: for a moment only, since others log, too ---
was=$(cat "$logged")
restore() { echo "$was" >"$logged"; }
at_end=restore
trap 'exit 1' INT TERM HUP
echo >"$logged"
run "$SCAUDIT" doctor --json
restore
ok "nothing is logged: exit 1" is $status 1
ok "nothing is logged: said" is "$(state_of "actions logged")" fail
ok "nothing is logged: and what to do" is "$(todo "actions logged")" "sysctl -w kernel.seccomp.actions_logged='log'"
ok "nothing is logged: no record comes" jq -e 'all(.arrived[]; .arrived != true)' "$TMP/out"
ok "nothing is logged: none can be kept" is "$(jq -r .records "$TMP/out")" none
ok "nothing is logged: the verdict names it" grep -q '^No record can be kept: kernel.seccomp.actions_logged' <(jq -r .verdict "$TMP/out")
ok "what is logged is as it was" is "$(cat "$logged")" "$was"
