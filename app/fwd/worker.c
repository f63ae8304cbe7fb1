/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_ethdev.h>

#include <mext.h>

#include "fwd.h"

static bool
is_external(const struct rte_mbuf *m)
{
	while (m != NULL && !RTE_MBUF_HAS_EXTBUF(m))
		m = m->next;
	return m != NULL;
}

/**
 * Replace external mbufs by copies with room of their own, for drivers that send the wrong bytes
 * otherwise. What can't be copied is dropped.
 * @return how many are left, in order.
 */
static uint16_t
copy_external(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i, kept = 0;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (is_external(m)) {
			m = rte_pktmbuf_copy(m, s->copy_pool, 0, UINT32_MAX);
			rte_pktmbuf_free(pkts[i]);
			if (m == NULL) {
				s->no_buffer++;
				s->dropped++;
				continue;
			}
		}
		pkts[kept++] = m;
	}
	return kept;
}

static void
transmit(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent;

	if (unlikely(s->copy_external))
		n = copy_external(s, pkts, n);
	sent = rte_eth_tx_burst(s->tx_port, s->tx_queue, pkts, n);
	s->tx += sent;
	if (unlikely(sent < n)) {
		s->dropped += n - sent;
		mext_free_bulk(&pkts[sent], n - sent);
	}
}

/** One turn of a stream: receive, let the mode do its work, transmit, free what is left. */
static inline void
turn(struct fwd_stream *s, const struct fwd_mode *mode, uint16_t burst)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = 0, to_send;

	if (mode->receives) {
		n = rte_eth_rx_burst(s->rx_port, s->rx_queue, pkts, burst);
		if (n == 0)
			return;
		s->rx += n;
	}
	to_send = mode->burst != NULL ? mode->burst(s, pkts, n, burst) : n;
	if (to_send < n) {
		s->consumed += n - to_send;
		mext_free_bulk(&pkts[to_send], n - to_send);
	}
	if (to_send > 0)
		transmit(s, pkts, to_send);
}

int
worker_run(void *arg)
{
	const struct fwd_lcore *lcore = arg;
	const struct fwd_mode *mode = lcore->fwd->args.mode;
	uint16_t burst = lcore->fwd->args.burst;
	unsigned int i;

	while (!__atomic_load_n(&lcore->fwd->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < lcore->nb_streams; i++)
			turn(lcore->streams[i], mode, burst);
	}
	return 0;
}
