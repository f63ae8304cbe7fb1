/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fwd.h"
#include "xstats.h"

/** Ports by number, in an order. */
struct list {
	unsigned int nb;
	uint16_t ids[RTE_MAX_ETHPORTS];
};

/** Its place in fwd->ports, behind all if it is not there. */
static unsigned int
place_of(const struct fwd *fwd, unsigned long id)
{
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		if (fwd->ports[i].id == id && !fwd->ports[i].gone)
			break;
	return i;
}

/** Append a port that is there, once. what: was asked for, for the message. */
static int
append(const struct fwd *fwd, struct list *list, const char *what, unsigned long id)
{
	unsigned int i;

	if (place_of(fwd, id) == ports_all(fwd)) {
		FWD_ERROR("'%s': port %lu is not in use, show port info all says which are", what,
				id);
		return -1;
	}
	for (i = 0; i < list->nb; i++) {
		if (list->ids[i] == id) {
			FWD_ERROR("'%s': port %lu stands there twice", what, id);
			return -1;
		}
	}
	list->ids[list->nb++] = id;
	return 0;
}

/** Move the ports of a list to the front; what streams and statistics of earlier runs refer to goes. */
static int
choose(struct fwd *fwd, const struct list *list)
{
	struct fwd_port port;
	unsigned int i, at, all;

	pthread_mutex_lock(&fwd->lock);
	streams_free(fwd);
	ports_forget_gone(fwd);
	all = ports_all(fwd);
	for (i = 0; i < all; i++) {
		xstats_free(fwd->ports[i].xstats);
		fwd->ports[i].xstats = NULL;
	}
	for (i = 0; i < list->nb; i++) {
		at = place_of(fwd, list->ids[i]);
		port = fwd->ports[at];
		memmove(&fwd->ports[i + 1], &fwd->ports[i], (at - i) * sizeof(port));
		fwd->ports[i] = port;
	}
	fwd->nb_ports = list->nb;
	fwd->nb_resting = all - list->nb;
	pthread_mutex_unlock(&fwd->lock);
	return 0;
}

int
ports_choose_list(struct fwd *fwd, const char *text)
{
	struct list list = { 0 };
	const char *at = text;
	char *end;

	do {
		unsigned long id, last;

		if (*at < '0' || *at > '9')
			break;
		id = last = strtoul(at, &end, 10);
		if (*end == '-' && end[1] >= '0' && end[1] <= '9')
			last = strtoul(end + 1, &end, 10);
		if ((*end != ',' && *end != '\0') || last < id)
			break;
		for (; id <= last; id++)
			if (append(fwd, &list, text, id) < 0)
				return -1;
		if (*end == '\0')
			return choose(fwd, &list);
		at = end + 1;
	} while (true);
	FWD_ERROR("'%s': allowed are port numbers and ranges with ',' between, as 2,0-1", text);
	return -1;
}

int
ports_choose_mask(struct fwd *fwd, const char *text)
{
	struct list list = { 0 };
	uint64_t mask;
	char *end;

	errno = 0;
	mask = strtoull(text, &end, 16);
	if (errno != 0 || *end != '\0' || *text == '-' || mask == 0) {
		FWD_ERROR("'%s': allowed is a hexadecimal mask of ports, not 0, as 0x5 for ports 0 and 2",
				text);
		return -1;
	}
	for (; mask != 0; mask &= mask - 1)
		if (append(fwd, &list, text, __builtin_ctzll(mask)) < 0)
			return -1;
	return choose(fwd, &list);
}

int
ports_choose_first(struct fwd *fwd, const char *text)
{
	const unsigned long n = strtoul(text, NULL, 10);
	struct list list = { 0 };
	unsigned int i;

	for (i = 0; i < ports_all(fwd); i++)
		if (!fwd->ports[i].gone)
			list.ids[list.nb++] = fwd->ports[i].id;
	if (n == 0 || list.nb < n) {
		FWD_ERROR("nbport=%s: allowed is 1 to %u, the ports that are in use", text,
				list.nb);
		return -1;
	}
	list.nb = n;
	return choose(fwd, &list);
}
