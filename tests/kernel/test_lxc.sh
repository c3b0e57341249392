#!/bin/bash
#
# Policies of LXC as scaudit reads and writes them: is the filter that lxc-execute has loaded what check says of the file, for each
# number?
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/numbers.sh
. "$ROOT/tests/numbers.sh"
[ "$(id -u)" = 0 ] || { skip lxc "needs root"; exit 0; }
command -v lxc-execute >/dev/null || { skip lxc "no lxc-execute here (package lxc)"; exit 0; }
need jq
numbers_store || { skip lxc "not on this machine's architecture"; exit 0; }

policy() { cat >"$TMP/$1.seccomp"; }
policy deny <<-'END'
	2
	blacklist
	[all]
	kexec_load errno 1
	bpf errno 38
	reject_force_umount  # comment this to allow umount -f;  not recommended
	init_module
	[x86]
	ptrace errno 1
	ioctl errno 25 [1,0x5412,==][0,3,SCMP_CMP_MASKED_EQ,7]
	no_such_call
	[arm]
	uname
END
"$SCAUDIT" ingest -q --node node01 "$SAMPLES/java-threads.log"
numbers_names | grep -vxE 'swapon|uname|socket' | sed 's/^/ /' | tr -d '\n' >"$TMP/most"
{ printf '2\nallowlist errno 38\n[all]\n'; tr ' ' '\n' <"$TMP/most" | sed '/^$/d'; printf 'socket allow [0,1,==]\n'; } | policy allow
jq -n --arg names "$(cat "$TMP/most")" '{defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ($names | split(" ") | map(select(. != ""))), action: "SCMP_ACT_ALLOW"},
	{names: ["socket"], action: "SCMP_ACT_ERRNO", errnoRet: 97, args: [{index: 0, value: 16, op: "SCMP_CMP_GT"}]}]}' >"$TMP/base.json"
"$SCAUDIT" profile -q --comm java --base "$TMP/base.json" --format lxc | policy written

for file in "$TMP"/*.seccomp; do
	name=$(basename "$file" .seccomp)
	printf 'lxc.uts.name = t\nlxc.rootfs.path = dir:/\nlxc.net.0.type = none\nlxc.apparmor.profile = unconfined\nlxc.seccomp.profile = %s\n' "$file" >"$TMP/conf"
	timeout 20 lxc-execute -n "scaudit-$name-$$" -P "$TMP" -f "$TMP/conf" -- /bin/sleep 13.37 >"$TMP/lxc" 2>&1 &
	pid=
	for _ in $(seq 50); do
		pid=$(pgrep -xf '/bin/sleep 13.37' | head -n 1)
		[ -n "$pid" ] && grep -q '^Seccomp:.*2' "/proc/$pid/status" && break
		sleep 0.1
	done
	[ -n "$pid" ] || { skip "$name" "lxc-execute does not run here: $(tail -n 1 "$TMP/lxc")"; continue; }
	numbers_of --pid "$pid" >"$TMP/live"
	numbers_of "$file" >"$TMP/read"
	ok "$name: LXC's filter is what check says of the policy, for $(wc -l <"$TMP/live") numbers" diff "$TMP/live" "$TMP/read"
	ok "$name: ... of each number" is "$(wc -l <"$TMP/live")" "$(wc -l <"$TMP/all.log")"
	ok "$name: ... some are refused, some pass" is "$(cut -f 3 "$TMP/live" | sort -u | grep -cE '^(refused|passes)$')" 2
	kill "$pid" 2>/dev/null
	wait
done
exit 0
