/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PACKETS_H
#define PACKETS_H

/**
 * @file
 * A model of packets, byte by byte: what every live one says, its metadata, and what the application
 * holds beside them. Two owners of one chain are two packets over the same headers.
 */

#include "pools.h"

#define PACKETS_MAX 12
#define PACKETS_HELD 6
#define PACKETS_SPREADS 3
#define PACKETS_LCORES 3 /* 0, 1, and a thread without an id */
#define PACKET_BYTES 2048 /* most in a packet */
#define PACKET_SEGS 40 /* a packet that has more is only freed */

/** What a head carries and rte_pktmbuf_clone() copies. */
struct meta {
	uint64_t ol_flags; /* but for the two that say what kind of mbuf it is */
	uint64_t tx_offload;
	uint64_t hash;
	uint32_t packet_type;
	uint32_t dynfield1[9];
	uint16_t port;
	uint16_t vlan_tci;
	uint16_t vlan_tci_outer;
};

struct packet {
	struct rte_mbuf *m; /* NULL: none */
	struct meta meta;
	uint32_t len;
	uint8_t bytes[PACKET_BYTES];
};

/** A storage that the application has references on: as long as it does nobody writes to it. */
struct held {
	struct mext_storage *storage;
	unsigned int n; /* 0: none */
	uint8_t bytes[PACKET_BYTES];
};

struct spread {
	struct mext_spread *spread; /* NULL: none */
	struct mext_storage *root;
	struct mext_storage *leaf[PACKETS_LCORES]; /* NULL: not seen yet */
	unsigned int holds;
};

struct packets {
	struct pools pools;
	struct packet packets[PACKETS_MAX];
	struct held held[PACKETS_HELD];
	struct spread spreads[PACKETS_SPREADS];
	uint32_t touched; /* packets that the current step may edit, a bit each */
};

/** Pools without any packet. */
void packets_create(struct packets *ps);

/** Assert that everything is as the model says. */
void packets_check(struct packets *ps);

/** Any packet that is live, or any of up to PACKET_SEGS segments; NULL: there is none. */
struct packet *packets_any(struct packets *ps);

/** The number of packets that there is room for. */
unsigned int packets_room(const struct packets *ps);

/** A new packet: bytes of the model's and metadata of the head. There must be room. */
struct packet *packets_add(struct packets *ps, struct rte_mbuf *m, const void *bytes, uint32_t len,
		const struct meta *meta);

/** The current step may edit a packet. */
void packets_touch(struct packets *ps, const struct packet *p);

/** Metadata of a head. */
void meta_get(const struct rte_mbuf *m, struct meta *meta);
/** Random metadata for a head that nobody else sees. */
void meta_random(struct rte_mbuf *m);

/** An entry without references, or NULL. */
struct held *held_free(struct packets *ps);
/** Any entry with references, or NULL. */
struct held *held_any(struct packets *ps);
/** References on a storage that the application has just got. */
void held_add(struct packets *ps, struct mext_storage *storage, unsigned int n);

/** Any segment of a packet. */
struct rte_mbuf *any_segment(const struct packet *p);

/** Where each byte of a packet is in memory. */
struct places {
	uint32_t len;
	const uint8_t *at[PACKET_BYTES];
};
void places_get(struct places *places, const struct rte_mbuf *m);

/** Assert that bytes [off, off + len) are where bytes [off_was, ...) of another look were. */
void places_same(const struct places *now, uint32_t off, const struct places *was, uint32_t off_was,
		uint32_t len);

/** By the table of mext_write.h: may the bytes of this segment be written? */
bool segment_writable(const struct rte_mbuf *m);

/** The same of bytes [off, off + len) of a packet, all of which are there. */
bool bytes_writable(const struct rte_mbuf *m, size_t off, size_t len);

/** Whether two segments of a packet hold one and the same buffer or parent. */
bool shares_with_itself(const struct rte_mbuf *m);

/** Whether all headers of a packet are its owner's alone. */
bool headers_own(const struct rte_mbuf *m);

#endif
