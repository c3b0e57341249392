#!/bin/bash
# The steps of a rollout: profile --stage, --errno, --siblings, --target.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need jq
run "$SCAUDIT" profile --stage observe
ok "observe with nothing: the profile to begin with" is "$status" 0
ok "... lets all through and logs it" is "$(jq -r '.defaultAction + " " + (.syscalls | length | tostring)' "$TMP/out")" "SCMP_ACT_LOG 0"
[ "$(uname -m)" != x86_64 ] || ok "... by every door of the machine" is "$(jq -r '.architectures | join(" ")' "$TMP/out")" "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32"
for format in json spo docker pod; do
	run "$SCAUDIT" profile --stage observe --format $format
	ok "... as $format" is "$status" 0
done
run "$SCAUDIT" profile --stage observe --explain
ok "... and its table, which is empty" lines 1 "$TMP/out"

"$SCAUDIT" ingest -q --node node01 "$SAMPLES"/*.log
run "$SCAUDIT" profile --comm java --stage observe
ok "observe: known names are allowed, all else is logged" is "$(jq -r '.defaultAction + " " + .syscalls[0].action' "$TMP/out")" "SCMP_ACT_LOG SCMP_ACT_ALLOW"
run "$SCAUDIT" profile --comm no-such --stage observe
ok "observe: nothing matches, so it begins" is "$(jq -r '.syscalls | length' "$TMP/out")" 0
run "$SCAUDIT" profile --comm java --stage canary
ok "canary: refuses" is "$(jq -r '.defaultAction' "$TMP/out")" SCMP_ACT_ERRNO
ok "... and logs, without losing what the runtime sets by itself" is "$(jq -r '.flags | join(" ")' "$TMP/out")" "SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW"
run "$SCAUDIT" profile --comm java --stage kill
ok "kill" is "$(jq -r '.defaultAction + " " + (.defaultErrnoRet | tostring)' "$TMP/out")" "SCMP_ACT_KILL_PROCESS null"
run "$SCAUDIT" profile --comm java --stage enforce --errno ENOSYS
ok "another errno" is "$(jq -r .defaultErrnoRet "$TMP/out")" 38
ok "... and what it does" warns 'ENOSYS: C libraries fall back'
run "$SCAUDIT" profile --comm java --errno EPERM
ok "EPERM: what it does" warns 'ENOSYS would make them fall back'
ok "... and above which number runc answers otherwise" warns 'runc answers ENOSYS .*x86_64 above 435 \(clone3\), such as close_range, openat2, .* and [0-9]+ more$'

run "$SCAUDIT" profile --comm java --siblings show
ok "siblings are shown, not taken" warns '^scaudit: [0-9]+ siblings, without evidence and not in the list: '
ok "... not taken" is "$(jq -r '[.syscalls[].names[]] | index("clone")' "$TMP/out")" null
run "$SCAUDIT" profile --comm java --siblings add
ok "siblings are taken where they are asked for" is "$(jq -r '[.syscalls[].names[]] | index("clone") != null' "$TMP/out")" true
run "$SCAUDIT" profile --comm java --siblings add --explain
ok "... and marked" says '^clone.0.0.0.-.-.sibling'

run "$SCAUDIT" profile --comm java --stage canary --target runc-1.1
ok "a target that refuses it: 2" is "$status" 2
ok "... and why" warns 'runc-1.1 refuses flags'
ok "... and nothing is written" lines 0 "$TMP/out"
run "$SCAUDIT" profile --comm java --stage canary --target crun
ok "a target that takes it" is "$status" 0

for bad in "--stage maybe" "--stage kill --default-action log" "--stage kill --errno EPERM" "--errno 0" "--errno ENOTHING" "--siblings maybe" "--target nobody"; do
	# shellcheck disable=SC2086  # options
	run "$SCAUDIT" profile --comm java $bad
	ok "usage: $bad" is "$status" 2
done

# a round that was recorded under an observe profile: what that allowed left no records, and stays
echo '{"defaultAction": "SCMP_ACT_LOG", "syscalls": [{"names": ["sendmsg", "read"], "action": "SCMP_ACT_ALLOW"}]}' >"$TMP/observe.json"
"$SCAUDIT" ingest -q --db "$TMP/round.db" --logged-under "$TMP/observe.json" "$SAMPLES/java-threads.log"
run "$SCAUDIT" profile --db "$TMP/round.db" --comm java
ok "what was allowed while it was recorded is kept" is "$(jq -r '[.syscalls[].names[]] | index("sendmsg") != null' "$TMP/out")" true
ok "... and that is said" warns 'recorded under observe.json .*: kept, as not observable: sendmsg$'
run "$SCAUDIT" profile --db "$TMP/round.db" --comm java --explain
ok "... and marked" says '^sendmsg.0.0.0.-.-.not observable'
run "$SCAUDIT" profile --db "$TMP/round.db" --comm java --only --format names
ok "... not where only is asked for" is "$(grep -c '^sendmsg$' "$TMP/out")" 0
echo 'SystemCallFilter=@system-service' >"$TMP/unit"
"$SCAUDIT" ingest -q --db "$TMP/unit.db" --logged-under "$TMP/unit" "$SAMPLES/java-threads.log"
run "$SCAUDIT" profile --db "$TMP/unit.db" --comm java
ok "a unit with a set: what the set allows is kept" warns 'recorded under unit .*: kept, as not observable: .* and [0-9]+ more$'
ok "... what is dangerous in it is shown" warns '[a-z_]+ \(not observable\)'
echo 'SystemCallFilter=@nonsense' >"$TMP/unit"
run "$SCAUDIT" ingest -q --db "$TMP/unread.db" --logged-under "$TMP/unit" "$SAMPLES/java-threads.log"
ok "one that cannot be read whole: exit 2, and why" test "$status $(grep -c 'line 1: what is in @nonsense is not known here' "$TMP/err")" = "2 1"
echo 'SystemCallLog=read' >"$TMP/read" # as an older run may have kept it
"$SCAUDIT" ingest -q --db "$TMP/unread.db" --logged-under "$TMP/read" "$SAMPLES/java-threads.log"
sqlite3 "$TMP/unread.db" "UPDATE policy SET name = 'unit', text = CAST('SystemCallFilter=@nonsense' AS BLOB)"
run "$SCAUDIT" profile --db "$TMP/unread.db" --comm java
ok "one that cannot be read: said" warns 'not all of it can be read here, so keep its names'

# every name is in every format, whatever it stands on
more=(--comm java --siblings add --runtime runc --db "$TMP/round.db")
"$SCAUDIT" profile -q "${more[@]}" --format names | sort >"$TMP/names"
ok "names of all grounds" is "$("$SCAUDIT" profile -q "${more[@]}" --format json | jq -r '[.syscalls[].ground] | unique | join(" ")')" \
	"floor not observable runtime seen sibling"
for format in oci docker json; do
	"$SCAUDIT" profile -q "${more[@]}" --format $format | jq -r '.syscalls[] | .name // .names[]' | sort >"$TMP/got"
	ok "$format: all of them" diff "$TMP/names" "$TMP/got"
done
ok "docker: each with its reason" is "$("$SCAUDIT" profile -q "${more[@]}" --format docker | jq -r '[.syscalls[1:][].comment | sub(",.*"; "")] | join("; ")')" \
	"from the floor; what the runtime needs; siblings of what was seen; allowed while it was recorded"

# a base: extended by what was seen, tightened by what was not
cat >"$TMP/base.json" <<-'END'
	{"defaultAction": "SCMP_ACT_KILL_PROCESS", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
	 {"names": ["bpf", "read"], "action": "SCMP_ACT_ALLOW"},
	 {"names": ["prctl"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 15, "op": "SCMP_CMP_EQ"}]},
	 {"names": ["mprotect"], "action": "SCMP_ACT_ERRNO", "errnoRet": 12}]}
END
run "$SCAUDIT" profile --comm java --base "$TMP/base.json"
ok "a base keeps its default" is "$(jq -r .defaultAction "$TMP/out")" SCMP_ACT_KILL_PROCESS
ok "... its rules, in their order" is "$(jq -c '[.syscalls[:3][] | [.names, .action, (.args | length)]]' "$TMP/out")" \
	'[[["bpf","read"],"SCMP_ACT_ALLOW",0],[["prctl"],"SCMP_ACT_ALLOW",1],[["mprotect"],"SCMP_ACT_ERRNO",0]]'
ok "... and gets what it lacks" is "$(jq -r '.syscalls[3].names | index("futex") != null and index("read") == null' "$TMP/out")" true
ok "what it denies by name is left, and said" warns 'needed and left as they are, a rule of the base answers otherwise: mprotect$'
ok "what depends on arguments is left, and said" warns 'needed and left as they are, it depends on arguments.*: prctl'
cp "$TMP/out" "$TMP/extended.json"
run "$SCAUDIT" check "$TMP/extended.json" --comm java
ok "check agrees: only that is refused" warns 'calls that were seen, 1 would be refused, [01] depend on arguments$'
run "$SCAUDIT" profile --comm java --base "$TMP/base.json" --tighten
ok "--tighten takes off what nothing shows" is "$(jq -c '.syscalls[0].names' "$TMP/out")" '["read"]'
ok "... and says so" warns 'taken off the base, no evidence: bpf$'
run "$SCAUDIT" profile --comm java --base "$TMP/extended.json"
ok "an extended base lacks nothing more" is "$(jq -c '.syscalls | length' "$TMP/out")" 4

# a base that allows all else: a stage turns that round, so all that is needed has to be added
echo '{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}]}' \
	>"$TMP/open.json"
for stage in observe canary enforce kill; do
	"$SCAUDIT" profile -q --comm java --base "$TMP/open.json" --stage $stage -o "$TMP/staged.json"
	run "$SCAUDIT" check "$TMP/staged.json" --comm java
	ok "a base that allows by default, $stage: all that was seen passes" warns 'all 49 calls that were seen pass'
	ok "... by name" is "$(jq -c '.syscalls[1].names | length > 40' "$TMP/staged.json")" true
done

# what cannot be judged is not taken off
run "$SCAUDIT" profile --db "$TMP/unread.db" --comm java --base "$TMP/base.json" --tighten
ok "usage: --tighten where the policy in force cannot be read" warns 'recorded under unit .*, of which not all can be read here'
ok "... exit 2" is "$status" 2
echo '{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [{"names": ["read", "raed"], "action": "SCMP_ACT_ALLOW"}]}' \
	>"$TMP/two.json"
run "$SCAUDIT" profile --comm java --base "$TMP/two.json" --tighten
ok "--tighten: architectures by which nothing was seen" warns 'nothing was seen by them: i386$'
ok "an unknown name of a base is said" warns 'two.json: names that no table knows: raed$'

# siblings of a base are those of both
run "$SCAUDIT" profile --comm java --base "$TMP/base.json" --siblings add
ok "a base's siblings are added behind it" is "$(jq -r '.syscalls[-1].names | index("fork") != null' "$TMP/out")" true
ok "... and said" warns '^scaudit: [0-9]+ siblings added, without evidence: '
ok "... none of them is there already" is "$(jq -r '[.syscalls[].names[]] | (length - (unique | length))' "$TMP/out")" 0

# where nothing is known yet, in formats that have a word for it
for format in systemd-log c; do
	run "$SCAUDIT" profile --db "$TMP/none.db" --stage observe --format $format
	ok "the stage to begin with, $format" is "$status" 0
done
ok "... names have none" is "$("$SCAUDIT" profile -q --db "$TMP/none.db" --stage observe --format names 2>/dev/null; echo $?)" 2
run "$SCAUDIT" profile --comm java --evidence "$TMP/same" -o "$TMP/same"
ok "usage: the evidence goes where the list goes" is "$status" 2
"$SCAUDIT" diff "$TMP/base.json" "$TMP/two.json" >/dev/full 2>"$TMP/err"
ok "a full disk is said, whatever the answer" is $? 3

# Docker's: conditions stay where the format has them, and are settled where it has none
cat >"$TMP/moby.json" <<-'END'
	{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "archMap": [
	 {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
	 {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}], "syscalls": [
	 {"names": ["read", "bpf"], "action": "SCMP_ACT_ALLOW"},
	 {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
	 {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "comment": "for root", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
	 {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}],
	  "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390", "s390x"]}}]}
END
run "$SCAUDIT" profile --comm java --base "$TMP/moby.json" --format docker
ok "a base with conditions: what has to be said" warns 'moby.json: what it says of mount depends on capabilities'
run "$SCAUDIT" profile --comm java --base "$TMP/moby.json" --caps docker --format docker
ok "docker: its conditions, comments and architectures stay" is "$(jq -cS 'del(.syscalls[4])' "$TMP/out")" "$(jq -cS . "$TMP/moby.json")"
ok "... and it gets what it lacks" is "$(jq -r '.syscalls[4] | [(.names | index("futex") != null), .includes] | @csv' "$TMP/out")" 'true,'
ok "... with where that comes from" is "$(jq -r '.syscalls[4].comment | startswith("scaudit ")' "$TMP/out")" true
cp "$TMP/out" "$TMP/extended.json"
run "$SCAUDIT" check "$TMP/extended.json" --caps docker --comm java
ok "check reads it: nothing is refused" is "$status" 0
run "$SCAUDIT" profile --comm java --base "$TMP/moby.json" --caps docker --kernel 4.4 --tighten --format docker
ok "docker: --tighten judges what counts here alone" is "$(jq -c '[.syscalls[].names[0]][0:4]' "$TMP/out")" '["read","ptrace","mount","clone"]'
for format in json spo; do
	run "$SCAUDIT" profile --comm java --base "$TMP/moby.json" --caps all --kernel 6.1 --format $format
	ok "$format: its comments stay" says 'comment": "for root"|# for root$'
done
run "$SCAUDIT" profile --comm java --base "$TMP/moby.json" --caps docker --stage canary --target docker-25 --format docker
ok "docker: a stage of a base with conditions" is "$(jq -c '[.flags, .syscalls[1].includes]' "$TMP/out")" \
	'[["SECCOMP_FILTER_FLAG_LOG","SECCOMP_FILTER_FLAG_SPEC_ALLOW"],{"minKernel":"4.8"}]'
run "$SCAUDIT" profile --comm java --base "$TMP/moby.json" --caps all --format oci
ok "oci has no conditions: they are settled" is "$(jq -c '[.archMap, .architectures, [.syscalls[] | .includes], [.syscalls[].names[0]][0:3]]' "$TMP/out")" \
	'[null,["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"],[null,null,null,null],["read","ptrace","mount"]]'

run "$SCAUDIT" profile --comm java --tighten
ok "usage: --tighten without a base" is "$status" 2
run "$SCAUDIT" profile --comm java --base "$TMP/nothing.json"
ok "usage: a base that is not there" is "$status" 2
