/* SPDX-License-Identifier: BSD-3-Clause */
/* Regions of the library's own memory: allocated, and read from files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_memory.h>

#include "capture.h"
#include "world.h"

#define FILE_NAME "region-load"

/** Bytes that are different at each place of a page and in each page. */
static char *
pattern(size_t len)
{
	char *bytes = malloc(len);
	size_t i;

	assert_non_null(bytes);
	for (i = 0; i < len; i++)
		bytes[i] = i * 31 + i / 4096;
	return bytes;
}

static void
write_file(const char *bytes, size_t len)
{
	int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void
assert_load_refused(const char *path, size_t page_size, int socket, int error, const char *words)
{
	struct mext_region *region = NULL;
	const char *said;
	int ret;

	capture_start();
	ret = mext_region_load(path, page_size, socket, &region);
	said = capture_stop();
	assert_int_equal(ret, error);
	assert_null(region);
	if (strstr(said, words) == NULL)
		fail_msg("'%s' is not in: %s", words, said);
}

static void
test_alloc_gives_zeroes_of_that_length(void **state __rte_unused)
{
	static const size_t lengths[] = { 1, 4095, 4096, 4097, 3000000 };
	unsigned int i;
	size_t at;

	for (i = 0; i < RTE_DIM(lengths); i++) {
		struct mext_region *region;
		const char *bytes;

		assert_int_equal(mext_region_alloc(lengths[i], 0, SOCKET_ID_ANY, &region), 0);
		assert_int_equal(mext_region_len(region), lengths[i]);
		bytes = mext_region_data(region);
		assert_int_equal((uintptr_t)bytes % mext_region_page_size(region), 0);
		for (at = 0; at < lengths[i]; at++)
			assert_int_equal(bytes[at], 0);
		memset(mext_region_data(region), 'x', lengths[i]);
		assert_int_equal(mext_region_remove(region), 0);
	}
}

static void
test_alloc_bad_numbers_are_refused_and_named(void **state __rte_unused)
{
	static const struct {
		size_t len;
		size_t page_size;
		int socket;
		int error;
		const char *words;
	} bad[] = {
		{ 0, 0, SOCKET_ID_ANY, -EINVAL, "len is 0" },
		{ SIZE_MAX, 0, SOCKET_ID_ANY, -EINVAL, "too large" },
		{ 1, 12345, SOCKET_ID_ANY, -EINVAL, "page_size" },
		{ 1, 2, SOCKET_ID_ANY, -EINVAL, "page_size" },
		{ 1, 0, 1000, -EINVAL, "no NUMA socket 1000" },
		{ 1, 0, -2, -EINVAL, "no NUMA socket -2" },
		{ SIZE_MAX / 4, 4096, SOCKET_ID_ANY, -ENOMEM, "no memory for" },
		{ SIZE_MAX / 4, 4096, 0, -ENOMEM, "on socket 0" },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(bad); i++) {
		struct mext_region *region = NULL;
		const char *said;
		int ret;

		capture_start();
		ret = mext_region_alloc(bad[i].len, bad[i].page_size, bad[i].socket, &region);
		said = capture_stop();
		assert_int_equal(ret, bad[i].error);
		assert_null(region);
		if (strstr(said, bad[i].words) == NULL)
			fail_msg("'%s' is not in: %s", bad[i].words, said);
	}
	capture_start();
	assert_int_equal(mext_region_alloc(1, 0, SOCKET_ID_ANY, NULL), -EINVAL);
	assert_non_null(strstr(capture_stop(), "region is NULL"));
}

/** Where /proc/self/map_files has the file behind memory; opening it takes root. */
static int
open_behind(const void *addr)
{
	unsigned long begin, end;
	char line[512], path[64] = "";
	FILE *maps = fopen("/proc/self/maps", "r");

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL)
		if (sscanf(line, "%lx-%lx", &begin, &end) == 2 && begin == (uintptr_t)addr)
			snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", begin, end);
	fclose(maps);
	assert_string_not_equal(path, "");
	return open(path, O_RDWR);
}

static void
test_allocated_memory_cant_be_truncated(void **state __rte_unused)
{
	struct mext_region *region;
	int fd;

	assert_int_equal(mext_region_alloc(10000, 4096, SOCKET_ID_ANY, &region), 0);
	fd = open_behind(mext_region_data(region));
	if (fd < 0)
		fprintf(stderr, "not tried: opening /proc/self/map_files takes root\n");
	else
		assert_int_equal(ftruncate(fd, 0), -1);
	if (fd >= 0)
		assert_int_equal(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK, F_SEAL_SHRINK);
	close(fd);
	assert_int_equal(mext_region_remove(region), 0);
}

static void
test_loaded_file_stays_as_it_was(void **state)
{
	static const size_t lengths[] = { 1, 4096, 100001, 5000000 };
	struct world *w = *state;
	unsigned int i;

	for (i = 0; i < RTE_DIM(lengths); i++) {
		char *bytes = pattern(lengths[i]);
		struct mext_wrap wrap = { .len = lengths[i] };
		struct mext_storage *storage;
		struct mext_region *region;

		write_file(bytes, lengths[i]);
		assert_int_equal(mext_region_load(FILE_NAME, 0, 0, &region), 0);
		assert_int_equal(truncate(FILE_NAME, 0), 0);
		assert_int_equal(unlink(FILE_NAME), 0);
		assert_int_equal(mext_region_len(region), lengths[i]);
		assert_memory_equal(mext_region_data(region), bytes, lengths[i]);
		wrap.addr = mext_region_data(region);
		assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
		assert_true(mext_storage_is_readonly(storage));
		assert_int_equal(mext_region_remove(region), -EBUSY);
		assert_int_equal(mext_storage_release(storage, 1), 0);
		/* Nothing beyond the file's end can be wrapped, though the page goes on. */
		wrap.len++;
		assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), -EFAULT);
		assert_int_equal(mext_region_remove(region), 0);
		free(bytes);
	}
}

static void
test_load_what_is_no_file_is_refused_and_named(void **state __rte_unused)
{
	struct mext_region *region = NULL;

	assert_load_refused("does-not-exist", 0, 0, -ENOENT, "does-not-exist");
	assert_load_refused(".", 0, 0, -EINVAL, "not a regular file");
	assert_load_refused("/dev/null", 0, 0, -EINVAL, "not a regular file");
	assert_int_equal(mkfifo(FILE_NAME, 0600), 0);
	assert_load_refused(FILE_NAME, 0, 0, -EINVAL, "not a regular file");
	assert_int_equal(unlink(FILE_NAME), 0);
	write_file("", 0);
	assert_load_refused(FILE_NAME, 0, 0, -EINVAL, "1 byte or more");
	write_file("x", 1);
	assert_load_refused(FILE_NAME, 3, 0, -EINVAL, "page_size");
	assert_load_refused(FILE_NAME, 0, 77, -EINVAL, "socket 77");
	assert_load_refused(NULL, 0, 0, -EINVAL, "path is NULL");
	capture_start();
	assert_int_equal(mext_region_load(FILE_NAME, 0, 0, NULL), -EINVAL);
	assert_non_null(strstr(capture_stop(), "region is NULL"));
	assert_null(region);
	assert_int_equal(unlink(FILE_NAME), 0);
}

FILE *__real_fopen64(const char *path, const char *mode);
FILE *__wrap_fopen64(const char *path, const char *mode);
static const char *meminfo; /* what the kernel says of memory, NULL: the truth */

FILE *
__wrap_fopen64(const char *path, const char *mode)
{
	if (meminfo == NULL || strstr(path, "meminfo") == NULL)
		return __real_fopen64(path, mode);
	return fmemopen((void *)(uintptr_t)meminfo, strlen(meminfo), "r");
}

/** Ordinary pages that are not there would end programs: one page is left, and asked for are two. */
static void
test_alloc_of_more_than_is_available_is_refused(void **state __rte_unused)
{
	static const struct {
		const char *says;
		int socket;
	} rows[] = {
		{ "MemTotal: 9000000 kB\nMemFree: 9000000 kB\nMemAvailable:   5 kB\n",
				SOCKET_ID_ANY },
		{ "MemAvailable: 5 kB\nNode 0 MemFree: 2 kB\nNode 0 FilePages: 2 kB\nNode 0 Shmem: 1 kB\n"
		  "Node 0 SReclaimable: 2 kB\n",
				0 },
	};
	struct mext_region *region, *none = NULL;
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++) {
		assert_int_equal(mext_region_alloc(8192, 4096, rows[i].socket, &region), 0);
		assert_int_equal(mext_region_remove(region), 0);
		meminfo = rows[i].says;
		capture_start();
		assert_int_equal(mext_region_alloc(8192, 4096, rows[i].socket, &none), -ENOMEM);
		assert_non_null(strstr(capture_stop(), "no memory for 8192 bytes"));
		assert_null(none);
		assert_int_equal(mext_region_alloc(4096, 4096, rows[i].socket, &region), 0);
		meminfo = NULL;
		assert_int_equal(mext_region_remove(region), 0);
	}
}

static ssize_t truncated_after;

ssize_t __real_pread64(int fd, void *to, size_t len, off_t off);
ssize_t __wrap_pread64(int fd, void *to, size_t len, off_t off);

/** Each call reads at most 1,000 bytes, the second is interrupted, and the file may shrink. */
ssize_t
__wrap_pread64(int fd, void *to, size_t len, off_t off)
{
	static bool interrupt;

	interrupt = !interrupt;
	if (interrupt) {
		errno = EINTR;
		return -1;
	}
	if (truncated_after > 0 && off >= truncated_after)
		return 0;
	return __real_pread64(fd, to, RTE_MIN(len, 1000u), off);
}

static void
test_load_in_pieces_and_truncated(void **state __rte_unused)
{
	char *bytes = pattern(10000);
	struct mext_region *region;

	write_file(bytes, 10000);
	truncated_after = 0;
	assert_int_equal(mext_region_load(FILE_NAME, 0, SOCKET_ID_ANY, &region), 0);
	assert_memory_equal(mext_region_data(region), bytes, 10000);
	assert_int_equal(mext_region_remove(region), 0);
	truncated_after = 3000;
	assert_load_refused(FILE_NAME, 0, 0, -ESTALE, "from 10000 to 3000 bytes");
	truncated_after = 0;
	assert_int_equal(unlink(FILE_NAME), 0);
	free(bytes);
}

static bool secondary;

enum rte_proc_type_t __real_rte_eal_process_type(void);
enum rte_proc_type_t __wrap_rte_eal_process_type(void);

enum rte_proc_type_t
__wrap_rte_eal_process_type(void)
{
	return secondary ? RTE_PROC_SECONDARY : __real_rte_eal_process_type();
}

static void
test_secondary_process_may_not_add_close_or_remove(void **state __rte_unused)
{
	struct mext_region *region = NULL, *none = NULL;

	assert_int_equal(mext_region_alloc(1, 0, SOCKET_ID_ANY, &region), 0);
	secondary = true;
	capture_start();
	assert_int_equal(mext_region_alloc(1, 0, SOCKET_ID_ANY, &none), -ENOTSUP);
	assert_int_equal(mext_region_close(region), -ENOTSUP);
	assert_int_equal(mext_region_remove(region), -ENOTSUP);
	assert_int_equal(mext_region_sync(), -ENOTSUP);
	assert_non_null(strstr(capture_stop(), "primary process's"));
	assert_null(none);
	secondary = false;
	assert_int_equal(mext_region_remove(region), 0);
}

/** Pages of all mappings of the process: what is not unmapped shows. */
static long
mapped(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld", &pages), 1);
	fclose(file);
	return pages;
}

static void
test_memory_of_the_library_goes_with_its_region(void **state __rte_unused)
{
	const size_t len = 8 << 20;
	struct mext_region *region;
	unsigned int i;
	long before = 0;

	for (i = 0; i < 10; i++) {
		assert_int_equal(mext_region_alloc(len, 4096, SOCKET_ID_ANY, &region), 0);
		assert_int_equal(mext_region_remove(region), 0);
		if (i == 0)
			before = mapped();
	}
	assert_true(mapped() < before + (long)(len / 4096));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_alloc_gives_zeroes_of_that_length),
		world_test(test_alloc_bad_numbers_are_refused_and_named),
		world_test(test_alloc_of_more_than_is_available_is_refused),
		world_test(test_allocated_memory_cant_be_truncated),
		world_test(test_loaded_file_stays_as_it_was),
		world_test(test_load_what_is_no_file_is_refused_and_named),
		world_test(test_load_in_pieces_and_truncated),
		world_test(test_secondary_process_may_not_add_close_or_remove),
		world_test(test_memory_of_the_library_goes_with_its_region),
	};

	return eal_start() < 0 ? 1 : eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
