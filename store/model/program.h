/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of program a comm and an exe show: loaders, shells and wrappers are never what a list
 * is for. */
#ifndef STORE_MODEL_PROGRAM_H
#define STORE_MODEL_PROGRAM_H

#include "store/base/bytes.h"

enum program_kind {
	PROGRAM_PLAIN,
	PROGRAM_LOADER,  /* loads a filter and then execs: always the root of a tree */
	PROGRAM_SHELL,
	PROGRAM_WRAPPER,
	PROGRAM_HELPER,  /* what scripts run on the way: no service, unless there is nothing else */
};

/*
 * comm: the name of an image or thread; exe: its path. systemd's children before exec are "(name)"
 * with systemd's own exe. Busybox is a shell when its name is one.
 */
enum program_kind program_kind(struct bytes comm, struct bytes exe);

/* The last part of a path, without " (deleted)". */
struct bytes program_basename(struct bytes exe);

/*
 * Is comm the name of a script that exe runs? The kernel names a process after the file that was
 * exec'd, and where that begins with
 * "#!", exe is the interpreter. An interpreter that was exec'd itself has a name of its own.
 */
bool program_is_script(struct bytes comm, struct bytes exe);

#endif
