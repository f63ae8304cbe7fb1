/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the kernel says that a pool's pages are, on the made-up machine. */
#include <numa.h>
#include <unistd.h>

#include "capture.h"
#include "machine.h"
#include "pool.h"

static struct {
	int error; /* errno of every call, 0: none */
	uint64_t asked;
	uint64_t every; /* the n-th page of each n is elsewhere; 0: none is */
	int status; /* of these */
} kernel;

static const struct mext_pool *audited;

long __wrap_numa_move_pages(int pid, unsigned long count, void **pages, const int *nodes,
		int *status, int flags);

/** The socket of the mempool whose chunk has an address. */
struct search {
	const void *addr;
	bool found;
};

static void
look_in_chunk(struct rte_mempool *mp, void *arg, struct rte_mempool_memhdr *chunk, unsigned int i)
{
	struct search *search = arg;
	uintptr_t page = sysconf(_SC_PAGESIZE), begin = (uintptr_t)chunk->addr / page * page;

	(void)mp;
	(void)i;
	search->found |= (uintptr_t)search->addr >= begin &&
			 (uintptr_t)search->addr < (uintptr_t)chunk->addr + chunk->len;
}

static int
socket_at(const void *addr)
{
	unsigned int i, kind;

	for (i = 0; i < audited->nb_sockets; i++) {
		for (kind = 0; kind < NB_KINDS; kind++) {
			const struct socket_pools *sub = &audited->sub[i];
			struct search search = { .addr = addr };

			if (sub->mp[kind] != NULL)
				rte_mempool_mem_iter(sub->mp[kind], look_in_chunk, &search);
			if (sub->apart[kind] != NULL)
				rte_mempool_mem_iter(sub->apart[kind], look_in_chunk, &search);
			if (search.found)
				return sub->socket;
		}
	}
	fail_msg("asked for a page that is no mempool's");
	return -1;
}

long
__wrap_numa_move_pages(int pid, unsigned long count, void **pages, const int *nodes, int *status,
		int flags)
{
	unsigned long i;

	assert_int_equal(pid, 0);
	assert_null(nodes);
	assert_int_equal(flags, 0);
	if (kernel.error != 0) {
		errno = kernel.error;
		return -1;
	}
	for (i = 0; i < count; i++) {
		status[i] = socket_at(pages[i]);
		if (++kernel.asked == kernel.every) {
			status[i] = kernel.status;
			kernel.asked = 0;
		}
	}
	return 0;
}

static int
setup(void **state)
{
	memset(&kernel, 0, sizeof(kernel));
	return machine_setup(state);
}

/** Pools so far apart in memory that no page belongs to two sockets. */
static struct mext_pool *
large_pool(void)
{
	struct mext_pool_conf conf;
	struct mext_pool *pool;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = (struct mext_pool_class){ 4096, 1000, 0 };
	conf.socket_mask = 5;
	assert_int_equal(mext_pool_create("numa", &conf, &pool), 0);
	audited = pool;
	return pool;
}

static void
add_pages(struct rte_mempool *mp, void *arg, struct rte_mempool_memhdr *chunk, unsigned int i)
{
	uintptr_t page = sysconf(_SC_PAGESIZE), begin = (uintptr_t)chunk->addr / page;

	(void)mp;
	(void)i;
	*(uint64_t *)arg += ((uintptr_t)chunk->addr + chunk->len + page - 1) / page - begin;
}

/** Pages of all mempools of a pool's i-th socket. */
static uint64_t
pages_of(const struct mext_pool *pool, unsigned int i)
{
	uint64_t pages = 0;

	rte_mempool_mem_iter(pool->sub[i].mp[0], add_pages, &pages);
	rte_mempool_mem_iter(pool->sub[i].apart[0], add_pages, &pages);
	assert_true(pages > 1000); /* more than one system call */
	return pages;
}

static void
test_audit_counts_every_page_of_each_socket(void **state)
{
	struct mext_pool *pool = large_pool();
	struct mext_audit audit;
	unsigned int i;

	(void)state;
	assert_int_equal(mext_pool_audit(pool, &audit), 0);
	assert_int_equal(audit.nb_sockets, 2);
	assert_int_equal(audit.sockets[0].socket, 0);
	assert_int_equal(audit.sockets[1].socket, 2);
	for (i = 0; i < 2; i++) {
		assert_int_equal(audit.sockets[i].pages, pages_of(pool, i));
		assert_true(audit.sockets[i].in_place + 2 >= audit.sockets[i].pages);
		assert_int_equal(audit.sockets[i].unknown, 0);
		assert_int_equal(audit.sockets[i].page_size, sysconf(_SC_PAGESIZE));
	}
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_audit_tells_elsewhere_from_unknown(void **state)
{
	struct mext_pool *pool = large_pool();
	struct mext_audit audit;
	const struct mext_audit_socket *first = &audit.sockets[0];

	(void)state;
	kernel.every = 10;
	kernel.status = 1;
	assert_int_equal(mext_pool_audit(pool, &audit), 0);
	assert_true(first->elsewhere + 1 >= first->pages / 10);
	assert_true(first->elsewhere <= first->pages / 10 + 3);
	assert_int_equal(first->in_place + first->elsewhere, first->pages);
	kernel.asked = 0;
	kernel.status = -ENOENT;
	assert_int_equal(mext_pool_audit(pool, &audit), 0);
	assert_true(first->unknown + 1 >= first->pages / 10);
	assert_true(first->unknown <= first->pages / 10 + 1);
	assert_int_equal(first->in_place + first->elsewhere + first->unknown, first->pages);
	assert_int_equal(mext_pool_destroy(pool), 0);
}

static void
test_audit_where_kernel_does_not_tell_fails(void **state)
{
	struct mext_pool *pool = large_pool();
	struct mext_audit audit, before;

	(void)state;
	memset(&audit, 7, sizeof(audit));
	before = audit;
	kernel.error = EPERM;
	capture_start();
	assert_int_equal(mext_pool_audit(pool, &audit), -ENOTSUP);
	assert_non_null(strstr(capture_stop(), "does not tell"));
	kernel.error = ENOMEM;
	assert_int_equal(mext_pool_audit(pool, &audit), -ENOMEM);
	assert_memory_equal(&audit, &before, sizeof(audit));
	assert_int_equal(mext_pool_destroy(pool), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_audit_counts_every_page_of_each_socket, setup),
		cmocka_unit_test_setup(test_audit_tells_elsewhere_from_unknown, setup),
		cmocka_unit_test_setup(test_audit_where_kernel_does_not_tell_fails, setup),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
