#!/bin/bash
# scaudit ingest --follow: files that grow, are renamed, copied and cut, while it is killed and started again.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 awk
cd "$TMP" || exit 1
fresh() { rm -f "$SCAUDIT_DB"*; }
count() { db 'SELECT count(*) FROM observations' >/dev/null 2>&1 && db 'SELECT coalesce(sum(count), 0) FROM observations' || echo 0; }
pid=
at_end=stop_it
start() {
	"$SCAUDIT" ingest --follow "$@" 2>>said &
	pid=$!
}
stop_it() {
	[ -n "$pid" ] || return 0
	kill -INT "$pid" 2>/dev/null
	wait "$pid"
	status=$?
	pid=
}
kill_it() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	pid=
}
# within SECONDS COMMAND...: becomes it true in that time?
within() {
	local end=$((SECONDS + $1))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}
reaches() { [ "$(count)" = "$1" ]; }

n=0
# lines N: so many further events, each its own
more() {
	awk -v from=$n -v n="$1" 'BEGIN { for (i = from + 1; i <= from + n; i++) printf "Nov 24 11:05:50 node01 kernel: audit: type=1326 audit(%d.%03d:%d): auid=1 uid=1 gid=1 ses=1 pid=7 comm=\"shop\" exe=\"/usr/bin/shop\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x7f2431667e63 code=0x7ffc0000\n", 1795518350 + i / 1000, i % 1000, i, i % 90 }'
	n=$((n + $1))
}

# --- a file that is not there yet, lines that come in pieces ---
start log
within 5 test -s said
ok "a file that is missing: said once" is "$(grep -c 'cannot open log' said)" 1
more 10 >log
ok "it comes: it is read" within 10 reaches 10
more 1 >line
head -c 40 line >>log
sleep 0.3
tail -c +41 line >>log
more 5 >>log
ok "a line in two pieces is one line" within 10 reaches 16
stop_it
ok "Ctrl-C: exit 0" is $status 0
ok "Ctrl-C: what it did" is "$(grep -c '^scaudit: 16 records: 16 new, 0 seen before; 0 damaged' said)" 1

# --- a restart goes on ---
more 5 >>log
: >said
start log
within 10 reaches 21
stop_it
ok "a restart reads what is new, and nothing else" is "$(grep -c '^scaudit: 5 records: 5 new, 0 seen before' said)" 1
: >said
mv log log.1
more 3 >>log.1
more 4 >log
start log
ok "renamed meanwhile: the rest of the old one and the new one" within 10 reaches 28
stop_it

# --- a file that was changed in between ---
fresh
n=0
more 50 >log
start log
within 10 reaches 50
stop_it
{ more 20; head -n 20 log; more 30; } >new
cat new >log
start log
ok "rewritten, longer: read whole" within 10 reaches 100
stop_it
more 5 >new
head -n 10 log | cat - new >log2
cat log2 >log
start log
ok "cut, and grown again a little: read whole" within 10 reaches 105
more 5 >new
sed -i '$d' new
stop_it
cat new >log
start log
ok "other lines of the same length: read whole" within 10 reaches 109
stop_it

# --- rotations under writes; killed ten times ---
fresh
rm -f log*
n=0
: >log
writer() {
	for ((i = 100; i < 200; i++)); do
		more 20 >>log
		case $((i % 3)) in
		0) # copytruncate
			cp log log.$i
			: >log
			;;
		1) # rename; the writer goes on with the old one for a moment
			mv log log.$i
			more 5 >>log.$i
			: >log
			;;
		2) # rename, and numbers that go up
			[ ! -e log.1 ] || mv -f log.1 log.2.$i
			mv log log.1
			: >log
			;;
		esac
		sleep 0.0$((RANDOM % 8))
	done
	echo $n >count
}
writer &
writing=$!
for ((k = 0; k < 10; k++)); do
	start log
	sleep 0.$((RANDOM % 6 + 2))
	kill_it
done
start log
wait $writing
ok "100 rotations, killed ten times: all events" within 60 reaches "$(cat count)"
stop_it
ok "100 rotations: nothing damaged" is "$(db 'SELECT sum(damaged) FROM ingest')" 0

# --- many files, and JSON ---
fresh
rm -f log*
n=0
more 10 >a.log
start a.log b.log
within 10 reaches 10
more 7 >raw
sed 's/"/\\"/g; s/^/{\n "message": "/; s/$/"\n}/' raw >json
head -c 300 json >b.log
sleep 0.3
tail -c +301 json >>b.log
more 3 >>a.log
ok "two files, one of them JSON in pieces" within 10 reaches 20
stop_it

# --- trust: as for a log in its place, line by line ---
if [ "$(id -u)" = 0 ]; then
	fresh
	head -n 100 "$SAMPLES/denials.log" >audit.log
	chmod 0640 audit.log
	start audit.log
	within 10 reaches 100
	sed -n 101,200p "$SAMPLES/denials.log" >>audit.log
	within 10 reaches 200
	ok "audit.log as it grows: trusted" is "$(db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
	{ echo 'some other line'; sed -n 201,300p "$SAMPLES/denials.log"; } >>audit.log
	within 10 reaches 300
	ok "a line of another kind: from there on it is text" is "$(db 'SELECT sum(trusted) FROM observations')" 200
	stop_it
	sed -n 301,400p "$SAMPLES/denials.log" >>audit.log
	start audit.log
	within 10 reaches 400
	ok "... and after a restart, too" is "$(db 'SELECT sum(trusted) FROM observations')" 200
	stop_it
fi

# --- what cannot be followed ---
run "$SCAUDIT" ingest --follow
ok "nothing named: exit 2" is $status 2
run "$SCAUDIT" ingest --follow - </dev/null
ok "standard input: exit 2" is $status 2

# --- times ---
fresh
n=0
more 2000 >log
run "$SCAUDIT" ingest --since @1795518351 --until @1795518352 log
ok "--since, --until: what was made then" is "$(count)" "$(awk -F'[(:]' '{ split($0, a, "audit[(]"); split(a[2], b, /[.:]/); t = b[1] * 1000 + b[2]; if (t >= 1795518351000 && t <= 1795518352000) k++ } END { print k }' log)"
ok "--since, --until: what was left out is said" warns 'records of another time .* were left out'
run "$SCAUDIT" ingest log
ok "without them: the rest" is "$(count)" 2000
run "$SCAUDIT" ingest --since 2026-11-25 --until 2026-11-24 log
ok "--since after --until: exit 2" is $status 2
