// SPDX-License-Identifier: Apache-2.0
/* The table of kinds, and what files of tools lack. */
#include "store/model/kind.h"

static const struct kind_about rows[] = {
#define KIND(id, name, starts, whole, loss, ident, trust, about)                                   \
	{ name, starts, whole, loss, ident, trust, about },
#include "store/model/kind_list.h"
#undef KIND
};

static const char names[] =
#define KIND(id, name, starts, whole, loss, ident, trust, about) ", " name
#include "store/model/kind_list.h"
#undef KIND
	;

const struct kind_about *kind_at(enum kind kind)
{
	return &rows[kind];
}

bool kind_of(struct bytes name, enum kind *out)
{
	for (int k = 0; k < N_KINDS; k++) {
		if (!bytes_eq(name, bytes_of(rows[k].name)))
			continue;
		*out = (enum kind)k;
		return true;
	}
	return false;
}

void kind_gaps(struct buf *out, enum kind kind, uint32_t facts)
{
	static const struct { uint32_t fact; const char *strace, *other;
	} texts[] = {
		{ TOOL_ORPHANS,
		  "it shows processes or threads that were born, and not what they did (strace -f follows them)",
		  "processes that were born are missing" },
		{ TOOL_CUT, "it ends before its end: more was made than it shows", NULL },
		{ TOOL_JOINED,
		  "it begins within a process that ran already (strace -p, or the file's beginning is missing)",
		  NULL },
		{ TOOL_PART, "only some calls were asked for",
		  "only some calls were traced (Tracee 0.4.0 traces some 68 of 353 calls by itself; --trace set=syscalls: all)" },
		{ TOOL_LOST, "it says that events were lost", NULL },
		{ TOOL_LIVES, "it ends while processes still run", NULL },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (facts & texts[i].fact)
			buf_printf(out, "%s%s", out->n ? "; " : "",
				   kind == KIND_STRACE || texts[i].other == NULL ? texts[i].strace :
										   texts[i].other);
	if (kind_at(kind)->whole == NULL)
		buf_printf(out, "%s%s", out->n ? "; " : "", "it names some calls and not all");
	else if (!kind_at(kind)->starts && (facts & TOOL_PART) == 0)
		buf_printf(out, "%snothing in it shows that it has all calls (%s)",
			   out->n ? "; " : "", kind_at(kind)->whole);
}

const char *kind_names(void)
{
	return names + 2;
}
