/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include <rte_ethdev.h>

#include "fwd.h"
#include "history.h"
#include "live.h"
#include "snapshot.h"
#include "text.h"
#include "xstats.h"

static void
print_port(const struct history_port *p, uint64_t dropped)
{
	char rx[TEXT_NUMBER], rx_gbps[TEXT_NUMBER], tx[TEXT_NUMBER], tx_gbps[TEXT_NUMBER];
	char sum[TEXT_NUMBER];

	printf("port %u: rx %s pps %s Gbit/s, tx %s pps %s Gbit/s, dropped %s\n", p->id,
			text_number(rx, p->rx_pps, 0), text_number(rx_gbps, p->rx_bps / 1e9, 3),
			text_number(tx, p->tx_pps, 0), text_number(tx_gbps, p->tx_bps / 1e9, 3),
			text_count(sum, dropped));
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

			printf("  %-29s%-17s%s\n", name, text_count(value, v),
					text_number(rate,
							snapshot_rate(v,
									before != NULL && i < before->nb_ports
											? before->shown[n]
											: 0,
									seconds),
							0));
		}
	}
}

/** The end of the period before; NULL: there was none yet. */
static struct snapshot *before;

/** Keep a period, from before to now. @return its row, NULL: no memory. */
static const struct history_row *
keep_period(const struct fwd *fwd, const struct snapshot *now)
{
	if (before != NULL && before->time < fwd->began) { /* of an earlier run */
		snapshot_put(before);
		before = NULL;
	}
	if (before == NULL)
		history_clear();
	return history_add(now, before);
}

void
report_period(struct fwd *fwd)
{
	struct snapshot *now = snapshot_get(fwd);
	const struct history_row *row;
	unsigned int i;

	if (now == NULL)
		return;
	row = keep_period(fwd, now);
	if (live_wanted(fwd))
		live_draw(fwd, now, before);
	for (i = 0; !live_wanted(fwd) && row != NULL && i < row->nb_ports; i++)
		print_port(&row->ports[i], snapshot_dropped(&now->ports[i].drops));
	if (!live_wanted(fwd))
		report_xstats(now, before, fwd->args.display_xstats);
	snapshot_put(before);
	before = now;
}

void
report_last_period(struct fwd *fwd)
{
	struct snapshot *now = fwd->args.stats_period > 0 ? snapshot_get(fwd) : NULL;

	if (now == NULL)
		return;
	keep_period(fwd, now);
	snapshot_put(before);
	before = now;
}
