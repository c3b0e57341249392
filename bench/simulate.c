// SPDX-License-Identifier: Apache-2.0
/*
 * The readiness rule against models of workloads, with a user who looks after each start and stops
 *at the first "ready".
 *
 *	build/simulate [RUNS [STARTS]]      2,000 runs of each model, of at most 400 starts
 *
 * A model has names, each with the chance that a start needs it. "False ready": when the rule said
 *ready, the chance that the next start needs an unlisted name was over the risk (5 %). "Bound
 *held": in so many runs the bound was never below the true chance. "Deserved": runs in which that
 *chance is at most the risk after the last start. The seed is fixed: the same figures each time.
 */
#include "analyze/evidence/readiness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES 400
#define STARTS_MAX 2000

struct model {
	const char *name;
	void (*make)(double *p, int *n);
	double loss;   /* of each record */
	int limit;     /* records of a start that get through; 0: all */
	int burst;     /* a rare name comes in so many starts in a row */
	int nodes; /* each start is on one of so many machines, which have other rare names each */
};

static uint64_t state = 88172645463325252u;

static double chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

static void always(double *p, int *n, int k)
{
	for (int i = 0; i < k; i++)
		p[(*n)++] = 1;
}

static void equal(double *p, int *n) { always(p, n, 30); }
static void even(double *p, int *n)
{
	always(p, n, 20);
	for (int i = 0; i < 20; i++)
		p[(*n)++] = 0.3;
}
static void zipf(double *p, int *n)
{
	always(p, n, 10);
	for (int i = 1; i <= 200; i++)
		p[(*n)++] = 1.0 / i;
}
static void zipf_steep(double *p, int *n)
{
	always(p, n, 10);
	for (int i = 1; i <= 100; i++)
		p[(*n)++] = 1.0 / i / i;
}
static void rare(double *p, int *n, double at) { always(p, n, 20); p[(*n)++] = at; }
static void rare_05(double *p, int *n) { rare(p, n, 0.005); }
static void rare_1(double *p, int *n) { rare(p, n, 0.01); }
static void rare_2(double *p, int *n) { rare(p, n, 0.02); }
static void rare_5(double *p, int *n) { rare(p, n, 0.051); }
static void rare_6(double *p, int *n) { rare(p, n, 0.06); }
static void rare_10(double *p, int *n) { rare(p, n, 0.1); }
static void rare_20(double *p, int *n) { rare(p, n, 0.2); }
static void rare_50(double *p, int *n) { rare(p, n, 0.5); }
static void many_rare(double *p, int *n)
{
	always(p, n, 20);
	for (int i = 0; i < 100; i++)
		p[(*n)++] = 0.002;
}
static void phases(double *p, int *n)
{
	always(p, n, 20);
	for (int i = 0; i < 6; i++)
		p[(*n)++] = 0.01 * (1 << i);
}

static const struct model models[] = {
	{ .name = "all starts alike", .make = equal },
	{ .name = "twenty names, each in 30 %", .make = even },
	{ .name = "Zipf, 1/i", .make = zipf },
	{ .name = "Zipf, 1/i^2", .make = zipf_steep },
	{ .name = "one rare name, 0.5 %", .make = rare_05 },
	{ .name = "one rare name, 1 %", .make = rare_1 },
	{ .name = "one rare name, 2 %", .make = rare_2 },
	{ .name = "one rare name, 5.1 %", .make = rare_5 },
	{ .name = "one rare name, 6 %", .make = rare_6 },
	{ .name = "one rare name, 10 %", .make = rare_10 },
	{ .name = "one rare name, 20 %", .make = rare_20 },
	{ .name = "one rare name, 50 %", .make = rare_50 },
	{ .name = "a hundred of 0.2 %", .make = many_rare },
	{ .name = "phases of 1 to 32 %", .make = phases },
	{ .name = "bursts: 1 % begin 10 in a row", .make = rare_1, .burst = 10 },
	{ .name = "nodes that differ, 5", .make = phases, .nodes = 5 },
	{ .name = "1 % lost at random", .make = phases, .loss = 0.001 },
	{ .name = "10 % of records lost", .make = phases, .loss = 0.1 },
	{ .name = "50 % of records lost", .make = zipf, .loss = 0.5 },
	{ .name = "10 records of a start", .make = phases, .limit = 10 },
};

struct run {
	double p[NAMES];
	bool listed[NAMES];
	int left[NAMES], n;
	struct readiness_unit units[STARTS_MAX];
	size_t lossy;
};

/* A machine has a part of the rare names. */
static bool has(const struct run *r, const struct model *m, int node, int i)
{
	return m->nodes == 0 || r->p[i] >= 1 || (i + node) % m->nodes % 3 == 0;
}

/* The chance that the next start needs a name that is not listed: on average over the machines. */
static double truth(const struct run *r, const struct model *m)
{
	int nodes = m->nodes ? m->nodes : 1;
	double sum = 0;

	for (int node = 0; node < nodes; node++) {
		double none = 1;

		for (int i = 0; i < r->n; i++)
			if (!r->listed[i] && has(r, m, node, i))
				none *= 1 - (r->left[i] > 0 ? 1 : r->p[i]);
		sum += 1 - none;
	}
	return sum / nodes;
}

static bool needs(struct run *r, const struct model *m, int i)
{
	if (m->burst == 0 || r->p[i] >= 1)
		return chance() < r->p[i];
	if (r->left[i] == 0 && chance() < r->p[i])
		r->left[i] = m->burst;
	return r->left[i] > 0 && r->left[i]-- > 0;
}

static void start(struct run *r, const struct model *m, size_t k)
{
	bool lost = false, news = false;
	int sent = 0, node = m->nodes ? (int)(chance() * m->nodes) : 0;

	for (int i = 0; i < r->n; i++) {
		if (!has(r, m, node, i) || !needs(r, m, i))
			continue;
		if (chance() < m->loss || (m->limit && sent >= m->limit)) {
			lost = true;
			continue;
		}
		sent++;
		news = news || !r->listed[i];
		r->listed[i] = true;
	}
	r->units[k] = (struct readiness_unit){ .clean = !lost, .news = news };
	r->lossy += lost;
}

int main(int argc, char **argv)
{
	size_t runs = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000,
	       most = argc > 2 ? strtoul(argv[2], NULL, 10) : 400;
	bool bad = false; /* over what chance explains: three standard deviations */

	if (most > STARTS_MAX || runs == 0 || most == 0)
		return 2;
	printf("%-30s %12s %12s %14s %14s %12s\n", "model", "false ready", "bound held",
	       "ready by 300", "deserve it", "first ready");
	for (size_t i = 0; i < sizeof(models) / sizeof(*models); i++) {
		const struct model *m = &models[i];
		size_t wrong = 0, held = 0, ready_300 = 0, deserve = 0, ready = 0, sum = 0;

		for (size_t k = 0; k < runs; k++) {
			static struct run r;
			size_t first = 0;
			bool broken = false;

			memset(&r, 0, sizeof(r));
			m->make(r.p, &r.n);
			for (size_t s = 0; s < most; s++) {
				struct readiness_bound b;
				double is;

				start(&r, m, s);
				b = readiness_judge(r.units, s + 1, READINESS_RISK);
				is = truth(&r, m);
				broken = broken || is > b.chance + 1e-12;
				if (s == 299 && is <= READINESS_RISK)
					deserve++;
				if (first > 0 || b.more > 0 ||
				    (double)r.lossy > READINESS_LOSSY_MOST * (double)(s + 1) ||
				    (s + 1 > READINESS_WARM_UP && r.units[s].news))
					continue;
				first = s + 1;
				wrong += is > READINESS_RISK;
				ready_300 += first <= 300;
				ready++;
				sum += first;
			}
			held += !broken;
		}
		printf("%-30s %10.2f %% %10.1f %% %12.1f %% %12.1f %% %12.0f\n", m->name,
		       100.0 * (double)wrong / (double)runs, 100.0 * (double)held / (double)runs,
		       100.0 * (double)ready_300 / (double)runs,
		       100.0 * (double)deserve / (double)runs,
		       ready ? (double)sum / (double)ready : 0.0);
		bad = bad || wrong * 100 > runs + 3 * sqrt(100.0 * (double)runs) ||
		      (m->loss == 0 && m->burst == 0 &&
		       (double)held < 0.95 * (double)runs - 3 * sqrt(0.05 * (double)runs));
	}
	return bad;
}
