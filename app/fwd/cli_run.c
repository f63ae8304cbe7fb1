/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "watch.h"

static enum cli_result
start_with(struct fwd *fwd, uint32_t tx_first)
{
	const uint32_t before = fwd->args.tx_first;
	unsigned int i;
	int ret;

	for (i = 0; i < fwd->nb_ports; i++) {
		if (fwd->ports[i].held_down && !fwd->ports[i].gone) {
			FWD_ERROR("port %u is stopped: port start %u first", fwd->ports[i].id,
					fwd->ports[i].id);
			return CLI_FAILED;
		}
	}
	fwd->args.tx_first = tx_first;
	ret = forwarding_start(fwd);
	fwd->args.tx_first = before;
	return ret < 0 ? CLI_FAILED : CLI_DONE;
}

static enum cli_result
run_start(struct fwd *fwd, char **words __rte_unused)
{
	return start_with(fwd, 0);
}

static enum cli_result
run_start_tx_first(struct fwd *fwd, char **words __rte_unused)
{
	return start_with(fwd, 1);
}

static enum cli_result
run_start_tx_first_n(struct fwd *fwd, char **words)
{
	return start_with(fwd, strtoul(words[2], NULL, 10));
}

void
cli_stop(struct fwd *fwd)
{
	forwarding_stop(fwd);
	report_final(fwd);
}

static enum cli_result
run_stop(struct fwd *fwd, char **words __rte_unused)
{
	if (!fwd->running) {
		FWD_ERROR("'stop': nothing is forwarded, start first");
		return CLI_FAILED;
	}
	cli_stop(fwd);
	return CLI_DONE;
}

static enum cli_result
run_sleep(struct fwd *fwd, char **words)
{
	switch (watch(fwd, -1, strtod(words[1], NULL))) {
	case WATCH_SIGNAL:
		return CLI_QUIT;
	case WATCH_DURATION:
		cli_stop(fwd);
		/* Fall through. */
	default:
		return CLI_DONE;
	}
}

static enum cli_result
run_quit(struct fwd *fwd __rte_unused, char **words __rte_unused)
{
	return CLI_QUIT;
}

static void
print_section(const struct cli_section *section)
{
	unsigned int i;

	printf("%s:\n", section->name);
	for (i = 0; i < section->nb; i++)
		printf("  %-36s %s\n", section->commands[i].syntax, section->commands[i].help);
}

static enum cli_result
run_help(struct fwd *fwd __rte_unused, char **words __rte_unused)
{
	const struct cli_section *section;
	unsigned int i;

	for (i = 0; (section = cli_section_at(i)) != NULL; i++)
		print_section(section);
	return CLI_DONE;
}

static enum cli_result
run_help_section(struct fwd *fwd __rte_unused, char **words)
{
	const struct cli_section *section;
	unsigned int i;

	for (i = 0; (section = cli_section_at(i)) != NULL; i++)
		if (strcmp(section->name, words[1]) == 0)
			print_section(section);
	return CLI_DONE;
}

static const struct cli_command commands[] = {
	{ "start", "forward", run_start, true },
	{ "start tx_first", "send a burst by each stream, then forward", run_start_tx_first, true },
	{ "start tx_first N", "the same with N bursts", run_start_tx_first_n, true },
	{ "stop", "stop forwarding, print the forward statistics", run_stop },
	{ "sleep SECONDS", "wait, for scripts", run_sleep },
	{ "help", "all commands", run_help },
	{ "help SECTION", "the commands of a section", run_help_section },
	{ "quit", "stop forwarding, close the ports, end", run_quit },
};

CLI_SECTION(run, commands);
