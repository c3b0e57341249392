// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `image`. */
#include "store/rows/image.h"

#include "store/row.h"
#include "store/sql.h"

STMT(load_image, "SELECT founder, above, tree, path, parts FROM image WHERE id = ?1");
STMT(set_image,
     "INSERT OR REPLACE INTO image (id, founder, above, tree, path, parts) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
STMT(del_image, "DELETE FROM image WHERE id = ?1");
STMT(top_image, "SELECT ifnull(max(id), 0) FROM image");
STMT(images_below, "SELECT id FROM image WHERE above = ?1 AND above <> 0");

struct one { struct image_row *out; int64_t id; bool found; };

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct one *one = to;
	int64_t v[5];

	if (row_read(st, "image", "zzizc", v, e) < 0)
		return -1;
	*one->out = (struct image_row){ .id = one->id,
					.founder = v[0],
					.above = v[1],
					.tree = v[2],
					.path = v[3],
					.parts = (uint64_t)v[4] };
	one->found = true;
	return STORE_ENOUGH;
}

int image_find(struct store *s, int64_t id, struct image_row *out, bool *found, struct err *e)
{
	struct one one = { out, id, false };
	int ret = store_each(s, STMT_load_image, ARGS(V_INT(id)), WALK(take_row, &one), e);

	*found = one.found;
	return ret;
}

int image_save(struct store *s, const struct image_row *r, struct err *e)
{
	return store_run(s, STMT_set_image,
			 ARGS(V_INT(r->id), V_INT(r->founder), V_INT(r->above), V_INT(r->tree),
			      V_INT(r->path), V_INT(r->parts)),
			 e);
}

int image_del(struct store *s, int64_t id, struct err *e)
{
	return store_run(s, STMT_del_image, ARGS(V_INT(id)), e);
}

int image_top(struct store *s, int64_t *id, struct err *e)
{
	return store_top(s, STMT_top_image, "image", id, e);
}

int image_count(struct store *s, int64_t *n, struct err *e)
{
	return store_number_sql(s, "SELECT count(*) FROM image", NO_ARGS, n, e);
}

static int take_below(void *to, sqlite3_stmt *st, struct err *e)
{
	struct image_take *p = to;
	int64_t id;

	return row_read(st, "image", "i", &id, e) < 0 ? -1 : p->take(p->to, id);
}

int image_each_below(struct store *s, int64_t id, struct image_take to, struct err *e)
{
	return store_each(s, STMT_images_below, ARGS(V_INT(id)), WALK(take_below, &to), e);
}
