/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that deserve a look before they are allowed. */
#ifndef ANALYZE_POLICY_DANGER_H
#define ANALYZE_POLICY_DANGER_H

#include "store/base/bytes.h"

/* What a call can do, for those that deserve a look; NULL for the others. */
const char *danger_of(struct bytes name);

#endif
