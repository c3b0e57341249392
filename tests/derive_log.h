/* SPDX-License-Identifier: Apache-2.0 */
/* Random logs for tests of the derivation: one seed makes one log. */
#ifndef TESTS_DERIVE_LOG_H
#define TESTS_DERIVE_LOG_H

#include "tests/derive_oracle.h"

#define LOG_T0 1795518350000 /* about when they begin */
#define LOG_PIDS 30
#define LOG_NODES 2
#define LOG_STRINGS 16

/* Chance: a number below n; true in so many of a hundred. */
void dice_seed(uint64_t seed);
uint32_t dice(uint32_t n);
bool chance(uint32_t percent);

/* Each empties *log first. */
void log_random(struct oracle_log *log); /* every rule's shapes */
void log_long(
	struct oracle_log *log); /* a few processes that live long: hundreds of intervals each */

/* The same log without its text. */
void log_without_text(const struct oracle_log *log, struct oracle_log *out);
void log_release(struct oracle_log *log);

#endif
