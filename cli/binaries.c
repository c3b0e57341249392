// SPDX-License-Identifier: Apache-2.0
/*
 * Compares the builds that evidence is of with the files that lie there now, and says what
 * differs.
 */
#include "cli/binaries.h"

#include "cli/command.h"
#include "store/base/esc.h"
#include "store/base/json.h"

#define SHOWN 10
#define ID_SHOWN 12 /* digits of a build-id */

void binaries_find(struct binaries *out, struct query *q, const struct selection *s)
{
	struct builds builds;

	*out = (struct binaries){ 0 };
	uname(&out->own);
	builds_find(&builds, q, s);
	for (size_t i = 0; i < builds.n; i++) {
		const struct build *b = &builds.v[i];
		struct binary *one = VEC_PUSH(out);

		*one = (struct binary){ .build = *b };
		/* the query's strings end in NUL */
		if (b->here && b->latest &&
		    query_is_node(q, b->node_id, bytes_of(out->own.nodename)))
			one->looked = build_at(&one->now, b->exe.p);
	}
	VEC_FREE(&builds);
}

static bool has_changed(const struct binary *b)
{
	return b->looked && !bytes_eq(bytes_of(b->now.text), b->build.id);
}

/* ---- lines ---- */

struct saying { size_t n; bool all; };

static void say_some(struct saying *s, const struct buf *line)
{
	if (++s->n <= SHOWN || s->all)
		command_say("%.*s", (int)line->n, line->p);
}

/* Enough of a build-id to tell it from another. */
static void add_id(struct buf *out, struct bytes id)
{
	if (id.n == 0)
		buf_str(out, "none");
	esc_tty(out, (struct bytes){ id.p, id.n < ID_SHOWN ? id.n : ID_SHOWN });
}

static void add_program(struct buf *out, const struct build *b)
{
	esc_tty(out, b->exe);
	if (b->location.n)
		buf_printf(out, " (%.*s)", (int)b->location.n, b->location.p);
}

static void say_changed(struct saying *s, const struct build *b, const char *since,
			const struct build_id *now)
{
	auto_buf struct buf line = { 0 };

	add_program(&line, b);
	buf_printf(&line, " has changed since %s (build-id ", since);
	add_id(&line, b->id);
	buf_str(&line, " then, ");
	add_id(&line, bytes_of(now->text));
	buf_str(&line, " now): record again");
	say_some(s, &line);
}

static void say_mixed(struct saying *s, const struct build *b)
{
	auto_buf struct buf line = { 0 };

	buf_printf(&line, "the evidence is of %zu builds of ", b->others + 1);
	add_program(&line, b);
	buf_str(&line, ", the newest with the build-id ");
	add_id(&line, b->id);
	buf_str(&line, ": --since TIME leaves out what older ones did");
	say_some(s, &line);
}

/* Was the profile made of this program, and of another build of it? */
static const char *made_of_other(const struct policy *profile, const struct build *b)
{
	const char *other = NULL;

	for (size_t i = 0; i < profile->binaries.n; i++) {
		const struct policy_binary *p = &profile->binaries.v[i];

		if (!builds_same_program(b, bytes_of(p->path), bytes_of(p->container)))
			continue;
		if (bytes_eq(b->id, bytes_of(p->build_id)))
			return NULL;
		other = p->build_id;
	}
	return other;
}

static void say_made_of_other(struct saying *s, const struct build *b, const char *other)
{
	auto_buf struct buf line = { 0 };

	buf_str(&line, "the profile was made of another build of ");
	add_program(&line, b);
	buf_str(&line, " (build-id ");
	add_id(&line, bytes_of(other));
	buf_str(&line, "; the evidence is of ");
	add_id(&line, b->id);
	buf_char(&line, ')');
	say_some(s, &line);
}

/* What the profile was made of here, and the evidence does not show. Of several builds the last one
 * stands last. */
static void say_profile_is_old(struct saying *s, const struct binaries *b,
			       const struct policy *profile, size_t at)
{
	const struct policy_binary *p = &profile->binaries.v[at];
	const struct build then = { .exe = bytes_of(p->path),
				    .id = bytes_of(p->build_id),
				    .location = bytes_of(p->container) };
	struct build_id now;

	for (size_t i = at + 1; i < profile->binaries.n; i++)
		if (builds_same_program(&then, bytes_of(profile->binaries.v[i].path),
					bytes_of(profile->binaries.v[i].container)))
			return;
	for (size_t i = 0; i < b->n; i++)
		if (builds_same_program(&then, b->v[i].build.exe, b->v[i].build.location))
			return;
	if (p->local && strcmp(p->node, b->own.nodename) == 0 && build_at(&now, p->path) &&
	    strcmp(now.text, p->build_id) != 0)
		say_changed(s, &then, "the profile was made", &now);
}

void binaries_say(const struct binaries *b, const struct policy *profile, bool all)
{
	struct saying s = { .all = all };

	for (size_t i = 0; i < b->n; i++) {
		const struct build *build = &b->v[i].build;
		const char *other = build->latest ? made_of_other(profile, build) : NULL;

		if (has_changed(&b->v[i]))
			say_changed(&s, build, "it was recorded", &b->v[i].now);
		if (build->latest && build->others > 0)
			say_mixed(&s, build);
		if (other != NULL)
			say_made_of_other(&s, build, other);
	}
	for (size_t i = 0; i < profile->binaries.n; i++)
		say_profile_is_old(&s, b, profile, i);
	if (s.n > SHOWN && !all)
		command_say("%zu more lines of that kind with --verbose", s.n - SHOWN);
}

/* ---- JSON ---- */

json_object *binaries_json(const struct binaries *b)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < b->n; i++) {
		json_object *o = builds_json(&b->v[i].build);

		json_put_text(o, "build_id_now", b->v[i].looked, bytes_of(b->v[i].now.text));
		json_object_object_add(
			o, "changed",
			b->v[i].looked ? json_object_new_boolean(has_changed(&b->v[i])) : NULL);
		json_object_array_add(list, o);
	}
	return list;
}
