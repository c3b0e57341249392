/* Numbers as bytes, for what the derivation keeps. Signed ones: the sign in the lowest bit, so that small ones are short. */
#ifndef INGEST_TRACK_PACK_H
#define INGEST_TRACK_PACK_H

#include "store/base/buf.h"

static inline void pack_signed(struct buf *b, int64_t v)
{
	buf_varint(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

static inline bool unpack_signed(struct bytes *b, int64_t *v)
{
	uint64_t u;

	if (!bytes_varint(b, &u))
		return false;
	*v = (int64_t)(u >> 1 ^ (~(u & 1) + 1));
	return true;
}

#endif
