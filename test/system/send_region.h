/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SEND_REGION_H
#define SEND_REGION_H

/** @file What send-region sends, and the wire it goes over. */

#include <stdbool.h>
#include <stddef.h>

#include <mext.h>

#define PAGE 4096
#define ORDINARY_LEN (300 * PAGE)
/** DPDK has 256 mappings, one a page where IO addresses are physical ones. */
#define FEW_PAGES_LEN (150 * PAGE)
#define HUGE_LEN (2 << 20)

struct memory {
	char *addr;
	size_t len;
};

/** Port 0 sends, port 1 receives. */
struct wire {
	char *received; /* as much as is sent */
	bool *arrived; /* which frames */
};

/** Start both ports. */
bool wire_open(struct wire *wire, struct mext_pool *pool);

/**
 * Send a storage in frames, a few at a time; what does not arrive is sent again, some times.
 * @return bytes that arrived, in wire->received.
 */
size_t wire_send(struct wire *wire, struct mext_pool *pool, struct mext_storage *storage,
		const struct memory *m);

/** Stop both: they have given back what they sent, and are still there. */
void wire_stop(struct wire *wire);

/** Close both: some drivers let go of their devices then. */
void wire_close(void);

#endif
