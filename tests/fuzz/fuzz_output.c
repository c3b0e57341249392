// SPDX-License-Identifier: Apache-2.0
/* Formats: the first byte chooses one, the others are a profile file. It is written whole, or
 * refused and nothing is written. */
#include "analyze/output/output.h"

#include "analyze/input/input.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* Nothing that moves a cursor, whatever the file said. */
static bool is_text(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < n && (unsigned char)text[i + 1] < 0xa0)
			return false;
	}
	return n > 0 && text[n - 1] == '\n';
}

static void check(const struct output *format, const struct output_input *in)
{
	struct err e = { 0 };
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int ret = format->write(to, in, &e);

	fclose(to);
	if (ret < 0)
		must(e.msg[0] != '\0' && strchr(e.msg, '\n') == NULL && size == 0,
		     "a refusal that is not one line, or of what was written");
	else if (strcmp(format->name, "bpf") == 0)
		must(size > 0 && size % 8 == 0, "half an instruction");
	else if (size > 0)
		must(is_text(text, size), "bytes that are no text");
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct provenance from = {
		.version = "0", .selector = "", .source = "f\n*/", .loss = ""
	};
	struct policy p = { .default_error = POLICY_NO_ERRNO };
	struct output_input in = { .policy = &p, .from = &from };
	struct err e = { 0 };
	size_t formats = 0;

	while (output_at(formats) != NULL)
		formats++;
	if (n == 0)
		return 0;
	in.group = data[0] & 0x80;
	if (input_policy(&p, (struct bytes){ (const char *)data + 1, n - 1 }, "file", "oci", &e) ==
	    0)
		check(output_at((data[0] & 0x7f) % formats), &in);
	policy_release(&p);
	return 0;
}
