/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>

#include "dice.h"
#include "kinds.h"
#include "verbs.h"

#define SEGS 6 /* most in a new packet */

static void
step_make(struct packets *ps)
{
	struct rte_mbuf *head = NULL, *last = NULL, *m;
	unsigned int n = 1 + dice(SEGS);
	uint8_t bytes[SEGS * POOLS_LEN];
	struct meta meta;
	uint32_t len = 0;

	if (packets_room(ps) == 0)
		return;
	while (n-- > 0 && (m = pools_segment(&ps->pools)) != NULL) {
		memcpy(&bytes[len], rte_pktmbuf_mtod(m, void *), m->data_len);
		len += m->data_len;
		if (head == NULL) {
			head = last = m;
			continue;
		}
		last->next = m;
		last = m;
		head->nb_segs++;
		head->pkt_len += m->data_len;
	}
	if (head == NULL)
		return;
	TRACE("make %u in %u segments\n", len, head->nb_segs);
	meta_random(head);
	meta_get(head, &meta);
	packets_add(ps, head, bytes, len, &meta);
}

static void
step_clone(struct packets *ps)
{
	struct rte_mempool *mp = mext_pool_header_mempool(ps->pools.pool, SOCKET_ID_ANY);
	struct packet *p = packets_any(ps);
	struct rte_mbuf *clone;

	if (dice(4) == 0)
		mp = ps->pools.plain;
	if (p == NULL || mp == NULL || packets_room(ps) == 0)
		return;
	TRACE("clone %u\n", p->len);
	clone = rte_pktmbuf_clone(p->m, mp);
	if (clone != NULL)
		packets_add(ps, clone, p->bytes, p->len, &p->meta);
}

/** One more owner of the same headers. */
static void
step_retain(struct packets *ps)
{
	struct packet *p = packets_any(ps);

	if (p == NULL || packets_room(ps) == 0)
		return;
	TRACE("retain %u\n", p->len);
	rte_pktmbuf_refcnt_update(p->m, 1);
	packets_add(ps, p->m, p->bytes, p->len, &p->meta);
}

static void
step_meta(struct packets *ps)
{
	struct packet *p = packets_any(ps);

	if (p == NULL || rte_mbuf_refcnt_read(p->m) > 1)
		return;
	TRACE("change metadata of %u\n", p->len);
	packets_touch(ps, p);
	meta_random(p->m);
	meta_get(p->m, &p->meta);
}

static void
step_free(struct packets *ps)
{
	const struct free_way *way = &free_ways[dice(nb_free_ways)];
	unsigned int most = dice(20) == 0 ? PACKETS_MAX : 1 + dice(3);
	unsigned int start = dice(PACKETS_MAX), n = 0, i;
	struct rte_mbuf *mbufs[PACKETS_MAX];

	for (i = 0; n < most && i < PACKETS_MAX; i++) {
		struct packet *p = &ps->packets[(start + i) % PACKETS_MAX];

		if (p->m == NULL)
			continue;
		packets_touch(ps, p);
		mbufs[n++] = p->m;
		p->m = NULL;
	}
	TRACE("free %u by %s\n", n, way->name);
	way->free(mbufs, n);
}

/** Reference the storage behind a segment, too. */
static void
step_hold(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct mext_storage *storage;
	unsigned int n = 1 + dice(3);

	if (p == NULL || held_free(ps) == NULL)
		return;
	storage = mext_storage_from_mbuf(any_segment(p));
	if (storage == NULL || mext_storage_len(storage) > PACKET_BYTES)
		return;
	TRACE("hold a storage of %zu %u times\n", mext_storage_len(storage), n);
	assert_int_equal(mext_storage_hold(storage, n), 0);
	held_add(ps, storage, n);
}

static void
step_storage(struct packets *ps)
{
	struct mext_storage *storage;

	if (held_free(ps) == NULL)
		return;
	storage = pools_storage(&ps->pools);
	if (storage == NULL)
		return;
	TRACE("a new storage of %zu\n", mext_storage_len(storage));
	held_add(ps, storage, 1);
}

static void
step_release(struct packets *ps)
{
	struct held *held = held_any(ps);
	unsigned int n;

	if (held == NULL)
		return;
	n = dice(2) == 0 ? held->n : dice(held->n + 1);
	TRACE("release %u of %u\n", n, held->n);
	assert_int_equal(mext_storage_release(held->storage, n), 0);
	held->n -= n;
}

static void
step_readonly(struct packets *ps)
{
	struct held *held = held_any(ps);

	if (held == NULL)
		return;
	TRACE("make a storage read-only\n");
	if ((mext_storage_flags(held->storage) & MEXT_STORAGE_PAIR) != 0)
		assert_int_equal(mext_storage_set_readonly(held->storage), -ENOTSUP);
	else
		assert_int_equal(mext_storage_set_readonly(held->storage), 0);
}

/** Go on as another lcore, or as a thread that is none. */
static void
step_lcore(struct packets *ps __rte_unused)
{
	unsigned int lcore = dice(PACKETS_LCORES);

	TRACE("lcore %u\n", lcore);
	RTE_PER_LCORE(_lcore_id) = lcore < 2 ? lcore : LCORE_ID_ANY;
}

const struct step own_steps[] = {
	{ "make", 8, step_make },
	{ "clone", 3, step_clone },
	{ "retain", 2, step_retain },
	{ "meta", 1, step_meta },
	{ "free", 7, step_free },
	{ "hold", 2, step_hold },
	{ "storage", 2, step_storage },
	{ "release", 4, step_release },
	{ "readonly", 1, step_readonly },
	{ "lcore", 1, step_lcore },
	{ NULL, 0, NULL },
};
