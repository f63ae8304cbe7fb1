/* SPDX-License-Identifier: BSD-3-Clause */
/* mext_fanout_bulk(): a burst fanned out together. */
#include "chains.h"
#include "kinds.h"
#include "shot.h"

#define NB 5 /* packets */
#define N 3 /* of each */
#define MARK ((struct rte_mbuf *)(uintptr_t)0x1000)

/** But for the room that is beside shared bytes, and the counts behind it. */
static void
assert_as_clone(const struct rte_mbuf *copy, const struct rte_mbuf *clone)
{
	struct rte_mbuf want = *clone;

	assert_ptr_equal(rte_pktmbuf_mtod(copy, void *), rte_pktmbuf_mtod(clone, void *));
	assert_int_equal(rte_pktmbuf_iova(copy), rte_pktmbuf_iova(clone));
	want.buf_addr = copy->buf_addr;
	rte_mbuf_iova_set(&want, rte_mbuf_iova_get(copy));
	want.data_off = copy->data_off;
	want.buf_len = copy->buf_len;
	want.pool = copy->pool;
	want.shinfo = copy->shinfo;
	assert_memory_equal(copy, &want, sizeof(want));
	assert_int_equal(rte_pktmbuf_tailroom(copy), 0);
}

static void
mark(struct rte_mbuf *m, unsigned int i)
{
	m->port = i;
	m->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
	m->hash.rss = 1000 + i;
	m->packet_type = RTE_PTYPE_L2_ETHER;
	m->vlan_tci = 2000 + i;
	m->vlan_tci_outer = 3000 + i;
	m->tx_offload = 4000 + i;
	m->dynfield1[0] = 5000 + i;
}

/** Twice: the first time counts are 1, and stored; the second time they are not, and added to. */
static void
test_fanout_bulk_of_every_kind_is_as_clones(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *pkts[32], *first[N * 32], *again[N * 32], *clone;
	unsigned int i, k, nb = nb_kind_rows;
	struct mext_stats before;

	assert_true(nb <= RTE_DIM(pkts));
	for (i = 0; i < nb; i++) {
		pkts[i] = kind_rows[i].make(w);
		mark(pkts[i], i);
	}
	before = stats_of(w->pool);
	assert_int_equal(mext_fanout_bulk(w->pool, pkts, nb, first, N), 0);
	assert_int_equal(mext_fanout_bulk(w->pool, pkts, nb, again, N), 0);
	assert_counted(w->pool, &before, .header_allocs = 2 * nb * N);
	for (i = 0; i < nb; i++) {
		clone = kind_clone(w, pkts[i]);
		for (k = 0; k < N; k++) {
			assert_as_clone(first[k * nb + i], clone);
			assert_as_clone(again[k * nb + i], clone);
		}
		rte_pktmbuf_free(clone);
	}
	rte_pktmbuf_free_bulk(pkts, nb);
	rte_pktmbuf_free_bulk(first, N * nb);
	mext_free_bulk(again, N * nb);
	world_idle(w);
}

/** Each number of references is exact, whatever the packets were held by before. */
static void
test_fanout_bulk_adds_n_references_to_each(void **state)
{
	static const seg_make_t makes[NB] = { seg_direct, seg_storage, seg_pair, seg_foreign,
		seg_clone };
	struct world *w = *state;
	struct rte_mbuf *pkts[NB], *copies[N * NB];
	uint16_t counts[NB];
	unsigned int i, held;

	for (held = 0; held < 2; held++) {
		for (i = 0; i < NB; i++) {
			pkts[i] = chain(w, { makes[i], 100 });
			/* Another owner of the header: the count behind it says nothing then. */
			rte_mbuf_refcnt_update(pkts[i], held);
			counts[i] = seg_count(pkts[i]);
		}
		assert_int_equal(mext_fanout_bulk(w->pool, pkts, NB, copies, N), 0);
		for (i = 0; i < NB; i++)
			assert_int_equal(seg_count(pkts[i]), counts[i] + N);
		for (i = 0; i < N * NB; i++)
			assert_packet(copies[i], 0, 100);
		mext_free_bulk(copies, N * NB);
		for (i = 0; i < NB; i++)
			assert_int_equal(seg_count(pkts[i]), counts[i]);
		mext_free_bulk(pkts, NB);
		if (held > 0)
			mext_free_bulk(pkts, NB);
		world_idle(w);
	}
}

static void
test_fanout_bulk_of_chains_shares_every_segment(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *pkts[2], *copies[2 * N];
	unsigned int k;

	pkts[0] = chain(w, { seg_direct, 50 });
	pkts[1] = chain(w, { seg_direct, 100 }, { seg_storage, 200 });
	assert_int_equal(mext_fanout_bulk(w->pool, pkts, 2, copies, N), 0);
	for (k = 0; k < N; k++) {
		assert_lens(copies[2 * k], 50);
		assert_lens(copies[2 * k + 1], 100, 200);
		assert_packet(copies[2 * k + 1], 0, 300);
	}
	assert_int_equal(seg_count(pkts[1]->next), 1 + N);
	mext_free_bulk(copies, 2 * N);
	mext_free_bulk(pkts, 2);
}

/** Refused: the packets and the world are as they were. */
static void
refuse(struct world *w, struct rte_mbuf **pkts, unsigned int nb, unsigned int n, int ret)
{
	static struct rte_mbuf *copies[2 * WORLD_HEADERS];
	struct shot shots[NB];
	unsigned int i;

	for (i = 0; i < nb; i++)
		shot_take(&shots[i], w, pkts[i]);
	assert_int_equal(mext_fanout_bulk(w->pool, pkts, nb, copies, n), ret);
	for (i = 0; i < nb; i++) {
		assert_unchanged(&shots[i]);
		shot_free(&shots[i]);
	}
}

static void
test_fanout_bulk_beyond_a_count_or_headers_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *pkts[NB];
	unsigned int i, chained;

	for (chained = 0; chained < 2; chained++) {
		for (i = 0; i < NB; i++)
			pkts[i] = chained ? chain(w, { seg_pair, 10 }, { seg_direct, 20 })
					  : chain(w, { i % 2 ? seg_storage : seg_direct, 30 });
		refuse(w, pkts, NB, WORLD_HEADERS / NB + 1, -ENOBUFS);
		for (i = 0; i < NB; i++) {
			seg_set_count(pkts[i], seg_most(pkts[i]) - N + 1);
			refuse(w, pkts, NB, N, -EOVERFLOW);
			seg_set_count(pkts[i], 1);
		}
		mext_free_bulk(pkts, NB);
	}
}

static void
test_fanout_bulk_of_null_is_einval(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *pkts[2] = { chain(w, { seg_direct, 30 }), NULL }, *copies[4];

	assert_int_equal(mext_fanout_bulk(w->pool, pkts, 2, copies, 2), -EINVAL);
	mext_free_bulk(pkts, 1);
}

static void
test_fanout_bulk_of_none_or_to_none_does_nothing(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *pkts[1] = { chain(w, { seg_direct, 30 }) }, *copies[1] = { MARK };
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_fanout_bulk(w->pool, pkts, 1, copies, 0), 0);
	assert_int_equal(mext_fanout_bulk(w->pool, pkts, 0, copies, 1), 0);
	assert_ptr_equal(copies[0], MARK);
	assert_counted(w->pool, &before, .header_allocs = 0);
	mext_free_bulk(pkts, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_fanout_bulk_of_every_kind_is_as_clones),
		world_test(test_fanout_bulk_adds_n_references_to_each),
		world_test(test_fanout_bulk_of_chains_shares_every_segment),
		world_test(test_fanout_bulk_beyond_a_count_or_headers_changes_nothing),
		world_test(test_fanout_bulk_of_null_is_einval),
		world_test(test_fanout_bulk_of_none_or_to_none_does_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
