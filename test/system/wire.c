/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ether.h>

#include "send_region.h"

/** Before the payload. Its type is "local experimental". */
struct header {
	struct rte_ether_hdr eth;
	uint16_t len; /* of the payload: short frames are filled up on the way */
	uint32_t number;
};

#define ETHERTYPE 0x88b5
/*
 * So that no payload crosses pages: qemu 7.2 drops what it sends for e1000e and vmxnet3 where a fragment lies on
 * pages that don't follow each other in its own memory (net_tx_pkt_add_raw_fragment()); cards don't care.
 */
#define PAYLOAD 1024
#define WINDOW 16
#define TRIES 20
#define DESCRIPTORS 256

static bool
start(uint16_t port, struct mext_pool *pool)
{
	const struct rte_eth_conf conf = { 0 };
	uint16_t nb_rx = DESCRIPTORS, nb_tx = DESCRIPTORS;
	struct rte_mempool *mp = mext_pool_rx_mempool(pool, SOCKET_ID_ANY);

	return rte_eth_dev_configure(port, 1, 1, &conf) == 0 &&
	       rte_eth_dev_adjust_nb_rx_tx_desc(port, &nb_rx, &nb_tx) == 0 &&
	       rte_eth_rx_queue_setup(port, 0, nb_rx, SOCKET_ID_ANY, NULL, mp) == 0 &&
	       rte_eth_tx_queue_setup(port, 0, nb_tx, SOCKET_ID_ANY, NULL) == 0 &&
	       rte_eth_dev_start(port) == 0 && rte_eth_promiscuous_enable(port) == 0;
}

bool
wire_open(struct wire *wire, struct mext_pool *pool)
{
	struct rte_eth_link link;
	uint16_t port;

	memset(wire, 0, sizeof(*wire));
	if (rte_eth_dev_count_avail() < 2)
		return false;
	for (port = 0; port < 2; port++)
		if (!start(port, pool))
			return false;
	for (port = 0; port < 2; port++)
		if (rte_eth_link_get(port, &link) < 0 || link.link_status == 0)
			return false;
	return true;
}

/** One frame: a header of its own, and bytes of the storage. */
static struct rte_mbuf *
make_frame(struct mext_pool *pool, struct mext_storage *storage, uint32_t number)
{
	size_t off = (size_t)number * PAYLOAD;
	struct header header = {
		.eth.ether_type = RTE_BE16(ETHERTYPE),
		.number = number,
		.len = RTE_MIN((size_t)PAYLOAD, mext_storage_len(storage) - off),
	};
	struct mext_storage *front = mext_storage_alloc(pool, sizeof(header));
	struct rte_mbuf *head, *payload;

	memset(&header.eth.dst_addr, 0xff, RTE_ETHER_ADDR_LEN);
	memcpy(mext_storage_data(front), &header, sizeof(header));
	if (mext_attach_new_bulk(pool, &head, &front, 1, 0, sizeof(header)) < 0 ||
			mext_storage_hold(storage, 1) < 0 ||
			mext_attach_chain(pool, storage, off, header.len, &payload) < 0)
		return NULL;
	head->next = payload;
	head->nb_segs += payload->nb_segs;
	head->pkt_len += payload->pkt_len;
	return head;
}

static void
take(struct wire *wire, struct rte_mbuf *m, uint32_t nb_frames)
{
	struct header *header = rte_pktmbuf_mtod(m, struct header *);

	if (m->data_len < sizeof(*header) || header->eth.ether_type != RTE_BE16(ETHERTYPE) ||
			header->number >= nb_frames || header->len > m->data_len - sizeof(*header))
		return;
	memcpy(wire->received + (size_t)header->number * PAYLOAD, header + 1, header->len);
	wire->arrived[header->number] = true;
}

/** Receive until frames [first, end) are all there, or for a while. */
static bool
receive(struct wire *wire, uint32_t first, uint32_t end, uint32_t nb_frames)
{
	uint64_t until = rte_get_timer_cycles() + rte_get_timer_hz();
	struct rte_mbuf *pkts[WINDOW];
	uint16_t i, n;

	while (rte_get_timer_cycles() < until) {
		n = rte_eth_rx_burst(1, 0, pkts, WINDOW);
		for (i = 0; i < n; i++)
			take(wire, pkts[i], nb_frames);
		mext_free_bulk(pkts, n);
		while (first < end && wire->arrived[first])
			first++;
		if (first == end)
			return true;
	}
	return false;
}

/** Send those of a window that have not arrived. */
static bool
send_window(struct wire *wire, struct mext_pool *pool, struct mext_storage *storage, uint32_t first,
		uint32_t end)
{
	struct rte_mbuf *pkts[WINDOW];
	uint16_t n = 0, sent;
	uint32_t i;

	for (i = first; i < end; i++) {
		if (wire->arrived[i])
			continue;
		pkts[n] = make_frame(pool, storage, i);
		if (pkts[n] == NULL)
			return false;
		n++;
	}
	sent = rte_eth_tx_prepare(0, 0, pkts, n);
	sent = rte_eth_tx_burst(0, 0, pkts, sent);
	mext_free_bulk(&pkts[sent], n - sent);
	return true;
}

size_t
wire_send(struct wire *wire, struct mext_pool *pool, struct mext_storage *storage,
		const struct memory *m)
{
	uint32_t nb_frames = (m->len + PAYLOAD - 1) / PAYLOAD, first, end, i;
	unsigned int tries;
	size_t bytes = 0;

	wire->received = calloc(1, m->len);
	wire->arrived = calloc(nb_frames, sizeof(*wire->arrived));
	for (first = 0; first < nb_frames; first = end) {
		end = RTE_MIN(first + WINDOW, nb_frames);
		for (tries = 0; tries < TRIES; tries++)
			if (!send_window(wire, pool, storage, first, end) ||
					receive(wire, first, end, nb_frames))
				break;
		for (i = first; i < end && wire->arrived[i]; i++)
			bytes += RTE_MIN((size_t)PAYLOAD, m->len - (size_t)i * PAYLOAD);
		if (i < end)
			break;
	}
	return bytes;
}

void
wire_stop(struct wire *wire)
{
	uint16_t port;

	for (port = 0; port < 2; port++)
		rte_eth_dev_stop(port);
	free(wire->received);
	free(wire->arrived);
}

void
wire_close(void)
{
	uint16_t port;

	for (port = 0; port < 2; port++)
		rte_eth_dev_close(port);
}
