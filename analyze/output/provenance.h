/* SPDX-License-Identifier: Apache-2.0 */
/* Where a list comes from, in words: for formats that have comments, or text of another kind. */
#ifndef ANALYZE_OUTPUT_PROVENANCE_H
#define ANALYZE_OUTPUT_PROVENANCE_H

#include "analyze/output/output.h"

struct provenance_lines { char **v; size_t n, cap; };

/*
 * Version, selector, records and their time, nodes, loss, and what stands there without evidence.
 * Each line is printable ASCII that ends no comment, whatever the log's author wrote; of any
 * length. The same store gives the same lines.
 */
void provenance_lines(struct provenance_lines *out, const struct output_input *in);
void provenance_lines_release(struct provenance_lines *l);

/* Writes them as comments, each begun by `sign` and broken at about 100 columns. */
void provenance_write(FILE *to, const struct output_input *in, const char *sign);

/* One line more of that kind. */
void provenance_remark(FILE *to, const char *sign, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The nodes of the evidence, sorted, as they are: not escaped. The caller frees by VEC_FREE. */
struct provenance_nodes { struct bytes *v; size_t n, cap; };
void provenance_nodes(struct provenance_nodes *out, const struct profile *p);

/*
 * What the list may be called: the program that it is for, or the file that it was read from, as a
 * name that Kubernetes takes (RFC 1123 label: a-z, 0-9 and -, at most 63); "profile" where nothing
 * is left of it.
 */
void provenance_name(struct buf *out, const struct output_input *in);

#endif
