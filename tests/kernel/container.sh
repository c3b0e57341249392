# shellcheck shell=bash
#
# Containers for tests and samples: sourced, not run. Needs root, runc and jq.
#
#	container_setup DIR       DIR: an empty directory, outside of /dev, /proc, /sys
#	container_run NAME SECCOMP_JSON OUT ERR CMD ARGS       returns the exit status of CMD
#	container_exec NAME CMD ARGS                           runs CMD in a container that runs: a probe
#	container_log_filter FILE                              writes a SECCOMP_JSON that logs everything
#	container_cleanup
#
# The root file system is an overlay of this machine's own /, so there is no
# image to fetch and every program of the machine is there, at its usual path.
# What a container writes goes to a tmpfs and is gone after container_cleanup.
#
#	CONTAINER_RUNTIME    runc (where not set), crun or bwrap; bwrap needs $BUILD/bpf (tests/proof/bpf.c) and has no exec
#	CONTAINER_CONFIG     a jq filter over the OCI configuration, for runc and crun

CONTAINER_DIR=

container_setup() {
	local tool

	for tool in runc jq; do
		command -v "$tool" >/dev/null || { echo "container_setup: no $tool" >&2; return 1; }
	done
	[ "$(id -u)" = 0 ] || { echo "container_setup: not root" >&2; return 1; }
	CONTAINER_DIR=$(realpath "$1") || return 1
	# A tmpfs, because overlayfs takes no upper directory that lies on an overlay (as / does in
	# a container), and because an upper directory inside its own lower one is undefined.
	mount -t tmpfs -o mode=0755 container "$CONTAINER_DIR" || { CONTAINER_DIR=; return 1; }
	mkdir "$CONTAINER_DIR"/{upper,work,root,state}
	mount -t overlay overlay "$CONTAINER_DIR/root" \
		-o "lowerdir=/,upperdir=$CONTAINER_DIR/upper,workdir=$CONTAINER_DIR/work" || {
		container_cleanup
		return 1
	}
}

# container_oci ARGS...: runc or crun, as CONTAINER_RUNTIME says, with a state directory of its own. crun refuses a host that
# has cgroup v1 and v2 at once, so it gets a mount namespace without the latter.
container_oci() {
	if [ "${CONTAINER_RUNTIME:-runc}" = runc ]; then
		timeout -k 5 60 runc --root "$CONTAINER_DIR/state" "$@"
	else
		# shellcheck disable=SC2016
		timeout -k 5 60 unshare -m sh -c 'umount /sys/fs/cgroup/unified 2>/dev/null; exec crun "$@"' sh \
			--root "$CONTAINER_DIR/state-crun" "$@"
	fi
}

# container_bwrap NAME SECCOMP_JSON CMD ARGS: bwrap takes a filter as raw BPF, from a file descriptor. It is started by a
# link, so that its comm is "b." and the last part of NAME: its first process is a tree of its own in the records.
container_bwrap() {
	local filter=() link="$CONTAINER_DIR/b.${1##*.}"

	shift
	ln -sf "$(type -P bwrap)" "$link"
	: >"$CONTAINER_DIR/bpf"
	if [ "$1" != - ]; then
		"${BUILD:-build}/bpf" "$1" >"$CONTAINER_DIR/bpf" || return 125
		filter=(--seccomp 9)
	fi
	shift
	timeout -k 5 60 "$link" --bind "$CONTAINER_DIR/root" / --dev /dev --proc /proc --unshare-pid --unshare-net --unshare-ipc \
		--unshare-uts --die-with-parent --cap-add ALL --clearenv --setenv PATH "$PATH" --setenv TERM xterm "${filter[@]}" -- "$@" \
		9<"$CONTAINER_DIR/bpf"
}

# container_run NAME SECCOMP_JSON OUT ERR CMD ARGS
#   NAME:          a name of its own among those that run at the same time
#   SECCOMP_JSON:  a file with linux.seccomp as the OCI has it; "-" for no filter
#   returns:       the command's status; 124 after 60 s, 137 if it had to be killed then
container_run() {
	local name=$1 seccomp=$2 out=$3 err=$4 bundle="$CONTAINER_DIR/$1" status=0

	shift 4
	if [ "${CONTAINER_RUNTIME:-runc}" = bwrap ]; then
		container_bwrap "$name" "$seccomp" "$@" >"$out" 2>"$err" </dev/null
		return
	fi
	[ "$seccomp" != - ] || seccomp=/dev/null
	mkdir -p "$bundle" && rm -f "$bundle/config.json"
	(cd "$bundle" && runc spec) || return 125
	# No limits are asked for and cgroupsPath is left to runc: its cgroupfs driver then finds
	# its way with cgroup v1, v2 and both at once, without systemd.  No cgroup namespace,
	# because the machine's hierarchy may not be mounted whole.
	jq --slurpfile filter "$seccomp" '
		.root = { path: "../root", readonly: false } |
		.process.terminal = false | .process.args = $ARGS.positional |
		.hostname = "node01" |
		.linux.namespaces |= map(select(.type != "cgroup")) |
		del(.linux.resources) |
		if $filter == [] then . else .linux.seccomp = $filter[0] end | '"${CONTAINER_CONFIG:-.}" --args -- "$@" <"$bundle/config.json" >"$bundle/config.new" || return 125
	mv "$bundle/config.new" "$bundle/config.json"
	container_oci run --bundle "$bundle" "$name" >"$out" 2>"$err" </dev/null || status=$?
	# After a timeout the container is still there, with or without its process.
	[ "$status" -lt 124 ] || container_oci delete --force "$name" 2>/dev/null || :
	return "$status"
}

container_exec() {
	local name=$1

	shift
	container_oci exec "$name" "$@"
}

container_log_filter() {
	echo '{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]}' >"$1"
}

container_cleanup() {
	local state CONTAINER_RUNTIME

	[ -n "$CONTAINER_DIR" ] || return 0
	for state in "$CONTAINER_DIR"/state{,-crun}/*/; do
		[ -d "$state" ] || continue
		CONTAINER_RUNTIME=runc
		[[ $state != "$CONTAINER_DIR"/state-crun/* ]] || CONTAINER_RUNTIME=crun
		container_oci delete --force "$(basename "$state")" || :
	done
	umount "$CONTAINER_DIR/root" 2>/dev/null || :
	umount "$CONTAINER_DIR" || umount --lazy "$CONTAINER_DIR" || :
	CONTAINER_DIR=
}
