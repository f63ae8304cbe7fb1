/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>

#include "fwd.h"
#include "packet_socket.h"
#include "port_count.h"

static const size_t fields[NB_PORT_COUNTERS] = {
	[COUNT_RX] = offsetof(struct rte_eth_stats, ipackets),
	[COUNT_RX_BYTES] = offsetof(struct rte_eth_stats, ibytes),
	[COUNT_TX] = offsetof(struct rte_eth_stats, opackets),
	[COUNT_TX_BYTES] = offsetof(struct rte_eth_stats, obytes),
	[COUNT_RX_MISSED] = offsetof(struct rte_eth_stats, imissed),
	[COUNT_RX_ERRORS] = offsetof(struct rte_eth_stats, ierrors),
	[COUNT_RX_NO_BUFFER] = offsetof(struct rte_eth_stats, rx_nombuf),
	[COUNT_TX_ERRORS] = offsetof(struct rte_eth_stats, oerrors),
};

void
port_count_begin(struct fwd_port *port)
{
	struct port_count *c = &port->count;
	unsigned int i;

	c->lost_known = false;
	if (!port->gone)
		port_count_read(port);
	if (!port->gone && !c->known)
		FWD_WARNING("port %u (%s) counts nothing: packets are those that mext-fwd sees, the rest is "
			    "not known",
				port->id, port->driver);
	else if (!port->gone && port->hides_losses && !c->lost_known)
		FWD_WARNING("port %u (%s) does not count what it loses, nor does the kernel: rx_missed is "
			    "not known",
				port->id, port->driver);
	c->restarts = c->told = 0;
	for (i = 0; i < NB_PORT_COUNTERS; i++)
		c->base[i] = counter_known(port_count_ever(port, i));
}

void
port_count_read(struct fwd_port *port)
{
	struct port_count *c = &port->count;
	struct rte_eth_stats now;
	bool anew = false;
	unsigned int i;

	/* Registers of a card that was pulled out read as all ones. */
	if (port->gone || (port->removed && !port->is_virtual))
		return;
	if (port->hides_losses)
		c->lost_known |= packet_sockets_lost(port, &c->lost);
	if (rte_eth_stats_get(port->id, &now) < 0)
		return;
	c->known = true;
	for (i = 0; i < NB_PORT_COUNTERS; i++) {
		const uint64_t value = *(const uint64_t *)((const char *)&now + fields[i]);

		/* Some drivers' counts of losses are not atomic: they may fall, and nothing began. */
		if (i > COUNT_TX_BYTES && !anew && value < c->counters[i].last)
			c->counters[i].last = value;
		else
			anew |= counter_read(&c->counters[i], value);
	}
	c->restarts += anew;
}

uint64_t
port_count_ever(const struct fwd_port *port, enum port_counter which)
{
	const struct port_count *c = &port->count;

	if (!c->known)
		return COUNTER_UNKNOWN;
	if (which != COUNT_RX_MISSED || !port->hides_losses)
		return c->counters[which].sum;
	return c->lost_known ? c->counters[which].sum + c->lost : COUNTER_UNKNOWN;
}

uint64_t
port_count(const struct fwd_port *port, enum port_counter which)
{
	const uint64_t ever = port_count_ever(port, which);

	return ever == COUNTER_UNKNOWN ? COUNTER_UNKNOWN : ever - port->count.base[which];
}

void
ports_count(struct fwd *fwd)
{
	unsigned int i;

	pthread_mutex_lock(&fwd->lock);
	for (i = 0; i < ports_all(fwd); i++) {
		struct fwd_port *port = &fwd->ports[i];

		port_count_read(port);
		if (fwd->running && port->count.restarts > port->count.told)
			FWD_WARNING("port %u (%s): its counters started anew: what they counted since they "
				    "were last read is lost; packets are those that mext-fwd saw",
					port->id, port->driver);
		port->count.told = port->count.restarts;
	}
	pthread_mutex_unlock(&fwd->lock);
}
