#!/bin/bash
# shellcheck disable=SC2016  # inner shells' own variables
#
# Programs whose build capture cannot know, which README names one by one: each is captured whole, and of each it is said
# that its build is not known, or nothing that is not so. The others beside them stay known.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || { skip programs "needs root"; exit 0; }
need cc jq readelf sqlite3 setpriv
"$SCAUDIT" capture --for 1ms -q --db "$TMP/first.db" 2>"$TMP/err" || { skip programs "no records come here: $(cat "$TMP/err")"; exit 0; }

fresh() { rm -f "$SCAUDIT_DB"*; }
id_of() { readelf -nW "$1" 2>/dev/null | sed -n 's/^.*Build ID: //p'; }
known() { db "SELECT group_concat(DISTINCT build_id) FROM build JOIN string ON string.id = exe WHERE bytes = CAST('$1' AS BLOB)"; }
calls() { db "SELECT ifnull(sum(count), 0) FROM observations WHERE exe = '$1'"; }
binaries() { "$SCAUDIT" profile "$@" --format json -q | jq -r '[.evidence.binaries[]?.path] | join(" ")'; }

# It lives for a while, since one that has gone when its first record is read is not known, and makes 50 calls that count.
cat >"$TMP/prog.c" <<-'END'
	#include <sys/syscall.h>
	#include <unistd.h>
	int main(void)
	{
		for (int i = 0; i < 50; i++)
			syscall(SYS_getppid);
		usleep(100000);
		return 0;
	}
END
cat >"$TMP/prog.go" <<-'END'
	package main

	import (
		"os"
		"time"
	)

	func main() {
		for i := 0; i < 50; i++ {
			os.Getppid()
		}
		time.Sleep(100 * time.Millisecond)
	}
END

# captured NAME FILE: runs it, together with one whose build-id is known, and looks at what became of it
captured() {
	local name=$1 file=$2 id

	id=$(id_of "$file")
	fresh
	run "$SCAUDIT" capture --label p -- sh -c '"$1" & "$2"; wait' - "$file" "$TMP/with"
	ok "$name: capture ends well" is "$status" 0
	ok "... complete" warns '^scaudit: complete: '
	ok "... with all of its calls" test "$(calls "$file")" -gt 50
	ok "... and its build-id, or none: ${id:-none}" is "$(known "$file")" "$id"
	ok "... beside one that has one" is "$(known "$TMP/with")" "$(id_of "$TMP/with")"
	[ -n "$id" ] || ok "... and the list's provenance does not name it" is "$(binaries --label p | grep -cw "$file")" 0
}

cc -Wl,--build-id -o "$TMP/with" "$TMP/prog.c" && [ -n "$(id_of "$TMP/with")" ] || { skip programs "the compiler makes no build-ids"; exit 0; }
cc -Wl,--build-id=none -o "$TMP/without" "$TMP/prog.c"
captured "without a build-id" "$TMP/without"
if cc -static -Wl,--build-id=none -o "$TMP/static" "$TMP/prog.c" 2>/dev/null; then
	captured "static, without a build-id" "$TMP/static"
	cc -static -Wl,--build-id -o "$TMP/static" "$TMP/prog.c"
	captured "static, with one" "$TMP/static"
else
	skip "static" "no static libc here"
fi
cc -Wl,--build-id=0x0123456789abcdef -o "$TMP/short" "$TMP/prog.c" && captured "with a short one" "$TMP/short"
if cc -m32 -Wl,--build-id=none -o "$TMP/narrow" "$TMP/prog.c" 2>/dev/null && "$TMP/narrow"; then
	captured "32 bits, without a build-id" "$TMP/narrow"
	cc -m32 -Wl,--build-id -o "$TMP/narrow" "$TMP/prog.c"
	captured "32 bits, with one" "$TMP/narrow"
else
	skip "32 bits" "no such program can be compiled or run here"
fi
if command -v go >/dev/null && (cd "$TMP" && HOME=$TMP GO111MODULE=off GOFLAGS='' go build -o gone prog.go) 2>"$TMP/err"; then
	# its linker writes none before 1.24
	[ -z "$(id_of "$TMP/gone")" ] || (cd "$TMP" && HOME=$TMP GO111MODULE=off GOFLAGS='' go build -ldflags=-B=none -o gone prog.go)
	captured "of Go's linker" "$TMP/gone"
else
	skip "Go" "no Go here, or it does not compile: $(head -n 1 "$TMP/err")"
fi

# many at once, as a service on a busy machine sees them
fresh
run "$SCAUDIT" capture --label many -- sh -c 'i=0; while [ $i -lt 30 ]; do "$1" & "$2" & i=$((i + 1)); done; wait' - "$TMP/without" "$TMP/with"
ok "60 at once, half of them without: capture ends well" is "$status" 0
ok "... complete" warns '^scaudit: complete: '
ok "... all calls of those without" test "$(calls "$TMP/without")" -gt 1500
ok "... the others are known" is "$(known "$TMP/with")" "$(id_of "$TMP/with")"
fresh
"$SCAUDIT" capture >"$TMP/out" 2>"$TMP/err" & capture=$!
sleep 0.5
"${BUILD:-build}/logrun" -- "$TMP/without"
"${BUILD:-build}/logrun" -- "$TMP/with"
kill -TERM $capture
wait $capture
ok "capture of everything ends well, too" is $? 0
ok "... with all calls of one without" test "$(calls "$TMP/without")" -gt 50
ok "... and the other is known" is "$(known "$TMP/with")" "$(id_of "$TMP/with")"

# ---- deleted while they run ----

for file in with without; do
	fresh
	cp "$TMP/$file" "$TMP/lost"
	run "$SCAUDIT" capture --label p -- sh -c '"$1" & sleep 0.04; rm "$1"; wait' - "$TMP/lost"
	ok "deleted while it runs ($file): capture ends well" is "$status" 0
	ok "... complete" warns '^scaudit: complete: '
	ok "... with its calls" test "$(db "SELECT sum(count) FROM observations WHERE exe LIKE '$TMP/lost%'")" -gt 50
	ok "... and its build-id, or none" is "$(known "$TMP/lost")" "$(id_of "$TMP/$file")"
done
fresh
cp "$TMP/with" "$TMP/lost"
run "$SCAUDIT" capture --label p -- perl -e 'open my $f, "<", $ARGV[0]; unlink $ARGV[0]; exec { "/proc/self/fd/" . fileno $f } "lost"' "$TMP/lost"
ok "deleted before it runs: capture ends well" warns '^scaudit: complete: '

# ---- scripts ----

fresh
shell=$(realpath /bin/sh)
printf '#!/bin/sh\nsleep 0.1\n:\n' >"$TMP/script"; chmod +x "$TMP/script"
run "$SCAUDIT" capture --label p -- "$TMP/script"
ok "a script: capture ends well" warns '^scaudit: complete: '
ok "... the build-id is the interpreter's" is "$(known "$shell")" "$(id_of "$shell")"
ok "... and there is none of the script" is "$(known "$TMP/script")" ""
fresh
printf 'sleep 0.1\n' >"$TMP/plain"; chmod +x "$TMP/plain"
run "$SCAUDIT" capture --label p -- "$TMP/plain"
ok "a script without a first line: the shell's" is "$(known "$shell")" "$(id_of "$shell")"
fresh
ln -sf "$TMP/without" "$TMP/interpreter"
printf '#!%s\n' "$TMP/interpreter" >"$TMP/other"; chmod +x "$TMP/other"
run "$SCAUDIT" capture --label p -- "$TMP/other"
ok "a script whose interpreter has none" is "$status $(known "$TMP/without")" "0 "

# ---- what lives for few milliseconds ----

fresh
true=$(realpath "$(type -P true)") was=0
for _ in $(seq 20); do
	fresh
	run "$SCAUDIT" capture --label p -- "$true"
	[ "$status" = 0 ] && warns '^scaudit: complete: ' || break
	case $(known "$true") in
	"$(id_of "$true")") was=$((was + 1)) ;;
	"") ;;
	*) break ;;
	esac
	ended=$((${ended:-0} + 1))
done
ok "20 captures of 'true' end well, and none knows another build than its own ($was know it)" is "${ended:-0}" 20

# ---- what only a log told ----

fresh
"$SCAUDIT" ingest -q "$SAMPLES/java-threads.log"
ok "of what ingest read no build is known" is "$(db 'SELECT count(*) FROM build')" 0
ok "... and provenance names none" is "$(binaries --comm java)" ""

# ---- others' processes without CAP_SYS_PTRACE ----

fresh
chmod 755 "$TMP" "$TMP"/with*
setpriv --bounding-set "-all,+audit_read,+audit_control,+net_admin" --no-new-privs "$SCAUDIT" capture >"$TMP/out" 2>"$TMP/err" & capture=$!
sleep 0.5
"${BUILD:-build}/logrun" -- "$TMP/with"
kill -TERM $capture
wait $capture
ok "without CAP_SYS_PTRACE: capture ends well" is $? 0
ok "... with all calls" test "$(calls "$TMP/with")" -gt 50
ok "... and no build of others" is "$(known "$TMP/with")" ""
