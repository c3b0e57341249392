// SPDX-License-Identifier: Apache-2.0
/* Finds the build-id in an ELF file by its program headers, with every offset checked. */
#include "ingest/live/capture/build.h"

#include "store/base/esc.h"
#include "store/base/mem.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEGMENTS_MAX 128
#define NOTES_MAX 8192 /* bytes of a segment that are looked at */

struct elf {
	int fd;
	bool big;    /* the byte order */
	bool wide;   /* 64 bits */
	bool failed; /* a read did: what the file has is not known */
};

struct segment { uint64_t offset, size, align; };

/* The number in n bytes of the file's order. */
static uint64_t elf_number(const struct elf *f, const void *at, size_t n)
{
	const unsigned char *p = at;
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[f->big ? i : n - 1 - i];
	return v;
}

/* A member of the file's own header or of one of its segments, whose places differ with the width.
 */
#define MEMBER(f, at, type, m)                                                                     \
	((f)->wide ?                                                                               \
		 elf_number(f, (at) + offsetof(Elf64_##type, m), sizeof(((Elf64_##type *)0)->m)) : \
		 elf_number(f, (at) + offsetof(Elf32_##type, m), sizeof(((Elf32_##type *)0)->m)))

/* Fewer bytes than n: the file ends there, or f->failed. */
static size_t read_at(struct elf *f, void *to, size_t n, uint64_t offset)
{
	size_t done = 0;

	while (done < n && offset + done <= INT64_MAX) {
		ssize_t got = pread(f->fd, (char *)to + done, n - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		f->failed = f->failed ||
			    (got < 0 && errno != EINVAL); /* EINVAL: no file reaches that far */
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

/* Looks through the notes of a segment; a note is three numbers of 32 bits, its name and its
 * content, each padded. */
static bool find_note(struct elf *f, const struct segment *s, struct build_id *out)
{
	char notes[NOTES_MAX];
	const uint64_t pad = s->align == 8 ? 7 : 3;
	const size_t n =
		read_at(f, notes, s->size < NOTES_MAX ? (size_t)s->size : NOTES_MAX, s->offset);

	for (uint64_t at = 0; at + sizeof(Elf32_Nhdr) <= n;) {
		uint64_t name = at + sizeof(Elf32_Nhdr), n_name = elf_number(f, notes + at, 4),
			 n_desc = elf_number(f, notes + at + 4, 4);
		uint64_t desc = (name + n_name + pad) & ~pad;

		if (desc + n_desc > n)
			return false;
		if (elf_number(f, notes + at + 8, 4) == NT_GNU_BUILD_ID && n_name == 4 &&
		    memcmp(notes + name, "GNU", 4) == 0 && n_desc > 0 && n_desc <= BUILD_ID_MAX) {
			auto_buf struct buf hex = { 0 };

			esc_hex(&hex, (struct bytes){ notes + desc, (size_t)n_desc });
			memcpy(out->text, buf_text(&hex), hex.n + 1);
			return true;
		}
		at = (desc + n_desc + pad) & ~pad;
	}
	return false;
}

/* The i-th of the segments that begin at `table` and have `size` bytes each. False: it holds no
 * notes. */
static bool note_segment(struct elf *f, uint64_t table, uint64_t size, uint64_t i,
			 struct segment *out)
{
	char head[sizeof(Elf64_Phdr)];
	const size_t want = f->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (size < want || table > INT64_MAX || read_at(f, head, want, table + i * size) < want ||
	    MEMBER(f, head, Phdr, p_type) != PT_NOTE)
		return false;
	*out = (struct segment){ MEMBER(f, head, Phdr, p_offset), MEMBER(f, head, Phdr, p_filesz),
				 MEMBER(f, head, Phdr, p_align) };
	return true;
}

bool build_read(struct build_id *out, int fd)
{
	char head[sizeof(Elf64_Ehdr)] = { 0 };
	struct elf f = { .fd = fd };
	const size_t n = read_at(&f, head, sizeof(head), 0);
	uint64_t table, size, count;
	struct segment s;

	out->text[0] = '\0';
	f.big = head[EI_DATA] == ELFDATA2MSB;
	f.wide = head[EI_CLASS] == ELFCLASS64;
	if (n < (f.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)) ||
	    memcmp(head, ELFMAG, SELFMAG) != 0 || (!f.wide && head[EI_CLASS] != ELFCLASS32) ||
	    (!f.big && head[EI_DATA] != ELFDATA2LSB))
		return !f.failed;
	table = MEMBER(&f, head, Ehdr, e_phoff);
	size = MEMBER(&f, head, Ehdr, e_phentsize);
	count = MEMBER(&f, head, Ehdr, e_phnum);
	for (uint64_t i = 0; i < count && i < SEGMENTS_MAX; i++)
		if (note_segment(&f, table, size, i, &s) && find_note(&f, &s, out))
			return true;
	return !f.failed;
}

bool build_at(struct build_id *out, const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	return build_read(out, fd);
}
