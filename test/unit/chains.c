/* SPDX-License-Identifier: BSD-3-Clause */
#include "chains.h"

/** Set the length of an mbuf that is a packet by itself. */
static struct rte_mbuf *
of_len(struct rte_mbuf *m, uint16_t len)
{
	assert_non_null(m);
	assert_true(m->data_off + (uint32_t)len <= m->buf_len);
	m->data_len = len;
	m->pkt_len = len;
	return m;
}

struct rte_mbuf *
seg_direct(struct world *w, uint16_t len)
{
	return of_len(rte_pktmbuf_alloc(w->plain), len);
}

struct rte_mbuf *
seg_clone(struct world *w, uint16_t len)
{
	struct rte_mbuf *m = seg_direct(w, len), *clone;

	clone = rte_pktmbuf_clone(m, mext_pool_header_mempool(w->pool, SOCKET_ID_ANY));
	assert_non_null(clone);
	rte_pktmbuf_free(m);
	return clone;
}

struct rte_mbuf *
seg_pinned(struct world *w, uint16_t len)
{
	return of_len(rte_pktmbuf_alloc(w->pinned), len);
}

struct rte_mbuf *
seg_foreign(struct world *w, uint16_t len)
{
	struct rte_mbuf *m = world_header(w);

	world_attach_foreign(w, m);
	m->data_off = 10;
	return of_len(m, len);
}

struct rte_mbuf *
seg_pair(struct world *w, uint16_t len)
{
	return of_len(mext_packet_alloc(w->pool), len);
}

static struct rte_mbuf *
attached(struct world *w, struct mext_storage *storage, uint16_t len)
{
	struct rte_mbuf *m = world_header(w);

	assert_int_equal(mext_attach(m, storage, 0, len), 0);
	return m;
}

struct rte_mbuf *
seg_storage(struct world *w, uint16_t len)
{
	return attached(w, world_storage(w, len), len);
}

struct rte_mbuf *
seg_readonly(struct world *w, uint16_t len)
{
	return attached(w, world_wrap(w, RTE_MAX(len, 1)), len);
}

struct rte_mbuf *
seg_writable(struct world *w, uint16_t len)
{
	struct mext_storage *storage = world_wrap(w, RTE_MAX(len, 1));

	storage->flags &= ~MEXT_STORAGE_READONLY;
	return attached(w, storage, len);
}

struct rte_mbuf *
seg_leaf(struct world *w, uint16_t len)
{
	struct mext_spread *spread;
	struct mext_storage *leaf;

	assert_int_equal(mext_spread_create(w->pool, world_storage(w, len), &spread), 0);
	assert_int_equal(mext_spread_take(spread, 1, &leaf), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	return attached(w, leaf, len);
}

uint8_t
pattern(size_t i)
{
	return i * 167 + (i >> 8) * 59 + (i >> 16) * 31;
}

void
fill_other(void *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = ~pattern(3 * i + 1);
}

static void
set_metadata(struct rte_mbuf *m)
{
	unsigned int i;

	m->port = 7;
	m->vlan_tci = 0x123;
	m->vlan_tci_outer = 0x456;
	m->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4;
	m->hash.fdir.lo = 0xdeadbeef;
	m->hash.fdir.hi = 0x01234567;
	m->tx_offload = 0x7766554433221100;
	m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_TX_IP_CKSUM;
	for (i = 0; i < RTE_DIM(m->dynfield1); i++)
		m->dynfield1[i] = 0xc0ffee00 + i;
}

static bool
has_metadata(const struct rte_mbuf *m)
{
	const uint64_t kind = RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT;
	struct rte_mbuf want = { .ol_flags = 0 };

	set_metadata(&want);
	return m->port == want.port && m->vlan_tci == want.vlan_tci &&
	       m->vlan_tci_outer == want.vlan_tci_outer && m->packet_type == want.packet_type &&
	       memcmp(&m->hash, &want.hash, sizeof(m->hash)) == 0 &&
	       m->tx_offload == want.tx_offload && (m->ol_flags & ~kind) == want.ol_flags &&
	       memcmp(m->dynfield1, want.dynfield1, sizeof(m->dynfield1)) == 0;
}

struct rte_mbuf *
chain_make(struct world *w, const struct seg *segs, unsigned int n)
{
	struct rte_mbuf *head = NULL, **at = &head;
	size_t len = 0, i;
	unsigned int s;

	for (s = 0; s < n; s++) {
		*at = segs[s].make(w, segs[s].len);
		for (i = 0; i < segs[s].len; i++)
			*rte_pktmbuf_mtod_offset(*at, uint8_t *, i) = pattern(len + i);
		len += segs[s].len;
		at = &(*at)->next;
	}
	head->nb_segs = n;
	head->pkt_len = len;
	set_metadata(head);
	return head;
}

struct rte_mbuf *
seg_at(struct rte_mbuf *m, unsigned int i)
{
	for (; i > 0; i--)
		m = m->next;
	assert_non_null(m);
	return m;
}

uint16_t
seg_count(struct rte_mbuf *seg)
{
	if (RTE_MBUF_HAS_EXTBUF(seg))
		return rte_mbuf_ext_refcnt_read(seg->shinfo);
	return rte_mbuf_refcnt_read(RTE_MBUF_CLONED(seg) ? rte_mbuf_from_indirect(seg) : seg);
}

void
seg_set_count(struct rte_mbuf *seg, uint16_t count)
{
	if (RTE_MBUF_HAS_EXTBUF(seg))
		rte_mbuf_ext_refcnt_set(seg->shinfo, count);
	else
		rte_mbuf_refcnt_set(
				RTE_MBUF_CLONED(seg) ? rte_mbuf_from_indirect(seg) : seg, count);
}

uint16_t
seg_most(const struct rte_mbuf *seg)
{
	return RTE_MBUF_HAS_EXTBUF(seg) ? UINT16_MAX : UINT16_MAX - 1;
}

uint8_t *
read_out(const struct rte_mbuf *m, size_t at, size_t len)
{
	uint8_t *bytes = malloc(len + 1), *to = bytes;
	size_t part;

	assert_non_null(bytes);
	for (; len > 0; m = m->next) {
		assert_non_null(m);
		if (at >= m->data_len) {
			at -= m->data_len;
			continue;
		}
		part = RTE_MIN(len, m->data_len - at);
		memcpy(to, rte_pktmbuf_mtod_offset(m, const uint8_t *, at), part);
		to += part;
		len -= part;
		at = 0;
	}
	return bytes;
}

void
check_same(uint8_t *is, uint8_t *want, size_t len, const char *file, int line)
{
	size_t i;

	for (i = 0; i < len && is[i] == want[i]; i++)
		;
	if (i < len) {
		print_error("byte %zu of %zu is 0x%02x, expected 0x%02x\n", i, len, is[i], want[i]);
		_fail(file, line);
	}
	free(is);
	free(want);
}

void
check_bytes(const struct rte_mbuf *m, size_t at, size_t from, size_t len, const char *file,
		int line)
{
	uint8_t *want = malloc(len + 1);
	size_t i;

	assert_non_null(want);
	for (i = 0; i < len; i++)
		want[i] = pattern(from + i);
	check_same(read_out(m, at, len), want, len, file, line);
}

void
check_other(const struct rte_mbuf *m, size_t at, size_t len, const char *file, int line)
{
	uint8_t *want = malloc(len + 1);

	assert_non_null(want);
	fill_other(want, len);
	check_same(read_out(m, at, len), want, len, file, line);
}

void
check_sound(const struct rte_mbuf *m, size_t len, const char *file, int line)
{
	const struct rte_mbuf *seg;
	const char *why = NULL;
	unsigned int n = 0;
	size_t sum = 0;

	for (seg = m; seg != NULL; seg = seg->next, n++) {
		sum += seg->data_len;
		if (seg->data_off + (uint32_t)seg->data_len > seg->buf_len)
			why = "a segment's bytes are not all in its buffer";
		if (rte_mbuf_check(seg, seg == m, &why) < 0)
			break;
		if (seg_count((struct rte_mbuf *)(uintptr_t)seg) == 0)
			why = "nobody holds a segment's bytes";
	}
	if (why == NULL && (n != m->nb_segs || sum != m->pkt_len || sum != len))
		why = "its numbers are wrong";
	if (why == NULL && !has_metadata(m))
		why = "the head has other metadata";
	if (why == NULL)
		return;
	print_error("%s: %u segments of %u, %zu bytes of %u, expected are %zu\n", why, n,
			m->nb_segs, sum, m->pkt_len, len);
	_fail(file, line);
}

void
check_packet(const struct rte_mbuf *m, size_t from, size_t len, const char *file, int line)
{
	check_sound(m, len, file, line);
	check_bytes(m, 0, from, len, file, line);
}

void
check_lens(const struct rte_mbuf *m, const unsigned int *lens, unsigned int n, const char *file,
		int line)
{
	unsigned int i;

	for (i = 0; i < n && m != NULL && m->data_len == lens[i]; i++)
		m = m->next;
	if (i == n && m == NULL)
		return;
	print_error("segment %u of %u has %d bytes\n", i, n, m != NULL ? (int)m->data_len : -1);
	_fail(file, line);
}
