/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHAINS_H
#define CHAINS_H

/**
 * @file
 * Packets whose bytes, metadata and segments a test knows.
 *
 * Byte i of a packet that is made here is pattern(i), so a part of it can be told from any other. Its
 * head has metadata of every sort, which each check of a packet looks for: all verbs keep it.
 */

#include "world.h"

/** A way to make a segment, an mbuf by itself, of len bytes. */
typedef struct rte_mbuf *(*seg_make_t)(struct world *w, uint16_t len);

/** A segment of len bytes. Names of ways to make one begin with seg_. */
struct seg {
	seg_make_t make;
	uint16_t len;
};

struct rte_mbuf *seg_direct(struct world *w, uint16_t len); /**< stock, up to 2,048 bytes */
struct rte_mbuf *seg_clone(struct world *w, uint16_t len); /**< the only clone of such a one */
struct rte_mbuf *seg_pinned(struct world *w, uint16_t len);
struct rte_mbuf *seg_foreign(struct world *w, uint16_t len); /**< up to 990 bytes, 10 in front */
struct rte_mbuf *seg_pair(struct world *w, uint16_t len); /**< up to 1,500 bytes */
struct rte_mbuf *seg_storage(
		struct world *w, uint16_t len); /**< from a size class, its only holder */
struct rte_mbuf *seg_readonly(struct world *w, uint16_t len); /**< malloc memory, read-only */
struct rte_mbuf *seg_writable(struct world *w, uint16_t len); /**< malloc memory, writable */
struct rte_mbuf *seg_leaf(struct world *w, uint16_t len); /**< of a spread that nobody holds */

/** A packet of these segments: chain(w, { seg_pair, 100 }, { seg_storage, 50 }). */
#define chain(w, ...)                                      \
	chain_make(w, (const struct seg[]){ __VA_ARGS__ }, \
			sizeof((const struct seg[]){ __VA_ARGS__ }) / sizeof(struct seg))
struct rte_mbuf *chain_make(struct world *w, const struct seg *segs, unsigned int n);

/** Segment i of a packet, which has it. */
struct rte_mbuf *seg_at(struct rte_mbuf *m, unsigned int i);

/** The count that holds a segment's bytes: of its external buffer, its parent, or its own header. */
uint16_t seg_count(struct rte_mbuf *seg);

/** Put this count there. */
void seg_set_count(struct rte_mbuf *seg, uint16_t count);

/** The most that it may be: DPDK takes an mbuf's refcnt of 65,535 for a broken one. */
uint16_t seg_most(const struct rte_mbuf *seg);

uint8_t pattern(size_t i);

/** Fill bytes that a verb has added, or is to store: they can be told from the pattern, too. */
void fill_other(void *bytes, size_t len);

/** The packet is sound, its head has the metadata, and it is bytes [from, from + len) of the pattern. */
#define assert_packet(m, from, len) check_packet(m, from, len, __FILE__, __LINE__)
void check_packet(const struct rte_mbuf *m, size_t from, size_t len, const char *file, int line);

/** The packet is sound, its head has the metadata, and it has len bytes. */
#define assert_sound(m, len) check_sound(m, len, __FILE__, __LINE__)
void check_sound(const struct rte_mbuf *m, size_t len, const char *file, int line);

/** Bytes [at, at + len) of the packet are bytes [from, from + len) of the pattern. */
#define assert_bytes(m, at, from, len) check_bytes(m, at, from, len, __FILE__, __LINE__)
void check_bytes(const struct rte_mbuf *m, size_t at, size_t from, size_t len, const char *file,
		int line);

/** Bytes [at, at + len) of the packet are what fill_other() gives. */
#define assert_other(m, at, len) check_other(m, at, len, __FILE__, __LINE__)
void check_other(const struct rte_mbuf *m, size_t at, size_t len, const char *file, int line);

/** Lengths of all its segments: assert_lens(m, 100, 50). */
#define assert_lens(m, ...)                                                                   \
	check_lens(m, (const unsigned int[]){ __VA_ARGS__ },                                  \
			sizeof((const unsigned int[]){ __VA_ARGS__ }) / sizeof(unsigned int), \
			__FILE__, __LINE__)
void check_lens(const struct rte_mbuf *m, const unsigned int *lens, unsigned int n,
		const char *file, int line);

/** Bytes [at, at + len) of a packet, which has them; to be freed. */
uint8_t *read_out(const struct rte_mbuf *m, size_t at, size_t len);

/** Same bytes? Both are freed. */
void check_same(uint8_t *is, uint8_t *want, size_t len, const char *file, int line);

#endif
