// SPDX-License-Identifier: Apache-2.0
/* Files of perf script: whatever the bytes, reading ends, in their bounds, and what comes out is
 * what may. */
#include "tests/fuzz/tool_taker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return take_file(tool_of(KIND_PERF_SCRIPT), data, n);
}
