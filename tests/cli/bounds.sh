#!/bin/bash
# A profile that is small as a file and unfolds to too much: each command that reads one refuses it with one clear line.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need python3

"$SCAUDIT" ingest -q --node node01 "$SAMPLES/java-threads.log"
printf '%s\n' read write exit_group >"$TMP/small"

python3 - "$TMP" <<'END'
import json, sys

def put(name, text):
    with open(sys.argv[1] + "/" + name, "w") as f:
        f.write(text)

def condition(i):
    return {"index": 0, "value": i, "op": "SCMP_CMP_EQ"}

def oci(**more):
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [], **more})

def rule(names=("read",), **more):
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", **more}

def spo(lines):
    return ("apiVersion: v1\nkind: SeccompProfile\nspec:\n  defaultAction: SCMP_ACT_ERRNO\n  syscalls:\n  - action: SCMP_ACT_ALLOW\n"
            "    names:\n" + lines)

put("words.conf", "[Service]\nSystemCallFilter=" + " ".join(["@system-service"] * 240000) + "\n")
put("again.conf", "[Service]\nSystemCallFilter=read\n" + "SystemCallFilter=~@file-system\nSystemCallFilter=@file-system\n" * 20000)
put("one.json", oci(syscalls=[rule(args=[condition(i) for i in range(40000)])]))
put("each.json", oci(syscalls=[rule(args=[condition(i)]) for i in range(8000)]))
put("cross.json", oci(syscalls=[rule(names=["c%d" % k for k in range(4000)], args=[condition(i) for i in range(400)])]))
put("names.json", oci(syscalls=[rule(names=["c%d" % k for k in range(60000)])]))
put("unread.json", oci(**{"k%d" % k: 1 for k in range(60000)}))
put("archs.json", oci(architectures=["SCMP_ARCH_X86"] * 60000))
put("own.json", json.dumps({"scaudit": "1", "default_action": "SCMP_ACT_ERRNO", "architectures": [], "syscalls": [
    {"name": "c%d" % k, "action": "SCMP_ACT_ALLOW", "errno": None, "args": []} for k in range(40000)]}))
put("deep.json", '{"a":' * 100000)
put("twice.json", '{"defaultAction": "SCMP_ACT_LOG",' + '"\\u0061": 1,' * 100000 + '"b": 1}')
put("names.yaml", spo("".join("    - c%d\n" % k for k in range(60000))))
put("alias.yaml", "kind: SeccompProfile\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    "%s: &%s [%s]\n" % (b, b, ",".join(["*" + a] * 9)) for a, b in zip("abcdefgh", "bcdefghi")))
put("deep.yaml", "kind: SeccompProfile\na: " + "[" * 100000)
put("bits.policy", "".join("c%d: arg0 & 0xffffffffffffffff\n" % k for k in range(20000)))
put("or.policy", "read: " + " || ".join("arg0 == %d" % k for k in range(20000)) + "\n")
put("and.policy", "read: arg0 & 0xffffffff && arg1 & 0xffffffff && arg2 & 0xffffffff\n")
put("names.txt", "\n".join(["read"] * 100000))
END

# one clear line, exit 2 (125 where a command would have run), nothing on stdout
# refuses STATUS FILE COMMAND...
refuses() {
	local want=$1 file=$2

	shift 2
	run "$SCAUDIT" "$@"
	[ "$status" = "$want" ] && [ ! -s "$TMP/out" ] && lines 1 "$TMP/err" && warns "^scaudit: .*$file(:[0-9]+)?: .+" && return
	echo "status $status"
	head -n 3 "$TMP/err"
	return 1
}
for file in words.conf again.conf one.json each.json cross.json names.json unread.json archs.json own.json deep.json twice.json names.yaml \
	alias.yaml deep.yaml bits.policy or.policy and.policy names.txt; do
	profile=$TMP/$file
	ok "$file: lint" refuses 2 "$file" lint "$profile"
	ok "$file: diff, as the first" refuses 2 "$file" diff "$profile" "$TMP/small"
	ok "$file: diff, as the second" refuses 2 "$file" diff "$TMP/small" "$profile"
	ok "$file: check" refuses 2 "$file" check "$profile" --all
	ok "$file: --base" refuses 2 "$file" profile -q --comm java --base "$profile"
	ok "$file: run" refuses 125 "$file" run "$profile" -- true
	case $file in
	deep.json | twice.json | alias.yaml | deep.yaml) ;; # these are no profiles, but texts that are kept
	*)
		ok "$file: ingest --logged-under" refuses 2 "$file" ingest --db "$TMP/under.db" --logged-under "$profile" "$SAMPLES/denials.log"
		ok "$file: capture --logged-under" refuses 125 "$file" capture --db "$TMP/under.db" --logged-under "$profile" -- true
		;;
	esac
done
ok "--logged-under: nothing was read" test ! -e "$TMP/under.db"
ok "what there is too much of is said" is "$("$SCAUDIT" lint "$TMP/words.conf" 2>&1)" \
	"scaudit: $TMP/words.conf:2: too large for a profile: over 32768 names of calls"
ok "which call has too many conditions is said" is "$("$SCAUDIT" lint "$TMP/each.json" 2>&1)" \
	"scaudit: $TMP/each.json: too large for a profile: over 512 conditions on read"
python3 -c 'print("read\n" * 3000, end="")' >"$TMP/floor"
ok "--floor: too many names" refuses 2 floor profile -q --comm java --floor "$TMP/floor"
python3 -c 'print("# comment\n" * 600000, end="")' >"$TMP/floor"
ok "--floor: over 4 MB" refuses 2 floor profile -q --comm java --floor "$TMP/floor"
ok "--floor: an endless one" refuses 2 zero profile -q --comm java --floor /dev/zero

# a policy of an older run that cannot be read takes nothing off a list
run "$SCAUDIT" ingest --db "$TMP/kept.db" --logged-under "$TMP/deep.yaml" "$SAMPLES/java-threads.log"
ok "--logged-under: what cannot be read is said at once" warns '^scaudit: --logged-under: .*deep.yaml:2: nested deeper than 32$'
ok "... exit 2, and nothing is read" is "$status $(find "$TMP" -name 'kept.db*' | wc -l)" "2 0"
printf '{"defaultAction": "SCMP_ACT_LOG"}' >"$TMP/fine.json"
"$SCAUDIT" ingest -q --db "$TMP/kept.db" --logged-under "$TMP/fine.json" "$SAMPLES/java-threads.log"
python3 - "$TMP" <<-'END'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1] + "/kept.db")
	db.execute("UPDATE policy SET name = 'deep.yaml', text = ?", (open(sys.argv[1] + "/deep.yaml", "rb").read(),))
	db.commit()
	END
run "$SCAUDIT" profile --db "$TMP/kept.db" --comm java --format names
ok "--logged-under: it takes nothing off a list" warns 'recorded under deep.yaml .*not all of it can be read here'

# what is real passes: as many names as there are, each call of all architectures with conditions
python3 - "$TMP" <<'END'
import json, sys
names = open(sys.argv[1] + "/small").read().split()
rules = [{"names": [n], "action": "SCMP_ACT_ALLOW", "args": [{"index": 1, "value": i, "op": "SCMP_CMP_EQ"}]} for n in ("ioctl", "fcntl", "prctl")
         for i in range(100)]
json.dump({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
           "syscalls": rules + [{"names": names, "action": "SCMP_ACT_ALLOW"}]}, open(sys.argv[1] + "/real.json", "w"))
END
run "$SCAUDIT" check "$TMP/real.json" --all
ok "300 conditions on three calls and three architectures: judged" warns 'calls that were seen, .* would be refused'
