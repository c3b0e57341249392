#!/bin/bash
# Each form in each container: the same observations of the same events.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

need sqlite3 awk gzip tar
cd "$TMP" || exit 1
fresh() { rm -f "$SCAUDIT_DB"*; }
what='SELECT node, tree, path, comm, exe, arch, nr, action, count, first, last FROM observations ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11'
sed -n 's/^.*type=[^ ]* msg=\(audit(.*\)$/\1/p' "$SAMPLES/pipeline-auditd.log" >bare
"$SCAUDIT" ingest -q --node n bare
db "$what" >expected
ok "there is something to compare" test "$(wc -l <expected)" -gt 100

in_form() {
	case $1 in
	netlink) cat bare ;;
	dmesg) sed 's/^/[ 2076.263835] audit: type=1326 /' bare ;;
	syslog) sed 's/^/Nov 24 11:05:50 host kernel: audit: type=1326 /' bare ;;
	month) sed 's/^/févr. 24 11:05:50 host kernel: audit: type=1326 /' bare ;;
	rfc5424) sed 's/^/<5>1 2026-11-24T11:05:50.097724+00:00 host kernel - - - audit: type=1326 /' bare ;;
	auditd) sed 's/^/type=SECCOMP msg=/' bare ;;
	imfile) sed 's/^/Nov 24 11:05:50 host audit_log: type=SECCOMP msg=/' bare ;;
	logcat) sed 's/^/11-24 11:05:50.412   959   959 E audit   : type=1326 /' bare ;;
	cri) sed 's/^/2026-11-24T11:05:50.097724123Z stdout F type=SECCOMP msg=/' bare ;;
	compose) sed 's/^/reader-1  | type=SECCOMP msg=/' bare ;;
	chromeos) sed 's/^/2026-11-24T11:05:50.097724Z NOTICE kernel: audit: type=1326 /' bare ;;
	openwrt) sed 's/^/Tue Nov 24 11:05:50 2026 kern.notice kernel: audit: type=1326 /' bare ;;
	bullet) sed 's/^/- audit: type=1326 /' bare ;;
	esac
}
json() { sed 's/\\/\\\\/g; s/"/\\"/g; s/^/{"host":"host","message":"/; s/$/"}/'; }
pretty() { sed 's/\\/\\\\/g; s/"/\\"/g; s/^/{\n  "log": "/; s/$/\\n"\n}/'; }
inner() { json | json; }
into() { # CONTAINER: of the file `form`, the file `packed`
	case $1 in
	plain) cp form packed ;;
	gz) gzip -c form >packed ;;
	zst) zstd -qc form >packed ;;
	xz) xz -c form >packed ;;
	tar) tar cf packed form ;;
	json) json <form >packed ;;
	pretty) pretty <form >packed ;;
	inner) inner <form >packed ;;
	json-gz) json <form | gzip >packed ;;
	export) sed 's/^/__CURSOR=s=1\n_HOSTNAME=host\nMESSAGE=/; s/$/\n/' form >packed ;;
	esac
}
packers=gz
! "$SCAUDIT" ingest --db probe.db <(gzip -c bare) 2>&1 | grep -q 'libarchive.so.13, which is not here' || packers=
[ -z "$packers" ] || packers="gz tar json-gz $(command -v zstd >/dev/null && echo zst) $(command -v xz >/dev/null && echo xz)"
for form in netlink dmesg syslog month rfc5424 auditd imfile logcat cri compose chromeos openwrt bullet; do
	in_form $form >form
	bad=''
	for container in plain json pretty inner export $packers; do
		into "$container"
		fresh
		"$SCAUDIT" ingest -q --node n packed 2>err
		db "$what" | cmp -s - expected || bad="$bad $container"
	done
	ok "$form: in each container the same" is "$bad" ""
	fresh
	: >grows
	"$SCAUDIT" ingest -q --node n --follow grows 2>err &
	pid=$!
	head -c 20000 form >>grows
	sleep 0.2
	tail -c +20001 form >>grows
	for ((i = 0; i < 100; i++)); do
		[ "$(db 'SELECT sum(count) FROM observations' 2>/dev/null)" != 346 ] || break
		sleep 0.1
	done
	kill -INT $pid
	wait $pid
	ok "$form: followed, the same" is "$(db "$what" | cmp - expected 2>&1)" ""
	rm -f grows
done
