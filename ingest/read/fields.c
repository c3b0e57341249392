// SPDX-License-Identifier: Apache-2.0
/* Reads the fields of a record in the kernel's order, each within the kernel's range. */
#include "ingest/read/fields.h"

#include "store/base/when.h"
#include "store/model/action.h"

/* ausearch -i: a date of the user's locale within the stamp, or a blank behind it. */
static bool interpreted(struct bytes b)
{
	struct bytes in = bytes_until(&b, ')');

	return bytes_starts(b, BYTES(") :")) ||
	       (in.n < 64 && (memchr(in.p, ' ', in.n) != NULL || memchr(in.p, '/', in.n) != NULL));
}

/* "0.0:175): ", as Android's logd has it: no time, and a serial that is none. */
static bool timeless(struct bytes *b, struct record *rec)
{
	struct bytes rest = *b;
	uint64_t serial;

	if (!bytes_take(&rest, BYTES(".0:")) || !bytes_dec(&rest, UINT32_MAX, &serial) ||
	    !bytes_take(&rest, BYTES("): ")))
		return false;
	rec->ms = WHEN_NONE;
	rec->has_serial = false;
	*b = rest;
	return true;
}

const char *fields_stamp_alone(struct bytes *b, struct record *rec)
{
	uint64_t sec, ms, serial;
	size_t digits;

	if (!bytes_take(b, BYTES("audit(")))
		return b->n == 0 ? "the line ends before audit()" : "no audit() stamp";
	if (interpreted(*b))
		return "interpreted text: ausearch -i put words for the numbers; use ausearch without -i";
	if (!bytes_dec(b, WHEN_MAX_SEC, &sec))
		return b->n == 0 ? "the line ends in the stamp" :
				   "second in the stamp is no number, or over the year 9999";
	if (sec == 0 && timeless(b, rec))
		return NULL;
	if (!bytes_take(b, BYTES(".")))
		return b->n == 0 ? "the line ends in the stamp" : "stamp without milliseconds";
	digits = 0;
	ms = 0;
	for (; digits < b->n && digits < 4 && bytes_digit(b->p[digits]); digits++)
		ms = ms * 10 + (unsigned)(b->p[digits] - '0');
	if (digits < 3 && digits == b->n)
		return "the line ends in the stamp";
	if (digits != 3)
		return "milliseconds in the stamp are not three digits";
	bytes_skip(b, 3);
	if (!bytes_take(b, BYTES(":")) || !bytes_dec(b, UINT32_MAX, &serial))
		return b->n == 0 ? "the line ends in the stamp" :
				   "serial in the stamp is no number, or over 32 bits";
	if (!bytes_take(b, BYTES("):")))
		return b->n == 0 ? "the line ends in the stamp" : "stamp is not closed";
	if (b->n > 0 && b->p[0] != ' ')
		return "no blank after the stamp";
	bytes_take(b, BYTES(" "));
	bytes_take(b, BYTES(" ")); /* two are seen in copied course material */
	rec->ms = (int64_t)sec * 1000 + (int64_t)ms;
	rec->serial = (uint32_t)serial;
	rec->has_serial = true;
	return NULL;
}

const char *fields_stamp(struct bytes *b, struct record *rec)
{
	const char *why = fields_stamp_alone(b, rec);

	return why == NULL && b->n == 0 ? "the line ends after the stamp" : why;
}

static bool field_u32(struct bytes *b, struct bytes key, uint32_t *out)
{
	uint64_t v;

	if (!bytes_take(b, key) || !bytes_dec(b, UINT32_MAX, &v))
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool field_i32(struct bytes *b, struct bytes key, int32_t *out)
{
	bool minus;
	uint64_t v;

	if (!bytes_take(b, key))
		return false;
	minus = bytes_take(b, BYTES("-"));
	if (!bytes_dec(b, minus ? 2147483648u : 2147483647u, &v) || (minus && v == 0))
		return false;
	*out = minus ? (int32_t)-(int64_t)v : (int32_t)v;
	return true;
}

/*
 * A string by audit_log_untrustedstring(): quoted and literal, or upper-case hex; *b is behind it.
 * (null) is what audit_log_d_path_exe() writes where there is no binary.
 */
const char *fields_string(struct bytes *b, struct bytes *out, char *room, size_t max, bool null_ok)
{
	ptrdiff_t n;

	if (bytes_take(b, BYTES("\""))) {
		*out = bytes_until(b, '"');
		if (!bytes_take(b, BYTES("\"")))
			return "the line ends within quotes";
		for (size_t i = 0; i < out->n; i++)
			if ((unsigned char)out->p[i] < 0x21 || (unsigned char)out->p[i] > 0x7e)
				return "a byte in quotes that the kernel would write as hex";
		return out->n > max ? "text is longer than the kernel keeps" : NULL;
	}
	*out = bytes_until(b, ' ');
	if (null_ok && bytes_eq(*out, BYTES("(null)")))
		return NULL;
	if (out->n == 0)
		return b->n == 0 ? "the line ends where a text belongs" : "text is missing";
	n = bytes_unhex(*out, room, max);
	if (n < 0)
		return "text is neither quoted nor upper-case hex";
	if (memchr(room, '\0', (size_t)n) != NULL)
		return "a NUL byte in hex";
	*out = (struct bytes){ room, (size_t)n };
	return NULL;
}

/* subj= may hold blanks and ends where pid= (ChromeOS: ppid=) begins. */
static const char *field_subj(struct bytes *b, struct record *rec)
{
	size_t end, ppid;

	rec->has_subj = bytes_take(b, BYTES("subj="));
	rec->subj = (struct bytes){ NULL, 0 };
	if (!rec->has_subj)
		return NULL;
	end = bytes_find(*b, BYTES(" pid="));
	ppid = bytes_find(*b, BYTES(" ppid="));
	if (ppid < end)
		end = ppid;
	if (end == b->n)
		return "no pid after subj";
	if (end == 0)
		return "subj is empty";
	rec->subj = (struct bytes){ b->p, end };
	for (size_t i = 0; i < end; i++)
		if ((unsigned char)b->p[i] < 0x20 || (unsigned char)b->p[i] > 0x7e)
			return "a control byte in subj";
	bytes_skip(b, end + 1);
	return NULL;
}

/* Why a field is not taken: the line ends there, in its name or before its value; else `why`. */
static const char *ends(struct bytes b, const char *key, const char *after, const char *why)
{
	size_t n = strlen(key);

	if (b.n <= n && memcmp(b.p, key, b.n) == 0)
		return after;
	return why;
}

#define ENDS(after) "the line ends after " after

static const char *identity(struct bytes *b, struct record *rec, struct fields_room *room)
{
	const char *why;
	uint32_t ppid;

	if (!field_u32(b, BYTES("auid="), &rec->auid))
		return ends(*b, "auid=", "the line ends before auid",
			    "auid is missing or no number");
	if (!field_u32(b, BYTES(" uid="), &rec->uid))
		return ends(*b, " uid=", ENDS("auid="), "uid is missing or no number");
	if (!field_u32(b, BYTES(" gid="), &rec->gid))
		return ends(*b, " gid=", ENDS("uid="), "gid is missing or no number");
	if (!field_u32(b, BYTES(" ses="), &rec->ses))
		return ends(*b, " ses=", ENDS("gid="), "ses is missing or no number");
	if (!bytes_take(b, BYTES(" ")))
		return "line ends after ses";
	why = field_subj(b, rec);
	if (why != NULL)
		return why;
	if (field_u32(b, BYTES("ppid="), &ppid) && !bytes_take(b, BYTES(" ")))
		return "line ends after ppid";
	if (!field_i32(b, BYTES("pid="), &rec->pid) || rec->pid < 0)
		return ends(*b, "pid=", ENDS("ses="), "pid is missing, no number, or over 31 bits");
	if (!bytes_take(b, BYTES(" comm=")))
		return ends(*b, " comm=", ENDS("pid="), "comm is not where it belongs");
	why = fields_string(b, &rec->comm, room->comm, sizeof(room->comm), false);
	if (why != NULL)
		return why;
	if (!bytes_take(b, BYTES(" exe=")))
		return bytes_starts(*b, BYTES(" sig=")) ?
			       "no exe and no arch: the kernel is too old" :
			       ends(*b, " exe=", ENDS("comm="), "exe is not where it belongs");
	why = fields_string(b, &rec->exe, room->exe, sizeof(room->exe), true);
	if (why == NULL && rec->exe.n == 0)
		why = "exe is empty";
	return why;
}

static const char *call(struct bytes *b, struct record *rec)
{
	uint64_t v;

	if (!field_i32(b, BYTES(" sig="), &rec->sig) || rec->sig < 0)
		return ends(*b, " sig=", ENDS("exe="), "sig is missing or no number");
	if (!bytes_take(b, BYTES(" arch=")))
		return bytes_starts(*b, BYTES(" syscall=")) ?
			       "no arch: the kernel is too old" :
			       ends(*b, " arch=", ENDS("sig="), "arch is not where it belongs");
	if (!bytes_hex(b, UINT32_MAX, &v))
		return b->n == 0 ? ENDS("arch=") : "arch is no hex number of 32 bits";
	rec->arch = (uint32_t)v;
	if (!field_i32(b, BYTES(" syscall="), &rec->nr))
		return ends(*b, " syscall=", ENDS("arch="),
			    "syscall is missing, no number, or over 31 bits");
	if (!bytes_take(b, BYTES(" compat=")))
		return ends(*b, " compat=", ENDS("syscall="), "compat is not where it belongs");
	if (b->n == 0 || (b->p[0] != '0' && b->p[0] != '1'))
		return b->n == 0 ? ENDS("compat=") : "compat is not 0 or 1";
	rec->compat = b->p[0] == '1';
	bytes_skip(b, 1);
	if (!bytes_take(b, BYTES(" ip=0x")) || !bytes_hex(b, UINT64_MAX, &rec->ip))
		return ends(*b, " ip=0x", ENDS("compat="),
			    "ip is missing or no hex number of 64 bits");
	if (!bytes_take(b, BYTES(" code=0x")) || !bytes_hex(b, UINT32_MAX, &v))
		return ends(*b, " code=0x", ENDS("ip="),
			    "code is missing or no hex number of 32 bits");
	rec->code = (uint32_t)v;
	return NULL;
}

bool fields_agree(int32_t sig, uint32_t code)
{
	uint32_t action = action_of(code);

	if (action == ACTION_ALLOW)
		return false; /* never logged */
	return action_kills(action) ? sig == 31 || sig == 9 : sig == 0;
}

/* Does a record begin in it? It has to have one of these two at the place where a value begins. */
static bool begins_another(struct bytes b)
{
	for (const char *at; b.n > 0 && (at = memchr(b.p, '=', b.n)) != NULL;) {
		struct bytes before = { b.p, (size_t)(at - b.p) },
			     behind = { at + 1, b.n - before.n - 1 };

		if ((bytes_starts(behind, BYTES("1326")) && before.n >= 4 &&
		     memcmp(at - 4, "type", 4) == 0) ||
		    (bytes_starts(behind, BYTES("audit(")) && before.n >= 4 &&
		     memcmp(at - 4, " msg", 4) == 0))
			return true;
		b = behind;
	}
	return false;
}

bool fields_tail(struct bytes b)
{
	static const struct bytes separators[] = { { "\x1d", 1 }, { "#035", 4 }, { "\\u001d", 6 },
						   { "^]", 2 },	  { " ", 1 },	 { "", 0 } };
	struct bytes rest = b;

	bytes_trim_right(&rest);
	if (rest.n == 0)
		return true;
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		struct bytes tail = rest;

		if (bytes_take(&tail, separators[i]) && bytes_starts(tail, BYTES("AUID=")))
			return !begins_another(tail);
	}
	return false;
}

const char *fields_body(struct bytes b, struct record *rec, struct fields_room *room)
{
	const char *why = identity(&b, rec, room);

	if (why == NULL)
		why = call(&b, rec);
	if (why != NULL)
		return why;
	if (!fields_tail(b))
		return bytes_has(b, BYTES("audit(")) ? "two records on one line" :
						       "text after the last field";
	if (!fields_agree(rec->sig, rec->code))
		return "sig and code disagree: cut, or not the kernel's";
	return NULL;
}
