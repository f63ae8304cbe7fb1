/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>

#include <mext.h>

#include "bond.h"
#include "fwd.h"
#include "snapshot.h"
#include "xstats.h"

/** Take a port away from workers, which may be at work, and close it. */
static void
port_leave(struct fwd *fwd, struct fwd_port *port)
{
	const bool running = fwd->running;

	pthread_mutex_lock(&fwd->lock);
	if (running)
		workers_stop(fwd);
	snapshot_put(snapshot_get_locked(fwd)); /* what it has counted is kept */
	streams_forget_port(fwd, port->id);
	port_close(fwd, port);
	if (running)
		workers_start(fwd);
	pthread_mutex_unlock(&fwd->lock);
}

int
port_detach(struct fwd *fwd, uint16_t id)
{
	struct rte_device *device;
	struct fwd_port *port = NULL;
	unsigned int i, others = 0;
	int ret;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].id == id && !fwd->ports[i].gone)
			port = &fwd->ports[i];
	if (port == NULL) {
		FWD_ERROR("port %u: there is no such port in use", id);
		return -1;
	}
	device = port->info.device;
	for (i = 0; i < ports_all(fwd); i++)
		others += !fwd->ports[i].gone && fwd->ports[i].info.device == device;
	port_leave(fwd, port);
	if (others > 1) /* of a device with several ports only the last takes it along */
		return 0;
	ret = rte_dev_remove(device);
	if (ret == 0)
		return 0;
	FWD_ERROR("port %u is closed, but its device is not detached: %s", id, rte_strerror(-ret));
	return -1;
}

/** Ports that have gone make room: only while nothing runs, as streams count by them. */
void
ports_forget_gone(struct fwd *fwd)
{
	const unsigned int all = ports_all(fwd), forward = fwd->nb_ports;
	unsigned int i, n = 0;

	for (i = 0; i < all; i++) {
		if (!fwd->ports[i].gone) {
			fwd->ports[n++] = fwd->ports[i];
			continue;
		}
		xstats_free(fwd->ports[i].xstats);
		if (i < forward)
			fwd->nb_ports--;
		else
			fwd->nb_resting--;
	}
	memset(&fwd->ports[n], 0, (all - n) * sizeof(fwd->ports[0]));
}

static bool
is_known(const struct fwd *fwd, uint16_t id)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].id == id && !fwd->ports[i].gone)
			return true;
	return false;
}

/** All ports of a device that has just been probed; EAL takes one that is there as well. */
static int
find_ports_of(struct fwd *fwd, const char *devargs)
{
	struct rte_dev_iterator it;
	unsigned int found = 0, known = 0;
	uint16_t id;

	RTE_ETH_FOREACH_MATCHING_DEV(id, devargs, &it)
	{
		if (is_known(fwd, id)) {
			FWD_ERROR("port attach %s: is there already, as port %u", devargs, id);
			known++;
			continue;
		}
		if (ports_all(fwd) == RTE_DIM(fwd->ports) || bond_join(id) < 0 ||
				port_find(fwd, id) < 0) {
			rte_eth_iterator_cleanup(&it);
			return -1;
		}
		if (fwd->nb_resting > 0)
			printf("port %u: attached, rests until set portlist has it\n", id);
		else
			printf("port %u: attached, takes part from the next start\n", id);
		found++;
	}
	if (found == 0 && known == 0)
		FWD_ERROR("port attach %s: the device has no port", devargs);
	return found > 0 ? 0 : -1;
}

int
port_attach(struct fwd *fwd, const char *devargs)
{
	int ret;

	if (fwd->running) {
		FWD_ERROR("port attach %s: stop forwarding first", devargs);
		return -1;
	}
	ret = rte_dev_probe(devargs);
	if (ret < 0) {
		FWD_ERROR("port attach %s: %s; give it as EAL's -a and --vdev take it, for example "
			  "0000:03:00.0 or net_af_packet2,iface=eth3",
				devargs, rte_strerror(-ret));
		return -1;
	}
	if (mext_region_sync() < 0) {
		FWD_ERROR("port attach %s: the device can't reach the memory that there is, see above; it "
			  "takes no part",
				devargs);
		return -1;
	}
	pthread_mutex_lock(&fwd->lock);
	streams_free(fwd);
	ports_forget_gone(fwd);
	ret = find_ports_of(fwd, devargs);
	bonds_take(fwd);
	pthread_mutex_unlock(&fwd->lock);
	return ret;
}
