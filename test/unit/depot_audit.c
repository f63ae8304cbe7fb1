/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "depot_audit.h"
#include "stack.h"

struct walk {
	const struct depot *d;
	struct depot_audit *audit;
	bool *met; /* magazines */
	uint32_t nb_met;
	uint64_t count; /* pointers */
};

static const char *
see(struct walk *w, void *const *objs, uint32_t n)
{
	uint32_t i;

	w->count += n;
	for (i = 0; i < n; i++) {
		if ((uintptr_t)objs[i] >= w->audit->nb)
			return "a pointer is there that was never put";
		w->audit->seen[(uintptr_t)objs[i]]++;
	}
	return NULL;
}

/** A magazine on a stack. */
static const char *
meet(struct walk *w, uint32_t index)
{
	if (index == 0 || index > w->d->nb_magazines)
		return "there is no magazine of this index";
	if (w->met[index])
		return "a magazine is in two places";
	w->met[index] = true;
	w->nb_met++;
	return link_of(w->d, index)->holder == 0 ? NULL : "a magazine on a stack has a holder";
}

static const char *
walk_empty(struct walk *w, uint32_t station)
{
	uint64_t at = top_position(w->d, w->d->stations[station].empty);
	const char *wrong = NULL;

	for (; at != 0 && wrong == NULL; at = link_next(w->d, position_index(w->d, at)))
		wrong = meet(w, position_index(w->d, at));
	return wrong;
}

static const char *
walk_filled(struct walk *w, uint32_t station, uint64_t *nb)
{
	const struct depot *d = w->d;
	uint64_t at = top_position(d, d->stations[station].filled), left = stack_count(d, at);
	uint32_t index, count, i;
	const char *wrong;

	*nb = left;
	for (i = 0; at != 0; i++, at = link_next(d, index)) {
		index = position_index(d, at);
		count = position_count(d, at);
		wrong = meet(w, index);
		if (wrong != NULL)
			return wrong;
		if (count == 0 || count > d->magazine_size || (i > 0 && count < d->magazine_size))
			return "a magazine below the top is not full, or the top is empty";
		left -= count;
		if (link_below(d, index) != left)
			return "a magazine does not know how many pointers are below it";
		wrong = see(w, magazine_of(d, index), count);
		if (wrong != NULL)
			return wrong;
	}
	return left == 0 ? NULL : "a stack does not know how many pointers are in it";
}

static const char *
walk_shelf(struct walk *w, uint32_t station, uint64_t *nb)
{
	*nb = w->d->stations[station].shelf & SHELF_COUNT;
	if (*nb > w->d->shelf_size)
		return "a shelf has more than fits";
	return see(w, shelf_slots(w->d, station), *nb);
}

static const char *
walk_station(struct walk *w, uint32_t station)
{
	const struct depot_station *st = &w->d->stations[station];
	const uint64_t on_shelf = st->shelf_quota, in_filled = st->filled_quota;
	uint64_t nb = 0;
	const char *wrong;

	w->audit->quotas += on_shelf + in_filled;
	wrong = walk_shelf(w, station, &nb);
	w->audit->over += nb > on_shelf ? nb - on_shelf : 0;
	if (wrong == NULL)
		wrong = walk_filled(w, station, &nb);
	w->audit->over += nb > in_filled ? nb - in_filled : 0;
	return wrong != NULL ? wrong : walk_empty(w, station);
}

const char *
depot_audit(const struct depot *d, struct depot_audit *audit)
{
	struct walk w = { .d = d, .audit = audit };
	const char *wrong = NULL;
	uint32_t s;

	audit->over = audit->quotas = 0;
	w.met = calloc(d->nb_magazines + 1, sizeof(*w.met));
	if (w.met == NULL)
		return "no memory";
	for (s = 0; s < d->nb_stations && wrong == NULL; s++)
		wrong = walk_station(&w, s);
	audit->nb_missing = d->nb_magazines - w.nb_met;
	if (wrong == NULL && audit->quotas > d->nb_objs)
		wrong = "the quotas are more than all that the depot was made for";
	if (wrong == NULL && RTE_MIN(w.count, (uint64_t)d->nb_objs) != mextp_depot_count(d))
		wrong = "the count is not that of the pointers";
	free(w.met);
	return wrong;
}
