#!/bin/bash
# Real runs: what strace, perf and bpftrace saw of a program is strace's own summary of it, and what capture has.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
[ "$(id -u)" = 0 ] || { skip tools "not root"; exit 0; }
need strace sqlite3 cc
cd "$TMP" || exit 1

cat >threads.c <<'END'
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>
static void *work(void *a) { prctl(PR_SET_NAME, "wo \"rk", 0, 0, 0); for (int i = 0; i < 20; i++) getppid(); return a; }
int main(void) { pthread_t t[8]; for (int i = 0; i < 8; i++) pthread_create(&t[i], 0, work, 0); for (int i = 0; i < 8; i++) pthread_join(t[i], 0); return 0; }
END
cat >forks.c <<'END'
#include <sys/wait.h>
#include <unistd.h>
int main(void) { for (int i = 0; i < 20; i++) if (fork() == 0) { if (fork() == 0) { getsid(0); _exit(0); } getpgid(0); wait(0); _exit(0); } while (wait(0) > 0); return 0; }
END
cat >execs.c <<'END'
#include <sys/wait.h>
#include <unistd.h>
int main(void) { char *a[] = { "nope", 0 }; execv("/nope/x", a); if (vfork() == 0) { execv("/bin/nope", a); execl("/bin/true", "true", (char *)0); _exit(1); } wait(0); execl("/bin/echo", "echo", "x) = 0", (char *)0); return 1; }
END
cat >signals.c <<'END'
#include <signal.h>
#include <sys/time.h>
#include <time.h>
static volatile int n;
static void on(int s) { n += s > 0; }
int main(void) { struct sigaction sa = { .sa_handler = on, .sa_flags = SA_RESTART }; struct itimerval it = { { 0, 500 }, { 0, 500 } }; sigaction(SIGALRM, &sa, 0); setitimer(ITIMER_REAL, &it, 0); while (n < 200) { struct timespec ts = { 0, 3000000 }; nanosleep(&ts, 0); } return 0; }
END
cat >execthread.c <<'END'
#include <pthread.h>
#include <unistd.h>
static void *work(void *a) { execl("/bin/ls", "ls", "/", (char *)0); return a; }
int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); pause(); return 0; }
END
for p in threads forks execs signals execthread; do cc -O1 -o "$p" "$p.c" -lpthread || exit 1; done
cc -m32 -O1 -o forks32 forks.c 2>/dev/null || :

fresh() { rm -f "$SCAUDIT_DB"*; }
names() { "$SCAUDIT" profile -q --union --baseline none --format names "$@"; }
# the table's own: but for calls that do not return, which strace -c leaves out
summary() { awk '/^% time/ { t = 1; k = 0; next } t && /^-----/ { k++; next } t && k == 1 { print $NF }' "$1" | sort -u; }

while read -r what command; do
	[ "$what" != i386 ] || [ -x forks32 ] || { skip "$what" "no 32-bit programs can be built here"; continue; }
	fresh
	sh -c "strace -f -C -o out.txt $command" >/dev/null 2>&1 || :
	run "$SCAUDIT" ingest out.txt
	names --all | grep -vxE 'exit|exit_group|pause' >have
	summary out.txt | grep -vxE 'exit|exit_group|pause' >want
	if [ "$what" = i386 ]; then
		# strace -C in one table of its own for each personality; with -o it has those of the last alone
		ok "$what: both architectures" is "$(db "SELECT count(DISTINCT arch) FROM observations")" 2
	else
		ok "$what: the list is strace's own summary" is "$(diff have want)" ""
	fi
	ok "$what: all of it was read" test "$(grep -c damaged err)" = 0
	ok "$what: one tree" is "$(db 'SELECT count(*) FROM tree')" 1
	[ "$what" != forks ] || ok "$what: forks of forks are of one image" is "$(db 'SELECT count(*) FROM image')" 2
done <<'END'
threads ./threads
forks ./forks
execs ./execs
signals ./signals
exec-of-a-thread ./execthread
i386 ./forks32
shell sh -c 'ls / | sort | uniq -c; (cd /; true); exec id'
perl perl -e 'fork; exec "true"'
background bash -c 'for i in 1 2 3; do /bin/true & done; wait'
time date
END

# --- captured at the same time: the union adds nothing that capture lacks, and --explain shows both ---
fresh
if "$SCAUDIT" capture -q -- strace -f -o both.txt sh -c 'ls / | wc -l' >/dev/null 2>"$TMP/why"; then
	names --comm sh --scope subtree | sort >captured
	"$SCAUDIT" ingest -q both.txt
	names --kind strace | sort >strace.names
	ok "captured meanwhile: strace has nothing that capture lacks" is "$(comm -23 strace.names captured)" ""
	run "$SCAUDIT" profile --all --union --explain
	ok "... --explain: both kinds" test "$(grep -c 'trusted.*sh > ls' out)" -gt 0 -a "$(grep -c 'strace: .*sh > ls' out)" -gt 0
	ok "... events are capture's alone" is "$(db "SELECT sum(count) FROM observations WHERE kind <> 'seccomp'")" 0
else
	skip "captured meanwhile" "$(head -n 1 "$TMP/why")"
fi

# --- perf and bpftrace, of a program that is captured as well ---
fresh
if ! "$SCAUDIT" capture -q -- ls / >/dev/null 2>"$TMP/why"; then
	skip "perf, bpftrace" "$(head -n 1 "$TMP/why")"
	exit 0
fi
names --comm ls --only | sort >captured
same() { # NAME FILE: the calls of ls, but for the execve, which perf's own child and bpftrace's have made before
	fresh
	"$SCAUDIT" ingest -q "$2"
	names --comm ls --only | sort >have
	ok "$1: capture's list" is "$(diff <(grep -vxE 'execve' have) <(grep -vxE 'execve' captured))" ""
}
if command -v perf >/dev/null && perf record -q -e raw_syscalls:sys_enter -o p.data -- ls / >/dev/null 2>&1; then
	perf script -i p.data >script.txt 2>/dev/null
	same "perf script" script.txt
	perf trace -o trace.txt ls / >/dev/null 2>&1
	same "perf trace" trace.txt
else
	skip perf "no perf here, or it cannot trace"
fi
if command -v bpftrace >/dev/null && bpftrace -e 'tracepoint:raw_syscalls:sys_enter /comm == "ls"/ { @[comm, args->id] = count(); }' -c '/bin/ls /' >bpf.txt 2>/dev/null; then
	same bpftrace bpf.txt
else
	skip bpftrace "no bpftrace here, or it cannot trace"
fi
for tool in trace-cmd sysdig falco tracee ig; do
	command -v "$tool" >/dev/null && skip "$tool" "its run is not automatic: samples/tools has its form" || skip "$tool" "not here"
done
