/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_lcore.h>

#include <mext.h>

#include "fwd.h"
#include "memory.h"
#include "mode.h"
#include "setup.h"

/** Ethernet header and check sequence. */
#define OVERHEAD ((uint32_t)RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN)

/** Offloads asked for that a port does not have, by their names. */
static int
check_offloads(const struct fwd_port *port, const char *option, uint64_t wanted, uint64_t has,
		const char *(*name)(uint64_t))
{
	uint64_t lacks = wanted & ~has;
	char names[512] = "";
	size_t len = 0;

	if (lacks == 0)
		return 0;
	for (; lacks != 0 && len < sizeof(names); lacks &= lacks - 1)
		len += snprintf(names + len, sizeof(names) - len, "%s%s", len > 0 ? ", " : "",
				name(lacks & -lacks));
	FWD_ERROR("--%s=0x%" PRIx64 ": port %u (%s) does not have %s, it has 0x%" PRIx64, option,
			wanted, port->id, port->driver, names, has);
	return -1;
}

/** MBUF_FAST_FREE promises direct mbufs with one owner, all of one mempool. */
static int
check_fast_free(const struct fwd *fwd)
{
	const unsigned int shares = ~(unsigned int)(MODE_RECEIVES | MODE_TRANSMITS | MODE_ANSWERS);
	const struct fwd_args *args = &fwd->args;
	unsigned int i;

	if ((setup_wishes.tx_offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) == 0)
		return 0;
	if (memory_wishes.alloc == MP_ALLOC_XBUF) {
		FWD_ERROR("--tx-offloads=0x%" PRIx64
			  ": MBUF_FAST_FREE promises mbufs without external buffers, which those of "
			  "--mp-alloc=xbuf have: leave bit 0x%" PRIx64 " out",
				setup_wishes.tx_offloads,
				(uint64_t)RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
		return -1;
	}
	if ((args->mode->flags & shares) != 0 || (args->mode->flags & MODE_RECEIVES) == 0 ||
			args->tx_first > 0 || args->interactive) {
		FWD_ERROR("--tx-offloads=0x%" PRIx64
			  ": MBUF_FAST_FREE frees shared and external storage "
			  "wrongly, and %s may send such: leave bit 0x%" PRIx64 " out",
				setup_wishes.tx_offloads,
				args->interactive    ? "some mode that may be chosen"
				: args->tx_first > 0 ? "--tx-first"
						     : args->mode->name,
				(uint64_t)RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
		return -1;
	}
	for (i = 1; i < fwd->nb_ports; i++) {
		if (rx_mempool(fwd, &fwd->ports[i]) == rx_mempool(fwd, &fwd->ports[0]))
			continue;
		FWD_ERROR("--tx-offloads=0x%" PRIx64
			  ": MBUF_FAST_FREE wants mbufs of one mempool, ports "
			  "%u and %u receive into two: leave bit 0x%" PRIx64 " out",
				setup_wishes.tx_offloads, fwd->ports[0].id, fwd->ports[i].id,
				(uint64_t)RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE);
		return -1;
	}
	return 0;
}

static int
check_mtu(const struct fwd_port *port)
{
	const uint32_t mtu = port->mtu;
	uint32_t most = port->info.max_mtu > 0 ? port->info.max_mtu : UINT16_MAX;

	if (port->info.max_rx_pktlen > OVERHEAD)
		most = RTE_MIN(most, port->info.max_rx_pktlen - OVERHEAD);
	if (mtu == 0 || (mtu <= most && mtu >= port->info.min_mtu))
		return 0;
	FWD_ERROR("--mtu=%u (--max-pkt-len=%u): port %u (%s) can have %u to %u", mtu,
			mtu + OVERHEAD, port->id, port->driver,
			RTE_MAX(port->info.min_mtu, RTE_ETHER_MIN_MTU), most);
	return -1;
}

/** A frame that does not fit its mbuf would be dropped by the driver, or cut, without a word. */
static int
check_scatter(const struct fwd_port *port)
{
	const uint32_t size = memory_wishes.sizes[port->rx_how == RX_ONE ? port->rx_index
									 : memory_largest()];
	const bool can = (port->info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
	const uint32_t room = size - RTE_PKTMBUF_HEADROOM, frame = setup_frame(port);
	const uint32_t mtu = frame - OVERHEAD;

	if (frame == 0)
		return 0;
	if (setup_wishes.scatter && !can) {
		FWD_ERROR("--enable-scatter: port %u (%s) can't: leave it out, and give --mbuf-size=%u "
			  "or more for its MTU of %u",
				port->id, port->driver, frame + RTE_PKTMBUF_HEADROOM, mtu);
		return -1;
	}
	if (frame <= room || rx_mempool_chains(port))
		return 0;
	FWD_ERROR("port %u (%s): frames of %u bytes (MTU %u) do not fit into mbufs with room for %u: "
		  "give --mbuf-size=%u%s, or a smaller --mtu",
			port->id, port->driver, frame, mtu, room, frame + RTE_PKTMBUF_HEADROOM,
			can ? " or --enable-scatter" : "");
	return -1;
}

/** Some drivers hand EAL's memory, and no other, to who is at the other end. */
static int
check_memory(const struct fwd_port *port)
{
	if (!memory_is_external() || !port->eal_memory_only)
		return 0;
	FWD_ERROR("--mp-alloc=%s: port %u (%s) reaches EAL's own memory alone: give --mp-alloc=native or "
		  "xbuf, or leave the port out with --portmask",
			memory_name(), port->id, port->driver);
	return -1;
}

/** net_null writes and reads frames of its size, whatever the mbuf has room for. */
static int
check_null_device(uint16_t id, const struct rte_eth_dev_info *info)
{
	const struct rte_devargs *devargs = rte_dev_devargs(info->device);
	const char *args = devargs != NULL && devargs->args != NULL ? devargs->args : "";
	uint32_t room = UINT32_MAX;
	unsigned long frame = 0;
	unsigned int i;

	if (strcmp(info->driver_name, "net_null") != 0)
		return 0;
	/* The driver takes the last one. */
	for (; (args = strstr(args, "size=")) != NULL; args++)
		frame = strtoul(args + strlen("size="), NULL, 0);
	for (i = 0; i < memory_wishes.nb_sizes; i++)
		room = RTE_MIN(room, memory_wishes.sizes[i] - RTE_PKTMBUF_HEADROOM);
	if (frame <= room)
		return 0;
	FWD_ERROR("port %u (net_null): size=%lu does not fit into mbufs with room for %u: give "
		  "--mbuf-size=%lu, or a smaller size",
			id, frame, room, frame + RTE_PKTMBUF_HEADROOM);
	return -1;
}

/** Also those by which a bond or net_failsafe receives. */
static int
check_null(const struct fwd_port *port)
{
	struct rte_eth_dev_info info;
	uint16_t id;

	if (strcmp(port->driver, "net_bonding") != 0 && strcmp(port->driver, "net_failsafe") != 0)
		return check_null_device(port->id, &port->info);
	for (id = 0; id < RTE_MAX_ETHPORTS; id++)
		if (rte_eth_dev_is_valid_port(id) && rte_eth_dev_info_get(id, &info) == 0 &&
				check_null_device(id, &info) < 0)
			return -1;
	return 0;
}

int
preflight_port(const struct fwd *fwd, const struct fwd_port *port)
{
	if (check_memory(port) < 0 || check_fast_free(fwd) < 0 ||
			check_offloads(port, "rx-offloads", setup_wishes.rx_offloads,
					port->info.rx_offload_capa,
					rte_eth_dev_rx_offload_name) < 0 ||
			check_offloads(port, "tx-offloads", setup_wishes.tx_offloads,
					port->info.tx_offload_capa,
					rte_eth_dev_tx_offload_name) < 0 ||
			check_mtu(port) < 0 || check_scatter(port) < 0 || check_null(port) < 0)
		return -1;
	return 0;
}

/** The kernel may let longer frames in than the port can take. */
static void
warn_of_interface(const struct fwd_port *port)
{
	struct ifreq request = { 0 };
	char name[IF_NAMESIZE];
	uint16_t mtu;
	int s;

	if (!port_interface(port, name) || rte_eth_dev_get_mtu(port->id, &mtu) < 0)
		return;
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s < 0)
		return;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(s, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > mtu)
		FWD_WARNING("port %u (%s): interface %s has an MTU of %d, the port of %u: longer frames "
			    "are cut or dropped; `ip link set %s mtu %u`",
				port->id, port->driver, name, request.ifr_mtu, mtu, name, mtu);
	close(s);
}

static void
warn_of_idle_lcores(const struct fwd *fwd)
{
	const bool to_all = (fwd->args.mode->flags & MODE_TO_ALL) != 0;
	const bool receives = (fwd->args.mode->flags & MODE_RECEIVES) != 0;
	unsigned int i, idle = 0;
	char list[128] = "";
	size_t len = 0;

	for (i = 0; i < fwd->nb_lcores && len < sizeof(list); i++) {
		if (fwd->lcores[i].nb_streams > 0)
			continue;
		idle++;
		len += snprintf(list + len, sizeof(list) - len, "%s%u", len > 0 ? ", " : "",
				fwd->lcores[i].id);
	}
	if (idle == 0 || fwd->args.nb_cores > 0)
		return;
	FWD_WARNING("lcore%s %s %s nothing to do: %s; give more --%s, or fewer lcores with -l",
			idle > 1 ? "s" : "", list, idle > 1 ? "have" : "has",
			to_all ? "each needs a transmit queue of its own on all ports"
			       : "there are fewer streams than lcores",
			to_all || !receives ? "txq" : "rxq and --txq");
}

void
preflight_warn(const struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_ports; i++)
		warn_of_interface(&fwd->ports[i]);
	warn_of_idle_lcores(fwd);
	rx_mempool_warn(fwd);
}
