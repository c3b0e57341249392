/*
 * What was read and not yet stored, while another process holds the store's lock: blocks of items, handed from one thread
 * to another. Memory is bounded; where a folder is given, more goes to a file in it, bounded too.
 */
#ifndef INGEST_QUEUE_H
#define INGEST_QUEUE_H

#include "store/base/bytes.h"
#include "store/base/err.h"

#include <pthread.h>

#define QUEUE_BLOCK (256u << 10)     /* bytes */
#define QUEUE_BLOCKS 48              /* that wait in memory, 12 MiB */
#define QUEUE_SPOOL_MAX (1ull << 30) /* bytes of the file */

enum item_kind {
	ITEM_RECORD,  /* a line and its newline */
	ITEM_PLACE,   /* where the process of the next record ran: an encoded struct place */
	ITEM_TASK,    /* a struct queue_task */
};

struct queue_task { int64_t t_ms; int32_t pid, parent; uint32_t serial; uint32_t kind; };

struct queue_block {
	uint32_t used, records;
	char bytes[];                /* QUEUE_BLOCK, and room to read behind it */
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t came, went;
	struct queue_block *filling; /* the writer's alone */
	struct queue_block *ready[QUEUE_BLOCKS];
	unsigned first, n;
	int spool;                   /* a file without a name; -1: none */
	uint64_t spool_begin, spool_end, spool_most;
	bool ended;                  /* nothing will be added */
	uint64_t dropped;            /* records for which there was no room */
	int spool_errno;             /* why the file took no more; 0: it did */
};

/* folder: where the file goes, or NULL for memory alone. Release it also after a failure. */
int queue_open(struct queue *q, const char *folder, struct err *e);
void queue_release(struct queue *q);

/* The writer: adds an item. Where nothing has room, it is dropped and counted. */
void queue_add(struct queue *q, enum item_kind kind, const void *p, size_t n);
/* ... hands over what it has added. */
void queue_push(struct queue *q);
/* ... waits until there is room again, at most timeout_ms; false: there is none. Always true with a file. */
bool queue_room(struct queue *q, int timeout_ms);
void queue_end(struct queue *q);

/* The reader: the next block, which it frees; NULL: there is none. */
struct queue_block *queue_take(struct queue *q);
void queue_wait(struct queue *q, int timeout_ms); /* until there is one, or it has ended */
bool queue_over(struct queue *q); /* ended, and all was taken */
uint64_t queue_waiting(struct queue *q); /* bytes */

/* The next item of a block; *at begins at 0. False at the end. */
bool queue_item(const struct queue_block *b, size_t *at, enum item_kind *kind, struct bytes *item);

#endif
