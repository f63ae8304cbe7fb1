/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdlib.h>

#include "fwd.h"
#include "snapshot.h"

/** The first port without link, or none. */
static const struct snapshot_port *
port_without_link(const struct snapshot *snap)
{
	unsigned int i;

	for (i = 0; i < snap->nb_ports && snap->ports[i].link_up; i++)
		;
	return i < snap->nb_ports ? &snap->ports[i] : NULL;
}

/** Say why nothing may have been forwarded: the most likely cause first. */
static void
say_why(const struct snapshot *snap)
{
	const struct snapshot_port *all = &snap->all, *down = port_without_link(snap);
	const struct snapshot_drops *d = &all->drops;
	const bool receives = (snap->mode->flags & MODE_RECEIVES) != 0;
	const uint64_t came = all->traffic.rx + counter_known(d->rx_missed);
	const char *nothing = receives && (snap->mode->flags & MODE_TRANSMITS) == 0
					      ? "nothing was received"
			      : receives ? "nothing was forwarded"
					 : "nothing was sent";

	if (d->tx_full > 0)
		FWD_ERROR("%s: the ports refused all %" PRIu64
			  " packets: are the links at the other ends up, does anybody take them?",
				nothing, d->tx_full);
	else if (d->rejected > 0)
		FWD_ERROR("%s: mode %s could do nothing with %" PRIu64 " of the %" PRIu64
			  " packets received: are they what it is made for?",
				nothing, snap->mode->name, d->rejected, all->traffic.rx);
	else if (counter_known(d->rx_errors) > 0)
		FWD_ERROR("%s: the ports received %" PRIu64
			  " frames with errors: too long for --mbuf-size, or a bad cable?",
				nothing, d->rx_errors);
	else if (d->no_buffer + d->not_copied + counter_known(d->rx_no_buffer) > 0)
		FWD_ERROR("%s: no buffer was left: raise --total-num-mbufs", nothing);
	else if (down != NULL && down->gone)
		FWD_ERROR("%s: port %u (%s) has vanished", nothing, down->id, down->driver);
	else if (down != NULL)
		FWD_ERROR("%s: the link of port %u (%s) is down: is its other end up?", nothing,
				down->id, down->driver);
	else if (!receives)
		FWD_ERROR("%s: mode %s made no packet", nothing, snap->mode->name);
	else if (came == 0)
		FWD_ERROR("%s: no frame came to any port: does the generator send, and to these ports "
			  "(the lines 'port' at the start)?",
				nothing);
	else
		FWD_ERROR("%s: %" PRIu64 " frames came, none left: did it run long enough?",
				nothing, came);
}

uint64_t
outcome_forwarded(const struct snapshot *snap)
{
	const bool transmits = (snap->mode->flags & MODE_TRANSMITS) != 0;
	uint64_t forwarded = 0;
	unsigned int i;

	for (i = 0; i < snap->nb_streams; i++)
		forwarded += transmits ? snap->streams[i].tx : snap->streams[i].rx;
	return forwarded;
}

int
outcome(struct fwd *fwd)
{
	struct snapshot *snap = snapshot_get(fwd);
	uint64_t forwarded;

	/* At a prompt people see for themselves. */
	if (snap == NULL || fwd->args.interactive) {
		snapshot_put(snap);
		return snap != NULL || fwd->args.interactive ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	forwarded = outcome_forwarded(snap);
	if (forwarded == 0)
		say_why(snap);
	snapshot_put(snap);
	return forwarded > 0 ? EXIT_SUCCESS : EXIT_NOTHING;
}
