#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each form of a record in each wrapping brings the same observations: bench/forms, without its times.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 gzip tar awk
if ! "$SCAUDIT" decode -q <(gzip -c "$SAMPLES/pipeline.log") >"$TMP/out" 2>"$TMP/err"; then
	skip "forms and wrappings" "no libarchive here"
	exit 0
fi
run "$ROOT/bench/forms" --check
ok "each form in each wrapping: the same observations" is "$status $(grep -c '#' "$TMP/out")" "0 0"
ok "twelve forms, at least five wrappings" test "$(grep -o ' = \| =$' "$TMP/out" | wc -l)" -ge 60
