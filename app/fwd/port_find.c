/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include <rte_errno.h>

#include "bond.h"
#include "fwd.h"
#include "setup.h"

int
port_check(const struct fwd_port *port, const struct fwd_args *args)
{
	if (args->nb_rxq > port->info.max_rx_queues) {
		FWD_ERROR("--rxq=%u: port %u (%s) has at most %u receive queues", args->nb_rxq,
				port->id, port->driver, port->info.max_rx_queues);
		return -1;
	}
	if (args->nb_txq > port->info.max_tx_queues) {
		FWD_ERROR("--txq=%u: port %u (%s) has at most %u transmit queues", args->nb_txq,
				port->id, port->driver, port->info.max_tx_queues);
		return -1;
	}
	return 0;
}

int
port_find(struct fwd *fwd, uint16_t id)
{
	struct fwd_port *port = &fwd->ports[ports_all(fwd)];
	int ret;

	port->id = id;
	port->mtu = setup_wishes.mtu;
	port->not_promiscuous = setup_wishes.not_promiscuous;
	port->socket = rte_eth_dev_socket_id(id);
	ret = rte_eth_dev_info_get(id, &port->info);
	if (ret == 0)
		ret = rte_eth_macaddr_get(id, &port->addr);
	if (ret < 0) {
		FWD_ERROR("port %u: its driver gives no information: %s", id, rte_strerror(-ret));
		return -1;
	}
	snprintf(port->driver, sizeof(port->driver), "%s", port->info.driver_name);
	quirks_apply(port);
	bond_apply_quirks(port);
	if (fwd->nb_resting > 0)
		fwd->nb_resting++;
	else
		fwd->nb_ports++;
	return port_check(port, &fwd->args);
}

/** Whether the arguments have a port in use. */
static bool
is_wanted(const struct fwd *fwd, uint16_t id)
{
	const uint64_t mask = fwd->args.portmask;

	return mask == 0 || (id < 64 && (mask >> id & 1) != 0);
}

int
ports_find(struct fwd *fwd)
{
	uint64_t wanted = fwd->args.portmask;
	uint16_t id;

	if (rte_eth_dev_count_avail() == 0 && fwd->args.interactive && wanted == 0) {
		FWD_WARNING("no port found: port attach brings one, for example port attach "
			    "net_af_packet0,iface=eth1");
		return 0;
	}
	if (rte_eth_dev_count_avail() == 0) {
		FWD_ERROR("no port found: bind a NIC with dpdk-devbind.py, or give EAL a virtual one, for "
			  "example --vdev=net_af_packet0,iface=eth1");
		return -1;
	}
	RTE_ETH_FOREACH_DEV(id)
		if (is_wanted(fwd, id) && bond_join(id) < 0)
			return -1;
	RTE_ETH_FOREACH_DEV(id) {
		const bool member = bond_is_member(id);

		if (!is_wanted(fwd, id) || (member && fwd->args.portmask == 0))
			continue;
		if (member) {
			FWD_ERROR("--portmask=0x%" PRIx64
				  ": port %u is a member of a bond that is in use, which "
				  "receives and sends by it: leave it out",
					fwd->args.portmask, id);
			return -1;
		}
		wanted &= id < 64 ? ~(UINT64_C(1) << id) : UINT64_MAX;
		if (port_find(fwd, id) < 0)
			return -1;
	}
	if (fwd->args.portmask == 0 || wanted == 0)
		return 0;
	FWD_ERROR("--portmask=0x%" PRIx64 ": port %d does not exist, there are %u",
			fwd->args.portmask, __builtin_ctzll(wanted), rte_eth_dev_count_avail());
	return -1;
}
