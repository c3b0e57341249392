#!/bin/bash
# profile --each: one list a workload, an index, all or nothing; --explain --json.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need jq
"$SCAUDIT" ingest -q --node node01 "$SAMPLES"/*.log
rows=$("$SCAUDIT" workloads | tail -n +2 | wc -l)

run "$SCAUDIT" profile --each --output-dir "$TMP/lists"
ok "each: exit 0" is $status 0
ok "each: a row for each workload" is "$(jq '.workloads | length' "$TMP/lists/index.json")" "$rows"
ok "each: a file for each row, and no other" is "$(find "$TMP/lists" -type f -not -name index.json -printf '%f\n' | sort)" \
	"$(jq -r '.workloads[].file' "$TMP/lists/index.json" | sort)"
same() {
	local id file

	jq -r '.workloads[] | .workload + " " + .file' "$TMP/lists/index.json" | while read -r id file; do
		"$SCAUDIT" profile -q --workload "$id" -o "$TMP/one.json"
		cmp -s "$TMP/one.json" "$TMP/lists/$file" || echo "$file"
	done
}
ok "each: the same lists as made one by one" is "$(same)" ""
ok "each: each row has a verdict" is "$(jq '[.workloads[] | select(.verdict == null or .why == "")] | length' "$TMP/lists/index.json")" 0

run "$SCAUDIT" profile --each --output-dir "$TMP/lists"
ok "a folder that is not empty: exit 2" is $status 2
mkdir "$TMP/empty"
run "$SCAUDIT" profile --each --comm java --output-dir "$TMP/empty/"
ok "one that is empty; a selector" is "$status $(jq -r '.workloads | length' "$TMP/empty/index.json")" "0 1"
run "$SCAUDIT" profile --each --require ready --output-dir "$TMP/ready"
ok "--require: who is left out is in the index, exit 1" is \
	"$status $(jq '[.workloads[] | select(.file == null and .left_out != null)] | length > 0' "$TMP/ready/index.json")" "1 true"
ok "--require: no file of theirs" is "$(find "$TMP/ready" -type f | wc -l)" \
	"$(jq '1 + ([.workloads[] | select(.file != null)] | length)' "$TMP/ready/index.json")"
run "$SCAUDIT" profile --each --comm nothere --output-dir "$TMP/none"
ok "nothing matches: exit 1, and no folder" is "$status $(ls -d "$TMP"/none* 2>/dev/null)" "1 "
run "$SCAUDIT" profile --each --format minijail --output-dir "$TMP/refused"
ok "a format that cannot say it: an error, and no folder" is "$status $(ls -d "$TMP"/refused* 2>/dev/null)" "2 "
run "$SCAUDIT" profile --each
ok "without --output-dir: exit 2" is $status 2

# a signal, at any moment: the folder is there and whole, or nothing is
left=""
for wait in 0.001 0.003 0.005 0.008 0.012 0.02 0.03 0.05; do
	rm -rf "$TMP/cut"
	timeout -s TERM "$wait" "$SCAUDIT" profile -q --each --output-dir "$TMP/cut" >"$TMP/out" 2>"$TMP/err" || :
	[ ! -d "$TMP/cut" ] || jq -e '[.workloads[] | select(.file != null)] | length > 0' "$TMP/cut/index.json" >/dev/null || left="$left index:$wait"
	left="$left$(find "$TMP" -maxdepth 1 -name 'cut.*')"
done
ok "a signal leaves no temporary folder" is "$left" ""

# names that are no names of files
sed -e 's/comm="java" exe="[^"]*"/comm="java" exe="\/opt\/..\/..\/x;y"/g' "$SAMPLES/java-threads.log" >"$TMP/odd.log"
SCAUDIT_DB=$TMP/odd.db run "$SCAUDIT" ingest -q --label '../../etc/pass wd' "$TMP/odd.log"
SCAUDIT_DB=$TMP/odd.db run "$SCAUDIT" profile --each --output-dir "$TMP/odd"
ok "a label with slashes: a file in the folder all the same" is "$(find "$TMP/odd" -mindepth 1 -printf '%f\n' | grep -vE '^[A-Za-z0-9_][A-Za-z0-9._-]*$')" ""
ok "and there is one" test "$(find "$TMP/odd" -type f | wc -l)" -ge 2

# --- --explain --json ---
run "$SCAUDIT" profile -q --comm java --explain
cp "$TMP/out" "$TMP/table"
run "$SCAUDIT" profile -q --comm java --explain --json
ok "explain --json: the table's rows" is "$(jq -r '.calls[] | .name as $n | if .callers == [] then "\($n) 0" else .callers[] | "\($n) \(.events)" end' "$TMP/out")" \
	"$(tail -n +2 "$TMP/table" | awk -F '\t' '{ print $1, $2 }')"
ok "explain --json: what has no evidence says so" is "$(jq -r '.calls[] | select(.callers == []) | .ground' "$TMP/out" | sort -u)" floor
run "$SCAUDIT" profile --comm java --json
ok "--json without --explain: exit 2" is $status 2
