// SPDX-License-Identifier: Apache-2.0
/* YAML of Kubernetes: kind SeccompProfile of the Security Profiles Operator, whose spec has the
 * runtime-spec's members. */
#include "analyze/input/kube.h"

static bool is_spo(struct bytes text)
{
	struct reading r = { 0 };
	struct bytes line;

	while (input_line(&r, &text, &line))
		if (bytes_starts(line, BYTES("kind:")) || bytes_starts(line, BYTES("apiVersion:")))
			return true;
	return false;
}

static int read_spo(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct reading r = { .p = p, .file = file, .e = e };
	struct yaml_documents docs = { 0 };
	int ret = yaml_read(&r, text, &docs) < 0 ? -1 : kube_read(&r, docs.v, docs.n);

	yaml_release(&docs);
	return ret;
}

const struct input input_spo = { "spo",
				 "YAML or JSON: a SeccompProfile of the Security Profiles Operator",
				 is_spo, read_spo };
