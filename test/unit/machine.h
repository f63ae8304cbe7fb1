/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MACHINE_H
#define MACHINE_H

/**
 * @file
 * A machine with three NUMA sockets, made up (ld --wrap): where the caller runs, which sockets there are,
 * how far apart; the memory is wherever there is some.
 */

#include <rte_mempool.h>

#include "unit.h"

#define PER_SOCKET 8 /* objects of each kind */
#define PORTLESS -2

struct machine {
	int here; /* the caller's socket; SOCKET_ID_ANY: none */
	unsigned int lcore_socket[2];
	int distance[3][3];
	int port_socket; /* of the only port; PORTLESS: there is none */
};

extern struct machine machine;

/** Lcores on sockets 0 and 1; 2 is nearer to 0 than 1 is; 1 and 2 are far apart. */
int machine_setup(void **state);

/** A pool on the sockets of a mask, 0: the library's choice. */
struct mext_pool *pool_on(uint32_t mask, uint32_t flags);

/** The socket that a mempool was asked from, as its name says. */
int mempool_socket(const struct rte_mempool *mp);

int socket_of(const struct mext_storage *storage);

#endif
