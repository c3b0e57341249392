#!/bin/bash
# make dist: the same tree gives the same bytes; the version stands in one place.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need git tar
version=$(cat "$ROOT/VERSION")

dist() { make -s -C "$ROOT" dist "BUILD=$TMP/$1"; }
if [ -e "$ROOT/.git" ]; then
	run dist one
	ok "dist: exit 0" is $status 0
	# another time of the same files, another umask, another zone
	(
		umask 077
		export TZ=Asia/Tokyo LC_ALL=C
		touch "$ROOT/VERSION"
		run dist two
	)
	ok "dist: the same bytes twice" cmp "$TMP/one/scaudit-$version.tar.gz" "$TMP/two/scaudit-$version.tar.gz"
	mkdir "$TMP/tree"
	tar -C "$TMP/tree" -xzf "$TMP/one/scaudit-$version.tar.gz"
	ok "dist: one folder, named after the version" is "$(ls "$TMP/tree")" "scaudit-$version"
	ok "dist: nothing that was built" is "$(find "$TMP/tree" -name '*.o' -o -name build)" ""
	ok "dist: programs can be run" test -x "$TMP/tree/scaudit-$version/tests/run"
	# what was unpacked is a tree of its own
	run make -s -C "$TMP/tree/scaudit-$version" dist "BUILD=$TMP/three"
	ok "dist: from what was unpacked: the same bytes" cmp "$TMP/one/scaudit-$version.tar.gz" "$TMP/three/scaudit-$version.tar.gz"
	echo >>"$TMP/tree/scaudit-$version/README.md"
	run make -s -C "$TMP/tree/scaudit-$version" dist "BUILD=$TMP/four"
	ok "dist: another tree: other bytes" test "$(sha256sum <"$TMP/four/scaudit-$version.tar.gz")" != "$(sha256sum <"$TMP/one/scaudit-$version.tar.gz")"
else
	skip "dist" "no git tree here"
fi

# --- the version ---
ok "version: the program's" is "$("$SCAUDIT" --version)" "scaudit $version"
ok "version: the image of the DaemonSet" grep -q "image: registry.example/scaudit:$version\$" "$ROOT/deploy/kubernetes/daemonset.yaml"
ok "version: nowhere else in what builds" is "$(grep -rlF "$version" "$ROOT/Makefile" "$ROOT/packaging")" ""
