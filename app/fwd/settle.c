/* SPDX-License-Identifier: BSD-3-Clause */
#include "settle.h"
#include "fwd.h"
#include "port_count.h"
#include "snapshot.h"

/**
 * Packets and bytes of one direction, seen by streams and counted by the driver, which may know less: it does
 * not count, or has started anew. Then packets are those seen; bytes, which streams do not count, nobody knows.
 * @param slack  packets that streams may have seen and the driver does not count, or not yet
 * @param not_sent  of those seen, if the driver is not believed
 */
static uint64_t
settle(uint64_t seen, uint64_t counted, uint64_t *bytes, unsigned int restarts, uint64_t slack,
		uint64_t not_sent)
{
	const bool knows = counted != COUNTER_UNKNOWN && (restarts == 0 || seen == 0) &&
			   seen <= counted + slack;
	const uint64_t packets = knows ? counted : seen - RTE_MIN(seen, not_sent);

	if (packets != counted || (packets > 0 && *bytes == 0))
		*bytes = COUNTER_UNKNOWN;
	return packets;
}

void
settle_port(struct fwd_port *p, struct snapshot_port *port)
{
	struct snapshot_traffic *t = &port->traffic;
	const struct port_setup *s = &p->setup;
	const uint64_t rings = p->is_virtual ? 0 : RTE_MAX(p->nb_members, 1u);
	uint64_t errors, not_sent;

	port_count_read(p);
	port->restarts = p->count.restarts;
	port->tx_errors = port_count(p, COUNT_TX_ERRORS);
	port->drops.rx_missed = port_count(p, COUNT_RX_MISSED);
	port->drops.rx_errors = port_count(p, COUNT_RX_ERRORS);
	port->drops.rx_no_buffer = port_count(p, COUNT_RX_NO_BUFFER);
	t->rx_bytes = port_count(p, COUNT_RX_BYTES);
	t->tx_bytes = port_count(p, COUNT_TX_BYTES);
	t->rx = RTE_MAX(t->rx, settle(t->rx, port_count(p, COUNT_RX), &t->rx_bytes, port->restarts,
					       rings * s->nb_rxq * s->nb_rxd, 0));
	/* Taken, and not sent; some drivers also count what they refuse. */
	errors = counter_known(port->tx_errors);
	not_sent = errors - RTE_MIN(errors, port->drops.tx_full);
	t->tx = settle(t->tx, port_count(p, COUNT_TX), &t->tx_bytes, port->restarts,
			rings * s->nb_txq * s->nb_txd + errors, not_sent);
}
