/* SPDX-License-Identifier: BSD-3-Clause */
#include <numa.h>

#include <rte_ethdev.h>

#include "machine.h"

struct machine machine;

unsigned int __wrap_rte_socket_id(void);
unsigned int __wrap_rte_lcore_to_socket_id(unsigned int lcore);
unsigned int __wrap_rte_socket_count(void);
int __wrap_rte_socket_id_by_idx(unsigned int idx);
struct rte_mempool *__real_rte_mempool_create_empty(const char *name, unsigned int n,
		unsigned int elt_size, unsigned int cache_size, unsigned int private_size,
		int socket, unsigned int flags);
struct rte_mempool *__wrap_rte_mempool_create_empty(const char *name, unsigned int n,
		unsigned int elt_size, unsigned int cache_size, unsigned int private_size,
		int socket, unsigned int flags);
uint64_t __wrap_rte_eth_find_next_owned_by(uint16_t port, const uint64_t owner);
int __wrap_rte_eth_dev_socket_id(uint16_t port);
int __wrap_numa_available(void);
int __wrap_numa_distance(int from, int to);

unsigned int
__wrap_rte_socket_id(void)
{
	return (unsigned int)machine.here;
}

unsigned int
__wrap_rte_lcore_to_socket_id(unsigned int lcore)
{
	return machine.lcore_socket[lcore];
}

unsigned int
__wrap_rte_socket_count(void)
{
	return 3;
}

int
__wrap_rte_socket_id_by_idx(unsigned int idx)
{
	return (int)idx;
}

struct rte_mempool *
__wrap_rte_mempool_create_empty(const char *name, unsigned int n, unsigned int elt_size,
		unsigned int cache_size, unsigned int private_size, int socket, unsigned int flags)
{
	char expected[RTE_MEMPOOL_NAMESIZE];

	snprintf(expected, sizeof(expected), "numa.%d", socket);
	assert_memory_equal(name, expected, strlen(expected));
	return __real_rte_mempool_create_empty(
			name, n, elt_size, cache_size, private_size, SOCKET_ID_ANY, flags);
}

uint64_t
__wrap_rte_eth_find_next_owned_by(uint16_t port, const uint64_t owner)
{
	(void)owner;
	return port == 0 && machine.port_socket != PORTLESS ? 0 : RTE_MAX_ETHPORTS;
}

int
__wrap_rte_eth_dev_socket_id(uint16_t port)
{
	(void)port;
	return machine.port_socket;
}

int
__wrap_numa_available(void)
{
	return 0;
}

int
__wrap_numa_distance(int from, int to)
{
	/* As libnuma does for nodes that it does not know. */
	return from < 3 && to < 3 ? machine.distance[from][to] : 0;
}

int
machine_setup(void **state)
{
	static const int distance[3][3] = { { 10, 30, 20 }, { 30, 10, 40 }, { 20, 40, 10 } };

	memcpy(machine.distance, distance, sizeof(distance));
	machine.here = 0;
	machine.lcore_socket[0] = 0;
	machine.lcore_socket[1] = 1;
	machine.port_socket = PORTLESS;
	*state = NULL;
	return 0;
}

struct mext_pool *
pool_on(uint32_t mask, uint32_t flags)
{
	const struct mext_pool_class few = { 0, PER_SOCKET, 0 };
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 2;
	conf.classes[0] = (struct mext_pool_class){ 64, PER_SOCKET, 0 };
	conf.classes[1] = (struct mext_pool_class){ 128, PER_SOCKET, 0 };
	conf.rx = conf.headers = conf.pairs = conf.wraps = few;
	conf.rx.size = conf.pairs.size = 64;
	conf.socket_mask = mask;
	conf.flags = flags;
	assert_int_equal(mext_pool_create("numa", &conf, &pool), 0);
	return pool;
}

int
mempool_socket(const struct rte_mempool *mp)
{
	return mp->name[strlen("numa.")] - '0';
}

int
socket_of(const struct mext_storage *storage)
{
	return mempool_socket(storage->mp);
}
