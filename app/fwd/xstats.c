/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "fwd.h"
#include "xstats.h"

/** One of them. */
struct wanted {
	uint64_t id;
	struct counter counter;
	uint64_t base; /* its sum at the start */
	bool known; /* the driver has it */
	bool told; /* when last asked */
};

struct port_xstats {
	uint16_t port;
	unsigned int nb_rxq;
	unsigned int nb_txq;
	unsigned int nb;
	struct wanted wanted[];
};

bool
xstats_name(const char *list, unsigned int i, char *name, unsigned int size)
{
	for (; list != NULL && i > 0; i--) {
		list = strchr(list, ',');
		if (list != NULL)
			list++;
	}
	if (list == NULL)
		return false;
	snprintf(name, size, "%.*s", (int)strcspn(list, ","), list);
	return true;
}

/** The place in the list of the bytes of a queue that name stands for; -1: it is another's name. */
static int
queue_of(const struct port_xstats *x, const char *name)
{
	unsigned int queue;
	int end = 0;
	char way;

	if (sscanf(name, "%cx_q%u_%n", &way, &queue, &end) != 2 || end == 0)
		return -1;
	/* Some drivers call all good bytes so. */
	if (strcmp(&name[end], "bytes") != 0 && strcmp(&name[end], "good_bytes") != 0)
		return -1;
	if (way == 'r' && queue < x->nb_rxq)
		return queue;
	return way == 't' && queue < x->nb_txq ? (int)(x->nb_rxq + queue) : -1;
}

/** Find out which numbers of the driver's are wanted. */
static void
look_up(struct port_xstats *x, const char *shown)
{
	int i, place, nb = rte_eth_xstats_get_names(x->port, NULL, 0);
	struct rte_eth_xstat_name *names;
	char name[RTE_ETH_XSTATS_NAME_SIZE];
	unsigned int j;

	names = nb > 0 ? calloc(nb, sizeof(*names)) : NULL;
	if (names == NULL)
		return;
	nb = RTE_MIN(rte_eth_xstats_get_names(x->port, names, nb), nb);
	for (i = 0; i < nb; i++) {
		place = queue_of(x, names[i].name);
		if (place >= 0)
			x->wanted[place] = (struct wanted){ .id = i, .known = true };
		for (j = 0; xstats_name(shown, j, name, sizeof(name)); j++)
			if (strcmp(name, names[i].name) == 0)
				x->wanted[x->nb_rxq + x->nb_txq + j] =
						(struct wanted){ .id = i, .known = true };
	}
	free(names);
}

struct port_xstats *
xstats_begin(const struct fwd *fwd, const struct fwd_port *port)
{
	const char *shown = fwd->args.display_xstats;
	unsigned int i, nb_shown = 0, nb;
	struct port_xstats *x;
	char name[RTE_ETH_XSTATS_NAME_SIZE];

	while (xstats_name(shown, nb_shown, name, sizeof(name)))
		nb_shown++;
	nb = port->setup.nb_rxq + port->setup.nb_txq + nb_shown;
	x = calloc(1, sizeof(*x) + nb * sizeof(x->wanted[0]));
	if (x == NULL)
		return NULL;
	x->port = port->id;
	x->nb_rxq = port->setup.nb_rxq;
	x->nb_txq = port->setup.nb_txq;
	x->nb = nb;
	look_up(x, shown);
	xstats_read(x);
	for (i = 0; i < nb; i++)
		x->wanted[i].base = x->wanted[i].counter.sum;
	return x;
}

void
xstats_warn(const struct fwd *fwd)
{
	char name[RTE_ETH_XSTATS_NAME_SIZE];
	unsigned int i, j;

	for (i = 0; xstats_name(fwd->args.display_xstats, i, name, sizeof(name)); i++) {
		for (j = 0; j < fwd->nb_ports; j++)
			if (xstats_shown(fwd->ports[j].xstats, i) != COUNTER_UNKNOWN)
				break;
		if (j == fwd->nb_ports)
			FWD_WARNING("--display-xstats=%s: no port has it; what a port has, "
				    "dpdk-telemetry.py says: /ethdev/xstats,0",
					name);
	}
}

void
xstats_free(struct port_xstats *xstats)
{
	free(xstats);
}

void
xstats_read(struct port_xstats *x)
{
	unsigned int i, nb = 0;
	uint64_t ids[x->nb + 1], values[x->nb + 1];
	int ret;

	for (i = 0; i < x->nb; i++)
		if (x->wanted[i].known)
			ids[nb++] = x->wanted[i].id;
	ret = nb > 0 ? rte_eth_xstats_get_by_id(x->port, ids, values, nb) : 0;
	for (i = nb = 0; i < x->nb; i++) {
		struct wanted *w = &x->wanted[i];

		w->told = w->known && ret > 0 && nb < (unsigned int)ret;
		if (w->told)
			counter_read(&w->counter, values[nb++]);
	}
}

static uint64_t
value(const struct port_xstats *x, unsigned int i)
{
	const struct wanted *w = x != NULL && i < x->nb ? &x->wanted[i] : NULL;

	return w != NULL && w->told ? w->counter.sum - w->base : COUNTER_UNKNOWN;
}

uint64_t
xstats_rx_bytes(const struct port_xstats *x, uint16_t queue)
{
	return x != NULL && queue < x->nb_rxq ? value(x, queue) : COUNTER_UNKNOWN;
}

uint64_t
xstats_tx_bytes(const struct port_xstats *x, uint16_t queue)
{
	return x != NULL && queue < x->nb_txq ? value(x, x->nb_rxq + queue) : COUNTER_UNKNOWN;
}

uint64_t
xstats_shown(const struct port_xstats *x, unsigned int name)
{
	return x != NULL ? value(x, x->nb_rxq + x->nb_txq + name) : COUNTER_UNKNOWN;
}
