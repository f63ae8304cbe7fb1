/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_errno.h>

#include "bond.h"
#include "compat.h"
#include "fwd.h"

/** By number: is, or has been, a member. Bonds that close have none. */
static bool members[RTE_MAX_ETHPORTS];

static bool
is_bond(const struct rte_eth_dev_info *info)
{
	return strcmp(info->driver_name, "net_bonding") == 0;
}

bool
bond_is_member(uint16_t id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) == 0 &&
	       (*info.dev_flags & COMPAT_DEV_BOND_MEMBER) != 0;
}

int
bond_join(uint16_t id)
{
	const struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	uint16_t member;
	int ret;

	if (rte_eth_dev_info_get(id, &info) < 0 || !is_bond(&info))
		return 0;
	ret = rte_eth_dev_configure(id, 1, 1, &conf);
	/* Also if it failed: it may have got some, which must be closed. */
	RTE_ETH_FOREACH_DEV(member)
		members[member] |= bond_is_member(member);
	if (ret < 0)
		FWD_ERROR("port %u (%s): the bond does not get its members, see the lines above: %s",
				id, info.driver_name, rte_strerror(-ret));
	return RTE_MIN(ret, 0);
}

/** A member, as far as quirks and queues go. @return whether it is there */
static bool
get_member(uint16_t id, struct fwd_port *port)
{
	*port = (struct fwd_port){ .id = id };
	if (!members[id] || !rte_eth_dev_is_valid_port(id) ||
			rte_eth_dev_info_get(id, &port->info) < 0)
		return false;
	snprintf(port->driver, sizeof(port->driver), "%s", port->info.driver_name);
	quirks_apply(port);
	return true;
}

void
bond_apply_quirks(struct fwd_port *port)
{
	struct fwd_port member;
	uint16_t id;

	if (!is_bond(&port->info))
		return;
	port->nb_members = 0;
	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (!get_member(id, &member))
			continue;
		quirks_inherit(port, &member);
		port->nb_members++;
	}
}

void
bonds_take(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (port->gone || !bond_is_member(port->id))
			continue;
		printf("port %u: a member of a bond, left to it\n", port->id);
		port_stop(port);
		port->gone = true;
	}
	ports_forget_gone(fwd);
}

void
bonds_close(struct fwd *fwd)
{
	struct fwd_port member;
	uint16_t id;

	for (id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (!get_member(id, &member))
			continue;
		fwd->kept += member.info.nb_rx_queues * member.kept_rx;
		rte_eth_dev_stop(id);
		rte_eth_dev_close(id);
	}
}
