/* SPDX-License-Identifier: Apache-2.0 */
/* profile --each: a list for each workload, in a folder. */
#ifndef CLI_EACH_H
#define CLI_EACH_H

#include "cli/selector.h"

/* Makes one list, by options that name the workload and the file. Returns the exit status; ST_NO:
 * there is none to make. */
typedef int each_make(const struct opts *o, struct selected *s, struct err *e);

/*
 * Makes one for each workload that is selected, and an index. The folder of --output-dir is new or
 * empty; it is there with all files or not at all. Returns the exit status: ST_NO where a workload
 * got no list, which the index says.
 */
int each_workload(const struct opts *o, struct selected *s, each_make *make, struct err *e);

#endif
