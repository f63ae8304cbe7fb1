/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_ip.h>

#include "generate.h"
#include "stream.h"

static inline uint8_t *
data_of(const struct rte_mbuf *m)
{
	return RTE_PTR_ADD(m->buf_addr, RTE_PKTMBUF_HEADROOM);
}

/** Write the bytes of a segment that are missing: those that are the same in all frames. */
static __rte_noinline void
fill(const struct generator *g, struct rte_mbuf *m, uint64_t *mark, bool further)
{
	const unsigned int period = sizeof(g->pattern) / 2;
	unsigned int i = further ? 0 : GENERATE_HEAD_LEN, end = g->longest;
	const uint8_t *pattern = &g->pattern[generate_byte(i)];
	uint8_t *data = data_of(m);

	if (g->mark != 0 && (*mark | GENERATE_FURTHER) == (g->mark | GENERATE_FURTHER))
		end = RTE_MIN(end, (unsigned int)GENERATE_HEAD_LEN);
	for (; i < end; i += period)
		memcpy(&data[i], pattern, RTE_MIN(period, end - i));
	if (g->mark != 0)
		*mark = g->mark | (further ? GENERATE_FURTHER : 0);
}

static inline void
fill_once(const struct generator *g, struct rte_mbuf *m, bool further)
{
	uint64_t *mark = RTE_PTR_ADD(m, g->mark_offset);

	if (unlikely(g->mark == 0 || *mark != (g->mark | (further ? GENERATE_FURTHER : 0))))
		fill(g, m, mark, further);
}

/** The next flow's address. The checksum is the sum of the rest and of its two halves. */
static inline void
put_address(struct generator *g, uint8_t *frame)
{
	rte_be32_t address = rte_cpu_to_be_32(g->address + (g->flow << g->flows.shift));
	uint32_t sum = g->sum + (address & 0xffff) + (address >> 16);
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + GENERATE_IP_OFFSET);

	if (++g->flow == g->flows.nb)
		g->flow = 0;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->hdr_checksum = ~sum;
	memcpy(frame + g->address_offset, &address, sizeof(address));
}

/** A first segment: all of its mbuf and of its frame that differs from what was there before. */
static inline void
put_head(struct generator *g, const struct generate_head *head, struct rte_mbuf *m,
		uint64_t sequence, bool flows)
{
	rte_be64_t number = rte_cpu_to_be_64(sequence);
	uint8_t *frame = data_of(m);

	memcpy(RTE_PTR_ADD(m, GENERATE_MBUF_OFFSET), head->mbuf, sizeof(head->mbuf));
	memcpy(frame, head->bytes, sizeof(head->bytes));
	memcpy(frame + GENERATE_SEQUENCE_OFFSET, &number, sizeof(number));
	if (flows)
		put_address(g, frame);
}

/** Compiled twice, so that flows cost nothing where there are none. */
static inline void
put_heads(struct generator *g, struct rte_mbuf **pkts, uint16_t n, uint64_t sequence, bool flows)
{
	const struct generate_head head = g->head; /* which no store through pkts can change */
	uint16_t i;

	for (i = 0; i < n; i++)
		put_head(g, &head, pkts[i], sequence + i, flows);
}

static uint16_t
make_single(struct generator *g, struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i;

	if (unlikely(rte_mempool_get_bulk(g->mp, (void **)pkts, n) < 0))
		return 0;
	if (g->flows.nb > 0)
		put_heads(g, pkts, n, s->sequence, true);
	else
		put_heads(g, pkts, n, s->sequence, false);
	if (g->longest > GENERATE_HEAD_LEN)
		for (i = 0; i < n; i++)
			fill_once(g, pkts[i], false);
	return n;
}

/** Make segments a chain, the first one a head already. */
static inline void
link_segments(struct generator *g, struct rte_mbuf **segments)
{
	unsigned int i;

	for (i = 1; i < g->nb_segments; i++) {
		struct rte_mbuf *m = segments[i];

		memcpy(RTE_PTR_ADD(m, GENERATE_MBUF_OFFSET), g->further_mbuf,
				sizeof(g->further_mbuf));
		m->data_len = g->further_lengths[i - 1];
		fill_once(g, m, true);
		segments[i - 1]->next = m;
	}
}

static uint16_t
make_chains(struct generator *g, struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	struct rte_mbuf *segments[GENERATE_MAX_SEGMENTS];
	uint16_t i;

	for (i = 0; i < n; i++) {
		if (unlikely(rte_mempool_get_bulk(g->mp, (void **)segments, g->nb_segments) < 0))
			break;
		put_heads(g, segments, 1, s->sequence + i, g->flows.nb > 0);
		fill_once(g, segments[0], false);
		link_segments(g, segments);
		pkts[i] = segments[0];
	}
	return i;
}

uint16_t
generate(struct generator *g, struct fwd_stream *s, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t made = g->nb_segments == 1 ? make_single(g, s, pkts, n)
					    : make_chains(g, s, pkts, n);

	s->sequence += made;
	s->made += made;
	if (unlikely(made < n))
		stream_starved(s, n - made);
	return made;
}
