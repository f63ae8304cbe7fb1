/* SPDX-License-Identifier: BSD-3-Clause */
/* The example of the README, whole. What stands between the markers is what the README shows. */
#include <stdio.h>
#include <string.h>

#include <rte_eal.h>

#include <mext.h>

int
main(int argc, char **argv)
{
	if (rte_eal_init(argc, argv) < 0)
		return 1;
	/* [readme] */
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	struct mext_storage *storage;
	struct rte_mbuf *pkts[2];

	mext_pool_conf_default(64 << 20, &conf); /* 64 MiB in all */
	if (mext_pool_create("readme", &conf, &pool) < 0)
		return 1;
	storage = mext_storage_alloc(pool, 1400);
	memset(mext_storage_data(storage), 'm', 1400);

	/* Two packets over the same bytes: a reference for each, no copy. */
	mext_storage_hold(storage, 1);
	mext_header_alloc_bulk(pool, pkts, 2);
	mext_attach(pkts[0], storage, 0, 1400);
	mext_attach(pkts[1], storage, 700, 700);

	/* Send them; whoever frees the last, a driver or this call, returns the bytes. */
	mext_free_bulk(pkts, 2);
	if (mext_pool_destroy(pool) < 0) /* -EBUSY while anything is out */
		return 1;
	/* [/readme] */
	puts("readme: ok");
	return rte_eal_cleanup() < 0;
}
