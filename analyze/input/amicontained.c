// SPDX-License-Identifier: Apache-2.0
/*
 * What amicontained prints: the calls that a container was refused when it tried them. So all else
 * is allowed, as far as it tried: numbers up to rseq's, a few calls excepted, on x86-64 alone. Its
 * names are upper case, and some copies have misprints. source: seccompIter() and syscallName() in
 * main.go of genuinetools/amicontained
 */
#include "analyze/input/input.h"
#include "store/model/action.h"
#include "store/model/syscall.h"

#include <ctype.h>
#include <errno.h>

static const struct bytes head = { "Blocked Syscalls (", 18 };

static bool is_amicontained(struct bytes text)
{
	return bytes_has(text, head) || bytes_has(text, BYTES("Blocked syscalls ("));
}

/* The name that a word means: itself, or the nearest, which *said is told of. False: none is near.
 */
static bool name_of(struct policy *p, struct bytes word, struct policy_rule *rule, struct buf *said)
{
	char name[SYSCALL_NAME_MAX], meant[SYSCALL_NAME_MAX + 24];
	struct bytes near;

	if (word.n >= sizeof(name))
		return false;
	for (size_t i = 0; i < word.n; i++)
		name[i] = (char)tolower((unsigned char)word.p[i]);
	name[word.n] = '\0';
	if (!syscall_is_known(name)) {
		near = bytes_of(syscall_meant(name, meant));
		bytes_until(&near, '\'');
		bytes_skip(&near, 1);
		near = bytes_until(&near, '\'');
		if (near.n == 0)
			return false;
		buf_printf(said, "%s%.*s as %.*s", said->n ? ", " : "", (int)word.n, word.p,
			   (int)near.n, near.p);
		snprintf(name, sizeof(name), "%.*s", (int)near.n, near.p);
	}
	*VEC_PUSH(&rule->names) = policy_keep(p, name);
	return true;
}

static int take_line(struct reading *r, struct policy_rule *rule, struct bytes line,
		     struct buf *said)
{
	for (struct bytes word = input_word(&line); word.n; word = input_word(&line)) {
		if (!input_is_name(word))
			return input_bad_word(r, "no name of a call", word);
		if (!name_of(r->p, word, rule, said))
			policy_unread(r->p, "no call has a name like %.*s", (int)word.n, word.p);
	}
	return 0;
}

static bool is_shouted(struct bytes line)
{
	size_t n = 0;

	while (n < line.n && (isupper((unsigned char)line.p[n]) || bytes_digit(line.p[n]) ||
			      line.p[n] == '_' || line.p[n] == ' ' || line.p[n] == '\t'))
		n++;
	return n == line.n && n > 0;
}

static int read_amicontained(struct policy *p, struct bytes text, const char *file, struct err *e)
{
	struct reading r = { .p = p, .file = file, .e = e };
	auto_buf struct buf said = { 0 };
	struct policy_rule *rule;
	bool inside = false;
	uint64_t told = 0;
	struct bytes line;

	p->default_action = ACTION_ALLOW;
	rule = policy_add_rule(p, ACTION_ERRNO, EPERM);
	while (input_line(&r, &text, &line)) {
		bytes_trim_left(&line);
		bytes_trim_right(&line);
		if (line.n > head.n && (line.p[0] == 'B' || line.p[0] == 'b') &&
		    bytes_has(line, BYTES("locked ")) && bytes_has(line, BYTES("yscalls ("))) {
			bytes_skip(&line, head.n);
			if (bytes_dec(&line, 4096, &told) == 0)
				return input_bad_line(&r, "no number of blocked calls");
			inside = true;
		} else if (inside && is_shouted(line)) {
			if (take_line(&r, rule, line, &said) < 0)
				return -1;
		} else if (line.n) {
			inside = false;
		}
	}
	if (rule->names.n == 0)
		return err_set(e, ST_INPUT, "%s: no names below 'Blocked Syscalls'", file);
	policy_unread(
		p,
		"amicontained tries calls up to number 334, without arguments, and takes EPERM for a refusal, which a missing "
		"capability gives as well: of newer calls nothing is known");
	if (said.n)
		policy_unread(p, "misprints, read as the nearest name: %s", buf_text(&said));
	if (told != rule->names.n)
		policy_unread(p, "it says that it has %llu names, and has %zu",
			      (unsigned long long)told, rule->names.n);
	return 0;
}

const struct input input_amicontained = {
	"amicontained", "what amicontained prints: the calls that a container is refused",
	is_amicontained, read_amicontained
};
