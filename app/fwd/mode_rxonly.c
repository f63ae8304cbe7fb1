/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"

static uint16_t
consume(struct fwd_stream *stream __rte_unused, struct rte_mbuf **pkts __rte_unused,
		uint16_t n __rte_unused, uint16_t max __rte_unused)
{
	return 0;
}

/** Frames are counted and freed. */
const struct fwd_mode mode_rxonly = {
	.name = "rxonly",
	.receives = true,
	.burst = consume,
};
