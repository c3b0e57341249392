// SPDX-License-Identifier: Apache-2.0
/* Recognises formats by their first words or members, the surest first. */
#include "analyze/input/other.h"

#include "analyze/input/input.h"

#include <linux/filter.h>

/* ---- lines ---- */

/* Does a line begin with the word, and end or go on with none of a name's letters? `inner`: after
 * blanks, too. */
static bool has_line(struct bytes text, const char *word, bool inner)
{
	struct reading r = { 0 };
	struct bytes line;

	while (input_line(&r, &text, &line)) {
		if (inner)
			bytes_trim_left(&line);
		if (bytes_take(&line, bytes_of(word)) &&
		    (line.n == 0 || !input_is_name((struct bytes){ line.p, 1 })))
			return true;
	}
	return false;
}

static bool starts_line(struct bytes text, const char *with)
{
	struct reading r = { 0 };
	struct bytes line;

	while (input_line(&r, &text, &line))
		if (bytes_starts(line, bytes_of(with)))
			return true;
	return false;
}

static bool any_line(struct bytes text, const char *const *words, size_t n, bool inner)
{
	for (size_t i = 0; i < n; i++)
		if (has_line(text, words[i], inner))
			return true;
	return false;
}

/* "[", then one of letters: a heading as systemd's files have them, of that name. */
static bool is_section(struct bytes first, const char *name)
{
	return bytes_take(&first, BYTES("[")) && bytes_take(&first, bytes_of(name)) &&
	       bytes_starts(first, BYTES("]"));
}

static bool first_word_is(struct bytes first, const char *const *words, size_t n)
{
	struct bytes word = input_word(&first);

	for (size_t i = 0; i < n; i++)
		if (bytes_eq(word, bytes_of(words[i])))
			return true;
	return false;
}

#define FIRST_WORD(first, ...)                                                                     \
	first_word_is(first, (const char *const[]){ __VA_ARGS__ },                                 \
		      sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
#define ANY_LINE(text, inner, ...)                                                                 \
	any_line(text, (const char *const[]){ __VA_ARGS__ },                                       \
		 sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *), inner)

static bool is_template(struct bytes text, struct bytes first)
{
	(void)first;
	return bytes_has(text, BYTES("{{")) && bytes_has(text, BYTES("}}"));
}

/* Raw instructions, the first of which is a load of the architecture or the number, as all filters
 * begin. */
static bool is_raw(struct bytes text, struct bytes first)
{
	struct sock_filter one;

	(void)first;
	if (text.n < sizeof(one) || text.n % sizeof(one) != 0)
		return false;
	memcpy(&one, text.p, sizeof(one));
	return one.code == (BPF_LD | BPF_W | BPF_ABS) && one.jt == 0 && one.jf == 0;
}

static bool is_raw_swapped(struct bytes text, struct bytes first)
{
	struct sock_filter one;

	(void)first;
	if (text.n < sizeof(one) || text.n % sizeof(one) != 0)
		return false;
	memcpy(&one, text.p, sizeof(one));
	return one.code == __builtin_bswap16(BPF_LD | BPF_W | BPF_ABS) && one.jt == 0 &&
	       one.jf == 0;
}

static bool is_binary(struct bytes text, struct bytes first)
{
	(void)first;
	return memchr(text.p, '\0', text.n < 512 ? text.n : 512) != NULL &&
	       !bytes_starts(text, BYTES("\xff\xfe"));
}

static bool is_kafel(struct bytes text, struct bytes first)
{
	return FIRST_WORD(first, "POLICY", "USE", "ALLOW", "DENY", "KILL", "KILL_PROCESS", "LOG",
			  "ERRNO", "TRAP", "TRACE", "DEFAULT", "#define") ||
	       bytes_starts(first, BYTES("ALLOW{")) || bytes_starts(first, BYTES("ERRNO(")) ||
	       ANY_LINE(text, true, "POLICY", "USE", "DEFAULT");
}

static bool is_nsjail(struct bytes text, struct bytes first)
{
	(void)first;
	return bytes_has(text, BYTES("seccomp_string:")) ||
	       bytes_has(text, BYTES("seccomp_policy_file:"));
}

static bool is_snap(struct bytes text, struct bytes first)
{
	struct reading r = { 0 };
	struct bytes line;

	if (FIRST_WORD(first, "@unrestricted", "@complain", "@deny", "snapd"))
		return true;
	if (!input_is_name(input_word(&first)) && !bytes_starts(first, BYTES("~")))
		return false;
	while (input_line(&r, &text, &line)) {
		struct bytes word, more;
		bool minus;

		bytes_trim_left(&line);
		minus = bytes_take(&line, BYTES("~"));
		word = input_word(&line);
		more = input_word(&line);
		if (!input_is_name(word) || (more.n > 0 && more.p[0] == '#'))
			continue;
		/* "socket AF_UNIX", "setpriority PRIO_PROCESS 0 >=0", "~ioctl - TIOCSTI" */
		if (minus || bytes_eq(more, BYTES("-")) ||
		    (more.n > 1 && strchr("!<>|=", more.p[0]) != NULL) ||
		    bytes_starts(more, BYTES("AF_")) || bytes_starts(more, BYTES("PRIO_")) ||
		    bytes_starts(more, BYTES("CLONE_")) || bytes_starts(more, BYTES("PR_")) ||
		    bytes_starts(more, BYTES("S_")) || bytes_starts(more, BYTES("u:")) ||
		    bytes_starts(more, BYTES("g:")))
			return true;
	}
	return false;
}

static bool is_firejail(struct bytes text, struct bytes first)
{
	(void)first;
	return starts_line(text, "seccomp ") || starts_line(text, "caps ") ||
	       starts_line(text, "protocol ") ||
	       ANY_LINE(text, false, "seccomp.keep", "seccomp.drop", "seccomp.block-secondary",
			"seccomp.error-action", "caps.drop", "caps.keep", "noblacklist",
			"nonewprivs", "private-dev", "private-tmp", "noroot", "dbus-user");
}

static bool is_apparmor(struct bytes text, struct bytes first)
{
	return bytes_starts(first, BYTES("abi <")) || bytes_starts(first, BYTES("include <")) ||
	       bytes_has(text, BYTES("#include <tunables")) ||
	       (bytes_starts(first, BYTES("profile ")) && bytes_has(first, BYTES("{")));
}

static bool is_flatpak(struct bytes text, struct bytes first)
{
	return is_section(first, "Application") || is_section(first, "Runtime") ||
	       is_section(first, "Context") || has_line(text, "finish-args:", false);
}

static bool is_compose(struct bytes text, struct bytes first)
{
	(void)first;
	return has_line(text, "services:", false) && !has_line(text, "kind:", false);
}

static bool is_pfc(struct bytes text, struct bytes first)
{
	(void)first;
	return bytes_has((struct bytes){ text.p, text.n < 200 ? text.n : 200 },
			 BYTES("pseudo filter code"));
}

static bool is_disassembly(struct bytes text, struct bytes first)
{
	(void)text;
	return (bytes_starts(first, BYTES("line ")) && bytes_has(first, BYTES("CODE")) &&
		bytes_has(first, BYTES("JT"))) ||
	       bytes_starts(first, BYTES("0000: 0x"));
}

static bool is_nspawn(struct bytes text, struct bytes first)
{
	return is_section(first, "Exec") || is_section(first, "Files") ||
	       (is_section(first, "Network") && has_line(text, "[Exec]", false));
}

static bool is_analyze(struct bytes text, struct bytes first)
{
	return (bytes_starts(first, BYTES("@")) && starts_line(text, "    # ")) ||
	       bytes_has(text, BYTES("# Ungrouped System Calls"));
}

static bool is_strace_c(struct bytes text, struct bytes first)
{
	(void)text;
	return bytes_starts(first, BYTES("% time")) && bytes_has(first, BYTES("syscall"));
}

static bool is_strace(struct bytes text, struct bytes first)
{
	(void)text;
	return bytes_has(first, BYTES("(")) && bytes_has(first, BYTES(") = "));
}

/* The first that fits; what is surest stands first. */
static const struct {
	bool (*is)(struct bytes text, struct bytes first);
	const char *what;
} others[] = {
	{ is_raw_swapped,
	  "a BPF program (raw instructions) in the other byte order than this machine's" },
	{ is_raw, "a BPF program (raw instructions): only check takes that format" },
	{ is_binary, "neither text nor a BPF program that begins with a load, so no profile" },
	{ is_template, "a template (Helm, Go or Jinja), not a profile: render it first" },
	{ is_pfc,
	  "libseccomp's pseudo filter code, which is for people: the format has no reader" },
	{ is_disassembly,
	  "a disassembled filter: the format has no reader; check takes the raw instructions" },
	{ is_apparmor, "a profile of AppArmor, which is not about system calls" },
	{ is_nsjail,
	  "a configuration of nsjail; its seccomp policy is kafel's, a format that is not read" },
	{ is_kafel, "a policy of kafel (nsjail), a format that is not read" },
	{ is_flatpak,
	  "flatpak's metadata, a format that is not read: its filter is flatpak's own, by what the context allows" },
	{ is_firejail,
	  "a profile of firejail, a format that is written and not read (its protocol, caps and nonewprivs confine, too)" },
	{ is_snap, "a template of snap-seccomp, a format that is not read" },
	{ is_compose, "a compose file, not a profile: its security_opt names the profile's file" },
	{ is_nspawn,
	  "a file of systemd-nspawn, not a unit: its SystemCallFilter= changes nspawn's own list, which is not read" },
	{ is_analyze, "what 'systemd-analyze syscall-filter' prints, not a profile" },
	{ is_strace_c, "the table of strace -c, not a profile: 'scaudit ingest' reads it" },
	{ is_strace,
	  "the output of strace, not a profile: 'scaudit ingest' reads it, 'scaudit profile' makes a list of that" },
};

const char *input_other(struct bytes text)
{
	struct bytes first = input_first(text, "");

	while (bytes_starts(first, BYTES("#")) && !bytes_starts(first, BYTES("#define")))
		first = input_first(text, "#");
	if (first.n == 0 && text.n == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].is(text, first))
			return others[i].what;
	return NULL;
}

/* ---- JSON ---- */

static bool has(json_object *o, const char *name)
{
	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, name, NULL);
}

const char *input_other_json(json_object *root)
{
	if (json_object_is_type(root, json_type_array))
		return has(json_object_array_get_idx(root, 0), "Config") ?
			       "what 'docker inspect' prints, not a profile" :
			       "a list, not a profile: what is in it?";
	if (has(root, "whitelist") || has(root, "policy"))
		return "a filter of OpenWrt's older procd, a format that is not read";
	if (has(root, "finish-args"))
		return "a manifest of flatpak, not a profile: its filter is flatpak's own";
	if (has(root, "services"))
		return "a compose file, not a profile: its security_opt names the profile's file";
	if (has(root, "seccomp-profile") || has(root, "default-ulimits") ||
	    has(root, "registry-mirrors"))
		return "a configuration of dockerd, not a profile: its seccomp-profile names the file";
	if (!json_object_is_type(root, json_type_object))
		return NULL;
	json_object_object_foreach(root, key, value) {
		(void)key;
		if (has(value, "filter_action") ||
		    (has(value, "default_action") && has(value, "filter")))
			return "filters of Firecracker (seccompiler), another program's format, which is not read";
	}
	return NULL;
}
