#include "cli/term.h"

#include "store/base/esc.h"
#include "store/base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *term_number(uint64_t n, char out[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), at = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

void term_table_init(struct term_table *t, const char *const *heads, size_t columns, size_t wide)
{
	*t = (struct term_table){ .heads = heads, .columns = columns, .wide = wide };
}

static struct buf *next_cell(struct term_table *t)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 64;
		t->cells = mem_grow(t->cells, t->cap, sizeof(*t->cells));
	}
	t->cells[t->n] = (struct buf){ 0 };
	return &t->cells[t->n++];
}

void term_cell(struct term_table *t, const char *fmt, ...)
{
	struct buf *cell = next_cell(t);
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_str(cell, text);
}

void term_cell_bytes(struct term_table *t, struct bytes b)
{
	esc_tty(next_cell(t), b);
}

void term_cell_text(struct term_table *t, struct bytes b)
{
	buf_add(next_cell(t), b.p, b.n);
}

static size_t screen_width(FILE *to)
{
	struct winsize w;
	const char *columns = getenv("COLUMNS");

	if (ioctl(fileno(to), TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		return w.ws_col;
	return columns != NULL && atoi(columns) > 0 ? (size_t)atoi(columns) : 80;
}

static void print_cell(FILE *to, const char *text, size_t n, size_t width, bool right, bool last)
{
	bool cut = n > width;
	size_t shown = cut ? width - 3 : n;

	if (right)
		fprintf(to, "%*s", (int)(width - (cut ? width : n)), "");
	fprintf(to, "%.*s%s", (int)shown, text, cut ? "..." : "");
	if (!right && !last)
		fprintf(to, "%*s", (int)(width - (cut ? width : n)), "");
	fputs(last ? "\n" : "  ", to);
}

static void print_aligned(const struct term_table *t, FILE *to)
{
	auto_free size_t *width = mem_zero(t->columns, sizeof(*width));
	size_t total = 0, screen = screen_width(to);

	for (size_t c = 0; c < t->columns; c++)
		width[c] = strlen(t->heads[c]) - (t->heads[c][0] == '>');
	for (size_t i = 0; i < t->n; i++)
		if (t->cells[i].n > width[i % t->columns])
			width[i % t->columns] = t->cells[i].n;
	for (size_t c = 0; c < t->columns; c++)
		total += width[c] + 2;
	if (total > screen + 2 && width[t->wide] > total - screen - 2 + 12)
		width[t->wide] -= total - screen - 2;
	for (size_t c = 0; c < t->columns; c++) {
		bool right = t->heads[c][0] == '>';

		print_cell(to, t->heads[c] + right, strlen(t->heads[c] + right), width[c], right, c + 1 == t->columns);
	}
	for (size_t i = 0; i < t->n; i++) {
		size_t c = i % t->columns;

		print_cell(to, buf_text(&t->cells[i]), t->cells[i].n, width[c], t->heads[c][0] == '>', c + 1 == t->columns);
	}
}

static void print_tabbed(const struct term_table *t, FILE *to)
{
	for (size_t c = 0; c < t->columns; c++)
		fprintf(to, "%s%c", t->heads[c] + (t->heads[c][0] == '>'), c + 1 == t->columns ? '\n' : '\t');
	for (size_t i = 0; i < t->n; i++)
		fprintf(to, "%s%c", buf_text(&t->cells[i]), (i + 1) % t->columns == 0 ? '\n' : '\t');
}

void term_table_print(struct term_table *t, FILE *to)
{
	if (isatty(fileno(to)))
		print_aligned(t, to);
	else
		print_tabbed(t, to);
	for (size_t i = 0; i < t->n; i++)
		buf_release(&t->cells[i]);
	free(t->cells);
	*t = (struct term_table){ 0 };
}
