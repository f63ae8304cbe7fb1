/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ETHER_H
#define ETHER_H

/** @file Writing both addresses of an Ethernet header at once. */

#include <stdint.h>
#include <string.h>

#include <rte_ether.h>

/** The first 12 bytes of a header, as they lie there. */
struct ether_pair {
	struct rte_ether_addr dst;
	struct rte_ether_addr src;
};

static inline void
ether_set(void *header, const struct ether_pair *pair)
{
	memcpy(header, pair, sizeof(*pair));
}

/** In as few accesses as they take, none of them beyond the addresses: this is a little-endian machine. */
static inline void
ether_swap(void *header)
{
	uint64_t head;
	uint32_t tail; /* the last 4 bytes of the source */
	uint16_t first;

	memcpy(&head, header, sizeof(head));
	memcpy(&tail, RTE_PTR_ADD(header, sizeof(head)), sizeof(tail));
	/* The first 2 bytes of the source, and the destination behind them. */
	head = head << 16 | head >> 48;
	first = (uint16_t)head;
	memcpy(RTE_PTR_ADD(header, 4), &head, sizeof(head));
	memcpy(RTE_PTR_ADD(header, 2), &tail, sizeof(tail));
	memcpy(header, &first, sizeof(first));
}

#endif
