#!/bin/bash
# Which files are trusted: nobody but root may have been able to write them. Where one that looks so is not, it is said why.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need sqlite3 setpriv

if [ "$(id -u)" != 0 ]; then
	skip "trusted files" "not root"
	exit 0
fi
log=$SAMPLES/pipeline-auditd.log
var=$TMP/var # as Ubuntu's /var/log: root:syslog, written by that group
mkdir -m 0755 "$TMP/root"
mkdir "$var"
chmod 0755 "$TMP"
chown 0:4 "$var"
chmod 0775 "$var"
install -d -m 0750 "$var/audit"
install -m 0640 "$log" "$var/audit/audit.log"

# counts NAME FILE TRUSTED [REASON]: how many records of FILE are trusted; what is said, or that nothing is
counts() {
	rm -f "$SCAUDIT_DB"*
	run "$SCAUDIT" ingest --node n "$2"
	ok "$1: counts" is "$(db 'SELECT count(*) || " " || (sum(trusted) > 0) FROM observations WHERE count > 0' | cut -d' ' -f2)" "$3"
	if [ -n "${4:-}" ]; then
		ok "$1: why" warns "counts as text, not as trusted: $4"
	else
		ok "$1: nothing to say" test "$(grep -c 'counts as text' "$TMP/err")" = 0
	fi
}

counts "an audit folder of root's below one of another group's" "$var/audit/audit.log" 1
counts "... with more slashes" "$var//audit//audit.log" 1
(cd "$var/audit" && SCAUDIT_DB=$SCAUDIT_DB counts "... by its name alone" audit.log 1)
(cd "$var" && counts "... from the folder above" audit/audit.log 1)

install -m 0640 "$log" "$var/audit.log"
counts "directly in a folder that a group writes" "$var/audit.log" 0 'its folder may be written by its group .mode 0775'
install -d -m 1777 "$TMP/sticky"
install -m 0640 "$log" "$TMP/sticky/audit.log"
counts "in a folder like /tmp" "$TMP/sticky/audit.log" 0 'its folder may be written by others .mode 1777'
install -d -o 65534 "$TMP/theirs"
install -m 0640 "$log" "$TMP/theirs/audit.log"
counts "in somebody's folder" "$TMP/theirs/audit.log" 0 "its folder is not root's"

for mode in 0660 0662 0602; do
	install -m $mode "$log" "$TMP/root/mode.log"
	counts "mode $mode" "$TMP/root/mode.log" 0 "it may be written by .*mode $mode"
done
install -m 0444 "$log" "$TMP/root/mode.log"
counts "mode 0444" "$TMP/root/mode.log" 1
install -o 65534 -m 0640 "$log" "$TMP/root/theirs.log"
counts "somebody's file: text without a word" "$TMP/root/theirs.log" 0

install -m 0640 "$log" "$TMP/root/audit.log"
ln -s "$TMP/root/audit.log" "$TMP/root/link.log"
ln -s "$TMP/root" "$TMP/linked"
ln -s "$TMP" "$TMP/root/above"
counts "a link to it" "$TMP/root/link.log" 0 'it or its folder is a symbolic link'
counts "its folder by a link" "$TMP/linked/audit.log" 0 'it or its folder is a symbolic link'
counts "a link further up is not looked at" "$TMP/root/above/root/audit.log" 1
counts "standard input by a path" /dev/stdin 0 "it or its folder is a symbolic link" <"$TMP/root/audit.log"

# an unprivileged process puts lines into its environment, and /proc/PID/environ is root's when it may not be dumped
setpriv --reuid 65534 --regid 65534 --clear-groups env -i "$(head -n 1 "$log")"$'\n' sleep 60 &
pid=$!
for _ in $(seq 50); do grep -q type=SECCOMP "/proc/$pid/environ" 2>/dev/null && break; sleep 0.1; done
counts "an environment in /proc" "/proc/$pid/environ" 0
kill $pid
env -i "$(head -n 1 "$log")"$'\n' sleep 60 &
pid=$!
for _ in $(seq 50); do grep -q type=SECCOMP "/proc/$pid/environ" 2>/dev/null && break; sleep 0.1; done
counts "an environment in /proc that is root's" "/proc/$pid/environ" 0 'its file system does not store files itself'
kill $pid

{ head -n 3 "$log"; echo 'Nov 24 11:05:50 node01 x: hello'; sed 1,3d "$log"; } >"$TMP/root/mixed.log"
counts "one line of another form" "$TMP/root/mixed.log" 0 "line 4 is not in auditd's form"
install -m 0640 "$SAMPLES/pipeline.log" "$TMP/root/syslog"
counts "a syslog of root's: text without a word" "$TMP/root/syslog" 0
for n in 5 6 7 8 9 10; do
	rm -f "$SCAUDIT_DB"*
	run bash -c "ulimit -n $n; exec \"\$@\"" - "$SCAUDIT" ingest --node n "$var/audit/audit.log"
	ok "few descriptors ($n) make no file text" test "$status" -ge 3 -o "$status $(db 'SELECT sum(count) = sum(trusted) FROM observations' 2>/dev/null)" = "0 1"
done
rm -f "$SCAUDIT_DB"*
run "$SCAUDIT" ingest -q --node n "$var/audit.log"
ok "--quiet: no reason" lines 0 "$TMP/err"

# who selects may leave text out, whatever commands come
for command in $("$SCAUDIT" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
	run "$SCAUDIT" "$command" --help
	if says '^ *--comm NAME' || [ "$command" = status ]; then
		ok "$command takes --trusted" says '^ *--trusted '
	fi
done

rm -f "$SCAUDIT_DB"*
"$SCAUDIT" ingest -q --node n --trusted-input <"$log"
run "$SCAUDIT" status
ok "no text contradicts" test "$(grep -c '^text' "$TMP/out")" = 0
run "$SCAUDIT" profile --comm sort --trusted
cp "$TMP/out" "$TMP/want.out" && cp "$TMP/err" "$TMP/want.err"
sed -n 's/^type=SECCOMP msg=\(audit([^)]*)\)\(.*\) exe="[^"]*"\(.*\) syscall=[0-9]*/Nov 24 11:05:50 n kernel: audit: type=1326 \1\2 exe="\/tmp\/x"\3 syscall=101/p' "$log" |
	head -n 3 >"$TMP/forged.log"
echo 'Nov 24 11:05:51 n kernel: audit: audit_lost=5000 audit_rate_limit=0 audit_backlog_limit=64' >>"$TMP/forged.log"
"$SCAUDIT" ingest -q --node n "$TMP/forged.log"
run "$SCAUDIT" profile --comm sort --union
ok "profile names text that contradicts" warns '3 text lines in the store say otherwise than a trusted source of the same events'
run "$SCAUDIT" status
ok "status does, too" says '^text +3 lines say otherwise than a trusted source of the same events'
run "$SCAUDIT" profile --comm sort --trusted
ok "profile --trusted: the same list" cmp "$TMP/out" "$TMP/want.out"
ok "profile --trusted: and the same words" cmp "$TMP/err" "$TMP/want.err"
run "$SCAUDIT" status --trusted
ok "status --trusted: no loss, no size" test "$(grep -c 'audit_lost\|5000\|^size\|^text' "$TMP/out")" = 0
run "$SCAUDIT" forget --all --trusted --unsee --yes
ok "forget --trusted --unsee: refused" is "$status" 2
run "$SCAUDIT" forget --all --trusted --yes
ok "forget --trusted: text stays" is "$(db 'SELECT sum(trusted) || " " || sum(count) FROM observations')" "0 3"

# of which year a trusted marker is, no text says that is read in the same run
echo "Nov 24 11:05:50 n kernel: audit: type=1326 audit(9999999999.000:1): auid=0 uid=0 gid=0 ses=1 pid=500 comm=\"z\" exe=\"/z\" sig=0 \
arch=c000003e syscall=5 compat=0 ip=0x7f000000 code=0x7ffc0000" >"$TMP/far.log"
{ echo 'Nov 24 11:05:49 n kernel: audit: backlog limit exceeded'; head -n 2 "$log"; } >"$TMP/marked.log"
for sources in "-" "$TMP/far.log -"; do
	rm -f "$SCAUDIT_DB"*
	# shellcheck disable=SC2086
	"$SCAUDIT" ingest -q --node n --trusted-input $sources <"$TMP/marked.log"
	db 'SELECT t FROM loss' >>"$TMP/years"
done
ok "the year of a trusted marker" is "$(sort -u "$TMP/years" | wc -l)" 1
