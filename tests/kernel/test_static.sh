#!/bin/bash
# The static program, in an empty root, and the image of deploy/Dockerfile: its steps, done by hand.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { skip static "not root"; exit 0; }
BIN=${BUILD:-build}
for library in seccomp sqlite3 json-c yaml audit cap-ng; do
	echo 'int main(void) { return 0; }' | cc -static -x c - -o "$TMP/try" "-l$library" 2>/dev/null && continue
	skip static "no lib$library.a here"
	exit 0
done

run make -s -C "$ROOT" static "BUILD=$BIN" "PROGRAM=$SCAUDIT"
ok "make static: exit 0" is $status 0
cp "$TMP/out" "$TMP/said"
ok "and the linker warns of nothing" is "$(cat "$TMP/err")" ""
ok "the size is said" says '^static: .*scaudit, [0-9]+ bytes'
built=$(cd "$ROOT" && realpath "$BIN/static/scaudit")
ok "it needs no library" is "$(ldd "$built" 2>&1 | tr -d '\t')" "statically linked"

# --- the image: FROM scratch, COPY, ENTRYPOINT ---
image=$TMP/image
mkdir "$image"
entry=''
while read -r step what to; do
	case $step in
	FROM) ok "image: from nothing" is "$what" scratch ;;
	COPY) cp "$(dirname "$built")/$what" "$image$to" ;;
	ENTRYPOINT) entry=$(jq -r '.[0]' <<<"$what") ;;
	'#'* | '') ;;
	*) ok "image: a step that is known" is "$step" COPY ;;
	esac
done <"$ROOT/deploy/Dockerfile"
ok "image: one file" is "$(find "$image" -type f | wc -l)" 1
ok "image: its entry is in it" test -x "$image$entry"

inside() { chroot "$image" "$entry" "$@"; }
mkdir "$image/data"
cp "$SAMPLES/pipeline.log" "$image/data"
run inside --version
ok "an empty root: it runs" is "$(cat "$TMP/out")" "scaudit $(cat "$ROOT/VERSION")"
run inside ingest --db /data/s.db /data/pipeline.log
ok "ingest" warns '346 records: 346 new'
run inside profile --db /data/s.db --all -o /data/p.json
ok "profile: exit 0" is $status 0
gzip -c "$SAMPLES/pipeline.log" >"$image/data/log.gz"
if grep -q 'without packed' "$TMP/said"; then
	skip "packed input" "$(sed 's/.*: //' "$TMP/said")"
else
	run inside ingest --db /data/packed.db /data/log.gz
	ok "packed input: by libarchive, which is in it" warns '346 records: 346 new'
fi
"$SCAUDIT" ingest -q --db "$TMP/o.db" "$SAMPLES/pipeline.log"
"$SCAUDIT" profile -q --db "$TMP/o.db" --all -o "$TMP/o.json"
ok "profile: the same as the other program's" cmp "$image/data/p.json" "$TMP/o.json"
run inside capture --db /data/s.db --label own -- "$entry" --version
ok "capture: its own command" is "$status" 0
ok "capture: complete" warns '^scaudit: complete'
run inside profile --db /data/s.db --label own -o /data/own.json
run inside run /data/own.json -- "$entry" --version
ok "run: held" warns 'held: nothing was refused'
mkdir "$image/etc"
printf 'someone:x:4711:4712::/:/\n' >"$image/etc/passwd"
printf 'more:x:4713:other,someone\n' >"$image/etc/group"
run inside capture --db /data/s.db --label user --user someone -- "$entry" --version
ok "users are read from the root's own file" is $status 0
ok "and the command is theirs" test "$(SCAUDIT_DB=$image/data/s.db db "SELECT count(*) FROM interval WHERE uid = 4711")" -gt 0
run inside capture --db /data/s.db --label user --user nobody-knows -- "$entry" --version
ok "and one who is not there is not found" is $status 125

if command -v docker >/dev/null && docker info >/dev/null 2>&1; then
	run docker build -q -t scaudit-test -f "$ROOT/deploy/Dockerfile" "$(dirname "$built")"
	ok "docker build" is $status 0
	run docker run --rm scaudit-test --version
	ok "docker run" says '^scaudit '
	docker rmi scaudit-test >/dev/null 2>&1
else
	skip "docker build" "no engine here"
fi
