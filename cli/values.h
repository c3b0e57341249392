/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options: numbers, durations, sizes, files. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "cli/opts.h"
#include "store/store.h"

#include <signal.h>
#include <stdint.h>

/* The last value given, else `otherwise`. -1: it is none, or not within min..max; *e names the
 * option. */
int values_number(const struct opts *o, enum opt id, uint64_t min, uint64_t max, uint64_t otherwise,
		  uint64_t *out, struct err *e);

/* "90", "90s", "5m", "2h", "1d", "500ms": in milliseconds, at least min (0 or 1). */
int values_duration(const struct opts *o, enum opt id, uint64_t min, uint64_t otherwise,
		    uint64_t *ms, struct err *e);

/* A signal that ends a wait for the store: stop becomes non-zero; the wait may take stop_ms in all,
 * 0: it ends at once. */
struct opt_stop { const volatile sig_atomic_t *stop; int64_t stop_ms; };

/*
 * Opens the store that --db names, and waits for other processes as --wait says: after a second it
 * says for whom. stop NULL: signals are not caught. Who writes to a store of an older version
 * brings it up first, and says so where that takes its time.
 */
int values_store(const struct opts *o, struct store *store, enum store_mode mode,
		 const struct opt_stop *stop, struct err *e);

/*
 * Opens it to read, and begins a read transaction. Where a run that was stopped has left images to
 * be derived, that is done first; where it cannot be, it is a failure: answers would be others.
 */
int values_read(const struct opts *o, struct store *store, struct err *e);

/* For commands that choose by what they read, and write then: a store of an older version has other
 * rows once it is written. */
int values_brought_up(const struct opts *o, struct err *e);

/* "4096", "64k", "64M", "1G" (powers of 1024): in bytes. */
int values_size(const struct opts *o, enum opt id, uint64_t otherwise, uint64_t *bytes,
		struct err *e);

/* The file that --logged-under names, or NULL: is it one that can be kept? Asked before anything is
 * read. */
int values_policy(const struct opts *o, const char **path, struct err *e);

#endif
