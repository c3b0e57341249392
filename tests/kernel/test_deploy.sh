#!/bin/bash
# The filter of deploy/scaudit-capture.service, loaded as systemd loads it: scaudit works under it, and the record that
# shows that records come is made.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
BIN=${BUILD:-build}
need jq systemd-analyze unshare
[ "$(id -u)" = 0 ] || { skip deploy "not root"; exit 0; }

# Reads names, a line each, and prints them, with the names in groups for groups.
expand() {
	local name

	while read -r name; do
		case $name in
		@*) systemd-analyze syscall-filter "$name" | sed -n 's/^    \([@a-z_0-9-]*\)$/\1/p' | expand ;;
		*) echo "$name" ;;
		esac
	done
}

denied=$(sed -n 's/^SystemCallFilter=~//p' "$ROOT/deploy/scaudit-capture.service" | tr ' ' '\n' | expand | sort -u | paste -sd,)
ok "the list is expanded" grep -q 'unshare' <<<"$denied"
run "$BIN/under" deny "$denied" -- "$SCAUDIT" ingest "$SAMPLES/pipeline.log"
ok "the store is written under it" is $status 0
ok "what is denied is not needed" is "$("$SCAUDIT" status --json | jq '.runs[0].new')" 346
run "$BIN/under" deny "$denied" -- "$SCAUDIT" doctor --json
ok "the record is made under it" is "$(jq -r .arrived.netlink.arrived "$TMP/out")" true
run "$BIN/under" deny "$denied" -- unshare --net true
ok "what is denied is denied" test $status != 0

# --- capture, with the unit's capabilities as well ---
captured() {
	setpriv --bounding-set "-all,+audit_read,+audit_control,+net_admin" --no-new-privs \
		"$BIN/under" deny "$denied" -- "$SCAUDIT" capture --for 3s --db "$TMP/c.db" --spool "$TMP" 2>"$TMP/said" &
	sleep 1
	"$BIN/logrun" -- ls / >/dev/null
	wait $!
}
need setpriv
run captured
ok "capture: exit 0" is $status 0
ok "capture: nothing is refused" is "$(grep -ciE 'not permitted|needs CAP' "$TMP/said")" 0
ok "capture: what was logged is in the store" test "$(SCAUDIT_DB=$TMP/c.db db 'SELECT sum(count) FROM observations')" -gt 50
