// SPDX-License-Identifier: Apache-2.0
/*
 * The lines that say where a list comes from: nodes, times, trees, builds; escaped for comments
 * and cut to a bounded size.
 */
#include "analyze/output/provenance.h"

#include "analyze/policy/runtime.h"

#include "analyze/evidence/kinds.h"
#include "analyze/evidence/builds.h"
#include "store/base/esc.h"
#include "store/base/when.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#define COLUMNS 100
#define NODES_SHOWN 8
#define LABEL_MAX 63

static void add_comment_line(struct provenance_lines *out, const struct buf *text)
{
	auto_buf struct buf line = { 0 };

	esc_comment(&line, buf_bytes(text));
	*VEC_PUSH(out) = mem_dup(buf_text(&line));
}

/* The main program of the first tree that the selector is about; NULL: there is none. */
static const struct query_image *main_image(const struct profile *p)
{
	for (size_t i = 0; i < p->q->uses.n; i++) {
		const struct query_image *m = &p->q->images.v[p->q->uses.v[i].image];
		const struct query_tree *t = &p->q->trees.v[m->tree];

		if (p->s->use_in[i] && p->s->use_matches[i])
			return t->main != QUERY_NONE ? &p->q->images.v[t->main] : m;
	}
	return NULL;
}

static void add_origin(struct provenance_lines *out, const struct provenance *from)
{
	auto_buf struct buf line = { 0 };

	buf_printf(&line, "scaudit %s: ", from->version);
	if (from->source != NULL) {
		buf_str(&line, "from ");
		esc_shell(&line, bytes_of(from->source));
	} else {
		buf_printf(&line, "profile %s", from->selector);
	}
	add_comment_line(out, &line);
}

static void add_evidence(struct provenance_lines *out, const struct selection *s)
{
	auto_buf struct buf line = { 0 };
	char stamp[32];

	buf_count(&line, s->records);
	buf_printf(&line, " record%s of ", s->records == 1 ? "" : "s");
	buf_count(&line, s->trees);
	buf_printf(&line, " tree%s (", s->trees == 1 ? "" : "s");
	buf_count(&line, s->starts);
	buf_printf(&line, " with %s beginning)", s->starts == 1 ? "its" : "their");
	if (s->t_first != WHEN_NONE) {
		buf_printf(&line, ", %s", when_rfc3339(s->t_first, stamp));
		buf_printf(&line, " to %s", when_rfc3339(s->t_last, stamp));
	}
	add_comment_line(out, &line);
}

/* By what means the calls are known, where tools brought some of them. */
static void add_kinds(struct provenance_lines *out, const struct profile *p)
{
	auto_buf struct buf line = { 0 };
	struct kinds kinds;

	kinds_find(&kinds, p->q, p->s);
	if (kinds.tools == 0)
		return;
	buf_str(&line, "kinds of evidence: ");
	kinds_text(&line, &kinds);
	add_comment_line(out, &line);
}

static int by_bytes(const void *a, const void *b)
{
	const struct bytes *x = a, *y = b;

	return bytes_order(*x, *y);
}

void provenance_nodes(struct provenance_nodes *out, const struct profile *p)
{
	*out = (struct provenance_nodes){ 0 };
	for (size_t i = 0; i < p->q->trees.n; i++) {
		struct bytes node = p->q->trees.v[i].node;
		size_t k = 0;

		if (!p->s->tree_in[i])
			continue;
		while (k < out->n && !bytes_eq(out->v[k], node))
			k++;
		if (k == out->n)
			*VEC_PUSH(out) = node;
	}
	if (out->n > 1)
		qsort(out->v, out->n, sizeof(*out->v), by_bytes);
}

static void add_nodes(struct provenance_lines *out, const struct profile *p)
{
	auto_buf struct buf line = { 0 };
	struct provenance_nodes nodes;

	provenance_nodes(&nodes, p);
	buf_str(&line, nodes.n == 1 ? "node: " : "nodes: ");
	for (size_t i = 0; i < nodes.n && i < NODES_SHOWN; i++) {
		buf_str(&line, i ? ", " : "");
		esc_tty(&line, nodes.v[i]);
	}
	if (nodes.n > NODES_SHOWN)
		buf_printf(&line, " and %zu more", nodes.n - NODES_SHOWN);
	if (nodes.n)
		add_comment_line(out, &line);
	VEC_FREE(&nodes);
}

/* The newest build of the program that the list is for; --format json has all. */
static void add_builds(struct provenance_lines *out, const struct profile *p)
{
	const struct query_image *m = main_image(p);
	auto_buf struct buf line = { 0 };
	const struct build *shown = NULL;
	struct builds builds;

	builds_find(&builds, p->q, p->s);
	for (size_t i = 0; i < builds.n && m != NULL; i++)
		if (bytes_eq(builds.v[i].exe, m->exe) &&
		    (shown == NULL || builds.v[i].t_last > shown->t_last))
			shown = &builds.v[i];
	if (shown != NULL) {
		buf_str(&line, "build-id of ");
		esc_tty(&line, shown->exe);
		buf_printf(&line, ": %.*s", (int)shown->id.n, shown->id.p);
		if (shown->image.n) {
			buf_str(&line, ", image ");
			esc_tty(&line, shown->image);
		}
		add_comment_line(out, &line);
	}
	VEC_FREE(&builds);
}

/* The names that stand on this ground. */
static void add_ground(struct provenance_lines *out, const struct profile *p,
		       enum profile_ground ground)
{
	auto_buf struct buf line = { 0 };
	size_t n = 0;

	buf_str(&line, profile_ground_why(ground));
	if (ground == GROUND_RUNTIME && p->o.runtime != NULL)
		buf_printf(&line, " (%s)", p->o.runtime->version);
	buf_char(&line, ':');
	for (size_t i = 0; i < p->rules.n; i++)
		if (p->rules.v[i].ground == ground && ++n)
			buf_printf(&line, " %s", p->rules.v[i].name.p);
	if (n)
		add_comment_line(out, &line);
}

/* What was refused each time, and is listed by --include-denied alone. */
static void add_denied(struct provenance_lines *out, const struct profile *p)
{
	auto_buf struct buf line = { 0 };
	size_t n = 0;

	buf_str(&line, "denied each time, and listed by --include-denied:");
	for (size_t i = 0; i < p->rules.n; i++)
		if (profile_denied_only(p, &p->rules.v[i]) && ++n)
			buf_printf(&line, " %s", p->rules.v[i].name.p);
	if (n)
		add_comment_line(out, &line);
}

/* What the records show and no list can hold. */
static void add_unnamed(struct provenance_lines *out, const struct profile *p)
{
	auto_buf struct buf line = { 0 };

	buf_str(&line,
		"not in the list, since no table has a name for it (architecture and number):");
	for (size_t i = 0; i < p->unnamed.n; i++)
		buf_printf(&line, " %x/%d", p->unnamed.v[i].arch, p->unnamed.v[i].nr);
	if (p->unnamed.n)
		add_comment_line(out, &line);
}

static void add_dangers(struct provenance_lines *out, const struct profile *p)
{
	for (size_t i = 0; i < p->rules.n && !p->o.block; i++) {
		auto_buf struct buf line = { 0 };

		if (p->rules.v[i].danger == NULL)
			continue;
		buf_printf(&line, "look at %s: %s", p->rules.v[i].name.p, p->rules.v[i].danger);
		add_comment_line(out, &line);
	}
}

void provenance_lines(struct provenance_lines *out, const struct output_input *in)
{
	const struct profile *p = in->profile;
	auto_buf struct buf loss = { 0 }, readiness = { 0 };

	*out = (struct provenance_lines){ 0 };
	add_origin(out, in->from);
	if (p == NULL)
		return;
	add_evidence(out, p->s);
	add_kinds(out, p);
	add_nodes(out, p);
	add_builds(out, p);
	buf_str(&loss, in->from->loss);
	if (loss.n)
		add_comment_line(out, &loss);
	buf_str(&readiness, in->from->readiness ? in->from->readiness : "");
	if (readiness.n)
		add_comment_line(out, &readiness);
	add_denied(out, p);
	for (int g = GROUND_SEEN + 1; g < N_GROUNDS; g++)
		add_ground(out, p, (enum profile_ground)g);
	add_unnamed(out, p);
	add_dangers(out, p);
}

void provenance_lines_release(struct provenance_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	VEC_FREE(l);
}

/* How much of the text goes onto one line: up to the last space that fits; never from the middle of
 * \xHH, nor before a '\'. */
static size_t fits(const char *text, size_t room)
{
	size_t n = strlen(text), at;

	if (n <= room)
		return n;
	for (at = room; at > room / 2; at--)
		if (text[at] == ' ')
			return at;
	for (at = room; at > room - 4 && text[at] != '\\'; at--)
		;
	return text[at] == '\\' ? at : room;
}

static void write_broken(FILE *to, const char *sign, const char *text)
{
	const char *indent = "";

	do {
		size_t n = fits(text, COLUMNS - strlen(sign) - 2);

		fprintf(to, "%s%s%.*s\n", sign, indent, (int)n, text);
		text += n;
		text += *text == ' ';
		indent = "  ";
	} while (*text);
}

void provenance_write(FILE *to, const struct output_input *in, const char *sign)
{
	struct provenance_lines lines;

	provenance_lines(&lines, in);
	for (size_t i = 0; i < lines.n; i++)
		write_broken(to, sign, lines.v[i]);
	provenance_lines_release(&lines);
}

void provenance_remark(FILE *to, const char *sign, const char *fmt, ...)
{
	auto_buf struct buf line = { 0 };
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	esc_comment(&line, bytes_of(text));
	write_broken(to, sign, buf_text(&line));
	free(text);
}

/* ---- a name ---- */

static struct bytes main_program(const struct profile *p)
{
	const struct query_image *m = main_image(p);

	return m == NULL ? BYTES("") : m->name.n ? m->name : m->exe;
}

static struct bytes after_slash(struct bytes path)
{
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/')
			return (struct bytes){ path.p + i, path.n - i };
	return path;
}

void provenance_name(struct buf *out, const struct output_input *in)
{
	struct bytes from = in->profile ? main_program(in->profile) :
					  bytes_of(in->from->source ? in->from->source : "");
	size_t begin = out->n;

	from = after_slash(from);
	if (from.n > 5 && memcmp(from.p + from.n - 5, ".json", 5) == 0)
		from.n -= 5;
	for (size_t i = 0; i < from.n && out->n - begin < LABEL_MAX; i++) {
		char c = from.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			buf_char(out, c);
		else if (out->n > begin && out->p[out->n - 1] != '-')
			buf_char(out, '-');
	}
	while (out->n > begin && out->p[out->n - 1] == '-')
		out->n--;
	if (out->n == begin)
		buf_str(out, "profile");
}
