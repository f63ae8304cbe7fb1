/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file A port that gives out the frames of a file in the segments that stand there, and computes the checksums that it is
 * asked for as a card does: by the lengths and flags of the mbuf alone, one byte after another. To be loaded before
 * mext-fwd (LD_PRELOAD), which has one port of net_null. SUM_PORT_IN: frames, each as their number of segments and
 * the bytes of each as 16-bit numbers, then all bytes. SUM_PORT_OUT: what was sent, each with its length in 16 bits
 * before it. SUM_PORT_OFFLOADS: it has them.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <rte_net.h>

#define SUMS                                                            \
	(RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | \
			RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_SCTP_CKSUM)
#define MAX_FRAME 4096
/** Bytes beside segments, which nobody may change. */
#define BESIDE 32
#define MARK 0xa5

static struct rte_mempool *mempool;
static FILE *in, *out;
static unsigned long received, sent;
static int at_end;

/** The function of DPDK that one here stands before. */
#define REAL(name) ((typeof(&(name)))dlsym(RTLD_NEXT, #name))

static void
die(const char *why)
{
	fprintf(stderr, "sum port: %s, frame %lu\n", why, sent);
	abort();
}

static struct rte_mbuf *
make_segment(uint16_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mempool);
	uint8_t *data;

	if (m == NULL || rte_pktmbuf_tailroom(m) < len + BESIDE)
		die("no room");
	data = rte_pktmbuf_mtod(m, uint8_t *);
	memset(data - BESIDE, MARK, BESIDE);
	memset(data + len, MARK, BESIDE);
	m->data_len = m->pkt_len = len;
	return m;
}

static struct rte_mbuf *
next_frame(void)
{
	uint16_t nb, lens[256], i;
	struct rte_mbuf *first, *m;

	if (fread(&nb, sizeof(nb), 1, in) != 1)
		return NULL;
	if (nb == 0 || nb > RTE_DIM(lens) || fread(lens, sizeof(lens[0]), nb, in) != nb)
		die("wrong input");
	first = make_segment(lens[0]);
	for (i = 1; i < nb; i++)
		if (rte_pktmbuf_chain(first, make_segment(lens[i])) < 0)
			die("too many segments");
	for (m = first; m != NULL; m = m->next)
		if (fread(rte_pktmbuf_mtod(m, void *), 1, m->data_len, in) != m->data_len)
			die("input is cut");
	return first;
}

/** Say when all is sent. */
static void
tell(void)
{
	if (!at_end || sent < received)
		return;
	fflush(out);
	printf("sum port: sent %lu\n", sent);
}

static uint16_t
receive(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i;

	(void)queue;
	if (at_end)
		return 0;
	for (i = 0; i < n && !at_end; i += !at_end) {
		pkts[i] = next_frame();
		at_end = pkts[i] == NULL;
	}
	received += i;
	tell();
	return i;
}

static uint16_t
sum_of(const uint8_t *bytes, uint32_t len)
{
	uint32_t i, sum = 0;

	for (i = 0; i < len; i++) {
		sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
		sum = (sum & UINT16_MAX) + (sum >> 16);
	}
	return ~sum;
}

/** CRC-32C, bit by bit. */
static uint32_t
crc_of(const uint8_t *bytes, uint32_t len)
{
	uint32_t i, bit, crc = UINT32_MAX;

	for (i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void
put16(uint8_t *field, uint16_t value)
{
	field[0] = value >> 8;
	field[1] = value;
}

static void
offload(const struct rte_mbuf *m, uint8_t *frame)
{
	const uint64_t l4 = m->ol_flags & RTE_MBUF_F_TX_L4_MASK;
	uint8_t *ip = frame + m->l2_len, *at = ip + m->l3_len;
	const uint32_t len = m->pkt_len - m->l2_len - m->l3_len;
	const uint8_t version = m->ol_flags & RTE_MBUF_F_TX_IPV4 ? 4 : 6;
	uint16_t sum;
	uint32_t crc;

	if ((m->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK) == 0)
		return;
	if (!getenv("SUM_PORT_OFFLOADS") || ip[0] >> 4 != version)
		die("wrong flags");
	if (m->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) {
		if (ip[10] != 0 || ip[11] != 0)
			die("IPv4's checksum is not 0 before it is offloaded");
		put16(ip + 10, sum_of(ip, m->l3_len));
	}
	if (l4 == RTE_MBUF_F_TX_SCTP_CKSUM) {
		crc = rte_cpu_to_le_32(crc_of(at, len));
		memcpy(at + 8, &crc, sizeof(crc));
	} else if (l4 == RTE_MBUF_F_TX_TCP_CKSUM) {
		put16(at + 16, sum_of(at, len));
	} else if (l4 == RTE_MBUF_F_TX_UDP_CKSUM) {
		sum = sum_of(at, len);
		put16(at + 6, sum != 0 ? sum : UINT16_MAX);
	}
}

static void
check_beside(const uint8_t *bytes)
{
	unsigned int i;

	for (i = 0; i < BESIDE; i++)
		if (bytes[i] != MARK)
			die("bytes beside a segment were written to");
}

static uint16_t
send_frames(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	uint8_t frame[MAX_FRAME];
	const struct rte_mbuf *m;
	uint16_t i, len;

	(void)queue;
	for (i = 0; i < n; i++, sent++) {
		len = 0;
		for (m = pkts[i]; m != NULL; m = m->next) {
			const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

			if (len + m->data_len > MAX_FRAME)
				die("too long");
			memcpy(frame + len, data, m->data_len);
			len += m->data_len;
			check_beside(data - BESIDE);
			check_beside(data + m->data_len);
		}
		offload(pkts[i], frame);
		fwrite(&len, sizeof(len), 1, out);
		fwrite(frame, 1, len, out);
		rte_pktmbuf_free(pkts[i]);
	}
	tell();
	return n;
}

/** As drivers of cards do it: pseudo headers are made of the IP header. */
static uint16_t
prepare(void *queue, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t i;

	(void)queue;
	for (i = 0; i < n; i++) {
		rte_errno = -rte_net_intel_cksum_prepare(pkts[i]);
		if (rte_errno != 0)
			break;
	}
	return i;
}

int
rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	int ret = REAL(rte_eth_dev_info_get)(port, info);

	if (ret == 0)
		info->tx_offload_capa |= RTE_ETH_TX_OFFLOAD_MULTI_SEGS |
					 (getenv("SUM_PORT_OFFLOADS") != NULL ? SUMS : 0);
	return ret;
}

int
rte_eth_dev_configure(
		uint16_t port, uint16_t nb_rxq, uint16_t nb_txq, const struct rte_eth_conf *conf)
{
	struct rte_eth_conf plain = *conf;

	plain.txmode.offloads = 0;
	return REAL(rte_eth_dev_configure)(port, nb_rxq, nb_txq, &plain);
}

int
rte_eth_tx_queue_setup(uint16_t port, uint16_t queue, uint16_t nb, unsigned int socket,
		const struct rte_eth_txconf *conf)
{
	struct rte_eth_txconf plain = *conf;

	plain.offloads = 0;
	return REAL(rte_eth_tx_queue_setup)(port, queue, nb, socket, &plain);
}

int
rte_eth_rx_queue_setup(uint16_t port, uint16_t queue, uint16_t nb, unsigned int socket,
		const struct rte_eth_rxconf *conf, struct rte_mempool *mp)
{
	mempool = mp;
	return REAL(rte_eth_rx_queue_setup)(port, queue, nb, socket, conf, mp);
}

int
rte_eth_dev_start(uint16_t port)
{
	int ret = REAL(rte_eth_dev_start)(port);

	in = fopen(getenv("SUM_PORT_IN"), "rb");
	out = fopen(getenv("SUM_PORT_OUT"), "wb");
	if (in == NULL || out == NULL)
		die("no files");
	rte_eth_fp_ops[port].rx_pkt_burst = receive;
	rte_eth_fp_ops[port].tx_pkt_burst = send_frames;
	rte_eth_fp_ops[port].tx_pkt_prepare = prepare;
	return ret;
}
