#include "cli/command.h"
#include "cli/values.h"
#include "store/alias.h"

#include <string.h>

static int run(struct opts *o, struct err *e)
{
	struct store store = { 0 };
	bool changed;
	int ret = ST_OK;

	if (o->n_args != 3 || strcmp(o->args[0], "alias") != 0)
		return err_set(e, ST_INPUT, "usage: scaudit node alias NAME OTHER-NAME") < 0 ? ST_INPUT : ST_OK;
	if (opt_store(o, &store, STORE_CHANGE, NULL, e) < 0 || store_begin(&store, &changed, e) < 0 ||
	    alias_nodes(&store, bytes_of(o->args[1]), bytes_of(o->args[2]), e) < 0 || store_commit(&store, e) < 0) {
		store_rollback(&store);
		ret = (int)e->status;
	} else if (!opt_on(o, OPT_quiet)) {
		command_say("the two names are one node now");
	}
	store_close(&store);
	return ret;
}

const struct command command_node = {
	.name = "node", .args = "alias NAME OTHER-NAME", .about = "make two names of a machine one",
	.help = "Says that two host names mean one machine: what stands under either counts as NAME's from then on.",
	.groups = G_STORE, .max_args = 3, .run = run,
};
