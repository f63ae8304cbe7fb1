/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MODE_ICMPECHO_H
#define MODE_ICMPECHO_H

/** @file Between the files of mode icmpecho. */

#include <stdbool.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "parse.h"

/** Back to the sender, from where it was sent to; from the port where that was a group. */
void echo_swap_ether(struct rte_mbuf *m, const struct rte_ether_addr *own);

/**
 * Turn an ICMPv6 echo request or a neighbour solicitation into its answer.
 * @return whether it was one; if not, it is as it came.
 */
bool echo_answer_ipv6(struct rte_mbuf *m, struct layers l, const struct rte_ether_addr *own);

#endif
