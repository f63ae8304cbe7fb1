/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_mbuf.h>

#include "fwd.h"
#include "memory.h"

#define MIN_SIZE 256u

struct memory_wishes memory_wishes = {
	.nb_sizes = 1,
	.sizes = { RTE_MBUF_DEFAULT_BUF_SIZE },
};

static const struct {
	const char *name;
	const char *advice;
} kinds[] = {
	[MP_ALLOC_NATIVE] = { "native", "give more memory (EAL's -m, or hugepages)" },
	[MP_ALLOC_ANON] = { "anon", "free some of the machine's memory, or --mp-alloc=native" },
	[MP_ALLOC_XMEM] = { "xmem", "free some of the machine's memory, or --mp-alloc=native" },
	[MP_ALLOC_XMEMHUGE] = { "xmemhuge",
			"reserve hugepages beside those that EAL takes (/proc/sys/vm/nr_hugepages), or "
			"--mp-alloc=xmem" },
	[MP_ALLOC_XBUF] = { "xbuf", "give more memory (EAL's -m, or hugepages)" },
};

const char *
memory_name(void)
{
	return kinds[memory_wishes.alloc].name;
}

const char *
memory_advice(void)
{
	return kinds[memory_wishes.alloc].advice;
}

bool
memory_is_external(void)
{
	return memory_wishes.alloc != MP_ALLOC_NATIVE && memory_wishes.alloc != MP_ALLOC_XBUF;
}

const char *
memory_sizes(char text[MEMORY_TEXT])
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < memory_wishes.nb_sizes; i++)
		len += snprintf(text + len, MEMORY_TEXT - len, "%s%" PRIu32, i > 0 ? "," : "",
				memory_wishes.sizes[i]);
	return text;
}

unsigned int
memory_largest(void)
{
	unsigned int i, largest = 0;

	for (i = 1; i < memory_wishes.nb_sizes; i++)
		if (memory_wishes.sizes[i] > memory_wishes.sizes[largest])
			largest = i;
	return largest;
}

void
memory_report(const struct fwd *fwd)
{
	char sizes[MEMORY_TEXT];

	printf("pool %s: mbufs of %s bytes, --mp-alloc=%s\n", mext_pool_name(fwd->pool),
			memory_sizes(sizes), memory_name());
}

static int
parse_alloc(const struct fwd_option *option, void *field, const char *text)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++) {
		if (strcmp(kinds[i].name, text) != 0)
			continue;
		*(enum mp_alloc *)field = i;
		return 0;
	}
	return option_wrong(option, text, "native, anon, xmem, xmemhuge or xbuf");
}

static int
parse_sizes(const struct fwd_option *option, void *field, const char *text)
{
	struct memory_wishes *wishes = field;
	struct memory_wishes found = { .alloc = wishes->alloc };
	const char *at = text;
	char *end;

	for (;; at = end + 1) {
		unsigned long size = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;

		if (size < MIN_SIZE || size > UINT16_MAX || found.nb_sizes == MEMORY_MAX_SIZES ||
				(*end != ',' && *end != '\0'))
			return option_wrong(option, text,
					"1 to %u numbers from %u to %u with ',' between",
					MEMORY_MAX_SIZES, MIN_SIZE, UINT16_MAX);
		found.sizes[found.nb_sizes++] = size;
		if (*end == '\0')
			break;
	}
	*wishes = found;
	return 0;
}

static const struct fwd_option options[] = {
	{ "mp-alloc", 0, "KIND",
			"where mbufs are: native: DPDK's memory, anon or xmem: external memory, xmemhuge: in "
			"hugepages, xbuf: native, as external buffers of drivers (native)",
			parse_alloc, offsetof(struct memory_wishes, alloc), .fixed = true },
	{ "mbuf-size", 0, "N[,N...]",
			"bytes of an mbuf to receive into, 128 of headroom included, of one or several sizes "
			"(2176)",
			parse_sizes, 0, .fixed = true },
};

const struct fwd_options memory_options = { "Memory of mbufs", &memory_wishes, options,
	RTE_DIM(options) };

/** Bytes of a hugepage of the default size; 0: there are none. */
static size_t
huge_page_size(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	size_t kib = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Hugepagesize: %zu kB", &kib) == 1)
			break;
	if (file != NULL)
		fclose(file);
	return kib * 1024;
}

/** Buffers that are external for drivers are the room of pairs, to receive into. */
static int
configure_pairs(struct mext_pool_conf *conf, const struct mext_pool_class *rx)
{
	const uint32_t size = memory_wishes.sizes[0] - RTE_PKTMBUF_HEADROOM;
	const uint64_t count = (uint64_t)rx->count + conf->pairs.count;

	if (memory_wishes.nb_sizes > 1) {
		FWD_ERROR("--mp-alloc=xbuf: its mbufs have one size: give one --mbuf-size, or another "
			  "--mp-alloc");
		return -1;
	}
	conf->flags |= MEXT_POOL_RX_PAIRS;
	conf->pairs.count = RTE_MIN(count, MEXT_POOL_MAX_COUNT);
	conf->pairs.cache = rx->cache;
	conf->pairs.size = RTE_MAX(conf->pairs.size, size);
	return 0;
}

int
memory_configure(struct mext_pool_conf *conf, const struct mext_pool_class *rx)
{
	const struct memory_wishes *w = &memory_wishes;
	uint32_t i;

	if (w->alloc == MP_ALLOC_XBUF)
		return configure_pairs(conf, rx);
	conf->rx = *rx;
	conf->rx.size = w->sizes[0] - RTE_PKTMBUF_HEADROOM;
	for (i = 1; i < w->nb_sizes; i++) {
		struct mext_pool_class *more = &conf->rx_more[conf->nb_rx_more++];

		*more = *rx;
		more->size = w->sizes[i] - RTE_PKTMBUF_HEADROOM;
	}
	if (w->alloc == MP_ALLOC_XMEMHUGE)
		conf->page_size = huge_page_size();
	else if (w->alloc != MP_ALLOC_NATIVE)
		conf->page_size = sysconf(_SC_PAGESIZE);
	if (!memory_is_external() || conf->page_size > 0)
		return 0;
	FWD_ERROR("--mp-alloc=xmemhuge: this kernel has no hugepages: give --mp-alloc=xmem");
	return -1;
}
