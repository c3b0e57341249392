#!/bin/bash
# Input that changes or goes on without an end while it is read: a clear line, or the right answer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 python3

# --- a file that is cut while it is read: the reader waits for the store, which somebody else holds, behind its first block ---
log=$(realpath "$TMP")/log
cut_while() { # THREADS
	for _ in 1 2 3 4; do cat "$SAMPLES/java-threads.log"; done >"$log"
	rm -f "$SCAUDIT_DB"*
	"$SCAUDIT" ingest -q "$SAMPLES/pipeline.log"
	cat >"$TMP/hold.py" <<-'PY'
	import os, sqlite3, subprocess, sys, time
	store, log, *command = sys.argv[1:]
	lock = sqlite3.connect(store, isolation_level=None)
	lock.execute("BEGIN IMMEDIATE")
	child = subprocess.Popen(command)
	at, until = 0, time.time() + 30
	while at == 0 and time.time() < until and child.poll() is None:
	    for fd in os.listdir(f"/proc/{child.pid}/fd"):
	        try:
	            if os.readlink(f"/proc/{child.pid}/fd/{fd}") == log:
	                at = int(open(f"/proc/{child.pid}/fdinfo/{fd}").read().split()[1])
	        except OSError:
	            pass
	    time.sleep(0.01)
	os.truncate(log, 200000)
	lock.execute("ROLLBACK")
	sys.exit(child.wait())
	PY
	run timeout 60 python3 "$TMP/hold.py" "$SCAUDIT_DB" "$log" "$SCAUDIT" ingest --threads "$1" "$log"
}
for threads in 1 3; do
	cut_while "$threads"
	ok "cut while it is read, $threads threads: exit 2" is "$status" 2
	ok "cut while it is read, $threads threads: a clear line" warns "log was cut while it was read: of [0-9]+ bytes [0-9]+ came, to line [0-9]+"
	ok "cut while it is read, $threads threads: what came counts" warns "records: [0-9,]+ new"
	ok "cut while it is read, $threads threads: it is not taken for read" is "$(db "SELECT count(*) FROM meta WHERE key LIKE 'follow //%/log'")" 0
	run "$SCAUDIT" ingest "$log"
	ok "... and reads again, $threads threads" is "$status" 0
done

# --- a line of 100 MB ---
rm -f "$SCAUDIT_DB"*
record=$(head -n 1 "$SAMPLES/pipeline.log")
long() { # MIDDLE: a record, a line of 100 MB with this in it, and another record
	echo "$record"
	head -c 50000000 /dev/zero | tr '\0' x
	printf '%s' "$1"
	head -c 50000000 /dev/zero | tr '\0' y
	echo
	sed -n 2p "$SAMPLES/pipeline.log"
}
long "a word" >"$TMP/long"
long "type=1326 audit(1.000:1): " >"$TMP/meant"
# a sanitizer's own memory is not bounded
limit=1000000
! ldd "$SCAUDIT" 2>/dev/null | grep -q libasan || limit=unlimited
limited() { (ulimit -v $limit && "$@"); }
for threads in 1 2; do
	run limited "$SCAUDIT" --db "$TMP/$threads.db" ingest --threads "$threads" "$TMP/long"
	ok "100 MB, $threads threads: both records, one other line" warns "2 records: 2 new, 0 seen before; 0 damaged, 1 other"
	run limited "$SCAUDIT" --db "$TMP/$threads.db" ingest -v --threads "$threads" "$TMP/meant"
	ok "100 MB, $threads threads: a record's beginning in it is damaged" warns "long|meant:2: damaged: line of over 64 KiB"
	ok "100 MB, $threads threads: counted" warns "2 records: 0 new, 2 seen before; 1 damaged, 0 other"
done
run limited "$SCAUDIT" decode -q "$TMP/long"
ok "100 MB: decode" lines 2 "$TMP/out"
