#!/bin/bash
# What deploy/ holds: that systemd takes the unit, that it grants what capture needs and no more, that the manifest and
# the profiles can be read.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
unit=$ROOT/deploy/scaudit-capture.service
k8s=$ROOT/deploy/kubernetes

# has PATTERN FILE / lacks PATTERN FILE: a line that is no comment
lines_of() { grep -vE '^ *#' "$1"; }
has() { lines_of "$2" | grep -qE -e "$1"; }
lacks() { ! has "$1" "$2"; }

# --- the unit ---
ok "unit: three capabilities" has '^CapabilityBoundingSet=CAP_AUDIT_READ CAP_AUDIT_CONTROL CAP_NET_ADMIN$' "$unit"
ok "unit: stays in the first namespaces" lacks '^Private(Network|Users|PIDs)=(yes|true|on|1|self|identity|full)' "$unit"
ok "unit: /proc is not hidden" lacks '^(ProtectProc=(noaccess|invisible|ptraceable)|ProcSubset=pid)' "$unit"
ok "unit: cgroup paths begin at the root" lacks '^ProtectControlGroups=(private|strict)' "$unit"
ok "unit: its own filter is a list of what is denied" lacks '^SystemCallFilter=[^~]' "$unit"
ok "unit: and there is one" has '^SystemCallFilter=~' "$unit"
ok "unit: netlink sockets" has '^RestrictAddressFamilies=AF_NETLINK$' "$unit"
ok "unit: it is not logged itself" lacks '^SystemCallLog=' "$unit"

if command -v systemd-analyze >/dev/null; then
	# the program of ExecStart= has to be there
	cp /bin/true "$TMP/scaudit"
	sed "s|/usr/local/bin/scaudit|$TMP/scaudit|" "$unit" >"$TMP/scaudit-capture.service"
	run systemd-analyze verify --man=no "$TMP/scaudit-capture.service"
	ok "unit: systemd-analyze verify: exit 0" is $status 0
	ok "unit: systemd-analyze verify: says nothing" test ! -s "$TMP/err"
	sed 's/^PrivateTmp=yes/PrivateTmq=yes/' "$TMP/scaudit-capture.service" >"$TMP/bad.service"
	run systemd-analyze verify --man=no "$TMP/bad.service"
	ok "unit: which it would, about a wrong line" test -s "$TMP/err"
	run systemd-analyze security --offline=true --threshold=20 --no-pager "$TMP/scaudit-capture.service"
	ok "unit: exposure of at most 2.0 of 10" is $status 0
else
	skip "unit: verify and security" "no systemd-analyze here"
fi

run make -s -C "$ROOT" install DESTDIR="$TMP/root" PREFIX=/opt/x "BUILD=${BUILD:-build}" PROGRAM="$SCAUDIT"
ok "make install: the unit starts what was installed" has '^ExecStart=/opt/x/bin/scaudit capture ' \
	"$TMP/root/opt/x/lib/systemd/system/scaudit-capture.service"

# --- Kubernetes ---
manifest=$k8s/daemonset.yaml
if python3 -c 'import yaml' 2>/dev/null; then
	run python3 - "$manifest" <<-'END'
		import sys, yaml
		docs = {d["kind"]: d for d in yaml.safe_load_all(open(sys.argv[1]))}
		spec = docs["DaemonSet"]["spec"]
		pod = spec["template"]["spec"]
		one, = pod["containers"]
		context = one["securityContext"]
		labels = spec["template"]["metadata"]["labels"]
		assert spec["selector"]["matchLabels"].items() <= labels.items()
		print("network", pod["hostNetwork"], "pid", pod["hostPID"])
		print("capabilities", *context["capabilities"]["drop"], "but", *context["capabilities"]["add"])
		print("privileged", context["privileged"], "seccomp", context["seccompProfile"]["type"])
		volumes = {v["name"]: v["hostPath"]["path"] for v in pod["volumes"]}
		print("args", *one["args"])
		print("store", *(volumes[m["name"]] for m in one["volumeMounts"]))
		assert all(isinstance(a, str) for a in one["args"])
		assert docs["Namespace"]["metadata"]["name"] == docs["DaemonSet"]["metadata"]["namespace"]
	END
	ok "manifest: can be read, and its parts fit" is $status 0
	ok "manifest: the node's network and pids" says '^network True pid True$'
	ok "manifest: three capabilities" says '^capabilities ALL but AUDIT_READ AUDIT_CONTROL NET_ADMIN$'
	ok "manifest: not privileged, no filter" says '^privileged False seccomp Unconfined$'
	ok "manifest: capture, into the node's store" says '^args capture .*--db /var/lib/scaudit/'
	ok "manifest: which is a folder of the node" says '^store /var/lib/scaudit$'
else
	skip "manifest" "no python3 with yaml here"
	ok "manifest: the node's network" has '^ +hostNetwork: true$' "$manifest"
	ok "manifest: the node's pids" has '^ +hostPID: true$' "$manifest"
fi
ok "manifest: never under the log-only profile" lacks 'localhostProfile|log-only' "$manifest"

if command -v jq >/dev/null; then
	ok "log-only: all is logged" jq -e '.defaultAction == "SCMP_ACT_LOG" and (has("syscalls") | not)' "$k8s/log-only.json"
	ok "log-only: the three architectures of x86-64" is "$(jq -c .architectures "$k8s/log-only.json")" \
		'["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]'
	ok "log-only: the two of arm64" is "$(jq -c '[.defaultAction, .architectures]' "$k8s/log-only-arm64.json")" \
		'["SCMP_ACT_LOG",["SCMP_ARCH_AARCH64","SCMP_ARCH_ARM"]]'
else
	skip "log-only profiles" "no jq here"
fi
