// SPDX-License-Identifier: Apache-2.0
/* The program's main(), by another name: a test runs it in a process of its own. */
#include "tests/fault_vfs.h"

#define main scaudit_main
#include "cli/main.c"
