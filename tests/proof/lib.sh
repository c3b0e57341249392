# shellcheck shell=bash
#
# For tests/proof/run and tests/proof/floor: workloads that are logged, profiled and enforced. Sourced, not run.
#
#	proof_begin              sets up containers and puts the workloads into them, as /proof/NAME
#	works                    the names of the workloads that this machine and $CONTAINER_RUNTIME can run
#	log_once NAME DIR        logs one start; DIR, made anew, gets log, store.db, out and status. Where records were lost,
#	                         logs another, up to 10; then it fails
#	profile_of DIR ARGS...   the profile of that start on stdout; ARGS are options of `scaudit profile`
#	enforce NAME DIR FILE N  N starts under the profile FILE; a line each: "held", or "died COMM SYSCALL"
#
# A workload is a file in tests/proof/work: a script, or a C program. Lines in its first comment say more of it:
#	kind: what it stands for       needs: programs, without which it is left out
#	build: flags for the compiler  probe: a command that is run in the container three times meanwhile
#	stops: it is stopped and continued, but not when it is logged    short: one of those for CI
#	runtimes: those that it works in, where not in all
#
# Every start has a name of its own, so that it can be told from all else that the machine's log has: the workload is
# started by a link that is called NAME.TAG, and that is the comm of its first program.

PROOF=$ROOT/tests/proof
BUILD=$(realpath "${BUILD:-$ROOT/build}")
export BUILD
# what Docker gives a container: the runtime loads the filter early, so more of its own steps run under it
DOCKER='.process.noNewPrivileges = false | (.process.capabilities[] |= ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID",
	"CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP",
	"CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"]) | del(.process.capabilities.ambient)'
export CONTAINER_CONFIG=${CONTAINER_CONFIG-$DOCKER}
count=0
tag=$(printf '%02x' $((RANDOM % 256)))

field() { # NAME FIELD: what the workload's file says
	sed -nE "1,9s/^[ #/*]*$2: *(.*[^ */]).*/\\1/p" "$PROOF/work/$1" "$PROOF/work/$1.c" 2>/dev/null
}

works() {
	local file name tool needed runtimes

	for file in "$PROOF"/work/*; do
		name=$(basename "${file%.c}")
		[[ $name != *.java ]] || continue
		[ -x "$CONTAINER_DIR/root/proof/$name" ] || continue
		runtimes=$(field "$name" runtimes)
		[[ " ${runtimes:-${CONTAINER_RUNTIME:-runc}} " == *" ${CONTAINER_RUNTIME:-runc} "* ]] || continue
		needed=$(field "$name" needs)
		for tool in $needed; do command -v "$tool" >/dev/null || { name=; break; }; done
		[ -z "$name" ] || echo "$name"
	done
}

proof_begin() {
	local file name dir flags

	container_begin proof
	dir=$CONTAINER_DIR/root/proof
	mkdir -m 755 "$dir" "$dir/classes"
	for file in "$PROOF"/work/*; do
		name=$(basename "${file%.*}")
		case $file in
		*.java) ! command -v javac >/dev/null || javac -d "$dir/classes" "$file" ;;
		*.c)
			flags=$(field "$name" build)
			# shellcheck disable=SC2086
			cc -std=c11 -D_GNU_SOURCE -O1 $flags -o "$dir/$name" "$file" 2>/dev/null || echo "$name does not compile here: left out" >&2
			[ "$flags" != -m32 ] || "$dir/$name" >/dev/null 2>&1 || [ $? != 126 ] || { echo "$name does not run here: left out" >&2; rm "$dir/$name"; }
			;;
		*) install -m 755 "$file" "$dir/$name" ;;
		esac
	done
	container_log_filter "$TMP/log.json"
}

# What is done to a container that runs, $id: its probe three times, or a stop. Fails when a probe did.
probes() {
	local probe missed=0

	probe=$(field "$1" probe)
	# shellcheck disable=SC2086
	ln -sf "$(type -P ${probe%% *})" "$CONTAINER_DIR/root/proof/${id}p"
	for _ in 1 2 3; do
		# shellcheck disable=SC2086
		container_exec "$id" "/proof/${id}p" ${probe#* } >/dev/null 2>>"$2" || missed=1
	done
	return $missed
}

stops() {
	sleep 0.1
	container_oci kill "$id" STOP
	sleep 0.1
	container_oci kill "$id" CONT
} 2>>"$2"

# start NAME FILTER OUT ERR: one start; in $id its name. Returns its status; 99 when a probe failed.
start() {
	local name=$1 status=0 missed='' main beside=

	count=$((count + 1))
	id=$name.$tag$(printf '%03d' $count)
	ln -s "$name" "$CONTAINER_DIR/root/proof/$id"
	[ -z "$(field "$name" probe)" ] || beside=probes
	[ -z "$(field "$name" stops)" ] || [ "$2" = "$TMP/log.json" ] || beside=stops
	: >"$3"
	if [ -z "$beside" ]; then
		container_run "$id" "$2" "$3" "$4" "/proof/$id" || status=$?
	else
		container_run "$id" "$2" "$3" "$4" "/proof/$id" &
		main=$!
		for _ in $(seq 60); do [ -s "$3" ] && break; sleep 0.05; done
		$beside "$name" "$4" || missed=1
		wait $main || status=$?
		[ -z "$missed" ] || status=99
	fi
	rm -rf "${CONTAINER_DIR:?}/$id" "$CONTAINER_DIR/root/proof/$id"
	return $status
}

# On a busy machine records come late: one more is made, and waited for, before the log is taken for whole.
fence() {
	ln -sf "$(type -P true)" "$TMP/end.${id##*.}"
	"$BUILD/logrun" -- "$TMP/end.${id##*.}"
	for _ in $(seq 400); do
		! grep -qF "end.${id##*.}" "$1" || return 0
		sleep 0.05
	done
	return 1
}

log_start() {
	local status=0

	start "$1" "$TMP/log.json" "$2/out" "$2/err" || status=$?
	echo "$status" >"$2/status"
	echo "$id" >"$2/id"
	fence "$2/log"
}

# What the kernel's queue dropped leaves no gap in the serials: only its own figure tells.
lost() { ! command -v auditctl >/dev/null || auditctl -s 2>/dev/null | awk '$1 == "lost" { print $2 }'; }

log_try() {
	local before

	before=$(lost)
	rm -rf "$2" && mkdir -p "$2"
	records "$2/log" log_start "$1" "$2" 2>/dev/null
	count=$((count + 1))
	"$SCAUDIT" ingest --quiet --node proof --db "$2/store.db" "$2/log"
	grep -q 'overruns=0' "$TMP/reader" && grep -qF "end.$(sed 's/.*\.//' "$2/id")" "$2/log" && [ "$(lost)" = "$before" ]
}

log_once() {
	for _ in $(seq 10); do
		if log_try "$@"; then return 0; fi
		sleep 3
	done
	return 1
}

profile_of() {
	local dir=$1 id more=()

	shift
	id=$(cat "$dir/id")
	# what scaudit says on stderr: other trees began under the same loader. A probe is one; bwrap's own first process,
	# which waits for the rest under the same filter, is another.
	[ -z "$(field "${id%%.*}" probe)" ] || more=(--comm "${id}p" --union)
	[ "${CONTAINER_RUNTIME:-runc}" != bwrap ] || more=(--comm "b.${id##*.}" --union)
	"$SCAUDIT" profile --db "$dir/store.db" --comm "$id" "${more[@]}" "$@"
}

# The profile on stdin, as it is enforced for a proof. runc answers ENOSYS above the highest number that a profile names;
# the KILL rule takes that number to the highest known. (Its action must differ from the default's: hence no _PROCESS.)
for_proof() {
	jq --arg highest "$("$BUILD/bpf" --highest)" \
		'.syscalls += [{ names: ([$highest] - .syscalls[0].names), action: "SCMP_ACT_KILL" } | select(.names != [])]'
}

now() { date +%s%3N; }

enforced_starts() {
	local began status

	for _ in $(seq "$4"); do
		status=0
		began=$(now)
		start "$1" "$3" "$TMP/enforced.out" "$TMP/enforced.err" || status=$?
		if [ "$status" = "$(cat "$2/status")" ] && cmp -s "$2/out" "$TMP/enforced.out"; then
			echo held
		else
			echo "died $began $(now) $status"
			cp "$TMP/enforced.err" "$TMP/died.err"
		fi
	done >"$TMP/enforced"
	fence "$TMP/enforced.log"
}

# The first call that was denied in that time, "COMM SYSCALL"; what it did instead where the log has none.
denied() {
	awk -v from="$1" -v to="$2" -v status="$3" '/code=0x(8|0)0000000/ && match($0, /audit\([0-9.]+/) {
		at = substr($0, RSTART + 6, RLENGTH - 6); sub(/\./, "", at)
		if (at >= from && at <= to) { print; exit }
	}' "$TMP/enforced.log" >"$TMP/denied"
	if [ -s "$TMP/denied" ]; then
		"$SCAUDIT" decode --json "$TMP/denied" | jq -r '"\(.comm) \(.name // .syscall)"' | tr -c '[:graph:]\n ' '?'
	else
		echo "- status $3, no denial in the log"
	fi
}

enforce() {
	local word began ended status

	records "$TMP/enforced.log" enforced_starts "$1" "$2" "$3" "$4" 2>/dev/null
	count=$((count + $4))
	while read -r word began ended status; do
		[ "$word" = held ] && echo held || echo "died $(denied "$began" "$ended" "$status")"
	done <"$TMP/enforced"
}
