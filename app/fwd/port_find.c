/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/** The option by which ports were chosen, for messages. */
static const char *
chosen_by(const struct fwd_args *args)
{
	static char text[64];

	if (args->portlist != NULL)
		snprintf(text, sizeof(text), "--portlist=%s", args->portlist);
	else
		snprintf(text, sizeof(text), "--portmask=0x%" PRIx64, args->portmask);
	return text;
}

/** Whether the ports are there that options name. */
static int
check_peers(const struct fwd *fwd)
{
	uint64_t missing = fwd->args.peers_given;
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++)
		missing &= ~(UINT64_C(1) << fwd->ports[i].id);
	/* With a prompt a port may come later. */
	if (missing == 0 || args_may_change(&fwd->args))
		return 0;
	FWD_ERROR("--eth-peer=%d: no port of that number is in use", __builtin_ctzll(missing));
	return -1;
}

/** Whether a device has a port of its own name: none of other kinds, and some have other names. */
static bool
is_port(const char *vdev)
{
	static const char *const ports[] = { "net_", "eth_", "virtio_user" };
	static const char *const others[] = { "net_vdev_netvsc", "net_mvpp2", "eth_mvpp2",
		"net_mvneta", "eth_mvneta", "eth_octeontx" };
	unsigned int i;

	for (i = 0; i < RTE_DIM(others); i++)
		if (strncmp(vdev, others[i], strlen(others[i])) == 0)
			return false;
	/* Ports of net_ring that are named there. */
	if (strstr(vdev, "nodeaction=") != NULL)
		return false;
	for (i = 0; i < RTE_DIM(ports); i++)
		if (strncmp(vdev, ports[i], strlen(ports[i])) == 0)
			return true;
	return false;
}

/** A device that EAL was told of and that did not start is no error to EAL: it goes on with the others. */
static int
check_vdevs(const struct fwd *fwd)
{
	char name[RTE_DEV_NAME_MAX_LEN];
	const char *value;
	uint16_t id;
	int i;

	for (i = 1; i < fwd->argc && strcmp(fwd->argv[i], "--") != 0; i++) {
		value = NULL;
		if (strncmp(fwd->argv[i], "--vdev=", 7) == 0)
			value = fwd->argv[i] + 7;
		else if (strcmp(fwd->argv[i], "--vdev") == 0 && i + 1 < fwd->argc)
			value = fwd->argv[++i];
		if (value == NULL || !is_port(value))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(value, ","), value);
		if (rte_eth_dev_get_port_by_name(name, &id) == 0)
			continue;
		FWD_ERROR("--vdev=%s: the device did not start, the driver's lines above say why",
				value);
		return -1;
	}
	return 0;
}

static int
find_chosen(struct fwd *fwd)
{
	uint64_t wanted = fwd->args.portmask;
	uint16_t id;

	RTE_ETH_FOREACH_DEV(id)
		if (is_wanted(fwd, id) && bond_join(id) < 0)
			return -1;
	RTE_ETH_FOREACH_DEV(id) {
		const bool member = bond_is_member(id);

		if (!is_wanted(fwd, id) || (member && fwd->args.portmask == 0))
			continue;
		if (member) {
			FWD_ERROR("%s: port %u is a member of a bond that is in use, which "
				  "receives and sends by it: leave it out",
					chosen_by(&fwd->args), id);
			return -1;
		}
		wanted &= id < 64 ? ~(UINT64_C(1) << id) : UINT64_MAX;
		if (port_find(fwd, id) < 0)
			return -1;
	}
	if (fwd->args.portmask == 0 || wanted == 0)
		return 0;
	FWD_ERROR("%s: port %d does not exist, there are %u", chosen_by(&fwd->args),
			__builtin_ctzll(wanted), rte_eth_dev_count_avail());
	return -1;
}

int
ports_find(struct fwd *fwd)
{
	if (check_vdevs(fwd) < 0)
		return -1;
	if (rte_eth_dev_count_avail() == 0 && fwd->args.interactive && fwd->args.portmask == 0) {
		FWD_WARNING("no port found: port attach brings one, for example port attach "
			    "net_af_packet0,iface=eth1");
		return 0;
	}
	if (rte_eth_dev_count_avail() == 0) {
		FWD_ERROR("no port found: bind a NIC with dpdk-devbind.py, or give EAL a virtual one, for "
			  "example --vdev=net_af_packet0,iface=eth1");
		return -1;
	}
	if (find_chosen(fwd) < 0 || check_peers(fwd) < 0)
		return -1;
	return fwd->args.portlist != NULL ? ports_choose_list(fwd, fwd->args.portlist) : 0;
}
