#!/bin/bash
# One kind of family each, two of it at once, against the kernel's trace: are trees and images right?
# KNOWN is for what docs/tracker.md says is not: those rows pass when the verdict is anything but a mixed tree.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need python3 sqlite3 perl cc
[ "$(id -u)" = 0 ] || { skip cases "not root"; exit 0; }
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
[ -e /sys/kernel/tracing/events/raw_syscalls ] || { skip cases "no tracefs with raw_syscalls here"; exit 0; }
HERE=$ROOT/tests/kernel
LOGRUN=$(realpath "${BUILD:-build}/logrun")

at_end=leave
leave() {
	[ -z "${CONTAINER_DIR:-}" ] || container_cleanup 2>/dev/null
	umount "$TMP/root" 2>/dev/null
}
cc -std=c11 -O2 -pthread -o "$TMP/kinds" "$HERE/kinds.c"
cp "$TMP/kinds" "$TMP/systemd"
cc -O2 -pthread -static -no-pie -o "$TMP/kinds-static" "$HERE/kinds.c" 2>/dev/null
cc -O2 -pthread -m32 -o "$TMP/kinds-i386" "$HERE/kinds.c" 2>/dev/null
"$TMP/kinds-i386" >/dev/null 2>&1; [ $? != 126 ] || rm "$TMP/kinds-i386" # a kernel may not run it
mkdir "$TMP/root" && mount --bind / "$TMP/root"

# verdict DIR COMMAND...: COMMAND twice at once
verdict() {
	local dir=$1

	shift
	mkdir "$dir"
	"$HERE/truth" capture "$dir" -- bash -c '"$@" & "$@" & wait; sleep 0.3' bash "$@" >"$dir/said" 2>&1
	[ -s "$dir/records.log" ] || { echo "no records: $(tail -n 1 "$dir/said")"; return; }
	"$HERE/truth" verdict "$dir"
}

# row NAME KNOWN COMMAND...
row() {
	local name=$1 known=$2 got

	shift 2
	got=$(verdict "$TMP/$name" "$@")
	if [ "$known" = - ]; then
		ok "$name: $got" grep -q ^right <<<"$got"
	else
		ok "$name: $got (known: $known)" grep -qE '^right|trees became [0-9]+, [0-9]+ split, 0 mixed' <<<"$got"
	fi
}

run=("$LOGRUN" --)
# shellcheck disable=SC2016
row interpreters - "${run[@]}" sh -c 'perl -e "if (fork == 0) { open F, q{/etc/passwd}; exit } wait; system q{id}"; python3 -c "import os; os.fork() or os._exit(0)"'
row daemons - sh -c '"$@"; sleep 3' sh "${run[@]}" "$TMP/kinds" daemon
row exec-chain - "${run[@]}" sh -c 'exec env A=1 sh -c "exec nice sh -c \"exec perl -e 1\""'
# shellcheck disable=SC2016
row subshells - "${run[@]}" bash -c '(ls /; (id; (date))); x=$( (uname) | cat); for i in 1 2 3; do (true); done'
row threads-fork - "${run[@]}" "$TMP/kinds" threads
row posix-spawn - "${run[@]}" "$TMP/kinds" spawn
row vfork - "${run[@]}" "$TMP/kinds" vfork
row systemd-manager - "$TMP/systemd" 'ls / | sort' 'exec perl -e 1' 'sleep 0.1; id'
row chroot - "${run[@]}" chroot "$TMP/root" sh -c 'ls / | sort'
if command -v runc >/dev/null; then row go-binary - "${run[@]}" runc --version; fi
for go in docker kubectl; do
	# one that is static, if there is one: no interpreter
	readelf -l "$(command -v $go)" 2>/dev/null | grep -q LOAD || continue
	readelf -l "$(command -v $go)" | grep -q INTERP || { row "go-static ($go)" - "${run[@]}" $go --help; break; }
done
row aslr-off "addresses are not random" "${run[@]}" setarch -R sh -c 'ls / | sort; (id)'
[ ! -e "$TMP/kinds-static" ] || row static "addresses are not random" "${run[@]}" "$TMP/kinds-static" deep
[ ! -e "$TMP/kinds-i386" ] || row i386 "addresses are not random" "${run[@]}" "$TMP/kinds-i386" forks
if command -v bwrap >/dev/null; then
	row bwrap "a loader is a root of its own" "${run[@]}" bwrap --ro-bind / / --dev /dev sh -c 'ls / | sort'
fi
if command -v runc >/dev/null && command -v jq >/dev/null; then
	# shellcheck source=tests/kernel/container.sh
	. "$HERE/container.sh"
	mkdir "$TMP/c" && container_setup "$TMP/c" 2>/dev/null || exit 0
	container_log_filter "$TMP/log.json"
	in_container() { container_run "c$BASHPID" "$TMP/log.json" /dev/null /dev/null "$@"; }
	export -f in_container container_run container_oci
	export CONTAINER_DIR TMP
	row container - bash -c 'in_container "$@"' bash sh -c 'ls / | sort; exec perl -e 1'
	if command -v bwrap >/dev/null; then
		row container-bwrap "a loader is a root of its own" bash -c 'in_container "$@"' bash sh -c \
			'bwrap --ro-bind / / sh -c "ls / | sort" || id'
	fi
fi
