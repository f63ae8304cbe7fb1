/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>

#include "bursts.h"

/** The most frequent size but 0 that is not among told. @return 0 if there is none. */
static unsigned int
most_frequent(const uint64_t *bursts, const struct bursts_share *told, unsigned int nb_told)
{
	unsigned int size, i, best = 0;

	for (size = 1; size <= FWD_MAX_BURST; size++) {
		for (i = 0; i < nb_told && told[i].size != size; i++)
			;
		if (i == nb_told && bursts[size] > (best > 0 ? bursts[best] : 0))
			best = size;
	}
	return best;
}

unsigned int
bursts_rank(const uint64_t bursts[FWD_MAX_BURST + 1], struct bursts_share told[BURSTS_TOLD],
		uint64_t *total)
{
	unsigned int i, nb, size;

	*total = 0;
	for (i = 0; i <= FWD_MAX_BURST; i++)
		*total += bursts[i];
	if (*total == 0)
		return 0;
	told[0] = (struct bursts_share){ .size = 0, .bursts = bursts[0] };
	for (nb = 1; nb < BURSTS_TOLD; nb++) {
		size = most_frequent(bursts, told, nb);
		if (size == 0)
			break;
		told[nb] = (struct bursts_share){ .size = size, .bursts = bursts[size] };
	}
	for (i = 0; i < nb; i++)
		told[i].percent = (double)told[i].bursts / *total * 100;
	return nb;
}

void
bursts_print(const char *way, const uint64_t bursts[FWD_MAX_BURST + 1])
{
	struct bursts_share told[BURSTS_TOLD];
	unsigned int i, nb, percent = 0;
	uint64_t total, rest;

	nb = bursts_rank(bursts, told, &total);
	if (nb == 0)
		return;
	printf("  %s-bursts : %" PRIu64 " [", way, total);
	rest = total;
	for (i = 0; i < nb; i++) {
		rest -= told[i].bursts;
		/* The last one takes what rounding has left. */
		if (rest == 0)
			told[i].percent = 100 - percent;
		percent += told[i].percent;
		printf("%s%u%% of %u pkts", i > 0 ? " + " : "", told[i].percent, told[i].size);
		if (rest == 0)
			break;
	}
	if (rest > 0)
		printf(" + %u%% of other", 100 - percent);
	printf("]\n");
}
