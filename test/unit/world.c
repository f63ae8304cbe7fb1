/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <rte_malloc.h>

#include "idle.h"
#include "pool.h"

#define PLAIN_COUNT 512
#define PINNED_COUNT 96
#define PINNED_SIZE 2176

struct foreign {
	struct world *w;
	struct rte_mbuf_ext_shared_info *shinfo;
	void *bytes;
};

void
world_conf(struct mext_pool_conf *conf)
{
	mext_pool_conf_init(conf);
	conf->nb_classes = 3;
	conf->classes[0] = (struct mext_pool_class){ WORLD_SMALL, WORLD_SMALLS, 8 };
	conf->classes[1] = (struct mext_pool_class){ WORLD_MEDIUM, WORLD_MEDIUMS, 16 };
	conf->classes[2] = (struct mext_pool_class){ WORLD_LARGE, WORLD_LARGES, 0 };
	conf->rx = (struct mext_pool_class){ 2048, 64, 16 };
	conf->headers = (struct mext_pool_class){ 0, WORLD_HEADERS, 64 };
	conf->pairs = (struct mext_pool_class){ 1500, WORLD_PAIRS, 32 };
	conf->wraps = (struct mext_pool_class){ 0, WORLD_WRAPS, 8 };
	conf->spreads = (struct mext_pool_class){ 0, WORLD_SPREADS, 0 };
	conf->priv_size = WORLD_PRIV;
	conf->headroom = WORLD_HEADROOM;
}

static void
create_rx_pairs(struct world *w, unsigned int id)
{
	struct mext_pool_conf conf;
	char name[MEXT_POOL_NAME_MAX];

	mext_pool_conf_init(&conf);
	conf.pairs = (struct mext_pool_class){ 1500, WORLD_PAIRS, 32 };
	conf.priv_size = WORLD_PRIV;
	conf.flags = MEXT_POOL_RX_PAIRS;
	snprintf(name, sizeof(name), "rxpairs%u", id);
	assert_int_equal(mext_pool_create(name, &conf, &w->rx_pairs), 0);
}

static void
create_stock(struct world *w, unsigned int id)
{
	struct rte_pktmbuf_extmem mem = { .elt_size = PINNED_SIZE };
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "plain%u", id);
	w->plain = rte_pktmbuf_pool_create(name, PLAIN_COUNT, 64, 32, 2176, SOCKET_ID_ANY);
	assert_non_null(w->plain);
	mem.buf_len = (size_t)PINNED_COUNT * PINNED_SIZE;
	mem.buf_ptr = w->pinned_memory = rte_malloc(NULL, mem.buf_len, RTE_CACHE_LINE_SIZE);
	assert_non_null(mem.buf_ptr);
	mem.buf_iova = rte_malloc_virt2iova(mem.buf_ptr);
	snprintf(name, sizeof(name), "pinned%u", id);
	w->pinned = rte_pktmbuf_pool_create_extbuf(
			name, PINNED_COUNT, 16, 0, PINNED_SIZE, SOCKET_ID_ANY, &mem, 1);
	assert_non_null(w->pinned);
}

int
world_setup(void **state)
{
	static unsigned int id; /* a test that failed leaves its world behind */
	struct world *w = calloc(1, sizeof(*w));
	struct mext_pool_conf conf;
	char name[MEXT_POOL_NAME_MAX];

	assert_non_null(w);
	snprintf(name, sizeof(name), "world%u", ++id);
	world_conf(&conf);
	assert_int_equal(mext_pool_create(name, &conf, &w->pool), 0);
	create_rx_pairs(w, id);
	create_stock(w, id);
	*state = w;
	return 0;
}

int
world_teardown(void **state)
{
	struct world *w = *state;

	world_idle(w);
	assert_int_equal(mext_pool_destroy(w->pool), 0);
	assert_int_equal(mext_pool_destroy(w->rx_pairs), 0);
	rte_mempool_free(w->plain);
	rte_mempool_free(w->pinned);
	rte_free(w->pinned_memory);
	free(w);
	return 0;
}

void
world_idle(struct world *w)
{
	assert_int_equal(w->foreign_live, 0);
	assert_int_equal(w->wraps_live, 0);
	assert_int_equal(mext_stats_outstanding(w->pool), 0);
	assert_int_equal(mext_stats_outstanding(w->rx_pairs), 0);
	idle_pool(w->pool);
	idle_pool(w->rx_pairs);
	idle_mempool(w->plain, idle_direct);
	idle_mempool(w->pinned, idle_pinned);
}

struct rte_mbuf *
world_header(struct world *w)
{
	struct rte_mbuf *m;

	assert_int_equal(mext_header_alloc_bulk(w->pool, &m, 1), 0);
	return m;
}

struct mext_storage *
world_storage(struct world *w, size_t size)
{
	struct mext_storage *storage = mext_storage_alloc(w->pool, size);

	assert_non_null(storage);
	return storage;
}

static void
wrap_freed(void *addr, size_t len, void *arg1, void *arg2)
{
	struct world *w = arg1;

	assert_int_equal((uintptr_t)arg2, len);
	free(addr);
	w->wraps_live--;
	w->wraps_freed++;
}

struct mext_storage *
world_wrap(struct world *w, size_t len)
{
	struct mext_storage *storage = NULL;
	struct mext_wrap wrap = {
		.addr = malloc(len),
		.len = len,
		.free_cb = wrap_freed,
		.arg1 = w,
		.arg2 = (void *)(uintptr_t)len,
	};

	assert_non_null(wrap.addr);
	assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
	w->wraps_live++;
	return storage;
}

static void
foreign_freed(void *addr __rte_unused, void *opaque)
{
	struct foreign *foreign = opaque;
	struct world *w = foreign->w;

	assert_int_equal(rte_mbuf_ext_refcnt_read(foreign->shinfo), 0);
	w->foreign_live--;
	w->foreign_freed++;
	free(foreign->bytes);
	free(foreign->shinfo);
	free(foreign);
}

void
world_attach_foreign(struct world *w, struct rte_mbuf *m)
{
	const uint16_t len = 1000;
	struct foreign *foreign = malloc(sizeof(*foreign));

	assert_non_null(foreign);
	foreign->w = w;
	foreign->bytes = malloc(len);
	foreign->shinfo = malloc(sizeof(*foreign->shinfo));
	assert_non_null(foreign->bytes);
	assert_non_null(foreign->shinfo);
	memset(foreign->shinfo, 0xff, sizeof(*foreign->shinfo));
	foreign->shinfo->free_cb = foreign_freed;
	foreign->shinfo->fcb_opaque = foreign;
	rte_mbuf_ext_refcnt_set(foreign->shinfo, 1);
	rte_pktmbuf_attach_extbuf(
			m, foreign->bytes, (uintptr_t)foreign->bytes, len, foreign->shinfo);
	w->foreign_live++;
}

struct mext_stats
stats_of(const struct mext_pool *pool)
{
	struct mext_stats stats;

	mext_stats_get(pool, &stats);
	return stats;
}

uint64_t
in_use(const struct mext_pool *pool, const char *kind)
{
	struct mext_stats stats = stats_of(pool);
	unsigned int i;

	for (i = 0; i < stats.nb_kinds; i++)
		if (strcmp(stats.kinds[i].name, kind) == 0)
			return stats.kinds[i].in_use;
	fail_msg("no kind %s", kind);
	return UINT64_MAX;
}

void
assert_counters(const struct mext_pool *pool, const struct mext_stats *before,
		const struct mext_stats *delta, const char *file, int line)
{
	static const char *const names[] = { "allocs", "alloc_failures", "remote_allocs",
		"header_allocs", "header_failures", "attaches", "detaches", "releases",
		"returns_callback", "returns_bulk", "bad_releases", "missed_callbacks" };
	const struct mext_stats now = stats_of(pool);
	const uint64_t *a = (const uint64_t *)before;
	const uint64_t *b = (const uint64_t *)&now;
	const uint64_t *d = (const uint64_t *)delta;
	unsigned int i;

	static_assert(offsetof(struct mext_stats, nb_kinds) == sizeof(uint64_t) * RTE_DIM(names),
			"a counter has no name here");
	for (i = 0; i < RTE_DIM(names); i++) {
		if (b[i] - a[i] == d[i])
			continue;
		print_error("%s rose by %" PRIu64 ", expected %" PRIu64 "\n", names[i], b[i] - a[i],
				d[i]);
		_fail(file, line);
	}
}
