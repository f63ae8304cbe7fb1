/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations against a plain model; after every one the pool is as the model says.
 * MEXT_SEED and MEXT_STEPS repeat a run or make it longer.
 */
#include "dice.h"
#include "kinds.h"
#include "model.h"

#define MOST 8 /* in one bulk */

static struct model model;

/** Any storage with so many references of the application's; NULL: none has. */
static struct model_storage *
any_storage(unsigned int owned)
{
	unsigned int start = dice(MODEL_MAX), i;
	struct model_storage *s;

	for (i = 0; i < MODEL_MAX; i++) {
		s = &model.storages[(start + i) % MODEL_MAX];
		if (s->live && s->owned >= owned)
			return s;
	}
	return NULL;
}

static struct model_packet *
any_packet(void)
{
	unsigned int start = dice(MODEL_MAX), i;
	struct model_packet *p;

	for (i = 0; i < MODEL_MAX; i++) {
		p = &model.packets[(start + i) % MODEL_MAX];
		if (p->live)
			return p;
	}
	return NULL;
}

static const struct model_mbuf *
first_mbuf(const struct model_packet *p)
{
	return &model.mbufs[p->seg[0]];
}

static void
op_alloc_storages(void)
{
	static const size_t sizes[] = { WORLD_SMALL, WORLD_MEDIUM, WORLD_LARGE };
	unsigned int n = 1 + dice(MOST), class = dice(8) == 0 ? 2 : dice(2), kind, i;
	struct mext_storage *storages[MOST];
	uint64_t left = 0;

	for (kind = class; kind <= MODEL_CLASS2; kind++)
		left += model_left(&model, kind);
	if (mext_storage_alloc_bulk(model.w->pool, sizes[class], storages, n) != 0) {
		assert_true(left < n);
		model.expected.alloc_failures++;
		return;
	}
	assert_true(left >= n);
	for (i = 0; i < n; i++) {
		for (kind = 0; sizes[kind] != mext_storage_len(storages[i]); kind++)
			;
		model_storage_out(&model, storages[i], kind);
	}
}

static void
op_wrap(void)
{
	if (model_left(&model, MODEL_WRAPS) > 0)
		model_storage_out(&model, world_wrap(model.w, 64 + dice(1000)), MODEL_WRAPS);
}

static void
op_hold(void)
{
	struct model_storage *s = any_storage(0);
	unsigned int n = dice(16) == 0 ? dice(UINT16_MAX + 2) : dice(4);

	if (s == NULL)
		return;
	if (model_count(s) + n > MEXT_REFCNT_MAX) {
		assert_int_equal(mext_storage_hold(s->storage, n), -EOVERFLOW);
		return;
	}
	assert_int_equal(mext_storage_hold(s->storage, n), 0);
	s->owned += n;
}

static void
op_release(void)
{
	struct model_storage *s = any_storage(1);
	unsigned int n;

	if (s == NULL)
		return;
	n = dice(2) == 0 ? s->owned : dice(s->owned + 1);
	assert_int_equal(mext_storage_release(s->storage, n), 0);
	if (n > 0)
		model_release(&model, s, n);
}

static void
op_release_bulk(void)
{
	struct mext_storage *storages[MOST];
	struct model_storage *s = NULL;
	unsigned int n = dice(MOST + 1), i;

	for (i = 0; i < n; i++) {
		if (s == NULL || s->owned == 0 || !s->live || dice(2) == 0)
			s = dice(8) == 0 ? NULL : any_storage(1);
		storages[i] = s != NULL ? s->storage : NULL;
		if (s != NULL)
			model_release(&model, s, 1);
	}
	mext_storage_release_bulk(storages, n);
}

static void
op_headers(void)
{
	struct rte_mbuf *mbufs[MOST];
	unsigned int n = 1 + dice(MOST), i;

	if (mext_header_alloc_bulk(model.w->pool, mbufs, n) != 0) {
		assert_true(model_left(&model, MODEL_HEADERS) < n);
		model.expected.header_failures++;
		return;
	}
	model.expected.header_allocs += n;
	for (i = 0; i < n; i++)
		model_mbuf_out(&model, mbufs[i], MODEL_HEADERS, -1, -1);
}

static void
op_attach_new(void)
{
	struct mext_storage *storages[MOST];
	struct rte_mbuf *mbufs[MOST];
	struct model_storage *s[MOST];
	unsigned int n = 1 + dice(MOST), i;

	for (i = 0; i < n; i++) {
		s[i] = any_storage(n); /* it may come up in every entry */
		if (s[i] == NULL || s[i]->kind == MODEL_PAIRS)
			return;
		storages[i] = s[i]->storage;
	}
	if (mext_attach_new_bulk(model.w->pool, mbufs, storages, n, dice(10), dice(50)) != 0) {
		assert_true(model_left(&model, MODEL_HEADERS) < n);
		model.expected.header_failures++;
		return;
	}
	model.expected.header_allocs += n;
	model.expected.attaches += n;
	for (i = 0; i < n; i++) {
		s[i]->owned--;
		model_mbuf_out(&model, mbufs[i], MODEL_HEADERS, s[i] - model.storages, -1);
	}
}

static void
op_packets(void)
{
	struct rte_mbuf *mbufs[MOST];
	unsigned int n = 1 + dice(MOST), i;
	int storage;

	if (mext_packet_alloc_bulk(model.w->pool, mbufs, n) != 0) {
		assert_true(model_left(&model, MODEL_PAIRS) < n);
		model.expected.alloc_failures++;
		return;
	}
	for (i = 0; i < n; i++) {
		if (dice(4) == 0)
			mbufs[i]->ol_flags = 0; /* a driver */
		storage = model_storage_out(&model, mext_storage_from_mbuf(mbufs[i]), MODEL_PAIRS);
		model.storages[storage].owned = 0;
		model_mbuf_out(&model, mbufs[i], MODEL_PAIRS, storage, -1);
	}
}

static void
op_receive(void)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mext_pool_rx_mempool(model.w->pool, SOCKET_ID_ANY));

	assert_int_equal(m != NULL, model_left(&model, MODEL_RX) > 0);
	if (m != NULL)
		model_mbuf_out(&model, m, MODEL_RX, -1, -1);
}

/** What mext_attach() has against a packet, if anything. */
static int
expected_attach(const struct model_packet *p)
{
	const struct model_mbuf *mb = first_mbuf(p);

	if (mb->refs != 1)
		return -EBUSY;
	if (mb->storage >= 0 || mb->parent >= 0)
		return -EEXIST;
	return p->nb_segs > 1 ? -EMLINK : 0;
}

static void
op_attach(void)
{
	struct model_storage *s = any_storage(1);
	struct model_packet *p = any_packet();
	int expected;

	if (s == NULL || p == NULL)
		return;
	expected = expected_attach(p);
	assert_int_equal(mext_attach(model_head(&model, p), s->storage, dice(10), dice(50)),
			expected);
	if (expected != 0)
		return;
	s->owned--;
	s->attached++;
	model.mbufs[p->seg[0]].storage = s - model.storages;
	model.expected.attaches++;
}

static void
op_detach(void)
{
	struct model_packet *p = any_packet();
	struct mext_storage *storage = NULL;
	const struct model_mbuf *mb;
	int expected;

	if (p == NULL)
		return;
	mb = first_mbuf(p);
	expected = mb->kind == MODEL_PAIRS ? -ENOTSUP
		   : mb->storage < 0       ? -EINVAL
		   : mb->refs != 1         ? -EBUSY
		   : p->nb_segs > 1        ? -EMLINK
					   : 0;
	assert_int_equal(mext_detach(mb->m, &storage), expected);
	if (expected != 0) {
		assert_null(storage);
		return;
	}
	assert_ptr_equal(storage, model.storages[mb->storage].storage);
	model_detach(&model, p);
}

static void
op_clone(void)
{
	struct rte_mempool *mp = mext_pool_header_mempool(model.w->pool, SOCKET_ID_ANY);
	struct model_packet *p = any_packet(), *clone = NULL, *seg;
	const struct model_mbuf *mb;
	struct rte_mbuf *m;
	unsigned int i;

	if (p == NULL)
		return;
	/* DPDK's clone does not look for the limit: the model does. */
	for (i = 0; i < p->nb_segs; i++) {
		mb = &model.mbufs[p->seg[i]];
		if (mb->storage >= 0 && model_count(&model.storages[mb->storage]) >
							MEXT_REFCNT_MAX - MODEL_SEGS)
			return;
	}
	m = rte_pktmbuf_clone(model_head(&model, p), mp);
	assert_int_equal(m != NULL, model_left(&model, MODEL_HEADERS) >= p->nb_segs);
	for (i = 0; m != NULL; i++, m = m->next) {
		mb = &model.mbufs[p->seg[i]];
		seg = model_mbuf_out(&model, m, MODEL_HEADERS, mb->storage,
				mb->storage >= 0  ? -1
				: mb->parent >= 0 ? mb->parent
						  : p->seg[i]);
		if (clone == NULL) {
			clone = seg;
			continue;
		}
		clone->seg[clone->nb_segs++] = seg->seg[0];
		seg->live = false;
	}
}

static void
op_chain(void)
{
	struct model_packet *head = any_packet(), *tail = any_packet();
	unsigned int i;

	if (head == NULL || head == tail || head->owners > 1 || tail->owners > 1 ||
			head->nb_segs + tail->nb_segs > MODEL_SEGS)
		return;
	assert_int_equal(rte_pktmbuf_chain(model_head(&model, head), model_head(&model, tail)), 0);
	for (i = 0; i < tail->nb_segs; i++)
		head->seg[head->nb_segs++] = tail->seg[i];
	tail->live = false;
}

/** One more owner of the same headers. */
static void
op_retain(void)
{
	struct model_packet *p = any_packet();
	unsigned int i;

	if (p == NULL || p->owners > 3)
		return;
	rte_pktmbuf_refcnt_update(model_head(&model, p), 1);
	for (i = 0; i < p->nb_segs; i++)
		model.mbufs[p->seg[i]].refs++;
	p->owners++;
}

static void
free_packets(unsigned int most)
{
	const struct free_way *way = &free_ways[dice(nb_free_ways)];
	struct rte_mbuf *mbufs[256];
	struct model_packet *p;
	unsigned int n = 0;

	while (n < most && (p = any_packet()) != NULL) {
		mbufs[n++] = model_head(&model, p);
		model_free(&model, p);
	}
	way->free(mbufs, n);
}

static void
op_free(void)
{
	free_packets(dice(50) == 0 ? 256 : 1 + dice(MOST));
}

static void (*const ops[])(void) = { op_alloc_storages, op_wrap, op_hold, op_release,
	op_release_bulk, op_headers, op_attach_new, op_packets, op_receive, op_attach, op_attach,
	op_detach, op_clone, op_chain, op_retain, op_free, op_free };

static void
test_random_operations_keep_to_the_model(void **state)
{
	unsigned long steps = dice_steps(50000), i;
	struct model_storage *s;

	model_init(&model, *state);
	for (i = 0; i < steps; i++) {
		ops[dice(RTE_DIM(ops))]();
		model_check(&model);
	}
	while (any_packet() != NULL)
		free_packets(256);
	while ((s = any_storage(1)) != NULL) {
		assert_int_equal(mext_storage_release(s->storage, s->owned), 0);
		model_release(&model, s, s->owned);
	}
	model_check(&model);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_random_operations_keep_to_the_model),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	dice_start();
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
