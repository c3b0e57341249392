#!/bin/bash
# Completions: what bash, zsh and fish make of a line when TAB is pressed.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
FILES=$(realpath "${BUILD:-build}")/completion
[ -e "$FILES/scaudit.bash" ] || { skip completion "no completions here (make docs)"; exit 0; }

# "scaudit" is what is tested
mkdir "$TMP/bin"
ln -s "$SCAUDIT" "$TMP/bin/scaudit"
export PATH=$TMP/bin:$PATH
run "$SCAUDIT" ingest -q --label webshop "$SAMPLES/pipeline.log"
run "$SCAUDIT" ingest -q --label 'web@1 x' "$SAMPLES/java-threads.log"
SCAUDIT_DB=$TMP/other.db run "$SCAUDIT" ingest -q --label elsewhere "$SAMPLES/i386.log"

# type LINE EXPECTED, in $shell with $file
complete_line() { is "$(python3 "$ROOT/tests/complete.py" "$shell" "$file" "$1{TAB}")" "$2"; }

# --- all options and commands are in each file ---
# of each command; those of capture stand for all others, which are made by the same loop
options=$("$SCAUDIT" capture --help all | grep -oE '^  (-.,| {3}) --[a-z-]+' | grep -oE -- '[a-z-]+$' | sed 's/^--//')
lacking() { for option in $options; do grep -q -e "$option" "$1" || echo "$option"; done; }
ok "there are options to look for" test "$(wc -w <<<"$options")" -gt 10
for file in scaudit.bash _scaudit scaudit.fish; do
	ok "$file: has the options" is "$(lacking "$FILES/$file")" ""
done

# --- bash, as it calls the function ---
ok "bash: the file can be read" bash -n "$FILES/scaudit.bash"
if ! command -v python3 >/dev/null; then
	skip "driven shells" "no python3 here"
	exit 0
fi
shell=bash file=$FILES/scaudit.bash
ok "bash: a command" complete_line 'scaudit prof' 'scaudit profile '
ok "bash: an option" complete_line 'scaudit profile --basel' 'scaudit profile --baseline '
ok "bash: a label of the store" complete_line 'scaudit profile --label webs' 'scaudit profile --label webshop '
ok "bash: behind =" complete_line 'scaudit profile --label=webs' 'scaudit profile --label=webshop '
ok "bash: a name with @ and a space" complete_line 'scaudit profile --label=web@' 'scaudit profile --label=web@1\ x '
ok "bash: the same in quotes" complete_line 'scaudit profile --label "web@' 'scaudit profile --label "web@1 x" '
ok "bash: a thread's name" complete_line 'scaudit check p.json --comm ja' 'scaudit check p.json --comm java '
ok "bash: of the store that --db names" complete_line "scaudit --db $TMP/other.db profile --label els" \
	"scaudit --db $TMP/other.db profile --label elsewhere "
ok "bash: and of no other" complete_line "scaudit --db $TMP/other.db profile --label webs" \
	"scaudit --db $TMP/other.db profile --label webs"
ok "bash: a format" complete_line 'scaudit profile --format systemd-' 'scaudit profile --format systemd-log '
ok "bash: a stage" complete_line 'scaudit profile --stage can' 'scaudit profile --stage canary '
ok "bash: a target" complete_line 'scaudit lint --target runc-1.1' 'scaudit lint --target runc-1.1 '
ok "bash: a file" complete_line "scaudit ingest $SAMPLES/pipeline.l" "scaudit ingest $SAMPLES/pipeline.log "
ok "bash: a command behind --" complete_line 'scaudit capture -- sha256s' 'scaudit capture -- sha256sum '
ok "bash: an option that the command does not take" complete_line 'scaudit doctor --labe' 'scaudit doctor --labe'

if command -v zsh >/dev/null; then
	shell=zsh file=$FILES/_scaudit
	ok "zsh: a command" complete_line 'scaudit prof' 'scaudit profile '
	ok "zsh: a label of the store" complete_line 'scaudit profile --label webs' 'scaudit profile --label webshop '
	ok "zsh: behind =" complete_line 'scaudit profile --label=webs' 'scaudit profile --label=webshop '
	ok "zsh: a name with @ and a space" complete_line 'scaudit profile --label web@' 'scaudit profile --label web@1\ x '
	ok "zsh: of the store that --db names" complete_line "scaudit profile --db $TMP/other.db --label els" \
		"scaudit profile --db $TMP/other.db --label elsewhere "
	ok "zsh: a stage" complete_line 'scaudit profile --stage can' 'scaudit profile --stage canary '
	ok "zsh: a command behind --" complete_line 'scaudit capture -- sha256s' 'scaudit capture -- sha256sum '
else
	skip "zsh" "no zsh here"
fi

if command -v fish >/dev/null; then
	offers() { fish -c "source $FILES/scaudit.fish; complete -C '$1'" 2>&1 | cut -f 1; }
	ok "fish: a command" is "$(offers 'scaudit prof')" profile
	ok "fish: a label of the store" is "$(offers 'scaudit profile --label webs')" webshop
	ok "fish: a format" is "$(offers 'scaudit profile --format systemd-')" systemd-log
else
	skip "fish" "no fish here"
fi
