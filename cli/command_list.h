/* COMMAND(id): only rows, in the order of the help. */
COMMAND(ingest)
COMMAND(decode)
