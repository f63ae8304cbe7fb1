/* SPDX-License-Identifier: BSD-3-Clause */
#include "shot.h"

#include "pool.h"

/** Objects of every mempool of a world that are out. */
static void
levels(const struct world *w, uint64_t *out)
{
	uint64_t total, cached;
	unsigned int kind;

	static_assert(NB_KINDS + 3 <= RTE_DIM(((struct shot *)0)->out), "a level has no place");
	for (kind = 0; kind < NB_KINDS; kind++)
		mextp_pool_level(w->pool, kind, &total, out++, &cached);
	*out++ = mext_stats_outstanding(w->rx_pairs);
	*out++ = rte_mempool_in_use_count(w->plain);
	*out++ = rte_mempool_in_use_count(w->pinned);
}

void
shot_take(struct shot *shot, struct world *w, struct rte_mbuf *m)
{
	memset(shot, 0, sizeof(*shot));
	shot->w = w;
	shot->len = m->pkt_len;
	shot->bytes = read_out(m, 0, m->pkt_len);
	for (; m != NULL; m = m->next, shot->n++) {
		assert_true(shot->n < SHOT_SEGS);
		shot->seg[shot->n] = m;
		shot->header[shot->n] = *m;
		shot->count[shot->n] = seg_count(m);
	}
	levels(w, shot->out);
}

/** Index of a segment whose header differs, or n. */
static unsigned int
changed_header(const struct shot *shot, bool refcnt_too)
{
	unsigned int i;

	for (i = 0; i < shot->n; i++) {
		struct rte_mbuf now = *shot->seg[i];

		if (!refcnt_too)
			rte_mbuf_refcnt_set(&now, rte_mbuf_refcnt_read(&shot->header[i]));
		if (memcmp(&now, &shot->header[i], sizeof(now)) != 0)
			break;
	}
	return i;
}

static void
check_headers(const struct shot *shot, bool refcnt_too, const char *file, int line)
{
	unsigned int i = changed_header(shot, refcnt_too);

	if (i == shot->n)
		return;
	print_error("the header of segment %u of %u has changed\n", i, shot->n);
	_fail(file, line);
}

void
check_still(const struct shot *shot, const char *file, int line)
{
	uint8_t *want = malloc(shot->len + 1);

	assert_non_null(want);
	check_headers(shot, false, file, line);
	memcpy(want, shot->bytes, shot->len);
	check_same(read_out(shot->seg[0], 0, shot->len), want, shot->len, file, line);
}

void
check_unchanged(const struct shot *shot, const char *file, int line)
{
	uint64_t out[RTE_DIM(shot->out)] = { 0 };
	unsigned int i;

	check_headers(shot, true, file, line);
	check_still(shot, file, line);
	for (i = 0; i < shot->n && seg_count(shot->seg[i]) == shot->count[i]; i++)
		;
	if (i < shot->n) {
		print_error("the count behind segment %u of %u is %u, it was %u\n", i, shot->n,
				seg_count(shot->seg[i]), shot->count[i]);
		_fail(file, line);
	}
	levels(shot->w, out);
	for (i = 0; i < RTE_DIM(out) && out[i] == shot->out[i]; i++)
		;
	if (i < RTE_DIM(out)) {
		print_error("of mempool %u are %" PRIu64 " objects out, it were %" PRIu64 "\n", i,
				out[i], shot->out[i]);
		_fail(file, line);
	}
}

void
shot_free(struct shot *shot)
{
	free(shot->bytes);
	shot->bytes = NULL;
}
