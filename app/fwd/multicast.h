/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MULTICAST_H
#define MULTICAST_H

/**
 * @file The table of mode multicast: which groups are sent to whom. Read before lcores run, by which it is
 * then only looked at.
 */

#include <stdint.h>

#include <rte_ip.h>

struct fwd;
struct multicast_table;

/** Most members of a group: copies of one frame. */
#define MULTICAST_MAX_MEMBERS 64

struct multicast_member {
	uint16_t out; /* index of fwd->ports, and of stream->outs */
	uint16_t port; /* its id */
	uint16_t vlan; /* 0: without tag */
};

/** An address of a group: IPv6, or IPv4 as the last four bytes of one that begins with 0. */
struct multicast_address {
	uint8_t bytes[16];
};

struct multicast_group {
	struct multicast_address address;
	unsigned int nb;
	struct multicast_member members[MULTICAST_MAX_MEMBERS];
};

/**
 * Read a table from a file of lines "GROUP port=PORT [vlan=ID]": each makes a port a member of a group.
 * GROUP "*" is every group without lines of its own. What follows a "#" is a comment.
 * @return 0, or -1 with the reason on stderr, as FILE:LINE: what is wrong.
 */
int multicast_table_read(const struct fwd *fwd, const char *path, struct multicast_table **table);

void multicast_table_free(struct multicast_table *table);

/** @return the group of that address, or "*" where it has none, or NULL. */
const struct multicast_group *multicast_table_find(
		const struct multicast_table *table, const struct multicast_address *address);

static inline struct multicast_address
multicast_ipv4(rte_be32_t ip)
{
	struct multicast_address address = { { 0 } };

	__builtin_memcpy(&address.bytes[12], &ip, sizeof(ip));
	return address;
}

#endif
