/* SPDX-License-Identifier: BSD-3-Clause */
#include <numa.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "pool.h"

static uint32_t
socket_bit(int socket)
{
	return socket >= 0 && socket < MAX_SOCKETS ? UINT32_C(1) << socket : 0;
}

uint32_t
mextp_sockets_in_use(void)
{
	unsigned int lcore;
	uint32_t mask = 0;
	uint16_t port;

	RTE_LCORE_FOREACH(lcore)
		mask |= socket_bit((int)rte_lcore_to_socket_id(lcore));
	RTE_ETH_FOREACH_DEV(port)
		mask |= socket_bit(rte_eth_dev_socket_id(port));
	return mask != 0 ? mask : 1;
}

/** Distance as the kernel tells it: 10 is local, unknown counts as far. */
static int
distance(int from, int to)
{
	const int local = 10, far = 255;
	int d;

	if (from == to)
		return local;
	d = from >= 0 && numa_available() >= 0 ? numa_distance(from, to) : 0;
	return d > local ? d : far;
}

static void
order_for(const struct mext_pool *pool, int socket, struct socket_order *order)
{
	bool strict = (pool->conf.flags & MEXT_POOL_STRICT) != 0;
	unsigned int i, j;

	order->nb = 0;
	for (i = 0; i < pool->nb_sockets; i++) {
		if (strict && socket >= 0 && pool->sub[i].socket != socket)
			continue;
		/* Insertion sort: nearer first, equals as they stand. */
		for (j = order->nb; j > 0; j--) {
			if (distance(socket, pool->sub[order->index[j - 1]].socket) <=
					distance(socket, pool->sub[i].socket))
				break;
			order->index[j] = order->index[j - 1];
		}
		order->index[j] = i;
		order->nb++;
	}
	order->local = socket < 0 || (order->nb > 0 && pool->sub[order->index[0]].socket == socket);
}

void
mextp_sockets_order(struct mext_pool *pool)
{
	int socket;

	for (socket = 0; socket < MAX_SOCKETS; socket++)
		order_for(pool, socket, &pool->order[socket]);
	order_for(pool, SOCKET_ID_ANY, &pool->order[MAX_SOCKETS]);
	/* Saves the packet path a call to ask where it runs. */
	if (pool->nb_sockets == 1 && rte_socket_count() == 1 &&
			pool->sub[0].socket == rte_socket_id_by_idx(0))
		pool->only_order = &pool->order[MAX_SOCKETS];
	else
		pool->only_order = NULL;
}
