#!/bin/bash
# Input that changes or goes on without an end while it is read: a clear line, or the right answer.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 python3

# --- a file that is cut while it is read: the reader is held by a FIFO that comes before it ---
log=$TMP/log
for _ in 1 2 3 4; do cat "$SAMPLES/java-threads.log"; done >"$log"
size=$(stat -c %s "$log")
cut_while() { # BYTES THREADS: `ingest` stops after its first 300,000 bytes until the file is cut to so many
	rm -f "$SCAUDIT_DB"*
	cat >"$TMP/hold.py" <<-'PY'
	import os, signal, subprocess, sys
	# the program is stopped by the debugger's way, with no debugger: SIGSTOP when its position in the file is beyond 0
	log, to, *command = sys.argv[1:]
	child = subprocess.Popen(command)
	while child.poll() is None:
	    os.kill(child.pid, signal.SIGSTOP)
	    at = 0
	    for fd in os.listdir(f"/proc/{child.pid}/fd"):
	        try:
	            if os.readlink(f"/proc/{child.pid}/fd/{fd}") == log:
	                at = int(open(f"/proc/{child.pid}/fdinfo/{fd}").read().split()[1])
	        except OSError:
	            pass
	    if at > 0:
	        os.truncate(log, int(to))
	        os.kill(child.pid, signal.SIGCONT)
	        break
	    os.kill(child.pid, signal.SIGCONT)
	sys.exit(child.wait())
	PY
	run timeout 60 python3 "$TMP/hold.py" "$(realpath "$log")" "$1" "$SCAUDIT" ingest --threads "$2" "$log"
}
for threads in 1 3; do
	tries=0
	while :; do # now and then it is through before it is held
		for _ in 1 2 3 4; do cat "$SAMPLES/java-threads.log"; done >"$log"
		cut_while 200000 "$threads"
		tries=$((tries + 1))
		[ "$status" = 0 ] && [ $tries -lt 20 ] || break
	done
	ok "cut while it is read, $threads threads: exit 2" is "$status" 2
	ok "cut while it is read, $threads threads: a clear line" warns "log was cut while it was read: of $size bytes [0-9]+ came, to line [0-9]+"
	ok "cut while it is read, $threads threads: what came counts" warns "records: [0-9,]+ new"
	ok "cut while it is read, $threads threads: it is not taken for read" is "$(db "SELECT count(*) FROM meta WHERE key LIKE 'follow //%'")" 0
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
limited() { (ulimit -v 1000000 && "$@"); }
for threads in 1 2; do
	run limited "$SCAUDIT" --db "$TMP/$threads.db" ingest --threads "$threads" "$TMP/long"
	ok "100 MB, $threads threads: both records, one other line" warns "2 records: 2 new, 0 seen before; 0 damaged, 1 other"
	run limited "$SCAUDIT" --db "$TMP/$threads.db" ingest -v --threads "$threads" "$TMP/meant"
	ok "100 MB, $threads threads: a record's beginning in it is damaged" warns "long|meant:2: damaged: line of over 64 KiB"
	ok "100 MB, $threads threads: counted" warns "2 records: 0 new, 2 seen before; 1 damaged, 0 other"
done
run limited "$SCAUDIT" decode -q "$TMP/long"
ok "100 MB: decode" lines 2 "$TMP/out"
