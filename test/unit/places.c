/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at the memory of packets: where bytes are, and who may write them. */
#include "dice.h"
#include "packets.h"
#include "storage.h"

struct rte_mbuf *
any_segment(const struct packet *p)
{
	unsigned int i = dice(p->m->nb_segs);
	struct rte_mbuf *m = p->m;

	while (i-- > 0)
		m = m->next;
	return m;
}

void
places_get(struct places *places, const struct rte_mbuf *m)
{
	unsigned int i;

	places->len = 0;
	for (; m != NULL; m = m->next) {
		assert_true(m->data_len <= PACKET_BYTES - places->len);
		for (i = 0; i < m->data_len; i++)
			places->at[places->len++] = rte_pktmbuf_mtod_offset(m, uint8_t *, i);
	}
}

void
places_same(const struct places *now, uint32_t off, const struct places *was, uint32_t off_was,
		uint32_t len)
{
	assert_true(off + len <= now->len && off_was + len <= was->len);
	if (len > 0)
		assert_memory_equal(&now->at[off], &was->at[off_was], len * sizeof(now->at[0]));
}

/** Bytes in a buffer with a count of its own: external, pinned, a pair. */
static bool
buffer_writable(const struct rte_mbuf *m)
{
	if (rte_mbuf_ext_refcnt_read(m->shinfo) != 1)
		return false;
	if (RTE_MBUF_HAS_PINNED_EXTBUF(m))
		return true;
	return origin_of(m->shinfo) != ORIGIN_FOREIGN &&
	       !mext_storage_is_readonly(storage_of(m->shinfo));
}

bool
segment_writable(const struct rte_mbuf *m)
{
	if (rte_mbuf_refcnt_read(m) != 1)
		return false;
	if (RTE_MBUF_CLONED(m)) {
		m = rte_mbuf_from_indirect((struct rte_mbuf *)(uintptr_t)m);
		if (rte_mbuf_refcnt_read(m) != 1)
			return false;
	}
	return RTE_MBUF_HAS_EXTBUF(m) || RTE_MBUF_HAS_PINNED_EXTBUF(m) ? buffer_writable(m) : true;
}

bool
bytes_writable(const struct rte_mbuf *m, size_t off, size_t len)
{
	size_t begin = 0;

	for (; m != NULL; begin += m->data_len, m = m->next) {
		if (RTE_MAX(begin, off) >= RTE_MIN(begin + m->data_len, off + len))
			continue;
		if (!segment_writable(m))
			return false;
	}
	return true;
}

/** What the bytes of a segment are held by. */
static const void *
holder_of(const struct rte_mbuf *m)
{
	if (RTE_MBUF_CLONED(m))
		m = rte_mbuf_from_indirect((struct rte_mbuf *)(uintptr_t)m);
	return RTE_MBUF_HAS_EXTBUF(m) || RTE_MBUF_HAS_PINNED_EXTBUF(m) ? (const void *)m->shinfo
								       : (const void *)m;
}

bool
shares_with_itself(const struct rte_mbuf *m)
{
	const struct rte_mbuf *other;

	for (; m != NULL; m = m->next)
		for (other = m->next; other != NULL; other = other->next)
			if (holder_of(m) == holder_of(other))
				return true;
	return false;
}

bool
headers_own(const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next)
		if (rte_mbuf_refcnt_read(m) != 1)
			return false;
	return true;
}
