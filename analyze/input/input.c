// SPDX-License-Identifier: Apache-2.0
/* Opens a profile, tells its format by content, and calls the reader of that format. */
#include "analyze/input/input.h"

#include "analyze/input/other.h"
#include "analyze/policy/bounds.h"
#include "store/base/esc.h"

#include <errno.h>
#include <libaudit.h>
#include <stdarg.h>

#define INPUT(id) extern const struct input input_##id;
#include "analyze/input/input_list.h"
#undef INPUT

static const struct input *const inputs[] = {
#define INPUT(id) &input_##id,
#include "analyze/input/input_list.h"
#undef INPUT
};

const struct input *input_at(size_t i)
{
	return i < ARRAY_SIZE(inputs) ? inputs[i] : NULL;
}

static const struct input *reader_of(struct bytes text, const char *file, const char *format,
				     struct err *e)
{
	const char *other = format == NULL && text.n > 0 ? input_other(text) : NULL;
	auto_buf struct buf known = { 0 };

	if (other != NULL) {
		err_set(e, ST_INPUT, "%s: %s", file, other);
		return NULL;
	}
	if (text.n == 0 && format == NULL) {
		err_set(e, ST_INPUT, "%s: it is empty: no profile", file);
		return NULL;
	}
	for (size_t i = 0; input_at(i) != NULL; i++) {
		const struct input *in = input_at(i);

		if (format != NULL ? strcmp(in->name, format) == 0 : in->is(text))
			return in;
		buf_printf(&known, "%s%s", i ? ", " : "", in->name);
	}
	if (format != NULL)
		err_set(e, ST_INPUT, "no such format: '%.40s' (there are: %s)", format,
			buf_text(&known));
	else
		err_set(e, ST_INPUT,
			"%s: no profile in a format that is read (%s; check takes raw BPF, too)",
			file, buf_text(&known));
	return NULL;
}

int input_policy(struct policy *p, struct bytes text, const char *file, const char *format,
		 struct err *e)
{
	return input_policy_from(p, text, &(struct input_from){ .file = file, .format = format },
				 e);
}

int input_policy_from(struct policy *p, struct bytes text, const struct input_from *from,
		      struct err *e)
{
	const struct input *in = reader_of(text, from->file, from->format, e);
	int ret;

	policy_init(p);
	if (in == NULL)
		return -1;
	if (text.p == NULL) /* an empty file: readers and libraries want a pointer */
		text = BYTES("");
	p->format = in->name;
	p->path = from->path;
	p->pick = from->name;
	p->nth = from->nth;
	ret = in->read(p, text, from->file, e);
	p->path = p->pick = NULL;
	if (ret < 0)
		return -1;
	p->too_large = bounds_check(p, from->file, e) < 0;
	return p->too_large ? -1 : 0;
}

int input_load(struct buf *text, const char *file, struct err *e)
{
	auto_buf struct buf shown = { 0 };
	bool standard = strcmp(file, "-") == 0;
	FILE *from = standard ? stdin : fopen(file, "re");
	char block[16384];
	size_t n;
	int ret = 0;

	esc_shell(&shown, bytes_of(file));
	if (from == NULL)
		return err_set(e, err_status(errno), "cannot open %s: %s", buf_text(&shown),
			       strerror(errno));
	while ((n = fread(block, 1, sizeof(block), from)) > 0 && text->n <= POLICY_MAX)
		buf_add(text, block, n);
	if (ferror(from))
		ret = err_set(e, err_status(errno), "cannot read %s: %s", buf_text(&shown),
			      strerror(errno));
	else if (text->n + n > POLICY_MAX)
		ret = err_set(e, ST_INPUT, "%s: over 4 MB, so no profile", buf_text(&shown));
	if (!standard)
		fclose(from);
	return ret;
}

int input_bad(const struct reading *r, const char *path, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err_set(r->e, ST_INPUT, "%s: %s: %s", r->file, path, reason);
}

int input_bad_line(const struct reading *r, const char *fmt, ...)
{
	char reason[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err_set(r->e, ST_INPUT, "%s:%zu: %s", r->file, r->line, reason);
}

int input_bad_word(const struct reading *r, const char *what, struct bytes word)
{
	char shown[80];

	return input_bad_line(r, "%s: %s", what, esc_word(shown, sizeof(shown), word));
}

bool input_line(struct reading *r, struct bytes *text, struct bytes *line)
{
	if (text->n == 0)
		return false;
	*line = bytes_until(text, '\n');
	bytes_skip(text, 1);
	bytes_trim_right(line);
	r->line++;
	return true;
}

struct bytes input_first(struct bytes text, const char *comments)
{
	struct reading r = { 0 };
	struct bytes line;

	while (input_line(&r, &text, &line)) {
		bytes_trim_left(&line);
		if (line.n > 0 && (line.p[0] == '\0' || strchr(comments, line.p[0]) == NULL))
			return line;
	}
	return (struct bytes){ "", 0 };
}

struct bytes input_word(struct bytes *b)
{
	struct bytes out;

	bytes_trim_left(b);
	out = (struct bytes){ b->p, 0 };
	while (out.n < b->n && b->p[out.n] != ' ' && b->p[out.n] != '\t')
		out.n++;
	bytes_skip(b, out.n);
	return out;
}

bool input_is_name(struct bytes b)
{
	for (size_t i = 0; i < b.n; i++) {
		char low = (char)(b.p[i] | 0x20);

		if (!bytes_digit(b.p[i]) && b.p[i] != '_' && (low < 'a' || low > 'z'))
			return false;
	}
	return b.n > 0;
}

bool input_errno(struct bytes word, int *out)
{
	char name[32];
	uint64_t v;
	struct bytes rest = word;

	if (bytes_dec(&rest, 4095, &v) && rest.n == 0) {
		*out = (int)v;
		return true;
	}
	if (!input_is_name(word) || word.n >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)word.n, word.p);
	*out = audit_name_to_errno(name);
	return *out > 0;
}

const char *input_keep(struct policy *p, struct bytes b)
{
	return pool_get(&p->strings, pool_intern(&p->strings, b)).p;
}
