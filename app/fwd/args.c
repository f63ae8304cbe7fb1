/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_version.h>

#include <mext.h>

#include "args.h"
#include "mode.h"

enum option_id {
	OPT_PORTMASK = 256,
	OPT_MODE,
	OPT_TOPOLOGY,
	OPT_PEER,
	OPT_HELP,
	OPT_VERSION,
	OPT_SECONDS, /* from here on: struct seconds_option */
	OPT_NUMBER = 320, /* from here on: struct number_option */
};

/** Options that take a whole number. */
static const struct number_option {
	const char *name;
	size_t field; /* a uint32_t of struct fwd_args */
	uint32_t min;
	uint32_t max;
	const char *help;
} numbers[] = {
	{ "burst", offsetof(struct fwd_args, burst), 1, FWD_MAX_BURST, "packets a burst" },
	{ "rxq", offsetof(struct fwd_args, nb_rxq), 1, RTE_MAX_QUEUES_PER_PORT,
			"receive queues a port" },
	{ "txq", offsetof(struct fwd_args, nb_txq), 1, RTE_MAX_QUEUES_PER_PORT,
			"transmit queues a port" },
	{ "rxd", offsetof(struct fwd_args, nb_rxd), 1, UINT16_MAX, "descriptors a receive queue" },
	{ "txd", offsetof(struct fwd_args, nb_txd), 1, UINT16_MAX, "descriptors a transmit queue" },
	{ "nb-cores", offsetof(struct fwd_args, nb_cores), 1, RTE_MAX_LCORE,
			"forwarding lcores (all that have a queue to serve)" },
	{ "mbcache", offsetof(struct fwd_args, mbcache), 0, RTE_MEMPOOL_CACHE_MAX_SIZE,
			"mbufs in each per-lcore cache" },
	{ "total-num-mbufs", offsetof(struct fwd_args, nb_mbufs), 1, MEXT_POOL_MAX_COUNT,
			"mbufs on each NUMA socket (twice the need of rings and caches, 16384 or more)" },
};

/** Options that take seconds, with a fraction if need be. */
static const struct seconds_option {
	const char *name;
	size_t field; /* a double of struct fwd_args */
	const char *help;
} seconds[] = {
	{ "stats-period", offsetof(struct fwd_args, stats_period),
			"seconds between lines with rates, 0: none" },
	{ "duration", offsetof(struct fwd_args, duration), "seconds to run, 0: until a signal" },
};

static const char *const topologies[] = {
	[TOPOLOGY_PAIRED] = "paired",
	[TOPOLOGY_LOOP] = "loop",
	[TOPOLOGY_CHAINED] = "chained",
};

static void
print_help(const struct fwd_args *defaults)
{
	unsigned int i;

	printf("usage: mext-fwd EAL-OPTIONS -- [OPTIONS]\n"
	       "Forwards packets between the ports that EAL found, on buffers of a mext pool.\n\n"
	       "  --portmask=HEX            ports to use (all)\n"
	       "  --forward-mode=MODE       " MODE_NAMES " (io)\n"
	       "  --port-topology=TOPOLOGY  paired: 0<->1 2<->3, loop: each to itself,\n"
	       "                            chained: 0->1->2->0 (paired)\n"
	       "  --eth-peer=PORT,MAC       destination address in modes mac and txonly for what\n"
	       "                            leaves by PORT (02:00:00:00:00:PORT)\n");
	for (i = 0; i < RTE_DIM(numbers); i++) {
		uint32_t value = *(const uint32_t *)RTE_PTR_ADD(defaults, numbers[i].field);

		printf("  --%s=N%*s%s", numbers[i].name, (int)(22 - strlen(numbers[i].name)), "",
				numbers[i].help);
		if (value != 0)
			printf(" (%u)", value);
		printf("\n");
	}
	for (i = 0; i < RTE_DIM(seconds); i++)
		printf("  --%s=SECONDS%*s%s (0)\n", seconds[i].name,
				(int)(16 - strlen(seconds[i].name)), "", seconds[i].help);
	printf("  --help                    this text\n"
	       "  --version                 versions of mext and DPDK\n");
}

static enum args_result
wrong(const char *option, const char *value, const char *allowed)
{
	fprintf(stderr, "mext-fwd: --%s=%s: allowed is %s\n", option, value, allowed);
	return ARGS_WRONG;
}

static enum args_result
parse_number(struct fwd_args *args, const struct number_option *o, const char *text)
{
	unsigned long long value;
	char allowed[64];
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && value >= o->min &&
			value <= o->max) {
		*(uint32_t *)RTE_PTR_ADD(args, o->field) = value;
		return ARGS_RUN;
	}
	snprintf(allowed, sizeof(allowed), "%u to %u", o->min, o->max);
	return wrong(o->name, text, allowed);
}

static enum args_result
parse_seconds(struct fwd_args *args, const struct seconds_option *o, const char *text)
{
	const double max = 1e9;
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(value) || value < 0 || value > max)
		return wrong(o->name, text, "a number of seconds from 0 to 1000000000");
	*(double *)RTE_PTR_ADD(args, o->field) = value;
	return ARGS_RUN;
}

static enum args_result
parse_portmask(struct fwd_args *args, const char *text)
{
	char *end;

	errno = 0;
	args->portmask = strtoull(text, &end, 16);
	if (errno != 0 || *text == '-' || *end != '\0' || args->portmask == 0)
		return wrong("portmask", text, "a hexadecimal mask with a bit for each port");
	return ARGS_RUN;
}

static enum args_result
parse_topology(struct fwd_args *args, const char *text)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(topologies); i++) {
		if (strcmp(topologies[i], text) == 0) {
			args->topology = i;
			return ARGS_RUN;
		}
	}
	return wrong("port-topology", text, "paired, loop or chained");
}

static enum args_result
parse_peer(struct fwd_args *args, const char *text)
{
	unsigned long port;
	char *end;

	errno = 0;
	port = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *text == '-' || *end != ',' || port >= RTE_MAX_ETHPORTS ||
			rte_ether_unformat_addr(end + 1, &args->peer[port]) < 0)
		return wrong("eth-peer", text, "PORT,XX:XX:XX:XX:XX:XX");
	return ARGS_RUN;
}

static enum args_result
parse_option(struct fwd_args *args, int option, const char *value)
{
	if (option >= OPT_NUMBER)
		return parse_number(args, &numbers[option - OPT_NUMBER], value);
	if (option >= OPT_SECONDS)
		return parse_seconds(args, &seconds[option - OPT_SECONDS], value);
	switch (option) {
	case OPT_PORTMASK:
		return parse_portmask(args, value);
	case OPT_MODE:
		args->mode = mode_find(value);
		return args->mode != NULL ? ARGS_RUN : wrong("forward-mode", value, MODE_NAMES);
	case OPT_TOPOLOGY:
		return parse_topology(args, value);
	case OPT_PEER:
		return parse_peer(args, value);
	case OPT_HELP:
		print_help(args);
		return ARGS_DONE;
	case OPT_VERSION:
		printf("mext-fwd %s, %s\n", mext_version(), rte_version());
		return ARGS_DONE;
	default:
		return ARGS_WRONG;
	}
}

static void
set_defaults(struct fwd_args *args)
{
	unsigned int port;

	memset(args, 0, sizeof(*args));
	args->mode = &mode_io;
	args->burst = 32;
	args->nb_rxq = args->nb_txq = 1;
	args->nb_rxd = args->nb_txd = 1024;
	args->mbcache = 256;
	for (port = 0; port < RTE_MAX_ETHPORTS; port++)
		args->peer[port] = (struct rte_ether_addr){ { 0x02, 0, 0, 0, 0, port } };
}

enum args_result
args_parse(struct fwd_args *args, int argc, char **argv)
{
	static const struct option fixed[] = {
		{ "portmask", required_argument, NULL, OPT_PORTMASK },
		{ "forward-mode", required_argument, NULL, OPT_MODE },
		{ "port-topology", required_argument, NULL, OPT_TOPOLOGY },
		{ "eth-peer", required_argument, NULL, OPT_PEER },
		{ "help", no_argument, NULL, OPT_HELP },
		{ "version", no_argument, NULL, OPT_VERSION },
	};
	struct option options[RTE_DIM(fixed) + RTE_DIM(numbers) + RTE_DIM(seconds) + 1] = { 0 };
	struct fwd_args given;
	enum args_result result = ARGS_RUN;
	unsigned int i, n = RTE_DIM(fixed);
	int option;

	memcpy(options, fixed, sizeof(fixed));
	for (i = 0; i < RTE_DIM(numbers); i++)
		options[n++] = (struct option){ numbers[i].name, required_argument, NULL,
			OPT_NUMBER + i };
	for (i = 0; i < RTE_DIM(seconds); i++)
		options[n++] = (struct option){ seconds[i].name, required_argument, NULL,
			OPT_SECONDS + i };
	set_defaults(&given);
	opterr = 0;
	while (result == ARGS_RUN && (option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		result = parse_option(&given, option, optarg);
		if (option == '?' || option == ':')
			fprintf(stderr, "mext-fwd: %s: %s, see mext-fwd --help\n", argv[optind - 1],
					option == ':' ? "needs a value" : "no such option");
	}
	if (result == ARGS_RUN && optind < argc) {
		fprintf(stderr, "mext-fwd: '%s' is not an option, see mext-fwd --help\n",
				argv[optind]);
		result = ARGS_WRONG;
	}
	*args = given;
	return result;
}
