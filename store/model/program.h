/* What kind of program a comm and an exe show: loaders, shells and wrappers are never what a list is for. */
#ifndef STORE_MODEL_PROGRAM_H
#define STORE_MODEL_PROGRAM_H

#include "store/base/bytes.h"

enum program_kind {
	PROGRAM_PLAIN,
	PROGRAM_LOADER,  /* loads a filter and then execs: always the root of a tree */
	PROGRAM_SHELL,
	PROGRAM_WRAPPER,
};

/*
 * comm: the name of an image or thread; exe: its path. systemd's children before exec are "(name)" with
 * systemd's own exe. Busybox is a shell when its name is one.
 */
enum program_kind program_kind(struct bytes comm, struct bytes exe);

/* The last part of a path, without " (deleted)". */
struct bytes program_basename(struct bytes exe);

#endif
