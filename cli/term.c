// SPDX-License-Identifier: Apache-2.0
/* Prints tables: aligned and cut for a screen, tab-separated for a pipe. */
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
	auto_buf struct buf text = { 0 };

	buf_count(&text, n);
	snprintf(out, 32, "%s", buf_text(&text));
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
	auto_free char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	esc_again(cell, (struct bytes){ text, n < 0 ? 0 : (size_t)n });
}

void term_cell_bytes(struct term_table *t, struct bytes b)
{
	esc_tty(next_cell(t), b);
}

void term_cell_text(struct term_table *t, struct bytes b)
{
	esc_again(next_cell(t), b);
}

static size_t screen_width(FILE *to)
{
	struct winsize w;
	const char *columns = getenv("COLUMNS");

	if (columns != NULL && atoi(columns) > 0)
		return (size_t)atoi(columns);
	return ioctl(fileno(to), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
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

/* Heads may begin with '?' (a column that goes when the screen is narrow) and then '>' (numbers).
 */
static const char *head_text(const char *head, bool *optional, bool *right)
{
	*optional = *head == '?';
	head += *optional;
	*right = *head == '>';
	return head + *right;
}

static size_t total_width(const struct term_table *t, const size_t *width)
{
	size_t total = 0;

	for (size_t c = 0; c < t->columns; c++)
		total += width[c] ? width[c] + 2 : 0;
	return total > 2 ? total - 2 : 0;
}

/* Widths that fit the screen: optional columns go, the last first, then the wide one is cut. 0: not
 * shown. */
static void fit(const struct term_table *t, size_t *width, size_t screen)
{
	bool optional, right;
	size_t over;

	for (size_t c = t->columns; c-- > 0 && total_width(t, width) > screen;) {
		head_text(t->heads[c], &optional, &right);
		if (optional)
			width[c] = 0;
	}
	over = total_width(t, width);
	if (over <= screen)
		return;
	over -= screen;
	width[t->wide] = width[t->wide] > over + 8 ? width[t->wide] - over : 8;
}

static void print_aligned(const struct term_table *t, FILE *to)
{
	auto_free size_t *width = mem_zero(t->columns, sizeof(*width));
	bool optional, right;
	size_t last = 0;

	for (size_t c = 0; c < t->columns; c++)
		width[c] = strlen(head_text(t->heads[c], &optional, &right));
	for (size_t i = 0; i < t->n; i++)
		if (t->cells[i].n > width[i % t->columns])
			width[i % t->columns] = t->cells[i].n;
	fit(t, width, screen_width(to));
	for (size_t c = 0; c < t->columns; c++)
		last = width[c] ? c : last;
	for (size_t i = 0; i < t->columns + t->n; i++) {
		size_t c = i % t->columns;
		const char *head = head_text(t->heads[c], &optional, &right);
		const char *text = i < t->columns ? head : buf_text(&t->cells[i - t->columns]);

		if (width[c])
			print_cell(to, text, strlen(text), width[c], right, c == last);
	}
}

static void print_tabbed(const struct term_table *t, FILE *to)
{
	bool optional, right;

	for (size_t c = 0; c < t->columns; c++)
		fprintf(to, "%s%c", head_text(t->heads[c], &optional, &right),
			c + 1 == t->columns ? '\n' : '\t');
	for (size_t i = 0; i < t->n; i++)
		fprintf(to, "%s%c", buf_text(&t->cells[i]),
			(i + 1) % t->columns == 0 ? '\n' : '\t');
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
