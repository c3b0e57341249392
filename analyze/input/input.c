#include "analyze/input/input.h"

#include "store/base/esc.h"

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
