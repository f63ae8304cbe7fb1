/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "cli.h"
#include "mode.h"

static enum cli_result
run_port_start(struct fwd *fwd, char **words)
{
	struct fwd_port *port;
	unsigned int i = 0;
	int ret;

	pthread_mutex_lock(&fwd->lock);
	while ((port = cli_next_port(fwd, words[2], &i)) != NULL)
		port->held_down = false;
	ret = ports_prepare(fwd);
	pthread_mutex_unlock(&fwd->lock);
	return ret < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_port_stop(struct fwd *fwd, char **words)
{
	struct fwd_port *port;
	unsigned int i = 0;

	pthread_mutex_lock(&fwd->lock);
	while ((port = cli_next_port(fwd, words[2], &i)) != NULL) {
		port->held_down = true;
		port_stop(port);
	}
	pthread_mutex_unlock(&fwd->lock);
	return CLI_DONE;
}

static enum cli_result
run_port_config(struct fwd *fwd, char **words)
{
	return cli_set_option(fwd, words[3], words[4]);
}

static struct fwd_port *
find_port(struct fwd *fwd, const char *word)
{
	unsigned int i = 0;

	return cli_next_port(fwd, word, &i);
}

static enum cli_result
run_port_config_mtu(struct fwd *fwd, char **words)
{
	const unsigned long mtu = strtoul(words[4], NULL, 10);
	int ret;

	if (mtu < RTE_ETHER_MIN_MTU || mtu > UINT16_MAX) {
		FWD_ERROR("mtu=%s: allowed is %u to %u", words[4], RTE_ETHER_MIN_MTU, UINT16_MAX);
		return CLI_FAILED;
	}
	pthread_mutex_lock(&fwd->lock);
	ret = port_set_mtu(fwd, find_port(fwd, words[3]), mtu);
	pthread_mutex_unlock(&fwd->lock);
	return ret < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_port_cleanup(struct fwd *fwd, char **words)
{
	const unsigned long queue = strtoul(words[4], NULL, 10);
	const struct fwd_port *port = find_port(fwd, words[2]);
	int ret;

	if (!port->started || queue >= port->setup.nb_txq) {
		FWD_ERROR("port %u (%s): %s", port->id, port->driver,
				!port->started ? "is stopped: port start first"
					       : "has no such transmit queue, show config rxtx");
		return CLI_FAILED;
	}
	ret = rte_eth_tx_done_cleanup(port->id, queue, strtoul(words[5], NULL, 10));
	if (ret < 0) {
		FWD_ERROR("port %u (%s) gives nothing back on request: %s", port->id, port->driver,
				rte_strerror(-ret));
		return CLI_FAILED;
	}
	printf("port %u queue %lu: %d mbufs given back\n", port->id, queue, ret);
	return CLI_DONE;
}

static enum cli_result
run_port_attach(struct fwd *fwd, char **words)
{
	return port_attach(fwd, words[2]) < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_port_detach(struct fwd *fwd, char **words)
{
	return port_detach(fwd, strtoul(words[2], NULL, 10)) < 0 ? CLI_FAILED : CLI_DONE;
}

static const struct cli_command commands[] = {
	{ "port start PORTS", "start ports, with the queues that are configured", run_port_start,
			true },
	{ "port stop PORTS", "stop ports", run_port_stop, true },
	{ "port config all rxq|txq|rxd|txd N", "queues of a port, descriptors of a queue",
			run_port_config, true },
	{ "port config mtu PORT N", "longest frame of a port without Ethernet header",
			run_port_config_mtu, true },
	{ "port cleanup PORT txq N N",
			"have a queue give back what it has sent, at most the last N, 0: all",
			run_port_cleanup, true },
	{ "port attach DEVICE", "plug in a device, by its arguments as --vdev and -a take them",
			run_port_attach, true },
	{ "port detach PORT", "close a port and unplug its device", run_port_detach, true },
};

CLI_SECTION(port, commands);
