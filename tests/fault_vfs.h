/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VFS above SQLite's own that lets the Nth I/O call fail, as SQLite's test suite does it:
 *   https://www.sqlite.org/testing.html#i_o_error_testing
 */
#ifndef TESTS_FAULT_VFS_H
#define TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

/* Which calls are counted, and what they say when they fail. */
#define FAULT_OPS(OP)                                \
	OP(open, SQLITE_CANTOPEN)                    \
	OP(delete, SQLITE_IOERR_DELETE)              \
	OP(access, SQLITE_IOERR_ACCESS)              \
	OP(read, SQLITE_IOERR_READ)                  \
	OP(write, SQLITE_IOERR_WRITE)                \
	OP(truncate, SQLITE_IOERR_TRUNCATE)          \
	OP(sync, SQLITE_IOERR_FSYNC)                 \
	OP(file_size, SQLITE_IOERR_FSTAT)            \
	OP(lock, SQLITE_IOERR_LOCK)                  \
	OP(unlock, SQLITE_IOERR_UNLOCK)              \
	OP(check_lock, SQLITE_IOERR_CHECKRESERVEDLOCK) \
	OP(shm_map, SQLITE_IOERR_SHMMAP)             \
	OP(shm_lock, SQLITE_IOERR_SHMLOCK)

enum fault_op {
#define OP(name, code) FAULT_##name,
	FAULT_OPS(OP)
#undef OP
	FAULT_N_OPS,
};

enum fault_kind {
	FAULT_IO, /* any call fails as such calls do */
	FAULT_FULL, /* the disk is full: only writes are counted and fail */
	FAULT_MILD, /* only reads, and SQLite neither rolls back by itself nor refuses to write on,
		     * as it does for real ones: who takes the failure for the end of the rows
		     * commits something wrong */
	FAULT_MEMORY, /* no call, but an allocation of SQLite's */
	FAULT_N_KINDS,
};

struct fault {
	enum fault_kind kind;
	uint64_t at;            /* the call that fails, from 1; 0: none, they are only counted */
	bool stays;             /* and all behind it */
	unsigned pages; /* at most so many in a cache, so that more is read and written; 0: as the
			   program says */
	bool where; /* write the calls that led to the first that fails to the file `where`, for
		       addr2line */
	/* out: */
	uint64_t calls, failed;
	enum fault_op op;       /* the first that failed */
};

/* Makes it the default, once in a process and with no connection open. `f` is borrowed: memory that
 * is shared tells another process. */
void fault_begin(struct fault *f);

const char *fault_op_name(enum fault_op op);

/* The whole program. */
int scaudit_main(int argc, char **argv);

#endif
