/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of callbacks: 255 different ones a process, so this has a process of its own. */
#include "capture.h"
#include "world.h"

#define MOST 255

static uintptr_t called, called_arg;

/* 256 functions f_0000 to f_3333, and a table of them. */
/* clang-format off */
#define DIGIT_4(x) FUNCTION(x##0) FUNCTION(x##1) FUNCTION(x##2) FUNCTION(x##3)
#define DIGIT_3(x) DIGIT_4(x##0) DIGIT_4(x##1) DIGIT_4(x##2) DIGIT_4(x##3)
#define DIGIT_2(x) DIGIT_3(x##0) DIGIT_3(x##1) DIGIT_3(x##2) DIGIT_3(x##3)
#define FUNCTIONS DIGIT_2(0) DIGIT_2(1) DIGIT_2(2) DIGIT_2(3)

#define FUNCTION(x) \
	static void f_##x(void *addr, size_t len, void *arg1, void *arg2) \
	{ \
		(void)addr, (void)len, (void)arg2; \
		called = (uintptr_t)f_##x; \
		called_arg = (uintptr_t)arg1; \
	}
FUNCTIONS
#undef FUNCTION

#define FUNCTION(x) f_##x,
static const mext_free_cb_t functions[] = { FUNCTIONS };
/* clang-format on */

static int
wrap(struct world *w, mext_free_cb_t free_cb, struct mext_storage **storage)
{
	static char byte;
	const struct mext_wrap wrap = {
		.addr = &byte, .len = 1, .free_cb = free_cb, .arg1 = (void *)(uintptr_t)free_cb
	};

	return mext_storage_wrap(w->pool, &wrap, storage);
}

static void
assert_calls(struct world *w, mext_free_cb_t free_cb)
{
	struct mext_storage *storage = NULL;

	called = called_arg = 0;
	assert_int_equal(wrap(w, free_cb, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(called, (uintptr_t)free_cb);
	assert_int_equal(called_arg, (uintptr_t)free_cb);
}

static void
test_wrap_255_callbacks_calls_each_its_own(void **state)
{
	struct world *w = *state;
	unsigned int i;

	assert_int_equal(RTE_DIM(functions), MOST + 1);
	for (i = 0; i < MOST; i++)
		assert_calls(w, functions[i]);
}

static void
test_wrap_callback_256_is_refused_and_logged(void **state)
{
	struct world *w = *state;
	struct mext_storage *const mark = (void *)1, *storage = mark;
	struct mext_stats before = stats_of(w->pool);

	capture_start();
	assert_int_equal(wrap(w, functions[MOST], &storage), -ENOSPC);
	assert_non_null(strstr(capture_stop(), "more than 255 different callback functions"));
	assert_ptr_equal(storage, mark);
	assert_counted(w->pool, &before, .allocs = 0);
}

static void
test_wrap_known_callback_after_table_is_full_succeeds(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;

	assert_calls(w, functions[0]);
	assert_calls(w, functions[MOST - 1]);
	called = 0;
	assert_int_equal(wrap(w, NULL, &storage), 0);
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(called, 0);
}

int
main(void)
{
	/* In this order: the table is the process's. */
	const struct CMUnitTest tests[] = {
		world_test(test_wrap_255_callbacks_calls_each_its_own),
		world_test(test_wrap_callback_256_is_refused_and_logged),
		world_test(test_wrap_known_callback_after_table_is_full_succeeds),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
