/* COMMAND(id): only rows, in the order of the help. */
COMMAND(ingest)
COMMAND(profile)
COMMAND(workloads)
COMMAND(denials)
COMMAND(status)
COMMAND(decode)
COMMAND(node)
COMMAND(forget)
