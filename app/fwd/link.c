/* SPDX-License-Identifier: BSD-3-Clause */
/* Before DPDK 26.07 device events are marked as such. */
#define ALLOW_EXPERIMENTAL_API
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_errno.h>

#include "fwd.h"

/*
 * What drivers and the kernel tell comes on EAL's interrupt thread, which only notes it: the main
 * thread does the work, in ports_poll().
 */

static struct fwd_port *
find_present(struct fwd *fwd, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].id == id && !fwd->ports[i].gone)
			return &fwd->ports[i];
	return NULL;
}

static int
note_event(uint16_t id, enum rte_eth_event_type type, void *arg, void *result __rte_unused)
{
	struct fwd_port *port = find_present(arg, id);

	if (port == NULL)
		return 0;
	if (type == RTE_ETH_EVENT_INTR_RMV)
		__atomic_store_n(&port->removed, true, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&port->link_events, 1, __ATOMIC_RELAXED);
	return 0;
}

static void
note_device(const char *name, enum rte_dev_event_type type, void *arg)
{
	struct fwd *fwd = arg;
	unsigned int i;

	if (type == RTE_DEV_EVENT_ADD)
		printf("device %s was plugged in\n", name);
	for (i = 0; i < ports_all(fwd) && type == RTE_DEV_EVENT_REMOVE; i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (!port->gone && strcmp(rte_dev_name(port->info.device), name) == 0)
			__atomic_store_n(&port->removed, true, __ATOMIC_RELAXED);
	}
}

int
events_open(struct fwd *fwd)
{
	int ret;

	rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_INTR_LSC, note_event, fwd);
	rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_INTR_RMV, note_event, fwd);
	if (!fwd->args.hot_plug)
		return 0;
	ret = rte_dev_event_callback_register(NULL, note_device, fwd);
	if (ret == 0)
		ret = rte_dev_event_monitor_start();
	if (ret == 0) /* so that touching a device that was pulled out ends nothing */
		ret = rte_dev_hotplug_handle_enable();
	if (ret == 0)
		return 0;
	FWD_ERROR("--hot-plug: the kernel's events of devices are not to be had: %s; run as root, or "
		  "without it",
			rte_strerror(-ret));
	return -1;
}

void
events_close(struct fwd *fwd)
{
	if (fwd->args.hot_plug) {
		rte_dev_hotplug_handle_disable();
		rte_dev_event_monitor_stop();
		rte_dev_event_callback_unregister(NULL, note_device, fwd);
	}
	rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_INTR_LSC, note_event, fwd);
	rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_INTR_RMV, note_event, fwd);
}

bool
port_interface(const struct fwd_port *port, char name[IF_NAMESIZE])
{
	return port->info.if_index != 0 && if_indextoname(port->info.if_index, name) != NULL;
}

/** Whether a port can't work any more. Drivers on kernel interfaces do not all tell. */
static bool
is_lost(const struct fwd_port *port)
{
	char name[IF_NAMESIZE];

	return __atomic_load_n(&port->removed, __ATOMIC_RELAXED) ||
	       rte_eth_dev_is_removed(port->id) == 1 ||
	       (port->on_interface && !port_interface(port, name));
}

static const char *
speed_text(uint32_t mbits, char text[32])
{
	if (mbits == RTE_ETH_SPEED_NUM_UNKNOWN || mbits == RTE_ETH_SPEED_NUM_NONE)
		return "speed unknown";
	if (mbits < 1000)
		snprintf(text, 32, "%u Mbit/s", mbits);
	else
		snprintf(text, 32, "%g Gbit/s", mbits / 1e3);
	return text;
}

/** Whether the kernel has a carrier on an interface; some drivers on one always say that it is up. */
static bool
has_carrier(const char *name)
{
	struct ifreq request = { 0 };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	bool ok;

	if (s < 0)
		return true;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	ok = ioctl(s, SIOCGIFFLAGS, &request) < 0 || (request.ifr_flags & IFF_RUNNING) != 0;
	close(s);
	return ok;
}

/** @return whether the link is up, and what it is. */
static bool
is_up(const struct fwd_port *port, struct rte_eth_link *link)
{
	char name[IF_NAMESIZE];

	if (rte_eth_link_get_nowait(port->id, link) < 0)
		return port->up;
	return link->link_status == RTE_ETH_LINK_UP &&
	       (!port_interface(port, name) || has_carrier(name));
}

/** Keep what a link is, for who reads the port's numbers. */
static void
keep_link(struct fwd *fwd, struct fwd_port *port, const struct rte_eth_link *link, bool up)
{
	pthread_mutex_lock(&fwd->lock);
	port->up = up;
	port->link_speed = link->link_speed;
	pthread_mutex_unlock(&fwd->lock);
}

static void
poll_link(struct fwd *fwd, struct fwd_port *port)
{
	uint32_t events = __atomic_exchange_n(&port->link_events, 0, __ATOMIC_RELAXED);
	struct rte_eth_link link = { .link_speed = port->link_speed };
	char text[32];
	bool was_up = port->up, up = is_up(port, &link);

	keep_link(fwd, port, &link, up);
	if (up == was_up && events < 2)
		return;
	if (up == was_up)
		printf("port %u: link went %s for a moment\n", port->id, up ? "down" : "up");
	else if (up)
		printf("port %u: link up, %s\n", port->id, speed_text(link.link_speed, text));
	else
		printf("port %u: link down\n", port->id);
}

void
links_begin(struct fwd *fwd)
{
	struct rte_eth_link link = { 0 };
	char name[IF_NAMESIZE];
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (port->gone)
			continue;
		port->on_interface = port_interface(port, name);
		port->up = is_up(port, &link);
		port->link_speed = link.link_speed;
		__atomic_store_n(&port->link_events, 0, __ATOMIC_RELAXED);
		if (!port->up)
			FWD_WARNING("port %u (%s): its link is down, nothing comes or goes until it is "
				    "up: see to cable, peer, or `ip link set %s up`",
					port->id, port->driver,
					port->on_interface ? name : "INTERFACE");
	}
}

void
links_poll(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].started && !fwd->ports[i].gone &&
				!__atomic_load_n(&fwd->ports[i].removed, __ATOMIC_RELAXED))
			poll_link(fwd, &fwd->ports[i]);
}

bool
ports_poll(struct fwd *fwd)
{
	unsigned int i, left = 0;

	for (i = 0; i < ports_all(fwd); i++) {
		struct fwd_port *port = &fwd->ports[i];

		if (port->gone)
			continue;
		if (is_lost(port)) {
			FWD_ERROR("port %u (%s) has vanished: what is for it is dropped, the others go on",
					port->id, port->driver);
			port->removed = true;
			port_detach(fwd, port->id);
			continue;
		}
		left += i < fwd->nb_ports;
	}
	links_poll(fwd);
	return left > 0;
}
