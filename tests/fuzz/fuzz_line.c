// SPDX-License-Identifier: Apache-2.0
/*
 * Lines: whatever the bytes, a record's fields are in their ranges, and what the hot path takes is
 * what the parser says of the record's text. (Digits in a header's stamps are left open by the hot
 * path: test_fast.c is about those.)
 */
#include "ingest/batch/line_cache.h"
#include "ingest/read/lines.h"
#include "store/base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct bench {
	struct store store;
	struct names names;
	struct seen seen;
	struct tally tally;
	struct line_cache line_cache;
	struct body_room room;
	unsigned inputs;
};

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void open_bench(struct bench *b)
{
	char dir[] = "/tmp/fuzz.XXXXXX", path[sizeof(dir) + 8];
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct err e = { 0 };
	bool changed;

	memset(b, 0, sizeof(*b));
	must(mkdtemp(dir) != NULL, dir);
	snprintf(path, sizeof(path), "%s/s", dir);
	must(store_open(&b->store, path, STORE_WRITE, &e) == 0 &&
		     store_begin(&b->store, &changed, &e) == 0,
	     e.msg);
	/* open files stay, and nothing of this one is committed */
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		snprintf(path, sizeof(path), "%s/s%s", dir, ends[i]);
		unlink(path);
	}
	rmdir(dir);
	names_init(&b->names, &b->store);
	seen_init(&b->seen, &b->store);
	tally_init(&b->tally, &b->store, &b->names, &b->seen);
	b->line_cache.tally = &b->tally;
}

static void close_bench(struct bench *b)
{
	body_room_release(&b->room);
	tally_release(&b->tally);
	seen_release(&b->seen);
	names_release(&b->names);
	store_close(&b->store);
}

static void check_record(const struct record *r)
{
	must(r->pid >= 0 && r->sig >= 0, "negative pid or sig");
	must(r->comm.n <= RECORD_COMM_MAX, "comm too long");
	must(r->exe.n >= 1 && r->exe.n <= FIELDS_EXE_MAX,
	     "exe of a length that the kernel does not write");
	must(memchr(r->comm.n ? r->comm.p : "x", '\0', r->comm.n ? r->comm.n : 1) == NULL,
	     "NUL in comm");
	must(fields_agree(r->sig, r->code), "sig and code disagree");
	must(!r->has_serial || (r->ms >= 0 && r->ms <= WHEN_MAX_SEC * 1000 + 999),
	     "time out of range");
}

static void check_line(const struct line *l)
{
	must(l->kind != LINE_DAMAGED || l->reason != NULL, "damaged without a reason");
	must(l->kind != LINE_LOSS || (l->loss.kind >= 0 && l->loss.kind < N_LOSS_KINDS),
	     "unknown loss");
	if (l->kind == LINE_RECORD)
		check_record(&l->rec);
}

/* What was taken, against the parser. */
static void check_taken(const struct line_cache_event *ev, const struct line *l)
{
	const struct record *r = &l->rec;
	int64_t boot_time = !r->has_serial || l->uptime_us < 0 ?
				    BOOT_NO_TIME :
				    r->ms / 1000 - l->uptime_us / 1000000;

	must(l->kind == LINE_RECORD, "taken, but it is no record");
	must(ev->has_serial == r->has_serial && ev->ms == r->ms &&
		     (!r->has_serial || ev->serial == r->serial),
	     "another stamp");
	must(ev->nr == r->nr && ev->code == r->code && ev->ip == r->ip, "another call");
	must(bytes_eq(l->identity, (struct bytes){ ev->id->key, ev->id->key_n }),
	     "another identity");
	must(ev->id->pid == r->pid && ev->id->arch == r->arch && ev->id->sig == r->sig,
	     "another process");
	must(ev->id->uid == r->uid && ev->id->auid == r->auid, "another user");
	must(ev->prefix->auditd_form == l->auditd_form && ev->prefix->indented == l->indented,
	     "other trust");
	must(ev->prefix->own_node == (r->node.n == 0) && ev->boot_time == boot_time,
	     "another node or boot");
}

static void one_line(struct bench *b, struct bytes text)
{
	char *exact = malloc(text.n ? text.n : 1), *slack = calloc(1, text.n + 1 + LINES_SLACK);
	struct bytes line = { exact, text.n }, block = { slack, text.n + 1 };
	struct line_cache_event ev;
	struct err e = { 0 };
	struct line l;

	must(exact != NULL && slack != NULL, "memory");
	memcpy(exact, text.p, text.n);
	memcpy(slack, text.p, text.n);
	slack[text.n] = '\n';
	body_parse_line(line, &l, &b->room);
	check_line(&l);
	if (line_cache_match(&b->line_cache, block, &ev)) {
		must(ev.n == text.n, "another length");
		check_taken(&ev, &l);
	} else if (l.kind == LINE_RECORD) {
		int64_t node = names_node(&b->names, l.rec.node.n ? l.rec.node : BYTES("own"), &e);
		struct ident *id = tally_ident(&b->tally, node, &l.rec, l.identity, &e);

		must(node > 0 && id != NULL, e.msg);
		line_cache_learn_ident(&b->line_cache, id);
		line_cache_learn(&b->line_cache, line, NULL, &l, node, l.rec.node.n == 0);
	}
	free(exact);
	free(slack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct bench b;
	struct bytes rest = { (const char *)data, n };

	if (b.inputs++ % 2000 == 0) {
		if (b.inputs > 1)
			close_bench(&b);
		open_bench(&b);
		b.inputs = 1;
	}
	while (rest.n) {
		one_line(&b, bytes_until(&rest, '\n'));
		bytes_skip(&rest, 1);
	}
	line_cache_forget(&b.line_cache); /* so that an input alone decides what happens */
	return 0;
}
