/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_version.h>

#include "fwd.h"
#include "memory.h"
#include "mode.h"
#include "setup.h"

#define CALLS_BACK_EARLY(name)                                                                       \
	{                                                                                            \
		.driver = (name), .fixed_in = UINT_MAX, .copy_external = true,                       \
		.unless = "tx_compl_ena=1",                                                          \
		.why = "gives external buffers back before they are sent, unless tx_compl_ena=1 is " \
		       "among its arguments (-a): sending copies"                                    \
	}

#define AT_LEAST(year, month, minor) (RTE_VERSION >= RTE_VERSION_NUM(year, month, minor, 0))
#define IS_LINE(year, month) (RTE_VER_YEAR == (year) && RTE_VER_MONTH == (month))

/** Whether af_packet can be started again (872e846f6b and what of it is in stable releases). */
#define AF_PACKET_STARTS_AGAIN                                             \
	(AT_LEAST(25, 3, 0) || (IS_LINE(24, 11) && AT_LEAST(24, 11, 2)) || \
			(IS_LINE(23, 11) && AT_LEAST(23, 11, 4)) ||        \
			(IS_LINE(22, 11) && AT_LEAST(22, 11, 8)))

/** What is known of drivers that a forwarder on shared and external storage must respect. */
static const struct quirk {
	const char *driver;
	unsigned int fixed_in; /* RTE_VERSION of the first DPDK without it */
	bool copy_external;
	uint32_t kept_rx;
	uint32_t kept_tx;
	bool inserts_tags;
	bool cuts_memory;
	bool hands_on;
	bool eal_memory_only;
	const char *when; /* it has it only with these words in its arguments; NULL: always */
	const char *unless; /* and not with these */
	bool takes_chains;
	bool stops_for_good;
	bool hides_losses;
	const char *start_hint;
	const char *why;
} quirks[] = {
	/* Sends what lies behind the header, not what buf_addr says (fixed by 10ed220497). */
	{ .driver = "net_af_xdp",
			.fixed_in = RTE_VERSION_NUM(26, 3, 0, 0),
			.copy_external = true,
			.why = "before DPDK 26.03 it sends wrong bytes from external buffers: sending copies" },
	/*
	 * Its memory shared with the kernel holds 2,048 for receiving, and sent ones for a while. It is
	 * as long as the mbufs are together, without the gaps that keep each within its page.
	 */
	{ .driver = "net_af_xdp",
			.fixed_in = UINT_MAX,
			.kept_rx = 2048,
			.kept_tx = 4096,
			.cuts_memory = true },
	{ .driver = "net_af_packet",
			.fixed_in = AF_PACKET_STARTS_AGAIN ? 0 : UINT_MAX,
			.stops_for_good = true },
	/* Asks the kernel for its losses since 6b32462455. */
	{ .driver = "net_af_packet",
			.fixed_in = RTE_VERSION_NUM(25, 3, 0, 0),
			.hides_losses = true },
	/* By rte_vlan_insert(), which refuses external buffers, so that frames come without their tags. */
	{ .driver = "net_af_packet", .fixed_in = UINT_MAX, .inserts_tags = true },
	{ .driver = "net_mana", .fixed_in = UINT_MAX, .inserts_tags = true },
	{ .driver = "net_netvsc", .fixed_in = UINT_MAX, .inserts_tags = true },
	/* A client connects while it starts, or never; -1 says that it could not. */
	{ .driver = "net_memif",
			.fixed_in = UINT_MAX,
			.start_hint = "; a client must find its server: start that first" },
	/* They send chains, and do not say so (RTE_ETH_TX_OFFLOAD_MULTI_SEGS) before DPDK 26. */
	{ .driver = "net_null", .fixed_in = UINT_MAX, .takes_chains = true },
	{ .driver = "net_pcap", .fixed_in = UINT_MAX, .takes_chains = true },
	/* Somebody else gets the mbuf itself, or, below a port made of others, may get it. */
	{ .driver = "net_ring", .fixed_in = UINT_MAX, .hands_on = true },
	{ .driver = "net_softnic", .fixed_in = UINT_MAX, .hands_on = true },
	{ .driver = "net_bonding", .fixed_in = UINT_MAX, .hands_on = true },
	{ .driver = "net_failsafe", .fixed_in = UINT_MAX, .hands_on = true },
	/* Calls back for external buffers when it has handed them to the NIC, which has not read them yet. */
	CALLS_BACK_EARLY("net_cn9k"),
	CALLS_BACK_EARLY("net_cn10k"),
	CALLS_BACK_EARLY("net_cn20k"),
	/* Passes the files behind EAL's memory to the other end: external memory has none that it knows. */
	{ .driver = "net_virtio_user",
			.fixed_in = UINT_MAX,
			.eal_memory_only = true,
			.unless = "vhost-vdpa" },
	{ .driver = "net_memif",
			.fixed_in = UINT_MAX,
			.eal_memory_only = true,
			.when = "zero-copy=yes" },
};

/** Whether a port's driver has it, in this DPDK. */
static bool
applies(const struct quirk *q, const struct fwd_port *port)
{
	const struct rte_devargs *devargs = rte_dev_devargs(port->info.device);
	const char *args = devargs != NULL && devargs->args != NULL ? devargs->args : "";

	return strcmp(q->driver, port->driver) == 0 && RTE_VERSION < q->fixed_in &&
	       (q->when == NULL || strstr(args, q->when) != NULL) &&
	       (q->unless == NULL || strstr(args, q->unless) == NULL);
}

void
quirks_apply(struct fwd_port *port)
{
	unsigned int i;

	port->is_virtual = strcmp(rte_bus_name(rte_dev_bus(port->info.device)), "vdev") == 0;
	port->takes_chains = (port->info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
	for (i = 0; i < RTE_DIM(quirks); i++) {
		const struct quirk *q = &quirks[i];

		if (!applies(q, port))
			continue;
		port->copy_external |= q->copy_external;
		port->inserts_tags |= q->inserts_tags;
		port->cuts_memory |= q->cuts_memory;
		port->hands_on |= q->hands_on;
		port->eal_memory_only |= q->eal_memory_only;
		if (q->start_hint != NULL)
			port->start_hint = q->start_hint;
		port->takes_chains |= q->takes_chains;
		port->stops_for_good |= q->stops_for_good;
		port->hides_losses |= q->hides_losses;
		port->kept_rx = RTE_MAX(port->kept_rx, q->kept_rx);
		port->kept_tx = RTE_MAX(port->kept_tx, q->kept_tx);
	}
}

void
quirks_inherit(struct fwd_port *port, const struct fwd_port *from)
{
	port->is_virtual &= from->is_virtual;
	port->copy_external |= from->copy_external;
	port->inserts_tags |= from->inserts_tags;
	port->cuts_memory |= from->cuts_memory;
	port->eal_memory_only |= from->eal_memory_only;
	port->stops_for_good |= from->stops_for_good;
	port->kept_tx = RTE_MAX(port->kept_tx, from->kept_tx);
	if (port->start_hint == NULL)
		port->start_hint = from->start_hint;
}

bool
port_linearizes(const struct fwd *fwd, const struct fwd_port *port)
{
	return !port->takes_chains &&
	       (port_tx_wishes(fwd, port) & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0;
}

bool
port_lacks_tags(const struct fwd_port *port)
{
	return port->inserts_tags && memory_wishes.alloc == MP_ALLOC_XBUF &&
	       (setup_wishes.rx_offloads & RTE_ETH_RX_OFFLOAD_VLAN_STRIP) == 0;
}

void
quirks_report(const struct fwd *fwd)
{
	const unsigned int external = MODE_HEADERS | MODE_STORAGES | MODE_WRAPS | MODE_PACKETS;
	unsigned int i, j;

	for (i = 0; i < fwd->nb_ports; i++)
		if (port_linearizes(fwd, &fwd->ports[i]) && !fwd->ports[i].copy_external)
			FWD_WARNING("port %u (%s) sends no packets of several segments: each is copied "
				    "into one mbuf",
					fwd->ports[i].id, fwd->ports[i].driver);
	if ((fwd->args.mode->flags & external) == 0 && memory_wishes.alloc != MP_ALLOC_XBUF)
		return;
	for (i = 0; i < fwd->nb_ports; i++)
		for (j = 0; j < RTE_DIM(quirks); j++)
			if (quirks[j].why != NULL && applies(&quirks[j], &fwd->ports[i]))
				printf("port %u (%s): %s\n", fwd->ports[i].id, fwd->ports[i].driver,
						quirks[j].why);
}
