// SPDX-License-Identifier: Apache-2.0
#include "analyze/output/output.h"
#include "analyze/output/provenance.h"
#include "analyze/output/systemd_words.h"
#include "analyze/policy/systemd_set.h"
#include "store/model/action.h"

/*
 * The recording half: what is in the list already makes no more records, all else does; nothing is
 * refused. So a list that grows makes its own log shrink. source: systemd.exec(5), SystemCallLog=
 */
static int write_systemd_log(FILE *to, const struct output_input *in, struct err *e)
{
	struct policy_words words;
	struct flat_list list;

	if (in->policy->rules.n == 0 && in->policy->default_action == ACTION_LOG) {
		provenance_write(to, in, "# ");
		provenance_remark(
			to, "# ",
			"logs all calls but one that no kernel has, since there is no word for all, and refuses none");
		fprintf(to, "[Service]\nSystemCallLog=\nSystemCallLog=~afs_syscall\n");
		return 0;
	}
	if (flat_of(&list, in->policy, "systemd-log", e) < 0 ||
	    (!list.allows &&
	     err_set(e, ST_INPUT,
		     "systemd-log takes a list of what is allowed, not of what is denied") < 0)) {
		flat_release(&list);
		return -1;
	}
	provenance_write(to, in, "# ");
	provenance_remark(
		to, "# ",
		"logs all calls but these, and refuses none; add what comes to the list with the next profile");
	if (in->group)
		provenance_remark(to, "# ",
				  "the sets are those of " SYSTEMD_SETS_OF
				  "; another version's may hold more");
	fprintf(to, "[Service]\nSystemCallLog=\n");
	systemd_words(&words, &list, in->policy, in->group);
	systemd_words_write(to, "SystemCallLog", "~", &words);
	VEC_FREE(&words);
	flat_release(&list);
	return 0;
}

const struct output output_systemd_log = {
	.name = "systemd-log",
	.about = "a drop-in of systemd that logs what is not in the list yet",
	.cannot = "lists of what is denied, and what systemd cannot",
	.write = write_systemd_log,
	.groups = true,
};
