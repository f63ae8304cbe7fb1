/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_lcore.h>

#include <mext.h>

#include "fwd.h"
#include "memory.h"
#include "mode.h"
#include "stream.h"

/** Whether two sockets are one, or one is unknown. */
static bool
together(int a, int b)
{
	return a < 0 || b < 0 || a == b;
}

/** A number, or "-" for a socket that nobody knows. */
static const char *
socket_text(int socket, char text[16])
{
	snprintf(text, 16, socket < 0 ? "-" : "%d", socket);
	return text;
}

static void
print_stream(const struct fwd *fwd, const struct fwd_lcore *l, const struct fwd_stream *s)
{
	const struct fwd_port *from = port_by_id(fwd, s->rx_port);
	const struct fwd_port *to = port_by_id(fwd, s->out->port);
	const struct fwd_mode *mode = fwd->args.mode;
	const bool receives = (mode->flags & MODE_RECEIVES) != 0 && s->stage == 0;
	const bool transmits = (mode->flags & MODE_TRANSMITS) != 0 && s->stage + 1u >= mode->stages;
	char rx[16] = "-", tx[16] = "-", rx_socket[16], tx_socket[16], names[RX_MEMPOOL_TEXT];

	if (receives)
		snprintf(rx, sizeof(rx), "%u/%u", s->rx_port, s->rx_queue);
	if (transmits)
		snprintf(tx, sizeof(tx), "%u/%u", s->out->port, s->out->queue);
	printf("%5u  %6u  %7s  %6s  %7s  %6s  %s\n", l->id, rte_lcore_to_socket_id(l->id), rx,
			socket_text(receives ? from->socket : SOCKET_ID_ANY, rx_socket), tx,
			socket_text(transmits ? to->socket : SOCKET_ID_ANY, tx_socket),
			receives ? rx_mempool_names(fwd, from, names) : mext_pool_name(fwd->pool));
}

/** The port that a stream is placed by. */
static uint16_t
placed_by(const struct fwd *fwd, const struct fwd_stream *s)
{
	return (fwd->args.mode->flags & MODE_RECEIVES) ? s->rx_port : s->out->port;
}

/** A port that is apart from a lcore that serves it, or from the mbufs it receives into: once for all queues. */
static void
warn(const struct fwd *fwd, const struct fwd_lcore *l, unsigned int stream)
{
	const struct fwd_port *port = port_by_id(fwd, placed_by(fwd, l->streams[stream]));
	const struct rte_mempool *mp = rx_mempool(fwd, port);
	unsigned int i;

	for (i = 0; i < stream; i++)
		if (placed_by(fwd, l->streams[i]) == port->id)
			return;
	if (!together(port->socket, (int)rte_lcore_to_socket_id(l->id)))
		FWD_WARNING("port %u is on NUMA socket %d, lcore %u that serves it on %u: every packet "
			    "crosses; give EAL lcores of socket %d with -l (numactl --hardware lists the CPUs)",
				port->id, port->socket, l->id, rte_lcore_to_socket_id(l->id),
				port->socket);
	if (mp != NULL && !together(port->socket, mp->socket_id))
		FWD_WARNING("port %u is on NUMA socket %d, the mbufs it receives into (%s) on %d: give EAL "
			    "memory there, with --socket-mem or hugepages of that node",
				port->id, port->socket, mp->name, mp->socket_id);
}

/** Where the kernel has the pool's pages. */
static void
print_audit(const struct fwd *fwd)
{
	struct mext_audit audit;
	uint32_t i;
	int ret;

	ret = mext_pool_audit(fwd->pool, &audit);
	if (ret < 0) {
		printf("pool %s: the kernel does not tell where its pages are: %s\n",
				mext_pool_name(fwd->pool), rte_strerror(-ret));
		return;
	}
	for (i = 0; i < audit.nb_sockets; i++) {
		const struct mext_audit_socket *a = &audit.sockets[i];

		printf("pool %s: socket %d: %" PRIu64 " of %" PRIu64 " pages in place",
				mext_pool_name(fwd->pool), a->socket, a->in_place, a->pages);
		if (a->unknown > 0)
			printf(", %" PRIu64 " not touched yet", a->unknown);
		printf("\n");
		if (a->elsewhere > 0)
			FWD_WARNING("pool %s: %" PRIu64
				    " pages for NUMA socket %d lie elsewhere: reserve hugepages "
				    "there (/sys/devices/system/node/node%d/hugepages)",
					mext_pool_name(fwd->pool), a->elsewhere, a->socket,
					a->socket);
	}
}

void
placement_report(const struct fwd *fwd)
{
	unsigned int i, j;

	printf("lcore  socket  rx/queue  socket  tx/queue  socket  mbufs\n");
	for (i = 0; i < fwd->nb_lcores; i++)
		for (j = 0; j < fwd->lcores[i].nb_streams; j++)
			print_stream(fwd, &fwd->lcores[i], fwd->lcores[i].streams[j]);
	for (i = 0; i < fwd->nb_lcores; i++)
		for (j = 0; j < fwd->lcores[i].nb_streams; j++)
			warn(fwd, &fwd->lcores[i], j);
	memory_report(fwd);
	print_audit(fwd);
}
