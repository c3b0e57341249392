# For tests/proof/floor: from lines "WORKLOAD START NAME LOADER" to its tables. FLOOR: the names of the floor, with blanks.
# Pairs: the list made of one start, and another start of the same workload that runs under it.

BEGIN {
	n = split(FLOOR, word, " ")
	for (i = 1; i <= n; i++) in_floor[word[i]] = 1
}
{
	if (!($1 in starts_of)) work[++works] = $1
	if (!(($1, $2) in known)) {
		known[$1, $2] = 1
		start[$1, ++starts_of[$1]] = $2
	}
	if (!(($1, $3) in of)) name_of[$1, ++names_of[$1]] = $3
	if (!(($1, $2, $3) in has)) of[$1, $3]++
	has[$1, $2, $3] = 1
	if ($4) loader[$3] += !(($1, $2, $3) in counted)
	if ($4) counted[$1, $2, $3] = 1
}
function look(w,   i, k, m, name, bare, floored, n, away) {
	n = starts_of[w]
	for (i = 1; i <= n; i++)
		for (k = 1; k <= n; k++) {
			bare = floored = 0
			for (m = 1; m <= coming[w] && i != k; m++) {
				name = comes[w, m]
				if (!((w, start[w, k], name) in has) || (w, start[w, i], name) in has) continue
				lacks[name]++
				bare = 1
				if (!(name in in_floor)) floored = 1
			}
			fails[w] += bare
			fails_floored[w] += floored
		}
}
function percent(a, b) { return b ? sprintf("%.1f %%", 100 * a / b) : "-" }
END {
	for (w = 1; w <= works; w++) {
		all += starts_of[work[w]]
		for (m = 1; m <= names_of[work[w]]; m++) {
			name = name_of[work[w], m]
			if (of[work[w], name] == starts_of[work[w]]) continue
			comes[work[w], ++coming[work[w]]] = name
			away[work[w]] = away[work[w]] sprintf(" %s %d", name, of[work[w], name])
			where[name]++
		}
		look(work[w])
		pairs += starts_of[work[w]] * (starts_of[work[w]] - 1)
		bad += fails[work[w]]
		bad_floored += fails_floored[work[w]]
	}
	print "| name | floor | comes and goes in | lacking in pairs |\n|---|---|---|---|"
	sort = "sort -t '|' -k 5,5 -n -r"
	for (name in where)
		printf "| %s | %s | %d of %d workloads | %d (%s) |\n", name, (name in in_floor ? "yes" : ""), where[name], works, lacks[name],
			percent(lacks[name], pairs) | sort
	close(sort)
	print "\n| workload | starts | names | pairs that fail | with the floor | names that come and go, and in how many starts |\n|---|---|---|---|---|---|"
	for (w = 1; w <= works; w++) {
		n = starts_of[work[w]] * (starts_of[work[w]] - 1)
		printf "| %s | %d | %d | %s | %s |%s |\n", work[w], starts_of[work[w]], names_of[work[w]], percent(fails[work[w]], n),
			percent(fails_floored[work[w]], n), away[work[w]]
	}
	printf "| all | %d | | %s | %s | |\n", all, percent(bad, pairs), percent(bad_floored, pairs)
	print "\n| the loader's call | starts |\n|---|---|"
	for (name in loader)
		printf "| %s | %d of %d |\n", name, loader[name], all | "sort"
}
