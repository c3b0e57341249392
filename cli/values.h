/* Values of options: numbers, durations, sizes, files. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "cli/opts.h"

#include <stdint.h>

/* The last value given, else `otherwise`. -1: it is none, or not within min..max; *e names the option. */
int opt_number(const struct opts *o, enum opt id, uint64_t min, uint64_t max, uint64_t otherwise, uint64_t *out, struct err *e);

/* "90", "90s", "5m", "2h", "1d", "500ms": in milliseconds, more than 0. */
int opt_duration(const struct opts *o, enum opt id, uint64_t otherwise, uint64_t *ms, struct err *e);

/* "4096", "64k", "64M", "1G" (powers of 1024): in bytes. */
int opt_size(const struct opts *o, enum opt id, uint64_t otherwise, uint64_t *bytes, struct err *e);

/* The file that --logged-under names, or NULL: is it one that can be kept? Asked before anything is read. */
int opt_policy(const struct opts *o, const char **path, struct err *e);

#endif
