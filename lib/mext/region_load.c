/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE /* memfd_create(), seals */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <numa.h>
#include <numaif.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_memory.h>

#include "log.h"
#include "region.h"

/** Populate or fail, where writing would end in SIGBUS (Linux 5.14). */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/** What is asked for. */
struct wanted {
	size_t len;
	size_t page_size; /* 0: hugepages if they fit */
	int socket;
};

/** Log that there is no memory. @return -ENOMEM */
static int
no_memory(const struct wanted *w, size_t page_size)
{
	char where[32] = "";

	if (w->socket != SOCKET_ID_ANY)
		snprintf(where, sizeof(where), " on socket %d", w->socket);
	MEXT_LOG(ERR,
			"region: no memory for %zu bytes in pages of %zu%s: %s; reserve hugepages "
			"(/sys/kernel/mm/hugepages), or ask for less",
			w->len, page_size, where, strerror(errno));
	return -ENOMEM;
}

static int
check_socket(int socket)
{
	if (socket == SOCKET_ID_ANY || (socket == 0 && numa_available() < 0))
		return 0;
	if (socket >= 0 && numa_available() >= 0 && socket <= numa_max_node() &&
			numa_bitmask_isbitset(numa_all_nodes_ptr, socket))
		return 0;
	MEXT_LOG(ERR, "region: there is no NUMA socket %d with memory; SOCKET_ID_ANY (-1) is any",
			socket);
	return -EINVAL;
}

/** A file in memory of that kind of pages, which can't shrink. @return its descriptor, -1: errno */
static int
make_file(size_t len, unsigned int flags)
{
	int fd = memfd_create("mext-region", MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);

	if (fd >= 0 && ftruncate(fd, len) == 0 &&
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	if (fd >= 0) {
		int reason = errno;

		close(fd);
		errno = reason;
	}
	return -1;
}

/** Bind memory nobody has touched yet to a socket. */
static int
bind_to(void *addr, size_t len, int socket)
{
	struct bitmask *nodes;
	int ret;

	if (socket == SOCKET_ID_ANY || numa_available() < 0)
		return 0;
	nodes = numa_allocate_nodemask();
	if (nodes == NULL)
		return -1;
	numa_bitmask_setbit(nodes, socket);
	ret = mbind(addr, len, MPOL_BIND, nodes->maskp, nodes->size + 1, 0);
	numa_bitmask_free(nodes);
	return ret;
}

/** Whether ordinary pages for all of it are free on the socket: beyond, the kernel would end programs. */
static bool
is_free(const struct wanted *w)
{
	long long free_bytes = 0;

	if (w->socket == SOCKET_ID_ANY || numa_available() < 0)
		return true;
	return numa_node_size64(w->socket, &free_bytes) > 0 && (size_t)free_bytes > w->len;
}

/** Map pages of one size. @return NULL: errno says why */
static void *
map_pages(const struct wanted *w, unsigned int flags, size_t page_size)
{
	size_t len = RTE_ALIGN_CEIL(w->len, page_size);
	void *addr;
	int fd, reason;

	fd = make_file(len, flags);
	if (fd < 0)
		return NULL;
	addr = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	reason = errno;
	close(fd);
	errno = reason;
	if (addr == MAP_FAILED)
		return NULL;
	if (bind_to(addr, len, w->socket) == 0) {
		if (madvise(addr, len, MADV_POPULATE_WRITE) == 0)
			return addr;
		if (errno == EINVAL && flags == 0) { /* an older kernel */
			memset(addr, 0, len);
			return addr;
		}
	}
	reason = errno;
	munmap(addr, len);
	errno = reason;
	return NULL;
}

/** Whether the kernel has pages of a size. */
static bool
is_page_size(size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB", size / 1024);
	return size == (size_t)sysconf(_SC_PAGESIZE) || access(path, F_OK) == 0;
}

/** Size of hugepages of the default kind, SIZE_MAX: there are none. */
static size_t
default_huge_size(void)
{
	int fd = memfd_create("mext-region", MFD_CLOEXEC | MFD_HUGETLB);
	struct stat st = { 0 };

	if (fd < 0)
		return SIZE_MAX;
	fstat(fd, &st);
	close(fd);
	return st.st_blksize > 0 ? (size_t)st.st_blksize : SIZE_MAX;
}

/** Map what is wanted. @param page_size  gets the size of its pages */
static int
map_wanted(const struct wanted *w, void **addr, size_t *page_size)
{
	const size_t small = sysconf(_SC_PAGESIZE);
	size_t huge = w->page_size != 0 ? w->page_size : default_huge_size();

	*addr = NULL;
	if (huge > small && (huge == w->page_size || huge <= w->len)) {
		*page_size = huge;
		*addr = map_pages(w,
				MFD_HUGETLB | (unsigned int)__builtin_ctzl(huge) << MAP_HUGE_SHIFT,
				huge);
	}
	if (*addr == NULL && (w->page_size == 0 || w->page_size == small)) {
		*page_size = small;
		errno = ENOMEM;
		if (is_free(w))
			*addr = map_pages(w, 0, small);
	}
	return *addr != NULL ? 0 : no_memory(w, *page_size);
}

static int
check(const char *caller, const struct wanted *w, struct mext_region **region)
{
	const char *wrong = NULL;

	if (w->len == 0 || w->len > SIZE_MAX / 2)
		wrong = "len is 0 or too large";
	else if (region == NULL)
		wrong = "region is NULL";
	else if (w->page_size != 0 && !is_page_size(w->page_size))
		wrong = "page_size is none that the kernel has (see /sys/kernel/mm/hugepages)";
	if (wrong == NULL)
		return check_socket(w->socket);
	MEXT_LOG(ERR, "%s: %s (%zu bytes in pages of %zu)", caller, wrong, w->len, w->page_size);
	return -EINVAL;
}

int
mext_region_alloc(size_t len, size_t page_size, int socket, struct mext_region **region)
{
	const struct wanted wanted = { .len = len, .page_size = page_size, .socket = socket };
	void *addr;
	int ret;

	ret = check("mext_region_alloc", &wanted, region);
	if (ret == 0)
		ret = map_wanted(&wanted, &addr, &page_size);
	if (ret < 0)
		return ret;
	ret = mextp_region_make(addr, len, page_size, true, region);
	if (ret < 0)
		munmap(addr, RTE_ALIGN_CEIL(len, page_size));
	return ret;
}

/** Read all of a file. */
static int
read_all(int fd, const char *path, char *to, size_t len)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < len; done += n) {
		n = pread(fd, to + done, len - done, done);
		if (n < 0 && errno == EINTR) {
			n = 0;
			continue;
		}
		if (n < 0) {
			n = -errno;
			MEXT_LOG(ERR, "region: %s can't be read: %s", path, strerror(-n));
			return n;
		}
		if (n == 0) {
			MEXT_LOG(ERR, "region: %s was truncated from %zu to %zu bytes while it was read",
					path, len, done);
			return -ESTALE;
		}
	}
	return 0;
}

static int
load(int fd, const char *path, size_t page_size, int socket, struct mext_region **region)
{
	struct mext_region *made;
	struct stat st;
	int ret;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		MEXT_LOG(ERR, "mext_region_load: %s is not a regular file of 1 byte or more", path);
		return -EINVAL;
	}
	ret = mext_region_alloc(st.st_size, page_size, socket, &made);
	if (ret < 0)
		return ret;
	ret = read_all(fd, path, mext_region_data(made), st.st_size);
	if (ret < 0)
		mext_region_remove(made);
	else
		*region = made;
	return ret;
}

int
mext_region_load(const char *path, size_t page_size, int socket, struct mext_region **region)
{
	int fd, ret;

	if (path == NULL || region == NULL) {
		MEXT_LOG(ERR, "mext_region_load: %s is NULL", path == NULL ? "path" : "region");
		return -EINVAL;
	}
	/* Not to wait for the other end, should it be a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		ret = -errno;
		MEXT_LOG(ERR, "mext_region_load: %s can't be opened: %s", path, strerror(-ret));
		return ret;
	}
	ret = load(fd, path, page_size, socket, region);
	close(fd);
	return ret;
}
