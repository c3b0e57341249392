// SPDX-License-Identifier: Apache-2.0
/* The name of the container that a line came from: compose, kubectl logs --prefix, stern. */
#include "ingest/read/header.h"

static bool blankless(struct bytes word)
{
	for (size_t i = 0; i < word.n; i++)
		if ((unsigned char)word.p[i] < 0x21 || (unsigned char)word.p[i] > 0x7e ||
		    word.p[i] == '=' || word.p[i] == '"')
			return false;
	return word.n > 0;
}

/* "web-1  | ": compose's name of a container. */
static bool compose(struct bytes *b)
{
	struct bytes rest = *b, name = bytes_until(&rest, ' ');

	if (!blankless(name) || name.n > 128)
		return false;
	bytes_trim_left(&rest);
	if (!bytes_take(&rest, BYTES("|")))
		return false;
	bytes_trim_left(&rest);
	*b = rest;
	return true;
}

/* "[pod/web-5d9/app] ": kubectl logs --prefix. */
static bool kubectl(struct bytes *b)
{
	struct bytes rest = *b, name;

	if (!bytes_take(&rest, BYTES("[")))
		return false;
	name = bytes_until(&rest, ']');
	if (!blankless(name) || memchr(name.p, '/', name.n) == NULL ||
	    !bytes_take(&rest, BYTES("] ")))
		return false;
	*b = rest;
	return true;
}

/* A name of Kubernetes, with at least so many hyphens. */
static bool kube_name(struct bytes *b, unsigned hyphens)
{
	struct bytes rest = *b, name = bytes_until(&rest, ' ');

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if ((c < 'a' || c > 'z') && !bytes_digit(c) && c != '-' && c != '.')
			return false;
		hyphens -= c == '-' && hyphens > 0;
	}
	if (name.n == 0 || name.n > 253 || hyphens > 0 || !bytes_take(&rest, BYTES(" ")))
		return false;
	bytes_take(&rest, BYTES("\xe2\x80\xba ")); /* a mark between pod and container */
	*b = rest;
	return true;
}

/* "web-5d9 app TEXT", "shop web-5d9 app TEXT": stern's pod and container. Only where the whole of a
 * line as the kernel or auditd writes it follows. */
static bool stern(struct bytes *b)
{
	struct bytes rest = *b, space = rest;

	if (kube_name(&space, 0) && kube_name(&space, 1) && kube_name(&space, 0) &&
	    header_record_starts(space))
		rest = space;
	else if (!kube_name(&rest, 1) || !kube_name(&rest, 0) || !header_record_starts(rest))
		return false;
	*b = rest;
	return true;
}

/* It names where the line was written, which may be another place than the record's: no node. */
static bool source_parse(struct bytes *line, struct context *out)
{
	(void)out;
	return compose(line) || kubectl(line) || stern(line);
}

const struct header header_source = {
	"source", "name of the container, of compose, stern or kubectl logs --prefix", source_parse
};
