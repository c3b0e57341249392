// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/oci_json.h"
#include "analyze/output/output.h"
#include "store/base/json.h"

/* As runc, crun, containerd, the kubelet and Docker take it. */
static int write_oci(FILE *to, const struct output_input *in, struct err *e)
{
	(void)e;
	json_write(to, oci_json(in->policy));
	return 0;
}

const struct output output_oci = {
	.name = "oci", .about = "JSON for runc, crun, Docker, containerd and the kubelet",
	.write = write_oci, .args = true,
};
