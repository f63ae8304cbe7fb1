/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rte_gso_segment() on packets of mext's: it copies the EXTERNAL mark of a packet's head to headers without a shared
 * info, so heads have to be direct. This is the way the guide names.
 */
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_gso.h>
#include <rte_ip.h>
#include <rte_tcp.h>

#include "chains.h"
#include "kinds.h"

#define HDR_LEN (RTE_ETHER_HDR_LEN + sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_tcp_hdr))
#define DATA_LEN 9000
#define MOST 16

/** A TCP segment that is too long: all of it in a storage, behind the headers bytes of the pattern. */
static struct rte_mbuf *
long_segment(struct world *w)
{
	struct mext_storage *storage = world_storage(w, WORLD_LARGE);
	uint8_t *bytes = mext_storage_data(storage);
	struct rte_ether_hdr *eth = (struct rte_ether_hdr *)bytes;
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(eth + 1);
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(ip + 1);
	struct rte_mbuf *m;
	unsigned int i;

	memset(bytes, 0, HDR_LEN);
	eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
	ip->version_ihl = RTE_IPV4_VHL_DEF;
	ip->total_length = rte_cpu_to_be_16(HDR_LEN - RTE_ETHER_HDR_LEN + DATA_LEN);
	ip->next_proto_id = IPPROTO_TCP;
	tcp->data_off = sizeof(*tcp) / 4 << 4;
	for (i = 0; i < DATA_LEN; i++)
		bytes[HDR_LEN + i] = pattern(i);
	assert_int_equal(mext_attach_chain(w->pool, storage, 0, HDR_LEN + DATA_LEN, &m), 0);
	m->l2_len = RTE_ETHER_HDR_LEN;
	m->l3_len = sizeof(*ip);
	m->l4_len = sizeof(*tcp);
	m->ol_flags |= RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_TCP_SEG;
	return m;
}

/** Put the first bytes of a packet into a direct mbuf, which is its head then. */
static struct rte_mbuf *
make_head_direct(struct world *w, struct rte_mbuf *m)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY));

	assert_non_null(head);
	memcpy(rte_pktmbuf_append(head, HDR_LEN), rte_pktmbuf_mtod(m, void *), HDR_LEN);
	head->tx_offload = m->tx_offload;
	head->ol_flags = m->ol_flags & ~RTE_MBUF_F_EXTERNAL;
	assert_int_equal(mext_trim_front(w->pool, &m, HDR_LEN), 0);
	assert_int_equal(rte_pktmbuf_chain(head, m), 0);
	return head;
}

/** What a segment has behind its headers. @return how many bytes */
static uint32_t
assert_segment(const struct rte_mbuf *m, uint32_t from)
{
	uint32_t i, len = m->pkt_len - HDR_LEN;
	uint8_t byte;

	assert_int_equal(RTE_MBUF_HAS_EXTBUF(m), 0);
	for (i = 0; i < len; i++)
		assert_int_equal(*(const uint8_t *)rte_pktmbuf_read(m, HDR_LEN + i, 1, &byte),
				pattern(from + i));
	return len;
}

static void
test_gso_of_direct_head_over_storage_makes_sound_segments(void **state)
{
	struct world *w = *state;
	const struct rte_gso_ctx ctx = {
		.direct_pool = w->plain,
		.indirect_pool = mext_pool_header_mempool(w->pool, SOCKET_ID_ANY),
		.gso_types = RTE_ETH_TX_OFFLOAD_TCP_TSO,
		.gso_size = 1514,
	};
	struct rte_mbuf *m, *made[MOST];
	struct mext_storage *storage;
	unsigned int way;
	uint32_t seen;
	int i, n;

	for (way = 0; way < nb_free_ways; way++) {
		m = make_head_direct(w, long_segment(w));
		storage = mext_storage_from_mbuf(m->next);
		n = rte_gso_segment(m, &ctx, made, MOST);
		assert_true(n > 1);
		free_ways[way].free(&m, 1);
		for (i = 0, seen = 0; i < n; i++)
			seen += assert_segment(made[i], seen);
		assert_int_equal(seen, DATA_LEN);
		assert_true(mext_storage_refcnt(storage) >= n);
		free_ways[way].free(made, n);
		world_idle(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_gso_of_direct_head_over_storage_makes_sound_segments),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
