/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a machine say about seccomp and logging. `root` is a folder that stands for
 * "/"; "" is the machine itself. What these give comes from files and is not escaped.
 */
#ifndef INGEST_LIVE_HOST_HOST_H
#define INGEST_LIVE_HOST_HOST_H

#include "store/base/buf.h"

#define HOST_FILE_MAX (1u << 20) /* bytes that are read of a file at most */

enum host_answer { HOST_UNKNOWN, HOST_NO, HOST_YES };

/* Adds what a file holds to out, without blanks and line ends behind it. False where it may not or
 * cannot be read. */
bool host_read(const char *root, const char *path, struct buf *out);
bool host_number(const char *root, const char *path, int64_t *out);
bool host_exists(const char *root, const char *path);

/* Takes the next word off *b, between blanks, line ends and parentheses; empty at the end. */
struct bytes host_word(struct bytes *b);

/* Is `word` one of the words of text? */
bool host_has_word(struct bytes text, const char *word);

/* The value of NAME=VALUE on the kernel's command line; the last one counts. False: it is not
 * there. */
bool host_boot_option(const char *root, const char *name, struct buf *out);

/* The kernel's build configuration as text, from wherever it can be had; where: that file. False:
 * nowhere. */
bool host_config(const char *root, const char *release, struct buf *text, char where[256]);
bool host_config_has(struct bytes text, const char *option); /* as =y or =m */

/* Is a process ("self", or a pid) in the initial namespace of a kind ("pid", "net", "user" ...)? */
enum host_answer host_is_initial(const char *root, const char *who, const char *kind);

/* What stands behind "NAME:\t" in a process's status file; empty: there is no such line. proc(5) */
struct bytes host_status(struct bytes status, const char *name);
int host_status_number(struct bytes status, const char *name,
		       int otherwise); /* the same as a number */

struct host_seccomp {
	int mode;            /* 0 none, 1 strict, 2 filter; of all threads the highest */
	int filters;         /* -1: the kernel does not say; of all threads the highest */
	bool differ;         /* the threads are not all alike */
	struct buf name;     /* the process's comm */
};
bool host_seccomp(const char *root, const char *pid,
		  struct host_seccomp *out); /* release out->name */

/* A process of this comm; 0: none is seen. */
int host_process(const char *root, const char *comm);

/* A setting of auditd.conf, "key = value". */
bool host_auditd(const char *root, const char *key, struct buf *out);

/* A setting of journald.conf and its drop-ins, as systemd reads them. False: it is not set. */
bool host_journald(const char *root, const char *key, struct buf *out);

struct host_rsyslog {
	bool kernel, journal;   /* it loads imklog, imjournal */
	bool unlimited;         /* imjournal's own limit is switched off */
	struct buf limits;      /* what the files say of rate limits, "a, b" */
};
bool host_rsyslog(const char *root,
		  struct host_rsyslog *out); /* false: no configuration; release out->limits */

#endif
