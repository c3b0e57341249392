#include "ingest/live/queue.h"

#include "ingest/lines.h"
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

	b->used = b->records = 0;
	return b;
}

int queue_open(struct queue *q, const char *folder, struct err *e)
{
	pthread_condattr_t monotonic;

	*q = (struct queue){ .spool = -1 };
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
		return err_set(e, ST_INPUT, "--spool: no file can be made in '%.200s': %s", folder, strerror(errno));
	return 0;
}

void queue_release(struct queue *q)
{
	free(q->filling);
	for (; q->n > 0; q->n--)
		free(q->ready[q->first++ % QUEUE_BLOCKS]);
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

/* Writes a block behind the file's end; false where it does not fit. */
static bool spool_write(struct queue *q, const struct queue_block *b)
{
	const size_t size = sizeof(*b) + b->used;

	if (q->spool_end - q->spool_begin + size > QUEUE_SPOOL_MAX)
		return false;
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(q->spool, (const char *)b + done, size - done, (off_t)(q->spool_end + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			q->spool_errno = errno;
			return false;
		}
		done += (size_t)n;
	}
	q->spool_end += size;
	if (q->spool_end - q->spool_begin > q->spool_most)
		q->spool_most = q->spool_end - q->spool_begin;
	return true;
}

/* The file's first block; NULL where it cannot be read, and then all of the file is lost. */
static struct queue_block *spool_read(struct queue *q)
{
	struct queue_block head, *b = new_block();
	size_t size = sizeof(head);
	bool fine = pread(q->spool, &head, sizeof(head), (off_t)q->spool_begin) == (ssize_t)sizeof(head) && head.used <= QUEUE_BLOCK;

	if (fine) {
		size += head.used;
		fine = pread(q->spool, b, size, (off_t)q->spool_begin) == (ssize_t)size;
	}
	q->spool_begin += size;
	if (!fine || q->spool_begin >= q->spool_end) {
		q->spool_begin = q->spool_end = 0;
		if (ftruncate(q->spool, 0) != 0)
			q->spool_errno = errno;
	}
	if (fine)
		return b;
	q->spool_errno = EIO;
	free(b);
	return NULL;
}

void queue_push(struct queue *q)
{
	struct queue_block *b = TAKE(q->filling);

	if (b == NULL)
		return;
	pthread_mutex_lock(&q->lock);
	if (q->n < QUEUE_BLOCKS && q->spool_end == 0) {
		q->ready[(q->first + q->n++) % QUEUE_BLOCKS] = TAKE(b);
	} else if (q->spool < 0 || !spool_write(q, b)) {
		q->dropped += b->records;
	}
	pthread_cond_signal(&q->came);
	pthread_mutex_unlock(&q->lock);
	free(b);
}

void queue_add(struct queue *q, enum item_kind kind, const void *p, size_t n)
{
	struct item_head head = { kind, (uint32_t)n };
	struct queue_block *b;

	if (q->filling != NULL && q->filling->used + sizeof(head) + n > QUEUE_BLOCK)
		queue_push(q);
	if (q->filling == NULL)
		q->filling = new_block();
	b = q->filling;
	memcpy(b->bytes + b->used, &head, sizeof(head));
	memcpy(b->bytes + b->used + sizeof(head), p, n);
	b->used += (uint32_t)(sizeof(head) + n);
	b->records += kind == ITEM_RECORD;
}

bool queue_room(struct queue *q, int timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);
	bool room;

	pthread_mutex_lock(&q->lock);
	while (!(room = q->spool >= 0 || q->n < QUEUE_BLOCKS))
		if (pthread_cond_timedwait(&q->went, &q->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&q->lock);
	return room;
}

void queue_end(struct queue *q)
{
	queue_push(q);
	pthread_mutex_lock(&q->lock);
	q->ended = true;
	pthread_cond_signal(&q->came);
	pthread_mutex_unlock(&q->lock);
}

void queue_wait(struct queue *q, int timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);

	pthread_mutex_lock(&q->lock);
	while (q->n == 0 && q->spool_end == 0 && !q->ended)
		if (pthread_cond_timedwait(&q->came, &q->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&q->lock);
}

struct queue_block *queue_take(struct queue *q)
{
	struct queue_block *b = NULL;

	pthread_mutex_lock(&q->lock);
	if (q->n > 0) {
		b = q->ready[q->first];
		q->first = (q->first + 1) % QUEUE_BLOCKS;
		q->n--;
		pthread_cond_signal(&q->went);
	} else if (q->spool_end > 0) {
		b = spool_read(q);
	}
	pthread_mutex_unlock(&q->lock);
	return b;
}

bool queue_over(struct queue *q)
{
	bool over;

	pthread_mutex_lock(&q->lock);
	over = q->ended && q->n == 0 && q->spool_end == 0;
	pthread_mutex_unlock(&q->lock);
	return over;
}

uint64_t queue_waiting(struct queue *q)
{
	uint64_t n = 0;

	pthread_mutex_lock(&q->lock);
	for (unsigned i = 0; i < q->n; i++)
		n += q->ready[(q->first + i) % QUEUE_BLOCKS]->used;
	n += q->spool_end - q->spool_begin;
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
