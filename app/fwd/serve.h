/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SERVE_H
#define SERVE_H

/**
 * @file Mode serve: a host with an IPv4 address that gives out the bytes of files by UDP. What
 * is on the wire stands in doc/modes.rst.
 */

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <mext.h>

#include "args.h"

struct fwd;
struct fwd_stream;

#define SERVE_MAX_FILES 8
/** Most bytes that a request may ask for. */
#define SERVE_MAX_LENGTH 65536
#define SERVE_REQUEST 0x4d585351 /* "MXSQ" */
#define SERVE_ANSWER 0x4d585341 /* "MXSA" */
#define SERVE_VERSION 1

/** Ethernet, and what tags it may have. */
#define SERVE_MAX_L2 (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)
/** Bytes of an answer before those of the file, without Ethernet. */
#define SERVE_HEADERS \
	(sizeof(struct rte_ipv4_hdr) + sizeof(struct rte_udp_hdr) + sizeof(struct serve_message))

enum serve_status {
	SERVE_OK,
	SERVE_NO_OBJECT,
	SERVE_BEYOND, /* the offset is not within the object */
	SERVE_TOO_LONG, /* more than SERVE_MAX_LENGTH */
	SERVE_NO_TOKEN, /* the token is not the sender's; the answer has it */
};

/** A request, and what an answer begins with: of one length, so that nobody is sent more than was asked with. */
struct serve_message {
	rte_be32_t magic;
	uint8_t version;
	uint8_t status; /* enum serve_status; of requests 0 */
	rte_be16_t object;
	rte_be32_t id; /* the client's own */
	rte_be32_t length;
	rte_be64_t offset;
	rte_be64_t token;
	rte_be64_t size; /* of the object; of requests 0 */
};

static_assert(sizeof(struct serve_message) == 40, "it has no gaps");

/** What it answers for. */
struct serve_host {
	struct rte_ether_addr mac;
	rte_be32_t ip;
	rte_be16_t port;
};

struct serve_object {
	struct mext_region *region;
	struct mext_spread *spread;
	uint64_t size;
};

struct serve_counts {
	uint64_t requests; /* answered with bytes, or with the size */
	uint64_t refused; /* requests answered with a status */
	uint64_t malformed; /* to its UDP port, but no requests */
	uint64_t arp; /* replies that the port took, as all below */
	uint64_t echo;
	uint64_t by_reference; /* bytes of files */
	uint64_t copied;
};

/** What a packet to be sent counts as: bytes of a file, or one of these. */
#define SERVE_IS_ARP UINT32_MAX
#define SERVE_IS_ECHO (UINT32_MAX - 1)

/** Of a stream. */
struct serve_state {
	struct serve_host host;
	uint32_t chunk; /* bytes of a file in an answer, at most */
	const char *why_copy; /* the port can't send chains over a file's bytes; NULL: it can */
	bool udp_cksum; /* the port fills it in */
	struct serve_counts counts;
	uint16_t n; /* packets to be sent */
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint32_t what[FWD_MAX_BURST];
};

/** What a frame is to the host. */
enum serve_kind {
	SERVE_OTHER,
	SERVE_ARP,
	SERVE_ECHO,
	SERVE_MALFORMED,
	SERVE_ASKS,
};

/** A frame that was understood. */
struct serve_frame {
	uint8_t *l2;
	uint16_t l2_len;
	struct serve_message message; /* of SERVE_ASKS */
};

/** serve_file.c: load a file into memory that all lcores send from. 0, or -1 with the reason on stderr. */
int serve_load(const struct fwd *fwd, const char *path, struct serve_object *object);

/** Free it; no port has packets of it any more. */
void serve_unload(struct serve_object *object);

/** serve_parse.c: what a frame is; it is looked at, not changed. */
enum serve_kind serve_parse(
		const struct serve_host *host, const struct rte_mbuf *m, struct serve_frame *frame);

/** serve_host.c: make a frame of these kinds its own reply. */
void serve_reply_arp(const struct serve_host *host, const struct serve_frame *frame);
void serve_reply_echo(
		const struct serve_host *host, const struct serve_frame *frame, struct rte_mbuf *m);

/** serve_answer.c: queue what a request is answered with, in as many packets as it takes. */
void serve_answer(struct fwd_stream *s, const struct serve_object *objects, unsigned int nb,
		const struct serve_frame *frame);

/** Queue a packet to be sent. */
void serve_queue(struct fwd_stream *s, struct rte_mbuf *m, uint32_t what);

/** Send what is queued. */
void serve_flush(struct fwd_stream *s);

/** serve_token.c: a new secret, so that older tokens are worth nothing. 0 or -1. */
int serve_token_renew(void);

/** What only who receives at the address and port can know. */
uint64_t serve_token(rte_be32_t ip, rte_be16_t port);

#endif
