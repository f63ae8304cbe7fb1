/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_bitops.h>

#include "depot.h"
#include "stack.h"

/** Pointers for each station, at least. */
#define STATION_MIN 256
/** Magazines that a shelf should be as large as, or so many pointers. */
#define SHELF_OF_MAGAZINES 16
#define SHELF_ENOUGH 1536

static uint32_t
count_stations(uint32_t nb_objs, uint32_t nb_threads)
{
	uint32_t most = RTE_MIN(nb_objs / STATION_MIN, (uint32_t)DEPOT_STATIONS_MAX);
	uint32_t n = 1;

	while (n < nb_threads && 2 * n <= most)
		n *= 2;
	return n;
}

/**
 * Bytes that a depot may take, if it can: as many as one would that has two rings of indexes for each station
 * instead of shelves, with the largest magazines with which that takes no more than 16 bytes a pointer.
 */
static size_t
bytes_most(const struct depot *d)
{
	const size_t station = 320, link = 64, head = 128;
	size_t least = SIZE_MAX, size, nb;
	uint32_t m;

	for (m = 1024; m >= 16 && least > 16 * (size_t)d->nb_objs; m /= 2) {
		nb = d->nb_objs / m + 1 + 2 * (d->nb_stations + 2);
		size = head +
		       d->nb_stations * (station + 2 * sizeof(uint32_t) * rte_align32pow2(nb + 1)) +
		       link + nb * (link + m * sizeof(void *));
		least = RTE_MIN(least, size);
	}
	return least;
}

/** Lay out with magazines and shelves of some size. @return bytes */
static size_t
lay_out_with(struct depot *d, uint32_t magazine_size, uint32_t shelf_size)
{
	size_t end = sizeof(*d) + d->nb_stations * sizeof(d->stations[0]);

	d->magazine_size = magazine_size;
	d->magazine_bits = rte_bsf32(magazine_size);
	d->shelf_size = shelf_size;
	/* Invariant 3 of depot.h; one for the call that is to find all it needs. */
	d->nb_magazines = d->nb_objs / magazine_size + d->nb_stations + DEPOT_STOPPED_MAX + 1;
	d->position_bits = 64 - __builtin_clzll(position(d, d->nb_magazines, magazine_size));
	d->links = end;
	end += (d->nb_magazines + (size_t)1) * sizeof(struct depot_link);
	end = RTE_ALIGN_CEIL(end, RTE_CACHE_LINE_SIZE);
	d->magazines = end - (size_t)magazine_size * sizeof(void *);
	end += (size_t)d->nb_magazines * magazine_size * sizeof(void *);
	/* Behind the magazines: a late reader may look behind the end of one. */
	d->shelves = end;
	end += (size_t)d->nb_stations * shelf_size * sizeof(void *);
	return RTE_ALIGN_CEIL(end, RTE_CACHE_LINE_SIZE);
}

/** The largest shelves with which it takes few bytes, 0: there are none. */
static uint32_t
largest_shelf(struct depot *d, uint32_t magazine_size)
{
	const size_t most = bytes_most(d);
	const size_t least = lay_out_with(d, magazine_size, 0);
	size_t size;

	if (least > most)
		return 0;
	size = (most - least) / sizeof(void *) / d->nb_stations;
	return RTE_MIN(RTE_ALIGN_FLOOR(size, DEPOT_SHELF_MIN), (size_t)DEPOT_SHELF_MAX);
}

/**
 * The largest magazines, and then the largest shelves, with which it takes few bytes; but most calls should find
 * a shelf large enough. If there are none, the largest shelves; if none at all, the smallest of both.
 */
static size_t
lay_out(struct depot *d, uint32_t nb_objs, uint32_t nb_threads)
{
	uint32_t m, shelf, best = DEPOT_MAGAZINE_MIN, most = 0;

	d->nb_objs = nb_objs;
	d->nb_stations = count_stations(nb_objs, nb_threads);
	d->station_bits = rte_bsf32(d->nb_stations);
	for (m = DEPOT_MAGAZINE_MAX; m >= DEPOT_MAGAZINE_MIN; m /= 2) {
		shelf = largest_shelf(d, m);
		if (shelf >= RTE_MIN(SHELF_OF_MAGAZINES * m, (uint32_t)SHELF_ENOUGH))
			return lay_out_with(d, m, shelf);
		if (shelf > most) {
			most = shelf;
			best = m;
		}
	}
	return lay_out_with(d, best, RTE_MAX(most, (uint32_t)DEPOT_SHELF_MIN));
}

size_t
mextp_depot_size(uint32_t nb_objs, uint32_t nb_threads)
{
	struct depot d;

	return lay_out(&d, nb_objs, nb_threads);
}

void
mextp_depot_init(struct depot *d, uint32_t nb_objs, uint32_t nb_threads)
{
	struct chain chain;
	uint32_t index;

	lay_out(d, nb_objs, nb_threads);
	for (index = d->nb_magazines; index > 0; index--) {
		chain = (struct chain){ .first = index, .last = index, .nb = 1 };
		empty_push(d, index & (d->nb_stations - 1), &chain);
	}
	d->stations[0].filled_quota = nb_objs;
}
