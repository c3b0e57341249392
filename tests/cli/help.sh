#!/bin/bash
# Help is made of the tables, and README and the man page know each of their rows.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"

man=$TMP/pages
cat "$ROOT"/docs/man/*.mdoc >"$man"
cat "$ROOT/README.md" "$ROOT"/docs/*.md >"$TMP/documents"
rows() { sed -nE "s/^$1\\(([a-z_0-9]+).*/\\1/p" "$ROOT/$2" | tr _ -; }   # MACRO FILE: ids, as users write them
missing() { # FILE PATTERN-WITH-@: which words of stdin it lacks
	while read -r word; do
		grep -qE -e "${2//@/$word}" "$1" || printf '%s ' "$word"
	done
}

# ---- tables and documents ----
rows OUTPUT analyze/output/output_list.h >"$TMP/outputs"
rows INPUT analyze/input/input_list.h >"$TMP/inputs"
rows COMMAND cli/command_list.h >"$TMP/commands"
sed -nE 's/^OPTION\([a-z_]+, *"([^"]*)".*/\1/p' "$ROOT/cli/option_list.h" >"$TMP/options"
ok "there are formats, inputs, commands and options" test -s "$TMP/outputs" -a -s "$TMP/inputs" -a -s "$TMP/commands" -a \
	"$(wc -l <"$TMP/options")" -gt 50
ok "man page: each format" is "$(missing "$man" '^\.It Cm @$' <"$TMP/outputs")" ""
ok "man page: each format that is read" is "$(missing "$man" '(Cm|,) @( |$)' <"$TMP/inputs")" ""
ok "a text of each command's page" is "$(while read -r c; do [ -s "$ROOT/docs/man/$c.mdoc" ] || echo "$c"; done <"$TMP/commands")" ""
ok "README and docs: each command" is "$(missing "$TMP/documents" '(scaudit |`)@\b' <"$TMP/commands")" ""
run "$SCAUDIT" profile --format help
sed -nE 's/^  ([a-z-]+) .*/\1/p' "$TMP/out" >"$TMP/listed"
ok "--format help: each, in the table's order" cmp "$TMP/outputs" "$TMP/listed"
# docs/formats.md says of each what --format help says
sed -nE 's/^\| `([a-z-]+)` \|[^|]*\| ?([^|]*) \|.*/\1: \2/p' "$ROOT/docs/formats.md" | tr -d '`' | sed 's/: *$/:/' >"$TMP/readme"
awk '/^  [a-z]/ { if (name) print name ":" cannot; name = $1; cannot = "" } /^ +cannot say: / { sub(/^ +cannot say: /, ""); cannot = " " $0 }
	END { print name ":" cannot }' "$TMP/out" >"$TMP/help"
ok "docs/formats.md: what each format cannot say" diff "$TMP/readme" "$TMP/help"
run "$SCAUDIT" check --from help
sed -nE 's/^  ([a-z-]+) .*/\1/p' "$TMP/out" >"$TMP/listed"
ok "--from help: each" cmp "$TMP/inputs" "$TMP/listed"
run "$SCAUDIT" help formats
for table in 'WRAP ingest/read/wrap/wrap_list.h' 'HEADER ingest/read/header_list.h' 'BODY ingest/read/body_list.h'; do
	n=$(rows $table | wc -l)
	case $table in
	WRAP*) title='lines may lie in' ;;
	HEADER*) title='before a record' ;;
	*) title='a record, or' ;;
	esac
	ok "help formats: each row of ${table#* }" is "$n" \
		"$(awk -v t="$title" 'index($0, t) == 1 { on = 1; next } /^$/ { on = 0 } on' "$TMP/out" | wc -l)"
done

# ---- few options, and all of them ----
while read -r command; do
	run "$SCAUDIT" "$command" --help
	ok "$command --help: 15 options at most" test "$status" = 0 -a "$(grep -cE '^  (-., |    )--' "$TMP/out")" -le 15
	# shown or named, all that it takes
	grep -oE -- '--[a-z-]+' "$TMP/out" | grep -vx -- '--help' | sort -u >"$TMP/named"
	run "$SCAUDIT" "$command" --help all
	sed -nE 's/^  (-., |    )(--[a-z-]+).*/\2/p' "$TMP/out" | grep -vx -- '--help' | sort -u >"$TMP/all"
	ok "$command --help all: each that --help names" is "$(comm -13 "$TMP/named" "$TMP/all")" ""
	cp "$TMP/out" "$TMP/by-option"
	run "$SCAUDIT" help "$command"
	ok "help $command: the same" cmp "$TMP/out" "$TMP/by-option"
done <"$TMP/commands"
run "$SCAUDIT" profile --help
ok "the groups are named" is "$(sed -n '/^more options/,$p' "$TMP/out" | grep -cE '^  (selecting|what goes in|rollout|output) ')" 4
run "$SCAUDIT" help fold
ok "help by an old name" says '^usage: scaudit compact '
run "$SCAUDIT" ingest --help
ok "-v has ingest's own text" says '^  -v, --verbose .*each damaged record'
run "$SCAUDIT" status --help
ok "-v of others has not" test -z "$(grep 'damaged record' "$TMP/out")"
run "$SCAUDIT" doctor --help
ok "--pid has doctor's own text" says '^ +--pid N +look at this process'

# ---- did you mean ----
for row in 'porfile|profile' 'ingets|ingest' 'workload|workloads' 'foldd|compact' 'xyzzyx|'; do
	run "$SCAUDIT" "${row%%|*}"
	want=${row#*|}
	[ "$want" != compact ] || want=
	ok "command ${row%%|*}: ${want:-nothing is proposed}" is "$status $(sed -nE "s/.*did you mean '([^']*)'.*/\\1/p" "$TMP/err")" "2 $want"
done
for row in '--contaner=x|--container' '--formet|--format' '--xyzzyplugh|' '-Z|'; do
	run "$SCAUDIT" profile "${row%%|*}"
	ok "option ${row%%|*}: ${row#*|}" is "$status $(sed -nE "s/.*did you mean '([^']*)'.*/\\1/p" "$TMP/err")" "2 ${row#*|}"
done
run "$SCAUDIT" help porfile
ok "help of no command: exit 2, one is proposed" is "$status $(grep -c "mean 'profile'" "$TMP/err")" "2 1"
"$SCAUDIT" ingest -q "$SAMPLES/java-threads.log"
printf 'futexx\n' >"$TMP/names"
run "$SCAUDIT" profile --all --union --baseline "$TMP/names"
ok "baseline: no such syscall, one is proposed" is "$status $(grep -c "'futexx'; did you mean 'futex'?" "$TMP/err")" "2 1"
printf 'opennat\nread\nzzzzzzzz\n' >"$TMP/names"
run "$SCAUDIT" check "$TMP/names" --all
ok "check: for a name that no table knows, one is proposed" is "$(grep -c "did you mean" "$TMP/err") $(grep -c "opennat; did you mean 'openat'?" "$TMP/err")" "1 1"
run "$SCAUDIT" profile --comm jvaa
ok "no such comm: the nearest" warns "no comm 'jvaa'; the nearest: java"
for what in container pod unit; do
	run "$SCAUDIT" profile "--$what" web
	ok "no such $what: said" is "$status $(grep -c "no $what 'web'; the store knows none" "$TMP/err")" "1 1"
done
