/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VERBS_H
#define VERBS_H

/**
 * @file
 * The steps of the random verbs: each does one thing to the packets and to their model. What they have in
 * common: an attempt is one call of a verb, during which gets from mempools may fail, or a count may be
 * near its limit; the errors it may end with are known before, or found justified by what happened.
 */

#include "packets.h"

/** A step and how often it comes. */
struct step {
	const char *name;
	unsigned int weight;
	void (*run)(struct packets *ps);
};

extern const struct step own_steps[]; /* what applications and DPDK do */
extern const struct step share_steps[]; /* mext_share.h */
extern const struct step spread_steps[]; /* mext_spread.h, mext_attach_chain() */
extern const struct step write_steps[]; /* mext_write.h */
extern const struct step copy_steps[]; /* mext_write.h: verbs that change the shape of a packet */

/** Print each step, for who looks for a fault. */
extern bool verbs_trace;
#define TRACE(...)                                       \
	do {                                             \
		if (verbs_trace)                         \
			print_message("# " __VA_ARGS__); \
	} while (0)

/** What outputs are before a call, and after one that fails. */
#define UNTOUCHED ((void *)(uintptr_t)0x5a5a5a5a5a5a5a5a)

/** Before a verb on a packet (NULL: on none). */
void attempt_begin(const struct packet *p);

/** Errors for which neither want of objects nor a count at its limit is the reason. */
struct allowed {
	int error; /* the one error that it must end with; 0: none */
	bool too_long; /* it may end with -EMSGSIZE */
};

/** After the verb. @return whether it has done its work; else nothing may have changed. */
bool attempt_end(struct packets *ps, int ret, struct allowed allowed);

/** Whether no get failed in the last attempt, so that the verb could choose. */
bool attempt_was_smooth(void);

/**
 * An offset into a packet: an end, at the border of a segment or as far from it as is copied along,
 * anywhere; seldom behind the end.
 */
size_t any_offset(const struct packets *ps, const struct packet *p);

/** A range of a packet, seldom one that is not within it. */
struct range {
	size_t off;
	size_t len;
	bool inside;
};
struct range any_range(const struct packets *ps, const struct packet *p);

/** Whether no segment of the pool has room for so many bytes behind the headroom. */
bool too_long(const struct pools *p, size_t len);

/**
 * Most segments that bytes of a packet need, where copies are in the fewest that the pool can give.
 * SIZE_MAX: none has room behind the headroom.
 */
size_t fewest_segments(const struct pools *p, size_t len);

#endif
