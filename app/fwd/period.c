/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include <rte_ethdev.h>

#include "fwd.h"
#include "snapshot.h"
#include "text.h"
#include "xstats.h"

/** A port's rates since the snapshot before; since forwarding began where there is none. */
static void
print_port(const struct snapshot *now, const struct snapshot *before, unsigned int i)
{
	static const struct snapshot_traffic none;
	const struct snapshot_traffic *t = &now->ports[i].traffic;
	const struct snapshot_traffic *b = before != NULL ? &before->ports[i].traffic : &none;
	double seconds = now->elapsed - (before != NULL ? before->elapsed : 0);

	printf("port %u: rx %.0f pps %.3f Gbit/s, tx %.0f pps %.3f Gbit/s, dropped %" PRIu64 "\n",
			now->ports[i].id, snapshot_rate(t->rx, b->rx, seconds),
			snapshot_rate(t->rx_bytes, b->rx_bytes, seconds) * 8 / 1e9,
			snapshot_rate(t->tx, b->tx, seconds),
			snapshot_rate(t->tx_bytes, b->tx_bytes, seconds) * 8 / 1e9,
			snapshot_dropped(&now->ports[i].drops));
}

void
report_xstats(const struct snapshot *now, const struct snapshot *before, const char *names)
{
	double seconds = now->elapsed - (before != NULL ? before->elapsed : 0);
	char name[RTE_ETH_XSTATS_NAME_SIZE], value[TEXT_NUMBER], rate[TEXT_NUMBER];
	unsigned int i, j;

	if (now->nb_shown > 0)
		printf("\n%-31s%-17s%s\n", "", "Value",
				before != NULL ? "Rate (since last show)" : "Rate (average)");
	for (i = 0; i < now->nb_ports && now->nb_shown > 0; i++) {
		printf("Port %u:\n", now->ports[i].id);
		for (j = 0; xstats_name(names, j, name, sizeof(name)); j++) {
			const unsigned int n = i * now->nb_shown + j;
			const uint64_t v = now->shown[n];

			text_number(value, v == SNAPSHOT_UNKNOWN ? NAN : v, 0);
			printf("  %-29s%-17s%s\n", name, v == SNAPSHOT_UNKNOWN ? "-" : value,
					text_number(rate,
							snapshot_rate(v,
									before ? before->shown[n]
									       : 0,
									seconds),
							0));
		}
	}
}

void
report_period(struct fwd *fwd)
{
	static struct snapshot *before;
	struct snapshot *now = snapshot_get(fwd);
	unsigned int i;

	if (now == NULL)
		return;
	/* Of an earlier run, or of other ports. */
	if (before != NULL && (before->time < fwd->began || before->nb_ports != now->nb_ports)) {
		snapshot_put(before);
		before = NULL;
	}
	for (i = 0; i < now->nb_ports; i++)
		print_port(now, before, i);
	report_xstats(now, before, fwd->args.display_xstats);
	snapshot_put(before);
	before = now;
}
