#!/bin/bash
# What a store is like after a kill, a signal, a full disk, and with several writers.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3
log=$TMP/large.log
sound() { is "$(db 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok; }
events() { db 'SELECT sum(count) FROM observations'; }
# all that the store says, without row numbers
dump() {
	db 'SELECT * FROM observations ORDER BY node, tree, path, comm, exe, arch, nr, action, first, last, pid, ip;
		SELECT code, start_seen FROM tree ORDER BY 1; SELECT number, t_first, serial_last FROM boot ORDER BY 1, 2, 3'
}

# 40 pipelines a minute apart: the sample with other seconds, serials and pids. About 14,000 records.
for i in {0..39}; do
	awk -v i="$i" '{
		match($0, /audit\([0-9]+/); second = substr($0, RSTART + 6, RLENGTH - 6)
		match($0, /:[0-9]+\)/); serial = substr($0, RSTART + 1, RLENGTH - 2)
		match($0, / pid=[0-9]+/); pid = substr($0, RSTART + 5, RLENGTH - 5)
		sub(/audit\([0-9]+/, "audit(" second + i * 60)
		sub(/:[0-9]+\)/, ":" serial + i * 400 ")")
		sub(/ pid=[0-9]+/, " pid=" pid + i * 20)
		sub(/kernel: \[ [0-9.]+\] /, "kernel: ")
		print
	}' "$SAMPLES/pipeline.log"
done >"$log"
chmod 0666 "$log"
total=$(wc -l <"$log")

run "$SCAUDIT" ingest "$log"
ok "whole: every record is new" warns "$(printf '%d' $((total / 1000))),$(printf '%03d' $((total % 1000))) new"
dump >"$TMP/whole"
same() { dump | diff "$TMP/whole" - | head -n 5; is "${PIPESTATUS[1]}" 0; }

# --- kill -9, at moments that move through the run ---
for ms in 100 250 400 550 700 850; do
	rm -f "$SCAUDIT_DB"*
	# a slow pipe makes for many commits
	{ split -n l/30 --filter='cat; sleep 0.03' "$log" | "$SCAUDIT" ingest -q & } 2>/dev/null
	sleep "0.$(printf '%03d' "$ms")"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	[ ! -s "$SCAUDIT_DB" ] || ok "killed after $ms ms: the store is sound" sound
	run "$SCAUDIT" ingest "$log"
	ok "killed after $ms ms: the same command completes it" same
done

# --- kill -9 at random moments (make long: a thousand), into the same store until it is complete ---
seed=${SCAUDIT_SEED:-$RANDOM}
RANDOM=$seed # bash's own generator
rounds=2 kills=0 wrong=0
[ -z "${SCAUDIT_LONG:-}" ] || rounds=340
for ((i = 0; i < rounds; i++)); do
	rm -f "$SCAUDIT_DB"*
	for part in 1 2 3; do
		{ split -n l/20 --filter='cat; sleep 0.01' "$log" | "$SCAUDIT" ingest -q & } 2>/dev/null
		sleep "0.$(printf '%03d' $((RANDOM % 400)))"
		kill -9 $! 2>/dev/null && kills=$((kills + 1))
		wait $! 2>/dev/null
		[ ! -s "$SCAUDIT_DB" ] || sound >/dev/null || wrong=$((wrong + 1))
	done
	"$SCAUDIT" ingest -q "$log"
	dump | cmp -s - "$TMP/whole" || wrong=$((wrong + 1))
done
ok "killed $kills times at random (seed $seed): sound, counts exact, trees equal" is $wrong 0

# --- SIGINT and SIGTERM ---
for signal in INT TERM; do
	rm -f "$SCAUDIT_DB"*
	mkfifo "$TMP/fifo.$signal"
	# a background job ignores SIGINT unless it is told not to
	(trap - INT; exec "$SCAUDIT" ingest "$TMP/fifo.$signal" 2>"$TMP/err") &
	pid=$!
	exec 3<>"$TMP/fifo.$signal" # both ways, so that nothing waits for a program that did not start
	timeout 20 head -n 1000 "$log" >&3
	for _ in {1..100}; do
		[ "$(events 2>/dev/null)" != 1000 ] || break
		sleep 0.05
	done
	kill "-$signal" $pid
	status=0
	wait $pid || status=$?
	exec 3>&-
	ok "SIG$signal: exit 128 and its number" is $status $((128 + $(kill -l "$signal")))
	ok "SIG$signal: what was read is kept" is "$(events)" 1000
	ok "SIG$signal: says how to go on" warns 'stopped; what was read is in the store'
	run "$SCAUDIT" ingest "$log"
	ok "SIG$signal: the same command completes it" same
done

# --- a signal or a kill to what is one transaction: all of it or nothing, and "stopped" only where it is nothing ---
rm -f "$SCAUDIT_DB"*
"$SCAUDIT" ingest -q --node one "$log"
# of another boot, a year before
sed 's/audit(179/audit(176/' "$SAMPLES/pipeline.log" | "$SCAUDIT" ingest -q --node another
db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
cp "$SCAUDIT_DB" "$TMP/before.db"
dump >"$TMP/before"
again() { rm -f "$SCAUDIT_DB"*; cp "$TMP/before.db" "$SCAUDIT_DB"; }
change() {
	case $1 in
	forget) exec "$SCAUDIT" forget --all --yes ;;
	fold) exec "$SCAUDIT" fold --keep-trees 1 ;;
	*) exec "$SCAUDIT" node alias one another ;;
	esac
}
moments=8
[ -z "${SCAUDIT_LONG:-}" ] || moments=330
for what in forget fold alias; do
	again
	began=$(date +%s%N)
	(change $what) >/dev/null 2>&1
	took=$((($(date +%s%N) - began) / 1000000))
	dump >"$TMP/changed"
	stopped=0 half=0 false=0 odd=''
	for ((i = 0; i < moments; i++)); do
		signals=(KILL INT KILL TERM)
		signal=${signals[i % 4]}
		again
		(trap - INT; change $what >/dev/null 2>"$TMP/err") &
		pid=$!
		sleep "$(awk -v t="$took" -v r="$RANDOM" 'BEGIN { printf "%.3f", t * r / 32768 / 1000 }')"
		kill "-$signal" $pid 2>/dev/null
		status=0
		{ wait $pid; } 2>/dev/null || status=$?
		dump >"$TMP/now"
		if cmp -s "$TMP/now" "$TMP/before"; then as_was=1; else as_was=''; fi
		[ -n "$as_was" ] || cmp -s "$TMP/now" "$TMP/changed" || half=$((half + 1))
		! warns 'stopped; ' || stopped=$((stopped + 1))
		! warns 'stopped; ' || [ -n "$as_was" ] || false=$((false + 1))
		[ $status = 0 ] || [ $status = $((128 + $(kill -l "$signal"))) ] ||
			odd+=" $signal: $status ($(tail -n 1 "$TMP/err"))"
	done
	ok "$what, a signal at $moments moments ($stopped said so, seed $seed): all or nothing" is $half 0
	ok "$what: \"stopped\" only where nothing was changed" is $false 0
	ok "$what: ended by the signal, or done" is "$odd" ""
done

# --- several writers ---
# Waits for $pids; leaves in $failed how many failed, in $TMP/err what they said.
await_all() {
	failed=0
	for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
	cat "$TMP"/err.? >"$TMP/err"
}

for round in 1 2 3; do
	rm -f "$SCAUDIT_DB"*
	pids=()
	for part in 1 2 3 4; do
		split -n "l/$part/4" "$log" >"$TMP/part.$part"
		chmod 0666 "$TMP/part.$part"
	done
	# two the same file, two a part each, all on a store that is not there yet
	for input in "$log" "$log" "$TMP/part.4" "$TMP/part.2"; do
		"$SCAUDIT" ingest "$input" 2>"$TMP/err.${#pids[@]}" &
		pids+=($!)
	done
	await_all
	ok "four writers on a new store, round $round: all succeed" is $failed 0
	ok "four writers, round $round: the store is the same" same
	ok "four writers, round $round: the store is sound" sound
done

# pipes that commit often, in turn
rm -f "$SCAUDIT_DB"*
pids=()
for part in 1 2 3 4; do
	split -n l/20 --filter='cat; sleep 0.02' "$TMP/part.$part" | "$SCAUDIT" ingest - 2>"$TMP/err.$part" &
	pids+=($!)
done
await_all
ok "four slow pipes: all succeed" is $failed 0
ok "four slow pipes: the store is the same" same

# --- a full disk ---
if [ "$(id -u)" = 0 ] && mkdir "$TMP/small" && mount -t tmpfs -o size=300k small "$TMP/small" 2>/dev/null; then
	umount_small() { umount "$TMP/small"; }
	at_end=umount_small
	export SCAUDIT_DB=$TMP/small/store.db
	run "$SCAUDIT" ingest "$log"
	ok "a full disk: exit 3" is $status 3
	ok "a full disk: what to do" warns 'disk full: make room and run it again'
	mount -o remount,size=20m "$TMP/small"
	run "$SCAUDIT" ingest "$log"
	ok "room made: the same command completes it" same
	ok "room made: the store is sound" sound
else
	skip "a full disk" "needs root and mount"
fi
