/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "cli.h"
#include "fwd.h"
#include "history.h"
#include "json.h"
#include "live.h"
#include "mode.h"
#include "snapshot.h"
#include "telemetry.h"
#include "watch.h"

/** Parse what follows "--", before EAL has been started for nothing. */
static enum args_result
parse_own(struct fwd_args *args, int argc, char **argv)
{
	enum args_result result;
	char **own;
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		/* EAL's answer would be about EAL alone. */
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--version") == 0)
			return args_parse(args, 2, (char *[]){ argv[0], argv[i], NULL });
	}
	if (i == argc)
		return args_parse(args, 1, (char *[]){ argv[0], NULL });
	own = calloc(argc - i + 1, sizeof(*own));
	if (own == NULL)
		return ARGS_WRONG;
	memcpy(own, &argv[i], (argc - i) * sizeof(*own));
	own[0] = argv[0];
	result = args_parse(args, argc - i, own);
	free(own);
	return result;
}

/** The exit status depends on what has been forwarded. */
#define AS_FORWARDED (-1)

/** Everything between set-up and end. @return the exit status. */
static int
work(struct fwd *fwd)
{
	const struct fwd_args *args = &fwd->args;
	enum cli_result result = CLI_DONE;

	if (args->cmdline_file != NULL)
		result = cli_file(fwd, args->cmdline_file);
	if (result == CLI_FAILED && !args->interactive)
		return EXIT_FAILURE;
	if (result == CLI_QUIT)
		return EXIT_SUCCESS;
	if ((!args->interactive || args->auto_start) && !fwd->running && forwarding_start(fwd) < 0)
		return EXIT_FAILURE;
	if (args->interactive)
		return cli_prompt(fwd) == CLI_FAILED ? EXIT_FAILURE : EXIT_SUCCESS;
	return watch(fwd, -1, INFINITY) == WATCH_NO_PORT ? EXIT_FAILURE : AS_FORWARDED;
}

/** @return the exit status. */
static int
run(struct fwd *fwd)
{
	int status = EXIT_FAILURE;
	bool running, ran;

	if (json_check(fwd) < 0)
		return status;
	if (ports_find(fwd) < 0 || events_open(fwd) < 0)
		goto close;
	if (buffers_create(fwd) < 0)
		goto close;
	telemetry_register(fwd);
	status = work(fwd);
	live_end();
	running = fwd->running;
	if (running)
		forwarding_stop(fwd);
	if (status == AS_FORWARDED)
		status = outcome(fwd);
	ran = fwd->last != NULL;
	if (ran)
		json_prepare(fwd);
	events_close(fwd);
	ports_close(fwd);
	if (running)
		report_final(fwd);
	modes_end(fwd);
	if (buffers_account(fwd) < 0)
		status = EXIT_FAILURE;
	if (ran && json_write(fwd, status) < 0)
		status = EXIT_FAILURE;
	streams_free(fwd);
	snapshot_close(fwd);
	history_clear();
	return status;

close:
	ports_close(fwd);
	return status;
}

static int
eal_failed(void)
{
	int reason = rte_errno;

	if (reason == EACCES || reason == ENOMEM)
		FWD_ERROR("EAL did not start (%s): most often hugepages are missing: reserve some (echo "
			  "512 > /proc/sys/vm/nr_hugepages), or do without them (--no-huge -m 1024); "
			  "NICs and network interfaces need root",
				rte_strerror(reason));
	else
		FWD_ERROR("EAL did not start (%s): its lines above say why", rte_strerror(reason));
	return EXIT_FAILURE;
}

/** The list of them: EAL puts another program name into its own. */
static char **
copy_arguments(int argc, char **argv)
{
	char **copy = calloc(argc + 1, sizeof(*copy));

	return copy != NULL ? memcpy(copy, argv, argc * sizeof(*copy)) : argv;
}

int
main(int argc, char **argv)
{
	static struct fwd fwd = { .lock = PTHREAD_MUTEX_INITIALIZER };
	enum args_result result;
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	result = parse_own(&fwd.args, argc, argv);
	if (result != ARGS_RUN)
		return result == ARGS_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
	if (watch_open() < 0)
		return EXIT_FAILURE;
	fwd.argc = argc;
	fwd.argv = copy_arguments(argc, argv);
	optind = opterr = 1; /* getopt has been used, quietly */
	if (rte_eal_init(argc, argv) < 0)
		return eal_failed();
	status = run(&fwd);
	rte_eal_cleanup();
	return status;
}
