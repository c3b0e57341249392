/* SPDX-License-Identifier: Apache-2.0 */
/* BODY(id): only rows; the order settles ties. */
BODY(other)
BODY(kernel)
BODY(auditd)
BODY(journald)
BODY(payload)
BODY(loss)
