// SPDX-License-Identifier: Apache-2.0
/* The queue between reader and store: blocks in memory, then slots of a file. */
#include "ingest/live/capture/queue.h"

#include "ingest/read/lines.h"
#include "store/base/hash.h"
#include "store/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct item_head { uint32_t kind, n; };

static struct queue_block *new_block(void)
{
	struct queue_block *b = mem_alloc(sizeof(*b) + QUEUE_BLOCK + LINES_SLACK);

	*b = (struct queue_block){ .slot = -1 };
	return b;
}

int queue_open(struct queue *q, const char *folder, struct err *e)
{
	pthread_condattr_t monotonic;

	*q = (struct queue){ .spool = -1, .ready = mem_zero(QUEUE_READY, sizeof(*q->ready)) };
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&q->came, &monotonic);
	pthread_cond_init(&q->went, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (folder == NULL)
		return 0;
	q->spool = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (q->spool < 0)
		return err_set(e, err_status(errno), "--spool: no file can be made in '%.200s': %s",
			       folder, strerror(errno));
	return 0;
}

void queue_release(struct queue *q)
{
	free(q->filling);
	for (; q->n > 0; q->n--)
		free(q->ready[q->first++ % QUEUE_READY]);
	free(q->ready);
	mem_close_at(&q->spool);
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->came);
	pthread_cond_destroy(&q->went);
}

static struct timespec in_ms(int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* ---- the file's slots; with the lock ---- */

static bool slot_used(const struct queue *q, unsigned slot)
{
	return q->slots[slot / 64] >> slot % 64 & 1;
}

/* The first slot that is free, so that the file stays short; -1: the file is not to be written to,
 * or full. */
static int take_slot(struct queue *q)
{
	unsigned slot = 0;

	if (q->spool < 0 || q->spool_errno)
		return -1;
	while (slot < QUEUE_SLOTS && slot_used(q, slot))
		slot += q->slots[slot / 64] == UINT64_MAX ? 64 : 1;
	if (slot >= QUEUE_SLOTS)
		return -1;
	q->slots[slot / 64] |= (uint64_t)1 << slot % 64;
	if (slot >= q->spool_slots)
		q->spool_slots = slot + 1;
	if ((uint64_t)q->spool_slots * QUEUE_BLOCK > q->spool_most)
		q->spool_most = (uint64_t)q->spool_slots * QUEUE_BLOCK;
	return (int)slot;
}

/* Nothing is written to the file any more; what it has is read yet. */
static void give_up(struct queue *q, int error)
{
	if (q->spool_errno == 0)
		q->spool_errno = error;
}

/* Gives back what is behind the last slot in use. */
static void free_slot(struct queue *q, unsigned slot)
{
	const unsigned before = q->spool_slots;

	q->slots[slot / 64] &= ~((uint64_t)1 << slot % 64);
	while (q->spool_slots > 0 && !slot_used(q, q->spool_slots - 1))
		q->spool_slots--;
	if (q->spool_slots < before &&
	    ftruncate(q->spool, (off_t)q->spool_slots * QUEUE_BLOCK) != 0)
		give_up(q, errno);
}

/* ---- its bytes; without the lock, for a disk may be slow ---- */

/* All of a block or, with errno, nothing that anybody will read. */
static bool write_slot(const struct queue *q, unsigned slot, const struct queue_block *b)
{
	for (size_t done = 0; done < b->used;) {
		ssize_t n = pwrite(q->spool, b->bytes + done, b->used - done,
				   (off_t)slot * QUEUE_BLOCK + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : ENOSPC;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

/* The block of a stub; NULL, with errno, where the file does not give back what was written. */
static struct queue_block *read_slot(const struct queue *q, const struct queue_block *stub)
{
	struct queue_block *b = new_block();
	size_t done = 0;
	int failed;

	*b = *stub;
	b->slot = -1;
	while (done < b->used) {
		ssize_t n = pread(q->spool, b->bytes + done, b->used - done,
				  (off_t)stub->slot * QUEUE_BLOCK + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n < 0 ? errno : EIO;
			break;
		}
		done += (size_t)n;
	}
	if (done == b->used && hash_bytes(b->bytes, b->used) == stub->hash)
		return b;
	failed = done == b->used ? EIO : errno;
	free(b);
	errno = failed;
	return NULL;
}

/* ---- the writer ---- */

static void add_ready(struct queue *q, struct queue_block *b)
{
	q->ready[(q->first + q->n++) % QUEUE_READY] = b;
	q->in_memory += b->slot < 0;
	q->waiting += b->used;
}

static void drop(struct queue *q, const struct queue_block *b)
{
	q->dropped += b->records;
	q->dropped_tasks += b->tasks;
}

/* Behind the last block, if that is in memory and has room; so many that are small count as few. */
static bool append(struct queue *q, const struct queue_block *b)
{
	struct queue_block *last = q->n ? q->ready[(q->first + q->n - 1) % QUEUE_READY] : NULL;

	if (last == NULL || last->slot >= 0 || last->used + b->used > QUEUE_BLOCK)
		return false;
	memcpy(last->bytes + last->used, b->bytes, b->used);
	last->used += b->used;
	last->records += b->records;
	last->tasks += b->tasks;
	q->waiting += b->used;
	return true;
}

/*
 * Writes a block to the file; the lock is held before and after. Returns its stub, which goes
 * through the queue in its place; NULL: the file has no room.
 */
static struct queue_block *spool(struct queue *q, const struct queue_block *b)
{
	struct queue_block *stub;
	int slot = take_slot(q), failed;

	if (slot < 0)
		return NULL;
	pthread_mutex_unlock(&q->lock);
	failed = write_slot(q, (unsigned)slot, b) ? 0 : errno;
	pthread_mutex_lock(&q->lock);
	if (failed) {
		give_up(q, failed);
		free_slot(q, (unsigned)slot);
		return NULL;
	}
	stub = mem_alloc(sizeof(*stub));
	*stub = *b;
	stub->slot = slot;
	stub->hash = hash_bytes(b->bytes, b->used);
	return stub;
}

/* must: even where that takes a slot. */
static void hand_over(struct queue *q, bool must)
{
	auto_free struct queue_block *b = TAKE(q->filling);
	struct queue_block *stub = NULL;

	if (b == NULL)
		return;
	pthread_mutex_lock(&q->lock);
	if (!append(q, b)) {
		bool full = q->in_memory >= QUEUE_BLOCKS;

		if (full && must)
			stub = spool(q, b);
		if (stub != NULL)
			add_ready(q, stub);
		else if (!full || (must && q->in_memory < QUEUE_BLOCKS + QUEUE_RESERVE))
			add_ready(q, TAKE(b));
		else if (must)
			drop(q, b);
		else
			q->filling = TAKE(b);
	}
	pthread_cond_signal(&q->came);
	pthread_mutex_unlock(&q->lock);
}

void queue_push(struct queue *q)
{
	hand_over(q, false);
}

void queue_add(struct queue *q, enum item_kind kind, const void *p, size_t n)
{
	struct item_head head = { kind, (uint32_t)n };
	/* a place is of the next record, and of no other one where a block is dropped between them
	 */
	const size_t behind = kind == ITEM_LOCATION ? sizeof(head) + QUEUE_ITEM_MAX : 0;
	struct queue_block *b;

	if (q->filling != NULL && q->filling->used + sizeof(head) + n + behind > QUEUE_BLOCK)
		hand_over(q, true);
	if (q->filling == NULL)
		q->filling = new_block();
	b = q->filling;
	memcpy(b->bytes + b->used, &head, sizeof(head));
	memcpy(b->bytes + b->used + sizeof(head), p, n);
	b->used += (uint32_t)(sizeof(head) + n);
	b->records += kind == ITEM_RECORD;
	b->tasks += kind == ITEM_TASK;
}

static bool has_room(const struct queue *q)
{
	if (q->in_memory < QUEUE_BLOCKS)
		return true;
	/* blocks in slots are those that are not in memory */
	return q->spool >= 0 && q->spool_errno == 0 && q->n - q->in_memory < QUEUE_SLOTS;
}

bool queue_room(struct queue *q, int timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);
	bool room;

	pthread_mutex_lock(&q->lock);
	while (!(room = has_room(q)))
		if (pthread_cond_timedwait(&q->went, &q->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&q->lock);
	return room;
}

void queue_end(struct queue *q)
{
	hand_over(q, true);
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	pthread_cond_signal(&q->came);
	pthread_mutex_unlock(&q->lock);
}

int queue_spool_error(struct queue *q)
{
	int error;

	pthread_mutex_lock(&q->lock);
	error = q->spool_errno;
	pthread_mutex_unlock(&q->lock);
	return error;
}

/* ---- the reader ---- */

void queue_wait(struct queue *q, int timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);

	pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->ended)
		if (pthread_cond_timedwait(&q->came, &q->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&q->lock);
}

/* The first block, as it stands in the queue. */
static struct queue_block *take_ready(struct queue *q)
{
	struct queue_block *b = NULL;

	pthread_mutex_lock(&q->lock);
	if (q->n > 0) {
		b = q->ready[q->first];
		q->first = (q->first + 1) % QUEUE_READY;
		q->n--;
		q->in_memory -= b->slot < 0;
		q->waiting -= b->used;
		pthread_cond_signal(&q->went);
	}
	pthread_mutex_unlock(&q->lock);
	return b;
}

/* The block of a stub, which is freed with its slot. What cannot be read is lost, and the file is
 * no good any more. */
static struct queue_block *unspool(struct queue *q, struct queue_block *stub)
{
	struct queue_block *b = read_slot(q, stub);
	int failed = b == NULL ? errno : 0;

	pthread_mutex_lock(&q->lock);
	free_slot(q, (unsigned)stub->slot);
	if (failed) {
		give_up(q, failed);
		drop(q, stub);
	}
	pthread_cond_signal(&q->went);
	pthread_mutex_unlock(&q->lock);
	free(stub);
	return b;
}

struct queue_block *queue_take(struct queue *q)
{
	struct queue_block *b;

	while ((b = take_ready(q)) != NULL) {
		if (b->slot >= 0)
			b = unspool(q, b);
		if (b != NULL)
			break;
	}
	return b;
}

bool queue_over(struct queue *q)
{
	bool over;

	pthread_mutex_lock(&q->lock);
	over = q->ended && q->n == 0;
	pthread_mutex_unlock(&q->lock);
	return over;
}

uint64_t queue_waiting(struct queue *q)
{
	uint64_t n;

	pthread_mutex_lock(&q->lock);
	n = q->waiting;
	pthread_mutex_unlock(&q->lock);
	return n;
}

bool queue_item(const struct queue_block *b, size_t *at, enum item_kind *kind, struct bytes *item)
{
	struct item_head head;

	if (*at + sizeof(head) > b->used)
		return false;
	memcpy(&head, b->bytes + *at, sizeof(head));
	*kind = (enum item_kind)head.kind;
	*item = (struct bytes){ b->bytes + *at + sizeof(head), head.n };
	*at += sizeof(head) + head.n;
	return *at <= b->used;
}
