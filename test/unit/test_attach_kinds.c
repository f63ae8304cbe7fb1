/* SPDX-License-Identifier: BSD-3-Clause */
/* Attach to, detach from and look at every kind of mbuf; a refusal changes not one byte. */
#include "kinds.h"

#define MAX_CASES 256

struct scene {
	const struct kind_row *kind;
	struct world *w;
};

/** Free what attach or detach may have left in m. */
static void
free_all(struct rte_mbuf *m, struct mext_storage *storage)
{
	rte_pktmbuf_free(m);
	if (storage != NULL)
		assert_int_equal(mext_storage_release(storage, 1), 0);
}

static void
test_attach_to_kind_succeeds_or_changes_nothing(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before = *m;
	struct mext_storage *storage = world_storage(s->w, 10), copy = *storage;
	struct mext_stats stats = stats_of(s->w->pool);
	uint16_t count = kind_count(s->kind, m);

	assert_int_equal(mext_attach(m, storage, 0, 10), s->kind->attach);
	assert_memory_equal(storage, &copy, sizeof(copy));
	if (s->kind->attach == 0) {
		assert_ptr_equal(mext_storage_from_mbuf(m), storage);
		assert_counted(s->w->pool, &stats, .attaches = 1);
		free_all(m, NULL);
		return;
	}
	assert_memory_equal(m, &before, sizeof(before));
	assert_int_equal(kind_count(s->kind, m), count);
	assert_counted(s->w->pool, &stats, .attaches = 0);
	free_all(m, storage);
}

static void
test_attach_refcnt_above_1_is_busy(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before;
	struct mext_storage *storage = world_storage(s->w, 10), copy = *storage;

	rte_mbuf_refcnt_update(m, 1);
	before = *m;
	assert_int_equal(mext_attach(m, storage, 0, 10), -EBUSY);
	assert_memory_equal(m, &before, sizeof(before));
	assert_memory_equal(storage, &copy, sizeof(copy));
	rte_pktmbuf_free(m);
	free_all(m, storage);
}

static void
test_attach_head_of_chain_is_refused(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *head = s->kind->make(s->w), *tail = s->kind->make(s->w);
	struct mext_storage *storage = world_storage(s->w, 10);
	int ret = s->kind->attach == 0 ? -EMLINK : s->kind->attach;
	struct rte_mbuf before;

	assert_int_equal(rte_pktmbuf_chain(head, tail), 0);
	before = *head;
	assert_int_equal(mext_attach(head, storage, 0, 10), ret);
	assert_memory_equal(head, &before, sizeof(before));
	free_all(head, storage);
}

static void
test_detach_from_kind_succeeds_or_changes_nothing(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before = *m;
	struct mext_storage *const untouched = (void *)1;
	struct mext_storage *storage = untouched, *behind = NULL;
	struct mext_stats stats = stats_of(s->w->pool);
	uint16_t count = kind_count(s->kind, m);

	assert_int_equal(mext_detach(m, &storage), s->kind->detach);
	if (s->kind->detach == 0) {
		behind = storage;
		assert_int_equal(mext_storage_refcnt(storage), count);
		assert_counted(s->w->pool, &stats, .detaches = 1);
		assert_int_equal(m->ol_flags, 0);
		assert_int_equal(m->data_len, 0);
		assert_int_equal(m->pkt_len, 0);
		assert_int_equal(m->buf_len, rte_pktmbuf_data_room_size(m->pool));
	} else {
		assert_ptr_equal(storage, untouched);
		assert_memory_equal(m, &before, sizeof(before));
		assert_counted(s->w->pool, &stats, .detaches = 0);
	}
	free_all(m, behind);
}

static void
test_detach_refcnt_above_1_is_refused(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before;
	struct mext_storage *storage = NULL;

	rte_mbuf_refcnt_update(m, 1);
	before = *m;
	assert_int_equal(mext_detach(m, &storage), s->kind->detach == 0 ? -EBUSY : s->kind->detach);
	assert_memory_equal(m, &before, sizeof(before));
	assert_null(storage);
	rte_pktmbuf_free(m);
	free_all(m, NULL);
}

static void
test_detach_head_of_chain_is_refused(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *head = s->kind->make(s->w), *tail = s->kind->make(s->w), before;
	struct mext_storage *storage = NULL;

	assert_int_equal(rte_pktmbuf_chain(head, tail), 0);
	before = *head;
	assert_int_equal(mext_detach(head, &storage),
			s->kind->detach == 0 ? -EMLINK : s->kind->detach);
	assert_memory_equal(head, &before, sizeof(before));
	assert_null(storage);
	free_all(head, NULL);
}

static void
test_from_mbuf_of_kind_tells_storages_of_ours(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = s->kind->make(s->w), before = *m;
	uint16_t count = kind_count(s->kind, m);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal(storage != NULL, s->kind->storage);
	if (storage != NULL) {
		assert_ptr_equal(m->shinfo, storage);
		assert_true((char *)m->buf_addr >= (char *)mext_storage_data(storage));
		before.ol_flags |= RTE_MBUF_F_EXTERNAL; /* put back where a driver lost it */
	}
	assert_memory_equal(m, &before, sizeof(before));
	assert_int_equal(kind_count(s->kind, m), count);
	free_all(m, NULL);
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

static const struct {
	const char *name;
	CMUnitTestFunction run;
} rows[] = {
#define ROW(f)        \
	{             \
#f, f \
	}
	ROW(test_attach_to_kind_succeeds_or_changes_nothing),
	ROW(test_attach_refcnt_above_1_is_busy),
	ROW(test_attach_head_of_chain_is_refused),
	ROW(test_detach_from_kind_succeeds_or_changes_nothing),
	ROW(test_detach_refcnt_above_1_is_refused),
	ROW(test_detach_head_of_chain_is_refused),
	ROW(test_from_mbuf_of_kind_tells_storages_of_ours),
#undef ROW
};

int
main(void)
{
	static struct CMUnitTest tests[MAX_CASES];
	static struct scene scenes[MAX_CASES];
	static char names[MAX_CASES][128];
	unsigned int i, k, n = 0;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (k = 0; k < nb_kind_rows; k++) {
		for (i = 0; i < RTE_DIM(rows) && n < MAX_CASES; i++, n++) {
			scenes[n].kind = &kind_rows[k];
			snprintf(names[n], sizeof(names[n]), "%s [%s]", rows[i].name,
					kind_rows[k].name);
			tests[n] = (struct CMUnitTest){ names[n], rows[i].run, setup, teardown,
				&scenes[n] };
		}
	}
	return eal_stop(_cmocka_run_group_tests("attach_kinds", tests, n, NULL, NULL));
}
