/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors travel in one shape: a function that can fail returns 0 or -1 and has `struct err *` last.
 * Who knows the cause sets it, who knows the purpose wraps it, only cli prints it.
 */
#ifndef STORE_BASE_ERR_H
#define STORE_BASE_ERR_H

/* Exit statuses of the program; ST_NO also serves as "the answer is no". */
enum status {
	ST_OK = 0,     /* done */
	ST_NO = 1,     /* the answer is no, or nothing matched */
	ST_INPUT = 2,  /* usage, or input that cannot be read */
	ST_SYSTEM = 3, /* the store or the system failed */
};

struct err {
	enum status status;
	char msg[1024]; /* one line: lower case, the failure first, no full stop; safe for a
			   terminal */
};

/* Sets status and message and returns -1, so that `return err_set(...)` reads well. */
int err_set(struct err *e, enum status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The status of a file that cannot be opened, read or written, by its errno: the system's fault
 * where it has run out of something (descriptors, memory, space) or a device fails, else the fault
 * of whoever named the file.
 */
enum status err_status(int error);

/* Sets *e to another failure; returns -1. */
int err_again(struct err *e, const struct err *failure);

/* Puts "FMT: " in front of the message that is there, keeps the status, returns -1. */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
