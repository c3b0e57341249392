/* SPDX-License-Identifier: Apache-2.0 */
/* CLIENT(name, what to do instead): only rows. Programs that ask a daemon to run something, which is then not theirs. */
CLIENT("docker",      "scaudit capture beside it, then --container NAME")
CLIENT("podman",      "scaudit capture beside it, then --container NAME")
CLIENT("nerdctl",     "scaudit capture beside it, then --container NAME")
CLIENT("ctr",         "scaudit capture beside it, then --container ID")
CLIENT("crictl",      "scaudit capture beside it, then --container ID")
CLIENT("kubectl",     "scaudit capture on the pod's node, then --pod NAME")
CLIENT("systemctl",   "scaudit capture beside it, then --unit NAME")
CLIENT("systemd-run", "scaudit capture beside it, then --unit NAME")
CLIENT("service",     "scaudit capture beside it, then --unit NAME")
CLIENT("machinectl",  "scaudit capture beside it, then --unit NAME")
CLIENT("virsh",       "scaudit capture beside it, then --unit NAME")
CLIENT("at",          "scaudit capture beside it, then --comm NAME")
