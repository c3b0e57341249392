// SPDX-License-Identifier: Apache-2.0
/* kind: threads: a lock, a condition, a barrier, thread-local memory
 * build: -pthread
 * short: yes */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 6, ROUNDS = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t all;
static int sum, ended;

static void *work(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&all);
	for (int i = 0; i < ROUNDS; i++) {
		char *block = malloc(1000 + (size_t)i * 500);

		memset(block, i, 1000);
		pthread_mutex_lock(&lock);
		sum += block[0] == (char)i;
		pthread_mutex_unlock(&lock);
		free(block);
	}
	pthread_mutex_lock(&lock);
	ended++;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(void)
{
	pthread_t thread[THREADS];

	pthread_barrier_init(&all, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	pthread_mutex_lock(&lock);
	while (ended < THREADS)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("%d\n", sum);
	return 0;
}
