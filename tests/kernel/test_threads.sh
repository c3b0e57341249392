#!/bin/bash
# A Java program with threads: `--comm java` covers what all of its threads did.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
BIN=${BUILD:-build}
need java javac
[ "$(id -u)" = 0 ] || { skip threads "not root"; exit 0; }

cp "$SAMPLES/Threads.java" "$TMP/" && javac -d "$TMP" "$TMP/Threads.java" || { skip threads "javac fails"; exit 0; }
records "$TMP/j.log" "$BIN/logrun" -- java -Xshare:auto -cp "$TMP" Threads "$TMP" >/dev/null 2>&1
[ -s "$TMP/j.log" ] || { skip threads "no record arrives through the multicast group here"; exit 0; }

run "$SCAUDIT" ingest "$TMP/j.log"
run "$SCAUDIT" profile --exe java --only --format names
cp "$TMP/out" "$TMP/by-exe"
run "$SCAUDIT" profile --comm java --format names
cp "$TMP/out" "$TMP/by-comm"
ok "a list" test -s "$TMP/by-exe"
ok "--comm java has every name that the program's exe made" is "$(comm -23 "$TMP/by-exe" "$TMP/by-comm")" ""
run "$SCAUDIT" profile --comm java --only --format names
ok "which java's main thread alone has not" test "$(wc -l <"$TMP/out")" -lt "$(wc -l <"$TMP/by-comm")"
run "$SCAUDIT" profile --comm java --explain
ok "--explain names the threads" says '\[(GC Thread#0|cleaner|VM Thread|indexer|log writer)\]'
