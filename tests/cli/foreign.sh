#!/bin/bash
# Stores that somebody else made or owns: every command reads or refuses them, and says so once.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3
unset SCAUDIT_DB
log=$SAMPLES/pipeline-auditd.log
valid=$TMP/valid.db
cp "$log" "$TMP/audit.log"
chmod 600 "$TMP/audit.log"
run "$SCAUDIT" --db "$valid" ingest "$TMP/audit.log"
ok "a valid store" warns "346 new"
chmod 755 "$TMP"

sqlite() { sqlite3 "$1" "$2" >"$TMP/.sqlite" 2>&1; }
# crafted NAME SQL: a copy of the valid store, changed
crafted() {
	cp "$valid" "$TMP/$1.db"
	sqlite "$TMP/$1.db" "$2"
}
# commands that read, as words
echo '{"defaultAction":"SCMP_ACT_LOG"}' >"$TMP/policy.json"
readers=("workloads" "denials --all" "profile --all" "check $TMP/policy.json --all" "forget --all --dry-run" "fold --dry-run"
	"profile --all --explain" "diff $TMP/policy.json --all")

within() { timeout 20 "$@"; }
refused() { # STORE PATTERN COMMAND...: exit 3, one line that names the store
	local db=$1 pattern=$2

	shift 2
	run within "$SCAUDIT" --db "$db" "$@"
	is "$status" 3 && warns "$pattern" && grep -qF -- "$db" "$TMP/err" && lines 1 "$TMP/err"
}

# --- links that go in circles ---
crafted parent 'UPDATE part SET link = (SELECT max(i.founder) FROM image AS i WHERE i.founder <> part.id)'
crafted fork 'UPDATE image SET founder = (SELECT max(i.founder) FROM image AS i WHERE i.id <> image.id)'
crafted path 'UPDATE path SET parent = id'
for what in parent fork path; do
	for words in "${readers[@]}"; do
		# shellcheck disable=SC2086  # words of a command
		ok "a circle of $what: $words" refused "$TMP/$what.db" 'row [0-9]+ of table (part|tree|path) is damaged' $words
	done
done

# --- bytes that act on a terminal ---
plain() { ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" "$TMP/out" "$TMP/err"; }
escape="char(27) || ']0;pwned' || char(7) || char(10)"
crafted escapes "UPDATE path SET text = text || $escape; UPDATE policy SET name = $escape; UPDATE ingest SET source = $escape, version = $escape;
	UPDATE string SET bytes = CAST(CAST(bytes AS TEXT) || $escape AS BLOB); UPDATE node SET name = CAST($escape AS BLOB);
	UPDATE node_name SET name = CAST($escape AS BLOB)"
for words in "${readers[@]}" status "status --json" "workloads --json" "workloads --by tree" "denials --all --json" "profile --all --format spo" "profile --all --format systemd" "profile --all --format c"; do
	# shellcheck disable=SC2086
	run within "$SCAUDIT" --db "$TMP/escapes.db" $words
	ok "escapes: $words" plain
	[ "$words" = "denials --all" ] || [ "$words" = "denials --all --json" ] || ok "escapes: $words is done" test "$status" -le 1
done
crafted code "UPDATE tree SET code = $escape"
ok "an escape for a tree's id" refused "$TMP/code.db" "its code is no id" workloads --by tree
crafted loss "INSERT INTO loss SELECT node, $escape, 1, 1, 1, 1, 0 FROM interval LIMIT 1"
ok "an escape for a kind of loss" refused "$TMP/loss.db" "table loss is damaged" status

# --- what writers meet ---
for sql in "UPDATE meta SET value = 9223372036854775807 WHERE key = 'generation'" "DELETE FROM meta"; do
	crafted meta "$sql"
	ok "ingest: $sql" refused "$TMP/meta.db" 'table meta is damaged' ingest "$log"
	ok "forget: $sql" refused "$TMP/meta.db" 'table meta is damaged' forget --all --yes
	ok "alias: $sql" refused "$TMP/meta.db" 'table meta is damaged' node alias a b
done
crafted page 'UPDATE seen SET data = zeroblob(60000000)'
ok "ingest: a page that is longer than any" refused "$TMP/page.db" 'table seen is damaged' ingest "$log"

# --- what keeps nothing ---
for name in :memory: 'file:x?mode=memory' / /dev/null; do
	ok "ingest into $name" refused "$name" 'keep nothing|URI|folder|device' ingest "$log"
	ok "status of $name" refused "$name" 'keep nothing|URI|folder|device' status
done

# --- a store of the user's own additions ---
crafted mine 'CREATE TABLE mine (a); CREATE INDEX fast ON interval (t_last); CREATE VIEW ours AS SELECT * FROM image;
	CREATE TRIGGER t AFTER UPDATE ON meta BEGIN INSERT INTO mine VALUES (1); END'
run "$SCAUDIT" --db "$TMP/mine.db" ingest "$SAMPLES/denials.log"
ok "tables of the user's own stay" is "$status $(sqlite3 "$TMP/mine.db" "SELECT count(*) FROM sqlite_schema WHERE name IN ('mine', 'fast', 'ours', 't')")" "0 4"
ok "a trigger is not run" is "$(sqlite3 "$TMP/mine.db" 'SELECT count(*) FROM mine')" 0

# --- whose it is ---
if [ "$(id -u)" != 0 ]; then
	skip "stores of other users" "not root"
	exit 0
fi
trusted() { "$SCAUDIT" --db "$1" profile --all --explain 2>/dev/null | grep -c trusted; }
said() { grep -c 'its trusted marks count as text' "$TMP/err"; }
ok "root's own store: marks count" test "$(trusted "$valid")" -gt 10
cp "$valid" "$TMP/theirs.db"
chown 65534 "$TMP/theirs.db"
ok "another user's: all is text" is "$(trusted "$TMP/theirs.db")" 0
for words in "${readers[@]}" status; do
	# shellcheck disable=SC2086
	run "$SCAUDIT" --db "$TMP/theirs.db" $words
	ok "another user's: $words says so once" is "$(said)" 1
	ok "another user's: $words names the store and the owner" warns "$TMP/theirs.db could be written by others than root \(it belongs to .*65534"
done
run "$SCAUDIT" --db "$TMP/theirs.db" -q workloads
ok "another user's: quiet" is "$(said)" 0
before=$(sha256sum <"$TMP/theirs.db")
run "$SCAUDIT" --db "$TMP/theirs.db" fold --keep-trees 0
ok "another user's: fold is refused" is "$status $(grep -c 'belongs to' "$TMP/err")" "3 2"
for words in "ingest $log" "forget --all --yes" "node alias a b" "capture -- true"; do
	# shellcheck disable=SC2086
	run within "$SCAUDIT" --db "$TMP/theirs.db" $words
	ok "another user's: ${words%% *} is refused" warns 'belongs to .*neither root nor you'
done
ok "another user's: nothing was written" is "$(sha256sum <"$TMP/theirs.db")" "$before"

mkdir -m 1777 "$TMP/open"
ln -s "$valid" "$TMP/open/link.db"
ln -s "$TMP" "$TMP/open/folder"
for name in link.db folder/valid.db; do
	ok "ingest through a link in an open folder: $name" refused "$TMP/open/$name" 'is a link in .*name the store itself' ingest "$log"
	run "$SCAUDIT" --db "$TMP/open/$name" workloads
	ok "workloads through a link in an open folder: $name" is "$status $(said)" "0 1"
done
ln -s "$valid" "$TMP/link.db"
run "$SCAUDIT" --db "$TMP/link.db" ingest "$log"
ok "ingest through a link in a folder of root's" is "$status" 0
