/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef WATCH_H
#define WATCH_H

/**
 * @file What the main thread waits for; while packets are forwarded it prints rates meanwhile, and looks after the ports. Only the
 * main thread calls these functions.
 */

struct fwd;

enum watch_event {
	WATCH_SIGNAL, /* to end the program; stays pending, so that all who wait see it */
	WATCH_DURATION, /* --duration is over */
	WATCH_INPUT,
	WATCH_RATES, /* were printed; told only who waits for input */
	WATCH_TIME,
	WATCH_NO_PORT, /* the last one has vanished while packets were forwarded; not if interactive */
};

/**
 * Block the signals that end the program, in this thread and those that it makes from now on, so that
 * watch() sees them. @return 0 or -1, with the reason on stderr.
 */
int watch_open(void);

/** Wait for one of these, no longer than seconds, for input from a file descriptor if it is not negative. */
enum watch_event watch(struct fwd *fwd, int input, double seconds);

/** Seconds since some point of time. */
double watch_now(void);

#endif
