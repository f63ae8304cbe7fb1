/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef READONLY_H
#define READONLY_H

/** @file Bytes that nobody may write, and the paths by which packets come to share them. */

#include "world.h"

#define READONLY_LEN WORLD_SMALL /* bytes of each storage */
#define READONLY_OTHERS 8

/** A storage, a path over it, and one run of a verb. */
struct scene {
	const struct storage_row *storage;
	const struct path_row *path;
	bool last; /* what else holds the bytes lets go before anyone tries to write */
	struct world *w;
	void *mapping; /* of wrapped memory */
	const uint8_t *bytes; /* of the storage */
	uint8_t was[READONLY_LEN]; /* what they are */
	struct rte_mbuf *others[READONLY_OTHERS]; /* packets that share them */
	unsigned int nb_others;
};

/** A storage that may not be written, with one reference; its bytes are those of was. */
struct storage_row {
	const char *name;
	struct mext_storage *(*make)(struct scene *s);
};

/** A packet over the bytes, made from one that has all of them attached. */
struct path_row {
	const char *name;
	struct rte_mbuf *(*make)(struct scene *s, struct rte_mbuf *m);
	bool room; /* stock calls may find some: the application's own doing */
};

extern const struct storage_row storage_rows[];
extern const unsigned int nb_storage_rows;
extern const struct path_row path_rows[];
extern const unsigned int nb_path_rows;

#endif
