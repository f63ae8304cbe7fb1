/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "history.h"

static struct history_row *rows; /* HISTORY_ROWS of them */
static uint64_t added;

static void
fill_port(struct history_port *row, const struct snapshot_port *now,
		const struct snapshot_port *before, double seconds)
{
	static const struct snapshot_port none;
	const struct snapshot_traffic *t = &now->traffic, *b;

	if (before == NULL)
		before = &none;
	b = &before->traffic;
	*row = (struct history_port){
		.id = now->id,
		.rx_pps = snapshot_rate(t->rx, b->rx, seconds),
		.rx_bps = 8 * snapshot_rate(t->rx_bytes, b->rx_bytes, seconds),
		.tx_pps = snapshot_rate(t->tx, b->tx, seconds),
		.tx_bps = 8 * snapshot_rate(t->tx_bytes, b->tx_bytes, seconds),
		.dropped = snapshot_rate(snapshot_dropped(&now->drops),
				snapshot_dropped(&before->drops), seconds),
	};
}

const struct history_row *
history_add(const struct snapshot *now, const struct snapshot *before)
{
	struct history_row *row;
	unsigned int i;

	if (rows == NULL)
		rows = calloc(HISTORY_ROWS, sizeof(*rows));
	if (rows == NULL)
		return NULL;
	row = &rows[added++ % HISTORY_ROWS];
	row->elapsed = now->elapsed;
	row->nb_ports = now->nb_ports;
	for (i = 0; i < now->nb_ports; i++)
		fill_port(&row->ports[i], &now->ports[i],
				before != NULL && i < before->nb_ports ? &before->ports[i] : NULL,
				now->elapsed - (before != NULL ? before->elapsed : 0));
	row->nb_kinds = now->pool.nb_kinds;
	for (i = 0; i < row->nb_kinds; i++)
		row->in_use[i] = now->pool.kinds[i].in_use;
	return row;
}

unsigned int
history_rows(void)
{
	return RTE_MIN(added, (uint64_t)HISTORY_ROWS);
}

uint64_t
history_forgotten(void)
{
	return added - history_rows();
}

const struct history_row *
history_at(unsigned int i)
{
	return i < history_rows() ? &rows[(history_forgotten() + i) % HISTORY_ROWS] : NULL;
}

void
history_clear(void)
{
	free(rows);
	rows = NULL;
	added = 0;
}
