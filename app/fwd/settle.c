/* SPDX-License-Identifier: BSD-3-Clause */
#include "settle.h"
#include "fwd.h"
#include "port_count.h"
#include "snapshot.h"

/**
 * Packets and bytes of one direction, seen by streams and counted by the driver, which may know less: it does
 * not count, or has started anew. Then packets are those seen; bytes, which streams do not count, nobody knows.
 * @param rings  packets that one of both may count before the other
 */
static uint64_t
settle(uint64_t seen, uint64_t counted, uint64_t *bytes, unsigned int restarts, uint64_t rings)
{
	const bool knows = counted != COUNTER_UNKNOWN && (restarts == 0 || seen == 0) &&
			   seen <= counted + rings;
	const uint64_t packets = knows ? counted : seen;

	if (packets != counted || (packets > 0 && *bytes == 0))
		*bytes = COUNTER_UNKNOWN;
	return packets;
}

void
settle_port(struct fwd_port *p, struct snapshot_port *port)
{
	struct snapshot_traffic *t = &port->traffic;
	const struct port_setup *s = &p->setup;
	uint64_t seen_tx = t->tx, not_sent;

	port_count_read(p);
	port->restarts = p->count.restarts;
	port->tx_errors = port_count(p, COUNT_TX_ERRORS);
	port->drops.rx_missed = port_count(p, COUNT_RX_MISSED);
	port->drops.rx_errors = port_count(p, COUNT_RX_ERRORS);
	port->drops.rx_no_buffer = port_count(p, COUNT_RX_NO_BUFFER);
	t->rx_bytes = port_count(p, COUNT_RX_BYTES);
	t->tx_bytes = port_count(p, COUNT_TX_BYTES);
	t->rx = RTE_MAX(t->rx, settle(t->rx, port_count(p, COUNT_RX), &t->rx_bytes, port->restarts,
					       p->is_virtual ? 0 : s->nb_rxq * s->nb_rxd));
	/* Taken, and not sent; some drivers also count what they refuse. */
	not_sent = counter_known(port->tx_errors);
	not_sent -= RTE_MIN(not_sent, port->drops.tx_full);
	seen_tx -= RTE_MIN(seen_tx, not_sent);
	t->tx = settle(seen_tx, port_count(p, COUNT_TX), &t->tx_bytes, port->restarts,
			p->is_virtual ? 0 : s->nb_txq * s->nb_txd);
}
