/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_version.h>

#include <mext.h>

#include "args.h"
#include "memory.h"
#include "mode.h"
#include "option.h"
#include "setup.h"
#include "xstats.h"

/** More than all options together. */
#define MAX_OPTIONS 256

/** What getopt_long() gives for the first option that we have; less are letters. */
#define FIRST_OPTION 256

static const char *const topologies[] = {
	[TOPOLOGY_PAIRED] = "paired",
	[TOPOLOGY_LOOP] = "loop",
	[TOPOLOGY_CHAINED] = "chained",
};

const char *
topology_name(enum topology topology)
{
	return topologies[topology];
}

int
topology_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(topologies); i++)
		if (strcmp(topologies[i], name) == 0)
			return i;
	return -1;
}

static int
parse_topology(const struct fwd_option *option, void *field, const char *text)
{
	int topology = topology_find(text);

	if (topology < 0)
		return option_wrong(option, text, "paired, loop or chained");
	*(enum topology *)field = topology;
	return 0;
}

/** Ports by mask or by list: what was given before no longer counts. */
static int
parse_portmask(const struct fwd_option *option, void *field, const char *text)
{
	struct fwd_args *args = field;

	args->portlist = NULL;
	return option_hex(option, &args->portmask, text);
}

static int
parse_portlist(const struct fwd_option *option, void *field, const char *text)
{
	struct fwd_args *args = field;

	args->portlist = text;
	return option_list(option, &args->portmask, text);
}

static int
parse_peer(const struct fwd_option *option, void *field, const char *text)
{
	struct fwd_args *args = field;
	unsigned long port;
	char *end;

	errno = 0;
	port = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *text == '-' || *end != ',' || port >= RTE_MAX_ETHPORTS ||
			rte_ether_unformat_addr(end + 1, &args->peer[port]) < 0)
		return option_wrong(option, text, "PORT,XX:XX:XX:XX:XX:XX");
	args->peers_given |= port < 64 ? UINT64_C(1) << port : 0;
	return 0;
}

static int
clear_flag(const struct fwd_option *option __rte_unused, void *field, const char *text __rte_unused)
{
	*(bool *)field = false;
	return 0;
}

static int
parse_mode(const struct fwd_option *option, void *field, const char *text)
{
	const struct fwd_mode *mode = mode_find(text);

	if (mode == NULL)
		return option_wrong(option, text, "%s", mode_names());
	*(const struct fwd_mode **)field = mode;
	return 0;
}

static int
parse_xstats(const struct fwd_option *option, void *field, const char *text)
{
	unsigned int i;
	char name[RTE_ETH_XSTATS_NAME_SIZE + 1];

	for (i = 0; xstats_name(text, i, name, sizeof(name)); i++)
		if (i >= XSTATS_MAX_SHOWN || name[0] == '\0' ||
				strlen(name) >= RTE_ETH_XSTATS_NAME_SIZE)
			return option_wrong(option, text,
					"1 to %u names of at most %u letters with ',' between",
					XSTATS_MAX_SHOWN, RTE_ETH_XSTATS_NAME_SIZE - 1);
	*(const char **)field = text;
	return 0;
}

/** The number may be left out. */
static int
parse_tx_first(const struct fwd_option *option, void *field, const char *text)
{
	return option_u32(option, field, text != NULL ? text : "1");
}

#define ARG(name) offsetof(struct fwd_args, name)

static const struct fwd_option port_options[] = {
	{ "portmask", 0, "HEX", "ports to use (all)", parse_portmask, 0, .min = 1, .fixed = true },
	{ "portlist", 0, "LIST", "ports to use, in this order, as 2,0-1 (all)", parse_portlist, 0,
			.fixed = true },
	{ "port-topology", 0, "TOPOLOGY",
			"paired: 0<->1 2<->3, loop: each to itself, chained: 0->1->2->0 (paired)",
			parse_topology, ARG(topology) },
	{ "eth-peer", 0, "PORT,MAC",
			"where what leaves by PORT is addressed to, in modes that write it "
			"(02:00:00:00:00:PORT)",
			parse_peer, 0 },
	{ "rxq", 0, "N", "receive queues a port", option_u32, ARG(nb_rxq), 1,
			RTE_MAX_QUEUES_PER_PORT },
	{ "txq", 0, "N", "transmit queues a port", option_u32, ARG(nb_txq), 1,
			RTE_MAX_QUEUES_PER_PORT },
	{ "rxd", 0, "N", "descriptors a receive queue", option_u32, ARG(nb_rxd), 1, UINT16_MAX },
	{ "txd", 0, "N", "descriptors a transmit queue", option_u32, ARG(nb_txd), 1, UINT16_MAX },
	{ "lsc-interrupt", 0, NULL,
			"do not poll links where the port has an interrupt for them; some get lost",
			option_flag, ARG(lsc) },
	{ "no-lsc-interrupt", 0, NULL, "poll them all, as without --lsc-interrupt", clear_flag,
			ARG(lsc) },
	{ "hot-plug", 0, NULL, "listen to the kernel: devices plugged in, or pulled out",
			option_flag, ARG(hot_plug) },
};

static const struct fwd_option forward_options[] = {
	{ "forward-mode", 0, "MODE", "what is done with packets, see below (io)", parse_mode,
			ARG(mode) },
	{ "burst", 0, "N", "packets a burst", option_u32, ARG(burst), 1, FWD_MAX_BURST },
	{ "nb-cores", 0, "N", "forwarding lcores (all that have a queue to serve)", option_u32,
			ARG(nb_cores), 1, RTE_MAX_LCORE },
	{ "tx-retries", 0, "N", "tries to send again what a port did not take (0)", option_u32,
			ARG(tx_retries), 0, UINT32_MAX },
	{ "tx-first", 0, "[N]",
			"bursts of txonly's frames that each queue sends first (0; 1 without N)",
			parse_tx_first, ARG(tx_first), 1, UINT32_MAX },
	{ "duration", 0, "SECONDS", "how long to run, 0: until a signal (0)", option_seconds,
			ARG(duration) },
};

static const struct fwd_option buffer_options[] = {
	{ "total-num-mbufs", 0, "N",
			"mbufs on each NUMA socket (twice the need of rings and caches, 16384 or more)",
			option_u32, ARG(nb_mbufs), 1, MEXT_POOL_MAX_COUNT, true },
	{ "mbcache", 0, "N", "mbufs in each per-lcore cache", option_u32, ARG(mbcache), 0,
			RTE_MEMPOOL_CACHE_MAX_SIZE, true },
};

static const struct fwd_option report_options[] = {
	{ "stats-period", 0, "SECONDS", "between lines with rates, 0: none (0)", option_seconds,
			ARG(stats_period) },
	{ "record-core-cycles", 0, NULL, "CPU cycles a packet", option_flag, ARG(record_cycles) },
	{ "record-burst-stats", 0, NULL, "how many packets the bursts had", option_flag,
			ARG(record_bursts) },
	{ "json", 0, "FILE", "write the final report to FILE, - for standard output", option_text,
			ARG(json), .fixed = true },
	{ "display-xstats", 0, "NAME[,NAME...]",
			"extended statistics to show with the rates, and at the end", parse_xstats,
			ARG(display_xstats), .fixed = true },
	{ "verbose", 0, "N", "1: a line for every packet received, 0: none", option_u32,
			ARG(verbose), 0, 1 },
};

static const struct fwd_option prompt_options[] = {
	{ "interactive", 'i', NULL, "take commands from a prompt, where help lists them",
			option_flag, ARG(interactive), .fixed = true },
	{ "auto-start", 'a', NULL, "with a prompt: forward before it comes", option_flag,
			ARG(auto_start), .fixed = true },
	{ "cmdline-file", 0, "FILE", "execute the commands of a file first", option_text,
			ARG(cmdline_file), .fixed = true },
	{ "no-flush-rx", 0, NULL,
			"forward also what came to the receive queues between stop and start",
			option_flag, ARG(no_flush_rx) },
};

#define OPTIONS(title, table)                      \
	{                                          \
		title, NULL, table, RTE_DIM(table) \
	}

static const struct fwd_options common[] = {
	OPTIONS("Ports", port_options),
	OPTIONS("Forwarding", forward_options),
	OPTIONS("Buffers", buffer_options),
	OPTIONS("Statistics", report_options),
	OPTIONS("Commands", prompt_options),
};

const struct fwd_options *
args_table_at(unsigned int i)
{
	static const struct fwd_options *const others[] = { &memory_options, &setup_options };
	const struct fwd_mode *mode;

	if (i < RTE_DIM(common))
		return &common[i];
	i -= RTE_DIM(common);
	if (i < RTE_DIM(others))
		return others[i];
	mode = mode_at(i - RTE_DIM(others));
	return mode != NULL ? &mode->options : NULL;
}

void *
args_field(const struct fwd_options *table, const struct fwd_option *option, struct fwd_args *args)
{
	return RTE_PTR_ADD(table->settings != NULL ? table->settings : args, option->field);
}

static void
set_defaults(struct fwd_args *args)
{
	unsigned int port;

	memset(args, 0, sizeof(*args));
	args->mode = mode_find("io");
	args->burst = 32;
	args->nb_rxq = args->nb_txq = 1;
	args->nb_rxd = args->nb_txd = 1024;
	args->mbcache = 256;
	for (port = 0; port < RTE_MAX_ETHPORTS; port++)
		args->peer[port] = (struct rte_ether_addr){ { 0x02, 0, 0, 0, 0, port } };
}

/**
 * Whether settings of a mode matter: if it runs, and may run later; those of txonly also for what
 * others send.
 */
static bool
mode_looks_at(const struct fwd_args *args, const struct fwd_mode *mode)
{
	if (args->mode == mode || args_may_change(args))
		return true;
	return mode == mode_find("txonly") &&
	       (args->tx_first > 0 || args->mode == mode_find("flowgen"));
}

/** What getopt_long() is told, and what its answers mean. */
struct known {
	struct option longs[MAX_OPTIONS + 1];
	char letters[2 * MAX_OPTIONS + 2];
	const struct fwd_option *options[MAX_OPTIONS];
	const struct fwd_options *tables[MAX_OPTIONS];
	bool given[MAX_OPTIONS];
	unsigned int nb;
};

static int
argument_of(const struct fwd_option *o)
{
	if (o->value == NULL)
		return no_argument;
	return o->value[0] == '[' ? optional_argument : required_argument;
}

static void
learn(struct known *known)
{
	const struct fwd_options *table;
	char *letter = known->letters;
	unsigned int i, j, n = 0;

	*letter++ = ':';
	for (i = 0; (table = args_table_at(i)) != NULL; i++) {
		for (j = 0; j < table->nb; j++, n++) {
			const struct fwd_option *o = &table->options[j];

			RTE_VERIFY(n + 2 < MAX_OPTIONS);
			known->options[n] = o;
			known->tables[n] = table;
			known->longs[n] = (struct option){ o->name, argument_of(o), NULL,
				FIRST_OPTION + n };
			if (o->letter != 0)
				*letter++ = o->letter;
		}
	}
	known->nb = n;
	known->longs[n] = (struct option){ "help", no_argument, NULL, FIRST_OPTION + n };
	n++;
	known->longs[n] = (struct option){ "version", no_argument, NULL, FIRST_OPTION + n };
}

/** The number of the option that getopt_long() has found. */
static unsigned int
index_of(const struct known *known, int answer)
{
	unsigned int i;

	if (answer >= FIRST_OPTION)
		return answer - FIRST_OPTION;
	for (i = 0; known->options[i]->letter != answer; i++)
		;
	return i;
}

static enum args_result
take(struct known *known, unsigned int i, struct fwd_args *args)
{
	const struct fwd_option *option;

	if (i == known->nb) {
		args_help(args);
		return ARGS_DONE;
	}
	if (i > known->nb) {
		printf("mext-fwd %s, %s\n", mext_version(), rte_version());
		return ARGS_DONE;
	}
	option = known->options[i];
	if (option->parse(option, args_field(known->tables[i], option, args), optarg) < 0)
		return ARGS_WRONG;
	known->given[i] = true;
	return ARGS_RUN;
}

/** Options that the mode does not look at are no error: a script may try one mode after another. */
static void
warn_of_other_modes(const struct known *known, const struct fwd_args *args)
{
	const struct fwd_mode *mode;
	unsigned int i, j;

	for (j = 0; j < known->nb; j++)
		for (i = 0; known->given[j] && (mode = mode_at(i)) != NULL; i++)
			if (&mode->options == known->tables[j] && !mode_looks_at(args, mode))
				fprintf(stderr,
						"mext-fwd: warning: --%s is of mode %s, mode %s does not look "
						"at it\n",
						known->options[j]->name, mode->name,
						args->mode->name);
}

enum args_result
args_parse(struct fwd_args *args, int argc, char **argv)
{
	static struct known known;
	enum args_result result = ARGS_RUN;
	int answer;

	learn(&known);
	set_defaults(args);
	opterr = 0;
	while (result == ARGS_RUN && (answer = getopt_long(argc, argv, known.letters, known.longs,
						      NULL)) != -1) {
		if (answer != '?' && answer != ':') {
			result = take(&known, index_of(&known, answer), args);
			continue;
		}
		fprintf(stderr, "mext-fwd: %s: %s, see mext-fwd --help\n", argv[optind - 1],
				answer == ':' ? "needs a value" : "no such option");
		result = ARGS_WRONG;
	}
	if (result == ARGS_RUN && optind < argc) {
		fprintf(stderr, "mext-fwd: '%s' is not an option, see mext-fwd --help\n",
				argv[optind]);
		result = ARGS_WRONG;
	}
	if (result == ARGS_RUN)
		warn_of_other_modes(&known, args);
	return result;
}
