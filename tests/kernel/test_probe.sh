#!/bin/bash
# A container with a probe (runc exec): the profile of the main tree alone says that other trees exist and how to add
# them; with them the probe runs under KILL_PROCESS, without them it dies.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need runc jq perl
[ "$(id -u)" = 0 ] || { skip probe "not root"; exit 0; }
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
container_begin probe

# with_probe NAME PROFILE [idle]: a service for four seconds and three probes beside it; says in $TMP/well how many were well. An
# idle one waits without a call, and one probe comes half a second after its last record; it is killed, so no exit is on record.
with_probe() {
	local name=$1 well=0 probes='1 2 3'
	local code='$| = 1; for (1 .. 40) { select undef, undef, undef, 0.1; print "." }'

	[ -z "${3:-}" ] || { code='$| = 1; print "."; sleep 4; kill 9, $$' probes=1; }
	container_run "$name" "$2" "$TMP/$name.out" "$TMP/$name.err" perl -e "$code" &
	for _ in $(seq 100); do [ -s "$TMP/$name.out" ] && break; sleep 0.05; done
	[ -z "${3:-}" ] || sleep 0.5
	for _ in $probes; do
		timeout -k 5 20 runc --root "$CONTAINER_DIR/state" exec "$name" cat /etc/debian_version >/dev/null 2>&1 && well=$((well + 1))
		sleep 0.2
	done
	wait $!
	echo "$well" >"$TMP/well"
}

container_log_filter "$TMP/log.json"
records "$TMP/c.log" with_probe logged "$TMP/log.json"
[ "$(cat "$TMP/well")" = 3 ] || { skip probe "runc exec does not work here"; exit 0; }

run "$SCAUDIT" ingest "$TMP/c.log"
run "$SCAUDIT" profile --comm perl --default-action kill_process --output "$TMP/alone.json"
ok "the main tree alone: one profile" is "$status" 0
ok "... says that other trees began, and with what they are in one list" warns '[0-9]+ other trees? began under the same loader while this one lived'
both() { # FILE: the list by the command that was offered
	local command

	command=$(grep -oE 'scaudit profile .* --workload [0-9a-f]{10}  \(runc:\[2:INIT\] > cat' "$TMP/err" | sed 's/  (.*//')
	run eval "${command/scaudit/"$SCAUDIT"} --output $1"
}
both "$TMP/both.json"
ok "with them: one profile" is "$status" 0
with_probe both "$TMP/both.json"; well=$(cat "$TMP/well")
ok "with them the probe runs under KILL ($well of 3)" test "$well" -ge 2
with_probe alone "$TMP/alone.json"; well=$(cat "$TMP/well")
ok "without them it does not ($well of 3)" is "$well" 0

# a service that waits makes no records, and lives
rm -f "$SCAUDIT_DB"*
records "$TMP/idle.log" with_probe idle "$TMP/log.json" idle
"$SCAUDIT" ingest -q "$TMP/idle.log"
run "$SCAUDIT" profile --comm perl --default-action kill_process --output "$TMP/alone.json"
ok "an idle service: its probe is named" warns '1 other tree began under the same loader while this one lived'
both "$TMP/both.json"
with_probe idle2 "$TMP/both.json" idle; well=$(cat "$TMP/well")
ok "... and the list with it holds ($well of 1)" is "$well" 1
with_probe idle3 "$TMP/alone.json" idle; well=$(cat "$TMP/well")
ok "... that without it does not ($well of 1)" is "$well" 0
