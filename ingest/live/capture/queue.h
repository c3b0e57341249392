/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read and not yet stored, while another process holds the store's lock: blocks of items,
 * handed from one thread to another in the order in which they came. Memory is bounded; where a
 * folder is given, more goes to a file in it, which is made of slots of one block each. The file is
 * as long as its last slot in use, so what it takes of the disk is what waited in it at once, and
 * no more than QUEUE_SPOOL_MAX.
 */
#ifndef INGEST_LIVE_CAPTURE_QUEUE_H
#define INGEST_LIVE_CAPTURE_QUEUE_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#include <pthread.h>

#define QUEUE_BLOCK (256u << 10)     /* bytes */
#define QUEUE_BLOCKS 48              /* that wait in memory, 12 MiB */
/* more of them, for what is read already when there is no room any more */
#define QUEUE_RESERVE 4
#define QUEUE_SPOOL_MAX (1ull << 30) /* bytes of the file */
#define QUEUE_SLOTS ((unsigned)(QUEUE_SPOOL_MAX / QUEUE_BLOCK))
#define QUEUE_READY (QUEUE_BLOCKS + QUEUE_RESERVE + QUEUE_SLOTS)
#define QUEUE_ITEM_MAX (QUEUE_BLOCK / 4) /* bytes of an item */

enum item_kind {
	ITEM_RECORD, /* a line and its newline */
	ITEM_LOCATION, /* where the process of the next record ran: an encoded struct place; both
			  are in one block */
	ITEM_TASK, /* a struct queue_task */
};

struct queue_task { int64_t t_ms; int32_t pid, parent; uint32_t serial; uint32_t kind; };

struct queue_block {
	uint32_t used, records, tasks;
	int32_t slot;                /* of the file, where its bytes are; -1: they are here */
	uint64_t hash;               /* of the bytes in the file */
	char bytes[];                /* QUEUE_BLOCK, and room to read behind it */
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t came, went;
	struct queue_block *filling; /* the writer's alone */
	struct queue_block **ready;  /* a ring of QUEUE_READY */
	unsigned first, n, in_memory;
	uint64_t waiting;            /* bytes of all that is ready */
	int spool;                   /* a file without a name; -1: none */
	uint64_t slots[QUEUE_SLOTS / 64]; /* a bit each: in use */
	unsigned spool_slots;        /* that the file reaches to */
	uint64_t spool_most;         /* bytes that it had at most */
	int spool_errno;             /* why nothing is written to it any more; 0: it is */
	bool ended;                  /* nothing will be added */
	uint64_t dropped; /* records for which there was no room, or that the file did not give back
			   */
	uint64_t dropped_tasks;
};

/* folder: where the file goes, or NULL for memory alone. Release it also after a failure. */
int queue_open(struct queue *q, const char *folder, struct err *e);
void queue_release(struct queue *q);

/* The writer: adds an item of at most QUEUE_ITEM_MAX bytes. Where nothing has room, a whole block
 * is dropped and counted. */
void queue_add(struct queue *q, enum item_kind kind, const void *p, size_t n);
/* ... hands over what it has added; while memory is full it keeps a block that is not, since a slot
 * is as large as a full one. */
void queue_push(struct queue *q);
/*
 * ... waits until there is room again, at most timeout_ms; false: there is none. What is read
 * already may be added even then: there is a reserve of QUEUE_RESERVE blocks.
 */
bool queue_room(struct queue *q, int timeout_ms);
void queue_end(struct queue *q);

/* Why the file is not used any more (no space, a quota, a fault of the disk), an errno; 0: it is,
 * or there is none. */
int queue_spool_error(struct queue *q);

/* The reader: the next block, which it frees; NULL: there is none. */
struct queue_block *queue_take(struct queue *q);
void queue_wait(struct queue *q, int timeout_ms); /* until there is one, or it has ended */
bool queue_over(struct queue *q); /* ended, and all was taken */
uint64_t queue_waiting(struct queue *q); /* bytes */

/* The next item of a block; *at begins at 0. False at the end. */
bool queue_item(const struct queue_block *b, size_t *at, enum item_kind *kind, struct bytes *item);

#endif
