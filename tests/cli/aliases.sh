#!/bin/bash
# Old names of commands and options do what the new ones do, to the byte: each row of cli/alias_list.h.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

"$SCAUDIT" ingest -q "$SAMPLES/java-threads.log"
list=$ROOT/cli/alias_list.h
same() { # NAME; compares what the last two runs gave
	ok "$1" is "$(cat "$TMP/was" "$TMP/was.err")" "$(cat "$TMP/out" "$TMP/err")"
}
tried=0
while IFS=' ' read -r kind old now; do
	if [ "$kind" = COMMAND ]; then
		was=("$old" --dry-run) is=("$now" --dry-run)
	else
		was=(profile --all --union "--$old" none) is=(profile --all --union "--$now" none)
	fi
	run "$SCAUDIT" "${was[@]}"
	cp "$TMP/out" "$TMP/was" && cp "$TMP/err" "$TMP/was.err"
	before=$status
	run "$SCAUDIT" "${is[@]}"
	same "$kind $old is $now"
	ok "$kind $old: the same status, 0" is "$before $status" "0 0"
	tried=$((tried + 1))
done < <(sed -nE 's/^(COMMAND|OPTION)_ALIAS\("([^"]*)", "([^"]*)"\)$/\1 \2 \3/p' "$list")
ok "all rows were tried" is "$tried" "$(grep -c '^[A-Z]*_ALIAS(' "$list")"
run "$SCAUDIT" --help
ok "help names none of them" test -z "$(grep -wE 'fold' "$TMP/out")"
