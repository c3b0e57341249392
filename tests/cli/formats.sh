#!/bin/bash
#
# Each format of profile, made of the samples: is it what its consumer reads, and does it hold the same names as the others?
#
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

"$SCAUDIT" ingest -q --node $'node01\n*/evil' "$SAMPLES"/java-threads.log "$SAMPLES"/pipeline.log "$SAMPLES"/runc-start.log \
	"$SAMPLES"/i386.log "$SAMPLES"/denials.log

# of FORMAT ARGS...: the profile in $TMP/out
of() {
	local format=$1

	shift
	run "$SCAUDIT" profile --format "$format" "${what[@]}" "$@"
}

what=(--comm java)
of names
cp "$TMP/out" "$TMP/names"
same() { sort "$1" | diff "$TMP/names" -; }

# ---- JSON ----
if command -v jq >/dev/null; then
	for format in oci docker; do
		of $format
		jq -r '.syscalls[].names[]' <"$TMP/out" >"$TMP/got"
		ok "$format: JSON with the same names" same "$TMP/got"
	done
	of docker
	ok "docker: where it comes from, as a comment" says '"comment": "scaudit [0-9.]+: profile --comm java; 1,242 records of 1 tree'
	ok "docker: names without evidence are a rule of their own" is \
		"$(jq -r '.syscalls[] | select(.comment == "from the floor, without evidence").names[]' <"$TMP/out" | tr '\n' ' ')" \
		"clock_nanosleep nanosleep pselect6 restart_syscall rt_sigsuspend shutdown "
	of json
	jq -r '.syscalls[].name' <"$TMP/out" >"$TMP/got"
	ok "json: the same names" same "$TMP/got"
	ok "json: records, trees, starts" is "$(jq -c '.evidence | [.records, .trees, .starts, .fragments]' <"$TMP/out")" '[1242,1,1,0]'
	ok "json: every record is some caller's" is "$(jq '[.syscalls[].callers[].events] | add' <"$TMP/out")" 1242
	ok "json: ... in its name's sum, too" is "$(jq '[.syscalls[].events] | add' <"$TMP/out")" 1242
	ok "json: threads are callers" is "$(jq '[.syscalls[].callers[].comm] | unique | length > 10' <"$TMP/out")" true
	ok "json: numbers" is "$(jq -c '.syscalls[] | select(.name == "openat").numbers' <"$TMP/out")" '[{"arch":"x86_64","nr":257}]'
	ok "json: what stands on the floor" is "$(jq -r '.syscalls[] | select(.ground == "floor") | [.name, .events] | @csv' <"$TMP/out" | tr '\n' ' ')" \
		'"clock_nanosleep",0 "nanosleep",0 "pselect6",0 "restart_syscall",0 "rt_sigsuspend",0 "shutdown",0 '
	ok "json: what is known of loss" is "$(jq -r '.evidence.loss | startswith("loss unknown")' <"$TMP/out")" true
	ok "json: the node, whatever it is called" is "$(jq -r '.evidence.nodes[0].node' <"$TMP/out")" $'node01\n*/evil'
	ok "json: the selector" is "$(jq -r .selector <"$TMP/out")" '--comm java'
	what=(--comm mkdir --union)
	of json
	ok "json: what was denied" is "$(jq -r '.denied[].name' <"$TMP/out" | grep -c '^mkdir$')" 1
	what=(--comm java)
else
	skip "JSON" "no jq here"
fi

# ---- what has no room for comments ----
if command -v jq >/dev/null; then
	what=(--comm java --evidence "$TMP/evidence.json")
	of names
	ok "--evidence: the list is written as ever" same "$TMP/out"
	jq -r '.syscalls[].name' <"$TMP/evidence.json" >"$TMP/got"
	ok "... and beside it with all that is known" same "$TMP/got"
	ok "... where it comes from" is "$(jq -c '.evidence.records' <"$TMP/evidence.json")" 1242
	what=(--comm java --evidence "$TMP/nowhere/evidence.json")
	of names
	ok "--evidence: where it cannot be written" warns "cannot write .*nowhere/evidence.json"
	ok "... exit 3" is "$status" 3
	what=(--comm java)
fi

# ---- YAML ----
if python3 -c 'import yaml' 2>/dev/null; then
	of spo
	ok "spo: what the operator's schema asks for" python3 "$ROOT/tests/cases/seccompprofile.py" "$TMP/out"
	python3 "$ROOT/tests/cases/seccompprofile.py" "$TMP/out" >"$TMP/got"
	ok "spo: the same names" same "$TMP/got"
	ok "spo: called by the program" says '^  name: "java"$'
	for action in kill_process kill_thread trap log; do
		of spo --default-action $action
		ok "spo: $action" python3 "$ROOT/tests/cases/seccompprofile.py" "$TMP/out"
	done
	what=(--comm i386 --union)
	of spo
	ok "spo: two architectures" python3 "$ROOT/tests/cases/seccompprofile.py" "$TMP/out"
	what=(--comm mkdir --union --block)
	of spo
	ok "spo: a list of what is denied" python3 "$ROOT/tests/cases/seccompprofile.py" "$TMP/out"
	what=(--comm java)
	of pod
	ok "pod: YAML; the kubelet's path" is "$(python3 -c 'import sys, yaml; print(yaml.safe_load(sys.stdin))' <"$TMP/out")" \
		"{'securityContext': {'seccompProfile': {'type': 'Localhost', 'localhostProfile': 'profiles/java.json'}}}"
	ok "pod: where the file goes" says '/var/lib/kubelet/seccomp/profiles/java.json$'
	ok "pod: Unconfined is a warning only" is "$(grep -c '^[^#]*Unconfined' "$TMP/out")" 0
else
	skip "spo, pod" "no python3 with yaml here"
fi

# ---- systemd ----
listed() { sed -nE "s/^$1=~?//p" "$TMP/out" | tr ' ' '\n' | sed '/^$/d'; }
of systemd
listed SystemCallFilter >"$TMP/got"
ok "systemd: the same names" same "$TMP/got"
ok "systemd: the unit's own list is reset first" is "$(grep -m 1 SystemCallFilter= "$TMP/out")" "SystemCallFilter="
ok "systemd: the node cannot end a comment" is "$(grep -c '^[^#].*evil' "$TMP/out")" 0
ok "systemd: ... and is there" says '^# node: node01\\x0a'
of systemd-log
listed SystemCallLog >"$TMP/got"
ok "systemd-log: the same names" same "$TMP/got"
ok "systemd-log: filters nothing" is "$(grep -c Filter "$TMP/out")" 0
# Exit status 0 means nothing there: it warns of a line that it cannot read, and goes on
verify() {
	{
		printf '[Unit]\nDescription=x\n[Service]\nType=oneshot\nExecStart=/bin/true\n'
		cat "$TMP/out"
	} >"$TMP/scaudit-test.service"
	systemd-analyze verify "$TMP/scaudit-test.service" >"$TMP/verify" 2>&1 && [ ! -s "$TMP/verify" ] || { cat "$TMP/verify"; return 1; }
}
if systemd-analyze verify --help >/dev/null 2>&1; then
	for more in "" "--default-action kill_process" "--group"; do
		for format in systemd systemd-log; do
			# shellcheck disable=SC2086
			of $format $more
			ok "$format $more: systemd-analyze has nothing to say" verify
		done
	done
	what=(--comm i386 --union)
	of systemd
	ok "systemd: two architectures" verify
	what=(--all --block)
	of systemd
	ok "systemd: a list of what is denied" verify
	ok "systemd: ... is inverted" says '^SystemCallFilter=~'
	printf '[Service]\nSystemCallFilter=nonsense\n' >"$TMP/out"
	ok "systemd: (a line that is wrong is noticed)" is "$(verify >/dev/null; echo $?)" 1
	what=(--comm java)

	# a list that has some sets whole
	{ systemd-analyze syscall-filter @swap @memlock @io-event | sed -nE 's/^    ([a-z_0-9]+)$/\1/p'; } | sort -u >"$TMP/floor"
	of names --floor "$TMP/floor"
	sort "$TMP/out" >"$TMP/want"
	for format in systemd systemd-log; do
		of $format --floor "$TMP/floor" --group
		key=$([ $format = systemd ] && echo SystemCallFilter || echo SystemCallLog)
		ok "$format --group: sets" is "$(listed $key | grep '^@' | sort | tr '\n' ' ')" "@io-event @memlock @swap "
		listed $key | while read -r word; do
			case $word in
			@*) systemd-analyze syscall-filter "$word" | sed -nE 's/^    ([a-z_0-9]+)$/\1/p' ;;
			*) echo "$word" ;;
			esac
		done | sort -u >"$TMP/got"
		# a set has names of other architectures, too
		ok "$format --group: no name is lost" is "$(comm -23 "$TMP/want" "$TMP/got")" ""
		ok "$format --group: none that this machine has is added" is "$(comm -13 "$TMP/want" "$TMP/got" | while read -r name; do
			"$SCAUDIT" profile -q --comm java --floor <(echo "$name") --format names | grep -x "$name"; done)" ""
	done
	# the table is what systemd says, where this is the version that it was made of
	if systemd-analyze --version | grep -q '^systemd 252 '; then
		sed -nE 's/^SYSTEMD_SET\("([^"]*)", "([^"]*)"\)$/\1 \2/p' "$ROOT/analyze/policy/systemd_set_list.h" | sort >"$TMP/rows"
		systemd-analyze syscall-filter | awk '/^#/ { exit } /^@/ { set = $1; next } /^    [^#]/ { print set, $1 }' |
			sort >"$TMP/theirs"
		ok "systemd_set_list.h: systemd's own sets" diff "$TMP/rows" "$TMP/theirs"
	fi
else
	skip "systemd" "no systemd-analyze here"
fi
of names --group
ok "--group with a format without sets: exit 2" test "$status" = 2 -a ! -s "$TMP/out"
ok "--group: says which have" warns "--group: names has no sets of calls \(systemd and systemd-log have\)"

# ---- minijail, firejail ----
of minijail --default-action kill_process
sed -nE 's/^([a-z_0-9]+): 1$/\1/p' "$TMP/out" >"$TMP/got"
ok "minijail: the same names" same "$TMP/got"
ok "minijail: nothing but these lines and comments" is "$(grep -vcE '^(#.*|[a-z_0-9]+: 1)$' "$TMP/out")" 0
of minijail-frequency --default-action kill_process
sed -nE 's/^([a-z_0-9]+): [0-9]+$/\1/p' "$TMP/out" >"$TMP/got"
ok "minijail-frequency: the same names" same "$TMP/got"
ok "minijail-frequency: counts" is "$(sed -nE 's/^[a-z_0-9]+: ([0-9]+)$/\1/p' "$TMP/out" | awk '{ s += $1 } END { print s }')" 1242
ok "minijail-frequency: most first" is "$(sed -nE 's/^[a-z_0-9]+: ([0-9]+)$/\1/p' "$TMP/out" | sort -rnc 2>&1)" ""
of minijail
ok "minijail: kills what it does not name, and says so" warns 'kill what they do not name'
of minijail --default-action errno
ok "minijail: not with errno: exit 2" test "$status" = 2 -a ! -s "$TMP/out"
what=(--comm i386 --union --default-action kill_process)
of minijail
ok "minijail: two architectures: exit 2" is "$status" 2
ok "minijail: ... which" warns 'for one architecture: --arch x86_64 or i386'
of minijail --arch i386
ok "--arch: its names" says '^mmap2: 1$'
of minijail --arch x86_64
ok "--arch: not the other's" is "$(grep -cE '^(mmap2|_llseek|set_thread_area32): 1$' "$TMP/out")" 0
of oci --arch i386
ok "--arch: in any format" is "$(tr -d ' \n' <"$TMP/out" | grep -o '"architectures":\[[^]]*\]')" '"architectures":["SCMP_ARCH_X86"]'
of oci --arch s390x
ok "--arch: one that the list does not have: exit 2" warns "--arch: the list has no 's390x' \(it has: x86_64, i386\)"
what=(--comm java)
of firejail
sed -nE 's/^seccomp.keep //p' "$TMP/out" | tr ',' '\n' >"$TMP/got"
ok "firejail: the same names" same "$TMP/got"
ok "firejail: no other architecture" says '^seccomp.block-secondary$'

# ---- programs ----
of c
cp "$TMP/out" "$TMP/list.c"
sed -nE 's/^\t\t\{ "([a-z_0-9]+)", SCMP_ACT_ALLOW \},$/\1/p' "$TMP/out" >"$TMP/got"
ok "c: the same names" same "$TMP/got"
# what is not in the list has its errno; what is, none
cat >>"$TMP/list.c" <<'END'
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void)
{
	int ret = load_filter();

	if (ret != 0)
		return printf("not loaded: %d\n", ret), 1;
	printf("%ld %d\n", syscall(SYS_getuid) < 0 ? -1L : 0L, syscall(SYS_chroot, "/nowhere") < 0 ? errno : 0);
	return 0;
}
END
# shellcheck disable=SC2046
if ${CC:-cc} -Wall -Werror -o "$TMP/list" "$TMP/list.c" $(pkg-config --cflags --libs libseccomp) 2>"$TMP/err"; then
	run "$TMP/list"
	ok "c: compiles, loads, refuses by its errno and lets through" says '^0 1$'
else
	ok "c: compiles" false
fi
of bpf
ok "bpf: whole instructions" test "$status" = 0 -a $(($(wc -c <"$TMP/out") % 8)) = 0 -a -s "$TMP/out"
cp "$TMP/out" "$TMP/first"
of bpf -o "$TMP/list.bpf"
ok "bpf: as a file" cmp "$TMP/first" "$TMP/list.bpf"
if ! command -v script >/dev/null; then
	skip "bpf: not to a terminal" "no script here"
elif ! script -qec true /dev/null >/dev/null 2>&1; then
	skip "bpf: not to a terminal" "no pseudo-terminal can be made here"
else
	run script -qec "$SCAUDIT profile -q --comm java --format bpf" /dev/null
	ok "bpf: not to a terminal" says 'this is a terminal: --output FILE'
fi
of pfc
sed -nE 's/^ *# filter for syscall "([a-z_0-9]+)".*/\1/p' "$TMP/out" >"$TMP/got"
ok "pfc: the same names" same "$TMP/got"

# ---- what no list can hold, and whom nobody should believe ----
{
	sed -n '1,400s/syscall=3 /syscall=7777 /p' "$SAMPLES/pipeline.log" | head -n 3
	sed -n 's/comm="sort"/comm=2A2F0A73797374656D22/p' "$SAMPLES/pipeline.log" # "*/", a newline, and more
} | sed 's/audit(17/audit(18/' | "$SCAUDIT" ingest -q --node n2 --db "$TMP/odd.db" --label odd
what=(--db "$TMP/odd.db" --label odd)
for format in docker spo systemd systemd-log firejail pfc c pod; do
	of $format
	ok "$format: a number without a name is said" says '/7777'
done
what=(--db "$TMP/odd.db" --comm $'*/\nsystem"')
for format in spo systemd systemd-log firejail pfc pod; do
	of $format
	ok "$format: a comm cannot end a comment" is "$(sed -n 1p "$TMP/out" | grep -c '^# scaudit .*: profile')$(grep -c '^system"' "$TMP/out")" 10
done
of c
ok "c: a comm cannot end a comment" is "$(grep -c '\*/' "$TMP/out")" 2
of json
ok "json: such a comm is a caller's" says '"comm": "\*/\\nsystem\\""'
of spo
ok "spo: and its name is one for Kubernetes" says '^  name: "[a-z0-9]([-a-z0-9]*[a-z0-9])?"$'
what=(--comm java)

# ---- all of them ----
for format in oci docker spo pod systemd systemd-log firejail bpf pfc c names json; do
	of $format
	cp "$TMP/out" "$TMP/first"
	of $format
	ok "$format: the same input gives the same bytes" cmp "$TMP/first" "$TMP/out"
done
