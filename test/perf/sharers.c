/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_errno.h>
#include <rte_mbuf_dyn.h>
#include <rte_spinlock.h>

#include <mext.h>

#include "sharers.h"

/** What a handle knows: DPDK's mbuf has room for so much, and no more. */
struct sharer {
	struct rte_mbuf *next, *prev; /* under the lock */
	void *buffer; /* to free */
	uint32_t flags;
};

static int sharer_offset = -1;

/** Around all rings of all buffers. On a line of its own, so that nothing else is fought for. */
static struct {
	rte_spinlock_t lock __rte_cache_aligned;
} global __rte_cache_aligned = { RTE_SPINLOCK_INITIALIZER };

static inline struct sharer *
sharer_of(const struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, sharer_offset, struct sharer *);
}

int
sharers_init(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "bench_sharer",
		.size = sizeof(struct sharer),
		.align = __alignof__(struct sharer),
	};

	sharer_offset = rte_mbuf_dynfield_register(&field);
	return sharer_offset < 0 ? -rte_errno : 0;
}

/** What mext_attach_new_bulk() writes to a header. */
static inline struct rte_mbuf *
new_handle(struct mext_pool *headers, void *addr, rte_iova_t iova, uint16_t len)
{
	struct rte_mbuf *m;

	if (mext_header_alloc_bulk(headers, &m, 1) < 0)
		return NULL;
	m->buf_addr = addr;
	rte_mbuf_iova_set(m, iova);
	m->buf_len = len;
	m->data_len = len;
	m->pkt_len = len;
	m->ol_flags = RTE_MBUF_F_EXTERNAL;
	return m;
}

struct rte_mbuf *
sharers_new(struct mext_pool *headers, struct rte_mempool *buffers, uint16_t len)
{
	struct rte_mbuf *m;
	void *buffer;

	if (rte_mempool_get(buffers, &buffer) < 0)
		return NULL;
	m = new_handle(headers, buffer, rte_mempool_virt2iova(buffer), len);
	if (m == NULL)
		rte_mempool_put(buffers, buffer);
	else
		*sharer_of(m) = (struct sharer){ .next = m, .prev = m, .buffer = buffer };
	return m;
}

struct rte_mbuf *
sharers_share(struct mext_pool *headers, struct rte_mbuf *m)
{
	struct rte_mbuf *copy = new_handle(headers, m->buf_addr, rte_mbuf_iova_get(m), m->data_len);
	struct sharer *of = sharer_of(m), *to;

	if (copy == NULL)
		return NULL;
	to = sharer_of(copy);
	to->buffer = of->buffer;
	to->flags = of->flags;
	to->prev = m;
	rte_spinlock_lock(&global.lock);
	to->next = of->next;
	sharer_of(of->next)->prev = copy;
	of->next = copy;
	rte_spinlock_unlock(&global.lock);
	return copy;
}

/** What a free mbuf must have, as rte_pktmbuf_detach() restores it. */
static inline void
restore(struct rte_mbuf *m)
{
	const uint16_t priv_size = rte_pktmbuf_priv_size(m->pool);
	const size_t size = sizeof(*m) + priv_size;

	m->priv_size = priv_size;
	m->buf_addr = RTE_PTR_ADD(m, size);
	rte_mbuf_iova_set(m, rte_mempool_virt2iova(m) + size);
	m->buf_len = rte_pktmbuf_data_room_size(m->pool);
	rte_pktmbuf_reset_headroom(m);
	m->data_len = 0;
	m->ol_flags = 0;
}

void
sharers_free(struct rte_mbuf *m)
{
	struct sharer *of = sharer_of(m);
	bool last;

	rte_spinlock_lock(&global.lock);
	last = of->next == m;
	sharer_of(of->next)->prev = of->prev;
	sharer_of(of->prev)->next = of->next;
	rte_spinlock_unlock(&global.lock);
	if (last)
		rte_mempool_put(rte_mempool_from_obj(of->buffer), of->buffer);
	restore(m);
	rte_mbuf_raw_free(m);
}

uint32_t *
sharers_flags(struct rte_mbuf *m)
{
	return &sharer_of(m)->flags;
}

bool
sharers_are(const struct rte_mbuf *m, unsigned int n)
{
	const struct rte_mbuf *at = m, *next;
	bool right = true;

	rte_spinlock_lock(&global.lock);
	do {
		next = sharer_of(at)->next;
		right = right && n > 0 && sharer_of(next)->prev == at &&
			sharer_of(next)->buffer == sharer_of(m)->buffer;
		n--;
		at = next;
	} while (right && at != m);
	rte_spinlock_unlock(&global.lock);
	return right && n == 0;
}

const char *
sharers_check(struct mext_pool *headers, struct rte_mempool *buffers)
{
	const unsigned int nb_buffers = rte_mempool_avail_count(buffers);
	struct rte_mbuf *first, *second, *third;

	first = sharers_new(headers, buffers, 1);
	second = first != NULL ? sharers_share(headers, first) : NULL;
	third = second != NULL ? sharers_share(headers, second) : NULL;
	if (third == NULL || !sharers_are(first, 3))
		return "three handles are no ring";
	*sharers_flags(third) |= SHARERS_READONLY;
	if (*sharers_flags(first) != 0 || third->buf_addr != first->buf_addr)
		return "three handles have not flags of their own, on the same bytes";
	sharers_free(first);
	sharers_free(second);
	if (!sharers_are(third, 1) || rte_mempool_avail_count(buffers) != nb_buffers - 1)
		return "the buffer is not the last handle's";
	sharers_free(third);
	if (rte_mempool_avail_count(buffers) != nb_buffers)
		return "the last handle does not free the buffer";
	return NULL;
}
