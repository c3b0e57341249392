#!/bin/bash
# One workload or several? One perl service started in eight ordinary ways is one; four scripts that use sort are several;
# the same where nine of ten records were lost.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/kernel/records.sh
. "$ROOT/tests/kernel/records.sh"
need perl awk sqlite3 setpriv timeout
[ "$(id -u)" = 0 ] || { skip workloads "not root"; exit 0; }
BIN=$(realpath "${BUILD:-build}")
chmod 755 "$TMP"

collect() { records "$@" >/dev/null 2>&1; } # FILE FUNCTION
log() { "$BIN/logrun" -- "$@"; }

# ---- a service, eight ways ----

cat >"$TMP/service" <<'PERL'
for (1 .. 4) { open F, "/etc/passwd"; <F>; if (fork() == 0) { open F, "/etc/hosts"; exit } wait; select undef, undef, undef, 0.15 }
PERL
cat >"$TMP/entry" <<SH
mkdir -p "$TMP/var"
chown 0:0 "$TMP/var"
perl "$TMP/service"
SH
# Which of two processes is forked first, a subshell's or the shell's own, is chance, and the lower pid decides what the tree
# is named after (docs/tracker.md, "Where it fails"). So the subshell counts for a while, without a call, before it forks.
count='i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done'
eight_ways() {
	local service=$TMP/service

	log sh -c "exec perl $service" &
	log sh -c "perl $service; true" &
	log sh "$TMP/entry" &
	log setpriv --reuid 65534 --clear-groups perl "$service" &
	log env A=1 perl "$service" &
	log timeout 20 perl "$service" &
	log sh -c "($count; sleep 0.2; ls / >/dev/null; sleep 0.1; id -u) & perl $service; wait" &
	log perl "$service" &
	wait
}

# ---- four scripts that use sort ----

four_scripts() {
	log sh -c 'ls / | sort | head -n 3' &
	log sh -c 'perl -e "print join(qq{\n}, 3, 1, 2), qq{\n}" | sort | uniq -c' &
	log sh -c 'for i in 1 2; do cat /etc/passwd | awk -F: "{print \$1}" | sort -u; done' &
	log sh -c 'perl -e "open P, q{-|}, q{sort /etc/group}; print <P>; close P; select undef, undef, undef, 0.2"; date; du -s /etc | sort -n' &
	wait
}

thin() { awk -v keep="$1" -v seed="$2" 'BEGIN { srand(seed) } rand() < keep' "$3"; }

collect "$TMP/perl.log" eight_ways
[ -s "$TMP/perl.log" ] || { skip workloads "no record arrives through the multicast group here"; exit 0; }
collect "$TMP/sort.log" four_scripts
cat "$TMP/perl.log" "$TMP/sort.log" >"$TMP/both.log"
[ -z "${KEEP:-}" ] || cp "$TMP"/*.log "$KEEP"

# ask LOG KEEP SEED ARGS...: profile of a fresh store
ask() {
	thin "$2" "$3" "$1" >"$TMP/thin.log"
	rm -f "$SCAUDIT_DB"*
	"$SCAUDIT" ingest --quiet "$TMP/thin.log"
	shift 3
	run "$SCAUDIT" profile --format names "$@"
}
one() { is "$status" 0 && [ -s "$TMP/out" ]; }
several() { is "$status" 1 && [ ! -s "$TMP/out" ]; }

# times LOG PROGRAM one|several: of ten thinned logs, how many say so
times() {
	local n=0

	for seed in $(seq 10); do
		ask "$1" 0.1 "$seed" --comm "$2"
		if "$3" >/dev/null; then n=$((n + 1)); fi
	done
	echo $n
}

ask "$TMP/perl.log" 1 1 --comm perl
ok "a service started in eight ways is one workload" one
ask "$TMP/sort.log" 1 1 --comm sort
ok "four scripts that use sort are several" several
ask "$TMP/both.log" 1 1 --comm sh
ok "sh is several" several
n=$(times "$TMP/perl.log" perl one)
ok "nine of ten records lost, ten times: the service is one ($n)" test "$n" -ge 7
n=$(times "$TMP/both.log" sh several)
ok "... sh is several ($n)" test "$n" -ge 8
# a fragment that shows nothing but sort cannot say what it was a part of
n=$(times "$TMP/sort.log" sort several)
ok "... the scripts are several, mostly ($n)" test "$n" -ge 4
ask "$TMP/sort.log" 1 1 --comm sort
# how many groups four scripts are depends on whether the stages of their pipelines ran at one time
groups=$(sed -nE 's/.* ([0-9]+) different workloads match.*/\1/p' "$TMP/err")
ok "each has the option that narrows to it ($groups)" test "$(grep -cE -e '--(workload|tree) [0-9a-f]+' "$TMP/err")" = "$groups" -a "$groups" -ge 2
for option in $(grep -oE -e '--workload [0-9a-f]+' "$TMP/err" | awk '{ print $2 }'); do
	run "$SCAUDIT" profile --format names --comm sort --workload "$option"
	ok "--workload $option gives one" one
done
run "$SCAUDIT" profile --format names --comm sort --union
ok "--union insists" one
