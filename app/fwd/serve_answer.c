/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "host.h"
#include "serve.h"
#include "stream.h"

/** Packets for which buffers are taken at once. */
#define LOT 32

/** What the answers to one request have in common. */
struct answer {
	uint16_t l2_len;
	uint8_t l2[SERVE_MAX_L2];
	struct rte_ipv4_hdr ip;
	struct rte_udp_hdr udp;
	struct serve_message message;
	uint64_t offset; /* of what is still to be sent, */
	uint64_t left; /* and its bytes */
	uint32_t chunk; /* bytes of a packet */
};

void
serve_flush(struct fwd_stream *s)
{
	struct serve_state *st = s->state;
	uint64_t *bytes = st->why_copy != NULL ? &st->counts.copied : &st->counts.by_reference;
	uint64_t before = s->out->tx;
	uint16_t i, sent;

	stream_send(s, s->out, st->pkts, st->n);
	sent = s->out->tx - before;
	for (i = 0; i < sent; i++) {
		if (likely(st->what[i] < SERVE_IS_ECHO))
			*bytes += st->what[i];
		else if (st->what[i] == SERVE_IS_ECHO)
			st->counts.echo++;
		else
			st->counts.arp++;
	}
	st->n = 0;
}

void
serve_queue(struct fwd_stream *s, struct rte_mbuf *m, uint32_t what)
{
	struct serve_state *st = s->state;

	st->pkts[st->n] = m;
	st->what[st->n++] = what;
	if (st->n == FWD_MAX_BURST)
		serve_flush(s);
}

static void
begin(struct answer *a, const struct serve_state *st, const struct serve_frame *frame)
{
	const struct serve_host *host = &st->host;
	const struct rte_ipv4_hdr *ip = (const void *)(frame->l2 + frame->l2_len);
	const struct rte_udp_hdr *udp = (const void *)(ip + 1);
	struct rte_ether_hdr *eth = (void *)a->l2;

	a->l2_len = frame->l2_len;
	memcpy(a->l2, frame->l2, a->l2_len);
	rte_ether_addr_copy(&eth->src_addr, &eth->dst_addr);
	rte_ether_addr_copy(&host->mac, &eth->src_addr);
	a->ip = (struct rte_ipv4_hdr){
		.version_ihl = RTE_IPV4_VHL_DEF,
		.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
		.time_to_live = HOST_TTL,
		.next_proto_id = IPPROTO_UDP,
		.src_addr = host->ip,
		.dst_addr = ip->src_addr,
	};
	a->udp = (struct rte_udp_hdr){ .src_port = host->port, .dst_port = udp->src_port };
	a->message = frame->message;
	a->message.magic = RTE_BE32(SERVE_ANSWER);
	a->offset = rte_be_to_cpu_64(frame->message.offset);
	a->left = rte_be_to_cpu_32(frame->message.length);
	/* Links have room for one tag beyond their MTU. */
	a->chunk = st->chunk;
	if (a->l2_len == SERVE_MAX_L2)
		a->chunk -= RTE_VLAN_HLEN;
}

/** Decide what is answered. @return the status. */
static enum serve_status
decide(struct answer *a, const struct serve_object *objects, unsigned int nb)
{
	unsigned int i = rte_be_to_cpu_16(a->message.object);
	uint64_t token = rte_cpu_to_be_64(serve_token(a->ip.dst_addr, a->udp.dst_port));
	bool known = a->message.token == token;
	uint64_t size;

	a->message.token = token;
	if (i >= nb)
		return SERVE_NO_OBJECT;
	size = objects[i].size;
	a->message.size = rte_cpu_to_be_64(size);
	if (a->left == 0)
		return SERVE_OK;
	if (a->left > SERVE_MAX_LENGTH)
		return SERVE_TOO_LONG;
	if (a->offset >= size)
		return SERVE_BEYOND;
	a->left = RTE_MIN(a->left, size - a->offset);
	return known ? SERVE_OK : SERVE_NO_TOKEN;
}

/** All that comes before len bytes of the file. */
static void
write_headers(const struct serve_state *st, struct rte_mbuf *m, struct answer *a, uint32_t len)
{
	const uint64_t flags = RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_UDP_CKSUM;
	uint8_t *to = (uint8_t *)rte_pktmbuf_append(m, a->l2_len + SERVE_HEADERS);

	a->ip.total_length = rte_cpu_to_be_16(SERVE_HEADERS + len);
	a->ip.hdr_checksum = 0;
	a->ip.hdr_checksum = rte_ipv4_cksum(&a->ip);
	a->udp.dgram_len = rte_cpu_to_be_16(SERVE_HEADERS - sizeof(a->ip) + len);
	/* Without the port's help none, which IPv4 allows: it would take reading every byte. */
	if (st->udp_cksum) {
		a->udp.dgram_cksum = rte_ipv4_phdr_cksum(&a->ip, flags);
		m->ol_flags |= flags;
		m->l2_len = a->l2_len;
		m->l3_len = sizeof(a->ip);
	}
	a->message.length = rte_cpu_to_be_32(len);
	a->message.offset = rte_cpu_to_be_64(a->offset);
	memcpy(to, a->l2, a->l2_len);
	to += a->l2_len;
	memcpy(to, &a->ip, sizeof(a->ip));
	to += sizeof(a->ip);
	memcpy(to, &a->udp, sizeof(a->udp));
	to += sizeof(a->udp);
	memcpy(to, &a->message, sizeof(a->message));
}

/** Put bytes of a file behind the headers. @return 0, or what mext_attach_chain() returns */
static int
add_bytes(struct fwd_stream *s, struct rte_mbuf *m, struct mext_storage *leaf, uint64_t offset,
		uint32_t len)
{
	const struct serve_state *st = s->state;
	struct rte_mbuf *bytes;
	int ret;

	if (st->why_copy != NULL) {
		memcpy(rte_pktmbuf_append(m, len), RTE_PTR_ADD(mext_storage_data(leaf), offset),
				len);
		return mext_storage_release(leaf, 1);
	}
	ret = mext_attach_chain(s->pool, leaf, offset, len, &bytes);
	if (likely(ret == 0))
		rte_pktmbuf_chain(m, bytes); /* refuses only more segments than these can be */
	return ret;
}

/** Queue the next packets, n at most LOT. @return how many: less when buffers are used up */
static unsigned int
queue_lot(struct fwd_stream *s, struct answer *a, struct mext_spread *spread, unsigned int n)
{
	struct rte_mbuf *heads[LOT];
	struct mext_storage *leaf;
	unsigned int i;

	if (rte_pktmbuf_alloc_bulk(s->copy_pool, heads, n) < 0)
		return 0;
	if (mext_spread_take(spread, n, &leaf) < 0) {
		mext_free_bulk(heads, n);
		return 0;
	}
	for (i = 0; i < n; i++) {
		uint32_t len = RTE_MIN(a->left, (uint64_t)a->chunk);

		write_headers(s->state, heads[i], a, len);
		if (add_bytes(s, heads[i], leaf, a->offset, len) < 0)
			break;
		serve_queue(s, heads[i], len);
		a->offset += len;
		a->left -= len;
	}
	s->made += i;
	if (unlikely(i < n)) {
		mext_storage_release(leaf, n - i);
		mext_free_bulk(&heads[i], n - i);
	}
	return i;
}

/** Queue an answer without bytes of a file. */
static void
queue_headers(struct fwd_stream *s, struct answer *a)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(s->copy_pool);

	if (m == NULL) {
		stream_starved(s, 1);
		return;
	}
	write_headers(s->state, m, a, 0);
	s->made++;
	serve_queue(s, m, 0);
}

void
serve_answer(struct fwd_stream *s, const struct serve_object *objects, unsigned int nb,
		const struct serve_frame *frame)
{
	struct serve_state *st = s->state;
	unsigned int n, lot, object = rte_be_to_cpu_16(frame->message.object);
	struct answer a;

	begin(&a, st, frame);
	a.message.status = decide(&a, objects, nb);
	if (a.message.status == SERVE_OK)
		st->counts.requests++;
	else
		st->counts.refused++;
	if (a.message.status != SERVE_OK || a.left == 0) {
		queue_headers(s, &a);
		return;
	}
	for (n = (a.left + a.chunk - 1) / a.chunk; n > 0; n -= lot) {
		lot = RTE_MIN(n, (unsigned int)LOT);
		if (queue_lot(s, &a, objects[object].spread, lot) < lot) {
			stream_starved(s, a.left / a.chunk + 1);
			return;
		}
	}
}
