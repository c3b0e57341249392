/* Where a process runs: container, pod, unit. What is known of it, and what of that a workload goes by. */
#ifndef STORE_MODEL_PLACE_H
#define STORE_MODEL_PLACE_H

#include "store/base/buf.h"

enum place_field {
	PLACE_RUNTIME,        /* docker, containerd, cri-o, podman, lxc, runc, crun; empty: not known */
	PLACE_CONTAINER,      /* its id, as the runtime has it */
	PLACE_CONTAINER_NAME,
	PLACE_POD,            /* its uid, with dashes */
	PLACE_POD_NAME,
	PLACE_NAMESPACE,
	PLACE_UNIT,           /* the innermost unit of systemd: x.service, x.scope */
	PLACE_IMAGE,          /* the container's: a digest where the runtime has one, else its name */
	PLACE_FIELDS,
};

/*
 * What stays the same when it is started again: of a pod its owner and the container's name, of a container its name, else
 * its id, of a service the unit without its instance. False: nothing does (a scope is only where somebody started it
 * from). *room holds what out needs beyond v.
 *   source: the names that Kubernetes gives to pods of Deployments (name-hash-suffix), DaemonSets and Jobs (name-suffix) and
 *   StatefulSets (name-number); SafeEncodeString in k8s.io/apimachinery/pkg/util/rand
 */
bool place_general(const struct bytes v[PLACE_FIELDS], struct bytes out[PLACE_FIELDS], struct buf *room);

/* "pod web/nginx", "container db", "unit x.service": for people, not escaped; empty where nothing is known. */
void place_text(const struct bytes v[PLACE_FIELDS], struct buf *out);

#endif
