#!/bin/bash
# A store that scaudit 0.1.0 wrote (tests/stores): it is read as it is, and brought up by the first command that writes.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3 python3
export SCAUDIT
stores=$ROOT/tests/stores
seed=${SEED:-$(date +%s)}
RANDOM=$seed
echo "# seed $seed"
cd "$TMP" || exit 1

older() { rm -f "$SCAUDIT_DB"*; cp "$stores/${1:-version3}.db" "$SCAUDIT_DB"; chmod 0600 "$SCAUDIT_DB"; }
write() { "$SCAUDIT" fold -q --keep-trees 999999999; } # nothing but what any command that writes does first
version() { db 'PRAGMA user_version'; }
sound() { is "$(db 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok; }
answers() { "$ROOT/tests/answers" "$SCAUDIT_DB"; }
tables() { sqlite3 "file:$1?mode=ro" "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY 1, 2"; }

# ---- read as it is, then brought up: the same answers ----
"$stores/fill" "$TMP/fresh.db"
for store in version3 version3-capture; do
	older $store
	answers >as-it-is 2>&1
	ok "$store: read as it is" is "$(version)" 3
	ok "$store: ... and not changed" cmp "$stores/$store.db" "$SCAUDIT_DB"
	run write
	ok "$store: brought up" is "$status $(version)" "0 4"
	ok "$store: ... without a word, since it is quick" lines 0 err
	ok "$store: ... sound" sound
	ok "$store: ... with the tables of a new one" is "$(tables "$SCAUDIT_DB")" "$(tables fresh.db)"
	answers >brought-up 2>&1
	ok "$store: ... all commands say what they said" cmp as-it-is brought-up
done
ok "what was captured is complete" is "$("$SCAUDIT" profile --all --union 2>&1 | grep -c 'complete: all of it was captured')" 1
ok "... by its unit" is "$("$SCAUDIT" workloads --unit demo@7 --trusted | sed -n 2p | cut -f3,5)" "1	522"
ok "... by its container" is "$("$SCAUDIT" workloads --container bbbb --trusted | sed -n 2p | cut -f3,5)" "1	481"
ok "... with its programs' builds" is "$("$SCAUDIT" profile --label job --format json -q | grep -c build_id)" 4

# ---- as a fresh reading of its logs, but for where trust was not kept ----
# of one program: all that is said of it, but for ids of folds, which were made of rows' numbers
said() {
	local comm=$1

	shift
	"$SCAUDIT" workloads "$@" --comm "$comm" 2>&1 | cut -f2-
	"$SCAUDIT" profile -q "$@" --comm "$comm" --union --floor none --format names 2>&1
	"$SCAUDIT" profile -q "$@" --comm "$comm" --union --floor none --explain 2>&1
	"$SCAUDIT" denials "$@" --comm "$comm" 2>&1
}
each() { # SAID OF STORE: everything of each program that is named
	for comm in "${programs[@]}"; do
		echo "# $comm"
		said "$comm" "$@"
	done
}
older
write
programs=(shop cut old ledger mailer poster queue cache true report named 'lone fox' timeless)
ok "text, trusted, both" is "$(each --db "$SCAUDIT_DB" | sed 's/	trusted	/	text	/')" "$(each --db fresh.db | sed 's/	trusted	/	text	/')"
programs=(shop ledger mailer poster cache report named)
ok "... and what rests on which" is "$(each --db "$SCAUDIT_DB")" "$(each --db fresh.db)"
programs=(ledger mailer poster cache report)
ok "--trusted: what was trusted as a whole" is "$(each --db "$SCAUDIT_DB" --trusted)" "$(each --db fresh.db --trusted)"
for comm in shop queue; do
	ok "--trusted: what was in part is text: $comm" is "$("$SCAUDIT" workloads --trusted --comm $comm 2>&1 | grep -c "$comm")" 0
done
for comm in backup rotate; do
	ok "the calls of what text and trust were mixed of: $comm" is "$("$SCAUDIT" profile -q --comm $comm --union --format names)" \
		"$("$SCAUDIT" profile -q --db fresh.db --comm $comm --union --format names)"
done
# of what was read by version 3 it is not known which serials are of other types
nodes() { "$SCAUDIT" status --db "$1" | sed -n '/^node/,/^$/p' | grep -v '^mail' | cut -f1,2,4- | sed -E 's/(no hole in|at most) [0-9]* (of [0-9]* )?serials( missing)?; ([0-9]+ holes?, the longest of [0-9]+ about [-0-9: ]+; )?(mostly [^;]*; )?//'; }
ok "machines" is "$(nodes "$SCAUDIT_DB")" "$(nodes fresh.db)"
ids() {
	for comm in shop ledger mailer poster queue cache true report; do
		"$SCAUDIT" workloads --by tree --db "$1" --comm $comm | awk -F'\t' '$3 + $4 == 1 { print $1, $2 }' | sort
	done
}
ok "ids of trees" is "$(ids "$SCAUDIT_DB")" "$(ids fresh.db)"
events() { db 'SELECT sum(count) FROM observations'; }
before=$(events)
answers >before 2>&1
sed "/ fold /d; s#^cd .*#cd '$stores'#" "$stores/fill" >again
run bash again "$SCAUDIT_DB"
ok "its logs again: each event counts once" is "$status $(events)" "0 $before"
answers >after 2>&1
ok "... and all is as it was" cmp before after

# ---- every command that writes ----
older
grep web "$stores/boot.log" | sed 's/audit(1795518000/audit(1795528000/' >more.log
for command in "ingest more.log" "forget --yes --comm shop" "node alias web shopweb" "fold --keep-trees 1"; do
	older
	# shellcheck disable=SC2086
	run "$SCAUDIT" $command
	ok "$command" is "$status $(version)" "0 4"
	ok "... sound" sound
done
older
run "$SCAUDIT" forget --yes --comm shop
ok "forget takes the trees that were chosen, not others of that number" is "$("$SCAUDIT" workloads | grep -c shop) $(events)" "0 $((376 - 58))"
older
whole() { "$SCAUDIT" workloads --trusted "$@" | cut -f2,3 | grep 'ledger\|mailer\|poster\|cache\|report\|shop\|named' | sort; }
ok "--trusted before it is brought up" is "$(whole)" "$(whole --db fresh.db)"

# ---- killed on the way: whole or old ----
# of many processes, by the tables of version 3
large() {
	older
	sqlite3 "$SCAUDIT_DB" "PRAGMA synchronous = OFF; BEGIN;
		INSERT INTO interval (node, pid, exe, cell, loader, t_first, t_last, serial_first, serial_last, uid, auid, name, image, ingest, obs, edges)
			WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
			SELECT node, 10000 + i, exe, cell + i % 1000 * 16, loader, t_first + 60000 + i * 100, t_last + 60000 + i * 100, 200000 + i * 10,
			200005 + i * 10, uid, auid, name, 1000000 + i, ingest, obs, edges FROM n, (SELECT * FROM interval WHERE NOT loader ORDER BY id LIMIT 1 OFFSET 3);
		INSERT INTO image SELECT image, node, pid, 0, image, 1, NULL, NULL, exe, NULL, loader, 0, t_first, t_last, NULL, serial_first,
			serial_last, uid, auid FROM interval WHERE image > 1000000;
		INSERT INTO tree SELECT id, printf('%010x', id), 0 FROM image WHERE id > 1000000; COMMIT"
	cp "$SCAUDIT_DB" large.db
}
now() { date +%s%N; }
large 1500
from=$(now)
write
took=$((($(now) - from) / 1000))
"$SCAUDIT" workloads --by exe >whole
old=0 new=0 bad=0
for i in $(seq "$([ -n "${SCAUDIT_LONG:-}" ] && echo 200 || echo 20)"); do
	rm -f "$SCAUDIT_DB"*
	cp large.db "$SCAUDIT_DB"
	"$SCAUDIT" fold -q --keep-trees 999999999 2>/dev/null &
	sleep "$(printf '%d.%06d' $((took * (RANDOM % 120) / 100 / 1000000)) $((took * (RANDOM % 120) / 100 % 1000000)))"
	{ kill -9 $!; wait $!; } 2>/dev/null
	case $(version) in
	3) old=$((old + 1)); [ "$(db "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'was%' OR name = 'part'")" = 0 ] || bad=$i ;;
	4) new=$((new + 1)) ;;
	*) bad=$i ;;
	esac
	[ "$(db 'PRAGMA integrity_check')" = ok ] || bad=$i
	"$SCAUDIT" workloads --by exe 2>&1 | cmp -s - whole || bad=$i
	write 2>/dev/null || bad=$i
	[ "$(version)" = 4 ] || bad=$i
	"$SCAUDIT" workloads --by exe | cmp -s - whole || bad=$i
done
echo "# killed: $old were as before, $new were brought up"
ok "killed on the way: whole or old, and the next one goes on" is "$bad" 0
ok "... both happened" test "$old" -gt 0

# ---- others at the same time ----
cp large.db "$SCAUDIT_DB"
rm -f "$SCAUDIT_DB"-*
write & first=$!
write & second=$!
for _ in 1 2 3 4 5 6 7 8; do "$SCAUDIT" workloads --by exe 2>&1 | cmp -s - whole || echo other >>beside; done
wait $first; one=$?
wait $second; two=$?
ok "two writers: one brings it up" is "$one $two $(version)" "0 0 4"
ok "readers meanwhile: the same answers" test ! -e beside
ok "... sound" sound

# ---- what stops it ----
cp large.db "$SCAUDIT_DB"
rm -f "$SCAUDIT_DB"-*
"$SCAUDIT" ingest more.log 2>err & writer=$!
sleep "0.$(printf '%06d' $((took > 900000 ? 300000 : took / 3)))"
kill -TERM $writer
wait $writer
status=$?
ok "SIGTERM: it is as it was, or all was done" test "$status $(version)" = "3 3" -o "$(version)" = 4
ok "... and it is said" test "$(version)" = 4 -o "$(grep -c 'stopped while it was brought up to version 4: it is as it was' err)" = 1
older
sqlite3 "$SCAUDIT_DB" "UPDATE seen SET data = x'0001' WHERE node = 1"
run write
ok "a damaged one is refused" is "$status $(version)" "3 3"
ok "... with the reason" warns 'store .*/store.db: a row of table seen is damaged: no page can be read in its data'
ok "... and can be read" is "$("$SCAUDIT" workloads --by exe | wc -l)" 18
older
sqlite3 "$SCAUDIT_DB" 'PRAGMA user_version = 2'
run write
ok "version 2: of no release" is "$status" 3
ok "... which is said" warns 'has version 2, which no release wrote: read its logs again into a new one'
older
sqlite3 "$SCAUDIT_DB" 'ALTER TABLE loss ADD COLUMN more TEXT'
run "$SCAUDIT" status
ok "tables that are not ours" warns "'loss' in it is not the table that scaudit makes"

# ---- where it may only be read ----
if [ "$(id -u)" = 0 ]; then
	older
	for by in workload tree comm node label; do "$SCAUDIT" workloads --by $by; done >ours
	chown 65534 "$SCAUDIT_DB"
	for by in workload tree comm node label; do "$SCAUDIT" workloads --by $by; done >theirs 2>err
	ok "another user's: it is read" cmp ours theirs
	ok "... what is trusted there is text" warns 'its trusted marks count as text'
	run "$SCAUDIT" node alias web shopweb
	ok "another user's: it is not written" is "$status $(version)" "3 3"
	ok "... and why" warns 'belongs to .*: it can be read, not written'
	ok "... and not changed" cmp "$stores/version3.db" "$SCAUDIT_DB"
else
	skip "another user's store" "not root"
fi

# ---- a line where it takes its time ----
large 30000
from=$(now)
run "$SCAUDIT" fold --keep-trees 999999999
took=$((($(now) - from) / 1000000))
ok "a large one is brought up" is "$status $(version)" "0 4"
if [ $took -gt 4000 ]; then
	ok "over two seconds: it says for what" warns '^scaudit: bringing store .*/store.db up to version 4: [0-9]+ % done$'
else
	skip "a line of progress" "it took $took ms"
fi
