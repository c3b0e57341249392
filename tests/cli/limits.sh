#!/bin/bash
# Descriptors that run out are the system's fault (3, or 125 where a command would have run), never the input's, and no
# answer is given without what could not be opened. /proc that is missing is said.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

"$SCAUDIT" ingest -q "$SAMPLES/java-threads.log"
"$SCAUDIT" profile --comm java -q -o "$TMP/java.json"
echo getpid >"$TMP/names"

# with N COMMAND...: at most N files open, the three streams among them
with() {
	local n=$1

	shift
	status=0
	(ulimit -n "$n"; exec "$SCAUDIT" "$@") </dev/null >"$TMP/out" 2>"$TMP/err" || status=$?
}

# the same answer as without a limit, or the system's fault and one line that says it
whole() { # COMMAND...
	local want n

	run "$SCAUDIT" "$@"
	want=$status
	cp "$TMP/out" "$TMP/want"
	for n in 4 5 6 7 8 9 10; do
		with "$n" "$@"
		# the program's own libraries may not be loaded
		[ $status = 127 ] && continue
		if [ $status = 3 ] || [ $status = 125 ]; then
			warns '^scaudit: ' || { echo "$n: $status, and no reason"; return 1; }
		elif [ "$status" != "$want" ] || ! cmp -s "$TMP/out" "$TMP/want"; then
			echo "$n: $status: $(cat "$TMP/err")"
			return 1
		fi
	done
}

while read -r line; do
	read -ra words <<<"${line//@/$TMP}"
	ok "few descriptors: $line" whole "${words[@]}"
done <<-'END'
	status
	workloads
	denials
	profile --comm java
	profile --comm java --base @/java.json
	profile --comm java --floor @/names
	profile --comm java --explain
	check @/java.json --comm java
	check @/names --comm java --runtime none
	diff @/java.json @/names
	diff @/java.json --comm java
	lint @/java.json
	forget --label nothing
	ingest -q --node n --db @/new.db @/names
END

with 5 profile --comm java --base "$TMP/java.json" --db "$TMP/store.db"
ok "no store can be opened: 3" is "$status" 3
with 6 profile --comm java --base "$TMP/java.json"
ok "a profile that cannot be opened for want of descriptors: 3" is "$status" 3
ok "... which is said" warns 'Too many open files'

with 6 ingest -q --node n --db "$TMP/more.db" "$SAMPLES/java-threads.log"
ok "a log that cannot be opened for want of descriptors: 3" is "$status" 3
with 4 ingest -q --node n --db "$TMP/more.db" "$SAMPLES/java-threads.log"
ok "a store that cannot, too" is "$status" 3
ok "... and the reason is the true one" warns 'no file descriptors are left'

if unshare -rm true 2>/dev/null && unshare -rm mount -t tmpfs none /proc 2>/dev/null; then
	# a sanitizer looks for leaks by way of /proc, and fails without it
	is_3() { [ "$status" = 3 ] || warns 'LeakSanitizer has encountered a fatal error'; }
	bare() { run unshare -rm sh -c 'mount -t tmpfs none /proc && exec "$@"' - "$SCAUDIT" "$@"; }
	bare blocked
	ok "blocked without /proc: 3" is_3
	ok "... says that it is missing" warns '/proc is missing here'
	ok "... in one line" is "$(grep -c '^scaudit: ' "$TMP/err")" 1
	ok "... and nothing else" lines 0 "$TMP/out"
	bare blocked --pid 1
	ok "... of another process, too" is_3
	ok "... and not that there is none" warns '/proc is missing here'
	bare doctor --pid 1
	ok "doctor --pid knows nothing then" says '^\? +process +not known: /proc is missing'
else
	skip "without /proc" "no mount namespace can be made here"
fi
if [ -e /proc/self/status ]; then
	run "$SCAUDIT" blocked --pid 2147483647
	ok "no such process: 2" is "$status" 2
fi
