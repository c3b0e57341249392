#!/bin/bash
# decode against a corpus of lines with what is expected of them, where it lies beside this tree.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

check=$ROOT/../shared/corpus/check
[ -x "$check" ] || { skip corpus "no corpus beside this tree"; exit 0; }
need python3
run "$check" "$SCAUDIT"
ok "every line of the corpus is read as expected" is $status 0
[ $status = 0 ] || tail -n 20 "$TMP/out"
