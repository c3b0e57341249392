#!/bin/bash
# Manual pages: one a command, made of the tables; they are well formed and say what --help says.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
PAGES=$(realpath "${BUILD:-build}")/man
GEN=$(realpath "${BUILD:-build}")/gen
[ -x "$GEN" ] || { skip manual "no $GEN here (make docs)"; exit 0; }

commands=$("$GEN" commands)

# lacks_option PAGE: the options of --help that the page does not have
lacks_option() {
	"$SCAUDIT" "$1" --help all | grep -oE '^  (-.,| {3}) --[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u |
		while read -r option; do
			grep -qE "Fl Fl ${option#--}( |\$)" "$PAGES/scaudit-$1.1" || echo "$1: $option"
		done
}

each_option() { for command in $commands; do lacks_option "$command"; done; }
each_command() { for command in $commands; do grep -q "^.It Xr scaudit-$command 1" "$PAGES/scaudit.1" || echo "$command"; done; }

ok "each command has a page" is "$(for c in $commands; do [ -s "$PAGES/scaudit-$c.1" ] || echo "$c"; done)" ""
ok "the overview names each command" is "$(each_command)" ""
ok "a page has each option of its command's --help" is "$(each_option)" ""

# text is not cut where a line of it begins with @, which begins parts, too
cp -r "$ROOT/docs/man" "$TMP/at"
printf '@default and\n@optional stand here.\n' >>"$TMP/at/lint.mdoc"
run "$GEN" man "$TMP/at" lint today
ok "a line of text that begins with @" is "$(grep -cE '^@(default and|optional stand here.)$' "$TMP/out")" 2

# --- a part for an option that is gone ---
cp -r "$ROOT/docs/man" "$TMP/man"
printf '@option gone\nText.\n' >>"$TMP/man/lint.mdoc"
run "$GEN" man "$TMP/man" lint today
ok "a text about an option that is gone is an error" is $status 1
ok "which names it" warns 'docs/man/lint.mdoc: the command takes no such option: option gone'

if command -v mandoc >/dev/null; then
	# other pages are no finding: they are looked for where this machine has them
	ok "mandoc has nothing to say of any page" is "$(for page in "$PAGES"/*.1; do mandoc -T lint "$page"; done 2>&1 |
		grep -vE 'referenced manual not found|outdated mandoc.db')" ""
	synopsis() { mandoc -T ascii -O width=200 "$PAGES/scaudit-$1.1" | sed 's/.\x08//g' | sed -n '/^SYNOPSIS/{n;p;}' | sed 's/^ *//'; }
	ok "synopsis of capture" is "$(synopsis capture)" 'scaudit capture [options] [-- command [arg ...]]'
	ok "synopsis of run" is "$(synopsis run)" 'scaudit run [options] profile -- command [arg ...]'
	ok "synopsis of diff" is "$(synopsis diff)" 'scaudit diff [options] profile [profile | selector]'
	ok "synopsis of node" is "$(synopsis node)" 'scaudit node [options] alias name other-name'
	ok "synopsis of ingest" is "$(synopsis ingest)" 'scaudit ingest [options] [file ...]'
else
	skip "mandoc -T lint" "no mandoc here"
fi
