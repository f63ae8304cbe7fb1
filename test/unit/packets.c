/* SPDX-License-Identifier: BSD-3-Clause */
#include "packets.h"

#include "dice.h"
#include "holders.h"
#include "storage.h"

#define KIND_FLAGS (RTE_MBUF_F_EXTERNAL | RTE_MBUF_F_INDIRECT)

void
packets_create(struct packets *ps)
{
	memset(ps, 0, sizeof(*ps));
	pools_create(&ps->pools);
	packets_check(ps);
}

void
meta_get(const struct rte_mbuf *m, struct meta *meta)
{
	memset(meta, 0, sizeof(*meta));
	meta->ol_flags = m->ol_flags & ~KIND_FLAGS;
	meta->tx_offload = m->tx_offload;
	memcpy(&meta->hash, &m->hash, sizeof(m->hash));
	meta->packet_type = m->packet_type;
	memcpy(meta->dynfield1, m->dynfield1, sizeof(m->dynfield1));
	meta->port = m->port;
	meta->vlan_tci = m->vlan_tci;
	meta->vlan_tci_outer = m->vlan_tci_outer;
}

void
meta_random(struct rte_mbuf *m)
{
	struct meta meta;

	static_assert(sizeof(meta.hash) == sizeof(m->hash), "hash");
	static_assert(sizeof(meta.dynfield1) == sizeof(m->dynfield1), "dynfield1");
	dice_fill(&meta, sizeof(meta));
	m->ol_flags = (m->ol_flags & KIND_FLAGS) | (meta.ol_flags & ~KIND_FLAGS);
	m->tx_offload = meta.tx_offload;
	memcpy(&m->hash, &meta.hash, sizeof(m->hash));
	m->packet_type = meta.packet_type;
	memcpy(m->dynfield1, meta.dynfield1, sizeof(m->dynfield1));
	m->port = meta.port;
	m->vlan_tci = meta.vlan_tci;
	m->vlan_tci_outer = meta.vlan_tci_outer;
}

static void
check_packet(const struct packet *p)
{
	const struct rte_mbuf *m = p->m;
	unsigned int nb_segs = 0;
	const char *reason;
	struct meta meta;
	uint32_t len = 0;

	if (rte_mbuf_check(m, 1, &reason) != 0)
		fail_msg("packet %p: %s", (const void *)m, reason);
	for (; m != NULL; m = m->next, nb_segs++) {
		if (m->data_len > p->len - len || m->data_off + m->data_len > m->buf_len)
			fail_msg("segment %u has %u bytes", nb_segs, m->data_len);
		if (m->data_len == 0)
			continue;
		if (memcmp(rte_pktmbuf_mtod(m, void *), &p->bytes[len], m->data_len) != 0)
			fail_msg("segment %u of %u says something else", nb_segs, p->m->nb_segs);
		/* With IO addresses that are virtual ones. */
		if (rte_pktmbuf_iova(m) != (uintptr_t)rte_pktmbuf_mtod(m, void *))
			fail_msg("segment %u has a wrong IO address", nb_segs);
		len += m->data_len;
	}
	assert_int_equal(len, p->len);
	assert_int_equal(p->m->pkt_len, p->len);
	assert_int_equal(p->m->nb_segs, nb_segs);
	meta_get(p->m, &meta);
	if (memcmp(&meta, &p->meta, sizeof(meta)) != 0)
		fail_msg("metadata of a packet of %u segments has changed", nb_segs);
}

static bool
spread_in_use(const struct spread *s)
{
	unsigned int i;

	for (i = 0; i < PACKETS_LCORES; i++)
		if (s->leaf[i] != NULL && holders_of_storage(s->leaf[i]) > 0)
			return true;
	return s->holds > 0;
}

/** Spreads that nothing is left of have gone by themselves. */
static void
add_spreads(struct packets *ps)
{
	struct spread *s;
	unsigned int i;

	for (s = ps->spreads; s < &ps->spreads[PACKETS_SPREADS]; s++) {
		if (s->spread == NULL)
			continue;
		if (!spread_in_use(s)) {
			s->spread = NULL;
			continue;
		}
		holders_add_spread(s->root);
		for (i = 0; s->holds > 0 && i < PACKETS_LCORES; i++)
			if (s->leaf[i] != NULL)
				holders_add_storage(s->leaf[i], 1);
	}
}

void
packets_check(struct packets *ps)
{
	unsigned int i;

	holders_unchanged(ps->touched);
	ps->touched = 0;
	holders_begin(&ps->pools);
	for (i = 0; i < PACKETS_MAX; i++) {
		if (ps->packets[i].m == NULL)
			continue;
		holders_add_packet(ps->packets[i].m, i);
		check_packet(&ps->packets[i]);
	}
	for (i = 0; i < PACKETS_HELD; i++) {
		const struct held *held = &ps->held[i];

		if (held->n == 0)
			continue;
		holders_add_storage(held->storage, held->n);
		assert_memory_equal(mext_storage_data(held->storage), held->bytes,
				mext_storage_len(held->storage));
	}
	add_spreads(ps);
	holders_check();
}

struct packet *
packets_any(struct packets *ps)
{
	unsigned int start = dice(PACKETS_MAX), i;
	struct packet *p;

	for (i = 0; i < PACKETS_MAX; i++) {
		p = &ps->packets[(start + i) % PACKETS_MAX];
		if (p->m != NULL && p->m->nb_segs <= PACKET_SEGS)
			return p;
	}
	return NULL;
}

unsigned int
packets_room(const struct packets *ps)
{
	unsigned int i, room = 0;

	for (i = 0; i < PACKETS_MAX; i++)
		if (ps->packets[i].m == NULL)
			room++;
	return room;
}

void
packets_touch(struct packets *ps, const struct packet *p)
{
	ps->touched |= UINT32_C(1) << (p - ps->packets);
}

struct packet *
packets_add(struct packets *ps, struct rte_mbuf *m, const void *bytes, uint32_t len,
		const struct meta *meta)
{
	struct packet *p = ps->packets;

	while (p->m != NULL)
		p++;
	assert_true(p < &ps->packets[PACKETS_MAX] && len <= PACKET_BYTES);
	p->m = m;
	p->meta = *meta;
	p->len = len;
	memmove(p->bytes, bytes, len);
	return p;
}

struct held *
held_free(struct packets *ps)
{
	struct held *held;

	for (held = ps->held; held < &ps->held[PACKETS_HELD]; held++)
		if (held->n == 0)
			return held;
	return NULL;
}

struct held *
held_any(struct packets *ps)
{
	unsigned int start = dice(PACKETS_HELD), i;

	for (i = 0; i < PACKETS_HELD; i++)
		if (ps->held[(start + i) % PACKETS_HELD].n > 0)
			return &ps->held[(start + i) % PACKETS_HELD];
	return NULL;
}

void
held_add(struct packets *ps, struct mext_storage *storage, unsigned int n)
{
	struct held *held;

	for (held = ps->held; held < &ps->held[PACKETS_HELD]; held++) {
		if (held->n > 0 && held->storage == storage) {
			held->n += n;
			return;
		}
	}
	held = held_free(ps);
	assert_non_null(held);
	assert_true(mext_storage_len(storage) <= sizeof(held->bytes));
	held->storage = storage;
	held->n = n;
	memcpy(held->bytes, mext_storage_data(storage), mext_storage_len(storage));
}
