#!/bin/bash
# What the Makefile says: without libraries, quietly, in full.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need make
unset MAKEFLAGS MFLAGS MAKELEVEL

mk() { run make -C "$ROOT" "BUILD=$TMP/build" "PROGRAM=$TMP/scaudit" "$@"; }
mk -n PKG_CONFIG=false
ok "no libraries: make deps is named" test "$status" = 2 -a "$(grep -c 'run `make deps` first' "$TMP/err")" = 1
for goal in demo test; do
	mk -n PKG_CONFIG=false deps $goal
	ok "no libraries: make deps $goal goes on, as README has it" is "$status" 0
done
mk -n PKG_CONFIG=false clean
ok "no libraries: clean works" is "$status" 0
mk "$TMP/build/store/base/pool.o" CFLAGS=-O0
ok "a line a file" is "$(grep -v '^make' "$TMP/out")" "CC   store/base/pool.c"
rm -f "$TMP/build/store/base/pool.o"
mk V=1 "$TMP/build/store/base/pool.o" CFLAGS=-O0
ok "V=1: the command" says '^(cc|gcc|clang).* -c -o .*pool\.o'
rm -f "$TMP/build/store/base/pool.o"
mk -s "$TMP/build/store/base/pool.o" CFLAGS=-O0
ok "-s: nothing" test "$status" = 0 -a ! -s "$TMP/out"
