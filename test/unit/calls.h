/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CALLS_H
#define CALLS_H

/**
 * @file
 * Every verb of mext_share.h and mext_write.h in one form, for what must hold of all of them: what a
 * failure leaves, what happens to headers that are somebody else's too.
 */

#include "chains.h"

#define CALL_MADE 3 /* packets that mext_fanout() and mext_fanout_private() make here */
#define CALL_TAIL 40 /* bytes of the packet that mext_concat() appends */

struct verb;

/** One call of a verb on packet m, which is bytes [0, len) of the pattern. */
struct call {
	const struct verb *verb;
	size_t a, b; /**< the verb's numbers, in the order of its arguments */
	struct world *w;
	struct rte_mbuf *m;
	uint32_t len;
	struct rte_mbuf *tail; /**< of mext_concat() */
	struct rte_mbuf *made[CALL_MADE]; /**< what the verb has made */
};

struct verb {
	const char *name;
	int (*run)(struct call *call);
	/** That m and what was made are what the verb promises. */
	void (*check)(const struct call *call);
};

extern const struct verb verb_share, verb_fanout, verb_fanout_private, verb_split, verb_concat,
		verb_trim_front, verb_trim_back, verb_make_writable, verb_write, verb_unshare,
		verb_pullup, verb_prepend, verb_append, verb_dup, verb_defrag;

/** Make what the verb takes beside m. Before anything is taken away from it. */
void call_prepare(struct call *call);

/** Call the verb. On failure asserts that outputs and m are as they were. @return what the verb does. */
int call_run(struct call *call);

/** Free the packet, and whatever there is beside it. */
void call_free(struct call *call);

/** The verb is refused on m, for this reason, and everything is as it was. */
#define assert_refused(w, m, verb, a, b, ret) \
	check_refused(w, m, verb, a, b, ret, __FILE__, __LINE__)
void check_refused(struct world *w, struct rte_mbuf *m, const struct verb *verb, size_t a, size_t b,
		int ret, const char *file, int line);

/** The verb succeeds on m, which it takes: all is checked, and freed. */
void call_succeeds(
		struct world *w, struct rte_mbuf *m, const struct verb *verb, size_t a, size_t b);

#endif
