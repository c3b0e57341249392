/* OUTPUT(id): only rows. */
OUTPUT(oci)
OUTPUT(names)
