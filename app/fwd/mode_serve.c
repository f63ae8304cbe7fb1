/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_malloc.h>

#include "fwd.h"
#include "loop.h"
#include "mode.h"
#include "serve.h"
#include "stream.h"

static struct {
	struct {
		const char *path[SERVE_MAX_FILES];
		uint32_t nb;
	} files;
	rte_be32_t ip;
	uint32_t port;
} settings = { .port = 7411 };

static struct serve_object objects[SERVE_MAX_FILES];
/** Of streams that are no more, since the last start. */
static struct serve_counts counted;

static int
parse_file(const struct fwd_option *option, void *field __rte_unused, const char *text)
{
	if (settings.files.nb == SERVE_MAX_FILES)
		return option_wrong(option, text, "no more than %u files", SERVE_MAX_FILES);
	if (option_text(option, &settings.files.path[settings.files.nb], text) < 0)
		return -1;
	settings.files.nb++;
	return 0;
}

static int
parse_ip(const struct fwd_option *option, void *field, const char *text)
{
	rte_be32_t ip;
	uint8_t first;

	if (option_ipv4(option, &ip, text) < 0)
		return -1;
	first = rte_be_to_cpu_32(ip) >> 24;
	if (first == 0 || first == 127 || first > 223)
		return option_wrong(option, text, "the address of one host, as 198.18.0.9");
	*(rte_be32_t *)field = ip;
	return 0;
}

static const struct fwd_option options[] = {
	{ "serve-file", 0, "PATH", "what to serve; again for further files, at most 8",
			parse_file },
	{ "serve-ip", 0, "A.B.C.D", "address that it answers for, by all ports", parse_ip,
			offsetof(typeof(settings), ip) },
	{ "serve-port", 0, "N", "UDP port", option_u32, offsetof(typeof(settings), port), 1,
			UINT16_MAX },
};

static uint64_t
want_tx(const struct fwd_port *port __rte_unused)
{
	return RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
}

static int
check_settings(void)
{
	if (settings.files.nb == 0) {
		FWD_ERROR("--forward-mode=serve needs a file to serve: give --serve-file=PATH");
		return -1;
	}
	if (settings.ip == 0) {
		FWD_ERROR("--forward-mode=serve needs an address to answer for: give "
			  "--serve-ip=A.B.C.D, a free one of the clients' network");
		return -1;
	}
	return 0;
}

/** Once; what is there stays for later starts. */
static int
load_all(const struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < settings.files.nb; i++) {
		const char *path = settings.files.path[i];

		if (objects[i].region == NULL && serve_load(fwd, path, &objects[i]) < 0)
			return -1;
		printf("serve: object %u: %s, %" PRIu64 " bytes in pages of %zu\n", i, path,
				objects[i].size, mext_region_page_size(objects[i].region));
	}
	return 0;
}

static void
unload_all(struct fwd *fwd __rte_unused)
{
	unsigned int i;

	for (i = 0; i < SERVE_MAX_FILES; i++)
		if (objects[i].region != NULL)
			serve_unload(&objects[i]);
}

/** Why a port can't send chains over the bytes of files, NULL if it can. */
static const char *
why_copy(const struct fwd_port *port, uint32_t chunk)
{
	/* The headers, and bytes in as many pages as they can touch. */
	const uint32_t page = 4096, segments = 2 + (chunk + page - 2) / page;
	const uint16_t most = port->info.tx_desc_lim.nb_mtu_seg_max;

	if (port->copy_external)
		return "it sends wrong bytes from external buffers";
	if ((port->setup.tx_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) == 0)
		return "it can't send packets of several segments";
	if (most != 0 && most < segments)
		return "it can't send packets of that many segments";
	return NULL;
}

static int
init_state(struct serve_state *st, const struct fwd_port *port, struct rte_mempool *room)
{
	const uint32_t min_mtu = 576; /* what any host must take (RFC 791) */
	uint16_t mtu;
	int ret;

	ret = rte_eth_dev_get_mtu(port->id, &mtu);
	if (ret < 0 || mtu < min_mtu) {
		FWD_ERROR("port %u: its MTU is %d, serve needs %u or more", port->id,
				ret < 0 ? ret : mtu, min_mtu);
		return -1;
	}
	st->host = (struct serve_host){
		.mac = port->addr,
		.ip = settings.ip,
		.port = rte_cpu_to_be_16(settings.port),
	};
	st->chunk = mtu - SERVE_HEADERS;
	st->udp_cksum = (port->setup.tx_offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0;
	st->why_copy = why_copy(port, st->chunk);
	if (st->why_copy != NULL)
		st->chunk = RTE_MIN(st->chunk, rte_pktmbuf_data_room_size(room) -
							       RTE_PKTMBUF_HEADROOM - SERVE_MAX_L2 -
							       SERVE_HEADERS);
	return 0;
}

static void
print_port(const struct fwd_port *port, const struct serve_state *st)
{
	printf("serve: port %u: up to %u bytes a packet, %s%s, UDP checksums %s\n", port->id,
			st->chunk, st->why_copy != NULL ? "copied: " : "by reference",
			st->why_copy != NULL ? st->why_copy : "",
			st->udp_cksum ? "by the port" : "none");
}

static void
free_states(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_streams; i++) {
		rte_free(fwd->streams[i]->state);
		fwd->streams[i]->state = NULL;
	}
}

static int
make_states(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_streams; i++) {
		struct fwd_stream *s = fwd->streams[i];
		const struct fwd_port *port = port_by_id(fwd, s->rx_port);
		struct serve_state *st = rte_zmalloc_socket(
				"fwd_serve", sizeof(*st), RTE_CACHE_LINE_SIZE, port->socket);

		s->state = st;
		if (st == NULL) {
			FWD_ERROR("no memory for what is served, raise EAL's -m");
			return -1;
		}
		if (init_state(st, port, s->copy_pool) < 0)
			return -1;
		if (s->rx_queue == 0)
			print_port(port, st);
	}
	return 0;
}

static int
start(struct fwd *fwd)
{
	char text[INET_ADDRSTRLEN];

	if (check_settings() < 0 || load_all(fwd) < 0)
		return -1;
	if (serve_token_renew() < 0) {
		FWD_ERROR("the kernel gives no random bytes for tokens: %s", strerror(errno));
		return -1;
	}
	if (make_states(fwd) < 0) {
		free_states(fwd);
		return -1;
	}
	counted = (struct serve_counts){ 0 };
	inet_ntop(AF_INET, &settings.ip, text, sizeof(text));
	printf("serve: at %s, UDP port %u\n", text, settings.port);
	return 0;
}

static void
add(struct serve_counts *sum, const struct serve_counts *c)
{
	sum->requests += c->requests;
	sum->refused += c->refused;
	sum->malformed += c->malformed;
	sum->arp += c->arp;
	sum->echo += c->echo;
	sum->by_reference += c->by_reference;
	sum->copied += c->copied;
}

static void
add_streams(const struct fwd *fwd, struct serve_counts *sum)
{
	unsigned int i;

	for (i = 0; i < fwd->nb_streams; i++) {
		const struct serve_state *st = fwd->streams[i]->state;

		if (st != NULL)
			add(sum, &st->counts);
	}
}

static void
stop(struct fwd *fwd)
{
	add_streams(fwd, &counted);
	free_states(fwd);
}

static unsigned int
counters(const struct fwd *fwd, struct fwd_counter out[MODE_MAX_COUNTERS])
{
	struct serve_counts c = counted;
	unsigned int n = 0;

	add_streams(fwd, &c);
	out[n++] = (struct fwd_counter){ "requests", c.requests };
	out[n++] = (struct fwd_counter){ "bytes_by_reference", c.by_reference };
	out[n++] = (struct fwd_counter){ "bytes_copied", c.copied };
	out[n++] = (struct fwd_counter){ "refused_requests", c.refused };
	out[n++] = (struct fwd_counter){ "malformed_requests", c.malformed };
	out[n++] = (struct fwd_counter){ "arp_replies", c.arp };
	out[n++] = (struct fwd_counter){ "echo_replies", c.echo };
	return n;
}

/** Queue the reply to a frame, or free it. */
static void
reply(struct fwd_stream *s, struct rte_mbuf *m)
{
	struct serve_state *st = s->state;
	struct serve_frame frame;

	switch (serve_parse(&st->host, m, &frame)) {
	case SERVE_ASKS:
		serve_answer(s, objects, settings.files.nb, &frame);
		stream_consume(s, &m, 1);
		return;
	case SERVE_ARP:
		serve_reply_arp(&st->host, &frame);
		serve_queue(s, m, SERVE_IS_ARP);
		return;
	case SERVE_ECHO:
		serve_reply_echo(&st->host, &frame, m);
		serve_queue(s, m, SERVE_IS_ECHO);
		return;
	case SERVE_MALFORMED:
		st->counts.malformed++;
		break;
	case SERVE_OTHER:
		break;
	}
	stream_reject(s, &m, 1);
}

static uint16_t
serve(struct fwd_stream *s)
{
	struct rte_mbuf *pkts[FWD_MAX_BURST];
	const struct serve_state *st = s->state;
	uint16_t i, n = stream_receive(s, pkts);

	for (i = 0; i < n; i++)
		reply(s, pkts[i]);
	if (st->n > 0)
		serve_flush(s);
	return n;
}

MODE_LOOP(serve)

const struct fwd_mode mode_serve = {
	.name = "serve",
	.help = "ARP, ICMP echo, and requests for bytes of files are answered",
	.flags = MODE_RECEIVES | MODE_TRANSMITS | MODE_ANSWERS | MODE_HEADERS | MODE_WRAPS,
	.options = { "Mode serve", &settings, options, RTE_DIM(options) },
	.tx_offloads = want_tx,
	.start = start,
	.loop = serve_loop,
	.stop = stop,
	.end = unload_all,
	.counters = counters,
};
