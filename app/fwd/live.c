/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "fwd.h"
#include "live.h"
#include "screen.h"
#include "text.h"
#include "xstats.h"

/** Where sparks begin, so many letters before are numbers; and the most there are of them. */
#define NUMBERS 58u
#define MOST_SPARKS 120u

/** Letters of a pool's level. */
#define LEVEL 24u

static bool utf8;

bool
live_wanted(const struct fwd *fwd)
{
	static int wanted = -1;

	if (wanted < 0) {
		wanted = !fwd->args.interactive && screen_possible();
		utf8 = wanted > 0 && screen_utf8();
	}
	return wanted > 0;
}

/** One letter for a share of 0 to 1. */
static const char *
spark(double share)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const letters[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
	const unsigned int levels = RTE_DIM(blocks);
	unsigned int level;

	if (isnan(share))
		return " ";
	level = RTE_MIN((unsigned int)(share * (levels - 1) + 0.5), levels - 1);
	return utf8 ? blocks[level] : letters[level];
}

/** Packets a second of a port in the last periods, against the most of them. */
static const char *
sparks(unsigned int port, bool rx)
{
	static char text[4 * MOST_SPARKS + 1];
	const unsigned int columns = screen_columns();
	unsigned int i, rows = history_rows(), wanted, len = 0;
	double most = 1;

	wanted = columns > NUMBERS ? RTE_MIN(columns - NUMBERS, MOST_SPARKS) : 0;
	text[0] = '\0';
	for (i = rows - RTE_MIN(rows, wanted); i < rows; i++) {
		const struct history_port *p = &history_at(i)->ports[port];

		most = fmax(most, rx ? p->rx_pps : p->tx_pps);
	}
	for (i = rows - RTE_MIN(rows, wanted); i < rows; i++) {
		const struct history_port *p = &history_at(i)->ports[port];

		len += snprintf(text + len, sizeof(text) - len, "%s",
				spark((rx ? p->rx_pps : p->tx_pps) / most));
	}
	return text;
}

static void
draw_port(const struct snapshot *now, const struct history_row *row, unsigned int i)
{
	const struct snapshot_port *p = &now->ports[i];
	const struct snapshot_drops *d = &p->drops;
	const struct history_port *h = &row->ports[i];
	char pps[TEXT_NUMBER], gbps[TEXT_NUMBER], dropped[TEXT_NUMBER];
	uint64_t rx_dropped = d->rejected;

	counter_add(&rx_dropped, d->rx_missed);
	counter_add(&rx_dropped, d->rx_no_buffer);
	counter_add(&rx_dropped, d->rx_errors);
	screen_line("%4u %-5s rx %13s %10s %15s  %s", p->id,
			p->gone      ? "gone"
			: p->link_up ? "up"
				     : "down",
			text_number(pps, h->rx_pps, 0), text_number(gbps, h->rx_bps / 1e9, 3),
			text_count(dropped, rx_dropped), sparks(i, true));
	screen_line("           tx %13s %10s %15" PRIu64 "  %s", text_number(pps, h->tx_pps, 0),
			text_number(gbps, h->tx_bps / 1e9, 3),
			d->no_buffer + d->not_copied + d->tx_full, sparks(i, false));
}

static void
draw_drops(const struct snapshot *now)
{
	const struct snapshot_drops *d = &now->all.drops;
	char missed[TEXT_NUMBER], no_buffer[TEXT_NUMBER], errors[TEXT_NUMBER];

	screen_line("drops      rx_missed %s  rx_no_buffer %s  rx_errors %s  rejected %" PRIu64,
			text_count(missed, d->rx_missed), text_count(no_buffer, d->rx_no_buffer),
			text_count(errors, d->rx_errors), d->rejected);
	screen_line("           no_buffer %" PRIu64 "  not_copied %" PRIu64 "  tx_full %" PRIu64
		    "  (retries %" PRIu64 ")",
			d->no_buffer, d->not_copied, d->tx_full, now->all.retries);
}

static void
draw_lcore(const struct snapshot *now, const struct snapshot *before, unsigned int i)
{
	static const struct snapshot_lcore none;
	const struct snapshot_lcore *l = &now->lcores[i];
	const struct snapshot_lcore *b = before != NULL ? &before->lcores[i] : &none;
	const struct snapshot_traffic *t = &l->traffic, *u = &b->traffic;
	double seconds = now->elapsed - (before != NULL ? before->elapsed : 0);
	char busy[TEXT_NUMBER], pps[TEXT_NUMBER], cycles[TEXT_NUMBER];

	if (l->nb_streams == 0)
		return;
	screen_line("lcore %-4u %s %% of turns busy, %s packets/s, %s cycles/packet", l->id,
			text_number(busy, 100 * text_share(l->turns - b->turns, l->idle - b->idle),
					1),
			text_number(pps,
					fmax(snapshot_rate(t->rx, u->rx, seconds),
							snapshot_rate(t->tx, u->tx, seconds)),
					0),
			text_number(cycles,
					snapshot_cycles(t->cycles - u->cycles,
							t->handled - u->handled),
					1));
}

static void
draw_kind(const struct mext_kind_stats *k)
{
	const unsigned int level = k->total > 0 ? k->in_use * LEVEL / k->total : 0;
	char bar[LEVEL + 1];

	memset(bar, '.', LEVEL);
	memset(bar, '#', RTE_MIN(level, LEVEL));
	bar[LEVEL] = '\0';
	screen_line("pool %-9s %10" PRIu64 " of %" PRIu64 " in use  [%s]", k->name, k->in_use,
			k->total, bar);
}

static void
draw_xstats(const struct fwd *fwd, const struct snapshot *now)
{
	char name[RTE_ETH_XSTATS_NAME_SIZE], value[TEXT_NUMBER];
	unsigned int i, j;

	for (i = 0; i < now->nb_ports; i++) {
		for (j = 0; j < now->nb_shown; j++) {
			const uint64_t v = now->shown[i * now->nb_shown + j];

			xstats_name(fwd->args.display_xstats, j, name, sizeof(name));
			screen_line("port %-5u %s %s", now->ports[i].id, name,
					text_count(value, v));
		}
	}
}

void
live_draw(const struct fwd *fwd, const struct snapshot *now, const struct snapshot *before)
{
	const struct history_row *row = history_at(history_rows() - 1);
	unsigned int i;

	if (row == NULL)
		return;
	screen_clear();
	screen_line("mext-fwd   mode %s, topology %s, burst %u, %.1f s", now->mode->name,
			topology_name(fwd->args.topology), fwd->args.burst, now->elapsed);
	screen_line("%4s %-8s %13s %10s %15s", "port", "link", "packets/s", "Gbit/s", "dropped");
	for (i = 0; i < now->nb_ports; i++)
		draw_port(now, row, i);
	draw_drops(now);
	for (i = 0; i < now->nb_lcores; i++)
		draw_lcore(now, before, i);
	for (i = 0; i < now->pool.nb_kinds; i++)
		draw_kind(&now->pool.kinds[i]);
	draw_xstats(fwd, now);
	screen_draw();
}

void
live_resize(void)
{
	screen_resize();
}

void
live_end(void)
{
	screen_end();
}
