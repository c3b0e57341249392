/* SPDX-License-Identifier: Apache-2.0 */
/* Compacting old trees: the command compact, and what ingest does when it is asked to keep so many.
 */
#ifndef CLI_CMD_COMPACT_H
#define CLI_CMD_COMPACT_H

#include "cli/opts.h"

#include <stdint.h>

/* What --keep-trees and --keep-days say, or 200 trees and no days; -1 where they are no numbers. */
int compact_limits(const struct opts *o, uint64_t *keep, uint64_t *days, struct err *e);

/*
 * Compacts what --keep-trees and --keep-days do not keep, and says how many trees that were.
 * vacuum: gives the room back to the file system, which rewrites the store; else later evidence
 * takes it.
 */
int compact_old(const struct opts *o, bool vacuum, struct err *e);

#endif
