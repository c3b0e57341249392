/* SPDX-License-Identifier: Apache-2.0 */
/* auditd's SYSCALL records (type 1300): which call, with which arguments. They are no evidence of a
 * filter's. */
#ifndef INGEST_READ_SYSCALL_RECORD_H
#define INGEST_READ_SYSCALL_RECORD_H

#include "ingest/read/fields.h"

struct syscall_record { uint32_t arch; int32_t nr; uint64_t a[4]; struct bytes comm, exe; };

/* False: the line has none, or it is cut. What out borrows lives as long as the line and the room.
 */
bool syscall_record_parse(struct bytes line, struct syscall_record *out, struct fields_room *room);

#endif
