/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "fwd.h"
#include "live.h"
#include "watch.h"

static int signals = -1;

/** Whether whoever started the program wants it to go on in spite of a signal, as nohup does. */
static bool
is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int
watch_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT); /* also if ignored, as shells have it in the background */
	sigaddset(&set, SIGTERM);
	if (!is_ignored(SIGHUP))
		sigaddset(&set, SIGHUP);
	/* Nobody reads any more what is printed. */
	if (!is_ignored(SIGPIPE))
		sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals >= 0)
		return 0;
	FWD_ERROR("no file descriptor for signals: %s", strerror(errno));
	return -1;
}

double
watch_now(void)
{
	return rte_get_timer_cycles() / (double)rte_get_timer_hz();
}

/** Wait for a file descriptor, not beyond a time. @return whether one of fds has something. */
static bool
wait_until(struct pollfd fds[2], double time)
{
	const double day = 86400;
	double left = RTE_MIN(RTE_MAX(time - watch_now(), 0.0), day);

	return poll(fds, 2, ceil(left * 1000)) > 0;
}

enum watch_event
watch(struct fwd *fwd, int input, double seconds)
{
	static double last; /* when rates were printed */
	const struct fwd_args *args = &fwd->args;
	const double until = watch_now() + seconds,
		     look = 0.5; /* seconds between looks at the ports */

	for (;;) {
		struct pollfd fds[2] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = input, .events = POLLIN },
		};
		double end = INFINITY, line = INFINITY;

		last = RTE_MAX(last, fwd->began);
		if (fwd->running && args->duration > 0)
			end = fwd->started + args->duration;
		if (fwd->running && args->stats_period > 0)
			line = last + args->stats_period;
		if (wait_until(fds, RTE_MIN(RTE_MIN(until, watch_now() + look),
						    RTE_MIN(end, line))))
			return fds[0].revents != 0 ? WATCH_SIGNAL : WATCH_INPUT;
		live_resize();
		ports_count(fwd);
		if (!ports_poll(fwd) && fwd->running && !args->interactive) {
			FWD_ERROR("no port is left");
			return WATCH_NO_PORT;
		}
		if (watch_now() >= end)
			return WATCH_DURATION;
		if (watch_now() >= until)
			return WATCH_TIME;
		if (watch_now() < line)
			continue;
		report_period(fwd);
		last = watch_now();
		if (input >= 0)
			return WATCH_RATES;
	}
}
