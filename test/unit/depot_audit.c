/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "depot_audit.h"

struct walk {
	const struct depot *d;
	bool *met; /* magazines */
	uint32_t nb_met;
	uint64_t count; /* pointers */
	uint8_t *seen;
	uint32_t nb;
};

/** A magazine whose count pointers begin at objs[0]. */
static const char *
meet(struct walk *w, uint32_t index, uint32_t at, uint32_t count)
{
	void **objs;
	uint32_t i;

	if (index == 0 || index > w->d->nb_magazines)
		return "there is no magazine of this index";
	if (w->met[index])
		return "a magazine is in two places";
	w->met[index] = true;
	w->nb_met++;
	w->count += count;
	objs = depot_magazine(w->d, index);
	for (i = at; i < at + count; i++) {
		if ((uintptr_t)objs[i] >= w->nb)
			return "a pointer is in a magazine that was never put";
		w->seen[(uintptr_t)objs[i]]++;
	}
	return NULL;
}

static const char *
walk_hand(struct walk *w, const struct depot_hand *h)
{
	if (h->count > w->d->magazine_size)
		return "a hand has more than a magazine holds";
	return meet(w, h->loaded, h->at_end ? w->d->magazine_size - h->count : 0, h->count);
}

static const char *
walk_deque(struct walk *w, uint32_t station, enum depot_kind kind)
{
	const struct depot *d = w->d;
	const struct deque *q = &d->stations[station].deques[kind];
	const uint32_t *slots = RTE_PTR_ADD(d,
			d->rings + (2 * (size_t)station + kind) * d->ring_size * sizeof(uint32_t));
	const char *wrong = NULL;
	uint64_t i;

	if (q->top > q->bottom || q->bottom - q->top > d->nb_magazines)
		return "the ends of a deque are not in order";
	for (i = q->top; i < q->bottom && wrong == NULL; i++)
		wrong = meet(w, slots[i & (d->ring_size - 1)], 0,
				kind == DEPOT_FULL ? d->magazine_size : 0);
	return wrong;
}

static const char *
walk_stack(struct walk *w, enum depot_kind kind)
{
	const struct depot *d = w->d;
	const struct stack_link *links = RTE_PTR_ADD(d, d->links);
	const uint32_t full = d->magazine_size;
	uint32_t index = d->stacks[kind] & STACK_INDEX_MASK, count;
	const char *wrong = NULL;

	for (; index != 0 && wrong == NULL; index = links[index].next) {
		count = kind == DEPOT_FULL ? full : 0;
		if (kind == DEPOT_PARTIAL) {
			count = links[index].count;
			if (count == 0 || count >= full)
				return "a magazine among the partly filled ones is not";
		}
		wrong = meet(w, index, 0, count);
	}
	return wrong;
}

static const char *
walk_all(struct walk *w)
{
	const char *wrong = NULL;
	uint32_t s;

	for (s = 0; s < w->d->nb_stations && wrong == NULL; s++) {
		wrong = walk_hand(w, &w->d->stations[s].hand);
		if (wrong == NULL)
			wrong = walk_deque(w, s, DEPOT_FULL);
		if (wrong == NULL)
			wrong = walk_deque(w, s, DEPOT_EMPTY);
	}
	if (wrong == NULL)
		wrong = walk_stack(w, DEPOT_FULL);
	if (wrong == NULL)
		wrong = walk_stack(w, DEPOT_EMPTY);
	if (wrong == NULL)
		wrong = walk_stack(w, DEPOT_PARTIAL);
	if (wrong == NULL && w->nb_met != w->d->nb_magazines)
		wrong = "a magazine is nowhere";
	if (wrong == NULL && RTE_MIN(w->count, (uint64_t)w->d->nb_objs) != mextp_depot_count(w->d))
		wrong = "the count is not that of the pointers";
	return wrong;
}

const char *
depot_audit(const struct depot *d, uint8_t *seen, uint32_t nb)
{
	struct walk w = { .d = d, .seen = seen, .nb = nb };
	const char *wrong;

	w.met = calloc(d->nb_magazines + 1, sizeof(*w.met));
	if (w.met == NULL)
		return "no memory";
	wrong = walk_all(&w);
	free(w.met);
	return wrong;
}

uint32_t
depot_audit_withheld(const struct depot *d)
{
	uint32_t n = 0, s;

	for (s = 0; s < d->nb_stations; s++)
		if (d->stations[s].hand.claimed != 0)
			n += d->stations[s].hand.count;
	return n;
}
