/* SPDX-License-Identifier: BSD-3-Clause */
#include "pools.h"

#include <rte_malloc.h>

#include "compat.h"
#include "dice.h"
#include "fault.h"
#include "idle.h"

#define ROOM (RTE_PKTMBUF_HEADROOM + POOLS_LEN)

#define ANY_OF(array) ((array)[dice(RTE_DIM(array))])

static struct pools *current;

/** One kind of object; with caches or without. */
static struct mext_pool_class
some(uint32_t size, unsigned int min, unsigned int max, bool caches)
{
	uint32_t count = min + dice(max - min + 1);

	return (struct mext_pool_class){ size, count, caches ? dice(count * 2 / 3 + 1) : 0 };
}

static void
random_conf(struct mext_pool_conf *conf, bool caches)
{
	static const uint32_t sizes[][3] = { { 64, 256, 2048 }, { 64, 256 }, { 256, 2048 }, { 64 },
		{ 2048 }, { 0 } };
	static const uint32_t pair_sizes[] = { 0, 32, 100, 300, 1500 };
	static const uint16_t headrooms[] = { 0, 16, 64, 128 };
	static const uint32_t thresholds[] = { 0, 0, 16, 64, UINT16_MAX };
	const uint32_t *size = ANY_OF(sizes);
	uint32_t pair_size = ANY_OF(pair_sizes);

	mext_pool_conf_init(conf);
	for (; conf->nb_classes < 3 && size[conf->nb_classes] > 0; conf->nb_classes++)
		conf->classes[conf->nb_classes] = some(size[conf->nb_classes], 4, 24, caches);
	if (pair_size > 0)
		conf->pairs = some(pair_size, 4, 24, caches);
	conf->rx = some(POOLS_LEN, 4, 16, caches);
	if (dice(16) > 0)
		conf->headers = some(0, 24, 90, caches);
	conf->wraps = some(0, 3, 8, caches);
	conf->spreads = some(0, 1, 3, caches);
	conf->priv_size = dice(2) * 24;
	conf->headroom = ANY_OF(headrooms);
	/* Copies that begin in a storage have a byte behind the headroom. */
	if (conf->pairs.count == 0 && conf->headers.count > 0 && conf->nb_classes > 0)
		conf->headroom = RTE_MIN(
				conf->headroom, conf->classes[conf->nb_classes - 1].size - 1);
	conf->copy_threshold = ANY_OF(thresholds);
}

/** The pool by its configuration. */
static void
measure(struct pools *p)
{
	const struct mext_pool_conf *conf = &p->conf;
	size_t largest = conf->headers.count > 0 && conf->nb_classes > 0
					 ? conf->classes[conf->nb_classes - 1].size
					 : 0;

	p->room_first = p->room_next = conf->pairs.size;
	p->room_next = RTE_MAX(p->room_next, largest);
	if (largest > conf->headroom)
		p->room_first = RTE_MAX(p->room_first, largest - conf->headroom);
	p->lacks = conf->headers.count == 0 || p->room_next == 0;
}

/** Overwrite the bytes of an object that is free now: who still reads them is found out. */
static void
scribble(struct rte_mempool *mp, void *obj)
{
	struct rte_mempool *const *mps = current->pool->sub[0].mp;
	const struct mext_storage *storage = obj;
	const struct rte_mbuf *m = obj;
	unsigned int kind;

	for (kind = 0; kind < NB_KINDS && mps[kind] != mp; kind++)
		;
	if (kind < MEXT_POOL_MAX_CLASSES)
		memset(storage->base, 0xdd, storage->len);
	else if (kind != KIND_WRAP && kind != KIND_SPREAD)
		memset(m->buf_addr, 0xdd, m->buf_len);
}

static void
create_stock(struct pools *p, unsigned int id, bool caches)
{
	struct mext_pool_class plain = some(ROOM, 8, 24, caches);
	struct mext_pool_class pinned = some(ROOM, 4, 16, caches);
	struct rte_pktmbuf_extmem mem = { .elt_size = ROOM };
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mbuf *m;

	/* With odd sizes it would be DPDK that loses and doubles objects here. */
	plain.cache = compat_cache_size(plain.cache);
	pinned.cache = compat_cache_size(pinned.cache);
	snprintf(name, sizeof(name), "plain%u", id);
	p->plain = rte_pktmbuf_pool_create(name, plain.count, plain.cache, 32, ROOM, SOCKET_ID_ANY);
	assert_non_null(p->plain);
	mem.buf_len = (size_t)pinned.count * ROOM;
	mem.buf_ptr = p->pinned_memory = rte_malloc(NULL, mem.buf_len, RTE_CACHE_LINE_SIZE);
	assert_non_null(mem.buf_ptr);
	mem.buf_iova = rte_malloc_virt2iova(mem.buf_ptr);
	snprintf(name, sizeof(name), "pinned%u", id);
	p->pinned = rte_pktmbuf_pool_create_extbuf(
			name, pinned.count, pinned.cache, 0, ROOM, SOCKET_ID_ANY, &mem, 1);
	assert_non_null(p->pinned);
	m = rte_pktmbuf_alloc(p->pinned);
	assert_non_null(m);
	p->pinned_cb = m->shinfo->free_cb;
	rte_pktmbuf_free(m);
}

void
pools_create(struct pools *p)
{
	static unsigned int id; /* a test that failed leaves its pools behind */
	struct mext_pool_conf rx_pairs;
	char name[MEXT_POOL_NAME_MAX];
	bool caches = dice(2) == 0;

	memset(p, 0, sizeof(*p));
	random_conf(&p->conf, caches);
	measure(p);
	snprintf(name, sizeof(name), "pools%u", ++id);
	assert_int_equal(mext_pool_create(name, &p->conf, &p->pool), 0);
	mext_pool_conf_init(&rx_pairs);
	rx_pairs.pairs = some(POOLS_LEN, 4, 16, caches);
	rx_pairs.priv_size = 24;
	rx_pairs.flags = MEXT_POOL_RX_PAIRS;
	snprintf(name, sizeof(name), "rxpairs%u", id);
	assert_int_equal(mext_pool_create(name, &rx_pairs, &p->rx_pairs), 0);
	create_stock(p, id, caches);
	assert_int_equal(p->pool->nb_sockets, 1);
	current = p;
	fault_on_put(scribble);
}

void
pools_destroy(struct pools *p)
{
	fault_on_put(NULL);
	assert_int_equal(p->foreign_live, 0);
	assert_int_equal(p->wraps_live, 0);
	idle_pool(p->pool);
	idle_pool(p->rx_pairs);
	idle_mempool(p->plain, idle_direct);
	idle_mempool(p->pinned, idle_pinned);
	assert_int_equal(mext_pool_destroy(p->pool), 0);
	assert_int_equal(mext_pool_destroy(p->rx_pairs), 0);
	rte_mempool_free(p->plain);
	rte_mempool_free(p->pinned);
	rte_free(p->pinned_memory);
}
