#!/bin/bash
# Documents: the command blocks that are marked as runnable print what they show; links lead somewhere; README is short.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

ok "README has at most 150 lines" test "$(wc -l <"$ROOT/README.md")" -le 150
ok "and the two set-up commands" is "$(grep -oE 'make deps (demo|test)' "$ROOT/README.md" | sort -u | paste -sd,)" \
	"make deps demo,make deps test"

# links to files of the tree
broken() {
	local file link

	for file in "$ROOT"/README.md "$ROOT"/docs/*.md "$ROOT"/deploy/README.md; do
		grep -oE '\]\([^)#: ]+(#[^)]*)?\)' "$file" | sed 's/^](//; s/)$//; s/#.*//' | while read -r link; do
			[ -e "$(dirname "$file")/$link" ] || echo "$(basename "$file"): $link"
		done
	done
}
ok "links lead to files" is "$(broken)" ""

# an option or a command that a document names has to be there
unknown() {
	local known

	known=$(for c in $("$SCAUDIT" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		"$SCAUDIT" "$c" --help all
	done | grep -oE -- '--[a-z-]+' | sort -u)
	grep -hE '^[$#] scaudit|^    scaudit' "$ROOT"/README.md "$ROOT"/docs/*.md | sed 's/ -- .*//; s/[|>].*//' |
		grep -oE -- ' --[a-z][a-z-]+' | tr -d ' ' | sort -u | grep -vxF -e "$known"
}
ok "options that documents use are the program's" is "$(unknown)" ""

if command -v python3 >/dev/null; then
	SCAUDIT=$SCAUDIT python3 "$ROOT/tests/documents.py" "$ROOT"/README.md "$ROOT"/docs/*.md
	# the test itself: a block whose output differs is noticed
	printf '<!-- run -->\n```console\n$ echo one\ntwo\n```\n' >"$TMP/wrong.md"
	run python3 "$ROOT/tests/documents.py" "$TMP/wrong.md"
	ok "a block that prints something else is noticed" is $status 1
else
	skip "runnable blocks" "no python3 here"
fi
