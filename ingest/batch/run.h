/* SPDX-License-Identifier: Apache-2.0 */
/* A run that brings records, whatever reads them: what it is asked for, and what it found. */
#ifndef INGEST_BATCH_RUN_H
#define INGEST_BATCH_RUN_H

#include "store/base/bytes.h"
#include "store/base/err.h"
#include "store/model/kind.h"

#include <signal.h>

#define INGEST_REASONS 32
#define INGEST_THREADS_MOST 17

#define INGEST_POLICY_MAX (4 << 20) /* bytes of a policy that is kept */

/* What a file of a tool brought. */
struct ingest_tool {
	struct bytes file;         /* escaped */
	enum kind kind;
	uint64_t calls, fresh, processes, lost, damaged, other;
	uint32_t facts;            /* enum tool_fact */
};

struct ingest_options {
	const char *node; /* whose records these are; NULL: what the lines say, else this machine */
	const char *label;         /* NULL: none */
	const char *policy; /* file of the filter that was in force while this was recorded; NULL:
			       not said */
	const char *version;       /* of the program, noted with the run */
	const char *json_field; /* a field of JSON that has the record, beside the usual ones; NULL:
				   none */
	enum kind kind; /* files are of this tool; KIND_SECCOMP: what their content says; N_KINDS:
			   logs */
	uint32_t arch;             /* of tools' names; 0: this machine's */
	bool follow; /* go on with what files and the journal will bring, until a stop is asked for
		      */
	bool journal; /* the journal, too: journal_place is a folder of it or a file, NULL: this
			 machine's */
	const char *journal_place, *boot; /* boot: only of that one; NULL: of all */
	int64_t since, until;      /* only what was made then; 0: no bound */
	bool with_syscalls; /* what auditd's SYSCALL records say of arguments becomes notes */
	bool trusted_input;        /* standard input comes from a source that no user can forge */
	unsigned threads;          /* that read a file */
	size_t batch_records;      /* at most so many records a commit; 0: the default */
	const volatile sig_atomic_t *stop; /* becomes non-zero: commit what was read and return */
	void *to;                  /* first argument of the following, each of which may be NULL */
	void (*damaged)(void *to, const char *file, uint64_t line, const char *reason,
			struct bytes text);
	void (*failed)(void *to, const char *message); /* a source that could not be read */
	/* a file of root's in auditd's form counts as text: why, or, where that is empty, for a
	 * line of another form */
	void (*distrusted)(void *to, const char *file, const char *why, uint64_t line);
	void (*tool)(void *to, const struct ingest_tool *tool); /* a file of a tool was read */
	void (*progress)(void *to, uint64_t bytes, long long size);      /* size 0: not known */
};

enum ingest_looks {
	LOOKS_EMPTY,
	LOOKS_BLANK,
	LOOKS_JSON,
	LOOKS_BINARY,
	LOOKS_QUOTED,
	LOOKS_AUDIT,
	LOOKS_TEXT
};

struct ingest_report {
	int64_t ingest;            /* row of this run; 0: nothing was written */
	uint64_t records, new_events, seen_before, presence, contradicted, damaged, other, losses,
		bytes;
	unsigned tools;            /* files of tools */
	uint64_t notes;            /* SYSCALL records whose arguments were noted */
	uint64_t calls,
		fresh_calls; /* that tools saw, and those of them that are new: none is a record */
	uint64_t outside;          /* records and loss markers that since and until leave out */
	uint64_t own_node;         /* records that named no node: taken as this machine's */
	char own_name[72];
	struct { const char *why; uint64_t n; } reasons[INGEST_REASONS];
	size_t n_reasons;
	unsigned failed;           /* sources that could not be read, or not to their end */
	enum status failed_status; /* why: ST_INPUT, or ST_SYSTEM where it was not their fault */
	bool only_syscall_lines;   /* standard input held nothing but lines with "syscall" */
	bool stopped;
	bool waits; /* some of what was stored is not derived yet: whoever opens the store next goes
		       on */
	unsigned sources;          /* how many were read */
	enum ingest_looks looks;   /* what the last source without records looks like, */
	const char *hint; /* of a text without records: what it is, and what takes it; NULL: not
			     known */
	const char *format; /* and what it is by its first bytes: "a program"; NULL: not known */
	int64_t ms;                /* it took */
};

#endif
