// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"

/*
 * What a container's spec says to get the list; the list itself, in the format oci, is a file on
 * each node. source: the kubelet's --root-dir, with seccomp/ below it; seccompProfile of core/v1
 */
static int write_pod(FILE *to, const struct output_input *in, struct err *e)
{
	auto_buf struct buf name = { 0 };

	(void)e;
	provenance_name(&name, in);
	provenance_write(to, in, "# ");
	provenance_remark(
		to, "# ",
		"The list is not in here. Write it with --format oci and put it on each node that may run the pod, as");
	provenance_remark(to, "# ", "/var/lib/kubelet/seccomp/profiles/%s.json", buf_text(&name));
	provenance_remark(
		to, "# ",
		"(localhostProfile is relative to /var/lib/kubelet/seccomp). Where it is missing, the container does not start.");
	provenance_remark(
		to, "# ",
		"Of a container, not of the pod: so the pod's own sandbox and other containers keep theirs.");
	fprintf(to,
		"securityContext:\n"
		"  seccompProfile:\n"
		"    type: Localhost\n"
		"    localhostProfile: \"profiles/%s.json\"\n"
		"# Until the list is proven, the runtime's own:\n"
		"#securityContext:\n"
		"#  seccompProfile:\n"
		"#    type: RuntimeDefault\n"
		"# Not 'type: Unconfined', nor 'privileged: true', which means the same: no call would be refused at all.\n",
		buf_text(&name));
	return 0;
}

const struct output output_pod = {
	.name = "pod",
	.about = "the securityContext of a container that gets the list from its node",
	.cannot = "the list itself: that is oci",
	.write = write_pod,
	.args = true,
};
