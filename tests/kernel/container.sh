# shellcheck shell=bash
#
# Containers for tests and samples: sourced, not run. Needs root, runc and jq.
#
#	container_setup DIR       DIR: an empty directory, outside of /dev, /proc, /sys
#	container_run NAME SECCOMP_JSON OUT ERR CMD ARGS       returns the exit status of CMD; its cgroup is
#	                                                       $CONTAINER_CGROUP where that is set (exported)
#	container_log_filter FILE                              writes a SECCOMP_JSON that logs everything
#	container_cleanup
#
# The root file system is an overlay of this machine's own /, so there is no
# image to fetch and every program of the machine is there, at its usual path.
# What a container writes goes to a tmpfs and is gone after container_cleanup.

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

# container_run NAME SECCOMP_JSON OUT ERR CMD ARGS
#   NAME:          a name of its own among those that run at the same time
#   SECCOMP_JSON:  a file with linux.seccomp as the OCI has it; "-" for no filter
#   returns:       the command's status; 124 after 60 s, 137 if it had to be killed then
container_run() {
	local name=$1 seccomp=$2 out=$3 err=$4 bundle="$CONTAINER_DIR/$1" status=0

	shift 4
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
		if $ENV.CONTAINER_CGROUP then .linux.cgroupsPath = $ENV.CONTAINER_CGROUP else . end |
		if $filter == [] then . else .linux.seccomp = $filter[0] end
	' --args -- "$@" <"$bundle/config.json" >"$bundle/config.new" || return 125
	mv "$bundle/config.new" "$bundle/config.json"
	timeout -k 5 60 runc --root "$CONTAINER_DIR/state" run --bundle "$bundle" "$name" \
		>"$out" 2>"$err" </dev/null || status=$?
	# After a timeout the container is still there, with or without its process.
	[ "$status" -lt 124 ] || runc --root "$CONTAINER_DIR/state" delete --force "$name" 2>/dev/null || :
	return "$status"
}

container_log_filter() {
	echo '{"defaultAction":"SCMP_ACT_LOG","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86","SCMP_ARCH_X32"]}' >"$1"
}

container_cleanup() {
	local state

	[ -n "$CONTAINER_DIR" ] || return 0
	for state in "$CONTAINER_DIR"/state/*/; do
		[ -d "$state" ] || continue
		runc --root "$CONTAINER_DIR/state" delete --force "$(basename "$state")" || :
	done
	umount "$CONTAINER_DIR/root" 2>/dev/null || :
	umount "$CONTAINER_DIR" || umount --lazy "$CONTAINER_DIR" || :
	CONTAINER_DIR=
}
