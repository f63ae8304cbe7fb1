/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DESCRIBE_H
#define DESCRIBE_H

/** @file --verbose: what is received, a line a packet on stdout. */

#include <stdint.h>

#include <rte_mbuf.h>

/** Any lcore may call it; lines stay whole. */
void describe(uint16_t port, uint16_t queue, struct rte_mbuf *const *pkts, uint16_t n);

#endif
