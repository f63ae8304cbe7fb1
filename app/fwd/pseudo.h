/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PSEUDO_H
#define PSEUDO_H

/**
 * @file The addresses that checksums of layer 4 cover where these are not those of the IP header: the final destination
 * of a packet that is to go by other nodes first, the home of a host that is away.
 * Source: RFC 8200, 8.1; RFC 8754 (segment routing); RFC 6275 (home address); RFC 791 (IPv4's source routes).
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "parse.h"

struct pseudo {
	const uint8_t *src;
	const uint8_t *dst;
	bool detour; /* another way than from the header's source to its destination, or such a way travelled */
};

/**
 * Find the addresses of a packet whose layers up to the header of layer 4 are there.
 * @return false: these are not known. Headers or options have lengths that can't be, or are of another kind.
 */
bool pseudo_find(const struct rte_mbuf *m, struct layers l, struct pseudo *pseudo);

#endif
