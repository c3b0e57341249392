#!/bin/bash
# What is printed of a name can be pasted back, and nothing that is printed hides anything.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3 python3

seed=${SEED:-$(date +%s)}
echo "# seed $seed"

# names of all kinds: a backslash, spellings of escapes, quotes, blanks, controls, UTF-8 and bytes that are none
python3 - "$seed" "$TMP" <<'END'
import random, sys

draw = random.Random(int(sys.argv[1]))
names = [b"\\x2a/", b"*/", b"\\", b"\\x5c", b"\\\\x5c", b"a b", b"it's", b'"q"', b"$(x)", b"-", b"\x1b[31m", b"t\tb", b"nl\n",
         b"caf\xc3\xa9", b"\xe2\x80\xaeevil", b"\xff\xfe", b"\xe2\x80\xa8", b"~", b"x" * 15]
pieces = [b"\\", b"x", b"2", b"a", b"/", b"\\x41", b" ", b"'", b"\x07", b"\xc3\xa9", b"\x80", b"\xe2\x80\x8b", b"n"]
while len(names) < 60:
    name = b"".join(draw.choice(pieces) for _ in range(draw.randint(1, 8)))[:15]
    if name not in names:
        names.append(name)
serial = 1
with open(sys.argv[2] + "/names.log", "wb") as log:
    for i, name in enumerate(names):
        exe = b"/opt/d/" + name.replace(b"/", b"|")
        for nr in (0, 231):
            log.write(b"Nov 24 10:00:%02d node01 kernel: [%d.0] audit: type=1326 audit(1795500%03d.%03d:%d): auid=0 uid=0 gid=0 "
                      b"ses=1 subj=unconfined pid=%d comm=%s exe=%s sig=0 arch=c000003e syscall=%d compat=0 ip=0x7f%04x000001 "
                      b"code=0x7ffc0000\n" % (i, i, i, serial % 1000, serial, 1000 + i, name.hex().upper().encode(),
                                              exe.hex().upper().encode(), nr, i))
            serial += 1
END
node="host\\x2d\\"
run "$SCAUDIT" ingest --node "$node" "$TMP/names.log"
ok "the log is read" warns '^scaudit: 120 records'
label=$'la\\x62el \xe2\x80\xae*/'
run "$SCAUDIT" ingest --node node02 --label "$label" "$SAMPLES/java-threads.log"
ok "a label of bytes" is "$status" 0
# where it ran comes from capture alone
sqlite3 "$SCAUDIT_DB" "
	CREATE TEMP TABLE it AS SELECT tree.id AS tree, part.node AS node FROM tree JOIN image USING (id) JOIN part ON part.id = founder
		WHERE node = (SELECT node FROM node_name WHERE CAST(name AS TEXT) = 'node02') LIMIT 1;
	INSERT INTO place (id, node, runtime, container, container_name, pod, pod_name, namespace, unit)
		SELECT 1000, node, x'', CAST('0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef' AS BLOB), CAST('we b\' AS BLOB),
		CAST('b6ca7a51-1111' AS BLOB), CAST('po\x2dd' || char(27) AS BLOB), CAST('na me' AS BLOB), CAST('foo\x2dbar@1.service' AS BLOB)
		FROM it UNION ALL
		SELECT 1001, node, x'', x'', CAST('\\' || char(8238) AS BLOB), x'', x'', x'', x'' FROM it;
	INSERT INTO tree_place (tree, place, trusted) SELECT tree, 1000, 1 FROM it UNION ALL SELECT tree, 1001, 1 FROM it"

# each row that is listed by something selects what it lists
# paste WHAT OPTION: rows that cannot be pasted
paste() {
	local name records got

	"$SCAUDIT" workloads --by "$1" | tail -n +2 | while IFS=$'\t' read -r name _ _ records _; do
		[ "$name" != - ] || continue
		got=$("$SCAUDIT" workloads --by "$1" "--$2" "$name" | tail -n +2 | while IFS=$'\t' read -r one _ _ n _; do
			[ "$one" != "$name" ] || echo "$n"
		done)
		[ "$got" = "$records" ] || echo "$1: '$name' has $records records, and --$2 finds '$got'"
	done
}
for what in comm exe label node container pod unit; do
	rows=$("$SCAUDIT" workloads --by "$what" | tail -n +2 | grep -cv '^-')
	ok "--by $what: there are rows" test "$rows" -ge 1
	ok "--by $what: each row can be pasted" is "$(paste "$what" "$what")" ""
done
ok "--by comm: all names are there" test "$("$SCAUDIT" workloads --by comm | tail -n +2 | wc -l)" -ge 60
ok "nothing but printable ASCII in tables" is "$(for what in comm exe label node container pod unit workload tree; do
	"$SCAUDIT" workloads --by $what; done | tr '\t' '\n' | LC_ALL=C grep -c '[^ -~]')" 0

# what JSON says is the name itself
run "$SCAUDIT" workloads --by comm --json --comm '\x5cx2a/'
cp "$TMP/out" "$TMP/spelled"
run "$SCAUDIT" workloads --by comm --json --comm '\x2a/'
ok "five bytes: by what is printed" grep -q '"name": "\\\\x5cx2a/"' "$TMP/spelled"
ok "five bytes: and by themselves, beside what they spell" is "$(grep -c '"name"' "$TMP/out")" 2
run "$SCAUDIT" profile --root '\x5cx2a|' --format names --exclude-comm '\x5c'
ok "--root takes it, too" is "$status" 0
run "$SCAUDIT" workloads --comm '\x5cx2a/' --exclude-comm '\x2a/'
ok "--exclude-comm takes it, too" is "$status" 1
run "$SCAUDIT" workloads --unit 'foo\x2dbar@'
ok "a unit as systemd prints it" is "$status" 0
run "$SCAUDIT" node alias 'host\x5cx2d\x5c' other
ok "node alias: the name as status prints it" is "$status" 0
run "$SCAUDIT" workloads --node other --comm '\x5cx2a/'
ok "node alias: it is the same node" is "$status" 0
run "$SCAUDIT" profile --comm '\x5cx5c\x5cx5c\x5cx5c'
ok "a name of 12 bytes in 20 is not cut" is "$(grep -c "keeps 15" "$TMP/err")" 0

# nothing is hidden in JSON, comments and YAML
hidden() {
	python3 -c '
import sys, unicodedata
text = sys.stdin.buffer.read().decode("utf-8")
bad = sorted({"U+%04X" % ord(c) for c in text if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Cn") and c != "\t")})
print(" ".join(bad))'
}
ok "JSON of workloads hides nothing" is "$("$SCAUDIT" workloads --by comm --json | hidden)" ""
ok "JSON of denials and status hides nothing" is "$( ("$SCAUDIT" denials --json; "$SCAUDIT" status --json) | hidden)" ""
ok "JSON of decode hides nothing" is "$("$SCAUDIT" decode --json "$TMP/names.log" | hidden)" ""
ok "JSON of decode means the name" is "$("$SCAUDIT" decode --json "$TMP/names.log" | python3 -c '
import json, sys
print(sum(json.loads(l)["comm"] in ("\\x2a/", "\u202eevil", "\u2028", "caf\u00e9") for l in sys.stdin))')" 8
for format in oci docker spo pod systemd systemd-log c pfc names json; do
	ok "$format hides nothing" is "$("$SCAUDIT" profile -q --all --union --node node02 --format $format | hidden)" ""
done
ok "--explain hides nothing" is "$("$SCAUDIT" profile -q --all --union --explain | hidden)" ""
printf '{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [ { "names": [ "read\xe2\x80\xae", "write" ], "action": "SCMP_ACT_ALLOW", "comment": "a\xe2\x80\xa8b\xef\xbb\xbf\xc2\xad" } ] }' >"$TMP/base.json"
for format in docker oci json; do
	ok "a base in $format hides nothing" is "$("$SCAUDIT" profile -q --label "$label" --base "$TMP/base.json" --format $format | hidden)" ""
done
run "$SCAUDIT" lint "$TMP/base.json"
ok "lint hides nothing" is "$(cat "$TMP/out" "$TMP/err" | hidden)" ""
run "$SCAUDIT" lint --json "$TMP/base.json"
ok "lint's JSON hides nothing" is "$(hidden <"$TMP/out")" ""
run "$SCAUDIT" diff "$TMP/base.json" $'/no\xe2\x80\xaewhere\x1b'
ok "a message hides nothing" is "$(hidden <"$TMP/err")" ""

# loss markers alone
printf 'Nov 24 10:00:00 node01 kernel: [1.0] audit: audit_lost=7 audit_rate_limit=0 audit_backlog_limit=64\n' >"$TMP/lost.log"
run "$SCAUDIT" ingest --db "$TMP/lost.db" "$TMP/lost.log"
ok "loss markers alone: that they were kept is said" warns 'no record in this input, but 1 loss marker, which was kept'
ok "loss markers alone: they are" is "$("$SCAUDIT" status --db "$TMP/lost.db" | grep -c '1 marker')" 1
