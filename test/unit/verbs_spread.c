/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_lcore.h>

#include "dice.h"
#include "verbs.h"

#define LEAF_MAX 65534 /* references on one leaf */

static struct spread *
any_spread(struct packets *ps)
{
	struct spread *s = &ps->spreads[dice(PACKETS_SPREADS)];

	return s->spread != NULL && s->holds > 0 ? s : NULL;
}

static bool
is_leaf(const struct packets *ps, const struct mext_storage *storage)
{
	unsigned int i, j;

	for (i = 0; i < PACKETS_SPREADS; i++)
		for (j = 0; j < PACKETS_LCORES; j++)
			if (ps->spreads[i].spread != NULL && ps->spreads[i].leaf[j] == storage)
				return true;
	return false;
}

static void
step_create(struct packets *ps)
{
	struct held *held = held_any(ps);
	struct mext_spread *spread = UNTOUCHED;
	struct allowed allowed = { 0 };
	struct spread *s;
	int ret;

	for (s = ps->spreads; s < &ps->spreads[PACKETS_SPREADS] && s->spread != NULL; s++)
		;
	if (held == NULL || s == &ps->spreads[PACKETS_SPREADS])
		return;
	if ((mext_storage_flags(held->storage) & MEXT_STORAGE_PAIR) != 0 ||
			is_leaf(ps, held->storage))
		allowed.error = -ENOTSUP;
	TRACE("spread a storage of %zu\n", mext_storage_len(held->storage));
	attempt_begin(NULL);
	ret = mext_spread_create(ps->pools.pool, held->storage, &spread);
	if (!attempt_end(ps, ret, allowed)) {
		assert_ptr_equal(spread, UNTOUCHED);
		return;
	}
	assert_true(mext_storage_is_readonly(held->storage));
	*s = (struct spread){ .spread = spread, .root = held->storage, .holds = 1 };
	held->n--;
}

static void
step_hold(struct packets *ps)
{
	struct spread *s = any_spread(ps);
	unsigned int n = dice(3);

	if (s == NULL)
		return;
	TRACE("hold a spread %u times\n", n);
	assert_int_equal(mext_spread_hold(s->spread, n), 0);
	s->holds += n;
	if (dice(8) == 0)
		assert_int_equal(mext_spread_hold(s->spread, UINT32_MAX), -EOVERFLOW);
}

static void
step_let_go(struct packets *ps)
{
	struct spread *s = any_spread(ps);
	unsigned int n;

	if (s == NULL)
		return;
	n = dice(2) == 0 ? s->holds : dice(s->holds + 1);
	TRACE("let %u of %u holds of a spread go\n", n, s->holds);
	assert_int_equal(mext_spread_release(s->spread, n), 0);
	s->holds -= n;
}

static unsigned int
lcore_index(void)
{
	return RTE_MIN(rte_lcore_id(), PACKETS_LCORES - 1u);
}

/** More than a leaf may have is refused. */
static void
take_too_many(struct spread *s, const struct mext_storage *leaf)
{
	unsigned int left = LEAF_MAX + 1 - mext_storage_refcnt(leaf);
	struct mext_storage *again = UNTOUCHED;

	assert_int_equal(mext_spread_take(s->spread, left + 1, &again), -EOVERFLOW);
	assert_ptr_equal(again, UNTOUCHED);
	assert_int_equal(mext_spread_take(s->spread, left, &again), 0);
	assert_ptr_equal(again, leaf);
	assert_int_equal(mext_storage_release(again, left), 0);
}

static void
step_take(struct packets *ps)
{
	struct spread *s = any_spread(ps);
	struct mext_storage *leaf = UNTOUCHED;
	unsigned int n = dice(5), lcore = lcore_index(), i;

	if (s == NULL || held_free(ps) == NULL)
		return;
	TRACE("take %u of a spread\n", n);
	assert_int_equal(mext_spread_take(s->spread, n, &leaf), 0);
	if (s->leaf[lcore] == NULL)
		s->leaf[lcore] = leaf;
	for (i = 0; i < PACKETS_LCORES; i++)
		assert_int_equal(s->leaf[i] == leaf, i == lcore);
	assert_ptr_equal(mext_storage_data(leaf), mext_storage_data(s->root));
	assert_int_equal(mext_storage_len(leaf), mext_storage_len(s->root));
	assert_true(mext_storage_is_readonly(leaf));
	if (n > 0)
		held_add(ps, leaf, n);
	if (dice(16) == 0)
		take_too_many(s, leaf);
}

/** A range of a storage; seldom one that is not within it. */
static struct range
range_of(const struct held *held)
{
	size_t len = mext_storage_len(held->storage);
	struct range range = { 0 };

	range.off = dice(20) == 0 ? len + dice(3) : dice(len + 1);
	range.len = dice(20) == 0 ? len + dice(3) : dice(RTE_MIN(len, (size_t)POOLS_LEN) + 1);
	range.inside = range.off <= len && range.len <= len - range.off;
	return range;
}

static void
step_attach_chain(struct packets *ps)
{
	struct held *held = held_any(ps);
	struct rte_mbuf *m = UNTOUCHED;
	struct range range;
	struct meta meta;
	int ret;

	if (held == NULL || packets_room(ps) == 0)
		return;
	range = range_of(held);
	TRACE("attach %zu + %zu of a storage of %zu\n", range.off, range.len,
			mext_storage_len(held->storage));
	attempt_begin(NULL);
	ret = mext_attach_chain(ps->pools.pool, held->storage, range.off, range.len, &m);
	if (!attempt_end(ps, ret, (struct allowed){ .error = range.inside ? 0 : -ERANGE })) {
		assert_ptr_equal(m, UNTOUCHED);
		return;
	}
	held->n--;
	assert_int_equal(m->nb_segs, 1);
	assert_int_equal(rte_pktmbuf_headroom(m) + rte_pktmbuf_tailroom(m), 0);
	meta_random(m);
	meta_get(m, &meta);
	packets_add(ps, m, &held->bytes[range.off], range.len, &meta);
}

/** A storage that is longer than what one segment can name; gone again at the end of the step. */
static void
step_attach_long(struct packets *ps)
{
	size_t len = UINT16_MAX + dice(UINT16_MAX), off = dice(len);
	struct mext_storage *storage = pools_wrap(&ps->pools, len, false);
	struct rte_mbuf *m = UNTOUCHED, *seg;
	const char *at;
	int ret;

	if (storage == NULL)
		return;
	TRACE("attach %zu + %zu of a long storage\n", off, len - off);
	at = RTE_PTR_ADD(mext_storage_data(storage), off);
	attempt_begin(NULL);
	ret = mext_attach_chain(ps->pools.pool, storage, off, len - off, &m);
	if (!attempt_end(ps, ret, (struct allowed){ 0 })) {
		assert_ptr_equal(m, UNTOUCHED);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		return;
	}
	assert_int_equal(m->pkt_len, len - off);
	assert_int_equal(m->nb_segs, 1 + (len - off - 1) / UINT16_MAX);
	assert_int_equal(mext_storage_refcnt(storage), m->nb_segs);
	for (seg = m; seg != NULL; at += seg->data_len, seg = seg->next)
		assert_ptr_equal(rte_pktmbuf_mtod(seg, char *), at);
	mext_free_bulk(&m, 1);
}

const struct step spread_steps[] = {
	{ "create", 2, step_create },
	{ "hold", 1, step_hold },
	{ "let_go", 1, step_let_go },
	{ "take", 3, step_take },
	{ "attach_chain", 4, step_attach_chain },
	{ "attach_long", 1, step_attach_long },
	{ NULL, 0, NULL },
};
