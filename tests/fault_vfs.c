// SPDX-License-Identifier: Apache-2.0
/* A file system for SQLite that fails at the Nth call. */
#include "tests/fault_vfs.h"

#include <execinfo.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

static struct fault *fault;
static sqlite3_vfs *below;

struct file {
	sqlite3_file base;
	sqlite3_file *real; /* lies behind */
};

static sqlite3_file *real(sqlite3_file *f)
{
	return ((struct file *)f)->real;
}

const char *fault_op_name(enum fault_op op)
{
	static const char *const names[] = {
#define OP(name, code) [FAULT_##name] = #name,
		FAULT_OPS(OP)
#undef OP
	};

	return names[op];
}

static void tell_where(void)
{
	void *at[64];
	int fd = open("where", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd >= 0) {
		backtrace_symbols_fd(at, backtrace(at, 64), fd);
		close(fd);
	}
}

/* Does what is counted now fail? */
static bool reached(void)
{
	fault->calls++;
	if (fault->at == 0 || (fault->stays ? fault->calls < fault->at : fault->calls != fault->at))
		return false;
	if (fault->failed++ == 0 && fault->where)
		tell_where();
	return true;
}

/* Counts a call; what it fails with, or SQLITE_OK. */
static int fails(enum fault_op op)
{
	static const int codes[] = {
#define OP(name, code) [FAULT_##name] = code,
		FAULT_OPS(OP)
#undef OP
	};

	if (fault->kind == FAULT_MEMORY || (fault->kind == FAULT_FULL && op != FAULT_write) ||
	    (fault->kind == FAULT_MILD && op != FAULT_read) || !reached())
		return SQLITE_OK;
	if (fault->failed == 1)
		fault->op = op;
	return fault->kind == FAULT_FULL ? SQLITE_FULL :
	       fault->kind == FAULT_MILD ? SQLITE_ERROR :
					   codes[op];
}

/* ---- files ---- */

/* Lets the call fail, or has it made. */
#define PASS(op, call)                                                                             \
	do {                                                                                       \
		int code_ = fails(FAULT_##op);                                                     \
		return code_ != SQLITE_OK ? code_ : (call);                                        \
	} while (0)

static int f_close(sqlite3_file *f)
{
	return real(f)->pMethods->xClose(real(f));
}

static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
	PASS(read, real(f)->pMethods->xRead(real(f), to, n, at));
}

static int f_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
	PASS(write, real(f)->pMethods->xWrite(real(f), from, n, at));
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	PASS(truncate, real(f)->pMethods->xTruncate(real(f), n));
}

/* No power is lost here: to wait for the disk would only take time. */
static int f_sync(sqlite3_file *f, int flags)
{
	(void)f, (void)flags;
	PASS(sync, SQLITE_OK);
}

static int f_file_size(sqlite3_file *f, sqlite3_int64 *n)
{
	PASS(file_size, real(f)->pMethods->xFileSize(real(f), n));
}

static int f_lock(sqlite3_file *f, int level)
{
	PASS(lock, real(f)->pMethods->xLock(real(f), level));
}

static int f_unlock(sqlite3_file *f, int level)
{
	PASS(unlock, real(f)->pMethods->xUnlock(real(f), level));
}

static int f_check_lock(sqlite3_file *f, int *out)
{
	PASS(check_lock, real(f)->pMethods->xCheckReservedLock(real(f), out));
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
	return real(f)->pMethods->xFileControl(real(f), op, arg);
}

static int f_sector_size(sqlite3_file *f)
{
	return real(f)->pMethods->xSectorSize(real(f));
}

static int f_device(sqlite3_file *f)
{
	return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int f_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **to)
{
	*to = NULL;
	PASS(shm_map, real(f)->pMethods->xShmMap(real(f), region, size, extend, to));
}

/* To let go cannot fail. */
static int f_shm_lock(sqlite3_file *f, int from, int n, int flags)
{
	if ((flags & SQLITE_SHM_LOCK) == 0)
		return real(f)->pMethods->xShmLock(real(f), from, n, flags);
	PASS(shm_lock, real(f)->pMethods->xShmLock(real(f), from, n, flags));
}

static void f_shm_barrier(sqlite3_file *f)
{
	real(f)->pMethods->xShmBarrier(real(f));
}

static int f_shm_unmap(sqlite3_file *f, int drop)
{
	return real(f)->pMethods->xShmUnmap(real(f), drop);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = f_close,
	.xRead = f_read,
	.xWrite = f_write,
	.xTruncate = f_truncate,
	.xSync = f_sync,
	.xFileSize = f_file_size,
	.xLock = f_lock,
	.xUnlock = f_unlock,
	.xCheckReservedLock = f_check_lock,
	.xFileControl = f_control,
	.xSectorSize = f_sector_size,
	.xDeviceCharacteristics = f_device,
	.xShmMap = f_shm_map,
	.xShmLock = f_shm_lock,
	.xShmBarrier = f_shm_barrier,
	.xShmUnmap = f_shm_unmap,
};

/* ---- the VFS ---- */

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	struct file *file = (struct file *)f;
	int code = fails(FAULT_open);

	(void)vfs;
	f->pMethods = NULL;
	file->real = (sqlite3_file *)(file + 1);
	if (code == SQLITE_OK)
		code = below->xOpen(below, name, file->real, flags, out);
	if (code == SQLITE_OK)
		f->pMethods = &methods;
	return code;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs, (void)sync;
	PASS(delete, below->xDelete(below, name, 0));
}

static int v_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	PASS(access, below->xAccess(below, name, flags, out));
}

/* ---- a small cache ---- */

static sqlite3_pcache_methods2 caches;

static void small_cache(sqlite3_pcache *cache, int pages)
{
	caches.xCachesize(cache, pages > (int)fault->pages ? (int)fault->pages : pages);
}

/* ---- memory ---- */

static sqlite3_mem_methods memory;

static void *m_malloc(int n)
{
	return reached() ? NULL : memory.xMalloc(n);
}

static void *m_realloc(void *p, int n)
{
	return reached() ? NULL : memory.xRealloc(p, n);
}

void fault_begin(struct fault *f)
{
	static sqlite3_vfs vfs;
	sqlite3_pcache_methods2 small;
	sqlite3_mem_methods failing;
	uint64_t at = f->at;

	fault = f;
	f->at = 0; /* not yet */
	sqlite3_shutdown(); /* else nothing can be configured */
	if (f->kind == FAULT_MEMORY) {
		sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
		failing = memory;
		failing.xMalloc = m_malloc;
		failing.xRealloc = m_realloc;
		sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
	}
	if (f->pages > 0) {
		sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &caches);
		small = caches;
		small.xCachesize = small_cache;
		sqlite3_config(SQLITE_CONFIG_PCACHE2, &small);
	}
	below = sqlite3_vfs_find(NULL);
	vfs = *below; /* what is not told apart here is its own */
	vfs.zName = "fault";
	vfs.szOsFile = (int)sizeof(struct file) + below->szOsFile;
	vfs.xOpen = v_open;
	vfs.xDelete = v_delete;
	vfs.xAccess = v_access;
	sqlite3_vfs_register(&vfs, 1);
	f->at = at;
	f->calls = f->failed = 0;
}
