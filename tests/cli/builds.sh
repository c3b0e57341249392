#!/bin/bash
# Builds of programs: in provenance, and what check says when one has changed. Capture writes them into the store (see
# tests/kernel/test_build.sh); here that is done by hand.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need jq sqlite3
prog=$TMP/prog
zeros() { head -c "$1" /dev/zero; }

# elf WORD: a program with this build-id of four letters, as far as a reader of build-ids cares
elf() {
	{
		printf '\177ELF\2\1\1'; zeros 25; printf '\100'; zeros 21; printf '\70\0\1'; zeros 7
		printf '\4'; zeros 7; printf '\170'; zeros 23; printf '\24'; zeros 15; printf '\4'; zeros 7
		printf '\4\0\0\0\4\0\0\0\3\0\0\0GNU\0%s' "$1"
	} >"$prog"
}
hex() { printf %s "$1" | od -An -tx1 | tr -d ' \n'; }

# seen WORD HERE AT: that build ran, so many milliseconds after the first record
seen() {
	sqlite3 "$SCAUDIT_DB" "INSERT INTO build SELECT node, exe, 0, $2, '$(hex "$1")', min(t_first) + $3, min(t_first) + $3 FROM interval JOIN string ON
		string.id = exe WHERE bytes = CAST('$prog' AS BLOB)"
}
unsee() { sqlite3 "$SCAUDIT_DB" 'DELETE FROM build'; }

sed "s|exe=\"/usr/bin/sort\"|exe=\"$prog\"|" "$SAMPLES/pipeline.log" >"$TMP/log"
"$SCAUDIT" ingest -q --node "$(uname -n)" "$TMP/log"
check() { run "$SCAUDIT" check "$TMP/sort.json" --comm sort "$@"; }

# ---- none are known, as of logs ----

"$SCAUDIT" profile --comm sort --format json -q -o "$TMP/sort.json"
ok "no builds: an empty list" is "$(jq -c .evidence.binaries "$TMP/sort.json")" '[]'
check
ok "... and nothing said" lines 2 "$TMP/err"

# ---- one ----

elf aaaa
seen aaaa 1 0
"$SCAUDIT" profile --comm sort --format json -q -o "$TMP/sort.json"
ok "provenance has path and build-id" is "$(jq -r '.evidence.binaries[] | .path + " " + .build_id' "$TMP/sort.json")" "$prog $(hex aaaa)"
ok "... where it ran" is "$(jq -c '.evidence.binaries[] | [.container, .image, .node, .local]' "$TMP/sort.json")" "[null,null,\"$(uname -n)\",true]"
"$SCAUDIT" profile --comm sort --format spo -q -o "$TMP/sort.yaml"
ok "a comment names the main program's" grep -q "^#.* $(hex aaaa)" "$TMP/sort.yaml"
check
ok "unchanged: nothing is said" lines 2 "$TMP/err"
ok "... 0" is "$status" 0

elf bbbb
check
ok "changed" warns "^scaudit: $prog has changed since it was recorded \(build-id 61616161 then, 62626262 now\): record again$"
ok "... is no reason for another status" is "$status" 0
check --json
ok "... in JSON" is "$(jq -c '.binaries[] | [.build_id, .build_id_now, .changed]' "$TMP/out")" '["61616161","62626262",true]'
check --quiet
ok "... not with --quiet" lines 0 "$TMP/err"
echo '#!/bin/sh' >"$prog"
check
ok "changed to what has none" warns 'build-id 61616161 then, none now'
rm "$prog"
check
ok "gone: nothing can be said" lines 2 "$TMP/err"
ok "... nor in JSON" is "$("$SCAUDIT" check "$TMP/sort.json" --comm sort --json -q | jq -c '.binaries[] | [.build_id_now, .changed]')" '[null,null]'
elf bbbb
sqlite3 "$SCAUDIT_DB" 'UPDATE build SET here = 0'
check
ok "below another root directory it is not looked for" lines 2 "$TMP/err"

# ---- several ----

unsee
seen aaaa 1 0
seen bbbb 1 4
check
ok "several builds" warns "^scaudit: the evidence is of 2 builds of $prog, the newest with the build-id 62626262: --since TIME leaves out what older ones did$"
ok "the profile was made of the older one" warns "^scaudit: the profile was made of another build of $prog \(build-id 61616161; the evidence is of 62626262\)$"
ok "... and the file is the newer one" lines 4 "$TMP/err"
"$SCAUDIT" profile --comm sort --format json -q -o "$TMP/both.json"
ok "provenance has both" is "$(jq -c '[.evidence.binaries[].build_id]' "$TMP/both.json")" '["61616161","62626262"]'
run "$SCAUDIT" check "$TMP/both.json" --comm sort
ok "a profile of both is of the newer one, too" lines 3 "$TMP/err"

# ---- a profile that knows more than the store ----

unsee
check
ok "changed since the profile was made" warns "^scaudit: $prog has changed since the profile was made \(build-id 61616161 then, 62626262 now\): record again$"
run "$SCAUDIT" check "$TMP/both.json" --comm sort
ok "... of both: not" lines 2 "$TMP/err"
jq '.evidence.binaries[].node = "elsewhere"' "$TMP/sort.json" >"$TMP/other.json"
run "$SCAUDIT" check "$TMP/other.json" --comm sort
ok "... on another node: not looked at" lines 2 "$TMP/err"
jq '.evidence.binaries = [7, {"path": 7, "local": true}, {}]' "$TMP/sort.json" >"$TMP/odd.json"
run "$SCAUDIT" check "$TMP/odd.json" --comm sort
ok "what is no list of binaries is passed over" is "$status" 0

# ---- what becomes of them ----

seen aaaa 1 0
sed 's/audit(179/audit(178/' "$SAMPLES/java-threads.log" >"$TMP/java.log"
"$SCAUDIT" ingest -q --node other "$TMP/java.log"
# one container that both have a row of
sqlite3 "$SCAUDIT_DB" "INSERT INTO place (node, runtime, container, container_name, pod, pod_name, namespace, unit) SELECT id, x'', x'6162', x'', x'', x'', x'',
	x'' FROM node; INSERT INTO build SELECT node, 1, id, 0, 'ff', node, node FROM place"
"$SCAUDIT" node alias -q other "$(uname -n)"
ok "nodes that become one: builds go along" is "$(db "SELECT DISTINCT name FROM build JOIN node ON node.id = build.node")" other
ok "... those of one container are one" is "$(db "SELECT t_first, t_last, build.place = place.id FROM build, place WHERE build_id = 'ff'")" '1|2|1'
sqlite3 "$SCAUDIT_DB" "DELETE FROM build WHERE build_id = 'ff'"
"$SCAUDIT" forget -q --yes --comm java
ok "forget keeps what has evidence" is "$(db 'SELECT count(*) FROM build')" 1
"$SCAUDIT" fold -q --keep-trees 0
"$SCAUDIT" forget -q --yes --comm no-such 2>/dev/null
ok "... and what is folded" is "$(db 'SELECT (SELECT count(*) FROM build), (SELECT count(*) FROM interval)')" '1|0'
check
ok "... which check knows" warns "has changed since it was recorded"
"$SCAUDIT" forget -q --yes --all
ok "forget removes what has none" is "$(db 'SELECT count(*) FROM build')" 0
