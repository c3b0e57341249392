// SPDX-License-Identifier: Apache-2.0
/* Build-ids in files made by hand: both widths and byte orders, and files that say what is not so.
 */
#include "tests/test.h"

#include "ingest/live/capture/exes.h"
#include "store/base/buf.h"

#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* What a file says; 0 where nothing else is said is what a sound one has. */
static struct row {
	const char *name;
	bool narrow, big;
	const char *want;      /* NULL: "0123ab" */
	uint64_t align;        /* of the segment; 0: 4 */
	uint32_t type, n_name, n_desc, phnum, phentsize;
	uint64_t phoff, filesz, offset;
	bool other_before;     /* a note of another kind comes first */
	unsigned char magic, class_, data;
	size_t cut;            /* the file ends after so many bytes; 0: it is whole */
} rows[] = {
	{ "64 bits, little end first", .want = NULL },
	{ "64 bits, big end first", .big = true },
	{ "32 bits, little end first", .narrow = true },
	{ "32 bits, big end first", .narrow = true, .big = true },
	{ "behind another note", .other_before = true },
	{ "padded to 8", .other_before = true, .align = 8 },
	{ "32 bits, behind another note", .other_before = true, .narrow = true },
	{ "no ELF", .magic = 'X', .want = "" },
	{ "no such width", .class_ = 3, .want = "" },
	{ "no such byte order", .data = 3, .want = "" },
	{ "the other byte order", .data = ELFDATA2MSB, .want = "" },
	{ "the other width", .class_ = ELFCLASS32, .want = "" },
	{ "no segments", .phnum = 0x10000, .want = "" },
	{ "more segments than there are", .phnum = 65535 },
	{ "segments behind the end", .phoff = 1 << 20, .want = "" },
	{ "segments at the end of 64 bits", .phoff = UINT64_MAX - 8, .want = "" },
	{ "segments at the end of 63 bits", .phoff = INT64_MAX, .want = "" },
	{ "segments that are too short", .phentsize = 8, .want = "" },
	{ "notes behind the end", .offset = 1 << 20, .want = "" },
	{ "notes at the end of 64 bits", .offset = UINT64_MAX - 4, .want = "" },
	{ "notes that are longer than the file", .filesz = UINT64_MAX },
	{ "notes that are cut", .filesz = 17, .want = "" },
	{ "a header of a note that is cut", .filesz = 11, .want = "" },
	{ "another type", .type = 1, .want = "" },
	{ "a longer name", .n_name = 5, .want = "" },
	{ "a name of 4 GB", .n_name = UINT32_MAX, .want = "" },
	{ "an id of 4 GB", .n_desc = UINT32_MAX, .want = "" },
	{ "an id that is too long", .n_desc = BUILD_ID_MAX + 1, .want = "" },
	{ "an empty file", .cut = SIZE_MAX, .want = "" },
	{ "cut in its header", .cut = 50, .want = "" },
	{ "cut in its segments", .cut = 70, .want = "" },
	{ "cut before its notes", .cut = 100, .want = "" },
};

static void put(struct buf *b, const struct row *r, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t byte = r->big ? n - 1 - i : i;

		buf_char(b, byte < sizeof(v) ? (char)(v >> 8 * byte) : 0);
	}
}

static void put_note(struct buf *b, const struct row *r, uint32_t n_name, uint32_t n_desc,
		     uint32_t type, struct bytes desc)
{
	const size_t pad = r->align == 8 ? 8 : 4;

	put(b, r, n_name, 4);
	put(b, r, n_desc, 4);
	put(b, r, type, 4);
	buf_add(b, "GNU", 4);
	while (b->n % pad)
		buf_char(b, '\0');
	buf_add(b, desc.p, desc.n);
	while (b->n % pad)
		buf_char(b, '\0');
}

#define OR(v, usual) ((v) ? (v) : (usual))

static void put_file(struct buf *b, const struct row *r)
{
	const size_t wide = r->narrow ? 4 : 8, head = r->narrow ? 52 : 64,
		     segment = r->narrow ? 32 : 56;
	auto_buf struct buf notes = { 0 };

	if (r->other_before)
		put_note(&notes, r, 4, 5, NT_GNU_ABI_TAG, BYTES("12345"));
	put_note(&notes, r, OR(r->n_name, 4), OR(r->n_desc, 3), OR(r->type, NT_GNU_BUILD_ID),
		 BYTES("\x01\x23\xab"));
	buf_char(b, (char)OR(r->magic, 0x7f));
	buf_str(b, "ELF");
	buf_char(b, (char)OR(r->class_, r->narrow ? ELFCLASS32 : ELFCLASS64));
	buf_char(b, (char)OR(r->data, r->big ? ELFDATA2MSB : ELFDATA2LSB));
	for (int i = 6; i < 24; i++)
		buf_char(b, '\0');
	put(b, r, 0, wide);
	put(b, r, OR(r->phoff, head), wide);
	put(b, r, 0, wide + 4);
	put(b, r, head, 2);
	put(b, r, OR(r->phentsize, segment), 2);
	put(b, r, OR(r->phnum, 2), 2);
	while (b->n < head + segment) /* the first segment is none of notes */
		buf_char(b, '\0');
	put(b, r, PT_NOTE, 4);
	if (!r->narrow)
		put(b, r, 0, 4);
	put(b, r, OR(r->offset, head + 2 * segment), wide);
	put(b, r, 0, 2 * wide);
	put(b, r, OR(r->filesz, notes.n), wide);
	put(b, r, 0, 8); /* and of 32 bits the flags, which come first else */
	put(b, r, OR(r->align, 4), wide);
	buf_add(b, notes.p, notes.n);
	if (r->cut)
		b->n = r->cut < b->n ? r->cut : 0;
}

static void reads(void **state)
{
	const struct row *row = *state;
	auto_buf struct buf file = { 0 };
	auto_close int fd = memfd_create("elf", MFD_CLOEXEC);
	struct build_id got;

	put_file(&file, row);
	assert_int_equal(write(fd, file.p, file.n), file.n);
	assert_true(build_read(&got, fd));
	assert_string_equal(got.text, row->want ? row->want : "0123ab");
}

static void what_is_no_file(void **state)
{
	struct build_id got;

	(void)state;
	assert_false(build_at(&got, "/nonexistent"));
	assert_false(build_at(&got, "/"));
	assert_false(build_at(&got, "/dev/zero"));
	assert_true(build_at(&got, "/etc/passwd"));
	assert_string_equal(got.text, "");
	assert_false(build_at(
		&got, "/proc/self/mem")); /* a regular file whose beginning cannot be read: EIO */
	assert_string_equal(got.text, "");
}

/* ---- of processes ---- */

/* A file of a row, as exes_open gives it; path: where it lies, or NULL for one that has no name any
 * more. */
static int file_of(const struct row *row, char *path)
{
	auto_buf struct buf file = { 0 };
	char name[] = "/tmp/scaudit-build.XXXXXX";
	auto_close int fd = mkstemp(name);
	int out;

	assert_true(fd >= 0);
	put_file(&file, row);
	assert_int_equal(write(fd, file.p, file.n), file.n);
	out = open(name, O_PATH | O_CLOEXEC);
	assert_true(out >= 0);
	if (path != NULL)
		memcpy(path, name, sizeof(name));
	else
		unlink(name);
	return out;
}

static void free_seen(struct exes_seen *seen)
{
	for (size_t i = 0; i < seen->n; i++)
		free(seen->v[i]);
	VEC_FREE(seen);
}

/* Whatever runs among them, those with a build-id are known, and nothing is kept of the others. */
static void programs_without_a_build_id(void **state)
{
	static const struct row with = { .name = "with" }, none = { .type = 1 },
				script = { .magic = '#' }, empty = { .cut = SIZE_MAX };
	static const struct row *const kinds[] = { &with, &none, &script, &with, &empty, &none };
	struct exes *x = exes_start();
	struct exes_seen seen;
	char exe[32];
	int want = 0;

	(void)state;
	assert_non_null(x);
	for (int i = 0; i < 60; i++) {
		const struct row *row = kinds[i % (int)ARRAY_SIZE(kinds)];

		want += row == &with;
		snprintf(exe, sizeof(exe), "/%d", i);
		exes_add(x, file_of(row, NULL), bytes_of(exe), BYTES("here"), row == &with);
	}
	exes_add(x, open("/proc/self/mem", O_PATH | O_CLOEXEC), BYTES("/unreadable"), BYTES(""), 0);
	exes_add(x, open("/", O_PATH | O_CLOEXEC), BYTES("/"), BYTES(""), 0);
	exes_end(x, 10000);
	exes_take(x, &seen);
	assert_int_equal(seen.n, want);
	for (size_t i = 0; i < seen.n; i++) {
		assert_int_equal(seen.v[i]->t_ms, 1);
		assert_string_equal(seen.v[i]->id.text, "0123ab");
		assert_bytes(seen.v[i]->location, "here");
		assert_false(seen.v[i]->here);
	}
	free_seen(&seen);
	exes_free(x);
}

/* A file that could not be read once is read again when it is next seen. */
static void a_read_that_failed_is_not_remembered(void **state)
{
	static const struct row with = { .name = "with" };
	struct exes *x = exes_start();
	struct rlimit before, none;
	struct exes_seen seen;
	char path[64];
	int fd = file_of(&with, path), again = dup(fd);

	(void)state;
	assert_non_null(x);
	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){ 1, before.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	exes_add(x, fd, bytes_of(path), BYTES(""), 1);
	nanosleep(&(struct timespec){ .tv_nsec = 200000000 },
		  NULL); /* were the thread slower yet, it would know the file at once */
	setrlimit(RLIMIT_NOFILE, &before);
	exes_add(x, again, bytes_of(path), BYTES(""), 2);
	exes_end(x, 10000);
	exes_take(x, &seen);
	assert_true(seen.n >= 1);
	assert_int_equal(seen.v[seen.n - 1]->t_ms, 2);
	assert_true(seen.v[seen.n - 1]->here);
	free_seen(&seen);
	exes_free(x);
	unlink(path);
}

static void a_process_that_lives(void **state)
{
	struct exes *x = exes_start();
	struct exes_seen seen;
	struct build_id own;
	char path[PATH_MAX] = "";
	struct bytes exe;
	int fd;

	(void)state;
	assert_non_null(x);
	exe = (struct bytes){ path, (size_t)readlink("/proc/self/exe", path, sizeof(path) - 1) };
	assert_true(build_at(&own, path));
	assert_true(exes_open(getpid(), BYTES("/bin/no-such-program")) < 0);
	assert_true(exes_open(0, exe) < 0);
	for (int i = 0; i < 3; i++) {
		fd = exes_open(getpid(), exe);
		assert_true(fd >= 0);
		exes_add(x, fd, exe, BYTES("x"), 5 + i);
	}
	/* below another root directory it has a shorter name, by which we cannot find it */
	bytes_skip(&exe, 1);
	bytes_skip(&exe, bytes_find(exe, BYTES("/")));
	fd = exes_open(getpid(), exe);
	assert_true(fd >= 0);
	exes_add(x, fd, exe, BYTES(""), 9);
	exes_end(x, 10000);
	exes_take(x, &seen);
	/* a build without a build-id is not known */
	assert_int_equal(seen.n, own.text[0] ? 4 : 0);
	for (size_t i = 0; i < seen.n; i++) {
		assert_string_equal(seen.v[i]->id.text, own.text);
		assert_int_equal(seen.v[i]->t_ms, i < 3 ? 5 + (int)i : 9);
		assert_int_equal(seen.v[i]->here, i < 3);
		assert_bytes(seen.v[i]->location, i < 3 ? "x" : "");
	}
	free_seen(&seen);
	exes_free(x);
}

static void files_are_closed_whatever_becomes_of_them(void **state)
{
	int before = dup(0), after, fd;
	struct exes *x = exes_start();
	char path[PATH_MAX] = "";
	struct bytes exe = { path, (size_t)readlink("/proc/self/exe", path, sizeof(path) - 1) };

	(void)state;
	close(before);
	for (int i = 0; i < 1000 && (fd = exes_open(getpid(), exe)) >= 0; i++)
		exes_add(x, fd, exe, BYTES(""), 1);
	exes_free(x);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	exes_free(NULL);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, rows, reads);
	ADD(&t, what_is_no_file);
	ADD(&t, programs_without_a_build_id);
	ADD(&t, a_read_that_failed_is_not_remembered);
	ADD(&t, a_process_that_lives);
	ADD(&t, files_are_closed_whatever_becomes_of_them);
	return run_rows(&t, "build");
}
