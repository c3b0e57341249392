/*
 * TARGET(name, what it is, flags, default errno, SPEC_ALLOW needed beside FLAG_LOG): only rows.
 * flags: NULL: taken; else what becomes of them. default errno: likewise.
 * source: runc 1.1 libcontainer/specconv (flags are not known before 1.2), Docker 20.10 profiles/seccomp (types without these
 * fields), containerd and CRI-O hand the profile to the runtime as they read it
 */
TARGET("runc-1.1",   "runc 1.1 refuses a profile with flags: the container does not start", "refuses", NULL)
TARGET("runc-1.2",   "runc 1.2 takes flags", NULL, NULL)
TARGET("crun",       "crun takes flags", NULL, NULL)
TARGET("docker-20",  "Docker 20.10 drops flags and defaultErrnoRet in silence", "drops", "drops")
TARGET("docker-25",  "Docker 25 takes flags, if its runc does", NULL, NULL)
TARGET("containerd", "containerd hands flags to the runtime", NULL, NULL)
TARGET("cri-o",      "CRI-O hands flags to the runtime", NULL, NULL)
TARGET("spo",        "a SeccompProfile has flags, and no defaultErrnoRet", NULL, "has no field for")
