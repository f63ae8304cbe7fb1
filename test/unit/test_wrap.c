/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture.h"
#include "kinds.h"
#include "storage.h"

static struct {
	unsigned int calls;
	void *addr, *arg1, *arg2;
	size_t len;
	uint64_t in_use; /* of the pool's wraps, seen from the callback */
} seen;

static struct mext_pool *seen_pool;

static void
record(void *addr, size_t len, void *arg1, void *arg2)
{
	seen.calls++;
	seen.addr = addr;
	seen.len = len;
	seen.arg1 = arg1;
	seen.arg2 = arg2;
	seen.in_use = in_use(seen_pool, "wraps");
}

static char memory[4096];

static struct mext_storage *
wrap_memory(struct world *w, size_t off, size_t len)
{
	struct mext_storage *storage = NULL;
	const struct mext_wrap wrap = {
		.addr = &memory[off],
		.len = len,
		.free_cb = record,
		.arg1 = &memory[1],
		.arg2 = &memory[2],
	};

	memset(&seen, 0, sizeof(seen));
	seen_pool = w->pool;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	return storage;
}

static void
assert_called_once(size_t off, size_t len)
{
	assert_int_equal(seen.calls, 1);
	assert_ptr_equal(seen.addr, &memory[off]);
	assert_int_equal(seen.len, len);
	assert_ptr_equal(seen.arg1, &memory[1]);
	assert_ptr_equal(seen.arg2, &memory[2]);
	assert_int_equal(seen.in_use, 1);
}

static void
test_wrap_memory_gives_readonly_storage_of_it(void **state)
{
	struct world *w = *state;
	struct mext_stats before = stats_of(w->pool);
	struct mext_storage *storage = wrap_memory(w, 10, 100);

	assert_ptr_equal(mext_storage_data(storage), &memory[10]);
	assert_int_equal(mext_storage_len(storage), 100);
	assert_int_equal(mext_storage_iova(storage), (uintptr_t)&memory[10]);
	assert_int_equal(mext_storage_refcnt(storage), 1);
	assert_int_equal(mext_storage_flags(storage), MEXT_STORAGE_WRAPPED | MEXT_STORAGE_READONLY);
	assert_true(mext_storage_is_readonly(storage));
	assert_counted(w->pool, &before, .allocs = 1);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_called_once(10, 100);
}

static void
test_wrap_writable_is_writable_until_next_use(void **state)
{
	struct world *w = *state;
	struct mext_wrap wrap = { .addr = memory, .len = 1, .writable = true };
	struct mext_storage *storages[WORLD_WRAPS];
	unsigned int i;

	for (i = 0; i < WORLD_WRAPS; i++) {
		assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storages[i]), 0);
		assert_int_equal(mext_storage_flags(storages[i]), MEXT_STORAGE_WRAPPED);
	}
	assert_int_equal(mext_storage_set_readonly(storages[0]), 0);
	assert_true(mext_storage_is_readonly(storages[0]));
	mext_storage_release_bulk(storages, WORLD_WRAPS);
	wrap.writable = false;
	for (i = 0; i < WORLD_WRAPS; i++) {
		assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storages[i]), 0);
		assert_true(mext_storage_is_readonly(storages[i]));
	}
	mext_storage_release_bulk(storages, WORLD_WRAPS);
}

static void
test_wrap_given_iova_is_kept(void **state)
{
	struct world *w = *state;
	const struct mext_wrap wrap = { .addr = memory, .len = 100, .iova = 0x123456000 };
	struct rte_mbuf *m = world_header(w);
	struct mext_storage *storage;

	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_iova(storage), 0x123456000);
	assert_int_equal(mext_attach(m, storage, 16, 10), 0);
	assert_int_equal(rte_mbuf_iova_get(m), 0x123456010);
	rte_pktmbuf_free(m);
}

static void
test_wrap_without_callback_calls_nobody(void **state)
{
	struct world *w = *state;
	const struct mext_wrap wrap = { .addr = memory, .len = 100 };
	struct rte_mbuf *m = world_header(w);
	struct mext_storage *storage;

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_attach(m, storage, 0, 100), 0);
	rte_pktmbuf_free(m);
	assert_int_equal(seen.calls, 0);
}

static void
test_wrap_last_drop_by_each_way_calls_back_once(void **state)
{
	struct world *w = *state;
	struct rte_mbuf *mbufs[3];
	unsigned int i;

	for (i = 0; i < nb_free_ways; i++) {
		/* The last mbuf names a slice: the callback still gets the whole range. */
		mbufs[0] = world_header(w);
		assert_int_equal(mext_attach(mbufs[0], wrap_memory(w, 1000, 500), 100, 50), 0);
		mbufs[1] = kind_clone(w, mbufs[0]);
		mbufs[2] = kind_clone(w, mbufs[0]);
		assert_non_null(rte_pktmbuf_adj(mbufs[2], 7));
		free_ways[i].free(mbufs, 2);
		assert_int_equal(seen.calls, 0);
		assert_int_equal(in_use(w->pool, "wraps"), 1);
		free_ways[i].free(&mbufs[2], 1);
		assert_called_once(1000, 500);
		assert_int_equal(in_use(w->pool, "wraps"), 0);
	}
}

static void
test_wrap_last_drop_by_release_calls_back_once(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = wrap_memory(w, 5, 50), *both[2] = { storage, storage };
	struct mext_stats before = stats_of(w->pool);

	assert_int_equal(mext_storage_hold(storage, 3), 0);
	assert_int_equal(mext_storage_release(storage, 2), 0);
	assert_int_equal(seen.calls, 0);
	mext_storage_release_bulk(both, 2);
	assert_called_once(5, 50);
	assert_counted(w->pool, &before, .releases = 4, .returns_bulk = 1);
}

static void
test_wrap_larger_than_65535_is_attached_in_parts(void **state)
{
	struct world *w = *state;
	const size_t len = 200000;
	struct mext_storage *storage = world_wrap(w, len), *storages[3];
	struct rte_mbuf *mbufs[3];
	unsigned int i;

	assert_int_equal(mext_storage_hold(storage, 2), 0);
	for (i = 0; i < 3; i++) {
		storages[i] = storage;
		mbufs[i] = world_header(w);
	}
	assert_int_equal(mext_attach_bulk(mbufs, storages, 3, len - UINT16_MAX, UINT16_MAX), 0);
	assert_ptr_equal(rte_pktmbuf_mtod_offset(mbufs[0], char *, UINT16_MAX),
			(char *)mext_storage_data(storage) + len);
	mext_free_bulk(mbufs, 3);
	assert_int_equal(w->wraps_freed, 1);
}

static void
test_wrap_no_header_left_is_refused_unchanged(void **state)
{
	struct world *w = *state;
	struct mext_storage *storages[WORLD_WRAPS], *const mark = (void *)1, *none = mark;
	const struct mext_wrap wrap = { .addr = memory, .len = 1, .free_cb = record };
	struct mext_stats before;
	unsigned int i;

	for (i = 0; i < WORLD_WRAPS; i++)
		assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storages[i]), 0);
	before = stats_of(w->pool);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &none), -ENOBUFS);
	assert_ptr_equal(none, mark);
	assert_int_equal(seen.calls, 0);
	assert_counted(w->pool, &before, .alloc_failures = 1);
	seen_pool = w->pool;
	mext_storage_release_bulk(storages, WORLD_WRAPS);
	assert_int_equal(seen.calls, WORLD_WRAPS);
}

static void
test_wrap_bad_range_is_invalid_and_logged(void **state)
{
	static const struct mext_wrap rows[] = {
		{ .addr = NULL, .len = 1, .free_cb = record },
		{ .addr = memory, .len = 0, .free_cb = record },
		{ .addr = NULL, .len = 0 },
		{ .addr = memory, .len = SIZE_MAX },
		{ .addr = (void *)(UINTPTR_MAX - 10), .len = 12 },
	};
	struct world *w = *state;
	struct mext_storage *const mark = (void *)1, *storage = mark;
	struct mext_stats before = stats_of(w->pool);
	unsigned int i;

	memset(&seen, 0, sizeof(seen));
	for (i = 0; i < RTE_DIM(rows); i++) {
		capture_start();
		assert_int_equal(mext_storage_wrap(w->pool, &rows[i], &storage), -EINVAL);
		assert_non_null(strstr(capture_stop(), "allowed is a range of 1 byte or more"));
		assert_ptr_equal(storage, mark);
	}
	assert_int_equal(seen.calls, 0);
	assert_counted(w->pool, &before, .allocs = 0);
}

/** A callback that works with the pool it was called from. */
static void
wrap_again(void *addr, size_t len, void *arg1, void *arg2)
{
	struct world *w = arg1;
	const struct mext_wrap wrap = { .addr = addr, .len = len, .free_cb = record };
	struct mext_storage *storage;

	(void)arg2;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	mext_storage_release(world_storage(w, 1), 1);
}

static void
test_wrap_callback_may_use_the_pool(void **state)
{
	struct world *w = *state;
	const struct mext_wrap wrap = {
		.addr = memory, .len = 1, .free_cb = wrap_again, .arg1 = w
	};
	struct rte_mbuf *mbufs[4];
	struct mext_storage *storage;
	unsigned int i;

	memset(&seen, 0, sizeof(seen));
	seen_pool = w->pool;
	for (i = 0; i < 4; i++) {
		storage = world_storage(w, 1);
		if (i % 2 == 0) {
			mext_storage_release(storage, 1);
			assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
		}
		mbufs[i] = world_header(w);
		assert_int_equal(mext_attach(mbufs[i], storage, 0, 1), 0);
	}
	mext_free_bulk(mbufs, 4);
	assert_int_equal(seen.calls, 2);
}

static void
test_last_drop_of_wrap_of_other_process_calls_nothing(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = world_wrap(w, 10);
	struct wrapped *wrapped = (struct wrapped *)storage;
	void *addr = mext_storage_data(storage);
	struct mext_stats before = stats_of(w->pool);

	wrapped->callbacks_id ^= 2;
	wrapped->free_cb = 200; /* no entry of this process's table */
	capture_start();
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_non_null(strstr(capture_stop(), "another process than the one that wrapped it"));
	assert_counted(w->pool, &before, .releases = 1, .returns_bulk = 1, .missed_callbacks = 1);
	assert_int_equal(w->wraps_freed, 0);
	free(addr);
	w->wraps_live--;

	/* Its header is as new. */
	assert_int_equal(mext_storage_release(world_wrap(w, 10), 1), 0);
	assert_int_equal(w->wraps_freed, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_wrap_memory_gives_readonly_storage_of_it),
		world_test(test_wrap_writable_is_writable_until_next_use),
		world_test(test_wrap_given_iova_is_kept),
		world_test(test_wrap_without_callback_calls_nobody),
		world_test(test_wrap_last_drop_by_each_way_calls_back_once),
		world_test(test_wrap_last_drop_by_release_calls_back_once),
		world_test(test_wrap_larger_than_65535_is_attached_in_parts),
		world_test(test_wrap_no_header_left_is_refused_unchanged),
		world_test(test_wrap_bad_range_is_invalid_and_logged),
		world_test(test_wrap_callback_may_use_the_pool),
		world_test(test_last_drop_of_wrap_of_other_process_calls_nothing),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
