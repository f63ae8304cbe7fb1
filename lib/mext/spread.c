/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>

#include <rte_lcore.h>

#include <mext_spread.h>

#include "log.h"
#include "pool.h"
#include "put.h"
#include "ref.h"
#include "storage.h"

/** Lcore ids up to the highest one in use. */
static unsigned int
lcores_in_use(void)
{
	unsigned int lcore, n = 0;

	for (lcore = 0; lcore < RTE_MAX_LCORE; lcore++)
		if (!rte_lcore_has_role(lcore, ROLE_OFF))
			n = lcore + 1;
	return n;
}

size_t
mextp_spread_bytes(void)
{
	return sizeof(struct mext_spread) + (lcores_in_use() + 1) * sizeof(struct leaf);
}

void
mextp_spread_init(struct mext_spread *spread, struct rte_mempool *mp)
{
	unsigned int i;

	spread->holders = 0;
	spread->live = 0;
	spread->nb_leaves = (mp->elt_size - sizeof(*spread)) / sizeof(struct leaf);
	spread->mp = mp;
	spread->root = NULL;
	for (i = 0; i < spread->nb_leaves; i++) {
		struct mext_storage *leaf = &spread->leaves[i].storage;

		mextp_storage_init(leaf, mp, mextp_leaf_free_cb, MEXT_STORAGE_LEAF);
		leaf->leaf = i;
	}
}

/** Put every leaf at its bias, over the bytes of the root. */
static void
plant(struct mext_spread *spread, struct mext_storage *root)
{
	const uint32_t of_root = MEXT_STORAGE_WRAPPED | MEXT_STORAGE_SCATTERED;
	unsigned int i;

	spread->root = root;
	spread->holders = 1;
	spread->live = spread->nb_leaves;
	for (i = 0; i < spread->nb_leaves; i++) {
		struct mext_storage *leaf = &spread->leaves[i].storage;

		RTE_ASSERT(ref_load(&leaf->shinfo) == 0);
		leaf->flags = MEXT_STORAGE_LEAF | MEXT_STORAGE_READONLY |
			      (mext_storage_flags(root) & of_root);
		leaf->len = root->len;
		leaf->base = root->base;
		leaf->iova = root->iova;
		ref_store(&leaf->shinfo, 1);
	}
}

int
mext_spread_create(
		struct mext_pool *pool, struct mext_storage *storage, struct mext_spread **spread)
{
	struct mext_spread *made;
	int ret;

	if (storage == NULL)
		return -EINVAL;
	if ((mext_storage_flags(storage) & (MEXT_STORAGE_PAIR | MEXT_STORAGE_LEAF)) != 0)
		return -ENOTSUP;
	if (is_free(storage))
		return -EINVAL;
	ret = pool_get_bulk(pool, KIND_SPREAD, KIND_SPREAD, (void **)&made, 1);
	if (ret < 0) {
		count_add(pool, COUNTER(alloc_failures), 1);
		return ret;
	}
	mext_storage_set_readonly(storage);
	plant(made, storage);
	*spread = made;
	return 0;
}

/** The last leaf is at 0: nobody can reach the spread any more. */
static void
give_back(struct mext_spread *spread)
{
	struct mext_storage *root = spread->root;

	/* Acquire: pairs with the releases of those that brought the other leaves to 0. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	rte_mempool_put(spread->mp, spread);
	mext_storage_release(root, 1);
}

static void
leaves_gone(struct mext_spread *spread, uint32_t n)
{
	/* Release: pairs with the fence in give_back(). */
	if (n > 0 && __atomic_sub_fetch(&spread->live, n, __ATOMIC_RELEASE) == 0)
		give_back(spread);
}

void
mextp_spread_leaf_gone(struct mext_storage *leaf)
{
	const struct leaf *leaves = (const struct leaf *)leaf - leaf->leaf;

	leaves_gone(RTE_PTR_SUB(leaves, offsetof(struct mext_spread, leaves)), 1);
}

/** Nobody attaches any more: take the bias off every leaf. */
static void
uproot(struct mext_spread *spread)
{
	const unsigned int nb_leaves = spread->nb_leaves;
	uint32_t gone = 0;
	unsigned int i;

	/*
	 * A leaf that is not at 0, or not counted yet, keeps the spread, whatever becomes of the others
	 * meanwhile; behind the last one with gone 0 it may be somebody else's already.
	 */
	for (i = 0; i < nb_leaves; i++)
		if (ref_drop(&spread->leaves[i].storage.shinfo, 1) == 1)
			gone++;
	leaves_gone(spread, gone);
}

int
mext_spread_hold(struct mext_spread *spread, unsigned int n)
{
	/* Relaxed: the caller has a hold already, nothing is published by one more. */
	uint32_t holders = __atomic_load_n(&spread->holders, __ATOMIC_RELAXED);

	do {
		if (holders == 0)
			return -EINVAL;
		if (n > UINT32_MAX - holders)
			return -EOVERFLOW;
	} while (!__atomic_compare_exchange_n(&spread->holders, &holders, holders + n, true,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

static __rte_noinline int
refuse_release(const struct mext_spread *spread, unsigned int n, uint32_t holders)
{
	static uint8_t logged;

	count_add(pool_of(spread->mp), COUNTER(bad_releases), 1);
	if (__atomic_exchange_n(&logged, 1, __ATOMIC_RELAXED) == 0)
		MEXT_LOG(ERR,
				"spread %p of %s: %u holds to drop, but it has %u: released twice "
				"(further ones are counted only)",
				(const void *)spread, spread->mp->name, n, holders);
	return -EINVAL;
}

int
mext_spread_release(struct mext_spread *spread, unsigned int n)
{
	uint32_t holders = __atomic_load_n(&spread->holders, __ATOMIC_RELAXED);

	if (n == 0)
		return 0;
	do {
		if (n > holders)
			return refuse_release(spread, n, holders);
		/* Release and acquire: the last one comes after all that other holders have attached. */
	} while (!__atomic_compare_exchange_n(&spread->holders, &holders, holders - n, true,
			__ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	if (holders == n)
		uproot(spread);
	return 0;
}

int
mext_spread_take(struct mext_spread *spread, unsigned int n, struct mext_storage **leaf)
{
	unsigned int i = RTE_MIN(rte_lcore_id(), spread->nb_leaves - 1);
	struct mext_storage *storage = &spread->leaves[i].storage;
	int ret = ref_take(&storage->shinfo, n);

	if (likely(ret == 0))
		*leaf = storage;
	return ret;
}
