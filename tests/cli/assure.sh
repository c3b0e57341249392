#!/bin/bash
# Nothing looks good that is not: what a list, a check and a run of ingest say of evidence that is not all there.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need python3
cd "$TMP" || exit 1

# load [OPTIONS] <<END: a fresh store with these
load() { rm -f "$SCAUDIT_DB"*; "$ROOT/tests/lines.py" >log; "$SCAUDIT" ingest -q --node n "$@" log; }
runc=3,233,138,217,39,257,1,59        # what runc 1.1.5 does in each start, no-new-privileges or not
program=12,9,257,0,231                # brk mmap openat read exit_group

# ---- 1: a loader alone is no start ----
for row in "runc:runc:[2:INIT] /" "crun:crun /usr/bin/crun" "bwrap:bwrap /usr/bin/bwrap" "systemd:(web) /usr/lib/systemd/systemd"; do
	name=${row%%:*} who=${row#*:}
	load <<<"70 $who 257,3,1,59"
	run "$SCAUDIT" profile --all
	ok "$name alone: no list" is "$status $(wc -c <out)" "1 0"
	ok "... and why" warns "only the runtime's own first steps are here, no program"
	run "$SCAUDIT" profile --all --runtime "$name" --format names
	ok "... --runtime makes no program of it" is "$status $(wc -c <out)" "1 0"
	ok "... a fragment" is "$("$SCAUDIT" workloads | sed -n 2p | cut -f3,4)" "0	1"
	run "$SCAUDIT" profile --all --stage observe
	ok "... a log-only profile can be had" is "$status" 0
done
echo '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["openat", "close", "write", "exit_group"], "action": "SCMP_ACT_ALLOW"}]}' >noexec.json
load <<<"70 runc:[2:INIT] / 257,3,1"
run "$SCAUDIT" check --all noexec.json
ok "check: what the loader's table knows counts unasked" warns 'under runc 1.1.5 the program would not start: .*execve'
ok "... exit 1" is "$status" 1
ok "... and nothing says that all pass" test "$(grep -c 'all .* pass' err)" = 0
"$SCAUDIT" profile --base noexec.json --stage observe -q -o base.json 2>/dev/null
load <<<"70 bwrap /usr/bin/bwrap 1,61"
run "$SCAUDIT" check --all noexec.json
ok "check: bubblewrap, too" warns 'under bubblewrap 0.8.0 the program would not start: it needs execve'
load <<END
70 runc:[2:INIT] / $runc
70 web /usr/bin/web $program
END
run "$SCAUDIT" check --all noexec.json
ok "check: a whole start is judged by what it did" test "$(grep -c 'under runc' err)" = 0
load <<END
70 runc:[2:INIT] / 257,3,59
70 web /usr/bin/web $program
END
run "$SCAUDIT" profile --all --runtime runc --format names
ok "--runtime completes a start that is not whole" test "$(grep -cE '^(capset|fstatfs|setgroups)$' out)" = 3
ok "... and says so" warns 'no whole start by runc was seen; what runc 1.1.5 needs stands in for it'
load <<END
70 runc:[2:INIT] / $runc,126
70 web /usr/bin/web $program
END
run "$SCAUDIT" profile --all --runtime runc --format names
ok "... nor one that has some of what takes privileges, and not all" test "$(grep -cE '^(capget|setgroups)$' out)" = 2
load <<END
70 runc:[2:INIT] / $runc
70 web /usr/bin/web $program
END
run "$SCAUDIT" profile --all --runtime runc --format names
ok "... a whole one under no-new-privileges is left alone" test "$(grep -c '^capset$' out)" = 0
load <<END
70 runc:[2:INIT] / 257,3
wait 5000
71 runc:[2:INIT] / $runc
71 web /usr/bin/web $program
END
run "$SCAUDIT" profile --all
ok "beside another start: a fragment among them" warns '2 trees \(1 start, 1 fragment\)'
run "$SCAUDIT" profile --comm 'runc:[2:INIT]' --only --tree "$("$SCAUDIT" workloads --by tree | awk -F'\t' '/web/ { print $1 }')" --format names
ok "--only: a loader's own calls can be asked for" is "$status" 0
run "$SCAUDIT" profile --all --until @1790000003
ok "a time in which only the loader acted: no list" is "$status $(wc -c <out)" "1 0"
run "$SCAUDIT" diff --all noexec.json
load <<<"70 runc:[2:INIT] / 257,3"
run "$SCAUDIT" diff noexec.json --all
ok "diff with such evidence: exit 1, and why" warns 'no program: nearly all records were lost'
load <<<"70 web /usr/bin/web 257,3"
run "$SCAUDIT" profile --all --base noexec.json --tighten
ok "--tighten: nothing is taken off by a fragment" is "$status $(wc -c <out)" "1 0"
ok "... and why" warns 'no start is among the trees'

# starts of one program are compared, and no others
{
	for pid in 81 82 83; do
		echo "$pid runc:[2:INIT] / $runc"
		echo "$pid web$pid /usr/bin/web$pid $program,$pid"
		echo "wait 3000"
	done
} >three
load <three
run "$SCAUDIT" profile --all --verbose -o /dev/null
ok "three programs once each: no call is rare" test "$(grep -c 'in only 1 of' err)" = 0
sed -E 's/web8[0-9]/web/g' three >same
load <same
run "$SCAUDIT" profile --all --verbose -o /dev/null
ok "one program three times: what one start alone did is" warns '[0-9] in only 1 of 3 starts of web, so more are likely to come: '
{ cat same; for pid in 91 92 93 94 95; do printf '%s runc:[2:INIT] / %s\n%s probe /usr/bin/probe 12,231\nwait 3000\n' $pid "$runc" $pid; done; } >probed
load <probed
run "$SCAUDIT" profile --all --verbose -o /dev/null
ok "... and probes beside it change nothing of that" warns '[0-9] in only 1 of 3 starts of web, '
{ cat same; printf '96 runc:[2:INIT] / %s\n96 probe /usr/bin/probe 12,81,82,83,231\n' "$runc"; } >known
load <known
run "$SCAUDIT" profile --all --verbose -o /dev/null
ok "... what another program shows is not by chance" test "$(grep -c 'in only 1 of' err)" = 0

# ---- 2: a process lives until its end was seen ----
idle="70 runc:[2:INIT] / $runc
70 web /usr/bin/web 12,9,257,0,232"
probe="75 runc:[2:INIT] / $runc
75 nc /usr/bin/nc $program"
load <<END
$idle
wait 500
$probe
END
run "$SCAUDIT" profile --comm web --verbose -o /dev/null
ok "an idle service: its probe is named" warns '1 other tree began under the same loader while this one lived'
command=$(grep -oE 'scaudit profile .* --workload [0-9a-f]{10}  ' err | head -n 1)
ok "... with a command that takes both" is "$(eval "${command/scaudit/"$SCAUDIT"} --format names --output names -q"; grep -c . names)" \
	"$("$SCAUDIT" profile --all -q --format names | wc -l)"
load <<END
$idle
wait 86400000
$probe
END
run "$SCAUDIT" profile --comm web --verbose -o /dev/null
ok "... a day later" warns '1 other tree began'
load <<END
$idle
70 web /usr/bin/web 231
wait 500
$probe
END
run "$SCAUDIT" profile --comm web --verbose -o /dev/null
ok "after its exit: no other tree" test "$(grep -c 'other tree' err)" = 0
load <<END
$idle
wait 500
70 cron /usr/sbin/cron 12,9
wait 500
$probe
END
run "$SCAUDIT" profile --comm web --verbose -o /dev/null
ok "after its pid came back: no other tree" test "$(grep -c 'other tree' err)" = 0
printf '%s\n' "$idle" | "$ROOT/tests/lines.py" 5000 >log
printf 'wait 600000\n%s\n' "$probe" | "$ROOT/tests/lines.py" 1 >>log
rm -f "$SCAUDIT_DB"*
"$SCAUDIT" ingest -q --node n log
run "$SCAUDIT" profile --comm web --verbose -o /dev/null
ok "after a reboot: no other tree" test "$(grep -c 'other tree' err)" = 0
load <<END
70 runc:[2:INIT] / $runc
70 web /usr/bin/web 12,9,57
71 web /usr/bin/web 0 
70 web /usr/bin/web 231
wait 500
$probe
END
run "$SCAUDIT" profile --comm web --verbose -o /dev/null
ok "its child lives on: the probe is named" warns '1 other tree began'

# ---- 3: conditions in the policy in force ----
rule() { printf '{"names": ["%s"], "action": "SCMP_ACT_ALLOW"%s}' "$1" "${2:+, \"args\": [$2]}"; }
arg() { printf '{"index": %s, "value": %s, "op": "SCMP_CMP_%s"}' "$1" "$2" "${3:-EQ}"; }
under() { printf '{"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [%s]}\n' "$1"; }
refuse() { printf '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [%s]}\n' "$1"; }
start="70 sh /usr/bin/sh 59
70 web /usr/bin/web $program"
under "$(rule personality "$(arg 0 0)"), $(rule personality "$(arg 0 8)")" >in.json
load --logged-under in.json <<<"$start"
run "$SCAUDIT" profile --all --floor none
ok "a rule with conditions: kept with them" is "$(python3 -c 'import json; print(sorted(a["value"] for r in json.load(open("out"))["syscalls"] if r["names"] == ["personality"] for a in r["args"]))')" "[0, 8]"
ok "... and said" warns 'for some arguments, kept with its conditions: personality'
ok "... and not complete" test "$(grep -c '^scaudit: complete' err)" = 0
run "$SCAUDIT" profile --all --floor none --format names
ok "a format without conditions has the name" says '^personality$'
ok "... and says so" warns 'allowed whatever the arguments, since names has no conditions on them: personality'
run "$SCAUDIT" profile --all --floor none --format systemd
ok "... systemd" says 'SystemCallFilter=.*personality'
refuse "$(rule read)" >base.json
run "$SCAUDIT" profile --all --floor none --base base.json
ok "a base is given it with its conditions" is "$(python3 -c 'import json; print(sum(len(r.get("args", [])) for r in json.load(open("out"))["syscalls"] if "personality" in r["names"]))')" 2
under "$(rule clone "$(arg 0 2114060288 MASKED_EQ | sed 's/}/, "valueTwo": 0}/')")" >in.json
load --logged-under in.json <<<"$start"
run "$SCAUDIT" profile --all --floor none --format pfc
ok "... a masked one" says 'clone'
under "$(rule socket "$(arg 0 1)"), $(rule read)" >in.json
load --logged-under in.json <<<"70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,9,41,231"
run "$SCAUDIT" profile --all --floor none --format names
ok "what failed the condition is on record, and allowed whole" is "$(grep -cE '^(socket|read)$' out) $(grep -c whatever err)" "2 0"
printf '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_LOG"}]}\n' >in.json
load --logged-under in.json <<<"$start"
run "$SCAUDIT" profile --all
ok "a policy that lets through all else: nothing is complete" warns 'INCOMPLETE: .*lets through what it does not name, without a record. Do not enforce'

# the other way round: a record proves that no condition held
made="70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,41,231"
some="$(rule execve), $(rule brk), $(rule exit_group)"
proves() { # NAME EXPECTED STATUS RULES-IN-FORCE RULES-CHECKED
	under "$4" >in.json; refuse "$some, $5" >checked.json
	load --logged-under in.json <<<"$made"
	run "$SCAUDIT" check --all checked.json
	ok "$1" is "$status $(cut -f1,3 out | sed -n 's/^socket\t//p')" "$3 $2"
}
proves "the same condition: refused" refused 1 "$(rule socket "$(arg 0 2)")" "$(rule socket "$(arg 0 2)")"
proves "one that is narrower: refused" refused 1 "$(rule socket "$(arg 0 2)")" "$(rule socket "$(arg 0 2), $(arg 1 1)")"
proves "one that is wider: it depends" "depends on arguments" 0 "$(rule socket "$(arg 0 2), $(arg 1 1)")" "$(rule socket "$(arg 0 2)")"
proves "another value: it depends" "depends on arguments" 0 "$(rule socket "$(arg 0 2)")" "$(rule socket "$(arg 0 3)")"
proves "another comparison: it depends" "depends on arguments" 0 "$(rule socket "$(arg 0 2)")" "$(rule socket "$(arg 0 2 GE)")"
proves "alternatives, all of them known: refused" refused 1 "$(rule socket "$(arg 0 1), $(arg 0 2)")" "$(rule socket "$(arg 0 2), $(arg 0 1)")"
proves "alternatives, one of them not: it depends" "depends on arguments" 0 "$(rule socket "$(arg 0 1)")" "$(rule socket "$(arg 0 2), $(arg 0 1)")"
proves "two rules, both known: refused" refused 1 "$(rule socket "$(arg 0 1)"), $(rule socket "$(arg 0 2)")" "$(rule socket "$(arg 0 2)"), $(rule socket "$(arg 0 1)")"
proves "a rule for some capability: it depends" "depends on arguments" 0 \
	"$(rule socket "$(arg 0 2)" | sed 's/}$/, "includes": {"caps": ["CAP_NET_RAW"]}}/')" "$(rule socket "$(arg 0 2)")"
load <<<"$made"
run "$SCAUDIT" check --all checked.json
ok "nothing in force: it depends" is "$status $(cut -f1,3 out | sed -n 's/^socket\t//p')" "0 depends on arguments"
run "$SCAUDIT" check --all --strict checked.json
ok "--strict: exit 1" is "$status" 1
refuse "$some, $(rule socket)" >checked.json
run "$SCAUDIT" check --all --strict checked.json
ok "--strict: what passes passes" is "$status" 0

# ---- 4: a policy in force that cannot be read whole is told at once ----
for row in 'no JSON:{"defaultAction": ' 'an action that is none:{"defaultAction": "SCMP_ACT_LOGG"}' \
	'a member with a slip:{"defaultAction": "SCMP_ACT_LOG", "syscals": []}' 'a set that nobody knows:SystemCallFilter=@nonsense' \
	"a filter of another program:#include <x>"; do
	printf '%s\n' "${row#*:}" >in.policy
	rm -f "$SCAUDIT_DB"*
	run "$SCAUDIT" ingest --node n --logged-under in.policy log
	ok "--logged-under: ${row%%:*}: exit 2" is "$status" 2
	ok "... the file is named" warns '^scaudit: --logged-under: .*in.policy'
	ok "... and nothing was read" test ! -e "$SCAUDIT_DB"
done
run "$SCAUDIT" capture --logged-under in.policy
ok "capture says it as well" is "$status" 2
for row in '"defaultErrnoRet": 1' '"defaultErrno": "EPERM"' '"syscalls": [{"names": ["getpid"], "action": "SCMP_ACT_ALLOW", "errnoRet": 38}]' \
	'"syscalls": [{"names": ["getpid"], "action": "SCMP_ACT_TRAP", "errno": "ENOSYS", "errnoRet": 38}]'; do
	printf '{"defaultAction": "SCMP_ACT_LOG", %s}\n' "$row" >in.json
	run "$SCAUDIT" ingest --node n --logged-under in.json log
	ok "a number that means nothing ($row): read" is "$status" 0
	ok "... and said" warns 'in.json: .*means nothing'
done

# ---- 5: incomplete comes first ----
lossy() { printf '%s\nsay %s\n' "$start" "$1"; }
load <<<"$(lossy 'kauditd_printk_skb: 95 callbacks suppressed')"
run "$SCAUDIT" profile --all
ok "records that were suppressed: first line, share and consequence" is "$(head -n 1 err)" \
	"scaudit: INCOMPLETE: 6 records are here, at least 95 were lost, so at most 5 % arrived. Do not enforce this list; scaudit doctor tells why"
ok "... the list is made" is "$status" 0
load <<<"$(lossy 'audit: audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64')"
run "$SCAUDIT" profile --all
ok "records that the kernel lost" warns '^scaudit: INCOMPLETE: 6 records are here, at least 7 were lost.* Do not enforce'
load <<<"$(lossy 'audit: backlog limit exceeded')"
run "$SCAUDIT" profile --all
ok "a marker without a number" warns '^scaudit: INCOMPLETE: .* without a number. Do not enforce'
run "$SCAUDIT" profile --all --format oci --evidence ev.json -o list.json
ok "... the evidence file says it, too" grep -q INCOMPLETE ev.json
run "$SCAUDIT" check --all noexec.json
ok "check says what its answer rests on" warns '^scaudit: INCOMPLETE: '
run "$SCAUDIT" diff noexec.json --all
ok "... and diff" warns '^scaudit: INCOMPLETE: '

# ---- 6: what ingest ends with ----
status_of() { run "$SCAUDIT" ingest --node n "$@"; echo "$status"; }
printf '\n\n' >blank; printf 'hello\n' >text; printf '\177ELF\2\1\1\n' >elf; printf 'SQLite format 3\0x' >db.db; printf 'PK\3\4x\n' >zip
printf '\377\376a\0\n\0' >utf16; printf 'a\0b\n' >nul; "$ROOT/tests/lines.py" <<<"$start" >good; cut -c1-150 good >cutoff; printf 'audit: backlog limit exceeded\n' >marker
for row in "an empty file /dev/null 0" "blank lines blank 0" "a log without records text 0" "markers alone marker 0" "a program elf 2" "a database db.db 2" \
	"an archive zip 2" "UTF-16 utf16 2" "NUL bytes nul 2" "lines that were cut cutoff 1" "good lines good 0" "the same again good 0"; do
	want=${row##* } file=${row% *} file=${file##* } name=${row% * *}
	[ "$name" = "the same again" ] || rm -f "$SCAUDIT_DB"*
	ok "ingest, $name: exit $want" is "$(status_of "$file")" "$want"
	run "$SCAUDIT" ingest --node n "$file"
	case $name in
	"an empty file") ok "... said to be empty" warns 'the input is empty' ;;
	*) ok "... not called empty" test "$(grep -c 'is empty' err)" = 0 ;;
	esac
done
rm -f "$SCAUDIT_DB"*
ok "one good file and a program: exit 2" is "$(status_of good elf)" 2
ok "... the good one is stored" is "$("$SCAUDIT" status --json | grep -c '"trees": 1')" 1
rm -f "$SCAUDIT_DB"*
ok "one good file and cut lines: exit 0" is "$(status_of good cutoff)" 0
rm -f "$SCAUDIT_DB"*
ok "a good file and an empty one: exit 0" is "$(status_of good /dev/null)" 0

# lines that end too early say so, wherever they were cut
line=$(head -n 1 good)
bad=''
for n in $(seq 50 $((${#line} - 12))); do
	printf '%s\n' "${line:0:n}" >cutoff
	rm -f "$SCAUDIT_DB"*
	"$SCAUDIT" ingest -v --node n cutoff 2>err
	grep -qE 'damaged: .*(ends|closing quote)' err || bad="$bad $n"
done
ok "a line that was cut says that it ends early" is "$bad" ''

# ---- 7: markers before a fragment, and behind the last record of what lives ----
# a log with an uptime, by which the markers have a time
stamped() { # FILE: what lines.py wrote, "say" lines get the time that they stand at
	python3 - "$1" <<-'END'
	import re, sys
	t = None
	lines = open(sys.argv[1]).read().splitlines()
	for i, l in enumerate(lines):
	    m = re.search(r"audit\((\d+\.\d+)", l)
	    t = float(m[1]) if m else (t or float(next(re.search(r"audit\((\d+\.\d+)", x)[1] for x in lines if "audit(" in x)) - 60)
	    import time
	    print(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + ".%06d+00:00 n kernel: %s" % (t % 1 * 1e6, l))
	END
}
marked() { # profile of the log's only fragment
	rm -f "$SCAUDIT_DB"*
	"$ROOT/tests/lines.py" >lines
	stamped lines >log
	"$SCAUDIT" ingest -q log
	run "$SCAUDIT" profile "$@"
}
marked --all <<END
say kauditd_printk_skb: 500 callbacks suppressed
71 web /usr/bin/web 0,1
END
ok "a marker before a fragment bears on it" warns 'INCOMPLETE: 2 records are here, at least 500 were lost'
marked --all <<END
say kauditd_printk_skb: 500 callbacks suppressed
$start
END
ok "... and before a start does not" warns '^scaudit: loss unknown'
marked --comm web <<END
70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,9
wait 400000
80 sh /usr/bin/sh 59
80 cat /usr/bin/cat 12
say kauditd_printk_skb: 40 callbacks suppressed
END
ok "a marker long behind the last record of a server that lives bears on it" warns 'INCOMPLETE: .* at least 40 were lost'
marked --comm web <<END
70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,9,231
wait 400000
80 sh /usr/bin/sh 59
80 cat /usr/bin/cat 12
say kauditd_printk_skb: 40 callbacks suppressed
END
ok "... not where it had ended" warns '^scaudit: loss unknown'
marked --comm nginx <<END
say kauditd_printk_skb: 1234 callbacks suppressed
$start
END
ok "no tree matches: the markers are the answer" warns 'at least 1,234 records were lost in that time, by 1 loss marker, and may be what is asked for'
ok "... and no name that is near" test "$(grep -c nearest err)" = 0
ok "... exit 1" is "$status" 1
run "$SCAUDIT" profile --comm nginx --node elsewhere
ok "... not those of another node" test "$(grep -c 1,234 err)" = 0
marked --comm nginx <<END
say audit: rate limit exceeded
$start
END
ok "... nor a number where there is none" warns '1 loss marker tells of records that were lost'

# ---- 8: loss that the evidence itself shows ----
shows() { # NAME SIGN
	run "$SCAUDIT" profile --all
	ok "$1" test "$(head -n 1 err | grep -cE "INCOMPLETE: records .*missing.*$2.* Do not enforce")" = 1
}
load <<END
70 runc:[2:INIT] / ${runc/233,/}
70 web /usr/bin/web $program
END
shows "a start that lacks a call of its loader's" 'the start lacks epoll_ctl, which runc 1.1.5 calls in each start'
load <<END
70 runc:[2:INIT] / ${runc%,59}
70 web /usr/bin/web $program
END
shows "... its execve" 'the start lacks execve'
load <<END
70 crun /usr/bin/crun 59
70 web /usr/bin/web $program
END
shows "... of crun" 'the start lacks close, which crun 1.8.1'
load <<END
70 sh /usr/bin/sh 59
70 make /usr/bin/make 12,9
70 cc /usr/bin/cc $program
END
shows "a program without its execve" 'a program appears without its execve'
load <<END
70 sh /usr/bin/sh 59
70 sh /usr/bin/dash 12,9,57
71 sh /usr/bin/dash 3
71 cat /usr/bin/cat $program
70 sh /usr/bin/dash 61,231
END
shows "... in a child" 'a program appears without its execve'
load <<END
70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,9
71 web /usr/bin/web 0,231
70 web /usr/bin/web 231
END
shows "a process that nothing forked" 'a process appears without the call that forked it'
load <<END
70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,9,56
71 web /usr/bin/web 0,231
72 web /usr/bin/web 0,231
70 web /usr/bin/web 231
END
shows "two that one call forked" 'a process appears without the call that forked it'
load <<END
70 sh /usr/bin/sh 59
70 web /usr/bin/web 12,9
wait 60000
70 cron /usr/sbin/cron 12,9,231
END
shows "a pid that came back without an exit" 'a pid came back, and no exit of the process before is there'
whole="70 sh /usr/bin/sh 59
70 sh /usr/bin/dash 12,9,57
71 sh /usr/bin/dash 3,59
71 cat /usr/bin/cat $program
70 sh /usr/bin/dash 61,231
wait 60000
70 web /usr/bin/web 59
70 web /usr/bin/nginx 12,9,56,231"
load <<<"$whole"
run "$SCAUDIT" profile --all
ok "a log that is whole shows none of these" test "$(grep -c 'INCOMPLETE' err)" = 0
load <<<"$(sed 's/,231//' <<<"$whole" | sed 's/^70 web .usr.bin.web 59/70 web \/usr\/bin\/web 59/')
70 web /usr/bin/nginx 35 7fff00000000 80000000"
run "$SCAUDIT" profile --comm web
ok "... one that was killed by its filter needs no exit" test "$(grep -c 'came back.*' err)" -le 1
for sample in java-threads.log runc-start.log pipeline.log; do
	rm -f "$SCAUDIT_DB"*
	"$SCAUDIT" ingest -q --node n "$SAMPLES/$sample"
	run "$SCAUDIT" profile --all --union
	ok "a real log, $sample: no false alarm" test "$(grep -c 'INCOMPLETE' err)" = 0
	sed -n 'n;p' "$SAMPLES/$sample" >half.log
	rm -f "$SCAUDIT_DB"*
	"$SCAUDIT" ingest -q --node n half.log
	run "$SCAUDIT" profile --all --union
	ok "... and half of it: said, or no start" warns 'INCOMPLETE: records .*missing|0 starts'
done
under "$(rule execve), $(rule fork)" >in.json
load --logged-under in.json <<END
70 web /usr/bin/web 12,9
70 cat /usr/bin/cat $program
END
run "$SCAUDIT" profile --all
ok "a policy in force that lets execve through: no sign" test "$(grep -c 'without its execve' err)" = 0

# ---- 9: a program's own filter ----
past() { # CALL WORDS
	load <<-END
	70 sh /usr/bin/sh 59
	70 own /usr/bin/own 12,$1,231
	END
	run "$SCAUDIT" profile --all
	ok "own, by $1: never complete" warns "^scaudit: not complete: own $2"
	run "$SCAUDIT" profile --all --default-action kill_process
	ok "... --default-action kill_process says it again" warns "under this list one such call kills: own $2"
	run "$SCAUDIT" profile --all --stage kill
	ok "... and --stage kill" warns "under this list one such call kills: own $2"
	run "$SCAUDIT" profile --all --default-action log
	ok "... not where nothing is killed" test "$(grep -c 'one such call kills' err)" = 0
}
past 317 'loads a filter of its own: what that refuses left no record'
past 157 'calls prctl, which can load a filter of its own'
past 425 'uses io_uring: what is done in its rings leaves no record'
past 426 'uses io_uring'
load <<END
70 runc:[2:INIT] / $runc,317,157
70 web /usr/bin/web $program
END
run "$SCAUDIT" profile --all
ok "a loader's own filter is the one that logs" test "$(grep -c 'not complete' err)" = 0
