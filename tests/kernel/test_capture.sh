#!/bin/bash
# shellcheck disable=SC2016  # perl's and inner shells' own variables
#
# capture on the running kernel: commands, containers, loss, and where it cannot be done. Others may be logged at the same
# time; what is counted here is told from theirs.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"

[ "$(id -u)" = 0 ] || { skip capture "needs root"; exit 0; }
need jq perl sqlite3 setpriv unshare
"$SCAUDIT" capture --for 1ms -q --db "$TMP/first.db" 2>"$TMP/err" || { skip capture "no records come here: $(cat "$TMP/err")"; exit 0; }
logrun=${BUILD:-build}/logrun

fresh() { rm -f "$SCAUDIT_DB" "$SCAUDIT_DB"-*; }
names() { "$SCAUDIT" profile "$@" --format names --baseline none -q | sort -u; }

# ---- a command: its streams, its status, its records and nobody else's ----

run "$SCAUDIT" capture -- sh -c 'cat; echo oops >&2; exit 7' <<<hello
ok "the command's exit status" is "$status" 7
ok "its input and output" is "$(cat "$TMP/out")" hello
ok "its errors" warns '^oops$'
ok "nothing was lost" warns '^scaudit: complete: serials [0-9]+ to [0-9]+ without a gap, none lost by the kernel$'
ok "its processes" warns 'of 2 processes'
ok "labelled by its name" is "$("$SCAUDIT" workloads --label sh --json | jq -r '.workloads[0].starts')" 1
run "$SCAUDIT" profile --label sh --baseline none
ok "profile knows that it is complete" warns '^scaudit: complete: all of it was captured from beginning to end without loss$'
ok "the execve that starts it is in the list" grep -q '"execve"' "$TMP/out"
run "$SCAUDIT" status
ok "status has the run" says 'capture of a command'
ok "... and that it lost nothing" says 'complete'

run "$SCAUDIT" capture -- "$TMP/nothing"
ok "127: not found" is "$status" 127
run "$SCAUDIT" capture -- /etc/passwd
ok "126: cannot be run" is "$status" 126
run "$SCAUDIT" capture --user no-such-user -- true
ok "125: its own failure" is "$status" 125
run "$SCAUDIT" capture --nonsense -- true
ok "125: usage, with a command" is "$status" 125
run "$SCAUDIT" capture -- sh -c 'kill -9 $$'
ok "killed: 128 and the signal's number" is "$status" 137
printf 'echo script "$@"\n' >"$TMP/script"; chmod +x "$TMP/script"
run "$SCAUDIT" capture -- "$TMP/script" a 'b c'
ok "a script without a first line" says '^script a b c$'

"$SCAUDIT" capture -q --label trap -- sh -c 'trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.05; done' >"$TMP/out" 2>"$TMP/err" &
for _ in $(seq 100); do grep -q ready "$TMP/out" && break; sleep 0.05; done
kill -TERM $!
wait $!
ok "a signal is passed on, and its status comes back" is "$?" 5
ok "... after the command has answered" says '^got it$'

run "$SCAUDIT" capture --label who --user nobody -- sh -c 'id -un; grep NoNewPrivs /proc/self/status'
ok "--user" says '^nobody$'
ok "... without no_new_privs where there is the privilege" says '^NoNewPrivs:.0$'
ok "uid in its records" is "$(db "SELECT DISTINCT uid FROM image_part AS image JOIN tree_label ON tree_label.tree = image.tree JOIN string ON string.id = label WHERE bytes = CAST('who' AS BLOB)" | sort -n | tail -n 1)" "$(id -u nobody)"

fresh
"$logrun" -- sh -c 'while :; do :; sleep 0.01; done' & noise=$!
"$SCAUDIT" capture -q --label quiet -- sh -c 'sleep 0.3; true' 2>/dev/null
{ kill $noise; wait $noise; } 2>/dev/null
ok "records of others are not taken" is "$(db 'SELECT count(*) FROM tree')" 1

# ---- the same calls as strace sees ----

same() { # NAME COMMAND...
	local name=$1

	shift
	fresh
	"$SCAUDIT" capture -q --label t -- "$@" >/dev/null 2>&1 </dev/null
	strace -f -qq -o "$TMP/strace" "$@" >/dev/null 2>&1 </dev/null
	grep -oE '^[0-9]+ +[a-z_0-9]+\(|<\.\.\. [a-z_0-9]+ resumed' "$TMP/strace" | sed -E 's/^[0-9]+ +//; s/\($//; s/<\.\.\. //; s/ resumed//' | sort -u >"$TMP/strace.names"
	names --label t >"$TMP/names"
	ok "strace saw nothing more: $name" is "$(comm -13 "$TMP/names" "$TMP/strace.names" | tr '\n' ' ')" ""
	ok "one tree: $name" is "$("$SCAUDIT" workloads --by tree --json | jq '.workloads | length')" 1
}
if command -v strace >/dev/null; then
	same "ls" ls -lR /etc/apt
	same "a pipeline" sh -c 'seq 1000 | sort -rn | head -n 3'
	same "tar" tar czf /dev/null /etc/apt
	same "perl that forks" perl -e 'for (1..5) { exec "true" if !fork } wait for 1..5'
	same "sqlite" sqlite3 :memory: 'CREATE TABLE a (b); INSERT INTO a VALUES (1); SELECT * FROM a'
	same "find" find /etc -name 'p*'
	same "a daemon that forks twice" sh -c 'setsid sh -c "(sleep 0.1; id >/dev/null) &"; sleep 0.4'
	same "without random addresses" setarch -R sh -c 'for i in 1 2 3; do sh -c "ls / >/dev/null; true" & done; wait'
	same "another user" su nobody -s /bin/sh -c 'id; uname'
	same "namespaces" unshare -p -f sh -c 'echo $$; ls >/dev/null'
	! command -v git >/dev/null || same "git" git -C "$ROOT" --version
else
	skip "capture and strace" "no strace here"
fi

fresh
run unshare -p -f "$SCAUDIT" capture --label inside -- sh -c 'ls / >/dev/null'
ok "in another pid namespace, by tree" warns 'descendants are told by their trees'
ok "... which is labelled" is "$("$SCAUDIT" workloads --label inside --json | jq '.workloads | length')" 1

# ---- where it cannot be done ----

run unshare -n "$SCAUDIT" capture --for 1s
ok "another network namespace: 3" is "$status" 3
ok "... and why" warns 'wrong network namespace, or logging is off'
run setpriv --reuid 65534 --clear-groups "$SCAUDIT" capture --db "$TMP/other.db" --for 1s
ok "without CAP_AUDIT_READ: 3" is "$status" 3
ok "... in one line" lines 1 "$TMP/err"
run "$logrun" -- "$SCAUDIT" capture --for 1s
ok "a reader that is itself logged: 3" is "$status" 3
ok "... and why" warns 'itself under a filter that logs'
run "$SCAUDIT" capture --for 1s --spool /nonexistent
ok "a spool that is none: 2" is "$status" 2

# ---- everything: loss, other writers, signals ----

# capture_all OPTIONS...: begins one in the background; capture_end ends it, and leaves what it said in $TMP/err
capture_all() {
	"$SCAUDIT" capture "$@" >"$TMP/out" 2>"$TMP/err" & capture=$!
	sleep 0.5
}
capture_end() {
	kill -TERM $capture
	wait $capture
	status=$?
}
count() { db "SELECT ifnull(sum(count), 0) FROM observations WHERE comm = '$1' AND nr = 110"; }

fresh
capture_all
"$logrun" -- perl -e '$0 = "burst"; getppid for 1..20000'
capture_end
ok "SIGTERM ends it well" is "$status" 0
ok "all of a burst" is "$(count burst)" 20000
ok "... complete" warns '^scaudit: complete: '

fresh
capture_all --spool "$TMP"
sqlite3 "$SCAUDIT_DB" 'PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE; SELECT 1' "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000000) SELECT i FROM n)" 'COMMIT' >/dev/null & busy=$!
"$logrun" -- perl -e '$0 = "spooled"; getppid for 1..120000'
wait $busy
capture_end
ok "another writer holds the store, and nothing is lost" is "$(count spooled)" 120000
ok "... complete" warns '^scaudit: complete: '

wait_time=$(auditctl -s 2>/dev/null | awk '$1 == "backlog_wait_time" { print $2 }')
if [ -n "$wait_time" ]; then
	limit=$(auditctl -s | awk '$1 == "backlog_limit" { print $2 }')
	# shellcheck disable=SC2034  # for lib.sh
	at_end="auditctl --backlog_wait_time $wait_time"
	for try in 1 2 3; do
		fresh
		auditctl --backlog_wait_time 0 >/dev/null
		capture_all --backlog 8
		burst=()
		for _ in 1 2 3; do "$logrun" -- perl -e '$0 = "overflow"; getppid for 1..30000' & burst+=($!); done
		wait "${burst[@]}"
		capture_end
		lost=$(db 'SELECT lost FROM capture')
		[ "$lost" = 0 ] || break
	done
	auditctl --backlog_wait_time "$wait_time" >/dev/null
	if [ "$lost" -gt 0 ]; then
		ok "an overflow of the kernel's queue is said" warns '^scaudit: incomplete; .*the kernel dropped [0-9]+'
		ok "... and is none of the serials" is "$(db 'SELECT gaps FROM capture')" 0
		missing=$((90000 - $(count overflow)))
		ok "... and explains what is missing ($missing of 90,000, the kernel says $lost)" test $missing -le "$lost" -a $missing -gt $((lost / 2))
	else
		skip "overflow" "the kernel's queue did not overflow in three tries (try $try)"
	fi
	ok "--backlog is restored" is "$(auditctl -s | awk '$1 == "backlog_limit" { print $2 }')" "$limit"
else
	skip "overflow" "no auditctl here"
fi

# ---- a service, whose cgroup is made by hand ----

cgroups=$(awk '$1 == "cgroup2" || ($1 == "cgroup" && $4 ~ /name=systemd/) || $3 == "cgroup2" || ($3 == "cgroup" && $4 ~ /name=systemd/) { print $2; exit }' /proc/mounts)
unit=$cgroups/system.slice/scaudit-test@7.service
if [ -n "$cgroups" ] && mkdir -p "$unit" 2>/dev/null && sh -c 'echo $$ >"$1/cgroup.procs"' - "$unit" 2>/dev/null; then
	fresh
	capture_all
	sh -c 'echo $$ >"$1/cgroup.procs"; exec "$2" -- sh -c "true; ls / >/dev/null"' - "$unit" "$logrun"
	capture_end
	ok "a unit by its name" is "$("$SCAUDIT" workloads --unit scaudit-test@7 --json | jq '.workloads | length')" 1
	ok "... all instances are one workload" is "$("$SCAUDIT" workloads --unit scaudit-test@ --json | jq -r '.workloads[].name' | cut -d: -f1)" "unit scaudit-test@.service"
	rmdir "$unit" "$cgroups/system.slice" 2>/dev/null
else
	skip "a unit" "no cgroup can be made here"
fi
run "$SCAUDIT" capture -- sh -c 'exit 0' systemctl
ok "an ordinary program has no daemon" is "$(grep -c 'is not its own' "$TMP/err")" 0
printf '#!/bin/sh\n' >"$TMP/docker"; chmod +x "$TMP/docker"
run "$SCAUDIT" capture -- "$TMP/docker" run x
ok "docker has: it says so, and what to do" warns 'what docker has others run is not its own .*--container NAME$'

# ---- containers ----

container_begin capture
container_log_filter "$TMP/log.json"
a=$(printf 'a%.0s' {1..64}) b=$(printf 'b%.0s' {1..64}) uid=11111111-2222-3333-4444-555555555555
container_run plain - "$TMP/plain.out" "$TMP/plain.err" true || { skip containers "runc does not start a container here"; exit 0; }
fresh
capture_all
CONTAINER_CONFIG=".linux.cgroupsPath = \"/kubepods/besteffort/pod$uid/$a\"" container_run one "$TMP/log.json" "$TMP/o1" "$TMP/e1" \
	perl -e 'sleep 2; symlink q{a}, q{/tmp/l}; unlink q{/tmp/l}' & one=$!
CONTAINER_CONFIG=".linux.cgroupsPath = \"/docker/$b\"" container_run two "$TMP/log.json" "$TMP/o2" "$TMP/e2" perl -e 'sleep 2; mkdir q{/tmp/d}; rmdir q{/tmp/d}' & two=$!
for _ in $(seq 50); do runc --root "$CONTAINER_DIR/state" exec two true 2>/dev/null && break; sleep 0.1; done
runc --root "$CONTAINER_DIR/state" exec two mkfifo /tmp/probe
wait $one $two
capture_end
# with the floor, which has what runc makes by chance
"$SCAUDIT" profile --container "$a" --format names -q | sort -u >"$TMP/a.names"
"$SCAUDIT" profile --container "${b:0:12}" --format names -q | sort -u >"$TMP/b.names"
ok "the list of the one container" is "$(comm -23 "$TMP/a.names" "$TMP/b.names" | tr '\n' ' ')" "symlink unlink "
ok "... of the other, with what was exec'd into it" is "$(comm -13 "$TMP/a.names" "$TMP/b.names" | grep -E '^(mkdir|rmdir|mknod|mknodat)$' | tr '\n' ' ' | sed 's/mknodat/mknod/')" "mkdir mknod rmdir "
run "$SCAUDIT" workloads --pod "$uid"
ok "a pod by its uid" says 'container aaaaaaaaaaaa|a{12}'
run "$SCAUDIT" profile --comm perl --container "$b" --format names --baseline none
ok "--comm takes the probe of its container along" says '^mknod'
run "$SCAUDIT" profile --comm perl
ok "two containers are two workloads" is "$status" 1
run "$SCAUDIT" workloads --by container
ok "one row a container" says '^aaaaaaaaaaaa'
