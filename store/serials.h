/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which serials of a boot are accounted for. All audit records of a machine share one count of
 * serials, so each serial between two of ours is one of three kinds: held (a seccomp record that is
 * stored), other (a record of another type was read, or a capture without a gap saw it), or
 * missing.
 *
 * What is missing was lost, or was never read: a filter such as grep takes other types out. So the
 * number is exact only where the source is trusted and records of other types came with it; else it
 * is the most that can have been lost. What the kernel drops takes no serial, and leaves no hole:
 * only capture and loss markers know of that.
 */
#ifndef STORE_SERIALS_H
#define STORE_SERIALS_H

#include "store/model/serial_set.h"
#include "store/nodes.h"

struct serials_boot {
	int64_t row, number;      /* of node; its boot */
	bool trusted;
	bool uncounted; /* some of it is of before serials of other types were noted: nothing is
			   known */
	bool exact;               /* else `missing` is the most that can have been lost */
	int64_t t_first, t_last;  /* ms */
	uint32_t first, last;     /* the lowest and the highest serial that is held */
	uint64_t held, other, missing;
	uint64_t hole;            /* the longest run of missing serials, */
	int64_t hole_t;           /* and about when, ms: within 1,024 s */
	uint32_t hole_from;
	uint64_t holes;           /* how many runs of missing serials there are */
	uint64_t bursts; /* of what lies between two of them, how many hold as many serials as
			    printk lets through at once */
	uint32_t next;            /* another boot of the machine, index + 1; 0: none */
};

/* The serials of a page that are accounted for, of one boot. */
struct serials_page { uint32_t boot, page; int64_t t; struct serial_set held, known; };

struct serials {
	VEC(struct serials_boot) boots;
	VEC(struct serials_page) pages;
	struct map at;                  /* (row, boot number) -> index of boots */
	struct map page_at;             /* (index of boots, page) -> index of pages */
};

/*
 * Of trusted evidence alone, or of all. A page whose serials may be of two boots (two starts of the
 * machine within 1,024 s that both had these serials) accounts for none of them. The caller
 * releases, also after a failure.
 */
int serials_load(struct serials *out, struct store *s, const struct nodes *nodes, bool trusted,
		 struct err *e);
void serials_release(struct serials *s);

/*
 * The same for some serials of a boot and those right beside them, on machines of one name each.
 * The boots' own figures are not there. *enough: false where they would matter: something is
 * missing, and whether that is exact is told by all of the boot.
 */
struct serials_span { int64_t row, boot; uint32_t first, last; };
int serials_load_some(struct serials *out, struct store *s, const struct nodes *nodes, bool trusted,
		      const struct serials_span *spans, size_t n, bool *enough, struct err *e);

/* How many serials are missing in from..to of a boot; UINT64_MAX: nothing is known of this boot, or
 * of these serials. */
uint64_t serials_missing(const struct serials *s, int64_t row, int64_t boot, uint32_t from,
			 uint32_t to);

/* Do the holes look like what printk's limit leaves: 10 records, then none until 5 s are over? */
bool serials_limited(uint64_t holes, uint64_t bursts);

/* The boot's figures; NULL: there are none. */
const struct serials_boot *serials_boot_of(const struct serials *s, int64_t row, int64_t boot);

/* Has the machine, by that name, booted after a time (ms)? */
bool serials_booted_after(const struct serials *s, int64_t row, int64_t t);

#endif
