#!/bin/bash
#
# Makes all samples anew, from real runs on this machine's kernel.
#
#	samples/make.sh        as root; about a minute; README.md says what comes out
#
# Needs: cc with -m32, libseccomp, javac, runc, jq, auditd, rsyslogd, perl.
# No audit daemon and no other reader of /proc/kmsg may run meanwhile, and nothing
# else may make seccomp records: all of them would be in the samples.
# The machine is left as it was found.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
work=/opt/demo          # stands as exe= in the records
run=$work/run           # what is no program: configurations, sockets, captures

# shellcheck source=/dev/null
. "$here/../tests/kernel/container.sh"

die() { echo "make.sh: $*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || die "must be root"
[ ! -e $work ] || die "$work exists"
[ "$(auditctl -s | awk '$1 == "pid" { print $2 }')" = 0 ] || die "an audit daemon runs"

audit_enabled=$(auditctl -s | awk '$1 == "enabled" { print $2 }')
ratelimit=$(sysctl -n kernel.printk_ratelimit)
syslog_pid='' auditd_pid='' tail_pid=''

end() {        # PID: ends what this script started, and waits for it
	[ -n "$1" ] || return 0
	kill "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

restore() {
	end "$tail_pid"
	end "$syslog_pid"
	end "$auditd_pid"
	container_cleanup
	auditctl -e "$audit_enabled" >/dev/null
	sysctl -qw "kernel.printk_ratelimit=$ratelimit"
	rm -rf $work
}
trap restore EXIT

wait_for() {   # COMMAND: until it succeeds, ten seconds at most
	local i

	for i in {1..200}; do
		! "$@" 2>/dev/null || return 0
		sleep 0.05
	done
	die "waited in vain for: $*"
}

# --- capture over netlink -------------------------------------------------

tail_start() { # FILE
	rm -f $run/ready
	$work/nltail --out "$1" --ready $run/ready 2>$run/tail.err &
	tail_pid=$!
	wait_for test -e $run/ready
}

tail_stop() {
	end "$tail_pid"
	tail_pid=
	grep -q ' gaps=0 overruns=0$' $run/tail.err || die "records were lost: $(cat $run/tail.err)"
}

log() { $work/logrun "$@"; }

# --- rsyslog with a private configuration ---------------------------------

syslog_start() { # TEMPLATE SELECTOR
	# What the ring holds already would come first, with things of this machine.
	timeout 1 cat /proc/kmsg >/dev/null || :
	rm -f $run/syslog
	cat >$run/rsyslog.conf <<-END
		global(workDirectory="$run/spool")
		module(load="imklog")
		module(load="imuxsock" SysSock.Use="off")
		input(type="imuxsock" Socket="$run/log.socket")
		$2 action(type="omfile" file="$run/syslog" template="$1")
	END
	unshare --uts sh -c 'hostname node01; exec "$@"' - \
		rsyslogd -n -f $run/rsyslog.conf -i $run/rsyslog.pid &
	syslog_pid=$!
	wait_for test -S $run/log.socket
	sleep 0.5        # the socket is there before imklog reads
}

syslog_stop() {
	sleep 0.5
	end "$syslog_pid"
	syslog_pid=
}

say() { logger -u $run/log.socket "$@"; }

# --- the samples ------------------------------------------------------------

# The text has what a shell must not touch and sort has to work on.
pipeline() {
	# shellcheck disable=SC2016
	log --user 65534 -- sh -c \
		'printf "%s\n" b a c a b a | sort | uniq -c | sort -rn | head -n 2' >/dev/null
}

prepare() {
	mkdir -p $run/spool $run/plugins $run/container $work/data
	chmod 0755 $work && chmod 1777 $work/data
	cc -O2 "$here/../tests/kernel/logrun.c" -o $work/logrun -lseccomp
	cc -O2 "$here/../tests/kernel/nltail.c" -o $work/nltail -lseccomp
	cc -m32 -O2 "$here/i386.c" -o $work/i386
	javac -d $run/classes "$here/Threads.java"
	jar --create --file $work/threads.jar -C $run/classes .
}

# The class archive, the interpreter and the plain collector make a start of Java small: with
# the defaults it makes twice as many records.
java_threads() {
	local options=(-Xint -XX:+UseSerialGC -XX:-UsePerfData -XX:-UseContainerSupport
		-cp "$work/threads.jar")

	java -XX:ArchiveClassesAtExit=$work/threads.jsa "${options[@]}" Threads $work/data 2>/dev/null
	tail_start "$here/java-threads.log"
	log --user 1000 -- java -XX:SharedArchiveFile=$work/threads.jsa "${options[@]}" \
		Threads $work/data
	tail_stop
}

# printk's limit off, so that both readers see the same events.
pipeline_twice() {
	sysctl -qw kernel.printk_ratelimit=0
	syslog_start RSYSLOG_FileFormat 'kern.*'
	tail_start "$here/pipeline-auditd.log"
	pipeline
	tail_stop
	syslog_stop
	sysctl -qw "kernel.printk_ratelimit=$ratelimit"
	cp $run/syslog "$here/pipeline.log"
	cmp <(grep -o 'audit([0-9.:]*):' "$here/pipeline.log" | sort) \
		<(grep -o 'audit([0-9.:]*):' "$here/pipeline-auditd.log" | sort) ||
		die "pipeline.log and pipeline-auditd.log differ"
}

# Through the limit of 10 in 5 s: the marker comes with the first line of the next five seconds.
ratelimited() {
	local i

	syslog_start RSYSLOG_TraditionalFileFormat '*.*'
	for i in 1 2 3 4 5; do
		say -p authpriv.info -t "sshd[$((4100 + 7 * i))]" \
			"Accepted publickey for deploy from 192.0.2.1$i port 5042$i ssh2"
		pipeline
		say -p cron.info -t "CRON[$((4102 + 7 * i))]" "(root) CMD (run-parts /etc/cron.hourly)"
		sleep 2.8
		say -p daemon.info -t 'systemd[1]' "Started run-$i.service - one more job."
		sleep 2.8
	done
	syslog_stop
	cp $run/syslog "$here/syslog-ratelimited.log"
	[ "$(grep -c 'callbacks suppressed' "$here/syslog-ratelimited.log")" -ge 3 ] ||
		die "too few loss markers"
}

runc_start() {
	container_log_filter $run/log.json
	container_setup $run/container
	tail_start "$here/runc-start.log"
	container_run demo $run/log.json $run/out $run/err \
		sh -c 'exec perl -e "open F, q(/etc/os-release) or die; print scalar <F>"' ||
		die "container: $(cat $run/err)"
	tail_stop
	container_cleanup
}

i386() {
	tail_start "$here/i386.log"
	log --user 1000 -- $work/i386 $work/data/i386
	tail_stop
}

# In a login session of user 1000, so that auid and ses are set.  bash says what was killed, on
# its own stderr, because that is what it would do for a user.
denials() {
	tail_start "$here/denials.log"
	(
		echo 1000 >/proc/self/loginuid
		log --user 1000 --deny mkdir,mkdirat=ERRNO -- mkdir $work/data/d || :
		log --user 1000 --deny getrandom,getdents64=38 -- ls $work/data || :
		log --user 1000 --deny uname=TRAP -- uname -r || :
		log --user 1000 --deny chmod,fchmodat=KILL -- chmod 700 $work/data || :
		# shellcheck disable=SC2016  # the dollars are perl's
		log --user 1000 --deny time,getppid,unlink=ERRNO --deny kill=TRAP -- perl -e '
			$SIG{SYS} = sub { $trapped++ };
			getppid; unlink "/nowhere"; kill 0, $$;
			$0 = "two words"; getppid; exit 0' || :
		log --user 1000 --deny unlink,unlinkat=KILL -- $work/i386 $work/data/denied || :
	) >/dev/null 2>&1
	tail_stop
	rm -f $work/data/*
}

auditd_enriched() {
	cat >$run/auditd.conf <<-END
		local_events = yes
		write_logs = yes
		log_file = $run/audit.log
		log_format = ENRICHED
		flush = INCREMENTAL_ASYNC
		freq = 50
		max_log_file = 8
		num_logs = 2
		name_format = NONE
		max_log_file_action = ROTATE
		space_left = 75
		space_left_action = IGNORE
		admin_space_left = 50
		admin_space_left_action = IGNORE
		disk_full_action = IGNORE
		disk_error_action = IGNORE
		plugin_dir = $run/plugins
	END
	chmod 0640 $run/auditd.conf
	auditd -n -c $run &
	auditd_pid=$!
	wait_for grep -q DAEMON_START $run/audit.log
	wait_for sh -c 'auditctl -s | grep -q "^pid [1-9]"'
	log --user 65534 -- sh -c 'ls /etc >/dev/null; exec id -u' >/dev/null
	log --deny mkdir,mkdirat=ERRNO -- mkdir $work/data/d 2>/dev/null || :
	sleep 1
	end "$auditd_pid"
	auditd_pid=
	auditctl -e "$audit_enabled" >/dev/null
	cp $run/audit.log "$here/auditd-enriched.log"
}

dmesg_plain() {
	sysctl -qw kernel.printk_ratelimit=0
	echo '<6>samples: from here' >/dev/kmsg
	log --user 65534 -- cat /etc/hostname >/dev/null
	sleep 0.5
	dmesg | sed '1,/ samples: from here$/d' >"$here/dmesg.log"
	sysctl -qw "kernel.printk_ratelimit=$ratelimit"
}

prepare
java_threads
pipeline_twice
ratelimited
runc_start
i386
denials
dmesg_plain
# The last one: a kernel that has once been told to audit does a little more at each fork.
auditd_enriched
chmod 0644 "$here"/*.log
# shellcheck disable=SC2012
(cd "$here" && for f in *.log; do
	printf '%-24s %6d records %8d bytes\n' "$f" "$(grep -c -E 'type=(SECCOMP|1326) ' "$f")" \
		"$(stat -c %s "$f")"
done)
