/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#ifdef RTE_LIB_PDUMP
#include <rte_pdump.h>
#endif

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

/** Whether a file system is mounted from which EAL takes hugepages. */
static bool
hugetlbfs_is_mounted(void)
{
	FILE *mounts = fopen("/proc/mounts", "r");
	char line[512], type[32] = "";
	bool mounted = false;

	while (mounts != NULL && !mounted && fgets(line, sizeof(line), mounts) != NULL)
		mounted = sscanf(line, "%*s %*s %31s", type) == 1 && strcmp(type, "hugetlbfs") == 0;
	if (mounts != NULL)
		fclose(mounts);
	return mounted;
}

/** Hugepages that the kernel has reserved and nobody uses. */
static unsigned long
hugepages_free(void)
{
	FILE *info = fopen("/proc/meminfo", "r");
	unsigned long n = 0;
	char line[128];

	while (info != NULL && fgets(line, sizeof(line), info) != NULL &&
			sscanf(line, "HugePages_Free: %lu", &n) != 1)
		;
	if (info != NULL)
		fclose(info);
	return n;
}

static int
eal_failed(void)
{
	int reason = rte_errno;

	if (rte_eal_process_type() == RTE_PROC_SECONDARY)
		FWD_ERROR("EAL did not start: this is a secondary process (--proc-type), and mext-fwd is a "
			  "primary one: leave that out, and give a --file-prefix of its own");
	else if (reason == 0)
		FWD_ERROR("EAL did not start: its lines above say why; beside another primary process "
			  "give a --file-prefix of its own");
	else if ((reason == EACCES || reason == ENOMEM) && hugepages_free() > 0 &&
			!hugetlbfs_is_mounted())
		FWD_ERROR("EAL did not start (%s): %lu hugepages are free, but no hugetlbfs is mounted: "
			  "mount -t hugetlbfs none /dev/hugepages, or give --in-memory",
				rte_strerror(reason), hugepages_free());
	else if (reason == EACCES || reason == ENOMEM)
		FWD_ERROR("EAL did not start (%s): most often hugepages are missing: reserve some (echo "
			  "512 > /proc/sys/vm/nr_hugepages), or do without them (--no-huge -m 1024); "
			  "NICs and network interfaces need root",
				rte_strerror(reason));
	else
		FWD_ERROR("EAL did not start (%s): its lines above say why", rte_strerror(reason));
	return EXIT_FAILURE;
}

/** Let dpdk-dumpcap and dpdk-pdump attach. What they capture is copied, into mbufs of their own. */
static void
captures_begin(void)
{
#ifdef RTE_LIB_PDUMP
	if (rte_pdump_init() < 0)
		FWD_WARNING("no dpdk-dumpcap or dpdk-pdump can attach: %s",
				rte_strerror(rte_errno));
#endif
}

static void
captures_end(void)
{
#ifdef RTE_LIB_PDUMP
	rte_pdump_uninit();
#endif
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
	if (rte_eal_process_type() == RTE_PROC_PRIMARY) {
		captures_begin();
		status = run(&fwd);
		captures_end();
	} else {
		FWD_ERROR("this is a secondary process, beside a primary one of the same --file-prefix; "
			  "mext-fwd is a primary one: give a --file-prefix of its own, no --proc-type");
		status = EXIT_FAILURE;
	}
	rte_eal_cleanup();
	return status;
}
