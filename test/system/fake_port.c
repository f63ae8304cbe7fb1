/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file Ports that take several mempools, or split frames, which no driver does that runs everywhere. To be loaded
 * before a program (LD_PRELOAD): ports announce what FAKE_PORT says, "mempools" or "split", and each receive queue says
 * what it was given; then it is set up with the first of these.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#define FAKED (RTE_ETH_RX_OFFLOAD_BUFFER_SPLIT | RTE_ETH_RX_OFFLOAD_SCATTER)

static int
fakes(const char *what)
{
	const char *wanted = getenv("FAKE_PORT");

	return wanted != NULL && strcmp(wanted, what) == 0;
}

int
rte_eth_dev_info_get(uint16_t port, struct rte_eth_dev_info *info)
{
	int (*real)(uint16_t, struct rte_eth_dev_info *) = dlsym(RTLD_NEXT, "rte_eth_dev_info_get");
	int ret = real(port, info);

	if (ret == 0 && fakes("mempools"))
		info->max_rx_mempools = 2;
	if (ret == 0 && fakes("split"))
		info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_BUFFER_SPLIT;
	if (ret == 0 && fakes("scatter"))
		info->rx_offload_capa |= RTE_ETH_RX_OFFLOAD_SCATTER;
	return ret;
}

int
rte_eth_dev_configure(
		uint16_t port, uint16_t nb_rxq, uint16_t nb_txq, const struct rte_eth_conf *conf)
{
	int (*real)(uint16_t, uint16_t, uint16_t, const struct rte_eth_conf *) =
			dlsym(RTLD_NEXT, "rte_eth_dev_configure");
	struct rte_eth_conf plain = *conf;

	plain.rxmode.offloads &= ~FAKED;
	return real(port, nb_rxq, nb_txq, &plain);
}

int
rte_eth_rx_queue_setup(uint16_t port, uint16_t queue, uint16_t nb, unsigned int socket,
		const struct rte_eth_rxconf *conf, struct rte_mempool *mp)
{
	int (*real)(uint16_t, uint16_t, uint16_t, unsigned int, const struct rte_eth_rxconf *,
			struct rte_mempool *) = dlsym(RTLD_NEXT, "rte_eth_rx_queue_setup");
	struct rte_eth_rxconf plain = *conf;
	unsigned int i;

	printf("fake port %u queue %u:", port, queue);
	if (mp != NULL)
		printf(" one %s", mp->name);
	for (i = 0; i < conf->rx_nmempool; i++)
		printf(" mempool %s", conf->rx_mempools[i]->name);
	for (i = 0; i < conf->rx_nseg; i++)
		printf(" part %u %s", conf->rx_seg[i].split.length, conf->rx_seg[i].split.mp->name);
	printf("\n");
	if (mp == NULL)
		mp = conf->rx_nmempool > 0 ? conf->rx_mempools[0] : conf->rx_seg[0].split.mp;
	plain.rx_nmempool = plain.rx_nseg = 0;
	plain.rx_mempools = NULL;
	plain.rx_seg = NULL;
	plain.offloads &= ~FAKED;
	return real(port, queue, nb, socket, &plain, mp);
}
