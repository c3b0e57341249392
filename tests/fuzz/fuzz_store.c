/*
 * What the store keeps in blobs and texts: any bytes are decoded or refused, and what was decoded is written and read
 * the same ever after. The first byte says which decoder has the rest.
 */
#include "ingest/seen.h"
#include "store/model/obs.h"

#include <stdio.h>
#include <stdlib.h>

static const struct obs_base base = { .t = 1795518350089, .serial = 610839, .ip = 0x7f328e400000 };

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

static bool seen_again(struct bytes text, struct buf *out)
{
	struct seen_page *p = mem_zero(1, sizeof(*p));
	struct boot_pieces pieces = { 0 };
	bool good;

	p->base_min = p->base_max = BOOT_NO_BASE;
	good = seen_decode(p, text);
	if (good) {
		seen_encode(p, out);
		seen_pieces(p, &pieces);
	}
	VEC_FREE(&pieces);
	VEC_FREE(&p->more);
	map_release(&p->more_at);
	free(p);
	return good;
}

static bool boot_again(struct bytes text, struct buf *out)
{
	struct boot_pieces p = { 0 };
	bool good = boot_decode(&p, text, BOOT_NO_BASE);

	if (good) {
		boot_encode(&p, out);
		boot_chains(&p);
	}
	VEC_FREE(&p);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static bool (*const decoders[])(struct bytes text, struct buf *out) = { obs_again, edge_again, seen_again, boot_again };
	auto_buf struct buf first = { 0 }, second = { 0 };
	struct bytes text = { (const char *)data + 1, n - 1 };
	size_t which = n == 0 ? 0 : data[0] % ARRAY_SIZE(decoders);

	if (n == 0 || n > 8192 || !decoders[which](text, &first))
		return 0;
	must(decoders[which](buf_bytes(&first), &second), "what was written cannot be read");
	must(bytes_eq(buf_bytes(&first), buf_bytes(&second)), "what was read is written in another way");
	return 0;
}
