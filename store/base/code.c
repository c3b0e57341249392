// SPDX-License-Identifier: Apache-2.0
#include "store/base/code.h"

#include <inttypes.h>
#include <stdio.h>

void code_of(struct bytes text, char out[CODE_SIZE])
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ (unsigned char)text.p[i]) * 0x100000001b3u;
	snprintf(out, CODE_SIZE, "%010" PRIx64, h >> 24);
}
