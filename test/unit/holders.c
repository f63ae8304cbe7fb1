/* SPDX-License-Identifier: BSD-3-Clause */
#include "holders.h"

#include "fault.h"
#include "pool.h"
#include "storage.h"

#define MAX_NODES 2048
#define SLOTS 8192

/** A header, or the shared info of an external buffer. */
struct node {
	struct rte_mbuf was; /* a header as it is now, for later */
	void *object;
	bool header;
	unsigned int count;
	uint32_t packets; /* that reach it */
};

/** Objects of one mempool that are out. */
struct level {
	struct rte_mempool *mp;
	unsigned int out;
};

static struct {
	struct pools *p;
	struct node nodes[MAX_NODES];
	unsigned int nb_nodes;
	uint16_t slots[SLOTS]; /* index of a node plus 1, by a hash of its object */
	struct level levels[NB_KINDS + 3];
	unsigned int nb_levels;
	unsigned int foreign, wraps;
} all;

static void
add_level(struct rte_mempool *mp)
{
	if (mp != NULL)
		all.levels[all.nb_levels++] = (struct level){ mp, 0 };
}

void
holders_begin(struct pools *p)
{
	unsigned int kind;

	memset(all.slots, 0, sizeof(all.slots));
	all.nb_nodes = all.nb_levels = all.foreign = all.wraps = 0;
	all.p = p;
	for (kind = 0; kind < NB_KINDS; kind++)
		add_level(p->pool->sub[0].mp[kind]);
	add_level(mext_pool_rx_mempool(p->rx_pairs, SOCKET_ID_ANY));
	add_level(p->plain);
	add_level(p->pinned);
}

static void
object_out(const struct rte_mempool *mp)
{
	unsigned int i;

	for (i = 0; i < all.nb_levels && all.levels[i].mp != mp; i++)
		;
	if (i == all.nb_levels)
		fail_msg("an object of a mempool %s", mp->name);
	all.levels[i].out++;
}

/** The node of an object, which is new if its count is 0. */
static struct node *
node_of(void *object)
{
	unsigned int slot = ((uintptr_t)object >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 51;
	struct node *node;

	for (; all.slots[slot] > 0; slot = (slot + 1) % SLOTS) {
		node = &all.nodes[all.slots[slot] - 1];
		if (node->object == object)
			return node;
	}
	if (all.nb_nodes == MAX_NODES)
		fail_msg("more than %u mbufs and buffers", MAX_NODES);
	node = &all.nodes[all.nb_nodes++];
	all.slots[slot] = all.nb_nodes;
	node->object = object;
	node->header = false;
	node->count = node->packets = 0;
	return node;
}

/** Where an external buffer comes from, when it is met for the first time. */
static void
buffer_out(struct rte_mbuf_ext_shared_info *shinfo)
{
	switch (origin_of(shinfo)) {
	case ORIGIN_FOREIGN:
		if (shinfo->free_cb == all.p->pinned_cb)
			object_out(all.p->pinned);
		else
			all.foreign++;
		return;
	case ORIGIN_LEAF:
		return; /* a part of a spread */
	case ORIGIN_WRAP:
		all.wraps++;
		/* fall through */
	default:
		object_out(storage_of(shinfo)->mp);
	}
}

static void
hold_buffer(struct rte_mbuf_ext_shared_info *shinfo, unsigned int n, uint32_t packet)
{
	struct node *node = node_of(shinfo);

	if (node->count == 0)
		buffer_out(shinfo);
	node->count += n;
	node->packets |= packet;
}

static void
hold_header(struct rte_mbuf *m, uint32_t packet)
{
	bool pinned = RTE_MBUF_HAS_PINNED_EXTBUF(m);
	struct node *node = node_of(m);

	node->packets |= packet;
	if (RTE_MBUF_CLONED(m) && node->count > 0)
		node_of(rte_mbuf_from_indirect(m))->packets |= packet;
	if (node->count++ > 0)
		return;
	node->header = true;
	/* Bound to a buffer, a header is out for as long as that is. */
	if (!pinned)
		object_out(m->pool);
	if (RTE_MBUF_CLONED(m))
		hold_header(rte_mbuf_from_indirect(m), packet);
	else if (pinned || RTE_MBUF_HAS_EXTBUF(m))
		hold_buffer(m->shinfo, 1, packet);
}

void
holders_add_packet(struct rte_mbuf *m, unsigned int number)
{
	for (; m != NULL; m = m->next)
		hold_header(m, UINT32_C(1) << number);
}

void
holders_add_storage(struct mext_storage *storage, unsigned int n)
{
	if (n > 0)
		hold_buffer(&storage->shinfo, n, 0);
}

unsigned int
holders_of_storage(struct mext_storage *storage)
{
	return node_of(&storage->shinfo)->count;
}

void
holders_add_spread(struct mext_storage *root)
{
	object_out(all.p->pool->sub[0].mp[KIND_SPREAD]);
	hold_buffer(&root->shinfo, 1, 0);
}

static void
check_node(struct node *node)
{
	unsigned int count;

	if (node->header) {
		memcpy(&node->was, node->object, sizeof(node->was));
		count = rte_mbuf_refcnt_read(&node->was);
	} else {
		count = rte_mbuf_ext_refcnt_read(node->object);
	}
	if (count != node->count)
		fail_msg("%s %p stands at %u, but %u hold it", node->header ? "header" : "buffer",
				node->object, count, node->count);
}

void
holders_check(void)
{
	const struct level *level;
	unsigned int i;

	for (i = 0; i < all.nb_nodes; i++)
		if (all.nodes[i].count > 0)
			check_node(&all.nodes[i]);
	for (level = all.levels; level < &all.levels[all.nb_levels]; level++)
		if (fault_out(level->mp) != level->out)
			fail_msg("%u of %s are out, but %u can be reached", fault_out(level->mp),
					level->mp->name, level->out);
	assert_int_equal(all.p->foreign_live, all.foreign);
	assert_int_equal(all.p->wraps_live, all.wraps);
}

void
holders_unchanged(uint32_t touched)
{
	struct rte_mbuf copy;
	unsigned int i;

	for (i = 0; i < all.nb_nodes; i++) {
		struct node *node = &all.nodes[i];
		const struct rte_mbuf *m = node->object;

		if (!node->header || (node->packets & ~touched) == 0)
			continue;
		memcpy(&copy, m, sizeof(copy));
		copy.refcnt = node->was.refcnt;
		/* The mark that a driver has overwritten may be put back at any time. */
		if (RTE_MBUF_HAS_PINNED_EXTBUF(m) && !(node->was.ol_flags & RTE_MBUF_F_EXTERNAL))
			copy.ol_flags &= ~RTE_MBUF_F_EXTERNAL;
		if (memcmp(&copy, &node->was, sizeof(copy)) != 0)
			fail_msg("header %p has changed", node->object);
	}
}
