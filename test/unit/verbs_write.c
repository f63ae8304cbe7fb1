/* SPDX-License-Identifier: BSD-3-Clause */
#include "dice.h"
#include "verbs.h"

static struct places was, now;

/** What a verb that makes bytes [off, off + len) writable does with each byte of the packet. */
static bool stays[PACKET_BYTES];
/** The rest is copied, unless letting go of one segment makes the next one writable. */
static bool rest_moves;

/**
 * What is writable stays where it is, and of other segments what is outside of the range and more than the
 * copy threshold.
 */
static void
predict_places(const struct pools *p, const struct rte_mbuf *m, const struct range *range)
{
	size_t begin = 0, end, threshold = p->conf.copy_threshold, i;

	rest_moves = !shares_with_itself(m);
	for (; m != NULL; begin = end, m = m->next) {
		size_t from, to;

		end = begin + m->data_len;
		from = RTE_MAX(begin, range->off);
		to = RTE_MIN(end, range->off + range->len);
		for (i = begin; i < end; i++) {
			stays[i] = from >= to || segment_writable(m) ||
				   (i < from && from - begin > threshold) ||
				   (i >= to && end - to > threshold);
		}
	}
}

/** After a verb that made a range writable. */
static void
check_writable(const struct packet *p, const struct range *range)
{
	size_t i;

	places_get(&now, p->m);
	assert_int_equal(now.len, was.len);
	for (i = 0; i < p->len; i++)
		if (now.at[i] == was.at[i] ? !stays[i] && rest_moves : stays[i])
			fail_msg("byte %zu has %s", i, stays[i] ? "moved" : "stayed");
	assert_true(mext_is_writable(p->m, range->off, range->len));
	assert_true(bytes_writable(p->m, range->off, range->len));
}

static void
step_is_writable(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct range range;
	bool expected;

	if (p == NULL)
		return;
	range = any_range(ps, p);
	expected = range.inside && bytes_writable(p->m, range.off, range.len);
	TRACE("writable? %zu + %zu of %u: %d\n", range.off, range.len, p->len, expected);
	if (range.inside || range.len > 0)
		assert_int_equal(mext_is_writable(p->m, range.off, range.len), expected);
}

/** Random bytes straight into memory that a packet may write, which must be seen by it alone. */
static void
poke(struct packet *p, size_t off, size_t len)
{
	struct rte_mbuf *m = p->m;
	size_t begin = 0, from, to;

	dice_fill(&p->bytes[off], len);
	for (; m != NULL; begin += m->data_len, m = m->next) {
		from = RTE_MAX(begin, off);
		to = RTE_MIN(begin + m->data_len, off + len);
		if (from < to)
			memcpy(rte_pktmbuf_mtod_offset(m, uint8_t *, from - begin), &p->bytes[from],
					to - from);
	}
}

static void
step_poke(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct range range;

	if (p == NULL)
		return;
	range = any_range(ps, p);
	if (!range.inside || !mext_is_writable(p->m, range.off, range.len))
		return;
	TRACE("poke %zu + %zu of %u\n", range.off, range.len, p->len);
	poke(p, range.off, range.len);
}

static void
step_make_writable(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	struct range range;
	int ret;

	if (p == NULL)
		return;
	range = any_range(ps, p);
	TRACE("make writable %zu + %zu of %u\n", range.off, range.len, p->len);
	places_get(&was, p->m);
	packets_touch(ps, p);
	attempt_begin(p);
	if (range.inside)
		predict_places(&ps->pools, p->m, &range);
	ret = mext_make_writable(ps->pools.pool, &p->m, range.off, range.len);
	if (!attempt_end(ps, ret,
			    (struct allowed){ .error = range.inside ? 0 : -ERANGE,
					    .too_long = too_long(&ps->pools, 0) }))
		return;
	check_writable(p, &range);
	if (dice(2) == 0)
		poke(p, range.off, range.len);
}

static void
step_write(struct packets *ps)
{
	struct packet *p = packets_any(ps);
	uint8_t src[PACKET_BYTES];
	struct range range;
	int ret;

	if (p == NULL)
		return;
	range = any_range(ps, p);
	TRACE("write %zu + %zu of %u\n", range.off, range.len, p->len);
	dice_fill(src, range.inside ? range.len : 0);
	places_get(&was, p->m);
	packets_touch(ps, p);
	attempt_begin(p);
	if (range.inside)
		predict_places(&ps->pools, p->m, &range);
	ret = mext_write(ps->pools.pool, &p->m, range.off, src, range.len);
	if (!attempt_end(ps, ret,
			    (struct allowed){ .error = range.inside ? 0 : -ERANGE,
					    .too_long = too_long(&ps->pools, 0) }))
		return;
	memcpy(&p->bytes[range.off], src, range.len);
	check_writable(p, &range);
}

/** Room at an end of the packet: len bytes at data, which are random from now on. */
static void
extended(struct packet *p, size_t off, size_t len, uint8_t *data)
{
	places_get(&now, p->m);
	assert_int_equal(now.len, was.len + len);
	places_same(&now, off == 0 ? len : 0, &was, 0, was.len);
	if (len > 0)
		assert_ptr_equal(now.at[off], data);
	assert_true(mext_is_writable(p->m, off, len));
	assert_true(bytes_writable(p->m, off, len));
	memmove(&p->bytes[off + len], &p->bytes[off], p->len - off);
	dice_fill(&p->bytes[off], len);
	if (len > 0)
		memcpy(data, &p->bytes[off], len);
	p->len += len;
}

/** How much to add: often as much as there is room for. */
static size_t
any_extension(const struct pools *p, size_t room_here, size_t room_new)
{
	size_t len;

	switch (dice(4)) {
	case 0:
		len = room_here + dice(3);
		break;
	case 1:
		len = room_new + dice(p->conf.headroom + 4);
		break;
	default:
		len = dice(100);
	}
	return len > 0 ? len - dice(2) : 0;
}

static void
step_prepend(struct packets *ps)
{
	const struct pools *pools = &ps->pools;
	struct packet *p = packets_any(ps);
	void *data = UNTOUCHED;
	unsigned int nb_segs;
	bool in_place;
	size_t len;
	int ret;

	if (p == NULL)
		return;
	len = any_extension(pools, rte_pktmbuf_headroom(p->m), pools->room_first);
	if (len > PACKET_BYTES - p->len)
		return;
	TRACE("prepend %zu to %u\n", len, p->len);
	places_get(&was, p->m);
	packets_touch(ps, p);
	attempt_begin(p);
	in_place = len == 0 || (len <= rte_pktmbuf_headroom(p->m) && segment_writable(p->m));
	nb_segs = p->m->nb_segs;
	ret = mext_prepend(ps->pools.pool, &p->m, len, &data);
	if (!attempt_end(ps, ret, (struct allowed){ .too_long = too_long(pools, len) })) {
		assert_ptr_equal(data, UNTOUCHED);
		return;
	}
	assert_true(rte_pktmbuf_mtod(p->m, void *) == data && p->m->data_len >= len);
	assert_int_equal(p->m->nb_segs, nb_segs + !in_place);
	if (!in_place)
		assert_int_equal(rte_pktmbuf_headroom(p->m), pools->conf.headroom);
	extended(p, 0, len, data);
}

static void
step_append(struct packets *ps)
{
	const struct pools *pools = &ps->pools;
	struct packet *p = packets_any(ps);
	void *data = UNTOUCHED;
	struct rte_mbuf *last;
	bool in_place;
	size_t len;
	int ret;

	if (p == NULL)
		return;
	last = rte_pktmbuf_lastseg(p->m);
	len = any_extension(pools, rte_pktmbuf_tailroom(last), pools->room_next);
	if (len > PACKET_BYTES - p->len)
		return;
	TRACE("append %zu to %u\n", len, p->len);
	places_get(&was, p->m);
	packets_touch(ps, p);
	attempt_begin(p);
	in_place = len == 0 || (len <= rte_pktmbuf_tailroom(last) && headers_own(p->m) &&
					       segment_writable(last));
	ret = mext_append(ps->pools.pool, &p->m, len, &data);
	if (!attempt_end(ps, ret, (struct allowed){ .too_long = len > pools->room_next })) {
		assert_ptr_equal(data, UNTOUCHED);
		return;
	}
	assert_true(!in_place || last == rte_pktmbuf_lastseg(p->m));
	last = rte_pktmbuf_lastseg(p->m);
	assert_true(last->data_len >= len);
	assert_ptr_equal(rte_pktmbuf_mtod_offset(last, uint8_t *, last->data_len - len), data);
	extended(p, p->len, len, data);
}

const struct step write_steps[] = {
	{ "is_writable", 3, step_is_writable },
	{ "poke", 4, step_poke },
	{ "make_writable", 5, step_make_writable },
	{ "write", 5, step_write },
	{ "prepend", 4, step_prepend },
	{ "append", 4, step_append },
	{ NULL, 0, NULL },
};
