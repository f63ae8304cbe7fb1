/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "loop.h"
#include "mode.h"
#include "parse.h"
#include "stream.h"

/** Swap two neighbours of len bytes each. */
static inline void
swap(uint8_t *first, size_t len)
{
	uint8_t kept[16];

	memcpy(kept, first, len);
	memcpy(first, first + len, len);
	memcpy(first + len, kept, len);
}

/** As much as is there whole: MAC addresses, IP addresses, ports. */
static inline void
swap_layers(struct rte_mbuf *m, struct layers l)
{
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);

	ether_swap(data);
	if (l.ip == 4)
		swap(data + l.l3 + offsetof(struct rte_ipv4_hdr, src_addr), sizeof(rte_be32_t));
	else if (l.ip == 6)
		swap(data + l.l3 + offsetof(struct rte_ipv6_hdr, src_addr), 16);
	/* Both headers begin with the ports. */
	if (l.l4 != 0 && (l.proto == IPPROTO_UDP || l.proto == IPPROTO_TCP) &&
			parse_has(m, l.l4, 2 * sizeof(rte_be16_t)))
		swap(data + l.l4, sizeof(rte_be16_t));
}

static __rte_noinline void
swap_any(struct rte_mbuf *m)
{
	if (parse_has(m, 0, sizeof(struct rte_ether_hdr)))
		swap_layers(m, parse_any(m));
}

static uint16_t
swap_flows(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t i, n = stream_receive(s, pkts);
	uint16_t kept = stream_own(s, s->out, pkts, n);
	struct layers l;

	for (i = 0; i < kept; i++) {
		if (likely(parse_plain(pkts[i], &l)))
			swap_layers(pkts[i], l);
		else
			swap_any(pkts[i]);
	}
	if (kept > 0)
		stream_send(s, s->out, pkts, kept);
	return n;
}

MODE_LOOP(swap_flows)

const struct fwd_mode mode_5tswap = {
	.name = "5tswap",
	.help = "source and destination are swapped: MAC, IP, and ports of TCP and UDP",
	.flags = MODE_RECEIVES | MODE_TRANSMITS,
	.loop = swap_flows_loop,
};
