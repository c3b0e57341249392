#!/bin/bash
#
# Formats, enforced by who reads them, with kill as the answer to all else: a small workload is logged, and its list has to
# hold; the same list less one name that the workload needs must not. No record of a refusal is needed: a kill is seen.
#
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"

[ "$(id -u)" = 0 ] || { skip formats "needs root"; exit 0; }
# the consumers run others' programs in this folder
chmod 755 "$TMP"
workload=(sort /etc/passwd)
sort /etc/passwd >"$TMP/want"
"$SCAUDIT" capture -q --label w -- "${workload[@]}" >/dev/null 2>"$TMP/err" ||
	{ skip formats "no records come here: $(cat "$TMP/err")"; exit 0; }
needed=fadvise64     # by sort, and by none of the loaders

# FILE ARGS...: the list in a format
list() {
	local file=$1

	shift
	"$SCAUDIT" profile -q --label w -o "$TMP/$file" --default-action kill_process "$@"
}


"$SCAUDIT" profile -q --label w --format names >"$TMP/names"
ok "(the workload needs $needed)" grep -qx $needed "$TMP/names"

held() { [ "$status" = 0 ] && cmp "$TMP/out" "$TMP/want"; }

# NAME: the calls in $TMP/log of the program that was started by the link p-NAME; its records in $TMP/one
calls_of() {
	grep "comm=\"p-$1\"" "$TMP/log" >"$TMP/one"
	"$SCAUDIT" decode --json "$TMP/one" 2>/dev/null | jq -r .name | sort -u | tr '\n' ' '
}

# ---- bubblewrap, which takes the program itself ----
if command -v bwrap >/dev/null && bwrap --ro-bind / / true 2>/dev/null; then
	list list.bpf --format bpf --runtime bwrap
	run bwrap --ro-bind / / --seccomp 10 "${workload[@]}" 10<"$TMP/list.bpf"
	ok "bpf, by bwrap: holds" held
	"$SCAUDIT" capture -q --label other -- true
	"$SCAUDIT" profile -q --label other --format names | grep -qx $needed
	ok "bpf: (another program does not need $needed)" is $? 1
	"$SCAUDIT" profile -q --label other --format bpf --default-action kill_process --runtime bwrap \
		--baseline <(grep -vx $needed "$TMP/names") -o "$TMP/less.bpf"
	run bwrap --ro-bind / / --seccomp 10 "${workload[@]}" 10<"$TMP/less.bpf"
	ok "bpf, by bwrap: less $needed it dies by SIGSYS" is "$status" 159
else
	skip "bpf" "no bwrap that works here"
fi

# ---- a program in C ----
list list.c --format c
cat >"$TMP/main.c" <<'END'
#include LIST
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int ret = load_filter();

	if (ret != 0)
		return fprintf(stderr, "not loaded: %d\n", ret), 2;
	execvp(argv[1], argv + 1);
	return argc ? 3 : 4;
}
END
sed "/\"$needed\"/d" "$TMP/list.c" >"$TMP/less.c"
for file in list less; do
	# shellcheck disable=SC2046
	${CC:-cc} -DLIST="\"$TMP/$file.c\"" -o "$TMP/$file" "$TMP/main.c" $(pkg-config --cflags --libs libseccomp)
done
run "$TMP/list" "${workload[@]}"
ok "c: holds" held
run "$TMP/less" "${workload[@]}"
ok "c: less $needed it dies by SIGSYS" is "$status" 159

# ---- two architectures in one list ----
if ${CC:-cc} -m32 -std=c11 -D_GNU_SOURCE -o "$TMP/p-32" "$ROOT/tests/proof/work/i386.c" 2>/dev/null &&
	{ "$TMP/p-32" >"$TMP/want32" 2>/dev/null; [ $? = 8 ]; }; then
	"$SCAUDIT" capture -q --label 32 -- "$TMP/p-32" >/dev/null
	held32() { [ "$status" = 8 ] && cmp "$TMP/out" "$TMP/want32"; }
	"$SCAUDIT" profile -q --label 32 --format c --default-action kill_process -o "$TMP/32.c"
	ok "two architectures: (the list has both)" grep -q 'SCMP_ARCH_X86)' "$TMP/32.c"
	# shellcheck disable=SC2046
	${CC:-cc} -DLIST="\"$TMP/32.c\"" -o "$TMP/list32" "$TMP/main.c" $(pkg-config --cflags --libs libseccomp)
	run "$TMP/list32" "$TMP/p-32"
	ok "two architectures: c holds" held32
	if command -v bwrap >/dev/null && bwrap --ro-bind / / true 2>/dev/null; then
		"$SCAUDIT" profile -q --label 32 --format bpf --default-action kill_process --runtime bwrap -o "$TMP/32.bpf"
		run bwrap --ro-bind / / --seccomp 10 "$TMP/p-32" 10<"$TMP/32.bpf"
		ok "two architectures: bpf, by bwrap, holds" held32
		"$SCAUDIT" profile -q --label 32 --format bpf --arch x86_64 --default-action kill_process --runtime bwrap -o "$TMP/64.bpf"
		run bwrap --ro-bind / / --seccomp 10 "$TMP/p-32" 10<"$TMP/64.bpf"
		ok "two architectures: --arch x86_64 has not the other" is "$status" 159
	fi
	if command -v firejail >/dev/null; then
		# why no list that allows is written for two: firejail takes the second for one of the 64-bit architecture
		printf 'seccomp-error-action kill\nseccomp.32.keep read\n' >"$TMP/32.profile"
		run firejail --quiet --profile="$TMP/32.profile" "$TMP/p-32"
		[ "$status" = 8 ] || echo "# seccomp.32.keep works here: then analyze/output/firejail.c could write such lists"
		printf 'seccomp-error-action kill\nseccomp.drop ptrace\nseccomp.32.drop mmap2\n' >"$TMP/32.profile"
		run firejail --quiet --profile="$TMP/32.profile" "$TMP/p-32"
		ok "two architectures: firejail, lists of what is denied" test "$status" != 8
		run firejail --quiet --profile="$TMP/32.profile" "${workload[@]}"
		ok "two architectures: ... for each its own" held
	fi
else
	rm -f "$TMP/p-32"
	skip "two architectures" "no compiler for i386 here, or no kernel that runs it"
fi

# ---- systemd: a user manager in a mount namespace of its own, as in tests/proof/systemd ----
manager=/lib/systemd/systemd

# sd_booted() looks for /run/systemd/system alone. Each folder below $TMP/units becomes a unit with the drop-in in it
managed() {
	# shellcheck disable=SC2016
	timeout -k 2 40 unshare -m bash -c '
		mount --make-rprivate / && mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/system /run/user/0 /run/units/systemd/user
		cd /run/units/systemd/user
		printf "[Unit]\nDefaultDependencies=no\nWants=" >all.target
		for dir in "$1"/units/*; do
			name=$(basename "$dir")
			printf "%s.service " "$name" >>all.target
			printf "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nStandardOutput=file:%s\nExecStart=%s\n" \
				"$dir/out" "$1/p-$name /etc/passwd" >"$name.service"
			cp -r "$dir" "$name.service.d"
		done
		echo >>all.target
		XDG_RUNTIME_DIR=/run/user/0 XDG_CONFIG_HOME=/run/units HOME=/root exec timeout 8 "$2" --user --log-target=console --unit=all.target
	' bash "$TMP" "$manager" >"$TMP/manager" 2>&1
}

# unit NAME: a folder for it, and a link to the program by which its records can be told
unit() {
	mkdir -p "$TMP/units/$1"
	ln -sf "$(type -P sort)" "$TMP/p-$1"
}

if [ -x $manager ] && command -v jq >/dev/null; then
	for name in whole less group log loglong; do unit $name; done
	list units/whole/60.conf --format systemd --runtime systemd
	sed "s/\\b$needed\\b//" "$TMP/units/whole/60.conf" >"$TMP/units/less/60.conf"
	systemd-analyze syscall-filter @file-system @io-event | sed -nE 's/^    ([a-z_0-9]+)$/\1/p' >"$TMP/floor"
	list units/group/60.conf --format systemd --runtime systemd --group --baseline "$TMP/floor"
	list units/log/60.conf --format systemd-log --runtime systemd
	sed "s/\\b$needed\\b//" "$TMP/units/log/60.conf" >"$TMP/units/loglong/60.conf"
	if [ -e "$TMP/p-32" ]; then
		mkdir "$TMP/units/both" "$TMP/units/one"
		ln -s p-32 "$TMP/p-both"
		ln -s p-32 "$TMP/p-one"
		"$SCAUDIT" profile -q --label 32 --format systemd --default-action kill_process --runtime systemd -o "$TMP/units/both/60.conf"
		"$SCAUDIT" profile -q --label 32 --format systemd --default-action kill_process --runtime systemd --arch x86_64 \
			-o "$TMP/units/one/60.conf"
	fi
	records "$TMP/log" managed
	ok "systemd: holds" cmp "$TMP/want" "$TMP/units/whole/out"
	ok "systemd --group: has a set" grep -q '@file-system' "$TMP/units/group/60.conf"
	ok "systemd --group: holds" cmp "$TMP/want" "$TMP/units/group/out"
	ok "systemd: less $needed it is killed for it" is "$(calls_of less)$(grep -o ' code=.*' "$TMP/one")" "$needed  code=0x80000000"
	ok "systemd: ... before it has written" test ! -s "$TMP/units/less/out"
	ok "systemd-log: what is in the list makes no record" is "$(calls_of log)" ""
	ok "systemd-log: and is not refused" cmp "$TMP/want" "$TMP/units/log/out"
	ok "systemd-log: what is not, does" is "$(calls_of loglong)" "$needed "
	ok "systemd-log: and is not refused" cmp "$TMP/want" "$TMP/units/loglong/out"
	if [ -e "$TMP/p-32" ]; then
		ok "systemd: two architectures" cmp "$TMP/want32" "$TMP/units/both/out"
		ok "systemd: --arch x86_64 has not the other" is "$(wc -c <"$TMP/units/one/out")" 0
	fi
else
	skip "systemd" "no $manager here, or no jq"
fi

# ---- firejail ----
if command -v firejail >/dev/null && command -v jq >/dev/null; then
	list list.profile --format firejail --default-action kill_thread
	sed "s/,$needed,/,/" "$TMP/list.profile" >"$TMP/less.profile"
	run firejail --quiet --profile="$TMP/list.profile" "${workload[@]}"
	ok "firejail: holds" held
	ln -sf "$(type -P sort)" "$TMP/p-jailed"
	records "$TMP/log" run firejail --quiet --profile="$TMP/less.profile" "$TMP/p-jailed" /etc/passwd
	ok "firejail: less $needed it is killed for it" is "$(calls_of jailed)$(grep -o ' code=.*' "$TMP/one")" "$needed  code=0x0"
	ok "firejail: ... before it has written" test ! -s "$TMP/out"
else
	skip "firejail" "no firejail here, or no jq"
fi

# ---- runc and crun ----
container_begin oci
for runtime in runc crun; do
	command -v $runtime >/dev/null || { skip "oci, docker" "no $runtime here"; continue; }
	export CONTAINER_RUNTIME=$runtime
	for format in oci docker; do
		list list.json --format $format --runtime $runtime
		jq --arg name $needed '.syscalls[].names -= [$name]' <"$TMP/list.json" >"$TMP/less.json"
		status=0
		container_run f.$runtime$format "$TMP/list.json" "$TMP/out" "$TMP/err" "${workload[@]}" || status=$?
		ok "$format, by $runtime: holds" held
		status=0
		container_run l.$runtime$format "$TMP/less.json" "$TMP/out" "$TMP/err" "${workload[@]}" || status=$?
		ok "$format, by $runtime: less $needed it does not" test "$status" != 0 -a ! -s "$TMP/out"
	done
done
