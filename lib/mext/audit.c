/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <numa.h>
#include <string.h>
#include <unistd.h>

#include <rte_memory.h>

#include <mext_audit.h>

#include "log.h"
#include "pool.h"

static_assert(MEXT_AUDIT_MAX_SOCKETS >= MAX_SOCKETS, "every socket of a pool has an entry");

/** Pages asked for in one system call. */
#define BATCH 512

/** An audit that goes on. */
struct asking {
	struct mext_audit_socket *found;
	int error; /* of the first call that failed */
};

/** Ask for up to BATCH pages. */
static void
ask(struct asking *asking, void **pages, unsigned int n)
{
	struct mext_audit_socket *found = asking->found;
	int status[BATCH];
	unsigned int i;

	if (asking->error != 0)
		return;
	if (numa_move_pages(0, n, pages, NULL, status, 0) < 0) {
		asking->error = errno;
		return;
	}
	found->pages += n;
	for (i = 0; i < n; i++) {
		if (status[i] < 0)
			found->unknown++;
		else if (status[i] == found->socket)
			found->in_place++;
		else
			found->elsewhere++;
	}
}

static size_t
page_size_at(const void *addr)
{
	const struct rte_memseg_list *list = rte_mem_virt2memseg_list(addr);

	return list != NULL ? list->page_sz : (size_t)sysconf(_SC_PAGESIZE);
}

static void
ask_for_chunk(struct rte_mempool *mp __rte_unused, void *arg, struct rte_mempool_memhdr *chunk,
		unsigned int index __rte_unused)
{
	struct asking *asking = arg;
	size_t page = page_size_at(chunk->addr);
	char *at = RTE_PTR_ALIGN_FLOOR(chunk->addr, page),
	     *end = RTE_PTR_ADD(chunk->addr, chunk->len);
	void *pages[BATCH];
	unsigned int n = 0;

	asking->found->page_size = RTE_MAX(asking->found->page_size, page);
	for (; at < end; at += page) {
		pages[n++] = at;
		if (n == BATCH || at + page >= end) {
			ask(asking, pages, n);
			n = 0;
		}
	}
}

/** All mempools of one socket. @return 0, or an errno. */
static int
ask_for_socket(const struct socket_pools *sub, struct mext_audit_socket *found)
{
	struct asking asking = { .found = found };
	unsigned int kind;

	found->socket = sub->socket;
	for (kind = 0; kind < NB_KINDS; kind++) {
		if (sub->mp[kind] != NULL)
			rte_mempool_mem_iter(sub->mp[kind], ask_for_chunk, &asking);
		if (sub->apart[kind] != NULL)
			rte_mempool_mem_iter(sub->apart[kind], ask_for_chunk, &asking);
	}
	return asking.error;
}

int
mext_pool_audit(const struct mext_pool *pool, struct mext_audit *audit)
{
	struct mext_audit found = { .nb_sockets = pool->nb_sockets };
	int error = numa_available() < 0 ? ENOSYS : 0;
	unsigned int i;

	for (i = 0; i < pool->nb_sockets && error == 0; i++)
		error = ask_for_socket(&pool->sub[i], &found.sockets[i]);
	if (error == 0) {
		*audit = found;
		return 0;
	}
	if (error == ENOMEM)
		return -ENOMEM;
	MEXT_LOG(ERR, "pool %s: the kernel does not tell where its pages are: move_pages: %s",
			pool->name, strerror(error));
	return -ENOTSUP;
}
