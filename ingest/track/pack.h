/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as bytes, for what the derivation keeps. Signed ones: by buf_zigzag. */
#ifndef INGEST_TRACK_PACK_H
#define INGEST_TRACK_PACK_H

#include "store/base/buf.h"

static inline void pack_signed(struct buf *b, int64_t v)
{
	buf_varint(b, buf_zigzag(v));
}

static inline bool unpack_signed(struct bytes *b, int64_t *v)
{
	uint64_t u;

	if (!buf_take_varint(b, &u))
		return false;
	*v = buf_unzigzag(u);
	return true;
}

#endif
