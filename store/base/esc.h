/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only place that turns bytes from a log into text. The log's author is hostile: nothing that
 * passes through here moves a cursor, ends a quotation, or is ambiguous.
 */
#ifndef STORE_BASE_ESC_H
#define STORE_BASE_ESC_H

#include "store/base/buf.h"

/*
 * For terminals and messages: 0x20 to 0x7e except the backslash as they are, all else as \xHH, so
 * that nothing moves a cursor and every output can be read back. At most 4n bytes.
 */
void esc_tty(struct buf *out, struct bytes b);

/* Back from what esc_tty wrote; what is no \xHH stays as it is. */
void esc_read(struct buf *out, struct bytes b);

/* Of parts that are escaped already, such as a path of names: the same, but a backslash stays. */
void esc_again(struct buf *out, struct bytes b);

/* Does a character do something to text instead of being seen in it: controls, marks of direction,
 * what is shown as nothing? */
bool esc_hides(uint32_t c);

/*
 * A whole message, in which parts are escaped already and others come from the command line: only
 * what could do something to a terminal or is not seen there is written as \xHH: what esc_hides
 * says but the newline, and what is no UTF-8.
 */
void esc_message(struct buf *out, struct bytes b);

/* As one word for a POSIX shell, to paste: bare when harmless, else in '...' or $'...'. */
void esc_shell(struct buf *out, struct bytes b);

/* Lower-case hex, two digits a byte. */
void esc_hex(struct buf *out, struct bytes b);

/*
 * A line of a comment, of parts that are escaped already, for any language that has comments: one
 * line of printable ASCII in which no C comment begins or ends and that no backslash ends. The
 * second byte of such a mark, and a backslash that escapes nothing, are written as \xHH.
 */
void esc_comment(struct buf *out, struct bytes b);

/* Bytes that are no UTF-8 as U+FFFD, all else as it is: what json-c takes. */
void esc_utf8(struct buf *out, struct bytes b);

/* Text that json-c wrote: what esc_hides says, which it leaves in strings, as \uXXXX. */
void esc_json_doc(struct buf *out, struct bytes b);

/* esc_tty into a buffer of fixed size, cut at its end: for messages. Returns out. */
const char *esc_word(char *out, size_t size, struct bytes b);

#endif
