/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

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
	{ "port attach DEVICE", "plug in a device, by its arguments as --vdev and -a take them",
			run_port_attach, true },
	{ "port detach PORT", "close a port and unplug its device", run_port_detach, true },
};

CLI_SECTION(port, commands);
