#!/bin/bash
# A machine's short name and its full one: which of them are one is told by all names that the store holds, so that neither
# order nor number of readings matters, and what came by both counts once.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3 python3
export SCAUDIT

# log HOST SERIAL PID...: starts of a program, with a loss marker; two records of each come without a serial as well
log() {
	python3 - "$@" <<'END'
import sys
host, serial, pids = sys.argv[1], int(sys.argv[2]), [int(p) for p in sys.argv[3:]]
for i, pid in enumerate(pids):
    steps = [("logrun", "/opt/demo/logrun", 59, 0)] + [("sh", "/usr/bin/dash", nr, 4) for nr in (12, 9, 59)]
    steps += [("app", "/opt/demo/app", nr, 8) for nr in (12, 1, 1, 57, 0, 90, 231)]
    for k, (comm, exe, nr, cell) in enumerate(steps):
        t, who = 1795500000000 + pid * 2000 + k, pid + (k == 8)
        text = (f'auid=1000 uid=0 gid=0 ses=1 subj=unconfined pid={who} comm="{comm}" exe="{exe}" sig=0 arch=c000003e syscall={nr} '
                f'compat=0 ip=0x{(0x1fc000 + pid * 64 + cell << 22) + nr:x} code=0x{0x50000 if nr == 90 else 0x7ffc0000:x}')
        print(f'2026-11-24T10:00:00+00:00 {host} kernel: [{pid}.{k}] audit: type=1326 audit({t // 1000}.{t % 1000:03d}:{serial + i * 100 + k}): {text}')
        if k in (4, 5):
            print(f'Nov 24 10:00:00 {host} audit[{who}]: SECCOMP {text}')
            print(f'Nov 24 10:00:00 {host} audit[{who + 9}]: SECCOMP ' + text.replace(f"pid={who}", f"pid={who + 9}"))
print(f'2026-11-24T10:00:00+00:00 {host} kernel: [{pids[0]}.5] audit: audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64')
END
}
fresh() { rm -f "$SCAUDIT_DB"*; }
answers() {
	"$ROOT/tests/answers" "$SCAUDIT_DB" "$@" >answers
	"$SCAUDIT" status "$@" --json | sed '/"store":\|"bytes":/d; /"runs":/,$d' >>answers
}
text() { "$SCAUDIT" ingest -q "$@" -; }
cd "$TMP" || exit 1

# ---- three names, in every order ----
log web 1000 100 120 >web
log web.a.org 5000 140 160 >web.a.org
log web.b.org 9000 180 >web.b.org
text <web; text <web.a.org; text <web.b.org
answers
mv answers expected
"$SCAUDIT" fold -q --keep-trees 0
answers
mv answers expected-folded
ok "three names are three machines" is "$("$SCAUDIT" status --json | grep -c '"names"')" 3
for order in "web web.a.org web.b.org" "web web.b.org web.a.org" "web.a.org web web.b.org" "web.a.org web.b.org web" \
	     "web.b.org web web.a.org" "web.b.org web.a.org web"; do
	read -r a b c <<<"$order"
	fresh
	text <"$a"; text <"$b"; text <"$c"
	answers
	ok "three runs: $order" cmp expected answers
	"$SCAUDIT" fold -q --keep-trees 0
	answers
	ok "... folded" cmp expected-folded answers
	fresh
	cat "$a" "$b" "$c" | text
	answers
	ok "one run: $order" cmp expected answers
	fresh
	cat "$b" "$c" | text
	text <"$a"
	answers
	ok "two runs: $b with $c, then $a" cmp expected answers
	fresh
	cat "$a" "$b" | text & cat "$c" "$a" | text &
	wait
	answers
	ok "two writers: $a with $b, $c with $a" cmp expected answers
done

# ---- a short name and its full one ----
for order in "web web.a.org" "web.a.org web"; do
	fresh
	for name in $order; do text <"$name"; done
	answers
	[ -e expected-two ] || cp answers expected-two
	ok "one machine: $order" cmp expected-two answers
	ok "... shown by its full name, with the other" is "$("$SCAUDIT" status | grep -c '^web.a.org = web	1	4	')" 1
	for name in web web.a.org; do
		"$SCAUDIT" workloads --node $name >selected
		ok "... selected by $name" is "$(sed -n 2p selected | cut -f3,5)" "4	44"
	done
	run "$SCAUDIT" workloads --node web.b.org
	ok "... not by another" is "$status" 1
	"$SCAUDIT" forget -q --yes --node web
	ok "... forgotten by one name" is "$(db 'SELECT count(*) FROM interval')" 0
done
fresh
text <web; text <web.a.org
"$SCAUDIT" workloads --by tree | sed 1d | cut -f1 | sort >before
text <web.b.org
"$SCAUDIT" workloads --by tree | sed 1d | cut -f1 | sort >after
ok "a name that comes later changes no tree's id" is "$(comm -23 before after)" ""

# ---- the same log by both names ----
log web.a.org 1000 100 120 >same
fresh
text --label alone <same
"$SCAUDIT" workloads --by tree --label alone | sed 1d | cut -f1 | sort >alone-ids
fresh
text --label alone <web
"$SCAUDIT" workloads --label alone >alone
for order in "web same" "same web"; do
	fresh
	for name in $order; do text --label both <"$name"; done
	"$SCAUDIT" workloads >both
	ok "the same log by both names: counts ($order)" is "$(sed -n 2p both | cut -f3-)" "$(sed -n 2p alone | cut -f3-)"
	ok "... the ids are those of the full name" is "$("$SCAUDIT" workloads --by tree --label both | sed 1d | cut -f1 | sort)" "$(cat alone-ids)"
	ok "... status" is "$("$SCAUDIT" status | grep '^web' | cut -f1-3)" "web.a.org = web	1	2"
	ok "... the kernel's figure of lost records counts once" is "$("$SCAUDIT" status | grep -c 'kernel 7 in 1 marker')" 1
	answers
	[ -e expected-same ] || cp answers expected-same
	ok "... all answers" cmp expected-same answers
	"$SCAUDIT" fold -q --keep-trees 0
	"$SCAUDIT" workloads >both
	ok "... folded" is "$(grep 'both: ' both | cut -f3-6)" "$(sed -n 2p alone | cut -f3-6)"
done
fresh
text <web
grep -v 'comm="logrun"' same | awk 'NR % 2' | text
"$SCAUDIT" workloads >both
ok "by the other name each second record, without the first" is "$(sed -n 2p both | cut -f3,5)" "$(sed -n 2p alone | cut -f3,5)"
fresh
text <web
sed 's/pid=1/pid=7/g' same | text
ok "other pids are other processes" is "$("$SCAUDIT" workloads | sed -n 2p | cut -f3)" 4
fresh
text <web
sed -E 's/:1([0-9]+)\): /:7\1): /' same | text
ok "other serials are other processes" is "$("$SCAUDIT" workloads | sed -n 2p | cut -f3)" 4

# ---- what a trusted source says is not told by names that text has ----
log web 20000 300 320 >one
fresh
text --trusted-input <web.a.org
text --trusted-input <one
answers --trusted
mv answers expected
sed 's/^[^ ]* [^ ]* /x x /; s/ web / web.a.org /' web >forged
fresh
text <web.b.org
text <forged
text --trusted-input <web.a.org
text <same
sed 's/web/web.c.org/' web.a.org | text
text --trusted-input <one
log web.a.org 20000 300 320 | text
answers --trusted
ok "--trusted: as if there were no text by any name" cmp expected answers
"$SCAUDIT" workloads --node web.a.org --by tree >selected
ok "other names by text part nothing that is trusted" is "$("$SCAUDIT" status | grep -c '^web.a.org = web	')" 1
# half of it is trusted, without the beginning, and text by the other name has all
for order in "whole part" "part whole"; do
	fresh
	for one in $order; do
		if [ "$one" = part ]; then
			grep -v 'comm="logrun"' same | awk 'NR % 2' | text --trusted-input
		else
			text <web
		fi
	done
	"$SCAUDIT" workloads >both
	ok "a trusted part of it ($order)" is "$(sed -n 2p both | cut -f3,5)" "$(sed -n 2p alone | cut -f3,5)"
	"$SCAUDIT" fold -q --keep-trees 0
	"$SCAUDIT" workloads >both
	ok "... folded" is "$(sed -n 2p both | cut -f3,5)" "$(sed -n 2p alone | cut -f3,5)"
done
# a label that text alone has: its row stands for no tree, and for no start of its own
fresh
text --label x <web
grep -v 'comm="logrun"' same | awk 'NR % 2' | text --trusted-input
"$SCAUDIT" fold -q --keep-trees 0
"$SCAUDIT" workloads >both
ok "no fold has more starts than trees" is "$(awk -F'\t' 'NR > 1 && $4 > 99' both)" ""

# ---- many names ----
fresh
python3 - >many <<'END'
line = ('Nov 24 10:00:00 %s kernel: audit: type=1326 audit(1795500000.%03d:%d): auid=1000 uid=0 gid=0 ses=1 subj=unconfined pid=%d '
        'comm="a" exe="/bin/a" sig=0 arch=c000003e syscall=1 compat=0 ip=0x7f0000001000 code=0x7ffc0000')
for i in range(3000):
    print(line % ("n%d%s" % (i // 2, ".a.org" if i % 2 else ""), i % 1000, i + 1, i + 1))
END
text <many
ok "many names" is "$("$SCAUDIT" status | grep -c '^n[0-9].* = n')" 1500
