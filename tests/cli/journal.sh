#!/bin/bash
# The journal: its files by libsystemd, its export and its JSON hold the same.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 awk
remote=$(command -v systemd-journal-remote || echo /lib/systemd/systemd-journal-remote)
cd "$TMP" || exit 1
fresh() { rm -f "$SCAUDIT_DB"*; }
what='SELECT node, tree, path, comm, exe, arch, nr, action, count, first, last FROM observations ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11'

# make_export BOOT FILE: entries of both transports, as journald has each event, of the lines of a log in auditd's form
make_export() {
	awk -v boot="$1" '
	function entry(transport, more, message,   us) {
		us = sec * 1000000 + ms * 1000 + 5000
		printf "__CURSOR=s=00000000000000000000000000000001;i=%x;b=%s;m=%x;t=%x;x=%x\n", ++n, boot, us - 1795000000000000, us, n
		printf "__REALTIME_TIMESTAMP=%.0f\n__MONOTONIC_TIMESTAMP=%.0f\n_BOOT_ID=%s\n", us, us - 1795000000000000, boot
		printf "_MACHINE_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=node01\n_TRANSPORT=%s\n%sMESSAGE=%s\n\n", transport, more, message
	}
	match($0, /audit\([0-9]+\.[0-9]+:[0-9]+\): /) {
		split(substr($0, RSTART + 6, RLENGTH - 9), at, /[.:]/)
		sec = at[1]; ms = at[2]
		body = substr($0, RSTART + RLENGTH)
		sub(/\035.*/, "", body)
		entry("kernel", "SYSLOG_FACILITY=0\nSYSLOG_IDENTIFIER=kernel\nPRIORITY=5\n", "audit: type=1326 " substr($0, RSTART, RLENGTH) body)
		entry("audit", sprintf("_AUDIT_TYPE=1326\n_AUDIT_ID=%s\n_SOURCE_REALTIME_TIMESTAMP=%s%s000\n", at[3], sec, ms), "SECCOMP " body)
	}' "$2"
}
boot=11111111111111111111111111111111
make_export $boot "$SAMPLES/pipeline-auditd.log" >log.export
ok "an export was made" test "$(grep -c '^MESSAGE=' log.export)" = $((2 * 346))

run "$SCAUDIT" ingest log.export
ok "export: each event counts once" warns '692 records: 346 new, 346 seen before; 0 damaged, 0 other'
db "$what" >export.txt
ok "export: as the log itself" is "$(db 'SELECT sum(count) FROM observations')" 346
fresh
run "$SCAUDIT" ingest --node node01 "$SAMPLES/pipeline-auditd.log"
ok "the same observations as the log's" is "$(db "$what" | cmp - export.txt 2>&1)" ""

mkdir none
: >none/libsystemd.so.0
run env LD_LIBRARY_PATH="$TMP/none" "$SCAUDIT" ingest --journal
ok "without libsystemd: exit 2, one line names the package" test $status = 2 -a "$(grep -c 'the journal needs libsystemd.so.0.*install libsystemd0' err)" = 1

if [ ! -x "$remote" ]; then
	skip "journal files" "no systemd-journal-remote here"
	exit 0
fi
mkdir j
"$remote" -o j/system.journal log.export >made 2>&1 || { skip "journal files" "systemd-journal-remote cannot make one here: $(tail -n 1 made)"; exit 0; }
fresh
run "$SCAUDIT" ingest --journal=j
if [ $status != 0 ] && warns 'libsystemd.so.0, which is not here'; then
	ok "without libsystemd: the package is named" warns 'install libsystemd0'
	exit 0
fi
ok "--journal=DIR: each event counts once" warns '692 records: 346 new, 346 seen before; 0 damaged'
ok "--journal=DIR: the same" is "$(db "$what" | cmp - export.txt 2>&1)" ""
fresh
run "$SCAUDIT" ingest --journal=j/system.journal
ok "--journal=FILE: the same" is "$(db "$what" | cmp - export.txt 2>&1)" ""
run "$SCAUDIT" ingest --journal=j
ok "again: nothing is new" warns '692 records: 0 new'
fresh
if command -v journalctl >/dev/null; then
	for form in export json json-pretty json-seq json-sse; do
		fresh
		journalctl -q --file j/system.journal -o $form | run "$SCAUDIT" ingest
		ok "journalctl -o $form: the same" is "$(db "$what" | cmp - export.txt 2>&1)" ""
		ok "journalctl -o $form: text" is "$(db 'SELECT sum(trusted) FROM observations')" 0
	done
	fresh
	journalctl -q --file j/system.journal -o json | run "$SCAUDIT" ingest --trusted-input
	ok "journalctl -o json, --trusted-input: trusted" is "$(db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
fi

# --- whose it is ---
if [ "$(id -u)" = 0 ]; then
	fresh
	chmod 755 j
	chmod 640 j/system.journal
	run "$SCAUDIT" ingest --journal=j
	ok "root's own: trusted" is "$(db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
	fresh
	chmod 666 j/system.journal
	run "$SCAUDIT" ingest --journal=j
	ok "others may write it: text" is "$(db 'SELECT sum(trusted) FROM observations')" 0
	ok "others may write it: said" warns 'counts as text.*not root'
	chmod 640 j/system.journal
fi

# --- boots and times ---
make_export 22222222222222222222222222222222 <(sed 's/audit(17955/audit(17956/' "$SAMPLES/denials.log") >second.export
"$remote" -o j/other.journal second.export >made 2>&1
fresh
run "$SCAUDIT" ingest --journal=j --boot 0
ok "--boot 0: the last one alone" is "$(db 'SELECT count(*) FROM observations WHERE first < "2026-11-25"')" 0
ok "--boot 0: something" test "$(db 'SELECT sum(count) FROM observations')" -gt 0
fresh
run "$SCAUDIT" ingest --journal=j --boot -1
ok "--boot -1: the one before" is "$(db "$what" | cmp - export.txt 2>&1)" ""
fresh
run "$SCAUDIT" ingest --journal=j --boot $boot
ok "--boot ID" is "$(db "$what" | cmp - export.txt 2>&1)" ""
run "$SCAUDIT" ingest --journal=j --boot -7
ok "a boot that is not there: exit 2, how many there are" test $status = 2 -a "$(grep -c 'holds 2 boots' err)" = 1
run "$SCAUDIT" ingest --boot 0
ok "--boot without --journal: exit 2" is $status 2
fresh
run "$SCAUDIT" ingest --journal=j --since 2026-11-25
ok "--since: nothing before it" is "$(db 'SELECT count(*) FROM observations WHERE first < "2026-11-25"')" 0
run "$SCAUDIT" ingest --journal=missing
ok "no such folder: exit 2, named" test $status = 2 -a "$(grep -c missing err)" = 1
head -c 3000 j/system.journal >cut.journal
run "$SCAUDIT" ingest --journal=cut.journal
ok "a broken file: exit 2, one line" test $status = 2 -a "$(wc -l <err)" -le 2
