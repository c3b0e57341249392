/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of systemd's units that load filters of their own, beside SystemCallFilter=, as systemd
 * 252 makes them: a filter for each setting and each architecture. Others that refuse calls by
 * other means are named as not read.
 */
#ifndef ANALYZE_INPUT_SYSTEMD_SETTINGS_H
#define ANALYZE_INPUT_SYSTEMD_SETTINGS_H

#include "analyze/input/input.h"

struct systemd_settings {
	bool on[16];                 /* by the table's rows */
	uint64_t personality;        /* what Personality= says, that of the machine otherwise */
	uint64_t namespaces;         /* the flags that are left */
	bool namespaces_said;
	bool families_allow;
	unsigned char families[64];  /* is this one in the list? */
};

/* One assignment. False: the setting has nothing to do with filters. */
bool systemd_settings_read(struct systemd_settings *s, const struct reading *r, struct bytes key,
			   struct bytes value);

/* Adds the filters to the policy, for its architectures. Returns how many settings have one. */
size_t systemd_settings_apply(const struct systemd_settings *s, struct policy *p);

#endif
