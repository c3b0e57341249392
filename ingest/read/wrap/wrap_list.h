/* SPDX-License-Identifier: Apache-2.0 */
/* WRAP(id): only rows; the first that begins is taken. */
WRAP(json)
WRAP(export)
