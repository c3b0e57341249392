#!/bin/bash
# What is written is whole, or nothing is, and a failure is said: every command, every stage, every reason.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

"$SCAUDIT" ingest -q --node node01 "$SAMPLES"/java-threads.log "$SAMPLES"/pipeline.log "$SAMPLES"/denials.log
out=$TMP/out.d
mkdir "$out"
fault=$ROOT/${BUILD:-build}/fault.so
[ -e "$fault" ] || fault=${BUILD:-build}/fault.so

# options that a format needs for a list of java's
options() {
	case $1 in
	minijail | minijail-frequency) echo "--default-action kill_process --arch x86_64" ;;
	firejail) echo "--arch x86_64" ;;
	esac
}

formats=$("$SCAUDIT" profile --comm java --format none 2>&1 | sed -E 's/.*there are: (.*)\)/\1/; s/,//g')
ok "all formats are known here" test "$(wc -w <<<"$formats")" -ge 12

# --- each call that writing makes fails, one after the other ---

bad=''
note() { bad+="$*"$'\n'; }
none_bad() { printf '%s' "$bad"; [ -z "$bad" ]; }

# One failure. Where the list and its evidence have both to be written, both are looked at.
# strike AT ERRNO TEXT WHAT OPTIONS...: false once there is no such call any more
strike() {
	local at=$1 errno=$2 text=$3 what=$4 call file

	shift 4
	rm -f "$TMP/fired" "$out"/*
	echo old >"$out/list"
	echo old >"$out/evidence"
	run env LD_PRELOAD="$fault" ASAN_OPTIONS=verify_asan_link_order=0 FAULT_DIR="$out" FAULT_AT="$at" FAULT_ERRNO="$errno" \
		FAULT_FIRED="$TMP/fired" "$SCAUDIT" profile -q --comm java "$@"
	[ -e "$TMP/fired" ] || return 1
	call=$(cat "$TMP/fired")
	struck=$((struck + 1))
	[ "$status" = 3 ] || note "$what, call $at ($call): status $status"
	lines 1 "$TMP/err" || note "$what, call $at ($call): $(wc -l <"$TMP/err") lines on stderr"
	warns "'$out/(list|evidence)'.*: $text\$" || note "$what, call $at ($call): $(cat "$TMP/err")"
	[ "$(find "$out" -type f | wc -l)" = 2 ] || note "$what, call $at ($call): there is $(ls -A "$out")"
	for file in list evidence; do
		cmp -s "$out/$file" <(echo old) && continue
		# only what stood in its place already, whole, may be there
		warns "is written, but its folder cannot be synced" && cmp -s "$out/$file" "$TMP/whole.$file" && continue
		note "$what, call $at ($call): $file is neither the old one nor the new one"
	done
	return 0
}

# strikes WHAT ERRNO TEXT OPTIONS...: every call of one run
strikes() {
	local what=$1 errno=$2 text=$3 at=1

	shift 3
	echo old >"$TMP/whole.list"
	echo old >"$TMP/whole.evidence"
	cp "$TMP"/whole.* "$out"
	mv "$out/whole.list" "$out/list"
	mv "$out/whole.evidence" "$out/evidence"
	"$SCAUDIT" profile -q --comm java "$@" || note "$what: cannot be written at all"
	cp "$out/list" "$TMP/whole.list"
	cp "$out/evidence" "$TMP/whole.evidence"
	struck=0
	while strike "$at" "$errno" "$text" "$what" "$@"; do at=$((at + 1)); done
	[ "$status" = 0 ] || note "$what: without a failure: status $status"
	total=$((total + struck))
	[ "$struck" -ge 7 ] || note "$what: only $struck calls"
}

total=0
if [ ! -e "$fault" ]; then
	skip "failing calls" "no fault.so here"
else
	for format in $formats; do
		# shellcheck disable=SC2046
		strikes "$format" 28 "No space left on device" --format "$format" $(options "$format") -o "$out/list"
	done
	ok "a full disk, at each stage of each format" none_bad
	bad=''
	strikes "explain" 28 "No space left on device" --explain -o "$out/list"
	strikes "EIO" 5 "Input/output error" -o "$out/list"
	strikes "EDQUOT" 122 "Disk quota exceeded" --format json -o "$out/list"
	strikes "EROFS" 30 "Read-only file system" --stage observe -o "$out/list" --format docker
	ok "the same for other reasons" none_bad
	bad=''
	strikes "two files" 28 "No space left on device" -o "$out/list" --evidence "$out/evidence"
	ok "two files: neither changes, whichever fails" test "$struck" -ge 14
	# when the second is put in its place the first is there already
	bad=$(grep -vE '\((rename|open|fsync)\): evidence is neither' <<<"$bad" || :)
	ok "two files: no other failure leaves one of them new" none_bad
	ok "enough was tried" test "$total" -ge 100
	echo "# $total calls failed"
fi

# --- a target of any kind ---

run "$SCAUDIT" profile -q --comm java
cp "$TMP/out" "$TMP/whole"
same() { cmp "$TMP/whole" "$1"; }

rm -f "$out"/*
ln -s list "$out/link"
ln -s "$out/link" "$out/far"
run "$SCAUDIT" profile -q --comm java -o "$out/far"
ok "a link to what is not there yet: it is made there" same "$out/list"
echo old >"$out/list"
chmod 640 "$out/list"
[ "$(id -u)" != 0 ] || chown 7:8 "$out/list"
before=$(stat -c '%a %u %g' "$out/list")
run "$SCAUDIT" profile -q --comm java -o "$out/far"
ok "a link to a link: what it leads to is written" same "$out/list"
ok "and the links stay" is "$(readlink "$out/link") $(readlink "$out/far")" "list $out/link"
ok "mode and owner stay" is "$(stat -c '%a %u %g' "$out/list")" "$before"
ln -s loop "$out/loop"
run "$SCAUDIT" profile -q --comm java -o "$out/loop"
ok "a link to itself: exit 3, and why" is "$status $(grep -c 'symbolic links' "$TMP/err")" "3 1"
(umask 027; "$SCAUDIT" profile -q --comm java -o "$out/new")
ok "a new file: as the umask has it" is "$(stat -c %a "$out/new")" 640
{ echo head; "$SCAUDIT" profile -q --comm java -o /dev/stdout; echo tail; } >"$TMP/around"
ok "/dev/stdout: what is there stays" is "$(sed -n '1p;$p' "$TMP/around" | tr '\n' ' ')" "head tail "
ok "/dev/stdout: and the list between" cmp <(sed '1d;$d' "$TMP/around") "$TMP/whole"
"$SCAUDIT" profile -q --comm java -o /proc/self/fd/5 5>"$TMP/five"
ok "a descriptor of our own" same "$TMP/five"
mkfifo "$TMP/fifo"
cat "$TMP/fifo" >"$TMP/got" &
run "$SCAUDIT" profile -q --comm java -o "$TMP/fifo"
wait $!
ok "a fifo" same "$TMP/got"
run "$SCAUDIT" profile -q --comm java -o "$out"
ok "a folder: exit 3, and why" is "$status $(grep -c "'$out': Is a directory" "$TMP/err")" "3 1"
run "$SCAUDIT" profile -q --comm java -o "$out/list" --evidence "$out/../out.d/far"
ok "two names of one file: exit 2" is "$status" 2
ok "two names of one file: it stays" same "$out/list"
run "$SCAUDIT" profile -q --comm java --evidence /dev/stdout
ok "both to standard output: exit 2" is "$status $(wc -c <"$TMP/out")" "2 0"
mkdir "$TMP/closed" "$TMP/store"
cp "$SCAUDIT_DB" "$TMP/store/store.db"
echo old >"$TMP/closed/list"
chmod 500 "$TMP/closed"
as_user=()
if [ "$(id -u)" = 0 ]; then
	as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$TMP"
	chown -R 65534:65534 "$TMP/closed" "$TMP/store"
fi
if "${as_user[@]}" "$SCAUDIT" --version >"$TMP/out" 2>&1; then
	run "${as_user[@]}" "$SCAUDIT" profile -q --db "$TMP/store/store.db" --comm java -o "$TMP/closed/list"
	ok "a folder that cannot be written: exit 3" is "$status" 3
	ok "a folder that cannot be written: why" warns "'$TMP/closed/list': a new file in its folder: Permission denied"
	ok "a folder that cannot be written: the old one stays" is "$(cat "$TMP/closed/list")" old
else
	skip "a folder that cannot be written" "another user cannot run scaudit here"
fi
chmod 700 "$TMP/closed"
# a signal while there is a temporary: the list waits for a reader, the evidence is written beside its place
rm -f "$out"/*
"$SCAUDIT" profile -q --comm java --evidence "$out/evidence" -o "$TMP/fifo" &
pid=$!
for _ in $(seq 100); do
	[ -z "$(ls -A "$out")" ] || break
	sleep 0.05
done
kill -TERM $pid
status=0
wait $pid || status=$?
ok "a signal ends it" is "$status" 143
ok "a signal leaves nothing behind" is "$(ls -A "$out")" ""

# --- a limit on the size of files ---

# the store's own index for readers takes 32 KB; what is written here is larger
echo old >"$out/list"
"$SCAUDIT" profile -q --all --union --format json >"$TMP/size"
if [ "$(wc -c <"$TMP/size")" -gt 70000 ]; then
	run bash -c "ulimit -f 64; exec \"\$@\"" - "$SCAUDIT" profile -q --all --union --format json -o "$out/list"
	ok "a limit on files: exit 3, not a signal" is "$status" 3
	ok "a limit on files: said" warns "cannot write '$out/list': File too large"
	ok "a limit on files: the old one stays" is "$(cat "$out/list") $(ls -A "$out")" "old list"
	run bash -c "ulimit -f 64; exec \"\$@\" >'$TMP/size'" - "$SCAUDIT" profile -q --all --union --format json
	ok "a limit on files, standard output: exit 3 and a line" is "$status $(grep -c 'standard output: File too large' "$TMP/err")" "3 1"
else
	skip "a limit on files" "the list is too short: $(wc -c <"$TMP/size") bytes"
fi
run bash -c "ulimit -f 100; exec \"\$@\"" - "$SCAUDIT" ingest -q --db "$TMP/limited.db" "$SAMPLES"/*.log
ok "a limit on files, the store: exit 3, not a signal" is "$status" 3
ok "a limit on files, the store: one line" lines 1 "$TMP/err"

# --- standard output ---

printf '%s\n' read write exit_group >"$TMP/names"
cp "$TMP/whole" "$TMP/list.json"
stdout_of() {
	run "$SCAUDIT" "$@"
	[ -s "$TMP/out" ] || { echo "it prints nothing: $*"; return 1; }
	status=0
	"$SCAUDIT" "$@" >/dev/full 2>"$TMP/err" || status=$?
	[ "$status" = 3 ] || { echo "status $status"; return 1; }
	[ "$(grep -c 'cannot write to standard output: No space left on device' "$TMP/err")" = 1 ] || return 1
	# a reader that goes away is no error
	(trap '' PIPE; "$SCAUDIT" "$@" 2>"$TMP/err" | :)
	! warns 'cannot write'
}
if [ -w /dev/full ]; then
	for format in $formats; do
		# shellcheck disable=SC2046
		ok "a full disk behind stdout: profile --format $format" stdout_of profile -q --comm java --format "$format" $(options "$format")
	done
	while read -r words; do
		# shellcheck disable=SC2086
		ok "a full disk behind stdout: $words" stdout_of $words
	done <<-END
		--help
		--version
		profile --help
		profile --comm java --explain
		workloads
		workloads --json
		workloads --by comm
		denials
		denials --json
		status
		status --json
		decode $SAMPLES/java-threads.log
		decode --json $SAMPLES/java-threads.log
		check $TMP/names --all
		check $TMP/list.json --all --json
		diff $TMP/names $TMP/list.json
		diff $TMP/names $TMP/list.json --json
		lint $TMP/names
		lint $TMP/names --json
		blocked
		blocked --json
		doctor
		doctor --json
	END
	(exec >&-; "$SCAUDIT" status 2>"$TMP/err"; echo $? >"$TMP/status")
	ok "standard output is closed: exit 3, and said" is "$(cat "$TMP/status") $(grep -c 'standard output: Bad file descriptor' "$TMP/err")" "3 1"
else
	skip "a full disk behind stdout" "no /dev/full here"
fi
