/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that uses the mempool handler mext_depot by its name, and says how often that is
 * registered. With -DLATE libmext is not linked, but loaded once EAL has started.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_mempool.h>

#include <mext_depot.h>

#define NB 5000

static int
register_depot(void)
{
#ifdef LATE
	void *lib = dlopen("libmext.so.1", RTLD_NOW);
	int (*call)(void) = NULL;

	if (lib != NULL)
		*(void **)&call = dlsym(lib, "mext_depot_register");
	return call != NULL ? call() : -1;
#else
	return mext_depot_register();
#endif
}

static unsigned int
count_handlers(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < rte_mempool_ops_table.num_ops; i++)
		n += strcmp(rte_mempool_ops_table.ops[i].name, MEXT_DEPOT_OPS) == 0;
	return n;
}

static int
use_mempool(void)
{
	struct rte_mempool *mp = rte_mempool_create_empty("depot", NB, 64, 32, 0, 0, 0);
	static void *objs[NB];

	if (mp == NULL || rte_mempool_set_ops_byname(mp, MEXT_DEPOT_OPS, NULL) < 0 ||
			rte_mempool_populate_default(mp) != NB ||
			rte_mempool_get_bulk(mp, objs, NB) < 0)
		return -1;
	rte_mempool_put_bulk(mp, objs, NB);
	if (rte_mempool_avail_count(mp) != NB)
		return -1;
	rte_mempool_free(mp);
	return 0;
}

int
main(int argc, char **argv)
{
	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	printf("handlers before: %u\n", count_handlers());
	if (register_depot() != 0 || use_mempool() < 0)
		return EXIT_FAILURE;
	printf("handlers: %u\n", count_handlers());
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
