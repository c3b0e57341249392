#!/bin/bash
# --runtime: a program logged outside of any container starts in one under its list and the runtime's table, and not
# without the table.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need runc jq perl
[ "$(id -u)" = 0 ] || { skip runtime "not root"; exit 0; }
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
# shellcheck source=tests/proof/lib.sh
. "$ROOT/tests/proof/lib.sh"
container_begin runtime

work=(perl -e 'open F, q{/etc/passwd}; print scalar <F>; print 6*7, qq{\n}')
log() { "$BUILD/logrun" -- "${work[@]}" >"$TMP/logged.out"; }
records "$TMP/perl.log" log
[ -s "$TMP/perl.log" ] || { skip runtime "no record arrives through the multicast group here"; exit 0; }
run "$SCAUDIT" ingest "$TMP/perl.log"

# enforced ARGS...: how many of three starts in a container, under the list that is made with ARGS, give the same output
enforced() {
	local held=0 i

	"$SCAUDIT" profile --quiet --comm perl --root logrun --default-action kill_process "$@" | for_proof >"$TMP/kill.json"
	for i in 1 2 3; do
		container_run "runtime$i" "$TMP/kill.json" "$TMP/out" "$TMP/err" "${work[@]}" && cmp -s "$TMP/logged.out" "$TMP/out" &&
			held=$((held + 1))
	done
	echo $held
}

for CONTAINER_RUNTIME in runc crun bwrap; do
	export CONTAINER_RUNTIME
	command -v "$CONTAINER_RUNTIME" >/dev/null && container_run plain - "$TMP/out" "$TMP/err" true ||
		{ skip "runtime $CONTAINER_RUNTIME" "it starts nothing here"; continue; }
	ok "$CONTAINER_RUNTIME: with its table the program runs, three times" is "$(enforced --runtime "$CONTAINER_RUNTIME")" 3
	ok "$CONTAINER_RUNTIME: without it, it does not start" is "$(enforced)" 0
done
