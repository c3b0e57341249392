#!/bin/bash
# scaudit doctor without privilege: what it says, as text and as JSON, and what it refuses. What it finds depends on the
# machine; tests/kernel/test_doctor.sh compares that with the kernel.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

as=()
if [ "$(id -u)" = 0 ]; then
	need setpriv
	as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	# the program may lie where only root comes
	cp "$SCAUDIT" "$TMP/scaudit" && chmod 755 "$TMP" "$TMP/scaudit" && SCAUDIT=$TMP/scaudit
fi
zero_or_one() { [ "$status" = 0 ] || [ "$status" = 1 ]; }

run "${as[@]}" "$SCAUDIT" doctor
ok "text: exit 0 or 1" zero_or_one
ok "text: nothing on stderr" test ! -s "$TMP/err"
ok "text: each line is a finding, what to do, or one of the three about the record" is \
	"$(grep -cvE '^(ok|warn|FAIL|\?) +[a-z.]+( [a-z]+)?  +.|^ {22}-> .|^$|^(one|no) LOG record |^[A-Z].*\.$' "$TMP/out")" 0
for what in seccomp 'actions logged' audit 'exclude rules' 'audit daemon' printk 'backlog limit' 'lost records' netlink \
	namespaces 'own filter' cost; do
	ok "text: a line on $what" says "^(ok|warn|FAIL|\?) +$what  "
done
ok "text: what needs privilege says so" says '^\? +backlog limit +not known \(needs CAP_AUDIT_CONTROL\)$|not known: there is no audit'
ok "text: the last line is a sentence" grep -qE '^[A-Z].*\.$' <(tail -n 1 "$TMP/out")

run "${as[@]}" "$SCAUDIT" doctor --pid $$
ok "--pid: its mode" says "^(ok|warn|\?) +process +$$ \(bash\): Seccomp: [012]"
ok "--pid: the number of filters or none" says 'Seccomp: (0, no filter|1, strict mode|2, [0-9]+ filters?|2, filters)'
run "${as[@]}" "$SCAUDIT" doctor --pid 2147483647
ok "--pid: nobody has it" says '^\? +process +no process 2147483647'
for bad in 0 x -1 1x 99999999999; do
	run "${as[@]}" "$SCAUDIT" doctor "--pid=$bad"
	ok "--pid $bad: exit 2" is $status 2
	ok "--pid $bad: says why" warns '^scaudit: --pid takes'
done
run "$SCAUDIT" doctor --help
ok "--help: has --pid" says '^ +--pid N +'
run "$SCAUDIT" status --pid 1
ok "other commands take no --pid" is $status 2
run "$SCAUDIT" doctor all
ok "no operands" is $status 2

command -v jq >/dev/null || { skip "doctor --json" "no jq here"; exit 0; }
run "${as[@]}" "$SCAUDIT" doctor --json
ok "--json: one document with all parts" jq -e '.findings and .record and .arrived and .records and .verdict' "$TMP/out"
ok "--json: findings have four fields" jq -e 'all(.findings[]; keys == ["do", "found", "state", "what"])' "$TMP/out"
ok "--json: states are words" jq -e 'all(.findings[].state; IN("ok", "warn", "fail", "unknown"))' "$TMP/out"
ok "--json: what is fine needs nothing done" jq -e 'all(.findings[] | select(.state == "ok"); .do == null)' "$TMP/out"
ok "--json: a way was looked at, or says why not" jq -e 'all(.arrived[]; .arrived != null or .why_not != null or .kind)' "$TMP/out"
ok "--json: exit 1 where no record was seen" is "$(jq -r '.records | IN("kept", "live", "ring") | not' "$TMP/out")" \
	"$([ $status = 1 ] && echo true || echo false)"
