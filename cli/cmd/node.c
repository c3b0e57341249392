// SPDX-License-Identifier: Apache-2.0
/* node alias: makes two names of a machine one. */
#include "cli/command.h"
#include "cli/values.h"
#include "ingest/upkeep/again.h"
#include "store/alias.h"
#include "store/base/esc.h"
#include "store/names.h"

#include <string.h>

/* A name as it was typed or, where the store knows only that one, as our own output writes it. */
static int name_of(struct bytes *name, struct buf *room, struct store *s, struct err *e)
{
	int64_t typed, read = 0;

	esc_read(room, *name);
	if (names_find_node(s, *name, &typed, e) < 0 ||
	    (typed == 0 && names_find_node(s, buf_bytes(room), &read, e) < 0))
		return -1;
	if (read > 0)
		*name = buf_bytes(room);
	return 0;
}

static int alias(struct store *s, const char *const *args, struct err *e)
{
	struct bytes name = bytes_of(args[0]), other = bytes_of(args[1]);
	auto_buf struct buf room = { 0 }, more = { 0 };

	if (name_of(&name, &room, s, e) < 0 || name_of(&other, &more, s, e) < 0)
		return -1;
	return alias_nodes(s, name, other, e);
}

static int run_node(struct opts *o, struct err *e)
{
	struct store store = { 0 };
	bool changed;
	int ret = ST_OK;

	if (o->n_args != 3 || strcmp(o->args[0], "alias") != 0)
		return err_set(e, ST_INPUT, "usage: scaudit node alias NAME OTHER-NAME") < 0 ?
			       ST_INPUT :
			       ST_OK;
	if (values_store(o, &store, STORE_CHANGE, NULL, e) < 0 ||
	    store_begin(&store, &changed, e) < 0)
		ret = ST_SYSTEM;
	command_ends("scaudit: stopped; the two names stay as they were\n");
	if (ret == ST_OK && (alias(&store, o->args + 1, e) < 0 || again_all(&store, NULL, e) < 0))
		ret = ST_SYSTEM;
	command_ends(NULL);
	if (ret != ST_OK || store_commit(&store, e) < 0) {
		store_rollback(&store);
		ret = (int)e->status;
	} else if (!opt_on(o, OPT_quiet)) {
		command_say("the two names are one node now");
	}
	store_close(&store);
	return ret;
}

const struct command command_node = {
	.name = "node",
	.args = "alias NAME OTHER-NAME",
	.about = "make two names of a machine one",
	.help = "Says that two host names mean one machine: what stands under either counts as NAME's from then on.",
	.groups = G_STORE,
	.max_args = 3,
	.run = run_node,
};
