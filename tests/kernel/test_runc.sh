#!/bin/bash
# A container logged once: the profile made of its records starts it and runs the same command under KILL_PROCESS.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
BIN=$(realpath "${BUILD:-build}")
need runc jq perl
[ "$(id -u)" = 0 ] || { skip runc "not root"; exit 0; }
# shellcheck source=tests/kernel/container.sh
. "$ROOT/tests/kernel/container.sh"

mkdir "$TMP/c"
container_setup "$TMP/c" 2>"$TMP/err" || { skip runc "no overlay over / can be mounted here"; exit 0; }
at_end=container_cleanup

container_run plain - "$TMP/plain.out" "$TMP/plain.err" true || { skip runc "runc does not start a container here"; exit 0; }
echo '{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]}' >"$TMP/log.json"
# shellcheck disable=SC2016
work=(sh -c 'exec perl -e "open F, q{/etc/passwd}; print scalar <F>; print 6*7, qq{\n}"')

# logged ID: one more start, logged and ingested
logged() {
	rm -f "$TMP/ready"
	"$BIN/nltail" --out "$TMP/$1.log" --ready "$TMP/ready" --seconds 60 2>"$TMP/reader" &
	reader=$!
	for _ in $(seq 100); do [ -e "$TMP/ready" ] && break; sleep 0.05; done
	container_run "$1" "$TMP/log.json" "$TMP/logged.out" "$TMP/logged.err" "${work[@]}"
	sleep 0.3
	kill -TERM "$reader"
	wait "$reader"
	run "$SCAUDIT" ingest "$TMP/$1.log"
}

# enforced: how many of five starts under the profile give the same output
enforced() {
	local held=0 i

	for i in 1 2 3 4 5; do
		container_run "killed$i" "$TMP/kill.json" "$TMP/killed.out" "$TMP/killed.err" "${work[@]}" &&
			cmp -s "$TMP/logged.out" "$TMP/killed.out" && held=$((held + 1))
	done
	echo $held
}

logged once
ok "the logged container runs" grep -q '^42$' "$TMP/logged.out"
run "$SCAUDIT" profile --comm perl --default-action kill_process --output "$TMP/kill.json"
ok "one profile" is "$status" 0
ok "the runtime's own start is in it" is "$(jq -r '[.syscalls[].names[] | select(. == "execve" or . == "futex")] | index("execve") != null' "$TMP/kill.json")" true
ok "it kills what is not listed" is "$(jq -r .defaultAction "$TMP/kill.json")" SCMP_ACT_KILL_PROCESS
# a call that comes by timing (futex and the like in runc, which is Go) may be missing now and then: more starts have it
held=$(enforced)
if [ "$held" -lt 3 ]; then
	for again in twice thrice; do logged "$again"; done
	run "$SCAUDIT" profile --comm perl --default-action kill_process --output "$TMP/kill.json"
	held="$held after one start, $(enforced)"
fi
ok "the same command gives the same output under it (held $held of 5)" test "${held##* }" -ge 3
run "$SCAUDIT" workloads
ok "its chain is one path" says 'runc:\[2:INIT\] > sh > perl'
container_run denied <(jq '.syscalls[0].names -= ["openat"]' "$TMP/kill.json") "$TMP/denied.out" "$TMP/denied.err" "${work[@]}"
ok "without one of its names it dies" test $? -ne 0 -o ! -s "$TMP/denied.out"
