/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_bitops.h>

#include "depot.h"
#include "station.h"

/** Magazines that a thread has beside those that its pointers fill: the loaded one, and the next. */
#define SPARE 2
/** Guests that may be at work at the same time while the depot is full. */
#define GUESTS 2
#define GUESTS_OF_SMALL 32
/** Bytes a pointer that a depot may take, if it can. */
#define BYTES_A_POINTER 16

static uint32_t
count_stations(uint32_t nb_objs, uint32_t nb_threads)
{
	uint32_t most = RTE_MIN(nb_objs / 256, (uint32_t)DEPOT_STATIONS_MAX);
	uint32_t n = 1;

	while (n < nb_threads && 2 * n <= most)
		n *= 2;
	return n;
}

static size_t
lay_out_with(struct depot *d, uint32_t magazine_size)
{
	size_t end = sizeof(*d) + d->nb_stations * sizeof(d->stations[0]);
	uint32_t guests = depot_is_small(d) ? GUESTS_OF_SMALL : GUESTS;

	d->magazine_size = magazine_size;
	d->nb_magazines = d->nb_objs / magazine_size + 1 + SPARE * (d->nb_stations + guests);
	d->ring_size = rte_align32pow2(d->nb_magazines + 1);
	d->rings = end;
	end += 2 * (size_t)d->nb_stations * d->ring_size * sizeof(uint32_t);
	end = RTE_ALIGN_CEIL(end, RTE_CACHE_LINE_SIZE);
	d->links = end;
	end += (d->nb_magazines + 1) * sizeof(struct stack_link);
	d->magazines = end - (size_t)magazine_size * sizeof(void *);
	return end + (size_t)d->nb_magazines * magazine_size * sizeof(void *);
}

/** The largest magazines with which it takes few bytes; else those with which it takes fewest. */
static size_t
lay_out(struct depot *d, uint32_t nb_objs, uint32_t nb_threads)
{
	size_t size, least = SIZE_MAX;
	uint32_t m, best = DEPOT_MAGAZINE_MAX;

	d->nb_objs = nb_objs;
	d->nb_stations = count_stations(nb_objs, nb_threads);
	d->station_bits = rte_bsf32(d->nb_stations);
	if (depot_is_small(d))
		return lay_out_with(d, 1);
	for (m = DEPOT_MAGAZINE_MAX;
			m >= DEPOT_MAGAZINE_MIN && least > BYTES_A_POINTER * (size_t)nb_objs;
			m /= 2) {
		size = lay_out_with(d, m);
		if (size < least) {
			least = size;
			best = m;
		}
	}
	return lay_out_with(d, best);
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
	uint32_t index = 1, s;

	lay_out(d, nb_objs, nb_threads);
	for (s = 0; s < d->nb_stations; s++)
		d->stations[s].hand.loaded = index++;
	if (depot_is_small(d))
		d->stations[0].hand.claimed = 1; /* for good */
	for (; index <= d->nb_magazines; index++)
		stack_push(&d->stacks[DEPOT_EMPTY], links(d), index);
}
