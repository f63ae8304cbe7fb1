/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <rte_malloc.h>

#include "checksum.h"
#include "fwd.h"
#include "host.h"
#include "loop.h"
#include "mode.h"
#include "multicast.h"
#include "parse.h"
#include "stream.h"

static struct settings {
	const char *path; /* of the table of groups */
	bool ttl; /* count it down */
} settings;

static struct multicast_table *table;

/** Why frames are not sent on. */
enum reason {
	NOT_MULTICAST,
	UNKNOWN_GROUP,
	NO_OTHER_MEMBER,
	TTL_EXPIRED,
	BAD_HEADER,
	STAYS_ON_LINK,
	NB_REASONS,
};

static const char *const reasons[NB_REASONS] = {
	[NOT_MULTICAST] = "not_multicast",
	[UNKNOWN_GROUP] = "unknown_group",
	[NO_OTHER_MEMBER] = "no_other_member",
	[TTL_EXPIRED] = "ttl_expired",
	[BAD_HEADER] = "bad_header",
	[STAYS_ON_LINK] = "stays_on_link",
};

static uint64_t stopped[NB_REASONS]; /* of streams that have ended since the last start */

/** What is to be sent by one port. */
struct queue {
	uint16_t n;
	struct rte_mbuf *pkts[FWD_MAX_BURST];
};

/** Of a stream. */
struct multicast {
	uint64_t rejected[NB_REASONS];
	struct queue queues[]; /* as stream->outs */
};

static void
flush(struct fwd_stream *s, unsigned int out)
{
	struct multicast *mc = s->state;
	struct queue *q = &mc->queues[out];

	if (q->n > 0)
		stream_send(s, &s->outs[out], q->pkts, q->n);
	q->n = 0;
}

/** One less. IPv4's checksum goes on with it (RFC 1624): 0x0100 less in the header, as much more in the sum. */
static void
count_down(struct rte_mbuf *m, const struct layers *l)
{
	struct rte_ipv4_hdr *ip4 = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, l->l3);
	struct rte_ipv6_hdr *ip6 = (struct rte_ipv6_hdr *)ip4;
	uint32_t sum;

	if (l->ip == 6) {
		ip6->hop_limits--;
		return;
	}
	ip4->time_to_live--;
	sum = rte_be_to_cpu_16(ip4->hdr_checksum) + 0x100u;
	ip4->hdr_checksum = rte_cpu_to_be_16(sum + (sum >= UINT16_MAX));
}

/**
 * Send a copy, whose headers are its own, to a member: from the port's address to the group's, which says all that a
 * receiver needs (RFC 1112), with the member's tag and no other.
 */
static void
send_to(struct fwd_stream *s, const struct multicast_member *member, struct rte_mbuf *m,
		const struct layers *l, const struct rte_ether_addr *group)
{
	const uint16_t tag = member->vlan != 0 ? sizeof(struct rte_vlan_hdr) : 0;
	const uint16_t len = sizeof(struct rte_ether_hdr) + tag;
	struct multicast *mc = s->state;
	struct queue *q = &mc->queues[member->out];
	struct rte_ether_hdr *eth;
	struct rte_vlan_hdr *vlan;

	if (settings.ttl)
		count_down(m, l);
	eth = len > l->l3 ? (void *)rte_pktmbuf_prepend(m, len - l->l3)
			  : (void *)rte_pktmbuf_adj(m, l->l3 - len);
	eth->dst_addr = *group;
	eth->src_addr = s->outs[member->out].addrs.src;
	eth->ether_type = l->type;
	if (tag > 0) {
		eth->ether_type = RTE_BE16(RTE_ETHER_TYPE_VLAN);
		vlan = (struct rte_vlan_hdr *)(eth + 1);
		vlan->vlan_tci = rte_cpu_to_be_16(member->vlan);
		vlan->eth_proto = l->type;
	}
	q->pkts[q->n++] = m;
	if (q->n == s->burst)
		flush(s, member->out);
}

/** Whether IPv4's header is there whole, with its packet, and has the right checksum (RFC 1812, 5.2.2). */
static bool
is_sound(const struct rte_mbuf *m, const struct layers *l)
{
	const struct rte_ipv4_hdr *ip =
			rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l->l3);
	const uint32_t len = rte_ipv4_hdr_len(ip), total = rte_be_to_cpu_16(ip->total_length);

	return parse_has(m, l->l3, len) && total >= len && l->l3 + total <= m->pkt_len &&
	       checksum_fold(checksum_bytes(0, ip, len)) == UINT16_MAX;
}

/**
 * Whether no router passes it on: for groups of a link or a host (RFC 5771, RFC 4291 2.7), from addresses of a link (RFC
 * 3927, RFC 4291 2.5.6) or of no host.
 */
static bool
stays_on_link(const struct rte_mbuf *m, const struct layers *l)
{
	const struct rte_ipv4_hdr *ip4 =
			rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l->l3);
	const uint8_t *src = (const uint8_t *)ip4 + offsetof(struct rte_ipv6_hdr, src_addr);
	const uint8_t *dst = (const uint8_t *)ip4 + offsetof(struct rte_ipv6_hdr, dst_addr);
	const uint8_t scope = 0xf, link = 2;

	if (l->ip == 4)
		return rte_be_to_cpu_32(ip4->dst_addr) <= RTE_IPV4_MAX_LOCAL_GROUP ||
		       !host_ipv4(ip4->src_addr) ||
		       rte_be_to_cpu_32(ip4->src_addr) >> 16 == RTE_IPV4(169, 254, 0, 0) >> 16;
	return (dst[1] & scope) <= link || !host_ipv6(src) ||
	       (src[0] == 0xfe && (src[1] & 0xc0) == 0x80);
}

/** The address that a frame is for. @return false: none of a group */
static bool
address_of(const struct rte_mbuf *m, const struct layers *l, struct multicast_address *address)
{
	const struct rte_ether_hdr *eth = rte_pktmbuf_mtod(m, const struct rte_ether_hdr *);
	const struct rte_ipv4_hdr *ip4;

	if (l->ip == 0 || !rte_is_multicast_ether_addr(&eth->dst_addr))
		return false;
	ip4 = rte_pktmbuf_mtod_offset(m, const struct rte_ipv4_hdr *, l->l3);
	if (l->ip == 4) {
		*address = multicast_ipv4(ip4->dst_addr);
		return RTE_IS_IPV4_MCAST(rte_be_to_cpu_32(ip4->dst_addr));
	}
	memcpy(address, &((const struct rte_ipv6_hdr *)ip4)->dst_addr, sizeof(*address));
	return address->bytes[0] == 0xff;
}

/** The group that a frame is for, or NULL with the reason. */
static const struct multicast_group *
group_of(const struct rte_mbuf *m, const struct layers *l, enum reason *reason)
{
	const struct multicast_group *group;
	struct multicast_address address;
	uint8_t ttl;

	*reason = NOT_MULTICAST;
	if (!address_of(m, l, &address))
		return NULL;
	*reason = BAD_HEADER;
	if (l->ip == 4 && !is_sound(m, l))
		return NULL;
	group = multicast_table_find(table, &address);
	*reason = UNKNOWN_GROUP;
	if (group == NULL || !settings.ttl)
		return group;
	*reason = STAYS_ON_LINK;
	if (stays_on_link(m, l))
		return NULL;
	ttl = *rte_pktmbuf_mtod_offset(m, const uint8_t *,
			l->l3 + (l->ip == 4 ? offsetof(struct rte_ipv4_hdr, time_to_live)
					    : offsetof(struct rte_ipv6_hdr, hop_limits)));
	*reason = TTL_EXPIRED;
	return ttl > 1 ? group : NULL;
}

/** Take off what is more than Ethernet's header and a tag: no member gets it, and it would be copied. */
static void
trim(struct rte_mbuf *m, struct layers *l)
{
	const uint16_t most = sizeof(struct rte_ether_hdr) + sizeof(struct rte_vlan_hdr);

	if (likely(l->l3 <= most) || rte_mbuf_refcnt_read(m) > 1)
		return;
	rte_pktmbuf_adj(m, l->l3 - most);
	l->l3 = most;
}

/**
 * Copies for all members but the last, which gets the packet itself: its headers are not in the copies. Not if it
 * can't be written to, or has no room for a tag; then it is freed.
 */
static void
send_to_members(struct fwd_stream *s, const struct multicast_member *const *members,
		unsigned int nb, struct rte_mbuf *m, const struct layers *l,
		const struct rte_ether_addr *to)
{
	const uint16_t ip = l->ip == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	const uint16_t own = l->l3 + (settings.ttl ? ip : 0);
	const bool itself = mext_is_writable(m, 0, own) &&
			    rte_pktmbuf_headroom(m) >= sizeof(struct rte_vlan_hdr);
	struct rte_mbuf *copies[MULTICAST_MAX_MEMBERS];
	unsigned int i, nb_copies = nb - itself;

	if (unlikely(mext_fanout_private(s->pool, m, own, copies, nb_copies) < 0)) {
		stream_starved(s, nb_copies);
		members += nb_copies;
		nb -= nb_copies;
		nb_copies = 0;
	}
	s->made += nb_copies;
	for (i = 0; i < nb_copies; i++)
		send_to(s, members[i], copies[i], l, to);
	if (itself)
		send_to(s, members[i], m, l, to);
	else
		stream_consume(s, &m, 1);
}

static void
route(struct fwd_stream *s, struct rte_mbuf *m)
{
	const struct multicast_member *members[MULTICAST_MAX_MEMBERS];
	struct layers l = parse(m);
	const struct multicast_group *group;
	struct multicast *mc = s->state;
	struct rte_ether_addr to;
	enum reason reason;
	unsigned int i, nb = 0;

	group = group_of(m, &l, &reason);
	for (i = 0; group != NULL && i < group->nb; i++)
		if (group->members[i].port != s->rx_port)
			members[nb++] = &group->members[i];
	if (nb > 0) {
		to = rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr;
		trim(m, &l);
		send_to_members(s, members, nb, m, &l, &to);
		return;
	}
	mc->rejected[group != NULL ? NO_OTHER_MEMBER : reason]++;
	stream_reject(s, &m, 1);
}

static uint16_t
multicast(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	uint16_t n = stream_receive(s, pkts);
	unsigned int i;

	for (i = 0; i < n; i++)
		route(s, pkts[i]);
	for (i = 0; n > 0 && i < s->nb_outs; i++)
		flush(s, i);
	return n;
}

static void
stop(struct fwd *fwd)
{
	struct multicast *mc;
	unsigned int i, j;

	for (i = 0; i < fwd->nb_streams; i++) {
		mc = fwd->streams[i]->state;
		for (j = 0; mc != NULL && j < NB_REASONS; j++)
			stopped[j] += mc->rejected[j];
		rte_free(mc);
		fwd->streams[i]->state = NULL;
	}
	multicast_table_free(table);
	table = NULL;
}

static int
start(struct fwd *fwd)
{
	const size_t size = sizeof(struct multicast) + fwd->nb_ports * sizeof(struct queue);
	unsigned int i;

	memset(stopped, 0, sizeof(stopped));
	if (settings.path == NULL) {
		FWD_ERROR("--forward-mode=multicast: give --multicast-groups=FILE, the table of groups");
		return -1;
	}
	if (multicast_table_read(fwd, settings.path, &table) < 0)
		return -1;
	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];

		s->state = rte_zmalloc_socket("fwd_multicast", size, RTE_CACHE_LINE_SIZE,
				port_by_id(fwd, s->rx_port)->socket);
		if (s->state == NULL) {
			stop(fwd);
			FWD_ERROR("no memory for the queues of mode multicast, raise EAL's -m");
			return -1;
		}
	}
	return 0;
}

static unsigned int
counters(const struct fwd *fwd, struct fwd_counter out[MODE_MAX_COUNTERS])
{
	unsigned int i, j;

	for (j = 0; j < NB_REASONS; j++)
		out[j] = (struct fwd_counter){ reasons[j], stopped[j] };
	for (i = 0; i < fwd->nb_streams; i++) {
		const struct multicast *mc = fwd->streams[i]->state;

		for (j = 0; mc != NULL && j < NB_REASONS; j++)
			out[j].value += mc->rejected[j];
	}
	return NB_REASONS;
}

static uint64_t
tx_offloads(const struct fwd_port *port __rte_unused)
{
	return RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
}

static const struct fwd_option options[] = {
	{ "multicast-groups", 0, "FILE", "who gets which group: lines GROUP port=PORT [vlan=ID]",
			option_text, offsetof(struct settings, path) },
	{ "multicast-ttl", 0, NULL, "count down TTL and hop limit, drop what has no more",
			option_flag, offsetof(struct settings, ttl) },
};

MODE_LOOP(multicast)

const struct fwd_mode mode_multicast = {
	.name = "multicast",
	.help = "frames to groups leave by the ports of their members, with own addresses and tags",
	.flags = MODE_RECEIVES | MODE_TRANSMITS | MODE_TO_ALL | MODE_HEADERS | MODE_PACKETS,
	.options = { "Mode multicast", &settings, options, RTE_DIM(options) },
	.tx_offloads = tx_offloads,
	.start = start,
	.loop = multicast_loop,
	.stop = stop,
	.counters = counters,
};
