/* SPDX-License-Identifier: BSD-3-Clause */
/* Every kind of mbuf, freed in every way: the table of the design, row by row. */
#include "kinds.h"

#define MAX_CASES 1024
#define MANY 300

struct scene {
	const struct kind_row *kind; /* NULL: all of them */
	const struct free_way *way;
	struct world *w;
};

/** The count behind an mbuf that has no bytes of its own. */
static uint16_t
count_behind(struct rte_mbuf *m)
{
	return RTE_MBUF_HAS_EXTBUF(m) ? rte_mbuf_ext_refcnt_read(m->shinfo)
				      : rte_mbuf_refcnt_read(rte_mbuf_from_indirect(m));
}

static void
test_free_sole_holder_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w);

	assert_true(mext_stats_outstanding(s->w->pool) > 0 || m->pool == s->w->plain ||
			mext_stats_outstanding(s->w->rx_pairs) > 0 || m->pool == s->w->pinned);
	s->way->free(&m, 1);
	world_idle(s->w);
}

static void
test_free_refcnt_above_1_drops_only_refcnt(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before = *m;
	uint64_t out = mext_stats_outstanding(s->w->pool);
	uint16_t count = kind_count(s->kind, m);

	rte_mbuf_refcnt_update(m, 2);
	s->way->free(&m, 1);
	assert_int_equal(rte_mbuf_refcnt_read(m), 2);
	s->way->free(&m, 1);
	assert_memory_equal(m, &before, sizeof(before));
	assert_int_equal(kind_count(s->kind, m), count);
	assert_int_equal(mext_stats_outstanding(s->w->pool), out);
	s->way->free(&m, 1);
	world_idle(s->w);
}

static void
test_free_original_before_clone_keeps_bytes(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w);
	uint16_t count = kind_count(s->kind, m);
	struct rte_mbuf *clone = kind_clone(s->w, m);
	struct rte_mbuf before = *clone;

	assert_int_equal(kind_count(s->kind, m), count + 1);
	s->way->free(&m, 1);
	assert_int_equal(count_behind(clone), count);
	assert_memory_equal(clone, &before, sizeof(before));
	s->way->free(&clone, 1);
	world_idle(s->w);
}

static void
test_free_clone_before_original_keeps_original(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before = *m;
	struct rte_mbuf *clone = kind_clone(s->w, m);

	s->way->free(&clone, 1);
	assert_memory_equal(m, &before, sizeof(before));
	s->way->free(&m, 1);
	world_idle(s->w);
}

static void
test_free_original_and_clone_in_one_call_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *mbufs[4];

	mbufs[0] = s->kind->make(s->w);
	mbufs[1] = kind_clone(s->w, mbufs[0]);
	mbufs[3] = s->kind->make(s->w);
	mbufs[2] = kind_clone(s->w, mbufs[3]);
	s->way->free(mbufs, 4);
	world_idle(s->w);
}

static void
test_free_storage_held_returns_on_release(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_non_null(storage);
	assert_int_equal(mext_storage_hold(storage, 2), 0);
	assert_int_equal(mext_storage_refcnt(storage), 3);
	s->way->free(&m, 1);
	assert_int_equal(mext_storage_refcnt(storage), 2);
	assert_int_equal(
			mext_stats_outstanding(s->w->pool) + mext_stats_outstanding(s->w->rx_pairs),
			(mext_storage_flags(storage) & MEXT_STORAGE_LEAF) != 0 ? 2 : 1);
	memset(mext_storage_data(storage), 0xa5, mext_storage_len(storage));
	assert_int_equal(mext_storage_release(storage, 2), 0);
	world_idle(s->w);
}

static void
test_free_storage_released_before_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal(mext_storage_hold(storage, 1), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	s->way->free(&m, 1);
	world_idle(s->w);
}

/** A chain with one segment of every kind. */
static struct rte_mbuf *
chain_of_all(struct world *w)
{
	struct rte_mbuf *head = NULL, *m;
	unsigned int i;

	for (i = 0; i < nb_kind_rows; i++) {
		m = kind_rows[i].make(w);
		if (head == NULL)
			head = m;
		else
			assert_int_equal(rte_pktmbuf_chain(head, m), 0);
	}
	return head;
}

static void
test_free_chain_of_all_kinds_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *mbufs[2] = { chain_of_all(s->w), chain_of_all(s->w) };

	s->way->free(mbufs, 2);
	world_idle(s->w);
}

static void
test_free_chain_refcnt_above_1_keeps_links(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *head = chain_of_all(s->w), *m;
	unsigned int n = 0;

	rte_pktmbuf_refcnt_update(head, 1);
	s->way->free(&head, 1);
	for (m = head; m != NULL; m = m->next, n++)
		assert_int_equal(rte_mbuf_refcnt_read(m), 1);
	assert_int_equal(n, nb_kind_rows);
	assert_int_equal(head->nb_segs, n);
	s->way->free(&head, 1);
	world_idle(s->w);
}

static void
test_free_chain_before_its_clone_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *head = chain_of_all(s->w);
	struct rte_mbuf *clone = kind_clone(s->w, head);

	assert_int_equal(clone->nb_segs, nb_kind_rows);
	s->way->free(&head, 1);
	s->way->free(&clone, 1);
	world_idle(s->w);
}

static void
test_free_many_of_alternating_kinds_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *mbufs[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		mbufs[i] = kind_rows[i % nb_kind_rows].make(s->w);
	s->way->free(mbufs, MANY);
	world_idle(s->w);
}

static void
test_free_run_of_each_kind_returns_all(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *mbufs[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		mbufs[i] = i % 15 == 0 ? kind_rows[i / 15 % nb_kind_rows].make(s->w)
				       : kind_clone(s->w, mbufs[i - 1]);
	}
	s->way->free(mbufs, MANY);
	world_idle(s->w);
}

static int
setup(void **state)
{
	struct scene *s = *state;
	void *w;
	int ret = world_setup(&w);

	s->w = w;
	return ret;
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	void *w = s->w;

	return world_teardown(&w);
}

struct cases {
	unsigned int n;
	struct CMUnitTest tests[MAX_CASES];
	struct scene scenes[MAX_CASES];
	char names[MAX_CASES][128];
};

static void
add(struct cases *c, const char *name, CMUnitTestFunction run, const struct kind_row *kind,
		const struct free_way *way)
{
	unsigned int i = c->n++;

	if (c->n > MAX_CASES)
		abort();
	c->scenes[i] = (struct scene){ .kind = kind, .way = way };
	snprintf(c->names[i], sizeof(c->names[i]), "%s [%s by %s]", name,
			kind != NULL ? kind->name : "all", way->name);
	c->tests[i] = (struct CMUnitTest){ c->names[i], run, setup, teardown, &c->scenes[i] };
}

#define ADD(c, run, kind, way) add(c, #run, run, kind, way)

static void
add_way(struct cases *c, const struct free_way *way)
{
	const struct kind_row *kind;

	for (kind = kind_rows; kind < &kind_rows[nb_kind_rows]; kind++) {
		ADD(c, test_free_sole_holder_returns_all, kind, way);
		ADD(c, test_free_refcnt_above_1_drops_only_refcnt, kind, way);
		ADD(c, test_free_original_before_clone_keeps_bytes, kind, way);
		ADD(c, test_free_clone_before_original_keeps_original, kind, way);
		ADD(c, test_free_original_and_clone_in_one_call_returns_all, kind, way);
		if (!kind->storage)
			continue;
		ADD(c, test_free_storage_held_returns_on_release, kind, way);
		ADD(c, test_free_storage_released_before_returns_all, kind, way);
	}
	ADD(c, test_free_chain_of_all_kinds_returns_all, NULL, way);
	ADD(c, test_free_chain_refcnt_above_1_keeps_links, NULL, way);
	ADD(c, test_free_chain_before_its_clone_returns_all, NULL, way);
	ADD(c, test_free_many_of_alternating_kinds_returns_all, NULL, way);
	ADD(c, test_free_run_of_each_kind_returns_all, NULL, way);
}

int
main(void)
{
	static struct cases c;
	unsigned int i;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (i = 0; i < nb_free_ways; i++)
		add_way(&c, &free_ways[i]);
	return eal_stop(_cmocka_run_group_tests("free_kinds", c.tests, c.n, NULL, NULL));
}
