/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory: allocation ends the program when it fails (the open transaction never happened and a
 * rerun counts nothing twice), so no caller checks. Locals that own use auto_*; handing over is
 * TAKE(p).
 */
#ifndef STORE_BASE_MEM_H
#define STORE_BASE_MEM_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

void *mem_alloc(size_t n);                            /* uninitialized; the caller frees */
void *mem_zero(size_t n, size_t size);                /* zeroed; the caller frees */
void *mem_grow(void *p, size_t n, size_t size);       /* as realloc of n * size, overflow checked */
char *mem_dup(const char *text);                      /* a copy that ends in NUL */
char *mem_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What auto_* calls at the end of a scope. By hand, too: each leaves NULL or -1 behind, so that
 * what it has freed or closed can be neither used nor freed again. A cleanup function of a new type
 * has to do the same.
 */
void mem_free_at(void *pp); /* the address of a pointer of any type */
void mem_close_at(int *fd);
void mem_fclose_at(FILE **f);

#define auto_free __attribute__((cleanup(mem_free_at)))
#define auto_close __attribute__((cleanup(mem_close_at)))
#define auto_fclose __attribute__((cleanup(mem_fclose_at)))

#define TAKE(p) __extension__({ __typeof__(p) taken_ = (p); (p) = NULL; taken_; })

/* A growing array: fields `v`, `n`, `cap`. VEC_PUSH yields a pointer to the new, uninitialized
 * element. */
#define VEC(type) struct { type *v; size_t n, cap; }
#define VEC_ROOM(a, more)                                                                          \
	do {                                                                                       \
		if ((a)->n + (more) > (a)->cap) {                                                  \
			(a)->cap = ((a)->n + (more)) * 2;                                          \
			(a)->v = mem_grow((a)->v, (a)->cap, sizeof(*(a)->v));                      \
		}                                                                                  \
	} while (0)
#define VEC_PUSH(a) __extension__({ VEC_ROOM(a, 1); &(a)->v[(a)->n++]; })
#define VEC_DROP(a, first) /* takes the first elements off */                                      \
	do {                                                                                       \
		size_t drop_ = (first);                                                            \
		if (drop_ > 0 && drop_ < (a)->n)                                                   \
			memmove((a)->v, (a)->v + drop_, ((a)->n - drop_) * sizeof(*(a)->v));       \
		(a)->n -= drop_;                                                                   \
	} while (0)
#define VEC_FREE(a) do { mem_free_at(&(a)->v); (a)->n = (a)->cap = 0; } while (0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
