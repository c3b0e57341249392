// SPDX-License-Identifier: Apache-2.0
/* Prints what a reading and the oracle have derived, a line for each part, to be compared. */
#include "tests/derive_reading.h"

#include "ingest/track/rows.h"
#include "tests/test.h"

#define T0 LOG_T0

static void print_key(struct buf *out, const struct track_key *k)
{
	buf_printf(out, "%lld/%u/%lld/%u/%d/%04x", (long long)k->node, k->boot,
		   (long long)(k->t - T0), k->serial, k->pid, k->seq);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_text(struct texts *t, struct buf *line)
{
	*VEC_PUSH(t) = mem_dup(buf_text(line));
	line->n = 0;
}

void texts_release(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i]);
	VEC_FREE(t);
}

static void print_part(struct buf *out, const struct track_key *key, int layer, bool loader,
		       bool starts, bool first, int64_t exe, int64_t name, int64_t t_last,
		       int64_t t_end, uint32_t s_last, uint32_t uid, uint32_t auid, int rule)
{
	print_key(out, key);
	buf_printf(out, " %s%s%s%s exe %lld name %lld to %lld/%u end %lld by %u/%u: %s",
		   layer ? "text" : "trusted", loader ? " loader" : "", starts ? " starts" : "",
		   first ? " first" : "", (long long)exe, (long long)name,
		   (long long)(t_last - T0), s_last,
		   t_end == TRACK_LIVES ? -1 : (long long)(t_end - T0), uid, auid,
		   derive_rule_names[rule]);
}

static const struct track_key no_key = { 0 };

void texts_of_oracle(const struct oracle *o, bool trusted_only, struct texts *out)
{
	auto_buf struct buf line = { 0 };

	for (size_t i = 0; i < o->parts.n; i++) {
		const struct oracle_part *p = &o->parts.v[i];

		if (trusted_only && p->layer == TRACK_TEXT)
			continue;
		print_part(&line, &p->key, p->layer, p->loader, p->starts, p->first, p->exe,
			   p->name, p->t_last, p->t_end, p->s_last, p->uid, p->auid, p->rule);
		buf_str(&line, " image ");
		print_key(&line, &o->parts.v[p->image].key);
		buf_str(&line, " tree ");
		print_key(&line, &o->parts.v[p->tree].key);
		buf_str(&line, " above ");
		print_key(&line, p->above >= 0 ? &o->parts.v[p->above].key : &no_key);
		buf_str(&line, " from ");
		print_key(&line, p->from >= 0 ? &o->parts.v[p->from].key : &no_key);
		buf_str(&line, " link ");
		print_key(&line, p->link >= 0 ? &o->parts.v[p->link].key : &no_key);
		add_text(out, &line);
	}
	for (size_t i = 0; i < o->intervals.n; i++) {
		const struct oracle_interval *x = &o->intervals.v[i];

		if (trusted_only && x->v.layer == TRACK_TEXT)
			continue;
		buf_printf(&line,
			   "interval %d %lld %d %d %llx %lld-%lld %u-%u %lld %u: ", x->v.layer,
			   (long long)x->v.exe, x->v.loader, x->pid, (unsigned long long)x->v.cell,
			   (long long)(x->v.t_first - T0), (long long)(x->v.t_last - T0),
			   x->v.s_first, x->v.s_last, (long long)x->v.name, x->v.uid);
		print_key(&line, &o->parts.v[x->part].key);
		add_text(out, &line);
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
}

static const struct derive_part *part_at(const struct reading *r, int64_t id)
{
	struct derive_part *p = NULL;
	struct err e = { 0 };

	if (r->api->part(r->api->ctx, id, &p, &e) < 0)
		fail_msg("%s", e.msg);
	return p;
}

static const struct derive_image *image_at(const struct reading *r, int64_t id)
{
	struct derive_image *m = NULL;
	struct err e = { 0 };

	if (r->api->image(r->api->ctx, id, &m, &e) < 0 || m == NULL)
		fail_msg("image %lld: %s", (long long)id, e.msg);
	return m;
}

void texts_of_reading(const struct reading *r, bool trusted_only, struct texts *out)
{
	auto_buf struct buf line = { 0 };

	for (int64_t i = 1; i < r->derive.next_part; i++) {
		const struct derive_part *p = part_at(r, i), *image, *tree;
		const struct derive_image *of;

		if (p == NULL || (trusted_only && p->layer == TRACK_TEXT))
			continue;
		of = image_at(r, p->image);
		image = part_at(r, of->founder);
		tree = part_at(r, image_at(r, of->tree)->founder);
		print_part(&line, &p->key, p->layer, p->loader, p->starts, p->first,
			   reading_string(p->exe), p->name ? reading_string(p->name) : 0, p->t_last,
			   p->t_end, p->s_last, p->uid, p->auid, p->rule);
		buf_str(&line, " image ");
		print_key(&line, image ? &image->key : &no_key);
		buf_str(&line, " tree ");
		print_key(&line, tree ? &tree->key : &no_key);
		buf_str(&line, " above ");
		print_key(&line, of->above ? &part_at(r, image_at(r, of->above)->founder)->key :
					     &no_key);
		buf_str(&line, " from ");
		print_key(&line, p->from ? &part_at(r, p->from)->key : &no_key);
		buf_str(&line, " link ");
		print_key(&line, p->link ? &part_at(r, p->link)->key : &no_key);
		add_text(out, &line);
	}
	for (int node = 0; node < 2; node++) {
		for (int pid = 0; pid < LOG_PIDS; pid++) {
			const struct holding *h = &r->pid[node][pid];

			for (size_t i = 0; i < h->intervals.n; i++) {
				const struct track_interval *v = &h->intervals.v[i].v;

				if (trusted_only && v->layer == TRACK_TEXT)
					continue;
				buf_printf(&line,
					   "interval %d %lld %d %d %llx %lld-%lld %u-%u %lld %u: ",
					   v->layer, (long long)reading_string(v->exe), v->loader,
					   pid, (unsigned long long)v->cell,
					   (long long)(v->t_first - T0),
					   (long long)(v->t_last - T0), v->s_first, v->s_last,
					   (long long)reading_string(v->name), v->uid);
				print_key(&line, &part_at(r, v->was)->key);
				add_text(out, &line);
			}
		}
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
}

/* From a little before where two texts differ. */
static const char *from_difference(const char *text, const char *other)
{
	size_t i = 0;

	while (text[i] != '\0' && text[i] == other[i])
		i++;
	return text + (i > 100 ? i - 100 : 0);
}

void assert_same_texts(const struct texts *want, const struct texts *got, const char *what)
{
	for (size_t i = 0; i < want->n || i < got->n; i++) {
		const char *a = i < want->n ? want->v[i] : "(none)",
			   *b = i < got->n ? got->v[i] : "(none)";

		if (strcmp(a, b) != 0)
			fail_msg("seed %llu, %s: %.60s ...\n straight: %.400s\n by steps: %.400s",
				 seed_of_case, what, a, from_difference(a, b),
				 from_difference(b, a));
	}
}

/* Whose an interval is. */
void texts_of_part(struct derive *d, int64_t id, int64_t interval, struct texts *out)
{
	auto_buf struct buf line = { 0 };
	struct derive_part *p = NULL;
	struct err e = { 0 };

	if (rows_named_part(d, id, &p, &e) < 0)
		fail_msg("%s", e.msg);
	buf_printf(&line, "interval %lld is of ", (long long)interval);
	print_key(&line, &p->key);
	add_text(out, &line);
}

static void text_of_facts(struct derive *d, const struct derive_part *p, struct texts *out)
{
	auto_buf struct buf line = { 0 };
	struct derive_rows rows = { 0 };
	struct derive_part *from = NULL;
	struct err e = { 0 };

	if (rows_part(d, p->from, &from, &e) < 0 || rows_of_part(d, p, INT64_MIN, &rows, &e) < 0)
		fail_msg("%s", e.msg);
	print_part(&line, &p->key, p->layer, p->loader, p->starts, p->first, reading_string(p->exe),
		   p->name ? reading_string(p->name) : 0, p->t_last, p->t_end, p->s_last, p->uid,
		   p->auid, 0);
	buf_printf(&line, " %d of %u sum %lld from ", p->execs_first, p->n_intervals,
		   (long long)(p->rows_sum - rows_sum(&rows)));
	print_key(&line, from ? &from->key : &no_key);
	buf_printf(&line, " born %d %d %lld %u", p->born, p->birth_pid, (long long)p->birth_t,
		   p->birth_serial);
	for (size_t i = 0; i < p->looks.n; i++)
		buf_printf(&line, " %lld:%llx", (long long)p->looks.v[i].exe,
			   (unsigned long long)p->looks.v[i].cell);
	for (size_t i = 0; i < p->sites.n; i++)
		buf_printf(&line, " %lld=%llx", (long long)p->sites.v[i].call,
			   (unsigned long long)p->sites.v[i].ip);
	for (size_t i = 0; i < rows.n; i++)
		for (int k = 0; k <= DERIVE_WORDS; k++)
			buf_printf(&line, "%s%llx", k == 0 ? "\n  " : " ",
				   (unsigned long long)(k == DERIVE_WORDS ? rows.v[i].value :
							k == 6 ? rows.v[i].w[k] >> 48 :
								 rows.v[i].w[k]));
	add_text(out, &line);
	VEC_FREE(&rows);
}

void texts_of_pid(struct derive *d, int64_t node, int32_t pid, struct texts *out)
{
	struct derive_row at = rows_hanging(ROWS_PID, 0, node, (uint32_t)pid), row;
	struct derive_part *p;
	struct err e = { 0 };

	for (; d->store->next(d->store->ctx, &at, &row, &e) == 1 && row.w[0] == at.w[0] &&
	       row.w[1] == at.w[1];
	     at = row) {
		if (rows_named_part(d, rows_id(&row), &p, &e) < 0)
			fail_msg("%s", e.msg);
		text_of_facts(d, p, out);
	}
}

/* The rows that say who looks at what: by their words, but for the number of the part. */
void texts_of_rows(const struct reading *r, struct texts *out)
{
	auto_buf struct buf line = { 0 };
	struct derive_row at = { 0 }, row;
	struct err e = { 0 };

	while (r->api->next(r->api->ctx, &at, &row, &e) == 1 && row.w[0] >> 56 < ROWS_CALL_LOOK) {
		for (int i = 0; i < 6; i++)
			buf_printf(&line, "%llx ", (unsigned long long)row.w[i]);
		buf_printf(&line, "%llx %llx", (unsigned long long)row.w[6] >> 48,
			   (unsigned long long)row.value);
		add_text(out, &line);
		at = row;
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_text);
}
