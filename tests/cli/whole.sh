#!/bin/bash
# A file that was read to its end and that nobody changed is not read again; the answer is the one of another reading.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3

db=$TMP/store.db
log=$TMP/log
{ cat "$SAMPLES/pipeline.log"; echo "Nov 24 11:05:50 node01 systemd[1]: Started."; } >"$log"

ingest() { run "$SCAUDIT" --db "$db" ingest "$@"; }
marks() { [ "$(sqlite3 "$db" "SELECT count(*) FROM meta WHERE value LIKE 'whole %'")" = "$1" ]; }
counts() { sed 's/; [0-9.]* s, .*//' "$TMP/err"; }
rows() { sqlite3 "$db" "SELECT * FROM interval ORDER BY id; SELECT * FROM presence; SELECT * FROM seen; SELECT * FROM loss"; }
settle() { sleep 0.1; }

settle
ingest "$log"
ok "the first reading" warns "346 new, 0 seen before"
ok "it is noted" marks 1
rows >"$TMP/rows"
# another name for the same file is read in full, and says the same
ln "$log" "$TMP/other"
settle
ingest "$TMP/other"
counts >"$TMP/full"
ok "read in full" grep -q "346 records: 0 new, 346 seen before; 0 damaged, 1 other lines" "$TMP/full"
ingest "$log" # the link has changed its time
ingest "$log"
counts >"$TMP/again"
ok "not read again: the same words" cmp "$TMP/full" "$TMP/again"
rows >"$TMP/rows2"
ok "not read again: the same store" cmp "$TMP/rows" "$TMP/rows2"
ok "it is a run as well" test "$(sqlite3 "$db" 'SELECT seen_before FROM ingest ORDER BY id DESC LIMIT 1')" = 346

# what was changed is read, in whatever way
settle
sed -i 's/syscall=257/syscall=258/' "$log"
ingest "$log"
ok "replaced" warns "346 records"
serial=$(grep -o -m1 'audit([0-9.]*:[0-9]*' "$log" | grep -o '[0-9]*$')
offset=$(grep -b -o -m1 "audit([0-9.]*:$serial)" "$log" | head -n 1 | cut -d: -f1)
settle
ingest "$log"
printf '1' | dd of="$log" bs=1 seek=$((offset + 6)) conv=notrunc 2>/dev/null
touch -d '2020-01-01' "$log"
settle
ingest "$log"
ok "a byte changed in its place" test "$status" = 0
tail -n 1 "$SAMPLES/pipeline.log" | sed 's/audit(\([0-9]*\)\.[0-9]*:[0-9]*)/audit(\1.001:4000001)/' >>"$log"
settle
ingest "$log"
ok "a line more" warns "347 records: 1 new"

# what another reading may bring
ingest "$log"
ingest --label x "$log"
ok "a label marks what it touches" warns "347 records: 0 new, 347 seen before"
ok "... and is noted" test "$(sqlite3 "$db" 'SELECT count(*) FROM tree_label')" -gt 0
ingest --node elsewhere "$log"
ok "another node" warns "347 new"
run "$SCAUDIT" --db "$db" forget --all --yes --unsee
ok "forgotten" marks 0
ingest "$log"
ok "... and read again" warns "347 records: 347 new"

# what has more to be said of than counts
echo 'audit: type=1326 audit(1795494577.759:' >>"$log"
settle
ingest "$log"
ingest -v "$log"
ok "damaged lines are shown each time" warns "damaged: "
mkfifo "$TMP/pipe"
cat "$SAMPLES/pipeline.log" >"$TMP/pipe" &
ingest "$TMP/pipe"
ok "a pipe is read" warns "346 records"

