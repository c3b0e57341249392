#!/bin/bash
#
# Units of systemd, with its sets, as scaudit reads them: is the filter that systemd has made of each what check says of it,
# for each number? A systemd --user starts them, in a mount namespace of its own.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/numbers.sh
. "$ROOT/tests/numbers.sh"
manager=/lib/systemd/systemd
[ "$(id -u)" = 0 ] || { skip units "needs root"; exit 0; }
[ -x $manager ] || { skip units "no $manager here"; exit 0; }
need jq
systemd-analyze --version | grep -q '^systemd 252 ' || { skip units "not systemd 252, whose sets scaudit knows"; exit 0; }
numbers_store || { skip units "not on this machine's architecture"; exit 0; }

unit() { mkdir "$TMP/$1.d" && { echo "[Service]"; cat; } >"$TMP/$1.d/60.conf"; }
unit sets <<-'END'
	SystemCallFilter=@system-service
	SystemCallFilter=~@privileged @resources keyctl
	SystemCallErrorNumber=EPERM
END
unit denies <<-'END'
	SystemCallFilter=~@mount @swap bpf:ENOSYS ptrace:kill
	SystemCallErrorNumber=EPERM
	SystemCallArchitectures=native x86
END
unit logs <<-'END'
	SystemCallFilter=@system-service @unknown-set
	SystemCallErrorNumber=ENOSYS
	SystemCallLog=~@default read write @file-system
	SystemCallArchitectures=native
END
unit fewer <<-'END'
	SystemCallFilter=@basic-io @file-system @process mprotect prlimit64 lseek
	SystemCallFilter=~fork execveat
END

# settings that load filters of their own, each alone and with others; a list beside them keeps the test honest
setting() { printf '%s\n' "${@:2}" | unit "$1"; }
setting namespaces RestrictNamespaces=yes
setting some-namespaces RestrictNamespaces=user RestrictNamespaces=~user "RestrictNamespaces=net uts"
setting not-namespaces "RestrictNamespaces=~cgroup mnt"
setting write-exec MemoryDenyWriteExecute=on
setting families "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6" RestrictAddressFamilies=~AF_INET
setting no-families RestrictAddressFamilies=none
setting not-families "RestrictAddressFamilies=~AF_PACKET AF_ALG"
setting realtime RestrictRealtime=1
setting suid RestrictSUIDSGID=true
setting personality LockPersonality=yes
setting tunables ProtectKernelTunables=yes
setting modules ProtectKernelModules=yes
setting kernel-logs ProtectKernelLogs=yes
setting clock ProtectClock=yes
setting hostname ProtectHostname=yes
setting devices PrivateDevices=yes
setting archs SystemCallArchitectures=native
setting nothing SystemCallFilter=~bpf NoNewPrivileges=yes LockPersonality=no LockPersonality=nonsense ProtectClock=yes ProtectClock=
setting many "SystemCallFilter=@system-service @mount openat2 clone3" SystemCallErrorNumber=EACCES SystemCallArchitectures=native \
	MemoryDenyWriteExecute=yes RestrictNamespaces=yes RestrictSUIDSGID=yes LockPersonality=yes ProtectKernelLogs=yes "SystemCallLog=setns shmat"
setting many-abis "SystemCallFilter=~bpf setns:ENOSYS openat2:kill" SystemCallErrorNumber=EPERM MemoryDenyWriteExecute=yes RestrictNamespaces=yes \
	RestrictSUIDSGID=yes "RestrictAddressFamilies=AF_UNIX" ProtectClock=yes

# sd_booted() looks for /run/systemd/system alone
cat >"$TMP/managed" <<-'END'
	mount --make-rprivate / && mount -t tmpfs tmpfs /run
	mkdir -p /run/systemd/system /run/user/0 /run/units/systemd/user
	cd /run/units/systemd/user
	printf '[Unit]\nDefaultDependencies=no\nWants=' >all.target
	for dir in "$1"/*.d; do
		name=$(basename "$dir" .d)
		printf '%s.service ' "$name" >>all.target
		printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/sleep 90\n' >"$name.service"
		cp -r "$dir" "$name.service.d"
	done
	echo >>all.target
	XDG_RUNTIME_DIR=/run/user/0 XDG_CONFIG_HOME=/run/units HOME=/root exec timeout 90 "$2" --user --log-target=console --unit=all.target
END
unshare -m bash "$TMP/managed" "$TMP" $manager >"$TMP/manager" 2>&1 &
managed=$!

# Its process, once it has execed.
pid_of() {
	local pid

	for _ in $(seq 40); do
		for pid in $(pgrep -x sleep); do
			grep -q "/$1.service\$" "/proc/$pid/cgroup" 2>/dev/null && { echo "$pid"; return; }
		done
		sleep 0.1
	done
}

for dir in "$TMP"/*.d; do
	name=$(basename "$dir" .d)
	pid=$(pid_of "$name")
	case $pid-$name in # a user's manager may not be able to make their namespaces
	-devices | -kernel-logs | -tunables | -modules | -many | -hostname | -clock) skip "$name" "it does not start here"; continue ;;
	esac
	[ -n "$pid" ] || { ok "$name: it starts" false; cat "$TMP/manager"; continue; }
	numbers_of --pid "$pid" >"$TMP/live"
	numbers_of "$dir/60.conf" >"$TMP/read"
	ok "$name: systemd's filter is what check says of the unit, for $(wc -l <"$TMP/live") numbers" diff "$TMP/live" "$TMP/read"
	ok "$name: ... of each number" is "$(wc -l <"$TMP/live")" "$(wc -l <"$TMP/all.log")"
	case $name in # a condition on arguments, or what systemd passes over
	families | not-families | write-exec | realtime | personality | archs) continue ;;
	esac
	ok "$name: ... some are refused, some pass" is "$(cut -f 3 "$TMP/live" | sort -u | grep -cE '^(refused|passes)$')" 2
done
kill $managed
wait $managed 2>/dev/null
exit 0
