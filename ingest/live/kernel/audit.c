// SPDX-License-Identifier: Apache-2.0
/* Asks the kernel's audit state by libaudit, and which of its rules drop seccomp records. */
#include "ingest/live/kernel/audit.h"

#include <errno.h>
#include <libaudit.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REPLY_MS 1000

static int opened(struct err *e)
{
	int fd;

	set_aumessage_mode(MSG_QUIET, DBG_NO); /* or libaudit writes to syslog */
	fd = audit_open();
	if (fd < 0)
		return err_set(e, ST_SYSTEM, "cannot talk to the kernel's audit: %s",
			       strerror(errno));
	return fd;
}

int audit_absent(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* The next answer of the kernel; an error is one, too. */
static int next_reply(int fd, struct audit_reply *reply, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int got, ready = poll(&p, 1, REPLY_MS);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			break;
		got = audit_get_reply(fd, reply, GET_REPLY_NONBLOCKING, 0);
		if (got < 0 && got != -EAGAIN && got != -EINTR)
			return err_set(e, ST_SYSTEM, "the audit state may not be read: %s",
				       strerror(-got));
		if (got > 0 && reply->type == NLMSG_ERROR && reply->error != NULL &&
		    reply->error->error != 0)
			return err_set(e, ST_SYSTEM, "the audit state may not be read: %s",
				       strerror(-reply->error->error));
		if (got > 0)
			return 0;
	}
	return err_set(e, ST_SYSTEM, "the kernel's audit does not answer");
}

static int read_status(int fd, struct audit_state *out, struct err *e)
{
	struct audit_reply reply = { 0 };

	while (next_reply(fd, &reply, e) == 0) {
		if (reply.type != AUDIT_GET)
			continue;
		*out = (struct audit_state){ reply.status->enabled,	  reply.status->pid,
					     reply.status->backlog_limit, reply.status->lost,
					     reply.status->rate_limit,	  reply.status->failure };
		return 0;
	}
	return -1;
}

int audit_read(struct audit_state *out, struct err *e)
{
	int fd = opened(e), got, ret;

	if (fd < 0)
		return -1;
	got = audit_request_status(fd);
	ret = got > 0 ? read_status(fd, out, e) :
			err_set(e, ST_SYSTEM, "the audit state may not be read: %s",
				strerror(got < 0 ? -got : errno));
	audit_close(fd);
	return ret;
}

int audit_set_backlog(uint32_t limit, struct err *e)
{
	int fd = opened(e), got;

	if (fd < 0)
		return -1;
	got = audit_set_backlog_limit(fd, limit);
	audit_close(fd);
	return got > 0 ? 0 :
			 err_set(e, ST_SYSTEM, "cannot set the audit backlog: %s",
				 strerror(got < 0 ? -got : errno));
}

/* Does "msgtype OP value" hold for a record of seccomp? source: audit_comparator in
 * kernel/auditfilter.c */
static bool holds(uint32_t op, uint32_t value)
{
	switch (op) {
	case AUDIT_EQUAL: return AUDIT_SECCOMP == value;
	case AUDIT_NOT_EQUAL: return AUDIT_SECCOMP != value;
	case AUDIT_LESS_THAN: return AUDIT_SECCOMP < value;
	case AUDIT_LESS_THAN_OR_EQUAL: return AUDIT_SECCOMP <= value;
	case AUDIT_GREATER_THAN: return AUDIT_SECCOMP > value;
	case AUDIT_GREATER_THAN_OR_EQUAL: return AUDIT_SECCOMP >= value;
	default: return false;
	}
}

void audit_count_rule(struct audit_excludes *out, const struct audit_rule_data *rule)
{
	bool others = false;

	if ((rule->flags & ~AUDIT_FILTER_PREPEND) != AUDIT_FILTER_EXCLUDE ||
	    rule->field_count > AUDIT_MAX_FIELDS)
		return;
	/* all fields have to hold; whatever the action, a rule of this list hides */
	for (uint32_t i = 0; i < rule->field_count; i++) {
		if (rule->fields[i] != AUDIT_MSGTYPE)
			others = true;
		else if (!holds(rule->fieldflags[i] & AUDIT_OPERATORS, rule->values[i]))
			return;
	}
	if (others)
		out->some++;
	else
		out->all++;
}

static int read_rules(int fd, struct audit_excludes *out, struct err *e)
{
	struct audit_reply reply = { 0 };

	for (;;) {
		if (next_reply(fd, &reply, e) < 0)
			return -1;
		if (reply.type == NLMSG_DONE)
			return 0;
		if (reply.type == AUDIT_LIST_RULES)
			audit_count_rule(out, reply.ruledata);
	}
}

int audit_read_excludes(struct audit_excludes *out, struct err *e)
{
	int fd = opened(e), got, ret;

	*out = (struct audit_excludes){ 0 };
	if (fd < 0)
		return -1;
	got = audit_request_rules_list_data(fd);
	ret = got > 0 ? read_rules(fd, out, e) :
			err_set(e, ST_SYSTEM, "audit rules may not be read: %s",
				strerror(got < 0 ? -got : errno));
	audit_close(fd);
	return ret;
}
