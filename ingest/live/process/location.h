/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a process runs, as its cgroup tells: container, pod, unit. Names come from files of kubelet
 * and the runtimes, never from the network.
 */
#ifndef INGEST_LIVE_PROCESS_LOCATION_H
#define INGEST_LIVE_PROCESS_LOCATION_H

#include "store/model/location.h"

#define LOCATION_ROOM 2048

struct location {
	struct bytes v[LOCATION_FIELDS]; /* n is 0: not known; they point into room */
	size_t used;
	char room[LOCATION_ROOM];
};

/*
 * Reads what /proc/PID/cgroup holds: v1, v2 and both, seen from any cgroup namespace. False: it
 * names neither container nor pod nor unit. source: cgroups(7); the names are docs of systemd
 * ("Control Group APIs"), kubelet's cgroup manager, and the runtimes'
 */
bool location_parse(struct location *out, struct bytes cgroup);

/* Looks for names of pod and container below `root`, which is "" but for tests. Takes some file
 * accesses. */
void location_find_names(struct location *p, const char *root);

/* Both for a process that lives and began before t_ms (milliseconds since the epoch); else false.
 */
bool location_of_pid(struct location *out, int32_t pid, int64_t t_ms, const char *root);

/* All fields in one run of bytes, and back; borrowed from `text`. */
size_t location_encode(const struct location *p, char *out, size_t room);
bool location_decode(struct bytes v[LOCATION_FIELDS], struct bytes text);

#endif
