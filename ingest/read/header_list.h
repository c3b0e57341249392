/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HEADER(id): only rows. Each is tried once, in this order, and several may follow each other: what a person or a
 * program that collects lines put in front, a priority, a syslog stamp with host and tag, then printk's own stamp.
 */
HEADER(bullet)
HEADER(source)
HEADER(cri)
HEADER(kmsg)
HEADER(priority)
HEADER(rfc5424)
HEADER(talos)
HEADER(dmesg_x)
HEADER(logcat)
HEADER(syslog)
HEADER(tag)
HEADER(printk)
