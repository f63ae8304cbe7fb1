/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations of stress.c on packets, and what goes to the other worker. */
#include <errno.h>

#include <rte_ring_elem.h>

#include "stress.h"

void
check_mbuf(const struct worker *w, struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next) {
		struct stamp s = { segment_of(m)->id, segment_of(m)->off, m->data_len };

		check_stamp(w, rte_pktmbuf_mtod(m, void *), s);
	}
}

struct rte_mbuf *
take_mbuf(struct worker *w)
{
	unsigned int i = draw(w) % w->nb_mbufs;
	struct rte_mbuf *m = w->mbufs[i];

	w->mbufs[i] = w->mbufs[--w->nb_mbufs];
	check_mbuf(w, m);
	return m;
}

bool
op_attach(struct worker *w)
{
	struct item *ref = any_ref(w);
	struct rte_mbuf *m;
	struct stamp s;
	uint32_t skip;

	if (ref == NULL || !has_room(w, 0, 1))
		return false;
	if (mext_header_alloc_bulk(w->pool, &m, 1) < 0)
		return true;
	skip = 8 * (draw(w) % (ref->stamp.len / 8));
	s = (struct stamp){ ref->stamp.id, ref->stamp.off + skip, ref->stamp.len - skip };
	CHECK(w, mext_attach(m, ref->obj, s.off, s.len) == 0);
	keep_mbuf(w, m, s);
	take_ref(w, ref);
	return true;
}

/** Several packets, over one storage or over several. */
bool
op_attach_bulk(struct worker *w)
{
	struct mext_storage *storages[BULK];
	struct rte_mbuf *mbufs[BULK];
	struct stamp s[BULK];
	unsigned int i, n = 1 + draw(w) % BULK;
	bool same = draw(w) % 2 == 0;
	uint32_t len = UINT32_MAX;

	if (w->nb_refs == 0 || !has_room(w, 0, n))
		return false;
	for (i = 0; i < n; i++) {
		struct item *ref = same && i > 0 ? NULL : any_ref(w);

		if (ref != NULL && ref->stamp.off != 0)
			return false;
		storages[i] = ref != NULL ? ref->obj : storages[0];
		s[i] = ref != NULL ? ref->stamp : s[0];
		len = RTE_MIN(len, s[i].len);
	}
	if (mext_header_alloc_bulk(w->pool, mbufs, n) < 0)
		return true;
	for (i = 0; i < n; i++)
		CHECK(w, mext_storage_hold(storages[i], 1) == 0);
	CHECK(w, mext_attach_bulk(mbufs, storages, n, 0, len) == 0);
	for (i = 0; i < n; i++)
		keep_mbuf(w, mbufs[i], s[i]);
	return true;
}

/** What mext_detach() has to say about a packet whose header is nobody else's. */
static int
detach_result(struct rte_mbuf *m)
{
	if (RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return -ENOTSUP;
	if (mext_storage_from_mbuf(m) == NULL)
		return -EINVAL;
	return m->nb_segs > 1 ? -EMLINK : 0;
}

bool
op_detach(struct worker *w)
{
	struct rte_mbuf *m = any_mbuf(w);
	struct mext_storage *storage = NULL;
	struct stamp s;
	int ret;

	if (m == NULL || is_shared(m) || !has_room(w, 1, 0))
		return false;
	s = (struct stamp){ segment_of(m)->id, segment_of(m)->off, m->data_len };
	ret = detach_result(m);
	CHECK(w, mext_detach(m, &storage) == ret);
	CHECK(w, (storage != NULL) == (ret == 0));
	if (ret < 0) {
		check_mbuf(w, m);
		return true;
	}
	CHECK(w, m->pkt_len == 0 && m->data_len == 0 && RTE_MBUF_DIRECT(m));
	keep_ref(w, storage, s, 1);
	drop_slot(w, m);
	rte_pktmbuf_free(m);
	return true;
}

/** DPDK's own way to share: storage count, parent's refcnt or pair, whatever the packet is. */
bool
op_clone(struct worker *w)
{
	struct rte_mempool *mp = mext_pool_header_mempool(w->pool, SOCKET_ID_ANY);
	struct rte_mbuf *m = any_mbuf(w), *clone, *seg;

	if (m == NULL || is_shared(m) || !has_room(w, 0, 1))
		return false;
	clone = rte_pktmbuf_clone(m, mp);
	if (clone == NULL)
		return true;
	for (seg = clone; seg != NULL; seg = seg->next, m = m->next)
		*segment_of(seg) = *segment_of(m);
	w->mbufs[w->nb_mbufs++] = clone;
	return true;
}

/** Write a packet's bytes, which nobody else has yet. */
static void
fill_packet(struct worker *w, struct rte_mbuf *m)
{
	struct stamp s = { draw(w), m->data_off, 8 * (1 + draw(w) % 64) };
	char *data = rte_pktmbuf_append(m, s.len);

	CHECK(w, data != NULL);
	stamp(data, s);
	keep_mbuf(w, m, s);
}

bool
op_packet(struct worker *w)
{
	unsigned int i, n = 1 + draw(w) % BULK;
	struct rte_mbuf *mbufs[BULK];
	int ret;

	if (!has_room(w, 0, n))
		return false;
	ret = mext_packet_alloc_bulk(w->pool, mbufs, n);
	CHECK(w, ret == 0 || ret == -ENOBUFS);
	for (i = 0; ret == 0 && i < n; i++) {
		struct mext_storage *storage = mext_storage_from_mbuf(mbufs[i]);

		CHECK(w, storage != NULL && IS_PAIR(storage));
		check_fresh(w, storage, 512);
		CHECK(w, mext_storage_data(storage) == mbufs[i]->buf_addr);
		CHECK(w, rte_mbuf_refcnt_read(mbufs[i]) == 1 && mbufs[i]->next == NULL);
		fill_packet(w, mbufs[i]);
	}
	return true;
}

/** An mbuf as a NIC's receive queue takes it: bytes of its own, no storage. */
bool
op_direct(struct worker *w)
{
	struct rte_mempool *mp = mext_pool_rx_mempool(w->pool, SOCKET_ID_ANY);
	struct rte_mbuf *m;

	if (!has_room(w, 0, 1))
		return false;
	m = rte_pktmbuf_alloc(mp);
	if (m != NULL)
		fill_packet(w, m);
	return true;
}

/** Keep the bytes of a packet beyond the packet. */
bool
op_hold_packet(struct worker *w)
{
	struct rte_mbuf *m = any_mbuf(w);
	struct mext_storage *storage;

	if (m == NULL || !has_room(w, 1, 0))
		return false;
	storage = mext_storage_from_mbuf(m);
	if (storage == NULL)
		return false;
	CHECK(w, mext_storage_hold(storage, 1) == 0);
	keep_ref(w, storage, (struct stamp){ segment_of(m)->id, segment_of(m)->off, m->data_len },
			1);
	return true;
}

/** Give one header two owners. */
bool
op_share_header(struct worker *w)
{
	struct rte_mbuf *m = any_mbuf(w);

	if (m == NULL || is_shared(m) || m->nb_segs > 1 || !has_room(w, 0, 1))
		return false;
	segment_of(m)->shared = 1;
	rte_mbuf_refcnt_update(m, 1);
	w->mbufs[w->nb_mbufs++] = m;
	return true;
}

bool
op_chain(struct worker *w)
{
	struct rte_mbuf *head = any_mbuf(w), *tail = any_mbuf(w);

	if (head == NULL || head == tail || is_shared(head) || is_shared(tail) ||
			head->nb_segs + tail->nb_segs > 4)
		return false;
	CHECK(w, rte_pktmbuf_chain(head, tail) == 0);
	drop_slot(w, tail);
	return true;
}

bool
op_free(struct worker *w)
{
	if (w->nb_mbufs == 0)
		return false;
	rte_pktmbuf_free(take_mbuf(w));
	return true;
}

/** Take up to BULK packets, with gaps. @return entries used. */
static unsigned int
take_some(struct worker *w, struct rte_mbuf **mbufs)
{
	unsigned int i, n = 1 + draw(w) % BULK;

	for (i = 0; i < n; i++)
		mbufs[i] = w->nb_mbufs > 0 && draw(w) % 8 > 0 ? take_mbuf(w) : NULL;
	return n;
}

bool
op_free_bulk(struct worker *w)
{
	struct rte_mbuf *mbufs[BULK];
	unsigned int n = take_some(w, mbufs);

	mext_free_bulk(mbufs, n);
	return true;
}

bool
op_free_bulk_dpdk(struct worker *w)
{
	struct rte_mbuf *mbufs[BULK];
	unsigned int n = take_some(w, mbufs);

	rte_pktmbuf_free_bulk(mbufs, n);
	return true;
}

bool
op_send_packet(struct worker *w)
{
	struct item item = { .refs = 0 };

	if (w->nb_mbufs == 0 || rte_ring_full(w->out))
		return false;
	item.obj = take_mbuf(w);
	CHECK(w, rte_ring_enqueue_elem(w->out, &item, sizeof(item)) == 0);
	return true;
}

bool
op_send_storage(struct worker *w)
{
	struct item *ref = any_ref(w), item;

	if (ref == NULL || rte_ring_full(w->out))
		return false;
	item = *ref;
	item.refs = 1;
	take_ref(w, ref);
	CHECK(w, rte_ring_enqueue_elem(w->out, &item, sizeof(item)) == 0);
	return true;
}

bool
op_receive(struct worker *w)
{
	struct item item;
	bool any = false;

	while (has_room(w, 1, 1) && rte_ring_dequeue_elem(w->in, &item, sizeof(item)) == 0) {
		any = true;
		if (item.refs > 0) {
			check_ref(w, &item);
			w->refs[w->nb_refs++] = item;
		} else {
			check_mbuf(w, item.obj);
			w->mbufs[w->nb_mbufs++] = item.obj;
		}
	}
	return any;
}
