/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Send memory that is not DPDK's from one port to another at the other end of its wire, and compare what
 * arrives. Each check is a line "ok NAME" or "not ok NAME"; the exit status is 0 if all are ok.
 *
 * usage: send-region EAL-OPTIONS -- SOURCE [FILE] [PORT PORT]
 *   SOURCE  malloc: ordinary pages; huge: 2 MiB pages; alloc: mext_region_alloc(); file: FILE
 *   PORT    PCI addresses: plugged in when the region is there, and unplugged and plugged in again
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_cycles.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include <mext.h>

#include "send_region.h"

static int failed;

static void
check(bool right, const char *name)
{
	printf("%s %s\n", right ? "ok" : "not ok", name);
	failed |= !right;
}

/** Bytes of the application's own, not yet a region. */
static bool
make_memory(struct memory *m, const char *source)
{
	size_t i;

	m->len = rte_eal_iova_mode() == RTE_IOVA_VA ? ORDINARY_LEN : FEW_PAGES_LEN;
	if (strcmp(source, "huge") == 0) {
		m->len = HUGE_LEN;
		m->addr = mmap(NULL, m->len, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
		if (m->addr == MAP_FAILED)
			return false;
	} else {
		m->addr = aligned_alloc(PAGE, m->len);
	}
	for (i = 0; i < m->len; i++)
		m->addr[i] = rand();
	return true;
}

static int
wrap(const struct memory *m, struct mext_pool *pool, struct mext_storage **storage)
{
	const struct mext_wrap wrap = { .addr = m->addr, .len = m->len };

	return mext_storage_wrap(pool, &wrap, storage);
}

/** The region of what is to be sent. */
static struct mext_region *
make_region(struct memory *m, const char *source, const char *file, struct mext_pool *pool)
{
	struct mext_region *region = NULL;
	struct mext_storage *storage;
	size_t i;

	if (strcmp(source, "file") == 0) {
		check(mext_region_load(file, 0, SOCKET_ID_ANY, &region) == 0, "a file is loaded");
	} else if (strcmp(source, "alloc") == 0) {
		check(mext_region_alloc(HUGE_LEN + 5, 0, SOCKET_ID_ANY, &region) == 0,
				"memory is allocated");
	} else if (!make_memory(m, source)) {
		check(false, "memory is mapped");
	} else {
		if (rte_eth_dev_count_avail() > 0)
			check(wrap(m, pool, &storage) == -EFAULT, "memory in no region is refused");
		check(mext_region_add(m->addr, m->len, 0, &region) == 0, "a region is added");
	}
	if (region == NULL)
		return NULL;
	m->addr = mext_region_data(region);
	m->len = mext_region_len(region);
	if (strcmp(source, "alloc") == 0)
		for (i = 0; i < m->len; i++)
			m->addr[i] = rand();
	return region;
}

static void
plug(char *const *names)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		check(rte_eal_hotplug_add("pci", names[i], "") == 0, "a port is plugged in");
}

static void
unplug(char *const *names)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		check(rte_eal_hotplug_remove("pci", names[i]) == 0, "a port is unplugged");
}

static void
send_all(struct mext_pool *pool, const struct memory *m, struct mext_storage *storage)
{
	struct wire wire;
	size_t arrived;

	if (!wire_open(&wire, pool)) {
		check(false, "two ports start");
		return;
	}
	arrived = wire_send(&wire, pool, storage, m);
	printf("%zu of %zu bytes arrived\n", arrived, m->len);
	check(arrived == m->len && memcmp(wire.received, m->addr, m->len) == 0,
			"what arrives is what is in memory");
	wire_stop(&wire);
}

static void
run(struct mext_pool *pool, char **args, int n)
{
	bool is_file = strcmp(args[0], "file") == 0;
	char **ports = n == (is_file ? 4 : 3) ? &args[n - 2] : NULL;
	struct memory m = { 0 };
	struct mext_storage *storage;
	struct mext_region *region;

	region = make_region(&m, args[0], args[1], pool);
	if (region == NULL)
		return;
	check(wrap(&m, pool, &storage) == 0, "memory of a region is wrapped");
	check(mext_region_remove(region) == -EBUSY && mext_region_storages(region) == 1,
			"a region in use is not removed");
	if (ports != NULL)
		plug(ports);
	send_all(pool, &m, storage);
	if (ports != NULL) {
		wire_close();
		unplug(ports);
		plug(ports);
		send_all(pool, &m, storage);
		wire_close();
		unplug(ports);
	}
	check(mext_region_storages(region) == 1, "what was sent is given back");
	check(mext_storage_release(storage, 1) == 0, "the storage is given back");
	check(mext_region_remove(region) == 0, "the region is removed");
	if (ports == NULL) {
		check(wrap(&m, pool, &storage) == -EFAULT, "it is not wrapped any more");
		wire_close();
	} else {
		/* The memory is gone: DPDK must not map it for the next device. */
		if (strcmp(args[0], "huge") == 0)
			munmap(m.addr, m.len);
		plug(ports);
	}
}

int
main(int argc, char **argv)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;
	int used = rte_eal_init(argc, argv);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (used < 0 || argc - used < 2)
		return 2;
	mext_pool_conf_init(&conf);
	conf.headroom = 0;
	conf.rx = (struct mext_pool_class){ .size = 2048, .count = 4096 };
	conf.headers = (struct mext_pool_class){ .count = 4096 };
	conf.wraps = (struct mext_pool_class){ .count = 16 };
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ .size = 64, .count = 4096 };
	conf.socket_mask = 1u << rte_socket_id();
	if (mext_pool_create("send", &conf, &pool) < 0)
		return 2;
	printf("IOVA as %s\n", rte_eal_iova_mode() == RTE_IOVA_VA ? "VA" : "PA");
	run(pool, &argv[used + 1], argc - used - 1);
	check(mext_stats_outstanding(pool) == 0, "nothing is outstanding");
	check(mext_pool_destroy(pool) == 0, "the pool is destroyed");
	rte_eal_cleanup();
	return failed;
}
