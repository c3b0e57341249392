# shellcheck shell=bash
#
# For the scripts of tests/cli and tests/kernel: sourced, not run.
#
#	ok NAME COMMAND ARGS...       a test: passes when the command does; what it printed is shown when not
#	skip NAME REASON              a test that cannot be run here
#	run COMMAND ARGS...           runs it; leaves its exit status in $status, its output in $TMP/out and $TMP/err
#	says PATTERN / warns PATTERN  is there a line in $TMP/out / $TMP/err that matches (grep -E)?
#	lines N FILE                  has the file N lines?
#	db SQL                        asks the store (ok: sqlite3 is there; see need)
#	need TOOL...                  ends the script with one skipped test where a tool is missing
#
# $TMP is a folder that is gone afterwards, $ROOT the source tree, $SCAUDIT the program; $SCAUDIT_DB is in $TMP.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SCAUDIT=$(realpath "${SCAUDIT:-$ROOT/scaudit}")
TMP=$(mktemp -d)
export SAMPLES=$ROOT/samples SCAUDIT_DB=$TMP/store.db TZ=UTC
export status=0
at_end=:          # a command that a script wants to be run before $TMP goes

end_test() {
	$at_end
	rm -rf "$TMP"
}
trap end_test EXIT

ok() {
	local name=$1

	shift
	if "$@" >"$TMP/.said" 2>&1; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		echo "# failed: $*"
		sed 's/^/# /' "$TMP/.said"
		[ ! -e "$TMP/err" ] || sed 's/^/# stderr: /' "$TMP/err" | head -n 20
	fi
}

skip() { echo "skip - $1: $2"; }

run() {
	status=0
	"$@" >"$TMP/out" 2>"$TMP/err" || status=$?
}

says() { grep -qE -e "$1" "$TMP/out"; }
warns() { grep -qE -e "$1" "$TMP/err"; }
lines() { [ "$(wc -l <"$2")" = "$1" ]; }
is() { [ "$1" = "$2" ] || { echo "got '$1', expected '$2'"; return 1; }; }
db() { sqlite3 "file:$SCAUDIT_DB?mode=ro" "$1"; }

need() {
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null && continue
		skip "$(basename "$0")" "no $tool here"
		exit 0
	done
}
