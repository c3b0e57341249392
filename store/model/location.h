/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process runs: container, pod, unit. What is known of it, and what of that a workload goes
 * by. */
#ifndef STORE_MODEL_LOCATION_H
#define STORE_MODEL_LOCATION_H

#include "store/base/buf.h"

enum location_field {
	LOCATION_RUNTIME, /* docker, containerd, cri-o, podman, lxc, runc, crun; empty: not known */
	LOCATION_CONTAINER, /* its id, as the runtime has it */
	LOCATION_CONTAINER_NAME,
	LOCATION_POD, /* its uid, with dashes */
	LOCATION_POD_NAME,
	LOCATION_NAMESPACE,
	LOCATION_UNIT, /* the innermost unit of systemd: x.service, x.scope */
	LOCATION_IMAGE, /* the container's: a digest where the runtime has one, else its name */
	LOCATION_FIELDS,
};

/*
 * What stays the same when it is started again: of a pod its owner and the container's name, of a
 * container its name, else its id, of a service the unit without its instance. False: nothing does
 * (a scope is only where somebody started it from). *room holds what out needs beyond v. source:
 * the names that Kubernetes gives to pods of Deployments (name-hash-suffix), DaemonSets and Jobs
 * (name-suffix) and StatefulSets (name-number); SafeEncodeString in
 * k8s.io/apimachinery/pkg/util/rand
 */
bool location_general(const struct bytes v[LOCATION_FIELDS], struct bytes out[LOCATION_FIELDS],
		      struct buf *room);

/* "pod web/nginx", "container db", "unit x.service": for people, not escaped; empty where nothing
 * is known. */
void location_text(const struct bytes v[LOCATION_FIELDS], struct buf *out);

#endif
