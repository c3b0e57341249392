#!/bin/bash
# Build-ids on the running kernel: a program that is compiled again after its capture, on the machine and in a container.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"

[ "$(id -u)" = 0 ] || { skip build "needs root"; exit 0; }
need cc jq readelf sqlite3 setpriv
"$SCAUDIT" capture --for 1ms -q --db "$TMP/first.db" 2>"$TMP/err" || { skip build "no records come here: $(cat "$TMP/err")"; exit 0; }
logrun=${BUILD:-build}/logrun

# compiled WORD FILE: a program that says the word; another word, another build-id. It stays for a while, since one that
# has gone when its first record is read is not known.
compiled() {
	printf '#include <stdio.h>\n#include <unistd.h>\nint main(void) { getppid(); usleep(100000); puts("%s"); return 0; }\n' "$1" >"$TMP/prog.c"
	cc -Wl,--build-id -o "$TMP/new" "$TMP/prog.c" && mv "$TMP/new" "$2"
}
id_of() { readelf -n "$1" | sed -n 's/^ *Build ID: //p'; }
known() { db "SELECT group_concat(build_id, ' ') FROM (SELECT build_id FROM build JOIN string ON string.id = exe WHERE bytes = CAST('$1' AS BLOB) ORDER BY t_last)"; }
check() { run "$SCAUDIT" check "$TMP/prog.json" "$@"; }

# ---- on the machine ----

prog=$TMP/prog
compiled one "$prog" && one=$(id_of "$prog") && [ -n "$one" ] || { skip build "the compiler makes no build-ids"; exit 0; }
"$SCAUDIT" capture -q --label p -- sh -c '"$1"; true' - "$prog" >/dev/null
"$SCAUDIT" profile --label p --format json -q -o "$TMP/prog.json"
ok "the build-id is what readelf says" is "$(known "$prog")" "$one"
ok "... and the list is made of it" is "$(jq -r --arg p "$prog" '.evidence.binaries[] | select(.path == $p).build_id' "$TMP/prog.json")" "$one"
shell=$(realpath /bin/sh)
[ -z "$(id_of "$shell")" ] || ok "the shell's, too" is "$(jq -r --arg p "$shell" '.evidence.binaries[] | select(.path == $p).build_id' "$TMP/prog.json")" "$(id_of "$shell")"
check --label p
ok "unchanged: nothing is said of it" lines 2 "$TMP/err"
compiled two "$prog"; two=$(id_of "$prog")
check --label p
ok "compiled again: changed" warns "$prog has changed since it was recorded \(build-id ${one:0:12} then, ${two:0:12} now\): record again"
ok "... the status is of the calls alone" is "$status" 0
"$SCAUDIT" capture -q --label p -- "$prog" >/dev/null
ok "captured again: both are known" is "$(known "$prog")" "$one $two"
check --label p
ok "... and the list mixes them" warns "the evidence is of 2 builds of $prog, the newest with the build-id ${two:0:12}"
ok "... the profile is of the older one" warns "the profile was made of another build of $prog"
ok "... and the file is as it was last" is "$(grep -c 'has changed' "$TMP/err")" 0

rm -f "$SCAUDIT_DB"*
ln "$prog" "$TMP/another name"
"$SCAUDIT" capture -q --label p -- "$TMP/another name" >/dev/null
ok "a path that records have in hex" is "$(known "$TMP/another name")" "$two"

# what is replaced while it runs is known by what runs
rm -f "$SCAUDIT_DB"*
"$SCAUDIT" capture -q --label p -- sh -c '"$1" & sleep 0.05; cp "$2" "$1.new"; mv "$1.new" "$1"; wait' - "$prog" "$shell" >/dev/null
ok "replaced while it runs" is "$(known "$prog")" "$two"

# ---- what a process without CAP_SYS_PTRACE may know ----

rm -f "$SCAUDIT_DB"*
compiled three "$prog"
setpriv --bounding-set "-all,+audit_read,+audit_control,+net_admin" --no-new-privs "$SCAUDIT" capture -q --for 1500ms & capture=$!
sleep 0.7
"$logrun" -- "$prog" >/dev/null
wait $capture
ok "without CAP_SYS_PTRACE the records come" test "$(db "SELECT count(*) FROM observations WHERE exe = '$prog'")" -gt 10
ok "... and no builds of others" is "$(known "$prog")" ""

# ---- in a container ----

container_begin build
container_log_filter "$TMP/log.json"
container_run plain - "$TMP/o" "$TMP/e" true || { skip "a container" "runc does not start one here"; exit 0; }
id=$(printf 'c%.0s' {1..64})
contained() { # WORD: compiled into the container's root, and run there
	compiled "$1" "$CONTAINER_DIR/root/contained"
	CONTAINER_CONFIG=".linux.cgroupsPath = \"/docker/$id\"" container_run "c$1" "$TMP/log.json" "$TMP/o" "$TMP/e" /contained
}
rm -f "$SCAUDIT_DB"*
"$SCAUDIT" capture -q & capture=$!
sleep 0.5
contained one; one=$(id_of "$CONTAINER_DIR/root/contained")
contained two; two=$(id_of "$CONTAINER_DIR/root/contained")
sleep 0.3
kill -TERM $capture
wait $capture
ok "in a container, by its own path" is "$(known /contained)" "$one $two"
ok "... which is no path of ours" is "$(db "SELECT DISTINCT here, CAST(container AS TEXT) FROM build JOIN place ON place.id = place JOIN string ON string.id = exe WHERE bytes = CAST('/contained' AS BLOB)")" "0|$id"
"$SCAUDIT" profile --container "$id" --format json -q -o "$TMP/prog.json"
compiled three "$CONTAINER_DIR/root/contained"
check --container "$id" --json
ok "check does not look there" is "$(jq -r '.binaries[] | select(.path == "/contained").changed' "$TMP/out" | sort -u)" null
ok "... and says that there were two" warns 'the evidence is of 2 builds of /contained \(container cccccccccccc\)'
