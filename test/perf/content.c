/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include <mext.h>

#include "content.h"
#include "sharers.h"
#include "window.h"

#define LEN 1500

static void
free_as_drivers_do(struct rte_mbuf **pkts)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		rte_pktmbuf_free_seg(pkts[i]);
}

void
content_list(struct content *c, unsigned int lcore, struct rte_mbuf **pkts)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++) {
		pkts[i] = sharers_share(c->pool, c->handles[lcore]);
		bed_must(pkts[i] != NULL);
	}
	for (i = 0; i < BED_BURST; i++)
		sharers_free(pkts[i]);
}

/** Packet by packet. */
static void
send(struct content *c, struct mext_storage *storage, struct rte_mbuf **pkts)
{
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed_must(mext_storage_hold(storage, 1) == 0 &&
				mext_attach_new_bulk(c->pool, &pkts[i], &storage, 1, 0, LEN) == 0);
	free_as_drivers_do(pkts);
}

void
content_own(struct content *c, unsigned int lcore, struct rte_mbuf **pkts)
{
	send(c, c->own[lcore], pkts);
}

void
content_plain(struct content *c, unsigned int lcore __rte_unused, struct rte_mbuf **pkts)
{
	send(c, c->storage, pkts);
}

void
content_spread(struct content *c, unsigned int lcore __rte_unused, struct rte_mbuf **pkts)
{
	struct mext_storage *leaf;
	unsigned int i;

	for (i = 0; i < BED_BURST; i++)
		bed_must(mext_spread_take(c->spread, 1, &leaf) == 0 &&
				mext_attach_new_bulk(c->pool, &pkts[i], &leaf, 1, 0, LEN) == 0);
	free_as_drivers_do(pkts);
}

void
content_plain_bulk(struct content *c, unsigned int lcore __rte_unused, struct rte_mbuf **pkts)
{
	bed_must(mext_storage_hold(c->storage, BED_BURST) == 0 &&
			mext_attach_new_bulk(c->pool, pkts, c->same, BED_BURST, 0, LEN) == 0);
	mext_free_bulk(pkts, BED_BURST);
}

void
content_spread_bulk(struct content *c, unsigned int lcore __rte_unused, struct rte_mbuf **pkts)
{
	struct mext_storage *same[BED_BURST];
	unsigned int i;

	bed_must(mext_spread_take(c->spread, BED_BURST, &same[0]) == 0);
	for (i = 1; i < BED_BURST; i++)
		same[i] = same[0];
	bed_must(mext_attach_new_bulk(c->pool, pkts, same, BED_BURST, 0, LEN) == 0);
	mext_free_bulk(pkts, BED_BURST);
}

void
content_fanout(struct content *c, unsigned int lcore, struct rte_mbuf **pkts)
{
	bed_must(mext_fanout(c->pool, c->packets[lcore], pkts, BED_BURST) == 0);
	mext_free_bulk(pkts, BED_BURST);
}

/** A ring with a handle for each lcore: the best place for a new one is beside one's own. */
static void
make_list(struct content *c, unsigned int nb)
{
	char name[RTE_MEMPOOL_NAMESIZE];
	const char *wrong;
	unsigned int i;

	snprintf(name, sizeof(name), "content_buffers%u", nb);
	c->buffers = rte_mempool_create(
			name, 2, LEN, 0, 0, NULL, NULL, NULL, NULL, SOCKET_ID_ANY, 0);
	bed_must(c->buffers != NULL && sharers_init() == 0);
	wrong = sharers_check(c->pool, c->buffers);
	if (wrong != NULL)
		bench_die("the list of sharers: %s", wrong);
	c->handles[0] = sharers_new(c->pool, c->buffers, LEN);
	bed_must(c->handles[0] != NULL);
	for (i = 1; i < CONTENT_LCORES; i++) {
		c->handles[i] = sharers_share(c->pool, c->handles[0]);
		bed_must(c->handles[i] != NULL);
	}
}

void
content_make(struct content *c)
{
	static unsigned int nb;
	char name[MEXT_POOL_NAME_MAX + 1];
	struct mext_storage *root;
	struct mext_pool_conf conf;
	unsigned int i;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ LEN, 2 + CONTENT_LCORES, 0 };
	conf.spreads = (struct mext_pool_class){ 0, 1, 0 };
	conf.headers = (struct mext_pool_class){ 0, 8 * PEER_CACHE, PEER_CACHE };
	snprintf(name, sizeof(name), "content%u", nb);
	if (mext_pool_create(name, &conf, &c->pool) < 0)
		bench_die("no memory for the pools, raise EAL's -m");
	c->storage = mext_storage_alloc(c->pool, LEN);
	root = mext_storage_alloc(c->pool, LEN);
	bed_must(c->storage != NULL && mext_spread_create(c->pool, root, &c->spread) == 0 &&
			mext_storage_alloc_bulk(c->pool, LEN, c->own, CONTENT_LCORES) == 0);
	for (i = 0; i < BED_BURST; i++)
		c->same[i] = c->storage;
	bed_must(mext_storage_hold(c->storage, CONTENT_LCORES) == 0 &&
			mext_attach_new_bulk(
					c->pool, c->packets, c->same, CONTENT_LCORES, 0, LEN) == 0);
	make_list(c, nb++);
}

unsigned int
content_drop(struct content *c)
{
	unsigned int i, out = !sharers_are(c->handles[0], CONTENT_LCORES);

	for (i = 0; i < CONTENT_LCORES; i++)
		sharers_free(c->handles[i]);
	out += rte_mempool_in_use_count(c->buffers);
	rte_mempool_free(c->buffers);
	mext_free_bulk(c->packets, CONTENT_LCORES);
	out += mext_storage_refcnt(c->storage) != 1;
	mext_storage_release(c->storage, 1);
	mext_storage_release_bulk(c->own, CONTENT_LCORES);
	mext_spread_release(c->spread, 1);
	return out + window_pool_destroy(c->pool);
}
