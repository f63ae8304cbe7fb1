/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "describe.h"
#include "stream.h"

/**
 * Replace chains, and external mbufs where the port is said to send these wrong, by copies with room of their own.
 * What can't be copied is dropped.
 */
static uint16_t
copy_foreign(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	const bool external = (out->special & FWD_OUT_COPY) != 0;
	uint16_t i, kept = 0;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i], *copy = NULL;

		if (m->nb_segs == 1 && !(external && RTE_MBUF_HAS_EXTBUF(m))) {
			pkts[kept++] = m;
			continue;
		}
		if (m->pkt_len + RTE_PKTMBUF_HEADROOM <= rte_pktmbuf_data_room_size(s->copy_pool))
			copy = rte_pktmbuf_copy(m, s->copy_pool, 0, UINT32_MAX);
		mext_free_bulk(&m, 1);
		if (copy != NULL)
			pkts[kept++] = copy;
		else
			out->not_copied++;
	}
	return kept;
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
stream_send_special(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t sent;

	if ((out->special & FWD_OUT_GONE) != 0) {
		out->full += n;
		mext_free_bulk(pkts, n);
		return;
	}
	if ((out->special & (FWD_OUT_COPY | FWD_OUT_LINEAR)) != 0)
		n = copy_foreign(s, out, pkts, n);
	if (n == 0)
		return;
	sent = rte_eth_tx_burst(out->port, out->queue, pkts, n);
	if ((out->special & FWD_OUT_RECORD) != 0)
		s->bursts->tx[sent]++;
	if (sent < n)
		sent += stream_send_rest(s, out, &pkts[sent], n - sent);
	out->tx += sent;
}

/** Put a VLAN tag back that is beside its frame, as rte_vlan_insert() does, in an external buffer too. @return 0 or -1. */
static int
put_tag(struct rte_mbuf *m)
{
	const uint16_t addresses = 2 * RTE_ETHER_ADDR_LEN;
	const rte_be16_t tag[] = { RTE_BE16(RTE_ETHER_TYPE_VLAN), rte_cpu_to_be_16(m->vlan_tci) };
	uint8_t *frame;

	if ((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) == 0)
		return 0;
	if (rte_pktmbuf_data_len(m) < addresses || !mext_is_writable(m, 0, addresses))
		return -1;
	frame = (uint8_t *)rte_pktmbuf_prepend(m, sizeof(tag));
	if (frame == NULL)
		return -1;
	memmove(frame, frame + sizeof(tag), addresses);
	memcpy(frame + addresses, tag, sizeof(tag));
	m->ol_flags &= ~RTE_MBUF_F_RX_VLAN_STRIPPED;
	return 0;
}

static uint16_t
put_tags(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (likely(put_tag(pkts[i]) == 0))
			pkts[kept++] = pkts[i];
		else
			stream_reject(s, &pkts[i], 1);
	}
	return kept;
}

uint16_t
stream_watch(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	if (s->bursts != NULL)
		s->bursts->rx[n]++;
	if (s->lacks_tags)
		n = put_tags(s, pkts, n);
	if (s->verbose)
		describe(s->rx_port, s->rx_queue, pkts, n);
	return n;
}

void
stream_send_prepared(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t ready;

	while (n > 0) {
		ready = out->special & FWD_OUT_GONE
					? n
					: rte_eth_tx_prepare(out->port, out->queue, pkts, n);
		if (ready > 0)
			stream_send(s, out, pkts, ready);
		if (ready == n)
			return;
		stream_reject(s, &pkts[ready], 1);
		pkts += ready + 1;
		n -= ready + 1;
	}
}

uint16_t
stream_own_each(struct fwd_stream *s, struct fwd_out *out, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i, kept = 0;

	for (i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];

		if (!mext_is_writable(m, 0, rte_pktmbuf_data_len(m))) {
			struct rte_mbuf *copy = rte_pktmbuf_copy(m, s->copy_pool, 0, UINT32_MAX);

			mext_free_bulk(&m, 1);
			m = copy;
		}
		if (m != NULL)
			pkts[kept++] = m;
		else
			out->not_copied++;
	}
	return kept;
}

void
stream_starved(struct fwd_stream *s, uint16_t n)
{
	unsigned int i;

	s->no_buffer += n;
	for (i = 0; i < s->nb_outs; i++) {
		/* Drivers without it free what they have sent with the next burst, even an empty one. */
		if ((s->outs[i].special & FWD_OUT_GONE) == 0 &&
				rte_eth_tx_done_cleanup(s->outs[i].port, s->outs[i].queue, 0) ==
						-ENOTSUP)
			rte_eth_tx_burst(s->outs[i].port, s->outs[i].queue, NULL, 0);
	}
}

void
stream_refer(struct fwd_stream *s, struct rte_mbuf *const *pkts, uint16_t n, uint16_t nb)
{
	struct rte_mbuf *m;
	uint16_t i;

	for (i = 0; i < n; i++)
		for (m = pkts[i]; m != NULL; m = m->next)
			rte_mbuf_refcnt_update(m, nb);
	s->made += (uint64_t)n * nb;
}

uint16_t
stream_share(struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n, struct rte_mbuf **shares)
{
	uint16_t i, made = n;

	if (unlikely(mext_fanout_bulk(s->pool, pkts, n, shares, 1) < 0)) {
		for (i = made = 0; i < n; i++)
			if (mext_fanout(s->pool, pkts[i], &shares[made], 1) == 0)
				made++;
		if (made < n)
			stream_starved(s, n - made);
	}
	s->made += made;
	return made;
}
