/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

static bool
is_external(const struct rte_mbuf *m)
{
	while (m != NULL && !RTE_MBUF_HAS_EXTBUF(m))
		m = m->next;
	return m != NULL;
}

/** Replace external mbufs by copies with room of their own. What can't be copied is dropped. */
static uint16_t
copy_external(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i, kept = 0;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (is_external(m)) {
			m = rte_pktmbuf_copy(m, s->copy_pool, 0, UINT32_MAX);
			mext_free_bulk(&pkts[i], 1);
			if (m == NULL) {
				out->not_copied++;
				continue;
			}
		}
		pkts[kept++] = m;
	}
	return kept;
}

uint16_t
stream_send_special(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	if (out->gone) {
		out->full += n;
		mext_free_bulk(pkts, n);
		return 0;
	}
	return copy_external(s, out, pkts, n);
}

uint16_t
stream_send_rest(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent = 0;
	uint32_t tries;

	for (tries = 0; tries < s->tx_retries && sent < n; tries++) {
		sent += rte_eth_tx_burst(out->port, out->queue, &pkts[sent], n - sent);
		out->retries++;
	}
	if (sent < n) {
		out->full += n - sent;
		mext_free_bulk(&pkts[sent], n - sent);
	}
	return sent;
}

void
stream_starved(struct fwd_stream *s, uint16_t n)
{
	unsigned int i;

	s->no_buffer += n;
	for (i = 0; i < s->nb_outs; i++) {
		/* Drivers without it free what they have sent with the next burst, even an empty one. */
		if (!s->outs[i].gone && rte_eth_tx_done_cleanup(s->outs[i].port, s->outs[i].queue,
							0) == -ENOTSUP)
			rte_eth_tx_burst(s->outs[i].port, s->outs[i].queue, NULL, 0);
	}
}
