#!/bin/bash
#
# Profiles drawn at random, loaded by runc and by crun: is the filter that the kernel has of each container what check says
# of its profile, for each number? NUMBERS_ROUNDS profiles for each.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/numbers.sh
. "$ROOT/tests/numbers.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
need jq runc python3
[ "$(id -u)" = 0 ] || { skip numbers "needs root"; exit 0; }
[ "$(uname -m)" = x86_64 ] || { skip numbers "the profiles are for x86-64"; exit 0; }
numbers_store
container_begin numbers

# what both runtimes and the program need, by the loader's table and by a run of it
cat >"$TMP/needed" <<-'END'
	access arch_prctl brk clock_nanosleep close execve exit exit_group fstat futex getrandom mmap mprotect munmap
	newfstatat openat pread64 prlimit64 read rseq rt_sigreturn set_robust_list set_tid_address uname write
END
for runtime in runc crun; do
	sed -nE "s/^RUNTIME\($runtime, \"([a-z0-9_]+)\", [A-Z]+\)\$/\1/p" "$ROOT/analyze/policy/runtime_list.h"
done >>"$TMP/needed"
numbers_names >"$TMP/names"

differs=0 compared=0 kinds=0
one() { # RUNTIME SEED
	local name=$1.$2 pid

	"$ROOT/tests/cases/draw" "$2" "$TMP/needed" "$TMP/names" >"$TMP/profile.json"
	container_run "$name" "$TMP/profile.json" "$TMP/out" "$TMP/err" sleep 20 &
	pid=
	for _ in $(seq 60); do
		pid=$(container_oci state "$name" 2>/dev/null | jq -r 'select(.status == "running") | .pid')
		[ -z "$pid" ] || [ "$(cat "/proc/$pid/comm")" != sleep ] || break
		sleep 0.05
	done
	[ -n "$pid" ] || { wait; ok "$name starts" false; cat "$TMP/out" "$TMP/err"; return; }
	numbers_of --pid "$pid" >"$TMP/live"
	kill -9 "$pid"
	wait
	numbers_of "$TMP/profile.json" --runtime "$1" >"$TMP/read"
	compared=$((compared + $(wc -l <"$TMP/live")))
	kinds=$((kinds + $(cut -f 3,4 "$TMP/live" | sort -u | wc -l)))
	cmp -s "$TMP/live" "$TMP/read" && return
	differs=$((differs + 1))
	echo "seed $2:"
	diff "$TMP/live" "$TMP/read" | grep "^[<>]" | head -n "${NUMBERS_SHOWN:-20}"
}

for CONTAINER_RUNTIME in runc crun; do
	export CONTAINER_RUNTIME
	command -v $CONTAINER_RUNTIME >/dev/null || { skip "$CONTAINER_RUNTIME" "not here"; continue; }
	differs=0 compared=0 kinds=0
	for seed in $(seq "${NUMBERS_ROUNDS:-5}"); do one "$CONTAINER_RUNTIME" "$seed"; done
	ok "$CONTAINER_RUNTIME: its filter is what check says, $seed profiles, $compared numbers, $differs profiles that differ" is $differs 0
	ok "... and they have $kinds answers" test $kinds -ge $((seed * 5))
done
