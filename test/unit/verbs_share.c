/* SPDX-License-Identifier: BSD-3-Clause */
#include "dice.h"
#include "storage.h"
#include "verbs.h"

static struct places was, now;

/** Segments of a share: one for each that has bytes in the range, one without any. */
static unsigned int
segments_of(const struct rte_mbuf *m, const struct range *range)
{
	size_t begin = 0;
	unsigned int n = 0;

	for (; m != NULL; begin += m->data_len, m = m->next)
		if (RTE_MAX(begin, range->off) <
				RTE_MIN(begin + m->data_len, range->off + range->len))
			n++;
	return RTE_MAX(n, 1u);
}

/** A share is in new headers over the same memory, without room that others see. */
static void
check_share(const struct packets *ps, const struct rte_mbuf *share, const struct rte_mbuf *m,
		const struct range *range)
{
	places_get(&now, share);
	assert_int_equal(now.len, range->len);
	places_same(&now, 0, &was, range->off, range->len);
	assert_int_equal(share->nb_segs, segments_of(m, range));
	for (; share != NULL; share = share->next) {
		assert_ptr_equal(share->pool,
				mext_pool_header_mempool(ps->pools.pool, SOCKET_ID_ANY));
		assert_int_equal(rte_mbuf_refcnt_read(share), 1);
		assert_int_equal(rte_pktmbuf_tailroom(share), 0);
		if (RTE_MBUF_HAS_EXTBUF(share) && origin_of(share->shinfo) != ORIGIN_FOREIGN)
			assert_int_equal(rte_pktmbuf_headroom(share), 0);
		if (range->len > 0)
			assert_true(share->data_len > 0);
	}
}

static void
step_share(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct rte_mbuf *share = UNTOUCHED;
	struct range range;
	int ret;

	if (p == NULL || packets_room(ps) == 0)
		return;
	range = any_range(ps, p);
	TRACE("share %zu + %zu of %u\n", range.off, range.len, p->len);
	places_get(&was, p->m);
	attempt_begin(p);
	ret = mext_share(ps->pools.pool, p->m, range.off, range.len, &share);
	if (!attempt_end(ps, ret, (struct allowed){ .error = range.inside ? 0 : -ERANGE })) {
		assert_ptr_equal(share, UNTOUCHED);
		return;
	}
	check_share(ps, share, p->m, &range);
	packets_add(ps, share, &p->bytes[range.off], range.len, &p->meta);
}

/** n and one more output; what a call leaves in the first n when it fails is its own affair. */
static void
prepare_outputs(struct rte_mbuf **copies, unsigned int n)
{
	unsigned int i;

	for (i = 0; i <= n; i++)
		copies[i] = UNTOUCHED;
}

static void
step_fanout(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct rte_mbuf *copies[PACKETS_MAX + 1];
	unsigned int n = dice(packets_room(ps) + 1), i;
	struct range all;
	int ret;

	if (p == NULL)
		return;
	all = (struct range){ .len = p->len };
	TRACE("fan-out %u times %u\n", n, p->len);
	prepare_outputs(copies, n);
	places_get(&was, p->m);
	attempt_begin(p);
	ret = mext_fanout(ps->pools.pool, p->m, copies, n);
	assert_ptr_equal(copies[n], UNTOUCHED);
	if (!attempt_end(ps, ret, (struct allowed){ 0 }))
		return;
	for (i = 0; i < n; i++) {
		check_share(ps, copies[i], p->m, &all);
		packets_add(ps, copies[i], p->bytes, p->len, &p->meta);
	}
}

/** The first bytes are the copy's own, with headroom; the rest is shared, or copied if it is little. */
static void
check_private(const struct packets *ps, const struct rte_mbuf *copy, size_t hdr_len, size_t len)
{
	const struct mext_pool_conf *conf = &ps->pools.conf;
	size_t rest = len - hdr_len;

	assert_int_equal(rte_pktmbuf_headroom(copy), conf->headroom);
	assert_true(mext_is_writable(copy, 0, hdr_len));
	places_get(&now, copy);
	if (rest > conf->copy_threshold) {
		assert_int_equal(copy->data_len, hdr_len);
		places_same(&now, hdr_len, &was, hdr_len, rest);
	} else if (len <= ps->pools.room_first) {
		assert_int_equal(copy->nb_segs, 1);
		assert_true(mext_is_writable(copy, 0, len));
	}
}

static void
step_fanout_private(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct rte_mbuf *copies[PACKETS_MAX + 1];
	unsigned int n = dice(packets_room(ps) + 1), i;
	size_t hdr_len;
	int ret;

	if (p == NULL)
		return;
	hdr_len = any_offset(ps, p);
	TRACE("private fan-out %u times %zu of %u\n", n, hdr_len, p->len);
	prepare_outputs(copies, n);
	places_get(&was, p->m);
	attempt_begin(p);
	ret = mext_fanout_private(ps->pools.pool, p->m, hdr_len, copies, n);
	assert_ptr_equal(copies[n], UNTOUCHED);
	if (!attempt_end(ps, ret,
			    (struct allowed){ .error = hdr_len > p->len ? -ERANGE : 0,
					    .too_long = too_long(&ps->pools, hdr_len) }))
		return;
	for (i = 0; i < n; i++) {
		check_private(ps, copies[i], hdr_len, p->len);
		packets_add(ps, copies[i], p->bytes, p->len, &p->meta);
	}
}

/**
 * Where bytes were cut off, stock calls find no room to write what others see. A header that is bound to its
 * bytes keeps its room, and in clones and foreign buffers the address is needed.
 */
static void
check_closed(const struct rte_mbuf *m, bool front)
{
	bool external = RTE_MBUF_HAS_EXTBUF(m), foreign;

	if (RTE_MBUF_DIRECT(m) || RTE_MBUF_HAS_PINNED_EXTBUF(m) || segment_writable(m))
		return;
	foreign = external && origin_of(m->shinfo) == ORIGIN_FOREIGN;
	if (foreign && rte_mbuf_ext_refcnt_read(m->shinfo) == 1)
		return;
	if (!front)
		assert_int_equal(rte_pktmbuf_tailroom(m), 0);
	else if (external && !foreign)
		assert_int_equal(rte_pktmbuf_headroom(m), 0);
}

static void
step_split(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct rte_mbuf *tail = UNTOUCHED;
	size_t off;
	int ret;

	if (p == NULL || packets_room(ps) == 0)
		return;
	off = any_offset(ps, p);
	TRACE("split %u at %zu\n", p->len, off);
	places_get(&was, p->m);
	packets_touch(ps, p);
	attempt_begin(p);
	ret = mext_split(ps->pools.pool, &p->m, off, &tail);
	if (!attempt_end(ps, ret, (struct allowed){ .error = off > p->len ? -ERANGE : 0 })) {
		assert_ptr_equal(tail, UNTOUCHED);
		return;
	}
	places_get(&now, p->m);
	assert_int_equal(now.len, off);
	places_same(&now, 0, &was, 0, off);
	places_get(&now, tail);
	assert_int_equal(now.len, p->len - off);
	places_same(&now, 0, &was, off, p->len - off);
	check_closed(rte_pktmbuf_lastseg(p->m), false);
	check_closed(tail, true);
	packets_add(ps, tail, &p->bytes[off], p->len - off, &p->meta);
	p->len = off;
}

static void
step_concat(struct packets *ps)
{
	struct packet *p = packets_any(ps), *tail = packets_any(ps);
	struct places tail_was;
	struct rte_mbuf *m;
	bool one;
	int ret;

	if (p == NULL || p->len + tail->len > PACKET_BYTES ||
			p->m->nb_segs + tail->m->nb_segs > PACKET_SEGS)
		return;
	one = p->m == tail->m; /* another owner's, or the same */
	TRACE("concat %u + %u%s\n", p->len, tail->len, one ? ", of one packet" : "");
	places_get(&was, p->m);
	places_get(&tail_was, tail->m);
	m = tail->m;
	packets_touch(ps, p);
	packets_touch(ps, tail);
	attempt_begin(p);
	ret = mext_concat(ps->pools.pool, &p->m, m);
	if (!attempt_end(ps, ret, (struct allowed){ .error = one ? -EINVAL : 0 }))
		return;
	places_get(&now, p->m);
	assert_int_equal(now.len, p->len + tail->len);
	places_same(&now, 0, &was, 0, p->len);
	places_same(&now, p->len, &tail_was, 0, tail->len);
	memcpy(&p->bytes[p->len], tail->bytes, tail->len);
	p->len += tail->len;
	tail->m = NULL;
}

static void
trim(struct packets *ps, bool front)
{
	struct packet *p = packets_any(ps);
	size_t len, off;
	int ret;

	if (p == NULL)
		return;
	len = any_offset(ps, p);
	TRACE("trim %zu of %u at the %s\n", len, p->len, front ? "front" : "back");
	places_get(&was, p->m);
	packets_touch(ps, p);
	attempt_begin(p);
	if (front)
		ret = mext_trim_front(ps->pools.pool, &p->m, len);
	else
		ret = mext_trim_back(ps->pools.pool, &p->m, len);
	if (!attempt_end(ps, ret, (struct allowed){ .error = len > p->len ? -ERANGE : 0 }))
		return;
	off = front ? len : 0;
	p->len -= len;
	places_get(&now, p->m);
	assert_int_equal(now.len, p->len);
	places_same(&now, 0, &was, off, p->len);
	memmove(p->bytes, &p->bytes[off], p->len);
	if (len == 0)
		return;
	check_closed(front ? p->m : rte_pktmbuf_lastseg(p->m), front);
	if (p->len == 0)
		assert_int_equal(p->m->nb_segs, 1);
}

static void
step_trim_front(struct packets *ps)
{
	trim(ps, true);
}

static void
step_trim_back(struct packets *ps)
{
	trim(ps, false);
}

/** No packet at all. */
static void
step_share_nothing(struct packets *ps)
{
	struct mext_pool *pool = ps->pools.pool;
	struct rte_mbuf *none = NULL, *out = UNTOUCHED;

	TRACE("share nothing\n");
	attempt_begin(NULL);
	assert_int_equal(mext_share(pool, NULL, 0, 0, &out), -EINVAL);
	assert_int_equal(mext_fanout(pool, NULL, &out, 1), -EINVAL);
	assert_int_equal(mext_fanout_private(pool, NULL, 0, &out, 1), -EINVAL);
	assert_int_equal(mext_split(pool, &none, 0, &out), -EINVAL);
	assert_int_equal(mext_concat(pool, &none, NULL), -EINVAL);
	assert_int_equal(mext_trim_front(pool, &none, 0), -EINVAL);
	assert_false(attempt_end(
			ps, mext_trim_back(pool, &none, 0), (struct allowed){ .error = -EINVAL }));
	assert_null(none);
	assert_ptr_equal(out, UNTOUCHED);
}

const struct step share_steps[] = {
	{ "share", 4, step_share },
	{ "fanout", 3, step_fanout },
	{ "fanout_private", 4, step_fanout_private },
	{ "split", 3, step_split },
	{ "concat", 4, step_concat },
	{ "trim_front", 2, step_trim_front },
	{ "trim_back", 2, step_trim_back },
	{ "share_nothing", 1, step_share_nothing },
	{ NULL, 0, NULL },
};
