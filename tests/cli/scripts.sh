#!/bin/bash
# Which workload a tree is of: scripts by their name, else what lives longest of what they start; and that what is offered can be followed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need python3
cd "$TMP" || exit 1

runc=3,233,138,217,39,257,1,59
sh=/usr/bin/dash
load() { rm -f "$SCAUDIT_DB"*; "$ROOT/tests/lines.py" >log; "$SCAUDIT" ingest -q --node n log; }
names() { "$SCAUDIT" workloads -q | sed 1d | cut -f2 | sort | tr '\n' ';'; }
own() { printf '0x7%05d000000' "$1"; } # an address space of its own
# began PID SCRIPT: a container whose entrypoint is this script (sh: a shell that is told what to do)
began() { printf '%s runc:[2:INIT] / %s\n%s %s %s 12,9,257 %s\n' "$1" "$runc" "$1" "$2" "$sh" "$(own "$1")"; }
# ran PID BY COMM EXE NR,NR... [MS]: the script's pid forks, and its child execs
ran() { printf '%s %s %s 57 %s\n%s %s %s 3,59 %s\n%s %s %s %s %s\n' "$2" "$by" "$sh" "$(own "$2")" "$1" "$by" "$sh" "$(own "$2")" "$1" "$3" "$4" "$5" "$(own "$1")"; }

# ---- scripts by their name ----
two() { # two services that begin alike: each makes a folder, and runs a server of its own
	by=$1
	began 100 "$by"; ran 101 100 mkdir /usr/bin/mkdir 12,83,231; ran 102 100 cat /usr/bin/cat 12,0,231; ran 103 100 serve /usr/bin/serve 12,41,49,231
	by=$2
	began 200 "$by"; ran 201 200 mkdir /usr/bin/mkdir 12,83,231; ran 202 200 cat /usr/bin/cat 12,0,1,231; ran 203 200 batch /usr/bin/batch 12,82,231
}
two web.sh nightly.sh | load
ok "two scripts are two workloads, by their names" is "$(names)" "runc:[2:INIT] > nightly.sh;runc:[2:INIT] > web.sh;"
for comm in cat mkdir sh; do
	[ $comm != sh ] || continue
	run "$SCAUDIT" profile --comm $comm
	ok "$comm, which both run, means several: no mixed list" is "$status $(wc -c <out)" "1 0"
	ok "... each under the name that the table has" test "$(grep -cE '\((web|nightly).sh: 1 tree' err)" = 2
done
run "$SCAUDIT" profile --comm serve --format names
ok "what only one runs gives that one" is "$status $(grep -c '^rename$' out)" "0 0"
two sh bash | sed 's/ bash / sh /' | load
ok "shells that are told what to do: what they run" is "$(names)" "runc:[2:INIT] > sh > batch;runc:[2:INIT] > sh > serve;"
two docker-entrypoi docker-entrypoi | load
ok "one name is one workload" is "$(names)" "runc:[2:INIT] > docker-entrypoi;"
{ began 100 init.sh; printf '100 init.sh %s 59 %s\n100 nginx /usr/sbin/nginx 12,9,49 0x7f55550000\n' "$sh" "$(own 100)"; } | load
ok "a script that ends in an exec: what it became" is "$(names)" "runc:[2:INIT] > init.sh > nginx;"
{ by=tini; sh=/usr/bin/tini; began 100 tini; ran 101 100 run.sh /usr/bin/bash 12,9,257; sh=/usr/bin/bash by=run.sh; printf '101 run.sh /usr/bin/bash 57 %s\n102 run.sh /usr/bin/bash 3,59 %s\n102 cat /usr/bin/cat 12,0,231 %s\n' "$(own 101)" "$(own 101)" "$(own 102)"; sh=/usr/bin/dash; } | load
ok "a script under tini" is "$(names)" "runc:[2:INIT] > tini > run.sh;"
sh=/usr/bin/dash
{ began 100 sh; printf '100 sh %s 59 %s\n100 app.py /usr/bin/python3.11 12,9,257 0x7f66660000\n' "$sh" "$(own 100)"; } | load
ok "a script of another interpreter" is "$(names)" "runc:[2:INIT] > sh > app.py;"
printf '70 app.py /usr/bin/python3.11 12,9,257\nwait 5000\n70 worker-1 /usr/bin/python3.11 12,202\n' | load
ok "... whose exec was not seen: by its first thread" is "$("$SCAUDIT" workloads --json | grep -c 'app.py')" 1
printf '70 python3 /usr/bin/python3.11 12,9,257\nwait 5000\n70 worker-1 /usr/bin/python3.11 12,202\n' | load
ok "... and a thread's name is none" is "$("$SCAUDIT" workloads --json | grep -c 'worker')" 0
{ began 100 sh; printf '100 sh %s 59 %s\n100 job.sh /bin/busybox 12,9,257 0x7f66660000\n' "$sh" "$(own 100)"; } | load
ok "a script of busybox" is "$(names)" "runc:[2:INIT] > sh > job.sh;"

{ began 100 web.sh | sed 's/,59$/,1/'; by=web.sh; ran 101 100 cat /usr/bin/cat 12,0,231; } | load
ok "a script whose execve is lost has the same name" is "$(names)" "runc:[2:INIT] > web.sh;"
{ began 100 sh; by='sh'; ran 101 100 web.sh $sh 12,257,0 | sed 's/ 3,59 / 257,3 /'; } | load
ok "... in a process of its own" is "$(names)" "runc:[2:INIT] > sh > web.sh;"

# ---- else what lives longest ----
serves() { by='sh'; began "$1" sh; ran "$1"1 "$1" mkdir /usr/bin/mkdir 12,83,231; ran "$1"2 "$1" chown /usr/bin/chown 12,92,231; }
{ serves 100; ran 1003 100 rabbit /usr/bin/rabbit 12,9,41; echo wait 60000; printf '1003 rabbit /usr/bin/rabbit 1,231 %s\n' "$(own 1003)"; } | load
ok "the service, not the first helper" is "$(names)" "runc:[2:INIT] > sh > rabbit;"
{ serves 100; ran 1003 100 sleep /usr/bin/sleep 12,230; echo wait 90000; printf '1003 sleep /usr/bin/sleep 231 %s\n' "$(own 1003)"; ran 1004 100 rabbit /usr/bin/rabbit 12,9,41,231; } | load
ok "... nor one that waits longer" is "$(names)" "runc:[2:INIT] > sh > rabbit;"
{ by='sh'; began 100 sh; ran 1001 100 sleep /usr/bin/sleep 12,230; echo wait 500; printf '1001 sleep /usr/bin/sleep 231 %s\n' "$(own 1001)"; ran 1002 100 cat /usr/bin/cat 12,0,231; } | load
ok "helpers alone: the one that lives longest" is "$(names)" "runc:[2:INIT] > sh > sleep;"
{ serves 100; ran 1003 100 initdb /usr/bin/initdb 12,9,83; echo wait 3000; printf '1003 initdb /usr/bin/initdb 231 %s\n' "$(own 1003)"; ran 1004 100 postgres /usr/bin/postgres 12,9,41; echo wait 90000
  printf '1004 postgres /usr/bin/postgres 1,231 %s\n' "$(own 1004)"; } | load
ok "... of two the one that stays" is "$(names)" "runc:[2:INIT] > sh > postgres;"
for order in "1003 alpha 1004 beta" "1003 beta 1004 alpha" "1004 alpha 1003 beta"; do
	set -- $order
	{ serves 100; ran "$1" 100 "$2" "/usr/bin/$2" 12,9,41; echo wait 5; ran "$3" 100 "$4" "/usr/bin/$4" 12,9,41; echo wait 60000
	  printf '%s %s /usr/bin/%s 1,231 %s\n' "$1" "$2" "$2" "$(own "$1")" "$3" "$4" "$4" "$(own "$3")"; } | load
	ok "two that live as long ($order): the same for each start" is "$(names)" "runc:[2:INIT] > sh > alpha;"
done

# thinned logs: every second line, and others
{ two web.sh nightly.sh; } >short
"$ROOT/tests/lines.py" <short >whole.log
bad=0
for seed in $(seq 30); do
	awk -v seed="$seed" 'BEGIN { srand(seed) } rand() < 0.5' whole.log >log
	rm -f "$SCAUDIT_DB"*
	"$SCAUDIT" ingest -q --node n log
	run "$SCAUDIT" profile --comm mkdir --comm cat --comm serve --comm batch --format names
	# one list may hold what one script did, and never what both did
	if [ "$status" = 0 ] && grep -q '^bind$' out && grep -q '^rename$' out; then bad=$((bad + 1)); fi
done
ok "half of the lines, thirty times: no list of both scripts" is "$bad" 0

# the same before and after its evidence is summed up, and in any order
two web.sh nightly.sh | load
before=$(names)
"$SCAUDIT" fold --keep-trees 0 -q
ok "summed up: the same names" is "$(names)" "$before"
two web.sh nightly.sh | load
"$SCAUDIT" workloads -q --json >forward
tac log >back
rm -f "$SCAUDIT_DB"*
"$SCAUDIT" ingest -q --node n back
"$SCAUDIT" workloads -q --json >backward
ok "read backwards: the same" cmp forward backward

# ---- advice: each command that stderr offers runs, and does what its sentence says ----
offered=0
# follow NAME: runs each command of $TMP/err; a list of several holds what the one before it holds
follow() {
	local line command bad='' before=$1

	cp err said
	[ -e "$before" ] || : >"$before"
	while IFS= read -r line; do
		command=$(grep -oE 'scaudit [a-z]+( .*)?' <<<"$line" | sed -E 's/  \(.*//; s/ (tells|lists|shows).*//; s/[;,.] .*//; s/\)$//')
		case $command in
		'scaudit doctor' | '') continue ;; # it makes records
		'scaudit status' | 'scaudit workloads') command="$command -q" ;;
		esac
		offered=$((offered + 1))
		(eval "${command/scaudit/"$SCAUDIT"}" >offer 2>offer.err) || bad="$bad; $command: $(cat offer.err)"
		case $line in *'one list for both'* | *--explain*) ;; *'--workload '*' --workload '*)
			[ -z "$(comm -23 <(grep -o '"[a-z_0-9]*"' "$before" | sort -u) <(grep -o '"[a-z_0-9]*"' offer | sort -u))" ] || bad="$bad; $command lacks what it should add to" ;;
		esac
		[ -s offer ] || bad="$bad; $command: nothing"
	done <said
	[ -z "$bad" ] || echo "$bad"
	[ -z "$bad" ]
}
ask() { run "$SCAUDIT" profile "${@:2}"; cp out list; ok "advice, $1" follow list; }
{ two web.sh nightly.sh; } | load
ask "two scripts" --comm cat
ask "... with a time and a node" --comm cat --since 2026-01-01 --node n
ask "... of a block-list" --comm cat --format oci
{ began 100 web.sh; by=web.sh; ran 101 100 serve /usr/bin/serve 12,41,49; echo wait 2000; began 300 sh; by='sh'; ran 301 300 curl /usr/bin/curl 12,42,231; } | load
ask "a service and its probe" --comm serve --verbose
ok "... which is named" warns '1 other tree began .*'
ask "... of its thread alone" --comm web.sh --verbose
run "$SCAUDIT" profile --comm serve --workload "$("$SCAUDIT" workloads -q | awk -F'\t' '/curl/ { print $1 }')"
ok "options that exclude each other: what was asked for is there" warns "comm 'serve' is there, but not with the other options"
ok "... and nothing of that name is the nearest" test "$(grep -c 'nearest' err)" = 0
ok "... advice" follow list
run "$SCAUDIT" profile --comm "$(printf 'sp ace')"
ok "a name that is not there: others are near" warns "no comm 'sp ace'; the nearest: "
rm -f "$SCAUDIT_DB"*
"$SCAUDIT" ingest -q --node node01 "$SAMPLES"/java-threads.log "$SAMPLES"/pipeline.log "$SAMPLES"/runc-start.log "$SAMPLES"/i386.log "$SAMPLES"/denials.log
for comm in java perl sort ls sh i386 'runc:[2:INIT]' nonsense; do
	ask "samples, $comm" --comm "$comm" --verbose
done
for row in "--exe perl" "--root runc:[2:INIT]" "--all --union" "--node node01" "--comm java --only"; do
	# shellcheck disable=SC2086
	ask "samples, $row" $row --verbose
done
ok "commands were offered ($offered)" test "$offered" -ge 15

# each option that a sentence names is one of the command that says it
"$SCAUDIT" profile --help >help
bad=''
for row in "--comm perl" "--comm sort" "--all --union" "--comm java" "--all"; do
	# shellcheck disable=SC2086
	run "$SCAUDIT" profile $row --verbose
	for option in $(sed -E 's/scaudit [a-z]+ .*//' err | grep -oE -e '--[a-z-]+' | sort -u); do
		grep -qE -e "(^|[ ,])$option\b" help || bad="$bad $option"
	done
done
ok "options that sentences name exist" is "$bad" ''

# trees that are known to be elsewhere are not offered; those that run the service's own programs come first
crowd() {
	began 100 web.sh; by=web.sh; ran 101 100 serve /usr/bin/serve 12,41,49
	for i in 2 3 4 5 6; do echo wait 100; began ${i}00 sh; by='sh'; ran ${i}01 ${i}00 other$i /usr/bin/other$i 12,42,231; done
	echo wait 100; began 900 sh; by='sh'; ran 901 900 serve /usr/bin/serve 12,42,231
}
crowd | load
run "$SCAUDIT" profile --comm web.sh --verbose -o /dev/null
ok "a crowd: what runs the service's own program comes first" is "$(grep -E '^scaudit:   scaudit' err | head -n 1 | grep -c 'sh > serve')" 1
ok "... three, and how many more" warns '  and 3 more workloads: scaudit workloads lists them'
if command -v sqlite3 >/dev/null; then
	sqlite3 "$SCAUDIT_DB" "INSERT INTO place (id, node, runtime, container, container_name, pod, pod_name, namespace, unit, image)
		SELECT 1, id, x'', x'61616161', x'', x'', x'', x'', x'', x'' FROM node LIMIT 1;
		INSERT INTO place (id, node, runtime, container, container_name, pod, pod_name, namespace, unit, image)
		SELECT 2, id, x'', x'62626262', x'', x'', x'', x'', x'', x'' FROM node LIMIT 1;
		INSERT INTO tree_place (tree, place, trusted) SELECT DISTINCT tree, 1, 0 FROM image_part WHERE pid = 100;
		INSERT INTO tree_place (tree, place, trusted) SELECT DISTINCT tree, 2, 0 FROM image_part WHERE pid IN (200, 300, 400, 500, 600)" 2>err ||
		cat err
	run "$SCAUDIT" profile --comm web.sh --verbose -o /dev/null
	ok "... those known to be in another container are not" is "$(grep -c 'other[2-6]' err) $(grep -c 'sh > serve' err)" "0 1"
fi
run "$SCAUDIT" profile --tree "$("$SCAUDIT" workloads -q --by tree | awk -F'\t' '/web.sh/ { print $1 }')" --verbose -o /dev/null
ok "one tree was not started in several ways" test "$(grep -c 'started in' err)" = 0
