#!/bin/bash
#
# Profiles drawn at random, and the engines' own: diff names a call where check has another answer for it, and no other.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/numbers.sh
. "$ROOT/tests/numbers.sh"
need jq python3
[ "$(uname -m)" = x86_64 ] || { skip agree "the profiles are for x86-64"; exit 0; }
numbers_store
numbers_names >"$TMP/all"
# what the libseccomp here has no name for is in no filter, so that check answers by the default, whatever a profile says of it
"$SCAUDIT" check --db "$TMP/all.db" --all --json --runtime crun --from names "$TMP/all" 2>"$TMP/err" |
	jq -r '.calls[] | select(.verdict == "passes") | .name' | sort -u >"$TMP/names"
echo "read write exit_group execve" >"$TMP/needed"

# agree OLD NEW ARGS...
agree() {
	local file

	for file in "$1" "$2"; do
		"$SCAUDIT" check --db "$TMP/all.db" --all --json --runtime crun "$file" "${@:3}" >"$TMP/answers.$(basename "$file")" 2>"$TMP/err"
	done
	"$SCAUDIT" diff --json "$@" >"$TMP/diff" 2>"$TMP/err"
	"$ROOT/tests/cases/agree" "$TMP/diff" "$TMP/answers.$(basename "$1")" "$TMP/answers.$(basename "$2")" >"$TMP/said" || { cat "$TMP/said"; return 1; }
}

"$ROOT/tests/cases/draw" 1 "$TMP/needed" "$TMP/names" >"$TMP/1.json"
for seed in $(seq 2 9); do
	"$ROOT/tests/cases/draw" "$seed" "$TMP/needed" "$TMP/names" >"$TMP/$seed.json"
	ok "profiles $((seed - 1)) and $seed: diff and check agree" agree "$TMP/$((seed - 1)).json" "$TMP/$seed.json"
done
ok "... and much differs" test "$(sed -nE 's/.*, ([0-9]+) are named$/\1/p' "$TMP/said")" -gt 50
ok "a profile and itself: nothing differs" agree "$TMP/1.json" "$TMP/1.json"
ok "... and nothing is named" grep -q ', 0 answers differ, 0 are named$' "$TMP/said"

docker=$(find "$ROOT/build/packages/" -path '*/seccomp/default.json' 2>/dev/null | head -n 1)
podman=$ROOT/build/packages/usr/share/containers/seccomp.json
if [ -n "$docker" ] && [ -e "$podman" ]; then
	for caps in docker all none; do
		ok "Docker's and Podman's defaults, capabilities $caps: they agree" agree "$docker" "$podman" --caps $caps
	done
else
	skip "Docker's and Podman's defaults" "no packages here: tests/packages fetches them"
fi
