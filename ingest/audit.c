#include "ingest/audit.h"

#include <errno.h>
#include <libaudit.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define REPLY_MS 1000

static int opened(struct err *e)
{
	int fd;

	set_aumessage_mode(MSG_QUIET, DBG_NO); /* or libaudit writes to syslog */
	fd = audit_open();
	if (fd < 0)
		return err_set(e, ST_SYSTEM, "cannot talk to the kernel's audit: %s", strerror(errno));
	return fd;
}

/* Waits for the status; an error is the kernel's answer too. */
static int read_status(int fd, struct audit_state *out, struct err *e)
{
	struct audit_reply reply = { 0 };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, REPLY_MS) > 0) {
		int got = audit_get_reply(fd, &reply, GET_REPLY_NONBLOCKING, 0);

		if (got < 0 && got != -EAGAIN)
			return err_set(e, ST_SYSTEM, "the audit state may not be read: %s", strerror(-got));
		if (got > 0 && reply.type == NLMSG_ERROR && reply.error != NULL && reply.error->error != 0)
			return err_set(e, ST_SYSTEM, "the audit state may not be read: %s", strerror(-reply.error->error));
		if (got <= 0 || reply.type != AUDIT_GET)
			continue;
		*out = (struct audit_state){ reply.status->enabled, reply.status->pid, reply.status->backlog_limit,
					     reply.status->lost };
		return 0;
	}
	return err_set(e, ST_SYSTEM, "the kernel's audit does not answer");
}

int audit_read(struct audit_state *out, struct err *e)
{
	int fd = opened(e), got, ret;

	if (fd < 0)
		return -1;
	got = audit_request_status(fd);
	ret = got > 0 ? read_status(fd, out, e) :
	      err_set(e, ST_SYSTEM, "the audit state may not be read: %s", strerror(got < 0 ? -got : errno));
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
	return got > 0 ? 0 : err_set(e, ST_SYSTEM, "cannot set the audit backlog: %s", strerror(got < 0 ? -got : errno));
}
