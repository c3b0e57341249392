/* SPDX-License-Identifier: Apache-2.0 */
/* Short public ids: the same text gives the same one, in every store and on every machine. */
#ifndef STORE_BASE_CODE_H
#define STORE_BASE_CODE_H

#include "store/base/bytes.h"

#define CODE_SIZE 11 /* ten hex digits and a NUL */

/* FNV-1a of 64 bits, the upper 40 of them. source: draft-eastlake-fnv */
void code_of(struct bytes text, char out[CODE_SIZE]);

#endif
