/* SPDX-License-Identifier: BSD-3-Clause */
/* Wrapped memory and processes that are forked: a callback is called where its memory is, and nowhere else. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "world.h"

/** What all processes of a test see. */
struct shared {
	unsigned int calls;
	pid_t caller; /* of the last one */
};

static struct shared *shared;

/** The kernel refuses to clear pages in children. */
static bool no_madvise;

/** What the kernel was last asked to clear in children; here it is done for an emulator that doesn't. */
static void *page;
static size_t page_size;
static bool emulated;

int __real_madvise(void *addr, size_t len, int advice);
int __wrap_madvise(void *addr, size_t len, int advice);

int
__wrap_madvise(void *addr, size_t len, int advice)
{
	if (no_madvise) {
		errno = EINVAL;
		return -1;
	}
	if (advice == MADV_WIPEONFORK) {
		page = addr;
		page_size = len;
	}
	return __real_madvise(addr, len, advice);
}

/** @return whether a page is cleared in a child: qemu-user 7.2 says so of each, and clears none. */
static bool
kernel_clears(void)
{
	const size_t size = sysconf(_SC_PAGESIZE);
	char *tried = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child;
	int status;

	assert_ptr_not_equal(tried, MAP_FAILED);
	assert_int_equal(__real_madvise(tried, size, MADV_WIPEONFORK), 0);
	tried[0] = 1;
	child = fork();
	if (child == 0)
		_exit(tried[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	munmap(tried, size);
	return status == 0;
}

static void
called(void *addr, size_t len, void *arg1, void *arg2)
{
	(void)addr, (void)len, (void)arg1, (void)arg2;
	shared->calls++;
	shared->caller = getpid();
}

static struct mext_storage *
wrap(struct world *w)
{
	static char byte;
	const struct mext_wrap wrap = { .addr = &byte, .len = 1, .free_cb = called };
	struct mext_storage *storage;

	return mext_storage_wrap(w->pool, &wrap, &storage) == 0 ? storage : NULL;
}

/** Without what libraries have registered with pthread_atfork(), which other calls than fork() don't look at. */
static pid_t
clone_alone(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static pid_t (*const ways[])(void) = { fork, clone_alone };

/** Run a part in a child. @return whether it says yes */
static bool
in_child(pid_t (*way)(void), bool (*part)(struct world *w, struct mext_storage *storage),
		struct world *w, struct mext_storage *storage)
{
	pid_t child = way();
	int status;

	if (child == 0) {
		if (emulated)
			memset(page, 0, page_size);
		_exit(part(w, storage) ? 0 : 1);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/** The last reference on what the parent has wrapped is dropped here. */
static bool
release_here(struct world *w, struct mext_storage *storage)
{
	const uint64_t missed = stats_of(w->pool).missed_callbacks;

	return mext_storage_release(storage, 1) == 0 && shared->calls == 0 &&
	       stats_of(w->pool).missed_callbacks == missed + 1;
}

/** A child wraps: its callback is called for it, and not in a child of its own. */
static bool
wrap_here(struct world *w, struct mext_storage *storage)
{
	struct mext_storage *own = wrap(w), *other = wrap(w);
	unsigned int i;

	if (own == NULL || other == NULL || mext_storage_release(own, 1) < 0 ||
			shared->calls != 1 || shared->caller != getpid())
		return false;
	shared->calls = 0;
	for (i = 0; i < RTE_DIM(ways); i++)
		if (!in_child(ways[i], release_here, w, i == 0 ? other : storage))
			return false;
	return true;
}

/** Before this process has called anything of mext's. */
static void
test_regions_are_not_those_of_a_forked_child(void **state)
{
	struct mext_region *region;
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0)
		_exit(mext_region_alloc(1, 0, SOCKET_ID_ANY, &region) == -ENOTSUP ? 0 : 1);
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(mext_region_alloc(1, 0, SOCKET_ID_ANY, &region), 0);
	assert_int_equal(mext_region_remove(region), 0);
}

/** The first wrap of this process. */
static void
test_wrap_without_a_page_for_processes_is_refused(void **state)
{
	struct world *w = *state;
	static char byte;
	const struct mext_wrap wrap = { .addr = &byte, .len = 1, .free_cb = called };
	struct mext_storage *const mark = (void *)1, *storage = mark;

	capture_start();
	no_madvise = true;
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -ENOMEM);
	no_madvise = false;
	assert_non_null(strstr(capture_stop(), "no page that forked processes find cleared"));
	assert_ptr_equal(storage, mark);
}

static void
test_wrap_released_in_a_forked_child_is_not_called_back(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;
	unsigned int i;

	for (i = 0; i < RTE_DIM(ways); i++) {
		shared->calls = 0;
		storage = wrap(w);
		assert_non_null(storage);
		assert_true(in_child(ways[i], release_here, w, storage));
		assert_int_equal(shared->calls, 0);
	}
}

static void
test_wrap_in_a_forked_child_is_called_back_there(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage;
	unsigned int i;

	for (i = 0; i < RTE_DIM(ways); i++) {
		shared->calls = 0;
		storage = wrap(w);
		assert_non_null(storage);
		assert_true(in_child(ways[i], wrap_here, w, storage));
	}
}

/** What the parent has wrapped before is the parent's still. */
static void
test_wrap_released_beside_a_child_is_called_back(void **state)
{
	struct world *w = *state;
	struct mext_storage *storage = wrap(w);
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	shared->calls = 0;
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(shared->calls, 1);
	assert_int_equal(shared->caller, getpid());
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regions_are_not_those_of_a_forked_child),
		/* First: the page is the process's. */
		world_test(test_wrap_without_a_page_for_processes_is_refused),
		world_test(test_wrap_released_in_a_forked_child_is_not_called_back),
		world_test(test_wrap_in_a_forked_child_is_called_back_there),
		world_test(test_wrap_released_beside_a_child_is_called_back),
	};

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			0);
	if (shared == MAP_FAILED || eal_start() < 0)
		return EXIT_FAILURE;
	emulated = !kernel_clears();
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
