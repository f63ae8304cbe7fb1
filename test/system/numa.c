/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools on a machine with three NUMA sockets, one lcore on each. Whether a byte is where it should be the kernel
 * says, and how far sockets are from each other libnuma does: the library is not asked.
 * Each check is a line "ok NAME" or "not ok NAME"; the exit status is 0 if all are ok.
 *
 * usage: numa -l 0-2 EAL-OPTIONS
 */
#include <numa.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <mext.h>

#define SOCKETS 3
#define EACH 40 /* storages on each socket */
#define ALL (SOCKETS * EACH)
#define SIZE 10000

static struct mext_pool *pool;
static int failed;

/** What one lcore was given, and where the kernel says it is. */
struct given {
	unsigned int n;
	struct mext_storage *storages[ALL + 1];
	int nodes[ALL + 1];
};

static void
check(bool right, const char *name, int socket)
{
	printf("%s %s, on socket %d\n", right ? "ok" : "not ok", name, socket);
	failed |= !right;
}

static int
node_of(void *addr)
{
	int status = -1;

	return numa_move_pages(0, 1, &addr, NULL, &status, 0) == 0 ? status : -1;
}

/** Take one by one until there are none, or max. */
static void
take(struct given *given, unsigned int max)
{
	struct mext_storage *storage;

	for (given->n = 0; given->n < max; given->n++) {
		storage = mext_storage_alloc(pool, SIZE);
		if (storage == NULL)
			break;
		memset(mext_storage_data(storage), given->n, SIZE);
		given->storages[given->n] = storage;
		given->nodes[given->n] = node_of(mext_storage_data(storage));
	}
}

static int
compare_distance(const void *a, const void *b)
{
	int here = (int)rte_socket_id();

	return numa_distance(here, *(const int *)a) - numa_distance(here, *(const int *)b);
}

/** Own socket first, then the nearest, then the other one; what is remote is counted. */
static int
check_local_first(void *arg)
{
	struct given *given = arg;
	int order[SOCKETS] = { 0, 1, 2 }, here = (int)rte_socket_id();
	struct mext_stats before, after;
	bool right = true;
	unsigned int i;

	qsort(order, SOCKETS, sizeof(*order), compare_distance);
	mext_stats_get(pool, &before);
	take(given, ALL + 1);
	mext_stats_get(pool, &after);
	check(given->n == ALL, "all sockets give what they have", here);
	for (i = 0; i < given->n; i++)
		right &= given->nodes[i] == order[i / EACH];
	printf("order of %d: %d %d %d\n", here, order[0], order[1], order[2]);
	check(order[0] == here && right, "local first, then by distance", here);
	check(after.remote_allocs - before.remote_allocs == ALL - EACH, "remote ones are counted",
			here);
	mext_storage_release_bulk(given->storages, given->n);
	return 0;
}

static int
check_strict(void *arg)
{
	struct given *given = arg;
	int here = (int)rte_socket_id();
	struct mext_stats stats;
	bool right = true;
	unsigned int i;

	take(given, ALL + 1);
	for (i = 0; i < given->n; i++)
		right &= given->nodes[i] == here;
	check(given->n == EACH && right, "strict gives what is local and refuses the rest", here);
	mext_stats_get(pool, &stats);
	check(stats.remote_allocs == 0, "strict has nothing remote", here);
	mext_storage_release_bulk(given->storages, given->n);
	return 0;
}

static int
check_strict_without_local(void *arg)
{
	struct mext_storage *storage = NULL;
	int here = (int)rte_socket_id();

	(void)arg;
	if (here != 0)
		check(mext_storage_alloc_bulk(pool, SIZE, &storage, 1) == -ENOMEM,
				"strict without memory here refuses", here);
	return 0;
}

static int
check_interleave(void *arg)
{
	struct given *given = arg;
	unsigned int i, of[SOCKETS] = { 0 };

	take(given, EACH / 2 * SOCKETS);
	for (i = 0; i < given->n; i++)
		if (given->nodes[i] >= 0 && given->nodes[i] < SOCKETS)
			of[given->nodes[i]]++;
	check(of[0] == EACH / 2 && of[1] == EACH / 2 && of[2] == EACH / 2,
			"interleave takes the same from all", (int)rte_socket_id());
	mext_storage_release_bulk(given->storages, given->n);
	return 0;
}

/** The library's audit, and the kernel asked once more about every storage. */
static void
check_audit(void)
{
	struct mext_audit audit;
	bool right = true;
	uint32_t i;

	if (mext_pool_audit(pool, &audit) < 0 || audit.nb_sockets != SOCKETS) {
		check(false, "audit answers for every socket", -1);
		return;
	}
	for (i = 0; i < SOCKETS; i++) {
		const struct mext_audit_socket *a = &audit.sockets[i];

		printf("socket %d: %lu of %lu pages of %u in place\n", a->socket,
				(unsigned long)a->in_place, (unsigned long)a->pages, a->page_size);
		right &= a->pages > 0 && a->in_place == a->pages;
	}
	check(right, "audit finds every page in place", -1);
}

/** One pool, and a check on one lcore after the other. */
static void
with_pool(uint32_t flags, uint32_t sockets, lcore_function_t *each)
{
	static struct given given;
	struct mext_pool_conf conf;
	unsigned int lcore;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ .size = SIZE, .count = EACH };
	conf.flags = flags;
	conf.socket_mask = sockets;
	if (mext_pool_create("numa", &conf, &pool) < 0) {
		check(false, "a pool is created", -1);
		return;
	}
	RTE_LCORE_FOREACH_WORKER(lcore) {
		rte_eal_remote_launch(each, &given, lcore);
		rte_eal_wait_lcore(lcore);
	}
	each(&given);
	if (sockets == 0)
		check_audit();
	check(mext_pool_destroy(pool) == 0, "everything is back", -1);
}

/** Memory of a region is on the socket named. */
static void
check_regions(void)
{
	struct mext_region *region;
	int socket;

	for (socket = 0; socket < SOCKETS; socket++) {
		if (mext_region_alloc(1 << 20, 0, socket, &region) < 0) {
			check(false, "a region is allocated", socket);
			continue;
		}
		check(node_of(mext_region_data(region)) == socket &&
						node_of((char *)mext_region_data(region) +
								(1 << 20) - 1) == socket,
				"a region is where it was asked for", socket);
		mext_region_remove(region);
	}
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (rte_eal_init(argc, argv) < 0)
		return 2;
	if (rte_socket_count() != SOCKETS) {
		printf("skipped: needs %d NUMA sockets with an lcore on each, here are %u\n",
				SOCKETS, rte_socket_count());
		return 77;
	}
	with_pool(0, 0, check_local_first);
	with_pool(MEXT_POOL_STRICT, 0, check_strict);
	with_pool(MEXT_POOL_STRICT, 1, check_strict_without_local);
	with_pool(MEXT_POOL_INTERLEAVE, 0, check_interleave);
	check_regions();
	rte_eal_cleanup();
	return failed;
}
