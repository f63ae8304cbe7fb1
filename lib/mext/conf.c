/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_lcore.h>

#include "compat.h"
#include "log.h"
#include "pool.h"
#include "space.h"

#define KIND_NAME_MAX 16

const char *
mextp_kind_name(unsigned int kind)
{
	static const char *const names[NB_KINDS] = { "class0", "class1", "class2", "class3",
		"class4", "class5", "class6",
		"class7", [KIND_RX] = "rx", [KIND_HEADER] = "headers", [KIND_PAIR] = "pairs",
		[KIND_WRAP] = "wraps", [KIND_SPREAD] = "spreads", [KIND_RX_MORE] = "rx1", "rx2",
		"rx3" };

	static_assert(MEXT_POOL_MAX_RX_MORE == 3, "every kind has a name");

	return names[kind];
}

const struct mext_pool_class *
mextp_kind_conf(const struct mext_pool_conf *conf, unsigned int kind)
{
	static const struct mext_pool_class none;
	const unsigned int more = kind - KIND_RX_MORE;

	if (kind >= KIND_RX_MORE)
		return more < conf->nb_rx_more ? &conf->rx_more[more] : &none;
	switch (kind) {
	case KIND_RX:
		return &conf->rx;
	case KIND_HEADER:
		return &conf->headers;
	case KIND_PAIR:
		return &conf->pairs;
	case KIND_WRAP:
		return &conf->wraps;
	case KIND_SPREAD:
		return &conf->spreads;
	default:
		return kind < conf->nb_classes ? &conf->classes[kind] : &none;
	}
}

static int
check_range(const char *pool, const char *object, const char *field, uint64_t value, uint64_t min,
		uint64_t max)
{
	if (value >= min && value <= max)
		return 0;
	MEXT_LOG(ERR, "pool %s: %s%s is %" PRIu64 ", allowed is %" PRIu64 " to %" PRIu64, pool,
			object, field, value, min, max);
	return -EINVAL;
}

/** Data bytes that objects of a kind may have. */
static void
size_range(const struct mext_pool_conf *conf, unsigned int kind, uint32_t *min, uint32_t *max)
{
	*min = 1;
	switch (kind_like(kind)) {
	case KIND_RX:
		*max = UINT16_MAX - RTE_PKTMBUF_HEADROOM;
		break;
	case KIND_HEADER:
	case KIND_WRAP:
	case KIND_SPREAD:
		*min = *max = 0;
		break;
	case KIND_PAIR:
		*max = UINT16_MAX - RTE_MAX(conf->headroom, RTE_PKTMBUF_HEADROOM);
		break;
	default:
		if (kind > 0)
			*min = conf->classes[kind - 1].size + 1;
		*max = MEXT_POOL_MAX_SIZE;
	}
}

static int
check_kind(const char *pool, const struct mext_pool_conf *conf, unsigned int kind)
{
	const struct mext_pool_class *c = mextp_kind_conf(conf, kind);
	bool is_class = kind < MEXT_POOL_MAX_CLASSES;
	bool is_listed = is_class || kind >= KIND_RX_MORE;
	char object[KIND_NAME_MAX];
	uint32_t min, max;

	if (is_class)
		snprintf(object, sizeof(object), "classes[%u]", kind);
	else if (is_listed)
		snprintf(object, sizeof(object), "rx_more[%u]", kind - KIND_RX_MORE);
	else
		snprintf(object, sizeof(object), "%s", mextp_kind_name(kind));
	if (check_range(pool, object, ".count", c->count, is_listed, MEXT_POOL_MAX_COUNT) < 0)
		return -EINVAL;
	if (c->count == 0)
		return 0;
	size_range(conf, kind, &min, &max);
	if (check_range(pool, object, ".size", c->size, min, max) < 0)
		return -EINVAL;
	/* A mempool wants what a cache keeps to be within its own size. */
	return check_range(pool, object, ".cache", c->cache, 0, compat_cache_largest(c->count));
}

static int
check_bits(const char *pool, const char *field, uint32_t value, uint32_t allowed)
{
	if ((value & ~allowed) == 0)
		return 0;
	MEXT_LOG(ERR, "pool %s: %s is 0x%" PRIx32 ", allowed are the bits of 0x%" PRIx32, pool,
			field, value, allowed);
	return -EINVAL;
}

static uint32_t
known_sockets(void)
{
	uint32_t mask = mextp_sockets_in_use();
	unsigned int i;

	for (i = 0; i < rte_socket_count(); i++)
		mask |= UINT32_C(1) << (rte_socket_id_by_idx(i) % MAX_SOCKETS);
	return mask;
}

static int
check_flags(const char *pool, const struct mext_pool_conf *conf)
{
	if (check_bits(pool, "flags", conf->flags,
			    MEXT_POOL_RX_PAIRS | MEXT_POOL_STRICT | MEXT_POOL_INTERLEAVE) < 0 ||
			check_bits(pool, "socket_mask", conf->socket_mask, known_sockets()) < 0)
		return -EINVAL;
	if ((conf->flags & MEXT_POOL_RX_PAIRS) != 0 &&
			(conf->pairs.count == 0 || conf->rx.count != 0)) {
		MEXT_LOG(ERR,
				"pool %s: flags has MEXT_POOL_RX_PAIRS, then pairs.count is 1 or more and "
				"rx.count is 0: drivers receive into pairs, so add rx.count to pairs.count",
				pool);
		return -EINVAL;
	}
	if (conf->nb_rx_more > 0 && conf->rx.count == 0) {
		MEXT_LOG(ERR,
				"pool %s: nb_rx_more is %" PRIu32
				", then rx.count is 1 or more: rx_more are sizes beside that of rx",
				pool, conf->nb_rx_more);
		return -EINVAL;
	}
	if ((conf->flags & MEXT_POOL_STRICT) != 0 && (conf->flags & MEXT_POOL_INTERLEAVE) != 0) {
		MEXT_LOG(ERR,
				"pool %s: flags has MEXT_POOL_STRICT and MEXT_POOL_INTERLEAVE: one takes from "
				"the caller's socket alone, the other from all in turn; give one of them",
				pool);
		return -EINVAL;
	}
	return 0;
}

/** Copies begin with the headroom, in one of the pool's segments: all that has any must have a byte more. */
static int
check_headroom(const char *pool, const struct mext_pool_conf *conf)
{
	const uint32_t space = mextp_space_max(conf);

	if (space == 0 || conf->headroom < space)
		return 0;
	MEXT_LOG(ERR,
			"pool %s: headroom is %u, allowed is 0 to %" PRIu32
			": copies begin with it, in storages of classes[%" PRIu32
			"] as there are no pairs",
			pool, conf->headroom, space - 1, conf->nb_classes - 1);
	return -EINVAL;
}

int
mextp_conf_check(const char *name, const struct mext_pool_conf *conf)
{
	uint64_t objects = 0;
	unsigned int kind;

	if (check_range(name, "", "nb_classes", conf->nb_classes, 0, MEXT_POOL_MAX_CLASSES) < 0 ||
			check_range(name, "", "nb_rx_more", conf->nb_rx_more, 0,
					MEXT_POOL_MAX_RX_MORE) < 0 ||
			check_range(name, "", "priv_size", conf->priv_size, 0, 8192) < 0 ||
			check_range(name, "", "headroom", conf->headroom, 0, INT16_MAX) < 0 ||
			check_range(name, "", "copy_threshold", conf->copy_threshold, 0,
					UINT16_MAX) < 0)
		return -EINVAL;
	if (conf->priv_size % RTE_MBUF_PRIV_ALIGN != 0) {
		MEXT_LOG(ERR, "pool %s: priv_size is %u, allowed are multiples of %u", name,
				conf->priv_size, RTE_MBUF_PRIV_ALIGN);
		return -EINVAL;
	}
	for (kind = 0; kind < NB_KINDS; kind++) {
		if ((kind >= conf->nb_classes && kind < MEXT_POOL_MAX_CLASSES) ||
				kind >= KIND_RX_MORE + conf->nb_rx_more)
			continue;
		if (check_kind(name, conf, kind) < 0)
			return -EINVAL;
		objects += mextp_kind_conf(conf, kind)->count;
	}
	if (objects == 0) {
		MEXT_LOG(ERR,
				"pool %s: every count is 0, give at least one size class, rx, headers, "
				"pairs, wraps or spreads",
				name);
		return -EINVAL;
	}
	return check_headroom(name, conf) < 0 ? -EINVAL : check_flags(name, conf);
}

void
mext_pool_conf_init(struct mext_pool_conf *conf)
{
	memset(conf, 0, sizeof(*conf));
	conf->headroom = RTE_PKTMBUF_HEADROOM;
	conf->copy_threshold = MEXT_COPY_THRESHOLD;
}

/** As many objects as a share of the memory holds, with a cache that parks at most 3/8 of them. */
static void
default_kind(struct mext_pool_conf *conf, unsigned int kind, struct mext_pool_class *c,
		size_t bytes, uint32_t size)
{
	uint32_t parked;

	c->size = size;
	c->count = RTE_MIN(bytes / mextp_sub_bytes(conf, kind), (size_t)MEXT_POOL_MAX_COUNT);
	c->count = RTE_MAX(c->count, 1u);
	parked = (uint64_t)c->count * 3 / 8 / rte_lcore_count();
	c->cache = compat_cache_size(RTE_MIN(compat_cache_largest(parked), COMPAT_CACHE_AMPLE));
}

int
mext_pool_conf_default(size_t bytes, struct mext_pool_conf *conf)
{
	/* Percent of the memory; bare headers follow the number of storages, 5 % hold about as many. */
	static const struct {
		uint32_t size;
		unsigned int percent;
	} class[] = { { 512, 10 }, { 2048, 25 }, { 16384, 10 } };
	unsigned int sockets, i;
	size_t each;

	if (rte_lcore_count() == 0) {
		MEXT_LOG(ERR, "mext_pool_conf_default: rte_eal_init() was not called");
		return -EPERM;
	}
	sockets = __builtin_popcount(mextp_sockets_in_use());
	if (check_range("(default)", "", "bytes", bytes, (uint64_t)sockets << 20,
			    UINT64_C(1) << 40))
		return -EINVAL;
	each = bytes / sockets;
	mext_pool_conf_init(conf);
	conf->nb_classes = RTE_DIM(class);
	for (i = 0; i < RTE_DIM(class); i++) {
		conf->classes[i].size = class[i].size;
		default_kind(conf, i, &conf->classes[i], each / 100 * class[i].percent,
				class[i].size);
	}
	conf->rx.size = conf->pairs.size = 2048;
	default_kind(conf, KIND_RX, &conf->rx, each / 100 * 35, 2048);
	default_kind(conf, KIND_PAIR, &conf->pairs, each / 100 * 15, 2048);
	default_kind(conf, KIND_HEADER, &conf->headers, each / 1000 * 38, 0);
	default_kind(conf, KIND_WRAP, &conf->wraps, each / 100, 0);
	default_kind(conf, KIND_SPREAD, &conf->spreads, each / 1000 * 2, 0);
	return 0;
}
