// SPDX-License-Identifier: Apache-2.0
/* Statements and rows of `part`. */
#include "store/rows/part.h"

#include "store/row.h"
#include "store/sql.h"

STMT(load_part,
     "SELECT node, pid, boot, trusted, image, link, exe, name, loader, starts, t_first, t_last, t_end, serial_first, "
     "serial_last, uid, auid, state FROM part WHERE id = ?1");
STMT(set_part,
     "INSERT OR REPLACE INTO part (id, node, pid, boot, trusted, image, link, exe, name, loader, starts, t_first, t_last, "
     "t_end, serial_first, serial_last, uid, auid, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
     "?13, ?14, ?15, ?16, ?17, ?18, ?19)");
STMT(del_part, "DELETE FROM part WHERE id = ?1");
STMT(del_part_makers, "DELETE FROM part_makers WHERE part = ?1");
STMT(top_part, "SELECT ifnull(max(id), 0) FROM part");
STMT(tree_images,
     "SELECT id, node, pid, path, parent, fork_of, trusted FROM image_part WHERE tree = ?1");

struct one { int64_t id; struct part_take to; };

static int take_row(void *to, sqlite3_stmt *st, struct err *e)
{
	struct one *one = to;
	struct part_row r;
	int64_t v[18];

	if (row_read(st, "part", "zpwfzzizfftTusSwwb", v, e) < 0)
		return -1;
	r = (struct part_row){
		.id = one->id,
		.node = v[0],
		.pid = (int32_t)v[1],
		.boot = (uint32_t)v[2],
		.trusted = v[3] != 0,
		.image = v[4],
		.link = v[5],
		.exe = v[6],
		.name = v[7],
		.loader = v[8] != 0,
		.starts = v[9] != 0,
		.t_first = v[10],
		.t_last = v[11],
		.t_end = v[12],
		.s_first = (uint32_t)v[13],
		.s_last = (uint32_t)v[14],
		.uid = (uint32_t)v[15],
		.auid = (uint32_t)v[16],
		.state = store_column(st, 17),
	};
	return one->to.take(one->to.to, &r, e) < 0 ? -1 : STORE_ENOUGH;
}

int part_find(struct store *s, int64_t id, struct part_take to, struct err *e)
{
	struct one one = { id, to };

	return store_each(s, STMT_load_part, ARGS(V_INT(id)), WALK(take_row, &one), e);
}

int part_save(struct store *s, const struct part_row *r, struct err *e)
{
	return store_run(s, STMT_set_part,
			 ARGS(V_INT(r->id), V_INT(r->node), V_INT(r->pid), V_INT(r->boot),
			      V_INT(r->trusted), V_INT(r->image), V_INT(r->link), V_INT(r->exe),
			      V_INT(r->name), V_INT(r->loader), V_INT(r->starts), V_INT(r->t_first),
			      V_INT(r->t_last), V_TIME(r->t_end), V_INT(r->s_first),
			      V_INT(r->s_last), V_INT(r->uid), V_INT(r->auid), V_BLOB(r->state)),
			 e);
}

int part_del(struct store *s, int64_t id, struct err *e)
{
	if (s->makers && store_run(s, STMT_del_part_makers, ARGS(V_INT(id)), e) < 0)
		return -1;
	return store_run(s, STMT_del_part, ARGS(V_INT(id)), e);
}

int part_top(struct store *s, int64_t *id, struct err *e)
{
	return store_top(s, STMT_top_part, "part", id, e);
}

static int take_seen(void *to, sqlite3_stmt *st, struct err *e)
{
	struct part_seen_take *p = to;
	int64_t v[7];

	if (row_read(st, "part", "iipinnf", v, e) < 0)
		return -1;
	return p->take(p->to, &(struct part_seen){ .id = v[0],
						   .node = v[1],
						   .pid = (int32_t)v[2],
						   .path = v[3],
						   .parent = v[4],
						   .fork_of = v[5],
						   .trusted = v[6] != 0 });
}

int part_each_of_tree(struct store *s, int64_t tree, struct part_seen_take to, struct err *e)
{
	return store_each(s, STMT_tree_images, ARGS(V_INT(tree)), WALK(take_seen, &to), e);
}

int part_path(struct store *s, int64_t id, int64_t *path, struct err *e)
{
	return store_number_sql(s, "SELECT path FROM image_part WHERE id = ?1", ARGS(V_INT(id)),
				path, e);
}
