#!/bin/bash
# Whatever the order, the pieces and the number of writers: the same store. Over the real records of tests/kernel/mix
# (ORDER_LOG gives another log), with pids that come back, two boots and a clock that is set back.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3 perl awk
HERE=$ROOT/tests/kernel

if [ -z "${ORDER_LOG:-}" ]; then
	need python3
	[ "$(id -u)" = 0 ] || { skip order "not root"; exit 0; }
	ORDER_LOG=$TMP/mix/records.log
	# part of it runs for a time, not for a number: on a busy machine it makes less
	for _ in 1 2 3; do
		rm -rf "$TMP/mix" && mkdir "$TMP/mix"
		"$HERE/truth" capture "$TMP/mix" reuse >"$TMP/captured" 2>&1
		[ "$(wc -l <"$ORDER_LOG")" -lt 50000 ] || break
	done
	[ -s "$ORDER_LOG" ] || { skip order "no records: $(tail -n 1 "$TMP/captured")"; exit 0; }
fi

# A second boot (serials from 2 again, an hour later) of the last third, and a clock set back by 20 s in the first.
awk -v all="$(wc -l <"$ORDER_LOG")" '{
	match($0, /audit\([0-9.:]+\)/)
	split(substr($0, RSTART + 6, RLENGTH - 7), id, /[.:]/)
	if (NR > all * 2 / 3) {
		if (!off) off = id[3] - 2
		id[3] -= off; id[1] += 3600
	} else if (NR > all / 3)
		id[1] -= 20
	print substr($0, 1, RSTART + 5) id[1] "." id[2] ":" id[3] ")" substr($0, RSTART + RLENGTH)
}' "$ORDER_LOG" >"$TMP/all.log"
N=$(wc -l <"$TMP/all.log")
ok "enough real records ($N)" test "$N" -ge 50000

# All that follows from the records, by public names; rows and ids are the store's own business.
dump() {
	sqlite3 "file:$1?mode=ro" "
		SELECT 'boot', number, t_first, t_last, serial_first, serial_last FROM boot ORDER BY 1, 2;
		SELECT 'tree', code, start_seen FROM tree ORDER BY 2;
		SELECT 'image', tree.code, path.text, pid, boot, t_first, t_last, t_end, serial_first, serial_last, loader, starts,
		       uid, auid FROM image_part AS image JOIN tree ON tree.id = image.tree JOIN path ON path.id = image.path
		ORDER BY boot, serial_first, pid;
		SELECT 'link', a.boot, a.serial_first, a.pid, b.serial_first, b.pid, c.serial_first, c.pid FROM image_part a
		LEFT JOIN part b ON b.id = a.parent LEFT JOIN part c ON c.id = a.fork_of ORDER BY 2, 3, 4;
		SELECT DISTINCT 'edge', interval.pid, interval.t_first + (edge.value ->> 0), serial_first + (edge.value ->> 1),
		       edge.value ->> 2 FROM interval, json_each(interval.edges) AS edge ORDER BY 2, 3, 4, 5;
		SELECT 'obs', tree, path, comm, exe, arch, nr, action, count, trusted, first, last, pid, ip FROM observations
		ORDER BY tree, path, comm, exe, arch, nr, action, first, last, pid, ip, count;"
	"$SCAUDIT" workloads --db "$1"
	"$SCAUDIT" profile --db "$1" --comm sort --format names 2>&1 | sed "s,$1,STORE,g" # advice names the store
}

take() { "$SCAUDIT" ingest --quiet --db "$@" || echo "ingest failed"; }

# same NAME DB WANT: is the dump of the store DB that of WANT?
same() {
	dump "$2" >"$2.dump"
	ok "$1" cmp "$3" "$2.dump"
	[ -z "${KEEP:-}" ] || cmp -s "$3" "$2.dump" || { cp "$2" "$2.dump" "$3" "$KEEP"; }
}

# pieces N LOG: files $TMP/p/0001 ... of N pieces of LOG, in order
pieces() {
	rm -rf "$TMP/p" && mkdir "$TMP/p"
	split -a 5 -d -n "l/$1" "$2" "$TMP/p/"
}

take "$TMP/once.db" "$TMP/all.log"
dump "$TMP/once.db" >"$TMP/want"
ok "more than one boot" test "$(grep -c ^boot "$TMP/want")" -ge 2
ok "every record counts" is "$(sqlite3 "$TMP/once.db" 'SELECT sum(count) FROM observations')" "$N"

for n in 2 10 1000; do
	pieces $n "$TMP/all.log"
	for p in "$TMP"/p/*; do take "$TMP/in$n.db" "$p"; done
	same "in $n pieces" "$TMP/in$n.db" "$TMP/want"
done

pieces 2 "$TMP/all.log"
take "$TMP/newer.db" "$TMP/p/00001"
take "$TMP/newer.db" "$TMP/p/00000"
same "newer half first" "$TMP/newer.db" "$TMP/want"

pieces 100 "$TMP/all.log"
for p in $(find "$TMP/p" -type f | sort -r); do take "$TMP/back.db" "$p"; done
same "100 pieces, the last one first" "$TMP/back.db" "$TMP/want"

for i in $(seq 0 99); do take "$TMP/shuffled.db" "$(printf '%s/p/%05d' "$TMP" $((i * 37 % 100)))"; done
same "100 pieces in mixed order" "$TMP/shuffled.db" "$TMP/want"

perl -e 'srand 3; my @l = <STDIN>; for (my $i = @l; --$i;) { my $k = int rand($i + 1); @l[$i, $k] = @l[$k, $i]; } print @l' \
	<"$TMP/all.log" >"$TMP/random.log"
take "$TMP/random.db" "$TMP/random.log"
same "line by line in random order" "$TMP/random.db" "$TMP/want"
pieces 10 "$TMP/random.log"
for p in "$TMP"/p/*; do take "$TMP/random10.db" "$p"; done
same "random order, in 10 pieces" "$TMP/random10.db" "$TMP/want"

for i in $(seq 8); do
	head -n $((N * i / 8)) "$TMP/all.log" >"$TMP/grown.log"
	take "$TMP/grown.db" "$TMP/grown.log"
done
same "again and again from the beginning, while it grows" "$TMP/grown.db" "$TMP/want"

awk 'NR % 10 == 0' "$TMP/all.log" | "$SCAUDIT" ingest --quiet --db "$TMP/thin.db"
take "$TMP/thin.db" "$TMP/all.log"
same "every tenth as text first, then the whole" "$TMP/thin.db" "$TMP/want"
take "$TMP/thin2.db" "$TMP/all.log"
awk 'NR % 10 == 0' "$TMP/all.log" | "$SCAUDIT" ingest --quiet --db "$TMP/thin2.db"
same "the whole, then every tenth as text" "$TMP/thin2.db" "$TMP/want"

# two writers at once, each with every other piece
pieces 20 "$TMP/all.log"
for p in "$TMP"/p/*[02468]; do take "$TMP/two.db" "$p"; done & first=$!
for p in "$TMP"/p/*[13579]; do take "$TMP/two.db" "$p"; done
wait "$first"
same "two writers at once" "$TMP/two.db" "$TMP/want"

# a smaller part around the change of boots, by one process in small batches: a pause of the writer ends a batch
tail -n +$((N * 2 / 3 - 1000)) "$TMP/all.log" | head -n 2000 >"$TMP/part.log"
take "$TMP/part.db" "$TMP/part.log"
dump "$TMP/part.db" >"$TMP/want.part"
for n in 1 200; do
	perl -e '$| = 1; while (<STDIN>) { $text .= $_; next if $. % $ARGV[0]; syswrite STDOUT, $text; $text = "";
		select undef, undef, undef, 0.002 } syswrite STDOUT, $text' $n <"$TMP/part.log" |
		"$SCAUDIT" ingest --quiet --trusted-input --db "$TMP/batch$n.db"
	same "one process, batches of about $n" "$TMP/batch$n.db" "$TMP/want.part"
done
pieces 2000 "$TMP/part.log"
for p in "$TMP"/p/*; do take "$TMP/single.db" "$p"; done
same "one record each" "$TMP/single.db" "$TMP/want.part"
for p in $(find "$TMP/p" -type f | sort -r); do take "$TMP/single2.db" "$p"; done
same "one record each, the last one first" "$TMP/single2.db" "$TMP/want.part"
