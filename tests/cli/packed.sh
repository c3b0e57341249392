#!/bin/bash
# Compressed and archived input: the same events, whatever it is packed in.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 gzip tar
cp "$SAMPLES"/pipeline.log "$SAMPLES"/denials.log "$TMP"
chmod 0666 "$TMP"/*.log
cd "$TMP" || exit 1
fresh() { rm -f "$SCAUDIT_DB"*; }
what='SELECT tree, path, comm, exe, arch, nr, action, count, trusted, first, last FROM observations ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11'

"$SCAUDIT" ingest -q pipeline.log
db "$what" >plain.txt

if ! "$SCAUDIT" decode -q <(gzip -c pipeline.log) >"$TMP/out" 2>"$TMP/err"; then
	ok "without libarchive: the package is named" warns 'libarchive.so.13, which is not here: install libarchive13'
	skip "packed input" "no libarchive here"
	exit 0
fi

# --- without the library: what is needed, and all else goes on ---
mkdir none
: >none/libarchive.so.13
gzip -c pipeline.log >without.gz
fresh
run env LD_LIBRARY_PATH="$TMP/none" "$SCAUDIT" ingest without.gz denials.log
ok "without libarchive: exit 2, one line names the package" test $status = 2 -a "$(grep -c 'without.gz is packed (gzip), and needs libarchive.so.13.*install libarchive13' err)" = 1
ok "without libarchive: the other file is read" is "$(db 'SELECT sum(count) FROM observations')" 433

# same NAME FILE: what it brings is what the plain file brings
same() {
	fresh
	run "$SCAUDIT" ingest "$2"
	ok "$1: read" is $status 0
	ok "$1: the same observations" is "$(db "$what" | cmp - plain.txt 2>&1)" ""
}
pack() { # NAME TOOL ARGS...
	local name=$1

	shift
	command -v "$1" >/dev/null || { skip "$name" "no $1 here"; return 0; }
	"$@" <pipeline.log >"log.$name"
	same "$name" "log.$name"
	fresh
	run "$SCAUDIT" ingest <"log.$name"
	ok "$name on a pipe: the same" is "$(db "$what" | cmp - plain.txt 2>&1)" ""
}
pack gz gzip -c
pack xz xz -c
pack zst zstd -qc
pack bz2 bzip2 -c
pack lz4 lz4 -qc
tar cf log.tar pipeline.log
same tar log.tar
tar cf - pipeline.log | gzip >log.tgz
same "tar in gz" log.tgz
same "gz in tar in gz" <(tar cf - log.gz | gzip)
! command -v xz >/dev/null || same "xz in tar" <(tar cf - log.xz)
{ head -n 100 pipeline.log | gzip; tail -n +101 pipeline.log | gzip; } >log.two
same "gz of two parts" log.two
mkdir -p rotated
head -n 100 pipeline.log | gzip >rotated/log.2.gz
tail -n +101 pipeline.log >rotated/log.1
tar cf rotated.tar rotated
same "a folder in a tar, some of it packed" rotated.tar
if command -v python3 >/dev/null; then
	python3 -c 'import zipfile; z = zipfile.ZipFile("log.zip", "w", zipfile.ZIP_DEFLATED); z.write("pipeline.log"); z.close()'
	same zip log.zip
fi
# the form of the lines does not matter
while read -r line; do
	printf '{"log":"%s\\n"}\n' "$(printf '%s' "$line" | sed 's/\\/\\\\/g; s/"/\\"/g')"
done <pipeline.log | gzip >json.gz
same "JSON in gz" json.gz

# --- who is named ---
printf 'audit: type=1326 audit(1.000:1): auid=x\n' >bad.log
tar cf bad.tar pipeline.log bad.log
run "$SCAUDIT" ingest -v bad.tar
ok "a damaged line: its member and its number there" warns '^bad.tar:bad.log:1: damaged'
run "$SCAUDIT" decode --json bad.tar
ok "decode: the member is the file" says '"file":"bad.tar:pipeline.log","line":1,'

# --- what is cut off ---
fresh
gzip -c pipeline.log | head -c 4000 >cut.gz
run "$SCAUDIT" ingest cut.gz denials.log
ok "cut off: exit 2" is $status 2
ok "cut off: one line says so" is "$(grep -c 'cut.gz is cut off or broken' err)" 1
ok "cut off: what it holds is in the store, and the next file too" test "$(db 'SELECT sum(count) FROM observations')" -gt 433
head -c 300 /dev/urandom >noise
{ printf '\037\213'; cat noise; } >noise.gz
run "$SCAUDIT" ingest noise.gz
ok "no gzip at all: exit 2, named" test $status = 2 -a "$(grep -c noise.gz err)" -ge 1
: >empty
gzip -c empty >empty.gz
run "$SCAUDIT" ingest empty.gz
ok "nothing in it: no failure" is $status 0
ok "nothing in it: said" warns 'the input is empty'

# --- bombs ---
if command -v python3 >/dev/null; then
	fresh
	head -c 1500000000 /dev/zero | tr '\0' x | gzip >bomb.gz
	gzip -c bomb.gz >bomb.gz.gz
	for f in bomb.gz bomb.gz.gz; do
		run python3 -c 'import resource, subprocess, sys
p = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(p.returncode)' "$SCAUDIT" ingest $f
		ok "a bomb, $f: exit 2" is $status 2
		if ldd "$SCAUDIT" 2>/dev/null | grep -q libasan; then
			skip "a bomb, $f: bounded memory" "the sanitizer's own memory is not bounded"
		else
			ok "a bomb, $f: bounded memory" test "$(tail -n 1 out)" -lt 65536
		fi
	done
	rm -f bomb.gz bomb.gz.gz
fi

# --- what cannot be read ---
mkdir folder
run "$SCAUDIT" ingest folder missing log.gz
ok "a folder, a missing file: exit 2, the rest is read" test $status = 2 -a "$(grep -c 'folder is a folder\|cannot open missing' err)" = 2
ok "a folder, a missing file: the rest" warns '346 records'

# --- trust: as for a plain log in its place ---
if [ "$(id -u)" = 0 ]; then
	fresh
	gzip -c denials.log >audit.log.1.gz
	chmod 0640 audit.log.1.gz
	run "$SCAUDIT" ingest audit.log.1.gz
	ok "root's own, all of it auditd's: trusted" is "$(db 'SELECT sum(count) - sum(trusted) FROM observations')" 0
	fresh
	{ cat denials.log; echo 'Nov 24 04:29:37 n kernel: x'; } | gzip >audit.log.1.gz
	run "$SCAUDIT" ingest audit.log.1.gz
	ok "one line of another kind: text" is "$(db 'SELECT sum(trusted) FROM observations')" 0
	ok "one line of another kind: said" warns 'audit.log.1.gz counts as text.*line 434'
	fresh
	gzip -c denials.log >audit.log.1.gz
	chmod 0666 audit.log.1.gz
	run "$SCAUDIT" ingest audit.log.1.gz
	ok "may be written by others: text" is "$(db 'SELECT sum(trusted) FROM observations')" 0
else
	skip "trust of packed logs" "not root"
fi
