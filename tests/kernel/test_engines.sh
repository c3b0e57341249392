#!/bin/bash
#
# dockerd and podman start containers here, from an image that is made on the spot: is the filter that the kernel has of a
# container what scaudit makes of the engine's own profile, for each number? Does a list that was made of a container's
# records hold when the engine enforces it? The engines are those that tests/packages unpacks; nothing is installed, and
# nothing is left: mounts are made in a mount namespace of the test's own, and files in its folder.
if [ "$(id -u)" = 0 ] && [ -z "${ENGINES_APART:-}" ] && unshare -m --propagation private true 2>/dev/null; then
	ENGINES_APART=1 exec unshare -m --propagation private bash "$0"
fi
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/numbers.sh
. "$ROOT/tests/numbers.sh"
[ "$(id -u)" = 0 ] || { skip engines "needs root"; exit 0; }
[ -n "${ENGINES_APART:-}" ] || { skip engines "no mount namespace can be made here"; exit 0; }
need jq runc
packages=$ROOT/build/packages
[ -e "$packages/versions" ] || { skip engines "no packages here: tests/packages fetches them"; exit 0; }
"$SCAUDIT" capture --for 1ms -q --db "$TMP/first.db" 2>"$TMP/err" || { skip engines "no records come here: $(cat "$TMP/err")"; exit 0; }

# ---- a place for them ----

group=scaudit-engines-$$
dir=$TMP/engines
mkdir -p "$dir"/{home,root/bin,root/etc,root/tmp}
at_end=leave
umount /sys/fs/cgroup/unified 2>/dev/null # crun refuses a host that has cgroup v1 and v2 at once
cp -a /etc "$dir/etc" && mount --bind "$dir/etc" /etc && mount -t tmpfs -o mode=0755 engines /run && mount -t tmpfs -o mode=0755 engines /var/lib ||
	{ skip engines "nothing can be mounted here"; exit 0; }
# conmon calls podman with an empty environment, so what it needs has to be where it looks by itself
find "$packages" -name 'lib*.so.*' -printf '%h\n' | sort -u >/etc/ld.so.conf.d/engines.conf
/sbin/ldconfig -X
mkdir -p /etc/containers
export HOME=$dir/home PATH=$packages/usr/sbin:$packages/usr/bin:$PATH DOCKER_HOST=unix://$dir/docker.sock
unset DOCKER_CONTEXT DOCKER_CONFIG DOCKER_TLS_VERIFY CONTAINER_HOST

# The containers, the daemon, and then whatever has the folder in its command line: the engines' helpers, and no other.
leave() {
	local pid

	[ -z "${docker_runs:-}" ] || docker ps -qa | xargs -r docker rm -f
	[ -z "${podman_runs:-}" ] || podman_ rm -t 0 -fa
	if [ -n "${dockerd:-}" ]; then
		kill "$dockerd"
		for _ in $(seq 100); do kill -0 "$dockerd" || break; sleep 0.1; done
	fi
	for pid in /proc/[0-9]*; do
		! tr '\0' ' ' <"$pid/cmdline" | grep -qF "$dir" || kill -9 "${pid#/proc/}"
	done
	sleep 0.2
	find /sys/fs/cgroup -depth -type d -path "*/$group*" -exec rmdir {} +
} >/dev/null 2>&1

# a program that is static, and nothing else
cp "$packages/bin/busybox" "$dir/root/bin/" 2>/dev/null || cp "$packages/usr/bin/busybox" "$dir/root/bin/"
for name in sh sleep sort mkdir; do ln -s busybox "$dir/root/bin/$name"; done
cp /etc/passwd "$dir/root/etc/"
tar -C "$dir/root" -cf "$dir/image.tar" .

# ---- the engines: ENGINE_start, ENGINE_run ARGS..., ENGINE_live ARGS...: a container that lives, its id in $id and pid in $pid

docker_start() {
	local i

	echo '{}' >"$dir/daemon.json"
	dockerd --config-file "$dir/daemon.json" --iptables=false --ip6tables=false --bridge=none --storage-driver vfs --data-root "$dir/data" \
		--exec-root "$dir/exec" --pidfile "$dir/pid" --cgroup-parent "/$group" -H "$DOCKER_HOST" >"$dir/dockerd" 2>&1 &
	dockerd=$!
	for i in $(seq 300); do
		docker version >/dev/null 2>&1 && break
		kill -0 $dockerd 2>/dev/null && [ "$i" != 300 ] || { skip docker "dockerd does not start here: $(tail -n 1 "$dir/dockerd")"; return 1; }
		sleep 0.1
	done
	docker_runs=1
	docker import "$dir/image.tar" image >/dev/null
}
docker_run() { timeout -k 5 60 docker run --pull never --network none "$@"; }
docker_live() { id=$(docker_run -d "$@" image sleep 60) && pid=$(docker inspect -f '{{.State.Pid}}' "$id"); }
docker_gone() { docker rm -f "$id" >/dev/null; }

# limits of its own, since a machine may not allow podman's; a profile and a conmon by their names, since nothing is installed
podman_start() {
	cat >/etc/containers/containers.conf <<-END
		[containers]
		seccomp_profile = "$packages/usr/share/containers/seccomp.json"
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		lock_type = "file"
		conmon_path = ["$packages/usr/bin/conmon"]
		tmp_dir = "$dir/tmp"
	END
	printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$dir/graph" "$dir/run" >/etc/containers/storage.conf
	echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' >/etc/containers/policy.json
	podman_runs=1
	podman_ import -q "$dir/image.tar" localhost/image >"$dir/podman" 2>&1 && return
	skip podman "podman does not start here: $(tail -n 1 "$dir/podman")"
	return 1
}
podman_() { timeout -k 5 60 podman --runtime "$runtime" "$@"; }
podman_run() { podman_ run --pull never --network none --cgroup-parent "/$group" "$@"; }
podman_live() { id=$(podman_run -d "$@" localhost/image sleep 60) && pid=$(podman_ inspect -f '{{.State.Pid}}' "$id"); }
podman_gone() { podman_ rm -t 0 -f "$id" >/dev/null; }

# ---- the filter of a container, number by number ----

numbers_store || { skip engines "not known what numbers this architecture has"; exit 0; }
# same NAME PROFILE CAPS ARGS...: a container that is started with ARGS, and what the engine's PROFILE is where it has CAPS
# (own: those that the kernel says it has; podman's depend on its version)
same() {
	local name=$1 profile=$2 caps=$3 n

	shift 3
	${engine}_live "$@" 2>"$TMP/err" || { ok "$name: it starts" false; return; }
	numbers_of --pid "$pid" >"$TMP/live"
	"$SCAUDIT" blocked --pid "$pid" --json >"$TMP/blocked.json" 2>"$TMP/err"
	${engine}_gone
	[ "$caps" != own ] || caps=$(jq -r '.capabilities | join(",")' "$TMP/blocked.json")
	numbers_of "$profile" --caps "$caps" --runtime "$runtime" >"$TMP/made"
	n=$(wc -l <"$TMP/live")
	ok "$name: the filter of a live container is what its profile says ($n numbers)" diff "$TMP/live" "$TMP/made"
	ok "... of each number" is "$n" "$(wc -l <"$TMP/all.log")"
	ok "... it refuses $(cut -f 3 "$TMP/live" | grep -c refused), and $(cut -f 3 "$TMP/live" | grep -c passes) pass" \
		is "$(cut -f 3 "$TMP/live" | sort -u | grep -cE '^(refused|passes)$')" 2
	# blocked has those that have a name
	"$SCAUDIT" check --db "$TMP/all.db" "$profile" --caps "$caps" --runtime "$runtime" --all --json 2>"$TMP/err" |
		jq -r '.calls[] | select((.name | test("^[a-z_]")) and (.verdict == "refused" or .verdict == "depends")) | [.arch, .nr, .answer] | @tsv' |
		sort >"$TMP/made.blocked"
	ok "... and blocked names just those" diff "$TMP/made.blocked" <(jq -r '.blocked[] | [.arch, .nr, .answer] | @tsv' "$TMP/blocked.json" | sort)
}

# what would make the comparison pass whatever the filters are: the profile with other capabilities has to differ
differs() { # NAME PROFILE CAPS: from the last container
	numbers_of "$2" --caps "$3" --runtime "$runtime" >"$TMP/made"
	ok "$1: ... which it is not with other capabilities" test "$(diff "$TMP/live" "$TMP/made" | grep -c '^>')" -gt 0
}

# ---- a list that is made of a container's records, and enforced ----

work=(sh -ec 'mkdir /tmp/folder; sort /etc/passwd')
needed='"mkdir", "mkdirat"' # one of them by the work, and by no runtime
echo '{ "defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] }' >"$TMP/log.json"
sort /etc/passwd >"$TMP/want"

enforced() { # FILE: how many of three starts under it give the same output
	local n=0

	for _ in 1 2 3; do
		run "${engine}_run" --rm --security-opt seccomp="$1" "$image" "${work[@]}"
		[ "$status" = 0 ] && cmp -s "$TMP/out" "$TMP/want" && n=$((n + 1))
	done
	echo $n
}

# STAGE: by the program's own exit, or by SIGSYS; the engine's own failure has another status
fails() { is "$status" "$([ "$1" = kill ] && echo 159 || echo 1)" && ! cmp "$TMP/out" "$TMP/want"; }

# lists NAME: of a container that the engine starts once
lists() {
	local name=$1 cid stage capture

	rm -f "$SCAUDIT_DB"* "$TMP/cid"
	"$SCAUDIT" capture >"$TMP/captured" 2>&1 & capture=$!
	sleep 0.5
	run "${engine}_run" --cidfile "$TMP/cid" --security-opt seccomp="$TMP/log.json" "$image" "${work[@]}"
	cid=$(cat "$TMP/cid")
	sleep 0.3
	kill -TERM $capture
	wait $capture
	ok "$name: the work, logged" cmp "$TMP/out" "$TMP/want"
	for stage in enforce kill; do
		run "$SCAUDIT" profile --container "${cid:0:12}" --format docker --stage $stage -o "$TMP/$stage.json"
		ok "$name: one list, $stage" is "$status" 0
		ok "$name: it holds, $stage" is "$(enforced "$TMP/$stage.json")" 3
		jq ".syscalls[].names -= [$needed]" <"$TMP/$stage.json" >"$TMP/less.json"
		run "${engine}_run" --rm --security-opt seccomp="$TMP/less.json" "$image" "${work[@]}"
		ok "$name: less mkdir it does not, $stage" fails $stage
	done
	ok "$name: (kill is what the list says)" is "$(jq -r .defaultAction "$TMP/kill.json")" SCMP_ACT_KILL_PROCESS
}

# ---- Docker ----

version() { sed -nE "s/^$1 ([0-9]+:)?([0-9.]+).*/\\2/p" "$packages/versions"; }

engine=docker image=image runtime=runc
if docker_start; then
	profile=$packages/usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json
	if [ "$(version docker.io)" = "$(version golang-github-docker-docker-dev)" ]; then
		same "docker" "$profile" docker
		differs "docker" "$profile" docker,SYS_ADMIN
		same "docker --cap-add SYS_ADMIN" "$profile" docker,SYS_ADMIN --cap-add SYS_ADMIN
		same "docker --cap-drop ALL" "$profile" none --cap-drop ALL
	else
		skip "docker's own profile" "dockerd is $(version docker.io), and the profile that of $(version golang-github-docker-docker-dev)"
	fi
	lists docker
fi

# ---- Podman ----

engine=podman image=localhost/image
profile=$packages/usr/share/containers/seccomp.json
if podman_start; then
	for runtime in runc crun; do
		command -v $runtime >/dev/null && podman_run --rm "$image" sh -c : 2>"$TMP/err" ||
			{ skip "podman with $runtime" "it starts nothing here: $(tail -n 1 "$TMP/err")"; continue; }
		same "podman, $runtime" "$profile" own
		differs "podman, $runtime" "$profile" none
		same "podman, $runtime, --cap-add SYS_ADMIN" "$profile" own --cap-add SYS_ADMIN
		same "podman, $runtime, --cap-drop ALL" "$profile" none --cap-drop ALL
		lists "podman, $runtime"
	done
fi
