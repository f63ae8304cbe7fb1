/* SPDX-License-Identifier: BSD-3-Clause */
#include "dice.h"
#include "fault.h"
#include "storage.h"
#include "verbs.h"

#define MOST_REFS (UINT16_MAX - 1) /* of a header: rte_mbuf_check() thinks that 65,535 is broken */

bool verbs_trace;

/** References that hold a count near its limit during an attempt. */
static struct {
	struct rte_mbuf *header; /* NULL: the count is that of shinfo */
	struct rte_mbuf_ext_shared_info *shinfo;
	unsigned int n; /* 0: none */
} pressure;

static unsigned int failures;
static const struct packet *subject;
static const struct rte_mbuf *subject_was;

/** Bring what holds the bytes of a segment near its limit. */
static void
press(struct rte_mbuf *m)
{
	pressure.header = NULL;
	pressure.shinfo = m->shinfo;
	if (RTE_MBUF_HAS_EXTBUF(m)) {
		pressure.n = UINT16_MAX - dice(4) - rte_mbuf_ext_refcnt_read(m->shinfo);
		rte_mbuf_ext_refcnt_update(m->shinfo, pressure.n);
	} else if (!RTE_MBUF_HAS_PINNED_EXTBUF(m)) {
		pressure.header = rte_mbuf_from_indirect(m);
		pressure.n = MOST_REFS - dice(4) - rte_mbuf_refcnt_read(pressure.header);
		rte_mbuf_refcnt_update(pressure.header, pressure.n);
	}
}

/** Let go; what the verb has let go before is free then. */
static void
unpress(void)
{
	struct rte_mbuf_ext_shared_info *shinfo = pressure.shinfo;
	unsigned int n = pressure.n;

	pressure.n = 0;
	if (n == 0)
		return;
	if (pressure.header != NULL) {
		if (n > 1)
			rte_mbuf_refcnt_update(pressure.header, 1 - (int)n);
		rte_pktmbuf_free_seg(pressure.header);
	} else if (origin_of(shinfo) != ORIGIN_FOREIGN) {
		assert_int_equal(mext_storage_release(storage_of(shinfo), n), 0);
	} else if (rte_mbuf_ext_refcnt_update(shinfo, -(int)n) == 0) {
		shinfo->free_cb(NULL, shinfo->fcb_opaque);
	}
}

static void
trace_segments(const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next)
		TRACE("    %p: %u bytes of %s%s%s, refcnt %u, %s\n", (const void *)m, m->data_len,
				m->pool->name, RTE_MBUF_CLONED(m) ? ", clone" : "",
				RTE_MBUF_HAS_EXTBUF(m) ? ", external" : "", rte_mbuf_refcnt_read(m),
				segment_writable(m) ? "writable" : "not writable");
}

void
attempt_begin(const struct packet *p)
{
	unsigned int nth = 0, times = 1;

	subject = p;
	subject_was = p != NULL ? p->m : NULL;
	trace_segments(subject_was);
	if (p != NULL && dice(16) == 0)
		press(any_segment(p));
	if (dice(3) == 0) {
		nth = 1 + dice(dice(2) == 0 ? 2 : 10);
		times = dice(2) == 0 ? 1 : UINT32_MAX;
	}
	fault_arm(nth, times);
	if (nth > 0)
		TRACE("    get %u fails, %s\n", nth, times == 1 ? "that one" : "and all later");
	if (pressure.n > 0)
		TRACE("    a count is near its limit\n");
}

/** Assert that what happened justifies an error. */
static void
check_error(const struct packets *ps, int ret, bool pressed, struct allowed allowed)
{
	if (allowed.error != 0) {
		assert_int_equal(ret, allowed.error);
		assert_int_equal(failures, 0);
		return;
	}
	switch (ret) {
	case -ENOBUFS:
		assert_true(failures > 0);
		break;
	case -ENOMEM:
		assert_true(ps->pools.lacks);
		break;
	case -EOVERFLOW:
		assert_true(pressed);
		break;
	case -EMSGSIZE:
		assert_true(allowed.too_long);
		break;
	default:
		fail_msg("error %d", ret);
	}
}

bool
attempt_end(struct packets *ps, int ret, struct allowed allowed)
{
	bool pressed = pressure.n > 0;

	failures = fault_disarm();
	unpress();
	TRACE("    %d, %u gets failed\n", ret, failures);
	if (ret == 0) {
		assert_int_equal(allowed.error, 0);
		return true;
	}
	check_error(ps, ret, pressed, allowed);
	if (subject != NULL)
		assert_ptr_equal(subject->m, subject_was);
	ps->touched = 0;
	return false;
}

bool
attempt_was_smooth(void)
{
	return failures == 0;
}

/** The first byte of any segment, or the end. */
static size_t
any_border(const struct packet *p)
{
	unsigned int i = dice(p->m->nb_segs + 1);
	const struct rte_mbuf *m;
	size_t off = 0;

	for (m = p->m; i-- > 0; m = m->next)
		off += m->data_len;
	return off;
}

size_t
any_offset(const struct packets *ps, const struct packet *p)
{
	size_t border = any_border(p), distance = dice(2);

	switch (dice(10)) {
	case 0:
		return 0;
	case 1:
		return p->len;
	case 2:
		return dice(4) > 0 ? dice(p->len + 1) : p->len + 1 + dice(9);
	case 3:
		return dice(20) > 0 ? dice(p->len + 1) : SIZE_MAX;
	case 4:
		distance += ps->pools.conf.copy_threshold;
		/* fall through */
	case 5:
		return distance <= border ? border - distance : border;
	case 6:
		distance += ps->pools.conf.copy_threshold;
		/* fall through */
	case 7:
		return border + distance <= p->len ? border + distance : border;
	default:
		return dice(p->len + 1);
	}
}

struct range
any_range(const struct packets *ps, const struct packet *p)
{
	size_t a = any_offset(ps, p), b = any_offset(ps, p);
	struct range range = { .off = RTE_MIN(a, b), .len = RTE_MAX(a, b) - RTE_MIN(a, b) };

	if (dice(6) == 0)
		range = (struct range){ .off = 0, .len = p->len };
	else if (dice(40) == 0)
		range.len = SIZE_MAX - dice(2) * range.off;
	range.inside = range.off <= p->len && range.len <= p->len - range.off;
	return range;
}

bool
too_long(const struct pools *p, size_t len)
{
	return p->room_first == 0 || len > p->room_first;
}

size_t
fewest_segments(const struct pools *p, size_t len)
{
	if (p->room_first == 0)
		return SIZE_MAX;
	if (len <= p->room_first)
		return 1;
	return 1 + (len - p->room_first + p->room_next - 1) / p->room_next;
}
