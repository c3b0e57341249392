// SPDX-License-Identifier: Apache-2.0
/* Observations and edges of an interval, and the text that the store keeps of them. */
#include "tests/test.h"

#include "store/model/obs.h"

static const struct obs_origin base = { .t = 1795518350089,
					.serial = 610839,
					.ip = 0x7f328e400000 };

static struct count_row {
	const char *name;
	uint64_t text, fresh, upgraded, events, trusted;
} counts[] = {
	{ "count: text alone", 3, 0, 0, 3, 0 },
	{ "count: trusted alone", 0, 3, 0, 3, 3 },
	{ "count: all of the text is trusted, too", 3, 0, 3, 0, 0 },
	{ "count: some of the text is trusted, too", 3, 0, 2, 1, 0 },
	{ "count: more than there is, in a store by hand", 1, 0, 3, 0, 0 },
	{ "count: nothing", 0, 0, 0, 0, 0 },
};

static void check_count(void **state)
{
	const struct count_row *r = *state;
	struct obs o = { .text = r->text, .fresh = r->fresh, .upgraded = r->upgraded };

	assert_int_equal(obs_events(&o), r->events);
	assert_int_equal(obs_trusted(&o), r->trusted);
	assert_true(obs_trusted(&o) <= obs_events(&o));
}

static void add_sums_up_and_keeps_the_corners(void **state)
{
	struct obs_list list = { 0 };
	struct obs late = { .caller = 1,
			    .call = 2,
			    .text = 3,
			    .t_first = 500,
			    .t_last = 600,
			    .serial = 50,
			    .ip = 5 };
	struct obs early = { .caller = 1,
			     .call = 2,
			     .fresh = 4,
			     .upgraded = 1,
			     .t_first = 100,
			     .t_last = 550,
			     .serial = 10,
			     .ip = 1 };
	struct obs other = { .caller = 1, .call = 3, .text = 1, .serial = 1 };

	(void)state;
	*VEC_PUSH(&list) = late;
	*VEC_PUSH(&list) = other;
	*VEC_PUSH(&list) = early;
	obs_unite(&list);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.v[0].text, 3);
	assert_int_equal(list.v[0].fresh, 4);
	assert_int_equal(list.v[0].upgraded, 1);
	assert_int_equal(list.v[0].t_first, 100);
	assert_int_equal(list.v[0].t_last, 600);
	assert_int_equal(list.v[0].serial, 10);
	assert_int_equal(list.v[0].ip, 1);
	VEC_FREE(&list);
}

static void of_equal_serials_the_lower_address_counts(void **state)
{
	const struct obs a = { .caller = 1, .call = 2, .serial = 7, .ip = 5 },
			 b = { .caller = 1, .call = 2, .serial = 7, .ip = 3 };

	(void)state;
	for (int turned = 0; turned < 2; turned++) {
		struct obs_list list = { 0 };

		*VEC_PUSH(&list) = turned ? b : a;
		*VEC_PUSH(&list) = turned ? a : b;
		obs_unite(&list);
		assert_int_equal(list.n, 1);
		assert_int_equal(list.v[0].ip, 3);
		VEC_FREE(&list);
	}
}

static struct obs_list many(unsigned n)
{
	struct obs_list list = { 0 };

	for (unsigned i = 0; i < n; i++)
		*VEC_PUSH(&list) =
			(struct obs){ .caller = 1 + i * 7919 % n, .call = 2, .serial = i };
	return list;
}

static void unite_many(unsigned n)
{
	struct obs_list list = many(n), more = many(n);

	for (size_t i = 0; i < more.n; i++)
		*VEC_PUSH(&list) = more.v[i];
	obs_unite(&list);
	VEC_FREE(&list);
	VEC_FREE(&more);
}

static void many_callers_cost_no_square(void **state)
{
	(void)state;
	assert_not_quadratic(unite_many, 100000);
}

static void an_edge_is_added_once(void **state)
{
	struct edge_list list = { 0 };
	const struct edge edges[] = {
		{ 1, 5, EDGE_EXEC }, { 1, 5, EDGE_EXEC }, { 1, 6, EDGE_EXEC },
		{ 1, 5, EDGE_FORK }, { 2, 5, EDGE_EXEC }, { 1, 5, EDGE_EXEC }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
		*VEC_PUSH(&list) = edges[i];
	edge_unite(&list);
	assert_int_equal(list.n, 4);
	VEC_FREE(&list);
}

static void observations_survive_the_round_trip_in_one_order(void **state)
{
	const struct obs v[] = {
		{ 7, 1, 1, 2, 3, base.t, base.t + 5, 610839, 0x7f328e6a7c47 },
		{ 2, 9, 0, 0, 0, base.t - 400, base.t + 3600000, UINT32_MAX, UINT64_MAX },
		{ 2, 3, UINT32_MAX, 0, 0, base.t, base.t, 0, 0 },
		{ OBS_ROW_MAX, OBS_ROW_MAX, OBS_COUNT_MAX, 1, 0, 0, 253402300799999, 1,
		  1ull << 63 },
	};
	struct obs_list in = { 0 }, back = { 0 }, reversed = { 0 };
	auto_buf struct buf text = { 0 }, again = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++) {
		*VEC_PUSH(&in) = v[i];
		*VEC_PUSH(&reversed) = v[ARRAY_SIZE(v) - 1 - i];
	}
	obs_encode(&in, base, &text);
	obs_encode(&reversed, base, &again);
	assert_string_equal(buf_text(&text), buf_text(&again));
	assert_true(obs_decode(buf_bytes(&text), base, &back));
	assert_int_equal(back.n, ARRAY_SIZE(v));
	for (size_t i = 0; i < back.n; i++) {
		const struct obs *a = &back.v[i], *b = &in.v[i];

		assert_true(a->caller == b->caller && a->call == b->call);
		assert_true(a->text == b->text && a->fresh == b->fresh &&
			    a->upgraded == b->upgraded);
		assert_true(a->t_first == b->t_first && a->t_last == b->t_last);
		assert_true(a->serial == b->serial && a->ip == b->ip);
	}
	VEC_FREE(&in);
	VEC_FREE(&back);
	VEC_FREE(&reversed);
}

static void edges_survive_the_round_trip(void **state)
{
	const struct edge v[] = { { base.t + 7, 610840, EDGE_EXIT },
				  { base.t, 10, EDGE_EXEC },
				  { base.t - 3, UINT32_MAX, EDGE_FORK } };
	struct edge_list in = { 0 }, back = { 0 };
	auto_buf struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(v); i++)
		*VEC_PUSH(&in) = v[i];
	edge_encode(&in, base, &text);
	assert_string_equal(buf_text(&text), "[[0,-610829,1],[7,1,3],[-3,4294356456,2]]");
	assert_true(edge_decode(buf_bytes(&text), base, &back));
	assert_int_equal(back.n, 3);
	assert_int_equal(back.v[1].t, base.t + 7);
	assert_int_equal(back.v[1].serial, 610840);
	assert_int_equal(back.v[1].kind, EDGE_EXIT);
	VEC_FREE(&in);
	VEC_FREE(&back);
}

static struct text_row { const char *name, *obs, *edges; bool good;
} texts[] = {
	{ "text: nothing in it", "[]", "[]", true },
	{ "text: one row", "[[1,2,3,4,5,6,7,8,9]]", "[[1,2,3]]", true },
	{ "text: nothing at all", "", "", false },
	{ "text: not opened", "]", "]", false },
	{ "text: not closed", "[[1,2,3,4,5,6,7,8,9]", "[[1,2,3]", false },
	{ "text: text behind it", "[] ", "[]x", false },
	{ "text: a number too few", "[[1,2,3,4,5,6,7,8]]", "[[1,2]]", false },
	{ "text: a number too many", "[[1,2,3,4,5,6,7,8,9,10]]", "[[1,2,3,4]]", false },
	{ "text: a word", "[[1,2,3,4,5,6,7,8,x]]", "[[1,2,x]]", false },
	{ "text: a number over 64 bits", "[[1,2,3,4,5,6,7,8,9223372036854775808]]",
	  "[[9223372036854775808,2,3]]", false },
	{ "text: a blank", "[[1, 2,3,4,5,6,7,8,9]]", "[[1, 2,3]]", false },
	{ "text: a time beyond 64 bits", "[[1,2,3,4,5,9223372036854775807,7,8,9]]",
	  "[[9223372036854775807,2,3]]", false },
	{ "text: a serial over 32 bits", "[[1,2,3,4,5,6,7,4294967296,9]]", "[[1,4294967296,3]]",
	  false },
	{ "text: a row of the store that is none", "[[0,2,3,4,5,6,7,8,9]]", "[[1,2,0]]", false },
	{ "text: an id over 32 bits", "[[4294967295,2,3,4,5,6,7,8,9]]", "[[1,2,4]]", false },
	{ "text: a negative count", "[[1,2,-3,4,5,6,7,8,9]]", "[[1,2,-1]]", false },
	{ "text: a count that sums overflow by", "[[1,2,3,1099511627777,5,6,7,8,9]]",
	  "[[1,2,1099511627777]]", false },
	{ "text: it ends before it begins", "[[1,2,3,4,5,7,6,8,9]]", "[[1,-610840,3]]", false },
	{ "text: a time beyond the year 9999", "[[1,2,3,4,5,6,251606784449911,8,9]]",
	  "[[251606784449911,2,3]]", false },
	{ "text: a comma behind the last row", "[[1,2,3,4,5,6,7,8,9],]", "[[1,2,3],]", false },
	{ "text: a comma before the first row", "[,[1,2,3,4,5,6,7,8,9]]", "[,[1,2,3]]", false },
	{ "text: rows without a comma", "[[1,2,3,4,5,6,7,8,9][1,3,3,4,5,6,7,8,9]]",
	  "[[1,2,3][1,3,3]]", false },
};

static void check_text(void **state)
{
	const struct text_row *r = *state;
	struct obs_list obs = { 0 };
	struct edge_list edges = { 0 };
	char *a = exact_copy(bytes_of(r->obs)), *b = exact_copy(bytes_of(r->edges));

	assert_int_equal(obs_decode((struct bytes){ a, strlen(r->obs) }, base, &obs), r->good);
	assert_int_equal(edge_decode((struct bytes){ b, strlen(r->edges) }, base, &edges), r->good);
	VEC_FREE(&obs);
	VEC_FREE(&edges);
	free(a);
	free(b);
}

int main(void)
{
	struct tests t = { 0 };

	ADD_ROWS(&t, counts, check_count);
	ADD(&t, add_sums_up_and_keeps_the_corners);
	ADD(&t, of_equal_serials_the_lower_address_counts);
	ADD(&t, many_callers_cost_no_square);
	ADD(&t, an_edge_is_added_once);
	ADD(&t, observations_survive_the_round_trip_in_one_order);
	ADD(&t, edges_survive_the_round_trip);
	ADD_ROWS(&t, texts, check_text);
	return run_rows(&t, "obs");
}
