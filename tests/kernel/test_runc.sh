#!/bin/bash
# A container logged once: the profile made of its records starts it and runs the same command under KILL_PROCESS.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need runc jq perl
[ "$(id -u)" = 0 ] || { skip runc "not root"; exit 0; }
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
container_begin runc

container_run plain - "$TMP/plain.out" "$TMP/plain.err" true || { skip runc "runc does not start a container here"; exit 0; }
container_log_filter "$TMP/log.json"
# shellcheck disable=SC2016
work=(sh -c 'exec perl -e "open F, q{/etc/passwd}; print scalar <F>; print 6*7, qq{\n}"')

# enforced: how many of five starts under the profile give the same output
enforced() {
	local held=0 i

	for i in 1 2 3 4 5; do
		container_run "killed$i" "$TMP/kill.json" "$TMP/killed.out" "$TMP/killed.err" "${work[@]}" &&
			cmp -s "$TMP/logged.out" "$TMP/killed.out" && held=$((held + 1))
	done
	echo $held
}

records "$TMP/once.log" container_run once "$TMP/log.json" "$TMP/logged.out" "$TMP/logged.err" "${work[@]}"
run "$SCAUDIT" ingest "$TMP/once.log"
ok "the logged container runs" grep -q '^42$' "$TMP/logged.out"
run "$SCAUDIT" profile --comm perl --default-action kill_process --output "$TMP/kill.json"
ok "one profile" is "$status" 0
ok "the runtime's own start is in it" is "$(jq -r '[.syscalls[].names[] | select(. == "execve" or . == "futex")] | index("execve") != null' "$TMP/kill.json")" true
ok "it kills what is not listed" is "$(jq -r .defaultAction "$TMP/kill.json")" SCMP_ACT_KILL_PROCESS
# what comes by timing (futex and the like in runc, which is Go) is in the floor
held=$(enforced)
ok "the same command gives the same output under it (held $held of 5)" is "$held" 5
run "$SCAUDIT" workloads
ok "its chain is one path" says 'runc:\[2:INIT\] > sh > perl'
container_run denied <(jq '.syscalls[0].names -= ["openat"]' "$TMP/kill.json") "$TMP/denied.out" "$TMP/denied.err" "${work[@]}"
ok "without one of its names it dies" test $? -ne 0 -o ! -s "$TMP/denied.out"
