/* SPDX-License-Identifier: Apache-2.0 */
/* INPUT(id): formats that profiles are read in; only rows. The first that knows the content's look takes it. */
INPUT(oci)
INPUT(systemd)
INPUT(spo)
INPUT(lxc)
INPUT(amicontained)
INPUT(minijail)
INPUT(names)
