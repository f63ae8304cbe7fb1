/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "log.h"
#include "pages.h"

/** One mapping of /proc/self/smaps. */
struct mapping {
	uintptr_t begin;
	uintptr_t end;
	char mode[5]; /* "rw-p": the last is 's' where it is shared */
	unsigned int major, minor; /* of the file system that its file is in */
	unsigned long inode; /* 0: no file */
	char path[256]; /* as far as it fits */
	size_t page_size;
};

/** The next mapping. @return 1; 0: the end. */
static int
next_mapping(FILE *smaps, struct mapping *m)
{
	struct mapping header;
	char *line = NULL;
	size_t kib, size = 0;
	int found = 0;

	while (!found && getline(&line, &size, smaps) >= 0) {
		memset(&header, 0, sizeof(header));
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*x %x:%x %lu %255[^\n]",
				    &header.begin, &header.end, header.mode, &header.major,
				    &header.minor, &header.inode, header.path) >= 6)
			*m = header;
		if (sscanf(line, "KernelPageSize: %zu kB", &kib) == 1) {
			m->page_size = kib * 1024;
			found = 1;
		}
	}
	free(line);
	return found;
}

/** The type of the file system that a file is in, as far as it is mounted. @return whether it is. */
static bool
find_file_system(const struct mapping *m, char type[32])
{
	FILE *mounts = fopen("/proc/self/mountinfo", "r");
	unsigned int major, minor;
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	while (mounts != NULL && !found && getline(&line, &size, mounts) >= 0) {
		const char *dash = strstr(line, " - ");

		found = sscanf(line, "%*d %*d %u:%u ", &major, &minor) == 2 && major == m->major &&
			minor == m->minor && dash != NULL && sscanf(dash, " - %31s", type) == 1;
	}
	free(line);
	if (mounts != NULL)
		fclose(mounts);
	return found;
}

/** Whether a file lies in memory: a memfd, shared memory, hugepages. */
static bool
is_memory_file(const struct mapping *m)
{
	static const char *const types[] = { "tmpfs", "ramfs", "hugetlbfs", "devtmpfs" };
	/* Those that the kernel has made where nothing is mounted. */
	static const char *const names[] = { "/memfd:", "/dev/zero", "/SYSV", "/anon_hugepage" };
	char type[32];
	unsigned int i;

	if (m->inode == 0)
		return true;
	if (find_file_system(m, type)) {
		for (i = 0; i < RTE_DIM(types); i++)
			if (strcmp(type, types[i]) == 0)
				return true;
		return false;
	}
	for (i = 0; i < RTE_DIM(names); i++)
		if (strncmp(m->path, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static int
refuse_mapping(const struct mapping *m)
{
	if (m->mode[0] != 'r' || m->mode[1] != 'w') {
		MEXT_LOG(ERR,
				"region: the mapping at %p is %.2s, allowed is rw: DPDK maps memory for "
				"devices for reading and writing; mext_region_load() a file, mprotect() "
				"the rest",
				(void *)m->begin, m->mode);
		return -EACCES;
	}
	if (m->mode[3] == 's' && !is_memory_file(m)) {
		MEXT_LOG(ERR,
				"region: the mapping at %p is shared with the file %s on disk: VFIO refuses "
				"that, and whoever truncates the file ends the program; use "
				"mext_region_load()",
				(void *)m->begin, m->path);
		return -ENOTSUP;
	}
	return 0;
}

/** Look at all mappings of a range. @param page_size  gets the smallest */
static int
check_mappings(FILE *smaps, uintptr_t begin, uintptr_t end, size_t *page_size, bool *private_pages)
{
	struct mapping m;
	uintptr_t at = begin;
	int ret;

	*page_size = SIZE_MAX;
	*private_pages = false;
	while (at < end && next_mapping(smaps, &m)) {
		if (m.end <= at)
			continue;
		if (m.begin > at)
			break;
		ret = refuse_mapping(&m);
		if (ret < 0)
			return ret;
		*page_size = RTE_MIN(*page_size, m.page_size);
		*private_pages |= m.mode[3] == 'p';
		at = m.end;
	}
	if (at >= end)
		return 0;
	MEXT_LOG(ERR, "region: of %p to %p nothing is mapped at %p", (void *)begin, (void *)end,
			(void *)at);
	return -EINVAL;
}

int
mextp_pages_check(const void *addr, size_t len, size_t *page_size, bool *private_pages)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	size_t smallest;
	int ret;

	if (smaps == NULL) {
		MEXT_LOG(ERR, "region: /proc/self/smaps can't be read: %s", strerror(errno));
		return -EINVAL;
	}
	ret = check_mappings(
			smaps, (uintptr_t)addr, (uintptr_t)addr + len, &smallest, private_pages);
	fclose(smaps);
	if (ret < 0)
		return ret;
	if (*page_size == 0)
		*page_size = smallest;
	if (*page_size <= smallest && rte_is_power_of_2(*page_size) &&
			*page_size >= (size_t)sysconf(_SC_PAGESIZE))
		return 0;
	MEXT_LOG(ERR,
			"region: page_size is %zu, allowed is 0 or a power of two from %ld to %zu, the "
			"kernel's page size there",
			*page_size, sysconf(_SC_PAGESIZE), smallest);
	return -EINVAL;
}

/** Physical addresses of nb system pages. @return -1: not known */
static int
read_pagemap(int fd, uintptr_t addr, size_t nb, uint64_t *entries)
{
	size_t page = sysconf(_SC_PAGESIZE);
	ssize_t want = nb * sizeof(*entries);

	return pread(fd, entries, want, addr / page * sizeof(*entries)) == want ? 0 : -1;
}

/** One page, which the kernel lists as one or more of its own. */
static int
physical(int fd, uintptr_t addr, size_t page_size, rte_iova_t *iova)
{
	const uint64_t pfn_mask = (UINT64_C(1) << 55) - 1, present = UINT64_C(1) << 63;
	size_t page = sysconf(_SC_PAGESIZE), i, n, done;
	uint64_t entries[512];

	for (done = 0; done < page_size / page; done += n) {
		n = RTE_MIN(page_size / page - done, RTE_DIM(entries));
		if (read_pagemap(fd, addr + done * page, n, entries) < 0)
			return -EFAULT;
		if (done == 0)
			*iova = (entries[0] & pfn_mask) * page;
		for (i = 0; i < n; i++) {
			if ((entries[i] & present) == 0 || (entries[i] & pfn_mask) == 0)
				return -EFAULT;
			if ((entries[i] & pfn_mask) * page != *iova + (done + i) * page)
				return -EINVAL;
		}
	}
	return 0;
}

int
mextp_pages_iova(const void *addr, size_t page_size, size_t nb, rte_iova_t *iovas)
{
	uintptr_t at = (uintptr_t)addr;
	size_t i;
	int fd, ret = 0;

	if (rte_eal_iova_mode() == RTE_IOVA_VA) {
		for (i = 0; i < nb; i++)
			iovas[i] = at + i * page_size;
		return 0;
	}
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ret = fd < 0 ? -EFAULT : 0;
	for (i = 0; i < nb && ret == 0; i++)
		ret = physical(fd, at + i * page_size, page_size, &iovas[i]);
	if (fd >= 0)
		close(fd);
	if (ret == -EFAULT)
		MEXT_LOG(ERR,
				"region %p: its physical addresses can't be read from /proc/self/pagemap: "
				"that takes root (CAP_SYS_ADMIN); or use --iova-mode=va",
				addr);
	else if (ret < 0)
		MEXT_LOG(ERR, "region %p: the page at %p is not contiguous over %zu bytes", addr,
				(void *)(at + (i - 1) * page_size), page_size);
	return ret;
}
