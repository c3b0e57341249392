// SPDX-License-Identifier: Apache-2.0
/*
 * nltail: writes the kernel's audit records as auditd's raw form would have
 * them, read from the netlink multicast group, which needs no audit daemon.
 *
 *	nltail [--count N] [--seconds S] [--out FILE] [--ready FILE] [--all-types]
 *
 * Runs until SIGINT, SIGTERM, N records written or S seconds, then takes what
 * is still on its way (but for --count). --ready makes FILE as soon as no record
 * can be missed any more. Only type 1326 unless --all-types is given.
 *
 * At the end one line on stderr, e.g. "records=812 gaps=0 overruns=0":
 *   gaps:     serials between the lowest and the highest that never came, in
 *             whatever type; records arrive out of order, which is no gap
 *   overruns: how often the kernel says that it dropped records here
 *
 * Exit status: 0; 1 an overrun or a failed write; 125 anything else.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
	ST_OWN = 125,
	QUEUE = 64 << 20,       /* bytes the socket may hold: some 80,000 records */
	BATCH = 64,             /* records a system call takes */
	RECORD = 16 << 10,      /* the kernel's longest is 8,970 */
	WINDOW = 1 << 16,       /* serials; disorder seen so far: 46 */
	IDLE_MS = 50,           /* silence after which the output is flushed */
	DRAIN_MS = 300,         /* silence that ends the drain */
	DRAIN_MAX_MS = 10000,
};

struct tail {
	FILE *out;
	bool all_types;
	uint64_t max_records, records, overruns;
	/* Serials, counted from the first that came, so that a wrap does no harm. */
	bool started;
	uint32_t first;
	int64_t low, high;
	uint64_t distinct;
	uint32_t seen[WINDOW];
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "nltail: %s: %s\n", what, strerror(errno));
	exit(ST_OWN);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int listen_audit(void)
{
	struct sockaddr_nl group = {
		.nl_family = AF_NETLINK,
		.nl_groups = 1u << (AUDIT_NLGRP_READLOG - 1),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), size = QUEUE;

	if (fd < 0)
		fail("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		fail("SO_RCVBUFFORCE");
	if (bind(fd, (const struct sockaddr *)&group, sizeof(group)) != 0)
		fail("bind");
	return fd;
}

static void count_serial(struct tail *t, uint32_t serial)
{
	if (!t->started) {
		t->started = true;
		t->first = serial;
		memset(t->seen, 0, sizeof(t->seen));
	}
	/* Records of one event share a serial. 0 is a serial once in 2^32: not counted. */
	if (t->seen[serial % WINDOW] == serial)
		return;
	t->seen[serial % WINDOW] = serial;
	t->distinct++;
	int64_t at = (int32_t)(serial - t->first);

	if (at < t->low)
		t->low = at;
	if (at > t->high)
		t->high = at;
}

static uint64_t gaps(const struct tail *t)
{
	return t->started ? (uint64_t)(t->high - t->low + 1) - t->distinct : 0;
}

/* The serial of "audit(1795494577.755:214): ...". */
static bool serial_of(const char *text, size_t n, uint32_t *serial)
{
	const char *colon = memchr(text, ':', n < 48 ? n : 48);
	uint64_t v = 0;

	if (colon == NULL)
		return false;
	for (const char *p = colon + 1; p < text + n && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	*serial = (uint32_t)v;
	return v <= UINT32_MAX;
}

static const char *type_name(unsigned type)
{
	static const struct { unsigned type; const char *name; } names[] = {
		{ AUDIT_SECCOMP, "SECCOMP" }, { AUDIT_SYSCALL, "SYSCALL" },
		{ AUDIT_PATH, "PATH" }, { AUDIT_CWD, "CWD" }, { AUDIT_EXECVE, "EXECVE" },
		{ AUDIT_CONFIG_CHANGE, "CONFIG_CHANGE" }, { AUDIT_PROCTITLE, "PROCTITLE" },
		{ AUDIT_EOE, "EOE" }, { AUDIT_USER, "USER" }, { AUDIT_AVC, "AVC" },
		{ AUDIT_ANOM_ABEND, "ANOM_ABEND" }, { 1334, "BPF" }, { 1335, "EVENT_LISTENER" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

/* The datagram's length counts, not nlmsg_len, which audit does not always set to the whole. */
static void take_datagram(struct tail *t, const char *datagram, size_t n)
{
	struct nlmsghdr head;
	uint32_t serial;

	if (n <= NLMSG_HDRLEN)
		return;
	memcpy(&head, datagram, sizeof(head));
	const char *text = datagram + NLMSG_HDRLEN;

	n -= NLMSG_HDRLEN;
	while (n > 0 && (text[n - 1] == '\0' || text[n - 1] == '\n'))
		n--;
	if (serial_of(text, n, &serial))
		count_serial(t, serial);
	if (head.nlmsg_type != AUDIT_SECCOMP && !t->all_types)
		return;
	if (t->max_records != 0 && t->records == t->max_records)
		return;
	const char *name = type_name(head.nlmsg_type);

	if (name != NULL)
		fprintf(t->out, "type=%s msg=", name);
	else
		fprintf(t->out, "type=UNKNOWN[%u] msg=", head.nlmsg_type);
	fwrite_unlocked(text, 1, n, t->out);
	putc_unlocked('\n', t->out);
	t->records++;
}

/* Returns false when nothing came within the time. */
static bool receive(struct tail *t, int fd, int wait_ms)
{
	static char space[BATCH][RECORD];
	struct mmsghdr msgs[BATCH];
	struct iovec iov[BATCH];
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, wait_ms) <= 0)
		return false;
	for (size_t i = 0; i < BATCH; i++) {
		iov[i] = (struct iovec){ .iov_base = space[i], .iov_len = RECORD };
		msgs[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &iov[i], .msg_iovlen = 1 } };
	}
	int n = recvmmsg(fd, msgs, BATCH, MSG_DONTWAIT, NULL);

	if (n < 0 && errno == ENOBUFS)
		t->overruns++;
	else if (n < 0 && errno != EINTR && errno != EAGAIN)
		fail("recvmmsg");
	for (int i = 0; i < n; i++)
		take_datagram(t, space[i], msgs[i].msg_len);
	return true;
}

static void tail_until(struct tail *t, int fd, int64_t seconds)
{
	int64_t end = seconds > 0 ? now_ms() + seconds * 1000 : INT64_MAX;

	while (!stop && now_ms() < end) {
		if (!receive(t, fd, IDLE_MS))
			fflush(t->out);
		if (t->max_records != 0 && t->records == t->max_records)
			return;
	}
	end = now_ms() + DRAIN_MAX_MS;
	while (now_ms() < end && receive(t, fd, DRAIN_MS))
		;
}

static uint64_t number_arg(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v > UINT32_MAX) {
		errno = EINVAL;
		fail(text);
	}
	return v;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 's' },
		{ "out", required_argument, NULL, 'o' },
		{ "ready", required_argument, NULL, 'r' },
		{ "all-types", no_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	static struct tail t;
	const char *ready = NULL;
	uint64_t seconds = 0;
	int c;

	t.out = stdout;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'c': t.max_records = number_arg(optarg); break;
		case 's': seconds = number_arg(optarg); break;
		case 'r': ready = optarg; break;
		case 'a': t.all_types = true; break;
		case 'o':
			t.out = fopen(optarg, "we");
			if (t.out == NULL)
				fail(optarg);
			break;
		default: return ST_OWN;
		}
	}
	setvbuf(t.out, NULL, _IOFBF, 1 << 20);
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	int fd = listen_audit();

	if (ready != NULL) {
		int r = open(ready, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (r < 0)
			fail(ready);
		close(r);
	}
	tail_until(&t, fd, (int64_t)seconds);
	bool bad = fflush(t.out) != 0 || ferror(t.out);

	if (bad)
		fprintf(stderr, "nltail: writing failed\n");
	fprintf(stderr, "records=%" PRIu64 " gaps=%" PRIu64 " overruns=%" PRIu64 "\n", t.records,
		gaps(&t), t.overruns);
	return bad || t.overruns > 0;
}
