/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <mext.h>

#include "fwd.h"
#include "memory.h"
#include "rx_mempool.h"
#include "setup.h"

/** The first size that holds a frame of the port; the largest if none does. */
static unsigned int
fitting(const struct fwd_port *port)
{
	const struct memory_wishes *w = &memory_wishes;
	const uint32_t needed = setup_frame(port) + RTE_PKTMBUF_HEADROOM;
	unsigned int i;

	for (i = 0; i < w->nb_sizes; i++)
		if (w->sizes[i] >= needed)
			return i;
	return memory_largest();
}

void
rx_mempool_choose(struct fwd_port *port)
{
	port->rx_how = RX_ONE;
	port->rx_index = 0;
	if (memory_wishes.nb_sizes == 1)
		return;
	if ((setup_wishes.rx_offloads & port->info.rx_offload_capa &
			    RTE_ETH_RX_OFFLOAD_BUFFER_SPLIT) != 0)
		port->rx_how = RX_SPLIT;
	else if (port->info.max_rx_mempools >= memory_wishes.nb_sizes)
		port->rx_how = RX_BY_SIZE;
	else
		port->rx_index = fitting(port);
}

bool
rx_mempool_chains(const struct fwd_port *port)
{
	return setup_wishes.scatter || port->rx_how == RX_SPLIT;
}

struct rte_mempool *
rx_mempool(const struct fwd *fwd, const struct fwd_port *port)
{
	return mext_pool_rx_mempool_at(fwd->pool, port->socket, port->rx_index);
}

const char *
rx_mempool_names(const struct fwd *fwd, const struct fwd_port *port, char text[RX_MEMPOOL_TEXT])
{
	const unsigned int n = port->rx_how == RX_ONE ? 1 : memory_wishes.nb_sizes;
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		len += snprintf(text + len, RX_MEMPOOL_TEXT - len, "%s%s", i > 0 ? "+" : "",
				mext_pool_rx_mempool_at(fwd->pool, port->socket, port->rx_index + i)
						->name);
	return text;
}

struct rte_mempool *
rx_mempool_largest(const struct fwd *fwd, int socket)
{
	return mext_pool_rx_mempool_at(fwd->pool, socket, memory_largest());
}

int
rx_mempool_set_up(const struct fwd *fwd, const struct fwd_port *port, uint16_t queue,
		const struct port_setup *setup, const struct rte_eth_rxconf *conf)
{
	struct rte_mempool *all[MEMORY_MAX_SIZES] = { NULL };
	union rte_eth_rxseg parts[MEMORY_MAX_SIZES];
	struct rte_eth_rxconf more = *conf;
	unsigned int i;

	if (port->rx_how == RX_ONE)
		return rte_eth_rx_queue_setup(port->id, queue, setup->nb_rxd, port->socket, conf,
				rx_mempool(fwd, port));
	memset(parts, 0, sizeof(parts));
	for (i = 0; i < memory_wishes.nb_sizes; i++) {
		all[i] = mext_pool_rx_mempool_at(fwd->pool, port->socket, i);
		parts[i].split.mp = all[i];
		parts[i].split.length = memory_wishes.sizes[i] - RTE_PKTMBUF_HEADROOM;
	}
	if (port->rx_how == RX_SPLIT) {
		more.rx_seg = parts;
		more.rx_nseg = memory_wishes.nb_sizes;
	} else {
		more.rx_mempools = all;
		more.rx_nmempool = memory_wishes.nb_sizes;
	}
	return rte_eth_rx_queue_setup(port->id, queue, setup->nb_rxd, port->socket, &more, NULL);
}

void
rx_mempool_warn(const struct fwd *fwd)
{
	char sizes[MEMORY_TEXT];
	unsigned int i;

	for (i = 0; i < fwd->nb_ports && memory_wishes.nb_sizes > 1; i++) {
		const struct fwd_port *port = &fwd->ports[i];

		if (!port->gone && port->rx_how == RX_ONE)
			FWD_WARNING("--mbuf-size=%s: port %u (%s) takes mbufs of one size, it receives into "
				    "those of %u",
					memory_sizes(sizes), port->id, port->driver,
					memory_wishes.sizes[port->rx_index]);
	}
}
