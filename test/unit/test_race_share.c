/* SPDX-License-Identifier: BSD-3-Clause */
/* Two lcores that share bytes: spreads let go under traffic, and writers that wait for readers. */
#include "kinds.h"
#include "race.h"

#define STEPS 50000
#define ROUNDS 20000
#define BURST 4
#define BYTES 64

static struct mext_spread *spread;
static struct mext_storage *root;

/** One burst a party that the other one may free. Taken and left by exchange. */
static struct rte_mbuf *handed_over[2];

static void
free_handed_over(unsigned int to)
{
	/* Acquire: pairs with the release of hand_over(). */
	struct rte_mbuf *m = __atomic_exchange_n(&handed_over[to], NULL, __ATOMIC_ACQUIRE);

	rte_pktmbuf_free(m);
}

static void
hand_over(unsigned int from, struct rte_mbuf *m)
{
	/* Release: what was done to the packet is seen by who frees it. */
	rte_pktmbuf_free(__atomic_exchange_n(&handed_over[!from], m, __ATOMIC_ACQ_REL));
}

/** Send a burst from the spread: some is freed here in some way, one packet by the other party. */
static bool
send(struct party *party)
{
	const struct free_way *way = &free_ways[party_random(party, nb_free_ways)];
	struct mext_storage *leaf, *storages[BURST];
	struct rte_mbuf *mbufs[BURST], *clone = NULL;
	unsigned int i;

	if (mext_spread_take(spread, BURST, &leaf) < 0)
		return false;
	for (i = 0; i < BURST; i++)
		storages[i] = leaf;
	if (mext_attach_new_bulk(party->w->pool, mbufs, storages, BURST, 0, BYTES) < 0)
		return false;
	hand_over(party->id, mbufs[0]);
	switch (party_random(party, 3)) {
	case 0:
		if (mext_share(party->w->pool, mbufs[1], 1, BYTES - 2, &clone) < 0)
			return false;
		break;
	case 1:
		clone = rte_pktmbuf_clone(
				mbufs[2], mext_pool_header_mempool(party->w->pool, SOCKET_ID_ANY));
		break;
	}
	way->free(&mbufs[1], BURST - 1);
	rte_pktmbuf_free(clone);
	return true;
}

static bool
step_send(struct party *party)
{
	free_handed_over(party->id);
	return send(party);
}

static void
make_spread(struct world *w)
{
	root = world_wrap(w, BYTES);
	assert_int_equal(mext_storage_hold(root, 1), 0);
	assert_int_equal(mext_spread_create(w->pool, root, &spread), 0);
	assert_int_equal(mext_spread_hold(spread, 1), 0);
}

static void
check_spread_gone(struct world *w)
{
	assert_int_equal(in_use(w->pool, "spreads"), 0);
	assert_int_equal(in_use(w->pool, "headers"), 0);
	assert_int_equal(mext_storage_refcnt(root), 1);
	assert_int_equal(mext_storage_release(root, 1), 0);
	assert_int_equal(mext_stats_outstanding(w->pool), 0);
	assert_int_equal(stats_of(w->pool).bad_releases, 0);
}

static void
test_race_spread_sent_and_freed_by_both_keeps_counts(void **state)
{
	struct world *w = *state;
	struct mext_storage *leaf;

	make_spread(w);
	race_free(w, step_send, NULL, STEPS);
	free_handed_over(0);
	free_handed_over(1);
	assert_int_equal(mext_spread_take(spread, 0, &leaf), 0);
	assert_int_equal(mext_storage_refcnt(leaf), 1);
	assert_int_equal(mext_spread_release(spread, 2), 0);
	check_spread_gone(w);
}

static void
prepare_spread(struct world *w, unsigned int round)
{
	(void)round;
	make_spread(w);
}

/** Send, and let go: the other one's packets may be freed before, meanwhile, or after. */
static bool
step_send_and_let_go(struct party *party)
{
	if (!send(party) || mext_spread_release(spread, 1) != 0)
		return false;
	free_handed_over(party->id);
	return true;
}

static void
check_spread(struct world *w, unsigned int round)
{
	(void)round;
	free_handed_over(0);
	free_handed_over(1);
	check_spread_gone(w);
}

static void
test_race_spread_let_go_under_traffic_returns_once(void **state)
{
	struct world *w = *state;

	race_rounds(w, prepare_spread, step_send_and_let_go, check_spread, ROUNDS);
	assert_int_equal(w->wraps_freed, ROUNDS);
}

static struct rte_mbuf *shared[2];

/** The writer's packet and the reader's, over the same bytes. */
static void
prepare_readers(struct world *w, unsigned int round)
{
	const struct kind_row *kind = &kind_rows[round % nb_kind_rows];

	shared[0] = kind->make(w);
	assert_int_equal(mext_share(w->pool, shared[0], 0, shared[0]->pkt_len, &shared[1]), 0);
	if (mext_is_writable(shared[0], 0, 1) && shared[0]->pkt_len > 0)
		fail_msg("%s: shared and writable", kind->name);
	if (round % 2 == 0)
		RTE_SWAP(shared[0], shared[1]);
}

/** Whoever may write, or has a copy made to write to, never changes what the other one sees. */
static bool
step_write_or_read(struct party *party)
{
	const struct free_way *way = &free_ways[party_random(party, nb_free_ways)];
	struct rte_mbuf **m = &shared[party->id];
	const uint8_t mark = 0x11 + party->id;
	uint8_t seen[BYTES];
	unsigned int i, len = RTE_MIN((*m)->pkt_len, (uint32_t)BYTES);

	if (mext_write(party->w->pool, m, 0, memset(seen, mark, len), len) < 0)
		return false;
	for (i = 0; i < len; i++)
		if (rte_pktmbuf_mtod(*m, uint8_t *)[i] != mark)
			return false;
	way->free(m, 1);
	return true;
}

static void
check_readers(struct world *w, unsigned int round)
{
	(void)round;
	assert_int_equal(mext_stats_outstanding(w->pool), 0);
	assert_int_equal(mext_stats_outstanding(w->rx_pairs), 0);
}

static void
test_race_write_to_shared_bytes_is_not_seen_by_the_other(void **state)
{
	race_rounds(*state, prepare_readers, step_write_or_read, check_readers, ROUNDS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		race_test(test_race_spread_sent_and_freed_by_both_keeps_counts),
		race_test(test_race_spread_let_go_under_traffic_returns_once),
		race_test(test_race_write_to_shared_bytes_is_not_seen_by_the_other),
	};

	if (race_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
