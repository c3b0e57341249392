// SPDX-License-Identifier: Apache-2.0
/*
 * A unit or drop-in of systemd: SystemCallFilter=, SystemCallLog=, SystemCallErrorNumber=,
 * SystemCallArchitectures=, and what loads filters of its own (systemd_settings.h). The first
 * assignment decides whether a list allows or denies; later ones add or, with the other sign, take
 * away; an empty one begins anew. Sets (@network-io) hold what they hold in systemd 252, which
 * another version may see otherwise. @default, which systemd puts into each list that allows, makes
 * rules that are implied. source: systemd.exec(5)
 */
#include "analyze/input/systemd_settings.h"
#include "analyze/policy/bounds.h"
#include "analyze/policy/systemd_set.h"
#include "store/base/esc.h"
#include "store/model/action.h"
#include "store/model/arch.h"
#include "store/model/syscall.h"

#define NO_ERROR (-1)  /* SystemCallErrorNumber= decides */
#define KILLS (-2)
#define NAMES_MAX 4096 /* of a list, which is searched from end to end */

struct entry { const char *name; int error; bool implied; };

/* One of the two lists. */
struct list {
	bool there, allows;
	VEC(struct entry) entries;
};

struct unit {
	struct reading r;
	struct list filter, log;
	int error;
	struct systemd_settings settings;
	const char *section; /* one whose settings do not confine what the unit runs; NULL: it is
				none of these */
	bool elsewhere;      /* a setting of ours stands in such a section */
	size_t taken; /* names and sets so far, and what these hold: also what was taken away again
		       */
};

static bool is_systemd(struct bytes text)
{
	struct bytes first = input_first(text, "#;");

	return bytes_starts(first, BYTES("SystemCall")) ||
	       (first.n > 2 && first.p[0] == '[' && (first.p[1] | 0x20) >= 'a' &&
		(first.p[1] | 0x20) <= 'z');
}

/* ---- lists ---- */

static struct entry *find_entry(const struct list *l, const char *name)
{
	for (size_t i = 0; i < l->entries.n; i++)
		if (l->entries.v[i].name == name) /* interned */
			return &l->entries.v[i];
	return NULL;
}

static void put(struct list *l, struct entry entry)
{
	struct entry *was = find_entry(l, entry.name);

	if (was == NULL)
		was = VEC_PUSH(&l->entries);
	*was = entry;
}

static void take_away(struct list *l, const char *name)
{
	struct entry *was = find_entry(l, name);

	if (was == NULL)
		return;
	memmove(was, was + 1, (size_t)(l->entries.v + l->entries.n - was - 1) * sizeof(*was));
	l->entries.n--;
}

static int error_of(const struct unit *u, struct bytes word, int *out)
{
	*out = KILLS;
	if (bytes_eq(word, BYTES("kill")) || input_errno(word, out))
		return 0;
	return input_bad_word(&u->r, "no such errno", word);
}

static int count(struct unit *u, size_t n)
{
	u->taken += n;
	u->r.p->too_large = u->taken > BOUNDS_NAMES;
	return !u->r.p->too_large ?
		       0 :
		       input_bad_line(&u->r, "too large for a profile: over %d names of calls",
				      BOUNDS_NAMES);
}

/* A name, or what a set holds. */
static int change(struct unit *u, struct list *l, const char *name, int error, bool adds)
{
	if (adds && l->entries.n >= NAMES_MAX)
		return input_bad_line(&u->r, "more than %d names", NAMES_MAX);
	if (adds)
		put(l, (struct entry){ name, error, false });
	else
		take_away(l, name);
	return 0;
}

static void note_set(struct policy *p, const char *set)
{
	for (size_t i = 0; i < p->sets.n; i++)
		if (p->sets.v[i] == set) /* interned */
			return;
	*VEC_PUSH(&p->sets) = set;
}

static int change_by_set(struct unit *u, struct list *l, struct bytes set, int error, bool adds)
{
	const char *word = input_keep(u->r.p, set);
	struct policy_words names = { 0 };
	char shown[60];
	int ret;

	systemd_set_names(&names, word);
	ret = count(u, names.n);
	if (names.n == 0)
		policy_unread(u->r.p, "line %zu: what is in %s is not known here", u->r.line,
			      esc_word(shown, sizeof(shown), set));
	else
		note_set(u->r.p, word);
	for (size_t i = 0; i < names.n && ret == 0; i++)
		if (syscall_is_known(
			    names.v[i])) /* systemd passes over the others in silence, in a set */
			ret = change(u, l, policy_keep(u->r.p, names.v[i]), error, adds);
	VEC_FREE(&names);
	return ret;
}

static bool is_set(struct bytes word)
{
	bool set = bytes_take(&word, BYTES("@")) && word.n > 0;

	for (size_t i = 0; set && i < word.n; i++)
		set = word.p[i] == '-' || input_is_name((struct bytes){ word.p + i, 1 });
	return set;
}

static int read_word(struct unit *u, struct list *l, struct bytes word, bool minus)
{
	struct bytes name = bytes_until(&word, ':');
	bool set = is_set(name), adds = minus != l->allows;
	int error = NO_ERROR;
	char shown[60];

	if (count(u, 1) < 0)
		return -1;
	if (!input_is_name(name) && !set)
		return input_bad_word(&u->r, "no name of a call", name);
	if (bytes_take(&word, BYTES(":")) && error_of(u, word, &error) < 0)
		return -1;
	if (error != NO_ERROR && !minus) {
		policy_idle(u->r.p,
			    "line %zu: %s has an errno in a list that allows; systemd ignores it",
			    u->r.line, esc_word(shown, sizeof(shown), name));
		return 0;
	}
	return set ? change_by_set(u, l, name, error, adds) :
		     change(u, l, input_keep(u->r.p, name), error, adds);
}

static int begin_list(struct unit *u, struct list *l, bool minus)
{
	size_t n = 0;

	l->there = true;
	l->allows = !minus;
	for (; l == &u->filter && l->allows && systemd_set_always(n) != NULL; n++)
		if (syscall_is_known(systemd_set_always(n)))
			put(l, (struct entry){ policy_keep(u->r.p, systemd_set_always(n)), NO_ERROR,
					       true });
	return count(u, n);
}

static int read_list(struct unit *u, struct list *l, struct bytes value)
{
	bool minus = bytes_take(&value, BYTES("~"));
	struct bytes word;

	if (value.n == 0 && !minus) {
		l->entries.n = 0;
		l->there = false;
		return 0;
	}
	if (!l->there && begin_list(u, l, minus) < 0)
		return -1;
	while ((word = input_word(&value)).n > 0)
		if (read_word(u, l, word, minus) < 0)
			return -1;
	return 0;
}

/* ---- architectures ---- */

/* systemd's words, as far as they are not ours. */
static const struct { const char *word, *name;
} arch_words[] = {
	{ "x86-64", "x86_64" },	       { "x86", "i386" },
	{ "arm64", "aarch64" },	       { "ppc64-le", "ppc64le" },
	{ "mips-le", "mipsel" },       { "mips64-le", "mipsel64" },
	{ "mips64-n32", "mips64n32" }, { "mips64-le-n32", "mipsel64n32" },
};

static void add_arch(struct policy *p, uint32_t arch)
{
	for (size_t i = 0; i < p->archs.n; i++)
		if (p->archs.v[i] == arch)
			return;
	*VEC_PUSH(&p->archs) = arch;
}

static int read_archs(struct unit *u, struct bytes value)
{
	struct bytes word;

	if (value.n == 0)
		u->r.p->archs.n = 0;
	while ((word = input_word(&value)).n > 0) {
		const char *name = input_keep(u->r.p, word);
		uint32_t arch;

		if (count(u, 1) < 0)
			return -1;
		for (size_t i = 0; i < ARRAY_SIZE(arch_words); i++)
			if (strcmp(arch_words[i].word, name) == 0)
				name = arch_words[i].name;
		if (strcmp(name, "native") == 0)
			arch = arch_native();
		else if (!arch_of_name(name, &arch))
			return input_bad_word(&u->r, "no such architecture", word);
		add_arch(u->r.p, arch);
	}
	return 0;
}

/* Without SystemCallArchitectures= the filter holds for all that the machine runs. source:
 * seccomp_local_archs of systemd */
static void add_local_archs(struct policy *p)
{
	static const char *const families[][3] = { { "x86_64", "i386", "x32" },
						   { "aarch64", "arm", NULL },
						   { "s390x", "s390", NULL } };

	add_arch(p, arch_native());
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		for (size_t k = 1; k < 3 && families[i][k] != NULL; k++) {
			uint32_t arch;

			if (strcmp(families[i][0], arch_name(arch_native())) == 0 &&
			    arch_of_name(families[i][k], &arch))
				add_arch(p, arch);
		}
}

/* ---- the whole ---- */

/* "[Service]": systemd takes these settings in the sections of units that run something, and passes
 * over them elsewhere. */
static void read_section(struct unit *u, struct bytes line)
{
	static const char *const sections[] = { "[Service]", "[Socket]", "[Mount]", "[Swap]" };

	u->section = policy_keep(u->r.p, esc_word((char[64]){ 0 }, 64, line));
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (bytes_eq(line, bytes_of(sections[i])))
			u->section = NULL;
}

static void read_elsewhere(struct unit *u, struct bytes key, struct bytes value)
{
	struct systemd_settings spare = u->settings;
	char shown[64];

	if (!bytes_starts(key, BYTES("SystemCall")) &&
	    !systemd_settings_read(&spare, &u->r, key, value))
		return;
	u->elsewhere = true;
	policy_unread(u->r.p, "line %zu: %s= stands in %s, where systemd passes over it", u->r.line,
		      esc_word(shown, sizeof(shown), key), u->section);
}

static int read_line(struct unit *u, struct bytes line)
{
	struct bytes key = bytes_until(&line, '='), value;
	bool ours = bytes_starts(key, BYTES("SystemCall"));

	if (bytes_starts(key, BYTES("["))) {
		read_section(u, key);
		return 0;
	}
	bytes_trim_right(&key);
	if (u->section != NULL) {
		bytes_take(&line, BYTES("="));
		read_elsewhere(u, key, line);
		return 0;
	}
	if (!bytes_take(&line, BYTES("=")))
		return ours ? input_bad_word(&u->r, "no '=' behind it", key) : 0;
	bytes_trim_right(&key);
	value = line;
	bytes_trim_left(&value);
	if (!ours) {
		systemd_settings_read(&u->settings, &u->r, key, value);
		return 0;
	}
	if (bytes_eq(key, BYTES("SystemCallFilter")))
		return read_list(u, &u->filter, value);
	if (bytes_eq(key, BYTES("SystemCallLog")))
		return read_list(u, &u->log, value);
	if (bytes_eq(key, BYTES("SystemCallArchitectures")))
		return read_archs(u, value);
	if (!bytes_eq(key, BYTES("SystemCallErrorNumber")))
		return input_bad_word(&u->r, "no such setting", key);
	u->error = KILLS;
	return value.n ? error_of(u, value, &u->error) : 0;
}

struct answer { uint32_t action; int error; };

/* What the list for filtering says of a name; NULL: of all that it does not name. */
static struct answer filtered(const struct unit *u, const char *name)
{
	const struct entry *in = name ? find_entry(&u->filter, name) : NULL;
	int error = in != NULL && in->error != NO_ERROR ? in->error : u->error;

	if (!u->filter.there || (in != NULL) == u->filter.allows)
		return (struct answer){ ACTION_ALLOW, POLICY_NO_ERRNO };
	if (error == KILLS)
		return (struct answer){ ACTION_KILL_PROCESS, POLICY_NO_ERRNO };
	return (struct answer){ ACTION_ERRNO, error };
}

/* Both are filters of their own, and the stricter one answers: so LOG where the other one allows.
 */
static struct answer answered(const struct unit *u, const char *name)
{
	struct answer a = filtered(u, name);
	bool named = name != NULL && find_entry(&u->log, name) != NULL;

	if (a.action == ACTION_ALLOW && u->log.there && named == u->log.allows)
		a.action = ACTION_LOG;
	return a;
}

static void add_name(struct policy *p, const char *name, bool implied, struct answer a)
{
	struct policy_rule *rule = NULL;

	if (a.action == p->default_action && a.error == p->default_error)
		return;
	for (size_t i = 0; i < p->rules.n && rule == NULL; i++)
		if (p->rules.v[i].action == a.action && p->rules.v[i].error == a.error &&
		    p->rules.v[i].implied == implied)
			rule = &p->rules.v[i];
	if (rule == NULL) {
		rule = policy_add_rule(p, a.action, a.error);
		rule->implied = implied;
	}
	*VEC_PUSH(&rule->names) = name;
}

static int make_policy(struct unit *u)
{
	struct policy *p = u->r.p;
	struct answer otherwise = answered(u, NULL);

	bool some = u->filter.there || u->log.there || p->archs.n;

	p->default_action = otherwise.action;
	p->default_error = otherwise.error;
	for (size_t i = 0; i < u->filter.entries.n; i++)
		add_name(p, u->filter.entries.v[i].name, u->filter.entries.v[i].implied,
			 answered(u, u->filter.entries.v[i].name));
	for (size_t i = 0; i < u->log.entries.n; i++)
		if (find_entry(&u->filter, u->log.entries.v[i].name) == NULL)
			add_name(p, u->log.entries.v[i].name, false,
				 answered(u, u->log.entries.v[i].name));
	if (p->archs.n == 0)
		add_local_archs(p);
	some = systemd_settings_apply(&u->settings, p) > 0 || some;
	if (!some)
		return err_set(
			u->r.e, ST_INPUT, "%s: no %s", u->r.file,
			u->elsewhere ?
				"filter: its settings stand in a section in which systemd passes over them" :
				"SystemCallFilter= in it, nor a setting that loads a filter");
	return 0;
}

static int read_lines(struct unit *u, struct bytes text)
{
	auto_buf struct buf joined = { 0 };
	struct bytes line;

	while (input_line(&u->r, &text, &line)) {
		struct bytes first = line;

		bytes_trim_left(&first);
		if (first.n > 0 &&
		    (first.p[0] == '#' || first.p[0] == ';')) /* within a continued line, too */
			continue;
		if (line.n > 0 && line.p[line.n - 1] == '\\' && text.n > 0) {
			buf_add(&joined, line.p, line.n - 1);
			buf_char(&joined, ' ');
			continue;
		}
		if (line.n == 0 && joined.n == 0)
			continue;
		buf_add(&joined, line.p, line.n);
		first = buf_bytes(&joined);
		bytes_trim_left(&first);
		bytes_trim_right(&first);
		if (read_line(u, first) < 0)
			return -1;
		joined.n = 0;
	}
	return 0;
}

static int read_systemd(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct unit u = { .r = { .p = p, .file = file, .e = e }, .error = KILLS };
	int ret = read_lines(&u, text) < 0 ? -1 : make_policy(&u);

	VEC_FREE(&u.filter.entries);
	VEC_FREE(&u.log.entries);
	return ret;
}

const struct input input_systemd = { "systemd", "a unit or drop-in of systemd", is_systemd,
				     read_systemd };
