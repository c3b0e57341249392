#!/bin/bash
# Records made on this kernel, read through the audit netlink multicast group, against a tally made without scaudit.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
BIN=${BUILD:-build}
need perl sqlite3
[ "$(id -u)" = 0 ] || { skip netlink "not root"; exit 0; }

# collect FILE COMMAND...: the records that COMMAND makes under LOG
collect() {
	local file=$1

	shift
	records "$file" "$BIN/logrun" -- "$@" >/dev/null
}

collect "$TMP/probe.log" true
[ -s "$TMP/probe.log" ] || { skip netlink "no record arrives through the multicast group here"; exit 0; }

collect "$TMP/work.log" sh -c 'for i in 1 2 3; do perl -e "print \$_ for 1..5"; ls / | sort | head -n 3; done'
run "$SCAUDIT" ingest "$TMP/work.log"
ok "every record is taken" warns "^scaudit: $(sed -E ':a;s/^([0-9]+)([0-9]{3})/\1,\2/;ta' <<<"$(wc -l <"$TMP/work.log")") records"
ok "events counted are records made" is "$(db 'SELECT sum(count) FROM observations')" "$(wc -l <"$TMP/work.log")"
ok "a file of root's in auditd's form is trusted" is "$(db 'SELECT sum(trusted) FROM observations')" "$(wc -l <"$TMP/work.log")"
sed -E 's/.* comm="?([^ "]*)"? exe="([^"]*)" sig=[0-9]+ arch=([0-9a-f]+) syscall=([0-9-]+) .* code=0x([0-9a-f]+).*/\1|\2|\3|\4|\5/' \
	"$TMP/work.log" | sort | uniq -c | sed -E 's/^ *([0-9]+) (.*)/\2|\1/' | sort >"$TMP/want"
db 'SELECT comm, exe, arch, nr, action, sum(count) FROM observations GROUP BY 1, 2, 3, 4, 5' | sort >"$TMP/got"
ok "counts by comm, exe and call are those of an independent tally" diff "$TMP/want" "$TMP/got"

run "$SCAUDIT" ingest "$TMP/work.log"
ok "the same file again adds nothing" is "$(db 'SELECT sum(count) FROM observations')" "$(wc -l <"$TMP/work.log")"
run "$SCAUDIT" profile --comm perl --only --format names
ok "names of perl alone" says '^execve$|^brk$'
grep 'comm="perl"' "$TMP/work.log" | sed -E 's/.* syscall=([0-9]+) .*/\1/' | sort -un | wc -l >"$TMP/n"
ok "as many names as perl made different calls" lines "$(cat "$TMP/n")" "$TMP/out"
