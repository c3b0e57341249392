#!/bin/bash
# scaudit ingest other.db: the evidence of other stores, as if their logs had been read.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 awk jq
cd "$TMP" || exit 1
cp "$SAMPLES"/*.log .
chmod 0666 ./*.log
what='SELECT node, tree, path, comm, exe, subj, label, arch, nr, action, count, trusted, first, last, pid FROM observations ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15'
# and records of other types between them
head -n 400 denials.log | sed -n 's/type=SECCOMP msg=audit(\([0-9.]*\):\([0-9]*\)).*/\1 \2/p' | awk '{ printf "type=SYSCALL msg=audit(%s:%d): arch=c000003e\n", $1, $2 + 100000 }' >others.log
cat others.log >>denials.log
of() { sqlite3 "file:$1?mode=ro" "$what"; }
into() { "$SCAUDIT" ingest -q --db "$@"; }
drop() { rm -f "$1" "$1-wal" "$1-shm"; }

# --- three stores of three machines are one that read all logs ---
into a.db --node a pipeline.log denials.log
into b.db --node b --label web java-*.log dmesg.log 2>/dev/null || into b.db --node b --label web dmesg.log
into c.db --node c ./*.log
into all.db --node a pipeline.log denials.log
into all.db --node b --label web java-*.log dmesg.log 2>/dev/null || into all.db --node b --label web dmesg.log
into all.db --node c ./*.log
run "$SCAUDIT" ingest --db sum.db a.db b.db c.db
ok "three stores: exit 0" is $status 0
ok "three stores: what one that read all logs has" is "$(of sum.db | cmp - <(of all.db) 2>&1)" ""
ok "three stores: serials, of other types too" is "$(sqlite3 sum.db 'SELECT count(*), sum(length(held)), sum(length(other)) FROM seen')" \
	"$(sqlite3 all.db 'SELECT count(*), sum(length(held)), sum(length(other)) FROM seen')"
ok "three stores: losses" is "$(sqlite3 sum.db 'SELECT count(*), sum(number) FROM loss')" "$(sqlite3 all.db 'SELECT count(*), sum(number) FROM loss')"
ok "three stores: the same profile" is "$("$SCAUDIT" profile --db sum.db --comm java --node c 2>&1 | cmp - <("$SCAUDIT" profile --db all.db --comm java --node c 2>&1))" ""
drop turn.db
into turn.db c.db a.db b.db
ok "in another order: the same" is "$(of turn.db | cmp - <(of all.db) 2>&1)" ""
run "$SCAUDIT" ingest --db sum.db a.db b.db c.db
ok "again: nothing is new" warns ' 0 new, '
ok "again: the same" is "$(of sum.db | cmp - <(of all.db) 2>&1)" ""
run "$SCAUDIT" ingest --db sum.db pipeline.log --node a
ok "their logs afterwards: nothing is new" warns '346 records: 0 new, 346 seen before'
ok "their logs afterwards: the same" is "$(of sum.db | cmp - <(of all.db) 2>&1)" ""

# --- one log, cut in pieces that overlap ---
into whole.db c.db
for at in 1 50 173 300; do
	drop p.db
	drop q.db
	drop pq.db
	drop w.db
	head -n $at pipeline.log >p.log
	tail -n +$((at + 1)) pipeline.log >q.log
	into p.db p.log
	into q.db q.log
	into w.db pipeline.log
	into pq.db q.db p.db
	ok "a log in two stores, cut at $at: the same" is "$(of pq.db | cmp - <(of w.db) 2>&1)" ""
	into pq.db w.db
	ok "... and the whole beside them adds nothing" is "$(of pq.db | cmp - <(of w.db) 2>&1)" ""
	drop pq.db
	into pq.db p.db w.db
	ok "a part, then the whole, cut at $at: each event once" is "$(sqlite3 pq.db 'SELECT sum(count) FROM observations')" 346
done

# --- whom to believe ---
drop t.db
drop u.db
if [ "$(id -u)" = 0 ]; then
	mkdir root
	cp denials.log root/audit.log
	chmod 755 root
	chmod 640 root/audit.log
	chmod 755 .
	into t.db root/audit.log
	ok "trusted there" is "$(sqlite3 t.db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
	into u.db t.db
	ok "a store of one's own: it stays trusted" is "$(of u.db | cmp - <(of t.db) 2>&1)" ""
	# --- what a capture says of itself, and names of machines ---
	cp t.db cap.db
	sqlite3 cap.db "INSERT INTO capture SELECT 1, node, t_first - 1, t_last + 1, serial_first - 5, serial_last + 5, 433, 0, 0, 0, 0, 1 FROM boot LIMIT 1"
	node=$(sqlite3 cap.db 'SELECT name FROM node LIMIT 1')
	"$SCAUDIT" node alias -q --db cap.db "$node" its.other.name
	captures() { sqlite3 "$1" 'SELECT name, c.t_first, c.t_last, serial_first, serial_last, received, gaps, dropped, lost, tasks_lost, complete FROM capture AS c JOIN node ON node.id = c.node ORDER BY 2'; }
	drop u.db
	into u.db cap.db
	ok "a capture comes along" is "$(captures u.db)" "$(captures cap.db)"
	ok "... with the trees that it brought" is "$("$SCAUDIT" profile --db u.db --all --union -o /dev/null 2>&1)" \
		"$("$SCAUDIT" profile --db cap.db --all --union -o /dev/null 2>&1)"
	ok "... and the serials that it saw" is "$("$SCAUDIT" status --json --db u.db | jq -c '.nodes[].boots')" \
		"$("$SCAUDIT" status --json --db cap.db | jq -c '.nodes[].boots')"
	into u.db cap.db
	ok "... once, however often" is "$(captures u.db) $(sqlite3 u.db 'SELECT count(*) FROM capture')" "$(captures cap.db) 1"
	ok "a further name of a machine comes along" is "$("$SCAUDIT" status --json --db u.db | jq -c '[.nodes[].names] | sort')" \
		"$("$SCAUDIT" status --json --db cap.db | jq -c '[.nodes[].names] | sort')"
	chmod 666 cap.db
	drop v.db
	into v.db cap.db
	ok "of a store that others may write: no capture, no further name" is \
		"$(sqlite3 v.db 'SELECT count(*) FROM capture') $("$SCAUDIT" status --json --db v.db | grep -c its.other)" "0 0"
	# --- a policy says what left no record: nobody else may say so ---
	printf '{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["kexec_load"],"action":"SCMP_ACT_ALLOW"}]}' >policy.json
	for mode in 600 666; do
		drop under.db
		into under.db --node "$node" --label l --logged-under policy.json denials.log
		chmod $mode under.db
		drop v.db
		into v.db t.db
		run "$SCAUDIT" ingest --db v.db under.db
		ok "a policy in a store of mode $mode" is \
			"$("$SCAUDIT" profile -q --db v.db --all --union --format names | grep -c kexec_load) $(grep -c 'under which policies' err)" \
			"$([ $mode = 600 ] && echo 1 0 || echo 0 1)"
	done
	drop v.db
	drop u.db
	chmod 666 t.db
	run "$SCAUDIT" ingest --db u.db t.db
	ok "a store that others may write: text, and said" test "$(sqlite3 u.db 'SELECT sum(trusted) FROM observations')" = 0 -a "$(grep -c 'counts as text' err)" = 1
	ok "... of each event" is "$(sqlite3 u.db 'SELECT sum(count) FROM observations')" 433
	chmod 600 t.db
	drop v.db
	into v.db denials.log
	into v.db t.db
	ok "text here, trusted there: each event counts once" is "$(sqlite3 v.db 'SELECT sum(count), sum(trusted) FROM observations')" '433|433'
	drop v.db
	into v.db t.db
	drop text.db
	into text.db denials.log
	into v.db text.db
	ok "trusted here, text there: each event counts once" is "$(sqlite3 v.db 'SELECT sum(count), sum(trusted) FROM observations')" '433|433'
fi

# --- what is no store, and what somebody crafted ---
run "$SCAUDIT" ingest --db all.db all.db
ok "the store itself: nothing new, no wait for itself" test $status = 2 -o "$(grep -c ' 0 new' err)" = 1
sqlite3 other.db 'CREATE TABLE x (y); INSERT INTO x VALUES (1)'
run "$SCAUDIT" ingest --db sum.db other.db dmesg.log
ok "another program's store: exit 2, named, the rest is read" test $status = 2 -a "$(grep -c other.db err)" -ge 1
ok "... and the rest is read" warns '45 records'
before=$(of all.db)
for sql in "UPDATE interval SET obs = '[[1,2,3]]' WHERE id = (SELECT max(id) FROM interval)" "UPDATE interval SET exe = 99999" \
	"UPDATE seen SET data = x'00'" "UPDATE caller SET comm = -5" "UPDATE call SET nr = 1 << 40" "UPDATE interval SET t_last = t_first - 1" \
	"UPDATE node SET name = NULL" "UPDATE interval SET obs = replace(obs, ',', ',-')"; do
	cp a.db bad.db
	sqlite3 bad.db "PRAGMA ignore_check_constraints = 1; $sql" 2>/dev/null || continue
	cp all.db here.db
	run "$SCAUDIT" ingest --db here.db bad.db
	ok "crafted (${sql:0:30}): refused" test $status != 0
	ok "crafted (${sql:0:30}): nothing of it is taken" is "$(of here.db | cmp - <(echo "$before") 2>&1)" ""
done

# --- labels and starts come along ---
ok "labels come along" is "$(sqlite3 sum.db "SELECT DISTINCT label FROM observations WHERE node = 'b'")" web
ok "starts are starts" is "$("$SCAUDIT" workloads --db sum.db --node a 2>&1)" "$("$SCAUDIT" workloads --db all.db --node a 2>&1)"
