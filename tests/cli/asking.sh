#!/bin/bash
# A question reads what it selects: the answer is, byte by byte, the one that all of the store gives. Random stores, every selector.
# The reference is the same store without the row of `meta` that says that its indexes are there: that one is read as a whole.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 python3
unset SCAUDIT_DB
seed=${SCAUDIT_SEED:-$(($(date +%s) % 100000))} stores=${SCAUDIT_CASES:-3} questions=0 differ=0
[ -z "${SCAUDIT_LONG:-}" ] || stores=60
echo "# seed $seed"
echo '{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","write","openat"],"action":"SCMP_ACT_ALLOW"}]}' >"$TMP/policy.json"
mkdir "$TMP/some" "$TMP/all"

# places, a run of capture and presence, as no log brings them
more='INSERT INTO place (node, runtime, container, container_name, pod, pod_name, namespace, unit)
	SELECT node.id, x"", CAST("c0ffee" || k.value || node.id AS BLOB), CAST("box-" || k.value AS BLOB), x"", x"", x"", iif(k.value = 2, CAST("app.service" AS BLOB), x"")
	FROM node, json_each("[1,2,3]") AS k;
	INSERT INTO sighting SELECT interval.id, place.id FROM interval JOIN place ON place.node = interval.node WHERE interval.pid % 5 = place.id % 5;
	INSERT INTO tree_place SELECT DISTINCT image.tree, sighting.place, part.trusted FROM sighting JOIN interval ON interval.id = sighting.interval JOIN part
	ON part.id = interval.part JOIN image ON image.id = part.image WHERE true ON CONFLICT DO NOTHING;'
capture='INSERT INTO capture SELECT id, (SELECT min(id) FROM node), 0, 9999999999999, 0, 4294967295, 9, 0, 0, 0, 0, id % 2 FROM ingest LIMIT 2;
	INSERT INTO build SELECT DISTINCT node, exe, 0, 1, "ab" || exe, 0, 9999999999999 FROM interval;'

make_store() { # SEED
	rm -f "$TMP"/some/* "$TMP"/all/*
	python3 "$ROOT/tests/random_log.py" "$1" "$TMP/log"
	chmod 600 "$TMP/log.trusted"
	local db=$TMP/some/store.db label=()

	[ $(($1 % 3)) = 0 ] || label=(--label nightly)
	"$SCAUDIT" ingest -q --db "$db" "${label[@]}" "$TMP/log.trusted"
	[ $(($1 % 4)) != 1 ] || label=(--label mine --logged-under "$TMP/policy.json")
	"$SCAUDIT" ingest -q --db "$db" "${label[@]}" - <"$TMP/log.text" || :
	[ $(($1 % 2)) = 0 ] || sqlite3 "$db" "${more//\"/\'}"
	[ $(($1 % 5)) != 2 ] || sqlite3 "$db" "${capture//\"/\'}"
	[ $(($1 % 3)) != 2 ] || "$SCAUDIT" compact -q --db "$db" --keep-trees 1
	if [ $(($1 % 4)) = 2 ]; then # records without an id are presence
		sed -n 's/msg=audit([0-9.:]*)://; 1~9p' "$TMP/log.trusted" | sed 's/^node=\([^ ]*\) type=SECCOMP/Nov 14 22:20:00 \1 kernel: audit: type=1326/' >"$TMP/log.no-id"
		"$SCAUDIT" ingest -q --db "$db" "$TMP/log.no-id" || :
	fi
	sqlite3 "$db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	cp "$db" "$TMP/all/store.db"
	sqlite3 "$TMP/all/store.db" "DELETE FROM meta WHERE key = 'makers'"
}

ask() { # WORDS...: of both
	local which

	for which in some all; do
		(cd "$TMP/$which" && "$SCAUDIT" --db store.db "$@" >"$TMP/$which.out" 2>"$TMP/$which.err"; echo "status $?" >>"$TMP/$which.out")
	done
	questions=$((questions + 1))
	cmp -s "$TMP/some.out" "$TMP/all.out" && cmp -s "$TMP/some.err" "$TMP/all.err" && return 0
	differ=$((differ + 1))
	echo "# differs: $*" >>"$TMP/differs"
	diff "$TMP/all.out" "$TMP/some.out" | head -n 5 >>"$TMP/differs"
	diff "$TMP/all.err" "$TMP/some.err" | head -n 5 >>"$TMP/differs"
}

column() { sqlite3 "$TMP/some/store.db" "$1" | shuf -n "$2" --random-source=<(yes "$seed"); }

ask_all() {
	local selectors=() selector name

	while read -r name; do selectors+=("--comm $name"); done < <(column "SELECT DISTINCT CAST(bytes AS TEXT) FROM caller JOIN string ON string.id = comm WHERE instr(bytes, ' ') = 0" 9)
	while read -r name; do selectors+=("--exe $name"); done < <(column "SELECT DISTINCT CAST(bytes AS TEXT) FROM path JOIN string ON string.id = exe WHERE instr(bytes, ' ') = 0" 2)
	while read -r name; do selectors+=("--exe ${name##*/}" "--root ${name##*/}"); done < <(column "SELECT DISTINCT CAST(bytes AS TEXT) FROM path JOIN string ON string.id = exe WHERE instr(bytes, ' ') = 0" 1)
	while read -r name; do selectors+=("--tree ${name:0:6}"); done < <(column "SELECT code FROM tree UNION SELECT code FROM fold" 1)
	while read -r name _; do selectors+=("--workload $name"); done < <("$SCAUDIT" --db "$TMP/all/store.db" -q workloads 2>/dev/null | sed 1d | shuf -n 2 --random-source=<(yes "$seed"))
	selectors+=("--label nightly" "--label mine" "--label nothing" "--container box-1" "--container c0ffee" "--unit app" "--pod none" "--comm nothing"
		"--node web --comm app1" "--comm app1 --exe /opt/app1" "--comm app1 --comm app2 --union" "--comm worker-1 --exclude-comm app1"
		"--label nightly --comm sh" "--comm tab\\\\x5ct" "--root runc:[2:INIT] --exclude-root crun")
	for selector in "${selectors[@]}"; do
		# shellcheck disable=SC2086  # words of a command
		set -- $selector
		ask profile "$@"
		case $((RANDOM % 4)) in
		0) ask readiness "$@" ;;
		1) ask check "$TMP/policy.json" "$@" ;;
		2) ask denials "$@" ;;
		*) ask profile "$@" --trusted --explain --scope subtree ;;
		esac
	done
	ask denials
	ask denials --json --trusted
	ask readiness --comm app2 --json --since 2023-11-14T22:20:00Z
	ask denials --until 2023-11-14T22:20:00Z
}

: >"$TMP/differs"
RANDOM=$((seed % 32768))
for ((i = 0; i < stores; i++)); do
	make_store $((seed + i))
	ask_all
	[ "$differ" = 0 ] || echo "# store of seed $((seed + i))" >>"$TMP/differs"
done
echo "# $stores stores, $questions questions, $differ differences"
same() { [ "$differ" = 0 ] || { cat "$TMP/differs"; return 1; }; }
ok "the answer of what was selected is the answer of all" same

# --- a store of before the indexes gets them when somebody writes to it ---
before() { sqlite3 "$TMP/some/store.db" 'SELECT part, hex(members) FROM part_makers JOIN maker_set ON maker_set.id = of JOIN part ON part.id = part ORDER BY 1' | wc -l; }
had=$(before)
sqlite3 "$TMP/some/store.db" "DELETE FROM meta WHERE key = 'makers'; DROP TABLE part_makers; DROP TABLE fold_makers; DROP TABLE maker_in; DROP TABLE maker_set; DROP TABLE maker"
ask profile --comm app1
ok "without its tables it is read as a whole" same
"$SCAUDIT" ingest -q --db "$TMP/some/store.db" --node other - </dev/null
ok "they are made when somebody writes" is "$(before)" "$had"
ask profile --comm app1
ask profile --comm app2 --union
ask denials
ok "... and the answers are the same" same
