/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_malloc.h>

#include "dice.h"
#include "pools.h"

struct foreign {
	struct pools *p;
	struct rte_mbuf_ext_shared_info *shinfo;
	void *bytes;
};

/** Put so many random bytes at a random place of an mbuf's room. */
static struct rte_mbuf *
put_bytes(struct rte_mbuf *m, unsigned int len)
{
	if (m == NULL)
		return NULL;
	len = RTE_MIN(len, (unsigned int)m->buf_len);
	m->data_off = dice(m->buf_len - len + 1);
	m->data_len = len;
	m->pkt_len = len;
	dice_fill(rte_pktmbuf_mtod(m, void *), len);
	return m;
}

/** An mbuf to attach something to: a bare header, or one with room. */
static struct rte_mbuf *
empty(struct pools *p)
{
	struct rte_mbuf *m;

	if (dice(3) == 0)
		return rte_pktmbuf_alloc(p->plain);
	return mext_header_alloc_bulk(p->pool, &m, 1) == 0 ? m : NULL;
}

static struct rte_mbuf *
make_direct(struct pools *p, unsigned int len)
{
	return put_bytes(rte_pktmbuf_alloc(p->plain), len);
}

static struct rte_mbuf *
make_received(struct pools *p, unsigned int len)
{
	return put_bytes(rte_pktmbuf_alloc(mext_pool_rx_mempool(p->pool, SOCKET_ID_ANY)), len);
}

static struct rte_mbuf *
make_bare(struct pools *p, unsigned int len __rte_unused)
{
	return empty(p);
}

static struct rte_mbuf *
make_pinned(struct pools *p, unsigned int len)
{
	return put_bytes(rte_pktmbuf_alloc(p->pinned), len);
}

static void
foreign_freed(void *addr __rte_unused, void *opaque)
{
	struct foreign *foreign = opaque;

	assert_int_equal(rte_mbuf_ext_refcnt_read(foreign->shinfo), 0);
	foreign->p->foreign_live--;
	free(foreign->bytes);
	free(foreign->shinfo);
	free(foreign);
}

/** Shared info of exactly DPDK's 24 bytes, and bytes that AddressSanitizer knows the ends of. */
static struct rte_mbuf *
make_foreign(struct pools *p, unsigned int len)
{
	struct rte_mbuf *m = empty(p);
	struct foreign *foreign;

	if (m == NULL)
		return NULL;
	len += 1 + dice(50);
	foreign = malloc(sizeof(*foreign));
	assert_non_null(foreign);
	foreign->p = p;
	foreign->bytes = malloc(len);
	foreign->shinfo = malloc(sizeof(*foreign->shinfo));
	assert_non_null(foreign->bytes);
	assert_non_null(foreign->shinfo);
	memset(foreign->shinfo, 0xff, sizeof(*foreign->shinfo));
	foreign->shinfo->free_cb = foreign_freed;
	foreign->shinfo->fcb_opaque = foreign;
	rte_mbuf_ext_refcnt_set(foreign->shinfo, 1);
	rte_pktmbuf_attach_extbuf(
			m, foreign->bytes, (uintptr_t)foreign->bytes, len, foreign->shinfo);
	p->foreign_live++;
	return put_bytes(m, RTE_MIN(len, (unsigned int)POOLS_LEN));
}

/** Attach a part of a storage; bytes around what the packet says are its room. */
static struct rte_mbuf *
attach(struct pools *p, struct mext_storage *storage, unsigned int len)
{
	struct rte_mbuf *m;
	size_t off, room;

	if (storage == NULL)
		return NULL;
	m = empty(p);
	if (m == NULL) {
		assert_int_equal(mext_storage_release(storage, 1), 0);
		return NULL;
	}
	len = RTE_MIN(len, (unsigned int)mext_storage_len(storage));
	room = RTE_MIN(len + dice(64), mext_storage_len(storage));
	off = dice(mext_storage_len(storage) - room + 1);
	assert_int_equal(mext_attach(m, storage, off, room), 0);
	return put_bytes(m, len);
}

static struct rte_mbuf *
make_storage(struct pools *p, unsigned int len)
{
	return attach(p, mext_storage_alloc(p->pool, dice(len + 1)), len);
}

static void
wrap_freed(void *addr, size_t len, void *arg1, void *arg2)
{
	struct pools *p = arg1;

	assert_int_equal((uintptr_t)arg2, len);
	free(addr);
	p->wraps_live--;
}

struct mext_storage *
pools_wrap(struct pools *p, size_t len, bool writable)
{
	struct mext_storage *storage;
	struct mext_wrap wrap = {
		.addr = malloc(len),
		.len = len,
		.writable = writable,
		.free_cb = wrap_freed,
		.arg1 = p,
		.arg2 = (void *)(uintptr_t)len,
	};

	assert_non_null(wrap.addr);
	if (mext_storage_wrap(p->pool, &wrap, &storage) < 0) {
		free(wrap.addr);
		return NULL;
	}
	dice_fill(wrap.addr, len);
	p->wraps_live++;
	return storage;
}

static struct rte_mbuf *
make_wrapped(struct pools *p, unsigned int len)
{
	return attach(p, pools_wrap(p, len + 1, dice(2) == 0), len);
}

static struct rte_mbuf *
make_pair(struct pools *p, unsigned int len)
{
	return put_bytes(mext_packet_alloc(p->pool), len);
}

static struct rte_mbuf *
make_received_pair(struct pools *p, unsigned int len)
{
	struct rte_mempool *mp = mext_pool_rx_mempool(p->rx_pairs, SOCKET_ID_ANY);
	struct rte_mbuf *m = put_bytes(rte_pktmbuf_alloc(mp), len);

	if (m != NULL)
		m->ol_flags = RTE_MBUF_F_EXTERNAL; /* DPDK's alloc keeps it, drivers may not */
	return m;
}

/** As received by a driver that writes ol_flags without regard to the mark in it. */
static struct rte_mbuf *
make_unmarked_pair(struct pools *p, unsigned int len)
{
	struct rte_mbuf *m = make_received_pair(p, len);

	if (m != NULL)
		m->ol_flags = 0;
	return m;
}

/** DPDK's clone of a segment, or the segment where there is none to be had. */
static struct rte_mbuf *
clone_of(struct pools *p, struct rte_mbuf *m)
{
	struct rte_mempool *mp = mext_pool_header_mempool(p->pool, SOCKET_ID_ANY);
	struct rte_mbuf *clone = NULL;

	if (dice(3) == 0)
		mp = p->plain;
	if (mp != NULL)
		clone = rte_pktmbuf_clone(m, mp);
	if (clone == NULL)
		return m;
	rte_pktmbuf_free(m);
	return clone;
}

struct rte_mbuf *
pools_segment(struct pools *p)
{
	static struct rte_mbuf *(*const make[])(struct pools * p, unsigned int len) = { make_direct,
		make_received, make_bare, make_pinned, make_foreign, make_storage, make_storage,
		make_wrapped, make_pair, make_pair, make_received_pair, make_unmarked_pair };
	unsigned int len = dice(8) == 0 ? 0 : dice(POOLS_LEN + 1);
	struct rte_mbuf *m = make[dice(RTE_DIM(make))](p, len);

	return m != NULL && dice(4) == 0 ? clone_of(p, m) : m;
}

struct mext_storage *
pools_storage(struct pools *p)
{
	struct mext_storage *storage;

	if (dice(3) == 0)
		return pools_wrap(p, 1 + dice(400), dice(2) == 0);
	storage = mext_storage_alloc(p->pool, dice(300));
	if (storage != NULL)
		dice_fill(mext_storage_data(storage), mext_storage_len(storage));
	return storage;
}
