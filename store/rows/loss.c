// SPDX-License-Identifier: Apache-2.0
#include "store/rows/loss.h"

#include "store/sql.h"

STMT(add_loss,
     "INSERT INTO loss VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET t = excluded.t, ingest = excluded.ingest, "
     "trusted = excluded.trusted WHERE (excluded.trusted, -ifnull(excluded.t, 1 << 60)) > (trusted, -ifnull(t, 1 << 60))");

int loss_save(struct store *s, const struct loss_row *r, struct err *e)
{
	return store_run(s, STMT_add_loss,
			 ARGS(V_INT(r->node), V_TEXT(bytes_of(r->kind)), V_INT(r->stamp),
			      V_INT(r->number), V_TIME(r->t), V_INT(r->ingest), V_INT(r->trusted)),
			 e);
}
