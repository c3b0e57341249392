#!/bin/bash
# Questions need no write access: read-only mounts, somebody else's folder, mode 0444; and no commit in a -wal is passed over.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3
chmod 755 "$TMP"
run "$SCAUDIT" ingest -q "$SAMPLES/pipeline-auditd.log"
run "$SCAUDIT" workloads
cp "$TMP/out" "$TMP/one.txt"

# A store whose last commits are in its -wal, as a writer that was killed leaves it; with what the writer answers.
mkdir "$TMP/live"
cp "$SCAUDIT_DB" "$TMP/live/store.db"
sqlite3 "$TMP/live/store.db" <<-SQL >/dev/null
	PRAGMA wal_autocheckpoint = 0;
	UPDATE ingest SET source = 'first';
	UPDATE ingest SET source = 'second';
	.shell mkdir "$TMP/kept" && cp "$TMP/live/store.db" "$TMP/live/store.db-wal" "$TMP/kept"
SQL
ok "a -wal with commits" test -s "$TMP/kept/store.db-wal"

as_it_is() { # COMMAND...: the same as where everything can be written
	run "$@" workloads
	is "$status" 0 && cmp "$TMP/out" "$TMP/one.txt"
}
sees_last() { # COMMAND...: the last commit is seen
	run "$@" status --json
	is "$status" 0 && says '"source": *"second"'
}
nothing_new() { # FOLDER: what was there, and no more
	is "$(cd "$1" && echo *)" "$2"
}

# --- on a read-only mount ---
ro() { # FOLDER COMMAND...
	local folder=$1

	shift
	unshare -rm sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$folder" "$@"
}
mkdir "$TMP/plain"
cp "$SCAUDIT_DB" "$TMP/plain/store.db"
if ro "$TMP/plain" true 2>/dev/null; then
	ok "a read-only mount" as_it_is ro "$TMP/plain" "$SCAUDIT" --db "$TMP/plain/store.db"
	ok "a read-only mount, with a -wal" sees_last ro "$TMP/kept" "$SCAUDIT" --db "$TMP/kept/store.db"
	for words in "denials" "profile --all" "readiness --all" "status" "forget --all --dry-run" "compact --dry-run"; do
		# shellcheck disable=SC2086
		run ro "$TMP/plain" "$SCAUDIT" --db "$TMP/plain/store.db" $words
		ok "a read-only mount: $words" test "$status" -le 1
	done
	ok "nothing is left there" nothing_new "$TMP/plain" store.db
	ok "nothing is left there, with a -wal" nothing_new "$TMP/kept" "store.db store.db-wal"
	mkdir "$TMP/empty"
	TMPDIR=$TMP/empty run ro "$TMP/kept" "$SCAUDIT" --db "$TMP/kept/store.db" status
	ok "the copy is gone" nothing_new "$TMP/empty" '*'
	for words in "ingest $SAMPLES/java-threads.log" "forget --all --yes" "compact --keep-trees 0" "node alias a b"; do
		# shellcheck disable=SC2086
		run ro "$TMP/plain" "$SCAUDIT" --db "$TMP/plain/store.db" $words
		ok "writing there: $words: 3" is "$status" 3
		ok "writing there: $words: the true cause" warns 'mounted read-only'
	done
	no_room() { TMPDIR=/nonexistent ro "$TMP/kept" "$SCAUDIT" --db "$TMP/kept/store.db" workloads; }
	run no_room
	ok "no copy can be made: 3" is "$status" 3
	ok "... which commits are not seen" warns 'the last 2 commits of it cannot be seen'
	ok "... and no answer" lines 0 "$TMP/out"
	cp -r "$TMP/kept" "$TMP/shm"
	head -c 32768 /dev/zero >"$TMP/shm/store.db-shm"
	ok "a read-only mount, with a -wal and an old -shm" sees_last ro "$TMP/shm" "$SCAUDIT" --db "$TMP/shm/store.db"
else
	skip "read-only mounts" "no mount namespace can be made here"
fi

# --- a copy that is taken beside a running writer ---
mkfifo "$TMP/pipe"
"$SCAUDIT" ingest -q --db "$TMP/running.db" - <"$TMP/pipe" &
writer=$!
exec 9>"$TMP/pipe"
cat "$SAMPLES/java-threads.log" >&9
committed() { "$SCAUDIT" --db "$TMP/running.db" workloads >"$TMP/running.txt" 2>/dev/null && [ -s "$TMP/running.db-wal" ]; }
for ((i = 0; i < 200; i++)); do
	! committed || break
	sleep 0.05
done
mkdir "$TMP/taken"
for file in running.db running.db-wal; do
	cp "$TMP/$file" "$TMP/taken/$file"
done
"$SCAUDIT" --db "$TMP/running.db" workloads >"$TMP/running.txt"
taken() { # COMMAND...: the copy has what the writer had committed
	run "$@" --db "$TMP/taken/running.db" workloads
	is "$status" 0 && test -s "$TMP/running.txt" && cmp "$TMP/out" "$TMP/running.txt"
}
ok "a copy beside a running writer has commits in its -wal" test -s "$TMP/taken/running.db-wal"
if ro "$TMP/taken" true 2>/dev/null; then
	ok "a copy beside a running writer, on a read-only mount" taken ro "$TMP/taken" "$SCAUDIT"
fi
ok "a copy beside a running writer" taken "$SCAUDIT"
exec 9>&-
wait $writer

# --- by modes: not for root, who may write whatever they say ---
if [ "$(id -u)" != 0 ]; then
	as=()
elif command -v setpriv >/dev/null && setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$SCAUDIT"; then
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
fi
if [ "$(id -u)" = 0 ] && [ -z "${as+x}" ]; then
	skip "modes" "no other user can be had here"
	exit 0
fi
chmod 755 "$TMP/plain" "$TMP/kept"
chmod 644 "$TMP"/plain/* "$TMP"/kept/*
[ "$(id -u)" = 0 ] || chmod 555 "$TMP/plain" "$TMP/kept"
ok "a folder that may not be written" as_it_is "${as[@]}" "$SCAUDIT" -q --db "$TMP/plain/store.db"
ok "a folder that may not be written, with a -wal" sees_last "${as[@]}" "$SCAUDIT" -q --db "$TMP/kept/store.db"
ok "nothing is left in it" nothing_new "$TMP/plain" store.db
mkdir "$TMP/own"
cp "$TMP/plain/store.db" "$TMP/own/store.db"
[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$TMP/own"
chmod 444 "$TMP/own/store.db"
ok "mode 0444" as_it_is "${as[@]}" "$SCAUDIT" --db "$TMP/own/store.db"
ok "mode 0444: nothing is left beside it" nothing_new "$TMP/own" store.db
run "${as[@]}" "$SCAUDIT" --db "$TMP/own/store.db" ingest -q "$SAMPLES/java-threads.log"
ok "mode 0444, written: 3" is "$status" 3
ok "... for want of a permission" warns 'no permission'
run "${as[@]}" "$SCAUDIT" --db "$TMP/plain/nothing.db" ingest -q "$SAMPLES/java-threads.log"
ok "a store that cannot be made: 3" is "$status" 3
ok "... for want of a permission" warns 'no permission'
[ "$(id -u)" = 0 ] || chmod 755 "$TMP/plain" "$TMP/kept"
