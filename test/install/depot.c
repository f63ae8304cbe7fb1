/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that uses the mempool handler mext_depot by its name, and says how often that is
 * registered, and what all handlers are. With -DLATE libmext is not linked, but loaded once EAL has
 * started; with -DNAMED nothing of it is called, the handler is only named.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_mempool.h>

#ifdef NAMED
#define MEXT_DEPOT_OPS "mext_depot"
#else
#include <mext_depot.h>
#endif

#define NB 5000

static int
register_depot(void)
{
#if defined(NAMED)
	return 0;
#elif defined(LATE)
	void *lib = dlopen("libmext.so.1", RTLD_NOW);
	int (*call)(void) = NULL;

	if (lib != NULL)
		*(void **)&call = dlsym(lib, "mext_depot_register");
	return call != NULL ? call() : -1;
#else
	return mext_depot_register();
#endif
}

static void
print_handlers(const char *when)
{
	const struct rte_mempool_ops_table *table = &rte_mempool_ops_table;
	unsigned int i, n = 0;

	printf("order%s:", when);
	for (i = 0; i < table->num_ops; i++) {
		n += strcmp(table->ops[i].name, MEXT_DEPOT_OPS) == 0;
		printf(" %s", table->ops[i].name);
	}
	printf("\nhandlers%s: %u\n", when, n);
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
	print_handlers(" before");
	if (register_depot() != 0 || use_mempool() < 0) {
		printf("no mempool on " MEXT_DEPOT_OPS "\n");
		return EXIT_FAILURE;
	}
	print_handlers("");
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
