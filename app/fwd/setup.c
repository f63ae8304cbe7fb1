/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_common.h>
#include <rte_mbuf.h>

#include "fwd.h"
#include "setup.h"

#define DRIVERS UINT32_MAX

struct setup_wishes setup_wishes = {
	.rxpt = DRIVERS,
	.rxht = DRIVERS,
	.rxwt = DRIVERS,
	.rxfreet = DRIVERS,
	.rxdrop = DRIVERS,
	.txpt = DRIVERS,
	.txht = DRIVERS,
	.txwt = DRIVERS,
	.txfreet = DRIVERS,
	.txrst = DRIVERS,
};

/** The length of a frame with its check sequence, as an MTU. */
static int
parse_max_pkt_len(const struct fwd_option *option, void *field, const char *text)
{
	if (option_u32(option, field, text) < 0)
		return -1;
	*(uint32_t *)field -= RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
	return 0;
}

static int
parse_promiscuous(const struct fwd_option *option, void *field, const char *text)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		return option_wrong(option, text, "on or off");
	*(bool *)field = strcmp(text, "off") == 0;
	return 0;
}

#define WISH(name) offsetof(struct setup_wishes, name)

static const struct fwd_option options[] = {
	{ "mtu", 0, "N", "longest frame without Ethernet header (the driver's)", option_u32,
			WISH(mtu), RTE_ETHER_MIN_MTU, UINT16_MAX, .fixed = true },
	{ "max-pkt-len", 0, "N", "the same with header and check sequence, 18 bytes more",
			parse_max_pkt_len, WISH(mtu), RTE_ETHER_MIN_MTU + 18, UINT16_MAX,
			.fixed = true },
	{ "enable-scatter", 0, NULL, "frames longer than an mbuf come as several", option_flag,
			WISH(scatter) },
	{ "promiscuous", 0, "on|off", "receive what is not for the port too (on)",
			parse_promiscuous, WISH(not_promiscuous), .fixed = true },
	{ "rx-offloads", 0, "HEX", "RTE_ETH_RX_OFFLOAD_* that every port gets (0)", option_hex,
			WISH(rx_offloads) },
	{ "tx-offloads", 0, "HEX", "RTE_ETH_TX_OFFLOAD_* that every port gets (0)", option_hex,
			WISH(tx_offloads) },
	{ "rxpt", 0, "N", "receive prefetch threshold (the driver's)", option_u32, WISH(rxpt), 0,
			UINT8_MAX, .fixed = true },
	{ "rxht", 0, "N", "receive host threshold (the driver's)", option_u32, WISH(rxht), 0,
			UINT8_MAX, .fixed = true },
	{ "rxwt", 0, "N", "receive write-back threshold (the driver's)", option_u32, WISH(rxwt), 0,
			UINT8_MAX, .fixed = true },
	{ "rxfreet", 0, "N", "receive descriptors given back at once (the driver's)", option_u32,
			WISH(rxfreet), 0, UINT16_MAX, .fixed = true },
	{ "rxdrop", 0, "0|1", "drop what comes while no descriptor is free (the driver's)",
			option_u32, WISH(rxdrop), 0, 1, .fixed = true },
	{ "txpt", 0, "N", "transmit prefetch threshold (the driver's)", option_u32, WISH(txpt), 0,
			UINT8_MAX, .fixed = true },
	{ "txht", 0, "N", "transmit host threshold (the driver's)", option_u32, WISH(txht), 0,
			UINT8_MAX, .fixed = true },
	{ "txwt", 0, "N", "transmit write-back threshold (the driver's)", option_u32, WISH(txwt), 0,
			UINT8_MAX, .fixed = true },
	{ "txfreet", 0, "N",
			"free transmit descriptors below which sent ones are freed (the driver's)",
			option_u32, WISH(txfreet), 0, UINT16_MAX, .fixed = true },
	{ "txrst", 0, "N", "transmit descriptors between reports of the NIC (the driver's)",
			option_u32, WISH(txrst), 0, UINT16_MAX, .fixed = true },
};

const struct fwd_options setup_options = { "Set-up of ports", &setup_wishes, options,
	RTE_DIM(options) };

#define TAKE(field, wish)                 \
	do {                              \
		if ((wish) != DRIVERS)    \
			(field) = (wish); \
	} while (0)

uint32_t
setup_frame(const struct fwd_port *port)
{
	uint16_t mtu = port->mtu;

	if (mtu == 0 && rte_eth_dev_get_mtu(port->id, &mtu) < 0)
		return 0;
	return mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN;
}

void
setup_thresholds(struct rte_eth_rxconf *rx, struct rte_eth_txconf *tx)
{
	const struct setup_wishes *w = &setup_wishes;

	TAKE(rx->rx_thresh.pthresh, w->rxpt);
	TAKE(rx->rx_thresh.hthresh, w->rxht);
	TAKE(rx->rx_thresh.wthresh, w->rxwt);
	TAKE(rx->rx_free_thresh, w->rxfreet);
	TAKE(rx->rx_drop_en, w->rxdrop);
	TAKE(tx->tx_thresh.pthresh, w->txpt);
	TAKE(tx->tx_thresh.hthresh, w->txht);
	TAKE(tx->tx_thresh.wthresh, w->txwt);
	TAKE(tx->tx_free_thresh, w->txfreet);
	TAKE(tx->tx_rs_thresh, w->txrst);
}
