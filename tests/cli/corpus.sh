#!/bin/bash
# decode against a corpus of lines with what is expected of them: SCAUDIT_CORPUS is the script that compares them.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

[ -n "${SCAUDIT_CORPUS:-}" ] || { skip corpus "SCAUDIT_CORPUS names no corpus"; exit 0; }
need python3
run "$SCAUDIT_CORPUS" "$SCAUDIT"
ok "every line of the corpus is read as expected" is $status 0
[ $status = 0 ] || tail -n 20 "$TMP/out"
