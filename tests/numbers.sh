# A filter number by number: source this after tests/lib.sh. Needs jq.
#
# shellcheck shell=bash

# A store in $TMP/all.db with evidence of each number that a table could have, on each architecture of the machine, so that
# check judges all of them.
numbers_store() {
	local archs arch nr serial=0

	case $(uname -m) in
	x86_64) archs="c000003e:0 40000003:0 c000003e:1073741824" ;;
	aarch64) archs="c00000b7:0 40000028:0" ;;
	*) return 1 ;;
	esac
	for arch in $archs; do
		for nr in $(seq 0 599); do
			echo "type=SECCOMP msg=audit(1700000000.000:$((++serial))): auid=0 uid=0 gid=0 ses=1 pid=7 comm=\"all\" exe=\"/all\" sig=0 arch=${arch%:*} syscall=$((nr + ${arch#*:})) compat=0 ip=0x7f0000000000 code=0x7ffc0000"
		done
	done >"$TMP/all.log"
	"$SCAUDIT" ingest -q --db "$TMP/all.db" "$TMP/all.log"
}

# The names that those numbers have.
numbers_names() {
	echo read >"$TMP/read"
	"$SCAUDIT" check --db "$TMP/all.db" --all --json --from names "$TMP/read" 2>"$TMP/err" |
		jq -r '.calls[] | select(.name | test("^[a-z_]")) | .name' | sort -u
}

# numbers_of ARGS...: what check says with them, of each number
numbers_of() {
	"$SCAUDIT" check --db "$TMP/all.db" --all --json "$@" 2>"$TMP/err" | jq -r '.calls[] | [.arch, .nr, .verdict, .answer] | @tsv' | sort
}
