/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>

#include "cli.h"
#include "mode.h"

enum cli_result
cli_set_option(struct fwd *fwd, const char *name, const char *value)
{
	const struct fwd_args before = fwd->args;
	unsigned int i;
	int ret;

	pthread_mutex_lock(&fwd->lock);
	ret = args_set(&fwd->args, name, value);
	for (i = 0; i < ports_all(fwd) && ret == 0; i++)
		ret = port_check(&fwd->ports[i], &fwd->args);
	if (ret < 0)
		fwd->args = before;
	pthread_mutex_unlock(&fwd->lock);
	return ret < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_set_mode(struct fwd *fwd, char **words)
{
	return cli_set_option(fwd, "forward-mode", words[2]);
}

static enum cli_result
run_set_nbcore(struct fwd *fwd, char **words)
{
	return cli_set_option(fwd, "nb-cores", words[2]);
}

static enum cli_result
run_set_portlist(struct fwd *fwd, char **words)
{
	return ports_choose_list(fwd, words[2]) < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_set_portmask(struct fwd *fwd, char **words)
{
	return ports_choose_mask(fwd, words[2]) < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_set_nbport(struct fwd *fwd, char **words)
{
	return ports_choose_first(fwd, words[2]) < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_set_peer(struct fwd *fwd, char **words)
{
	char value[CLI_WORD_SIZE];

	snprintf(value, sizeof(value), "%s,%s", words[2], words[3]);
	return cli_set_option(fwd, "eth-peer", value);
}

static enum cli_result
run_set_flush_rx(struct fwd *fwd, char **words)
{
	return cli_set_option(fwd, "no-flush-rx", strcmp(words[2], "on") == 0 ? "off" : "on");
}

static enum cli_result
run_set_option(struct fwd *fwd, char **words)
{
	return cli_set_option(fwd, words[1], words[2]);
}

/** Call a function of ethdev's for a port; tell if it refuses. */
static bool
call(const struct fwd_port *port, int (*function)(uint16_t), const char *what)
{
	int ret = function(port->id);

	if (ret < 0)
		FWD_ERROR("port %u (%s) refuses %s: %s", port->id, port->driver, what,
				rte_strerror(-ret));
	return ret == 0;
}

/** The same for several. */
static enum cli_result
call_all(struct fwd *fwd, const char *ports, int (*function)(uint16_t), const char *what)
{
	enum cli_result result = CLI_DONE;
	struct fwd_port *port;
	unsigned int i = 0;

	while ((port = cli_next_port(fwd, ports, &i)) != NULL)
		if (!call(port, function, what))
			result = CLI_FAILED;
	return result;
}

static enum cli_result
run_set_promisc(struct fwd *fwd, char **words)
{
	const bool on = strcmp(words[3], "on") == 0;
	enum cli_result result = CLI_DONE;
	struct fwd_port *port;
	unsigned int i = 0;

	while ((port = cli_next_port(fwd, words[2], &i)) != NULL) {
		if (call(port, on ? rte_eth_promiscuous_enable : rte_eth_promiscuous_disable,
				    "to change promiscuous mode"))
			port->not_promiscuous = !on;
		else
			result = CLI_FAILED;
	}
	return result;
}

static enum cli_result
run_set_allmulti(struct fwd *fwd, char **words)
{
	const bool on = strcmp(words[3], "on") == 0;

	return call_all(fwd, words[2],
			on ? rte_eth_allmulticast_enable : rte_eth_allmulticast_disable,
			"to change the reception of all multicast");
}

static enum cli_result
run_set_link_up(struct fwd *fwd, char **words)
{
	return call_all(fwd, words[3], rte_eth_dev_set_link_up, "to set its link up");
}

static enum cli_result
run_set_link_down(struct fwd *fwd, char **words)
{
	return call_all(fwd, words[3], rte_eth_dev_set_link_down, "to set its link down");
}

static const struct cli_command commands[] = {
	{ "set fwd MODE", "what is done with packets, from the next start", run_set_mode, true },
	{ "set nbcore N", "forwarding lcores, as --nb-cores", run_set_nbcore, true },
	{ "set portlist LIST", "ports that forward, in this order; the others rest",
			run_set_portlist, true },
	{ "set portmask HEX", "the same by a mask, in the order of their numbers", run_set_portmask,
			true },
	{ "set nbport N", "the first N ports forward, the others rest", run_set_nbport, true },
	{ "set eth-peer PORT MAC", "where what leaves by a port is addressed to", run_set_peer,
			true },
	{ "set flush_rx on|off", "whether what came since stop is thrown away by start",
			run_set_flush_rx, true },
	{ "set promisc PORTS on|off", "receive what is addressed to others", run_set_promisc },
	{ "set allmulti PORTS on|off", "receive all multicast", run_set_allmulti },
	{ "set link-up port PORT", "set the link up", run_set_link_up },
	{ "set link-down port PORT", "set the link down", run_set_link_down },
	{ "set OPTION VALUE", "an option of the command line, from the next start", run_set_option,
			true },
};

CLI_SECTION(set, commands);
