/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HEADER(id): only rows. Each is tried once, in this order, and several may follow each other: a priority,
 * then a syslog stamp with host and tag, then printk's own stamp.
 */
HEADER(kmsg)
HEADER(priority)
HEADER(rfc5424)
HEADER(talos)
HEADER(dmesg_x)
HEADER(syslog)
HEADER(printk)
