/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEMORY_H
#define MEMORY_H

/** @file Mbufs to receive into: of what sizes, in memory of what kind. */

#include <stdbool.h>
#include <stdint.h>

#include <mext.h>

#include "option.h"

struct fwd;

/** --mp-alloc, as testpmd has it. */
enum mp_alloc {
	MP_ALLOC_NATIVE, /* DPDK's memory */
	MP_ALLOC_ANON, /* regions in ordinary pages */
	MP_ALLOC_XMEM, /* the same */
	MP_ALLOC_XMEMHUGE, /* regions in hugepages */
	MP_ALLOC_XBUF, /* DPDK's; buffers that are external for drivers */
};

#define MEMORY_MAX_SIZES (MEXT_POOL_MAX_RX_MORE + 1)

/** Room for the longest list of sizes as text. */
#define MEMORY_TEXT 32

struct memory_wishes {
	enum mp_alloc alloc;
	uint32_t nb_sizes;
	uint32_t sizes[MEMORY_MAX_SIZES]; /* of mbufs, headroom included; the first is the default */
};

extern struct memory_wishes memory_wishes;
extern const struct fwd_options memory_options;

/** The word for what was chosen. */
const char *memory_name(void);

/** The sizes as the option has them. @return text */
const char *memory_sizes(char text[MEMORY_TEXT]);

/** The number of the largest size. */
unsigned int memory_largest(void);

/** Whether it is neither EAL's nor known to whoever knows EAL's. */
bool memory_is_external(void);

/** A line of what there is. */
void memory_report(const struct fwd *fwd);

/** What to do if there is not enough. */
const char *memory_advice(void);

/**
 * Put the mbufs to receive into, and where all is, into the configuration of a pool.
 * @param rx  count and cache of each size
 * @return 0, or -1 with the reason on stderr
 */
int memory_configure(struct mext_pool_conf *conf, const struct mext_pool_class *rx);

#endif
