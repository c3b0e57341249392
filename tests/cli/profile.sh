#!/bin/bash
# profile, workloads, denials, status, node, forget and fold on the samples; golden profiles in tests/cases/golden.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3
golden=$ROOT/tests/cases/golden

"$SCAUDIT" ingest -q --node node01 "$SAMPLES"/java-threads.log "$SAMPLES"/pipeline.log "$SAMPLES"/runc-start.log \
	"$SAMPLES"/i386.log "$SAMPLES"/denials.log

# ---- golden profiles: the same records give the same bytes, on every machine ----
# Evidence alone: the floor is looked at below.
for row in "java --comm java" "runc --comm perl --root runc:[2:INIT]" "pipeline --comm sort" "i386 --comm i386 --union"; do
	name=${row%% *}
	# shellcheck disable=SC2086
	run "$SCAUDIT" profile --floor none ${row#* }
	ok "golden: $name" diff "$golden/$name.json" "$TMP/out"
done
run "$SCAUDIT" profile --comm java
cp "$TMP/out" "$TMP/first"
run "$SCAUDIT" profile --comm java
ok "the same input gives the same bytes" cmp "$TMP/first" "$TMP/out"
ok "summary: at most eight lines" test "$(wc -l <"$TMP/err")" -le 8

# ---- selection ----
run "$SCAUDIT" profile --comm sort --only --format names
grep 'comm="sort"' "$SAMPLES/pipeline.log" | sed -E 's/.* syscall=([0-9]+) .*/\1/' | sort -un >"$TMP/numbers"
ok "only: as many names as sort made different calls" lines "$(wc -l <"$TMP/numbers")" "$TMP/out"
cp "$TMP/out" "$TMP/only"
run "$SCAUDIT" profile --comm sort --format names
ok "tree: has what only has" is "$(comm -23 "$TMP/only" "$TMP/out")" ""
ok "tree: and the shell's calls besides" test "$(wc -l <"$TMP/only")" -lt "$(wc -l <"$TMP/out")"
ok "tree: says which come from others" warns "not made by 'sort' itself but by other threads or programs of the same run: .*"
run "$SCAUDIT" profile --comm sort --scope subtree --format names
ok "subtree: not more than the tree" test "$(wc -l <"$TMP/out")" -le "$("$SCAUDIT" profile -q --comm sort --format names | wc -l)"
run "$SCAUDIT" profile --comm perl
ok "several ways of one program: one list" is "$status" 0
run "$SCAUDIT" profile --comm sort --comm java
ok "two programs: exit 1" is "$status" 1
ok "two programs: nothing on stdout" lines 0 "$TMP/out"
ok "two programs: each with its option" test "$(grep -cE -e '--workload [0-9a-f]{10}' "$TMP/err")" = 2
option=$(grep -oE -e '--workload [0-9a-f]{10}' "$TMP/err" | head -n 1)
# shellcheck disable=SC2086
run "$SCAUDIT" profile --comm sort --comm java $option
ok "two programs: the option narrows to one" is "$status" 0
run "$SCAUDIT" profile --comm sort --comm java --union
ok "two programs: --union insists" is "$status" 0
run "$SCAUDIT" profile --comm jawa
ok "no match: exit 1" is "$status" 1
ok "no match: the nearest name" warns "no comm 'jawa'; the nearest: java"
run "$SCAUDIT" profile --comm averyverylongname
ok "a name over 15 bytes is cut, and that is said" warns 'keeps 15 bytes of a name: --comm averyverylongna$'
run "$SCAUDIT" profile
ok "no selector: exit 2" is "$status" 2
run "$SCAUDIT" profile --comm java --since 2027-01-01
ok "a time without records: exit 1" is "$status" 1
run "$SCAUDIT" profile --comm java --exclude-comm java --format names
ok "exclude-comm leaves out" test "$(wc -l <"$TMP/out")" -lt "$(wc -l <"$TMP/first")"
run "$SCAUDIT" profile --workload abc
ok "an id that is too short: exit 2" is "$status" 2

# ---- the floor, and a runtime's table ----
comm_of() { comm "$@" | tr -d '\t' | tr '\n' ' '; }
"$SCAUDIT" profile -q --comm sort --floor none --format names >"$TMP/evidence"
run "$SCAUDIT" profile --comm sort --format names
cp "$TMP/out" "$TMP/floored"
added=$(comm_of -13 "$TMP/evidence" "$TMP/floored")
ok "floor: adds what has no evidence ($added)" test "$(wc -w <<<"$added")" -gt 0
ok "floor: takes nothing away" is "$(comm_of -23 "$TMP/evidence" "$TMP/floored")" ""
ok "floor: is counted and named on stderr" warns "^scaudit: $(wc -w <<<"$added") added though not seen, since they depend on timing .--baseline none leaves them out.: ${added%% *}"
run "$SCAUDIT" profile --comm sort --explain
ok "floor: explain marks each" is "$(awk -F'\t' '$7 == "floor" && $2 == 0 { printf "%s ", $1 }' "$TMP/out")" "$added"
ok "floor: explain does not mark what has evidence" is "$(awk -F'\t' '$7 == "floor" && $2 > 0' "$TMP/out")" ""
run "$SCAUDIT" profile --comm sort --only --format names
ok "floor: --only has none" is "$(comm_of -23 "$TMP/out" "$TMP/evidence")" ""
run "$SCAUDIT" profile --comm sort --only --floor default --format names
ok "floor: --only with one, when told" is "$(comm_of -12 "$TMP/out" <(tr ' ' '\n' <<<"$added" | sed '/^$/d'))" "$added"
run "$SCAUDIT" profile --all --block --format names
ok "floor: a block-list has none" is "$(grep -c '^restart_syscall$' "$TMP/out")" 0
run "$SCAUDIT" profile --comm sort --trusted
ok "floor: is no list by itself" is "$status" 1
printf '# mine\nptrace\nfutex # because\n' >"$TMP/mine"
run "$SCAUDIT" profile --comm sort --floor "$TMP/mine" --format names
ok "floor: a file instead" is "$(comm_of -13 "$TMP/evidence" "$TMP/out")" "futex ptrace "
ok "floor: a dangerous name of a file is pointed out" warns 'look at these before you enforce it: .*ptrace \(floor\)'
echo socketcall >"$TMP/old"
run "$SCAUDIT" profile --comm sort --floor "$TMP/old" --format names
ok "floor: not a name that none of the list's architectures has" cmp "$TMP/evidence" "$TMP/out"
run "$SCAUDIT" profile --comm i386 --union --floor "$TMP/old" --format names
ok "floor: but where one of them has it" says '^socketcall$'
echo pthread_create >>"$TMP/mine"
run "$SCAUDIT" profile --comm sort --floor "$TMP/mine"
ok "floor: an unknown name: exit 2" is "$status" 2
ok "floor: an unknown name: where" warns "^scaudit: --baseline: .*/mine:4: no such syscall: 'pthread_create'$"
run "$SCAUDIT" profile --comm sort --floor nonsense
ok "floor: neither word nor file: exit 2, nothing on stdout" test "$status" = 2 -a ! -s "$TMP/out"
run "$SCAUDIT" profile --comm sort --runtime runc --format names
ok "runtime: what it needs, where no start by it was seen" says '^setgroups$'
ok "runtime: said" warns 'no start by runc was seen; what runc .* needs stands in for it, without evidence: [0-9]+ names: '
run "$SCAUDIT" profile --comm sort --runtime runc --explain
ok "runtime: explain marks each" says $'^setgroups\t0\t.*\truntime\trunc '
"$SCAUDIT" profile -q --root 'runc:[2:INIT]' --comm perl --format names >"$TMP/evidence"
run "$SCAUDIT" profile --root 'runc:[2:INIT]' --comm perl --runtime runc --format names
ok "runtime: nothing where a start by it was seen" cmp "$TMP/evidence" "$TMP/out"
run "$SCAUDIT" profile --comm sort --runtime docker
ok "runtime: unknown: exit 2, names those there are" warns "no such runtime: 'docker' \(there are: runc, "

# ---- content ----
run "$SCAUDIT" profile --comm i386 --union
ok "x86-64 and i386: both architectures" is "$(tr -d ' \n' <"$TMP/out" | grep -o '"architectures":\[[^]]*\]')" \
	'"architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"]'
run "$SCAUDIT" profile --comm mkdir --union --format names
ok "denied names are not in the list" is "$(grep -c '^mkdir$' "$TMP/out")" 0
ok "denied names are counted" warns 'denied and not in the list .*: .*mkdir'
run "$SCAUDIT" profile --comm mkdir --union --include-denied --format names
ok "include-denied adds them" says '^mkdir$'
run "$SCAUDIT" profile --all --block
ok "block: default allow, what was denied is denied" is "$(tr -d ' \n' <"$TMP/out" | grep -o '^{"defaultAction":"SCMP_ACT_ALLOW"')" \
	'{"defaultAction":"SCMP_ACT_ALLOW"'
for action in allow notify trace nonsense; do
	run "$SCAUDIT" profile --comm java --default-action "$action"
	ok "default action $action: refused" is "$status" 2
done
run "$SCAUDIT" profile --comm java --default-action kill_process
ok "kill_process has no errno" is "$(grep -c defaultErrnoRet "$TMP/out")" 0
run "$SCAUDIT" profile --comm sort --explain
ok "explain: caller with its path" says $'^read\t.*\tlogrun > sh > sort \\[sort\\]$'
ok "explain: rests on text" says $'\ttext\t'
run "$SCAUDIT" profile --comm sort --trusted
ok "trusted: nothing is left of text" is "$status" 1
ok "trusted: says why" warns "no comm 'sort'|the store holds no trusted records"
run "$SCAUDIT" profile --comm java -o "$TMP/java.json"
ok "output: the file is the profile" cmp "$TMP/first" "$TMP/java.json"
mkfifo "$TMP/fifo" && ln -s java.json "$TMP/link" && chmod 0640 "$TMP/java.json" && : >"$TMP/java.json"
cat "$TMP/fifo" >"$TMP/through" &
run "$SCAUDIT" profile --comm java -o "$TMP/fifo"
wait $!
ok "output: a pipe is written into and stays one" test -p "$TMP/fifo"
ok "output: what came through the pipe" cmp "$TMP/first" "$TMP/through"
run "$SCAUDIT" profile --comm java -o "$TMP/link"
ok "output: a link stays, and its file is written" test -L "$TMP/link"
ok "output: ... and has the profile" cmp "$TMP/first" "$TMP/java.json"
ok "output: ... and keeps its mode" is "$(stat -c %a "$TMP/java.json")" 640
run "$SCAUDIT" profile --comm java -o "$TMP/no/such/java.json"
ok "output: a folder that is missing: exit 3" is "$status" 3
run "$SCAUDIT" profile --comm java --format nonsense
ok "format: unknown: exit 2, names those there are" warns 'there are: oci, .*names'

# ---- lists ----
run "$SCAUDIT" workloads
ok "workloads: java with its chain" says $'\tlogrun > java\t1\t'
run "$SCAUDIT" workloads --json
ok "workloads: one JSON document" sqlite3 :memory: "SELECT json_array_length(readfile('$TMP/out'), '\$.workloads') > 3"
for by in comm exe label node tree; do
	run "$SCAUDIT" workloads --by "$by"
	ok "workloads by $by" is "$status" 0
done
id=$("$SCAUDIT" workloads | awk -F'\t' '$2 ~ /> sh > / { print $1; exit }')
run "$SCAUDIT" workloads "$id"
ok "workloads ID: its paths" says $'^logrun > sh > sort\t'
run "$SCAUDIT" denials
ok "denials: who, what, how often" says $'^mkdir\terrno\t1\t'
run "$SCAUDIT" denials --comm java
ok "no denial: exit 1" is "$status" 1
run "$SCAUDIT" status --json
ok "status: nodes[]" says '"nodes": \['
run "$SCAUDIT" status
ok "status: tables of syscalls" says 'libseccomp [0-9.]+ up to [0-9]+'

# ---- node, forget, fold ----
run "$SCAUDIT" node alias node01 n1.example.com
ok "alias: another name" is "$status" 0
run "$SCAUDIT" workloads --node n1.example.com
ok "alias: selects" is "$status" 0
total=$(db 'SELECT sum(count) FROM observations')
run "$SCAUDIT" forget --comm java --dry-run
ok "forget: dry run removes nothing" is "$(db 'SELECT sum(count) FROM observations')" "$total"
run "$SCAUDIT" forget --comm java </dev/null
ok "forget: asks, and nobody answers: exit 2" is "$status" 2
run "$SCAUDIT" forget --comm java --yes --unsee
run "$SCAUDIT" ingest -q --node node01 "$SAMPLES/java-threads.log"
ok "forget --unsee: reading again brings it back" is "$(db 'SELECT sum(count) FROM observations')" "$total"
run "$SCAUDIT" forget --comm java --yes
ok "forget: its records are gone" is "$(db 'SELECT sum(count) FROM observations')" $((total - 1242))
run "$SCAUDIT" ingest -q --node node01 "$SAMPLES/java-threads.log"
ok "forget: reading again does not bring it back" is "$(db 'SELECT sum(count) FROM observations')" $((total - 1242))
run "$SCAUDIT" forget --comm i386 --yes --unsee
ok "forget --unsee: says what stays seen, in seconds with others' records" warns 'in [0-9]+ seconds? others made records too'
run "$SCAUDIT" forget
ok "forget without a word what: exit 2" is "$status" 2

for i in 1 2 3 4 5 6; do
	# the same runs again with other serials and times: more trees of the same workloads
	sed -E "s/audit\(179([0-9]+)\.([0-9]+):([0-9]+)\)/audit(18$i\1.\2:\3)/" "$SAMPLES/runc-start.log"
done | "$SCAUDIT" ingest -q --node node01
"$SCAUDIT" workloads >"$TMP/before"
"$SCAUDIT" profile -q --comm perl --union --format names >"$TMP/names"
total=$(db 'SELECT sum(count) || "|" || sum(trusted) FROM observations')
trees=$(db 'SELECT count(*) FROM tree')
run "$SCAUDIT" fold --keep-trees 2
ok "fold: fewer trees" test "$(db 'SELECT count(*) FROM tree')" -lt "$trees"
ok "fold: counts stay" is "$(db 'SELECT sum(count) || "|" || sum(trusted) FROM observations')" "$total"
"$SCAUDIT" workloads >"$TMP/after"
ok "fold: workloads, starts and times stay" diff "$TMP/before" "$TMP/after"
"$SCAUDIT" profile -q --comm perl --union --format names >"$TMP/names2"
ok "fold: the list stays" diff "$TMP/names" "$TMP/names2"
run "$SCAUDIT" fold --keep-trees x
ok "fold: a number that is none: exit 2" is "$status" 2
"$SCAUDIT" ingest -q --db "$TMP/all.db" "$SAMPLES"/*.log
run "$SCAUDIT" ingest --db "$TMP/kept.db" --keep-trees 1 "$SAMPLES"/*.log
ok "ingest --keep-trees: says how many were compacted" warns 'compacted [0-9]+ trees'
for what in 'SELECT sum(count) FROM observations' 'SELECT count(*) > 10 FROM observations WHERE tree IS NOT NULL'; do
	ok "ingest --keep-trees: $what" is "$(sqlite3 "$TMP/kept.db" "$what")" "$(sqlite3 "$TMP/all.db" "$what")"
done
ok "ingest --keep-trees: fewer trees" test "$(sqlite3 "$TMP/kept.db" 'SELECT count(*) FROM tree')" -lt \
	"$(sqlite3 "$TMP/all.db" 'SELECT count(*) FROM tree')"
"$SCAUDIT" ingest -q --node n1 --db "$TMP/folded.db" "$SAMPLES/pipeline.log"
"$SCAUDIT" fold -q --keep-trees 0 --db "$TMP/folded.db"
run "$SCAUDIT" ingest --node n1 --trusted-input --db "$TMP/folded.db" <"$SAMPLES/pipeline-auditd.log"
ok "fold: what text had brought becomes trusted, and does not count again" is \
	"$(sqlite3 "$TMP/folded.db" 'SELECT sum(count) || "|" || sum(trusted) FROM observations')" '346|346'
ok "fold: ... and is not called forged" test "$(grep -c contradict "$TMP/err")" = 0
run "$SCAUDIT" ingest --keep-trees x "$SAMPLES/i386.log" --db "$TMP/none.db"
ok "ingest --keep-trees: a number that is none: exit 2, before anything is read" test "$status" = 2 -a ! -e "$TMP/none.db"
ok "ingest --keep-trees: the option is named" warns '^scaudit: --keep-trees: not a number'
run "$SCAUDIT" ingest --logged-under "$TMP" "$SAMPLES/i386.log" --db "$TMP/none.db"
ok "--logged-under: a folder: exit 2, before anything is read" test "$status" = 2 -a ! -e "$TMP/none.db"
run "$SCAUDIT" ingest --node '' "$SAMPLES/i386.log" --db "$TMP/none.db"
ok "an empty value: exit 2" test "$status" = 2 -a ! -e "$TMP/none.db"
ok "an empty value: the option is named" warns "option '--node' has an empty value"
run "$SCAUDIT" profile --comm sort --format $'\e[31mred\xff'
ok "messages: nothing from the command line moves a cursor" warns 'x1b.31mred.xff'
run "$SCAUDIT" forget --all --yes
ok "forget --all: folded ones too" is "$(db 'SELECT count(*) FROM observations')" 0

# ---- stores ----
run "$SCAUDIT" status --db "$TMP/none.db"
ok "no store: exit 1, says what to do" warns 'no store at .*/none.db yet; fill it: scaudit ingest FILE'
echo "not a store, but longer than a header of SQLite, which has a hundred bytes, or so they say; and more" >"$TMP/bad.db"
run "$SCAUDIT" status --db "$TMP/bad.db"
ok "a file that is no store: exit 3" is "$status" 3
run "$SCAUDIT" profile --comm java >/dev/full
ok "a full disk behind stdout: exit 3" is "$("$SCAUDIT" status >/dev/full 2>/dev/null; echo $?)" 3

# --- denials: would the list of today allow it? ---
rm -f "$SCAUDIT_DB"*
{
	for program in one two; do
		pid=4000; [ $program = two ] && pid=5000
		for call in "59 0x7ffc0000" "0 0x7ffc0000" "231 0x7ffc0000" "39 0x50001"; do
			serial=$((${serial:-100} + 1))
			printf 'type=SECCOMP msg=audit(1795518350.%03d:%d): auid=0 uid=0 gid=0 ses=1 pid=%d comm="%s" exe="/usr/bin/%s" sig=0 arch=c000003e syscall=%s compat=0 ip=0x7f0000 code=%s\n' \
				$((serial % 1000)) $serial $pid $program $program ${call% *} "${call#* }"
		done
	done
	# one made the call in another run, under a filter that let it through
	printf 'type=SECCOMP msg=audit(1795518390.500:900): auid=0 uid=0 gid=0 ses=1 pid=6000 comm="one" exe="/usr/bin/one" sig=0 arch=c000003e syscall=59 compat=0 ip=0x7f0000 code=0x7ffc0000\n'
	printf 'type=SECCOMP msg=audit(1795518390.501:901): auid=0 uid=0 gid=0 ses=1 pid=6000 comm="one" exe="/usr/bin/one" sig=0 arch=c000003e syscall=39 compat=0 ip=0x7f0000 code=0x7ffc0000\n'
} | "$SCAUDIT" ingest -q --node n1
listed() { "$SCAUDIT" denials "$@" | awk -F '\t' 'NR > 1 { print $NF, $4 }' | sed 's/.*\[\(.*\)\]/\1/' | sort | tr '\n' ' '; }
ok "denials: each by the list of its own workload" is "$(listed)" "one yes two no "
ok "... whatever is selected" is "$(listed --comm two)" "two no "
ok "... in JSON" is "$("$SCAUDIT" denials --json | jq -c '[.denials[] | [.comm, .listed]] | sort')" '[["one",true],["two",false]]'
run "$SCAUDIT" profile --comm two --include-denied --format minijail
ok "--include-denied: marked in the list" says '^# denied each time, and listed by --include-denied: getpid$'
ok "... and in the summary" warns '1 refused each time, and listed by --include-denied: getpid'
run "$SCAUDIT" profile --comm one --include-denied --format minijail
ok "... not where it was let through as well" test "$(grep -c 'denied each time' "$TMP/out")" = 0
