// SPDX-License-Identifier: Apache-2.0
/* Keeps notes of arguments in rows of meta, one for each caller and call. */
#include "store/args.h"

#include "store/base/esc.h"
#include "store/model/syscall.h"
#include "store/row.h"
#include "store/sql.h"

#include <stdio.h>

/* one row for each caller and call; its value: an array of numbers in hex */
STMT(add_args,
     "INSERT INTO meta VALUES ('args ' || ?1, json_array(?2)) ON CONFLICT DO UPDATE SET value = json_insert(value, '$[#]', ?2) WHERE "
     "json_array_length(value) < ?3 AND NOT EXISTS (SELECT 1 FROM json_each(meta.value) AS had WHERE had.value = ?2)");
STMT(each_args,
     "SELECT substr(meta.key, 6), one.value FROM meta, json_each(iif(json_valid(meta.value) AND length(meta.value) < 4000, meta.value, '[]')) AS one "
     "WHERE meta.key GLOB 'args ?*' AND typeof(one.value) = 'text' ORDER BY meta.key, length(one.value), one.value");

unsigned args_worth(uint32_t arch, int32_t nr)
{
	static const struct { const char *name; unsigned bits;
	} rows[] = {
		{ "socket", 7 }, { "clone", 1 }, { "prctl", 15 }, { "personality", 1 },
		{ "ioctl", 2 },	 { "mmap", 12 }, { "mmap2", 12 }, { "mprotect", 4 },
	};
	char name[SYSCALL_NAME_MAX];

	if (!syscall_name(arch, nr, name))
		return 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(name, rows[i].name) == 0)
			return rows[i].bits;
	return 0;
}

/* "c000003e 41 0 4 comm exe": call, argument, the length of comm, and the two, escaped: esc_tty
 * leaves blanks. */
int args_save(struct store *s, const struct args_row *r, struct err *e)
{
	auto_buf struct buf key = { 0 }, comm = { 0 }, exe = { 0 };
	char value[20];

	esc_tty(&comm, r->comm);
	esc_tty(&exe, r->exe);
	buf_printf(&key, "%x %d %u %zu %s %s", r->arch, r->nr, r->which, comm.n, buf_text(&comm),
		   buf_text(&exe));
	snprintf(value, sizeof(value), "%llx", (unsigned long long)r->value);
	return store_run(s, STMT_add_args,
			 ARGS(V_TEXT(buf_bytes(&key)), V_TEXT(bytes_of(value)), V_INT(ARGS_MOST)),
			 e);
}

static bool key_of(struct bytes key, struct args_row *row, struct bytes *comm, struct bytes *exe)
{
	uint64_t arch, nr, which, n;

	if (bytes_hex(&key, UINT32_MAX, &arch) == 0 || !bytes_take(&key, BYTES(" ")) ||
	    bytes_dec(&key, INT32_MAX, &nr) == 0 || !bytes_take(&key, BYTES(" ")) ||
	    bytes_dec(&key, 3, &which) == 0 || !bytes_take(&key, BYTES(" ")) ||
	    bytes_dec(&key, 1000, &n) == 0 || !bytes_take(&key, BYTES(" ")) || key.n < n + 1)
		return false;
	row->arch = (uint32_t)arch;
	row->nr = (int32_t)nr;
	row->which = (unsigned)which;
	*comm = (struct bytes){ key.p, n };
	bytes_skip(&key, n + 1);
	*exe = key;
	return true;
}

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	const struct args_take *walk = to;
	struct bytes value = store_column(st, 1), comm, exe;
	auto_buf struct buf read_comm = { 0 }, read_exe = { 0 };
	struct args_row row;
	int64_t v[2];

	if (row_read(st, "meta", "bv", v, e) < 0)
		return -1;
	if (!key_of(store_column(st, 0), &row, &comm, &exe) ||
	    bytes_hex(&value, UINT64_MAX, &row.value) == 0 || value.n > 0)
		return row_damaged(sqlite3_db_handle(st), "meta", 0, "it is no note of arguments",
				   e);
	esc_read(&read_comm, comm);
	esc_read(&read_exe, exe);
	row.comm = buf_bytes(&read_comm);
	row.exe = buf_bytes(&read_exe);
	return walk->take(walk->to, &row, e);
}

int args_each(struct store *s, struct args_take to, struct err *e)
{
	return store_each(s, STMT_each_args, NO_ARGS, WALK(take_row, &to), e);
}
