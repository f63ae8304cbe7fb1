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

/** A number of KiB in a meminfo file of the kernel's, in bytes; 0: it is not there. */
static uint64_t
read_meminfo(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	char line[256];
	uint64_t kib = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		const char *found = strstr(line, key);

		if (found != NULL && sscanf(found + strlen(key), " %" SCNu64, &kib) == 1)
			break;
	}
	if (file != NULL)
		fclose(file);
	return kib * 1024;
}

/** Whether there are ordinary pages for all of it: beyond, the kernel would end programs. */
static bool
is_available(const struct wanted *w)
{
	char path[64];
	uint64_t bytes;

	if (w->socket == SOCKET_ID_ANY || numa_available() < 0) {
		bytes = read_meminfo("/proc/meminfo", "MemAvailable:");
	} else {
		/* What is free, or can be: files that are not in memory alone, and the kernel's caches. */
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", w->socket);
		bytes = read_meminfo(path, "MemFree:") + read_meminfo(path, "FilePages:") -
			read_meminfo(path, "Shmem:") + read_meminfo(path, "SReclaimable:");
	}
	return bytes == 0 || bytes > w->len;
}

/** Touch every page, as the kernel does: where none is left that is an error and no SIGBUS. */
static int
populate(char *addr, size_t len)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	size_t done;
	ssize_t n = 1;

	if (fd < 0)
		return -1;
	for (done = 0; done < len && n > 0; done += RTE_MAX(n, 0)) {
		do
			n = read(fd, addr + done, RTE_MIN(len - done, (size_t)1 << 30));
		while (n < 0 && errno == EINTR);
	}
	close(fd);
	if (done == len)
		return 0;
	errno = ENOMEM;
	return -1;
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
	if (bind_to(addr, len, w->socket) == 0 && populate(addr, len) == 0)
		return addr;
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
	return rte_is_power_of_2(size) &&
	       (size == (size_t)sysconf(_SC_PAGESIZE) || access(path, F_OK) == 0);
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
		if (is_available(w))
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

/** Memory with a file in it, if there is one, is a region only when it is complete. */
static int
make(const struct wanted *w, int fd, const char *path, struct mext_region **region)
{
	struct fit fit = { .len = w->len, .owned = true };
	int ret;

	ret = map_wanted(w, &fit.addr, &fit.page_size);
	if (ret < 0)
		return ret;
	if (fd >= 0)
		ret = read_all(fd, path, fit.addr, w->len);
	if (ret == 0)
		ret = mextp_region_make(&fit, region);
	if (ret < 0)
		munmap(fit.addr, RTE_ALIGN_CEIL(w->len, fit.page_size));
	return ret;
}

int
mext_region_alloc(size_t len, size_t page_size, int socket, struct mext_region **region)
{
	const struct wanted wanted = { .len = len, .page_size = page_size, .socket = socket };
	int ret = check("mext_region_alloc", &wanted, region);

	return ret == 0 ? make(&wanted, -1, NULL, region) : ret;
}

static int
load(int fd, const char *path, size_t page_size, int socket, struct mext_region **region)
{
	struct wanted wanted = { .page_size = page_size, .socket = socket };
	struct stat st;
	int ret;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0) {
		MEXT_LOG(ERR, "mext_region_load: %s is not a regular file of 1 byte or more", path);
		return -EINVAL;
	}
	wanted.len = st.st_size;
	ret = check("mext_region_load", &wanted, region);
	return ret == 0 ? make(&wanted, fd, path, region) : ret;
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
