// SPDX-License-Identifier: Apache-2.0
/*
 * What the store keeps in blobs and texts: any bytes are decoded or refused, and what was decoded
 * is written and read the same ever after. And whole stores: in a valid one, values are put into
 * rows as the input says; it is read, forgotten from, folded and written, and each of these is done
 * or says what is wrong. The first byte says which it is.
 */
#include "tests/crafted.h"

#include "ingest/batch/seen.h"
#include "store/base/esc.h"
#include "store/model/obs.h"

#include <stdio.h>
#include <stdlib.h>

static const struct obs_origin base = { .t = 1795518350089,
					.serial = 610839,
					.ip = 0x7f328e400000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Each decodes text; if that can be done, encodes what it read to *out. */
static bool obs_again(struct bytes text, struct buf *out)
{
	struct obs_list list = { 0 };
	bool good = obs_decode(text, base, &list);

	if (good)
		obs_encode(&list, base, out);
	VEC_FREE(&list);
	return good;
}

static bool edge_again(struct bytes text, struct buf *out)
{
	struct edge_list list = { 0 };
	bool good = edge_decode(text, base, &list);

	if (good)
		edge_encode(&list, base, out);
	VEC_FREE(&list);
	return good;
}

static void free_page(struct seen_page *p)
{
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
}

/* A blob of version 3 that is read is one of this version then. */
static void seen_v3(struct bytes text)
{
	struct seen_page *p = mem_zero(1, sizeof(*p)), *q = mem_zero(1, sizeof(*q));
	auto_buf struct buf now = { 0 };

	if (seen_decode_v3(p, text)) {
		seen_encode(p, &now);
		must(seen_decode(q, buf_bytes(&now)), "a page of version 3 cannot be read again");
	}
	free_page(p);
	free_page(q);
}

static bool seen_again(struct bytes text, struct buf *out)
{
	struct seen_page *p = mem_zero(1, sizeof(*p));
	struct boot_pieces pieces = { 0 };
	bool good = seen_decode(p, text);

	if (good) {
		seen_encode(p, out);
		must(bytes_eq(buf_bytes(out), text), "a page was read that is not written");
		seen_pieces(p, TRACK_TRUSTED, &pieces);
		seen_pieces(p, TRACK_TEXT, &pieces);
	}
	VEC_FREE(&pieces);
	free_page(p);
	seen_v3(text);
	return good;
}

static bool boot_again(struct bytes text, struct buf *out)
{
	struct boot_pieces p = { 0 };
	bool good = boot_decode(&p, text, BOOT_NO_TIME);

	if (good) {
		boot_encode(&p, out);
		boot_chains(&p);
	}
	VEC_FREE(&p);
	return good;
}

/* ---- whole stores ---- */

struct stores { char dir[32], valid[48], file[48], log[48]; struct crafted_columns columns; };

static struct stores stores;

static void remove_stores(void)
{
	static const char *const names[] = { "valid",	  "store",	   "store-wal",
					     "store-shm", "store-journal", "log" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s/%s", stores.dir, names[i]);
		unlink(path);
	}
	rmdir(stores.dir);
	VEC_FREE(&stores.columns);
}

static void make_stores(void)
{
	snprintf(stores.dir, sizeof(stores.dir), "%s/fuzz.XXXXXX",
		 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	must(mkdtemp(stores.dir) != NULL, stores.dir);
	snprintf(stores.valid, sizeof(stores.valid), "%s/valid", stores.dir);
	snprintf(stores.file, sizeof(stores.file), "%s/store", stores.dir);
	snprintf(stores.log, sizeof(stores.log), "%s/log", stores.dir);
	crafted_valid(stores.valid, stores.log);
	crafted_log(stores.log, 1700019001);
	crafted_list(stores.valid, &stores.columns);
	atexit(remove_stores);
}

/* One mutation: column, row, value; for some values a number or bytes. False: the input is at its
 * end. */
static bool mutate(sqlite3 *db, struct bytes *in)
{
	const size_t known = ARRAY_SIZE(crafted_values), linked = known + ARRAY_SIZE(crafted_links);
	char value[600];
	unsigned which, row;
	uint64_t number;

	if (in->n < 3)
		return false;
	const struct crafted_column *c =
		&stores.columns.v[(unsigned char)in->p[0] % stores.columns.n];

	row = (unsigned char)in->p[1];
	which = (unsigned char)in->p[2] % (linked + 2);
	bytes_skip(in, 3);
	if (which < known) {
		snprintf(value, sizeof(value), "%s", crafted_values[which]);
	} else if (which <= linked) {
		if (!buf_take_varint(in, &number))
			return false;
		if (which < linked)
			snprintf(value, sizeof(value), "%s%llu)", crafted_links[which - known],
				 (unsigned long long)number % 40);
		else
			snprintf(value, sizeof(value), "%lld", (long long)number);
	} else {
		/* the column's own bytes, with some of them changed */
		struct bytes text = bytes_until(in, '\n');
		auto_buf struct buf hex = { 0 };

		bytes_skip(in, 1);
		esc_hex(&hex, (struct bytes){ text.p, text.n < 200 ? text.n : 200 });
		snprintf(value, sizeof(value), text.n % 2 ? "CAST(x'%s' AS TEXT)" : "x'%s'",
			 buf_text(&hex));
	}
	crafted_set(db, c, row, value);
	return true;
}

static void whole_store(struct bytes in)
{
	sqlite3 *db;

	if (stores.columns.n == 0)
		make_stores();
	crafted_copy(stores.valid, stores.file);
	db = crafted_open(stores.file);
	crafted_loosen(db);
	for (int i = 0; i < 16 && mutate(db, &in); i++)
		;
	crafted_tighten(db);
	sqlite3_close(db);
	crafted_use(stores.file, stores.log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool (*const decoders[])(struct bytes text,
					struct buf * out) = { obs_again, edge_again, seen_again,
							      boot_again };
	auto_buf struct buf first = { 0 }, second = { 0 };
	struct bytes text = { (const char *)data + 1, n - 1 };
	size_t which = n == 0 ? 0 : data[0] % (ARRAY_SIZE(decoders) + 1);

	if (n == 0 || n > 8192)
		return 0;
	if (which == ARRAY_SIZE(decoders)) {
		whole_store(text);
		return 0;
	}
	if (!decoders[which](text, &first))
		return 0;
	must(decoders[which](buf_bytes(&first), &second), "what was written cannot be read");
	must(bytes_eq(buf_bytes(&first), buf_bytes(&second)),
	     "what was read is written in another way");
	return 0;
}
