# shellcheck shell=bash
#
# For the kernel tests, after tests/lib.sh: logging, and containers to log.
#
#	records FILE COMMAND ARGS...   runs COMMAND, and leaves in FILE all records that the kernel made meanwhile; a
#	                               function runs in a shell of its own, so that its `wait` is for its own jobs
#	container_begin NAME           sources container.sh and sets it up for test NAME, or skips it

records() {
	local file=$1 ready=$TMP/ready reader

	shift
	rm -f "$ready"
	"${BUILD:-build}/nltail" --out "$file" --ready "$ready" --seconds 120 2>"$TMP/reader" &
	reader=$!
	for _ in $(seq 100); do [ -e "$ready" ] && break; sleep 0.05; done
	("$@")
	sleep 0.3
	kill -TERM "$reader"
	wait "$reader"
}

container_begin() {
	# shellcheck source=tests/kernel/container.sh
	. "$ROOT/tests/kernel/container.sh"
	mkdir "$TMP/c"
	container_setup "$TMP/c" 2>"$TMP/err" || { skip "$1" "no overlay over / can be mounted here"; exit 0; }
	# shellcheck disable=SC2034  # for lib.sh
	at_end=container_cleanup
}
