/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include <mext.h>

#include "bed.h"
#include "window.h"

/** Bursts timed together: long against the clock's resolution, short against a time slice. */
#define BURSTS_A_ROUND 128
/** Beside what is in use: what caches may hold back. */
#define SPARE (4 * PEER_CACHE)

/** How many objects a row's pools need, and how large they are. */
struct needs {
	unsigned int packets, headers;
	uint16_t room;
};

static struct needs
needs_of(const struct bed_load *load)
{
	/* Those that stay, and those made of them, each with a segment more for its own header. */
	unsigned int segs = load->packets * load->segs + load->made * (load->segs + 1);

	return (struct needs){
		.packets = load->packets * load->segs + load->made + SPARE,
		.headers = segs + SPARE,
		.room = RTE_MAX((unsigned int)PEER_DATA, RTE_ALIGN_CEIL(load->len, 64)),
	};
}

/** Stock mempools. */
static void
make_stock(struct bed *bed, const struct needs *needs)
{
	static unsigned int nb;
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "bed_rooms%u", nb);
	bed->rooms = peer_mbufs(name, needs->packets, RTE_PKTMBUF_HEADROOM + needs->room);
	snprintf(name, sizeof(name), "bed_headers%u", nb);
	bed->headers = peer_mbufs(name, needs->headers, 0);
	/* As large as in DPDK's example for multicast. */
	snprintf(name, sizeof(name), "bed_small%u", nb++);
	bed->small = peer_mbufs(name, bed->load->made + SPARE, 2 * RTE_PKTMBUF_HEADROOM);
	if (bed->rooms == NULL || bed->headers == NULL || bed->small == NULL)
		bench_die("no memory for the pools, raise EAL's -m");
}

static void
make_ours(struct bed *bed, const struct needs *needs, enum bed_threshold threshold)
{
	static unsigned int nb;
	const struct mext_pool_class packets = { needs->room, needs->packets, PEER_CACHE };
	char name[MEXT_POOL_NAME_MAX + 1];
	struct mext_pool_conf conf;

	mext_pool_conf_init(&conf);
	conf.nb_classes = 1;
	conf.classes[0] = packets;
	conf.pairs = packets;
	conf.headers = (struct mext_pool_class){ 0, needs->headers, PEER_CACHE };
	if (bed->load->kind == BED_DIRECT)
		conf.rx = packets;
	if (threshold != BED_DEFAULT)
		conf.copy_threshold = threshold == BED_COPY ? needs->room : 0;
	snprintf(name, sizeof(name), "bed%u", nb++);
	if (mext_pool_create(name, &conf, &bed->pool) < 0)
		bench_die("no memory for the pools, raise EAL's -m");
	if (bed->rooms == NULL)
		bed->rooms = mext_pool_rx_mempool(bed->pool, SOCKET_ID_ANY);
}

static struct rte_mbuf *
new_segment(struct bed *bed)
{
	const uint16_t len = bed->load->len;
	struct mext_storage *storage;
	struct rte_mbuf *m = NULL;

	if (bed->load->kind == BED_STORAGE) {
		storage = mext_storage_alloc(bed->pool, len);
		bed_must(storage != NULL &&
				mext_attach_new_bulk(bed->pool, &m, &storage, 1, 0, len) == 0);
		return m;
	}
	m = bed->load->kind == BED_PAIR ? mext_packet_alloc(bed->pool)
					: rte_pktmbuf_alloc(bed->rooms);
	bed_must(m != NULL && rte_pktmbuf_append(m, len) != NULL);
	return m;
}

struct rte_mbuf *
bed_packet(struct bed *bed)
{
	struct rte_mbuf *m = new_segment(bed);

	while (m->nb_segs < bed->load->segs)
		bed_must(rte_pktmbuf_chain(m, new_segment(bed)) == 0);
	return m;
}

static void
shuffle(struct rte_mbuf **mbufs, unsigned int n)
{
	unsigned int i, j;

	srand(1);
	for (i = n; i > 1; i--) {
		struct rte_mbuf *m = mbufs[i - 1];

		j = rand() % i;
		mbufs[i - 1] = mbufs[j];
		mbufs[j] = m;
	}
}

/** Until everything was used once, so that pools, caches and the dynamic linker are as they stay. */
static void
warm_up(const struct bed_way *way, struct bed *bed)
{
	unsigned int i, bursts = bed->load->made / BED_BURST;

	if (way->prepare != NULL) {
		way->prepare(bed);
		way->work(bed);
		return;
	}
	for (i = 0; i < bursts; i++)
		way->work(bed);
	/* As the mbufs are in pools that have been in use. */
	shuffle(bed->made, bed->load->made);
	for (i = 0; i < bursts; i++)
		way->work(bed);
}

int
bed_setup(struct bench_subject *s)
{
	const struct bed_load *load = s->table->how;
	const struct bed_way *way = s->row->how;
	const struct needs needs = needs_of(load);
	struct bed *bed = calloc(1, sizeof(*bed));
	unsigned int i;

	if (bed == NULL)
		bench_die("no memory");
	bed->load = load;
	bed->packets = calloc(load->packets, sizeof(bed->packets[0]));
	bed->made = calloc(load->made, sizeof(bed->made[0]));
	if (bed->packets == NULL || bed->made == NULL)
		bench_die("no memory");
	if (way->stock)
		make_stock(bed, &needs);
	if (!way->stock || load->kind != BED_DIRECT)
		make_ours(bed, &needs, way->threshold);
	for (i = 0; i < load->packets; i++)
		bed->packets[i] = bed_packet(bed);
	shuffle(bed->packets, load->packets);
	warm_up(way, bed);
	s->state = bed;
	return 0;
}

__rte_noinline unsigned int
bed_work(const struct bed_way *way, struct bed *bed, unsigned int times)
{
	unsigned int mbufs = 0;

	while (times-- > 0)
		mbufs += way->work(bed);
	return mbufs;
}

void
bed_run(struct bench_subject *s, struct bench_work *work)
{
	const struct bed_way *way = s->row->how;
	const unsigned int times = way->prepare == NULL ? BURSTS_A_ROUND : 1;
	struct bed *bed = s->state;
	uint64_t begin;

	while (work->objects < BURSTS_A_ROUND * BED_BURST) {
		if (way->prepare != NULL)
			way->prepare(bed);
		begin = rte_rdtsc_precise();
		work->objects += bed_work(way, bed, times);
		work->cycles += rte_rdtsc_precise() - begin;
	}
}

unsigned int
bed_teardown(struct bench_subject *s)
{
	const struct bed_way *way = s->row->how;
	struct bed *bed = s->state;
	unsigned int out = 0;

	if (way->prepare == NULL)
		rte_pktmbuf_free_bulk(bed->made, bed->load->made);
	rte_pktmbuf_free_bulk(bed->packets, bed->load->packets);
	if (way->stock)
		out += peer_free(bed->rooms) + peer_free(bed->headers) + peer_free(bed->small);
	if (bed->pool != NULL)
		out += window_pool_destroy(bed->pool);
	free(bed->made);
	free(bed->packets);
	free(bed);
	return out;
}
