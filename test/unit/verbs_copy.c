/* SPDX-License-Identifier: BSD-3-Clause */
#include "dice.h"
#include "verbs.h"

static struct places was, now;

/** A verb that has nothing to do leaves every byte where it is, and the head. */
static void
check_untouched(const struct packet *p, const struct rte_mbuf *m)
{
	assert_ptr_equal(p->m, m);
	places_get(&now, p->m);
	assert_int_equal(now.len, was.len);
	places_same(&now, 0, &was, 0, was.len);
}

static void
step_unshare(struct packets *ps)
{
	const struct pools *pools = &ps->pools;
	struct packet *p = packets_any(ps);
	struct rte_mbuf *m;
	size_t fewest;
	bool done;
	int ret;

	if (p == NULL)
		return;
	TRACE("unshare %u\n", p->len);
	m = p->m;
	fewest = fewest_segments(pools, p->len);
	places_get(&was, m);
	packets_touch(ps, p);
	attempt_begin(p);
	done = m->nb_segs == 1 && rte_mbuf_refcnt_read(m) == 1 && bytes_writable(m, 0, p->len);
	ret = mext_unshare(ps->pools.pool, &p->m);
	if (!attempt_end(ps, ret, (struct allowed){ .too_long = fewest == SIZE_MAX }))
		return;
	if (done)
		check_untouched(p, m);
	assert_true(mext_is_writable(p->m, 0, p->len));
	assert_true(bytes_writable(p->m, 0, p->len));
	assert_true(!attempt_was_smooth() || p->m->nb_segs <= fewest);
}

static void
step_pullup(struct packets *ps)
{
	const struct pools *pools = &ps->pools;
	struct packet *p = packets_any(ps);
	struct rte_mbuf *m;
	size_t len, kept;
	bool done;
	int ret;

	if (p == NULL)
		return;
	len = any_offset(ps, p);
	TRACE("pull up %zu of %u\n", len, p->len);
	m = p->m;
	done = len <= m->data_len;
	places_get(&was, m);
	packets_touch(ps, p);
	attempt_begin(p);
	/* The first segment stays if it has room for what is missing, and may be written. */
	kept = m->data_len;
	if (len <= p->len && len > kept + rte_pktmbuf_tailroom(m))
		kept = 0;
	else if (!headers_own(m) || !segment_writable(m))
		kept = 0;
	ret = mext_pullup(ps->pools.pool, &p->m, len);
	if (!attempt_end(ps, ret,
			    (struct allowed){ .error = len > p->len ? -ERANGE : 0,
					    .too_long = !done && too_long(pools, len) }))
		return;
	if (done)
		check_untouched(p, m);
	assert_true(p->m->data_len >= len);
	places_get(&now, p->m);
	assert_int_equal(now.len, was.len);
	places_same(&now, 0, &was, 0, kept);
	if (p->m->data_len == len)
		places_same(&now, len, &was, len, was.len - len);
}

static void
step_dup(struct packets *ps)
{
	const struct pools *pools = &ps->pools;
	struct packet *p = packets_any(ps);
	struct rte_mbuf *dup = UNTOUCHED;
	struct range range;
	size_t fewest;
	int ret;

	if (p == NULL || packets_room(ps) == 0)
		return;
	range = any_range(ps, p);
	TRACE("dup %zu + %zu of %u\n", range.off, range.len, p->len);
	fewest = range.inside ? fewest_segments(pools, range.len) : 0;
	attempt_begin(p);
	ret = mext_dup(ps->pools.pool, p->m, range.off, range.len, &dup);
	if (!attempt_end(ps, ret,
			    (struct allowed){ .error = range.inside ? 0 : -ERANGE,
					    .too_long = fewest == SIZE_MAX })) {
		assert_ptr_equal(dup, UNTOUCHED);
		return;
	}
	assert_int_equal(rte_pktmbuf_headroom(dup), pools->conf.headroom);
	assert_true(mext_is_writable(dup, 0, range.len));
	assert_true(bytes_writable(dup, 0, range.len));
	assert_true(!attempt_was_smooth() || dup->nb_segs <= fewest);
	packets_add(ps, dup, &p->bytes[range.off], range.len, &p->meta);
}

/** Bytes of the fewest neighbours that copied together bring a packet to so many segments. */
static size_t
fewest_bytes(const struct pools *p, const struct rte_mbuf *m, unsigned int max_segs)
{
	const unsigned int nb_segs = m->nb_segs;
	const struct rte_mbuf *first = m, *last;
	size_t fewest = SIZE_MAX, len, copied;
	unsigned int n;

	for (; first != NULL; first = first->next) {
		len = n = 0;
		for (last = first; last != NULL; last = last->next) {
			len += last->data_len;
			n++;
			copied = first == m ? fewest_segments(p, len)
					    : (len + p->room_next - 1) / p->room_next;
			if (copied <= n && nb_segs - n + RTE_MAX(copied, (size_t)1) <= max_segs)
				fewest = RTE_MIN(fewest, len);
		}
	}
	return fewest;
}

static void
step_defrag(struct packets *ps)
{
	const struct pools *pools = &ps->pools;
	struct packet *p = packets_any(ps);
	unsigned int max_segs, i;
	size_t fewest, moved = 0;
	struct rte_mbuf *m;
	bool done;
	int ret;

	if (p == NULL)
		return;
	m = p->m;
	max_segs = dice(20) == 0 ? 0 : dice(2) == 0 ? 1 : 1 + dice(m->nb_segs + 1u);
	TRACE("defrag %u from %u to %u segments\n", p->len, m->nb_segs, max_segs);
	done = m->nb_segs <= max_segs;
	fewest = done || pools->room_next == 0 ? 0 : fewest_bytes(pools, m, max_segs);
	places_get(&was, m);
	packets_touch(ps, p);
	attempt_begin(p);
	ret = mext_defrag(ps->pools.pool, &p->m, max_segs);
	if (!attempt_end(ps, ret,
			    (struct allowed){ .error = max_segs == 0 ? -EINVAL : 0,
					    .too_long = !done && fewest_segments(pools, p->len) >
										 max_segs }))
		return;
	if (done)
		check_untouched(p, m);
	assert_true(p->m->nb_segs <= max_segs);
	places_get(&now, p->m);
	assert_int_equal(now.len, was.len);
	for (i = 0; i < now.len; i++)
		moved += now.at[i] != was.at[i];
	assert_true(moved <= fewest);
}

/** No packet at all. */
static void
step_write_nothing(struct packets *ps)
{
	struct mext_pool *pool = ps->pools.pool;
	struct rte_mbuf *none = NULL, *out = UNTOUCHED;
	void *data = UNTOUCHED;

	TRACE("write nothing\n");
	attempt_begin(NULL);
	assert_int_equal(mext_make_writable(pool, &none, 0, 0), -EINVAL);
	assert_int_equal(mext_write(pool, &none, 0, "", 0), -EINVAL);
	assert_int_equal(mext_unshare(pool, &none), -EINVAL);
	assert_int_equal(mext_pullup(pool, &none, 0), -EINVAL);
	assert_int_equal(mext_prepend(pool, &none, 0, &data), -EINVAL);
	assert_int_equal(mext_append(pool, &none, 0, &data), -EINVAL);
	assert_int_equal(mext_dup(pool, NULL, 0, 0, &out), -EINVAL);
	assert_false(attempt_end(
			ps, mext_defrag(pool, &none, 1), (struct allowed){ .error = -EINVAL }));
	assert_null(none);
	assert_ptr_equal(out, UNTOUCHED);
	assert_ptr_equal(data, UNTOUCHED);
}

const struct step copy_steps[] = {
	{ "unshare", 2, step_unshare },
	{ "pullup", 4, step_pullup },
	{ "dup", 3, step_dup },
	{ "defrag", 3, step_defrag },
	{ "write_nothing", 1, step_write_nothing },
	{ NULL, 0, NULL },
};
