#!/bin/bash
# shellcheck disable=SC2016  # perl's own variables
#
# Another process holds the store's write lock while capture receives: nothing is lost, and all of it gets in when the lock
# is free; in memory, in the spool, and where the spool's disk is full.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

[ "$(id -u)" = 0 ] || { skip wait "needs root"; exit 0; }
need sqlite3 perl
"$SCAUDIT" capture --for 1ms -q --db "$TMP/first.db" 2>"$TMP/err" || { skip wait "no records come here: $(cat "$TMP/err")"; exit 0; }
logrun=${BUILD:-build}/logrun

# takes the lock in the background, and keeps it until release; at most 40 s, since a writer waits 60
hold() {
	rm -f "$TMP"/{held,free,freed}
	sqlite3 "$SCAUDIT_DB" <<-END >"$TMP/holder" 2>&1 &
		.timeout 10000
		BEGIN IMMEDIATE;
		.shell touch '$TMP/held'
		.shell for _ in \$(seq 400); do [ -e '$TMP/free' ] && break; sleep 0.1; done
		.shell touch '$TMP/freed'
		COMMIT;
	END
	holder=$!
	for _ in $(seq 200); do [ -e "$TMP/held" ] && return; sleep 0.05; done
	echo "the lock was not to be had: $(cat "$TMP/holder")"
}
release() { # SECONDS: after so many more
	sleep "$1"
	ok "$2" is_locked
	touch "$TMP/free"
	wait "$holder"
}
burst() { "$logrun" -- perl -e '$0 = $ARGV[0]; getppid for 1..$ARGV[1]' "$1" "$2"; }
count() { db "SELECT ifnull(sum(count), 0) FROM observations WHERE comm = '$1' AND nr = 110"; }
is_locked() { [ -e "$TMP/held" ] && [ ! -e "$TMP/freed" ]; }
fresh() { rm -f "$SCAUDIT_DB"*; }
begin() {
	"$SCAUDIT" capture "$@" >"$TMP/out" 2>"$TMP/err" & capture=$!
	sleep 0.5
}
stop() { sleep 0.5; kill -TERM "$capture"; }
ends_well() {
	wait "$capture"
	status=$?
	ok "$1: it ends well" is "$status" 0
	ok "... complete" warns '^scaudit: complete: '
	ok "... and all got in" is "$(count "$2")" "$3"
}

fresh
begin --for 6s
hold
burst memory 20000
sleep 4
ok "records that come while the lock is held cannot get in" is "$(count memory)" 0
release 0 "... for some seconds"
ends_well "capture --for" memory 20000

fresh
begin --for 3s
hold
burst late 5000
release 4 "the time of capture --for is over while the lock is held"
ends_well "capture --for, whose time ends first" late 5000

fresh
mkdir "$TMP/spool"
begin -v --spool "$TMP/spool"
hold
burst spooled 90000
release 2 "more than memory takes, while the lock is held"
stop
ends_well "capture --spool" spooled 90000
ok "... by way of the spool" warns '^scaudit: the spool held up to [0-9.]+ MB'
ok "... which leaves nothing" is "$(find "$TMP/spool" -type f | wc -l)" 0

# ---- a signal, while more waits than memory takes ----

fresh
begin
hold
burst signal 90000
kill -TERM "$capture"
for _ in $(seq 100); do kill -0 "$capture" 2>/dev/null || break; sleep 0.1; done
release 0 "a signal, while the lock is held and memory is full"
# whether it waits or gives up: it ends, and does not say that it has what it has not
for _ in $(seq 300); do kill -0 "$capture" 2>/dev/null || break; sleep 0.1; done
ok "... it ends" is "$(kill -0 "$capture" 2>/dev/null && echo "it does not")" ""
kill -KILL "$capture" 2>/dev/null
wait "$capture"
status=$?
# the lock was held until it ended: it gave up waiting
ok "... with the signal's status" is "$status" 143
ok "... says for whom it waited" warns 'stopped while waiting for pid [0-9]+ \(.*\), which holds it'
ok "... and how much is not stored" warns '; [0-9,]+ records? (was|were) received and not stored'

# ---- images that wait ----

# a process for each record, which is more than a batch derives at once
fresh
begin
"$logrun" -- perl -e 'for (1 .. 4000) { if (fork() == 0) { exit } wait }'
kill -TERM "$capture"
wait "$capture"
ok "a signal, while images wait: status 0" is $? 0
waits=$(db "SELECT count(*) FROM meta WHERE key = 'waits'")
said=$(grep -c 'images of some of it are not derived yet' "$TMP/err")
ok "... it says so where they do (waits: $waits)" is "$said" "$waits"
run "$SCAUDIT" status
ok "... the next command derives them" is "$(db "SELECT count(*) FROM meta WHERE key = 'waits'")" 0

# ---- a command ----

fresh
cat >"$TMP/script" <<-'END'
	#!/bin/sh
	until [ -e "$1/held" ]; do sleep 0.05; done
	perl -e '$0 = "command"; getppid for 1..20000'
	touch "$1/over"
	exit 7
END
chmod +x "$TMP/script"
rm -f "$TMP/held"
"$SCAUDIT" capture --label c -- "$TMP/script" "$TMP" >"$TMP/out" 2>"$TMP/err" & capture=$!
for _ in $(seq 100); do [ -s "$SCAUDIT_DB" ] && break; sleep 0.02; done
sleep 0.3
hold
for _ in $(seq 200); do [ -e "$TMP/over" ] && break; sleep 0.1; done
release 5 "capture -- CMD: the command runs while the lock is held"
wait "$capture"
status=$?
ok "... its status" is "$status" 7
ok "... complete" warns '^scaudit: complete: '
ok "... and all got in" is "$(count command)" 20000
ok "... of one tree" is "$(db "SELECT count(DISTINCT tree) FROM observations WHERE comm = 'command'")" 1

# ---- a spool that has no space ----

if mount -t tmpfs -o size=1m spool "$TMP/spool" 2>/dev/null; then
	# shellcheck disable=SC2034  # for lib.sh
	at_end="umount $TMP/spool"
	fresh
	begin --spool "$TMP/spool"
	hold
	burst full 90000
	release 1 "a full disk below the spool, while the lock is held"
	stop
	ends_well "capture --spool on a full disk" full 90000
	ok "... it is said once" is "$(grep -c "spool in '$TMP/spool' is not used any more: No space left on device; what comes waits in memory alone" "$TMP/err")" 1

	# more than memory and the socket take: what is lost is what is said
	fresh
	begin --spool "$TMP/spool" --buffer 2M
	hold
	burst lost 120000
	release 1 "more than memory and the socket take"
	stop
	wait "$capture"
	lost=$(db 'SELECT gaps + dropped FROM capture') missing=$((120000 - $(count lost)))
	ok "... what did not fit is said" warns '^scaudit: incomplete; '
	ok "... as much as is missing: $missing, $lost said" test "$missing" -gt 0 -a "$missing" -le "$lost" -a "$lost" -le $((missing + 500))
else
	skip "a full disk" "no tmpfs can be mounted here"
fi
