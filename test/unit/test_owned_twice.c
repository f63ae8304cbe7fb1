/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every verb on packets with headers that are somebody else's too, of every kind: it does its work and
 * leaves these headers as they are. It makes others only where it would edit some of them.
 */
#include "calls.h"
#include "pool.h"
#include "shot.h"

#define THRESHOLD 16
#define SEGS 3
#define MAX_CASES 1024

struct row {
	const struct verb *verb;
	size_t a, b;
	/** Bare headers that it takes where the packet has another owner from segment 0, 1, 2 on. */
	unsigned int headers[SEGS];
};

/** Segments have 100, 200 and 300 bytes. */
static const struct row rows[] = {
	{ &verb_share, 0, 600, { 3, 3, 3 } },
	{ &verb_share, 150, 300, { 2, 2, 2 } },
	{ &verb_fanout, 0, 0, { 9, 9, 9 } },
	{ &verb_fanout_private, 50, 0, { 9, 9, 9 } },
	{ &verb_split, 0, 0, { 4, 1, 1 } },
	{ &verb_split, 100, 0, { 3, 3, 0 } },
	{ &verb_split, 150, 0, { 4, 4, 1 } },
	{ &verb_split, 600, 0, { 4, 4, 4 } },
	{ &verb_concat, 0, 0, { 3, 3, 3 } },
	{ &verb_trim_front, 50, 0, { 3, 0, 0 } },
	{ &verb_trim_front, 100, 0, { 3, 3, 0 } },
	{ &verb_trim_front, 150, 0, { 3, 3, 0 } },
	{ &verb_trim_front, 600, 0, { 3, 0, 0 } },
	{ &verb_trim_back, 50, 0, { 3, 3, 3 } },
	{ &verb_trim_back, 300, 0, { 3, 3, 0 } },
	{ &verb_trim_back, 350, 0, { 3, 3, 0 } },
	{ &verb_trim_back, 600, 0, { 3, 0, 0 } },
	{ &verb_make_writable, 0, 100, { 0, 0, 0 } },
	{ &verb_make_writable, 150, 100, { 3, 2, 0 } },
	{ &verb_make_writable, 50, 500, { 2, 1, 1 } },
	{ &verb_write, 0, 100, { 0, 0, 0 } },
	{ &verb_write, 150, 100, { 3, 2, 0 } },
	{ &verb_write, 50, 500, { 2, 1, 1 } },
	{ &verb_unshare, 0, 0, { 0, 0, 0 } },
	{ &verb_pullup, 100, 0, { 0, 0, 0 } },
	{ &verb_pullup, 250, 0, { 3, 3, 0 } },
	{ &verb_pullup, 300, 0, { 3, 3, 0 } },
	{ &verb_pullup, 600, 0, { 3, 3, 3 } },
	{ &verb_prepend, 0, 0, { 0, 0, 0 } },
	{ &verb_prepend, 20, 0, { 0, 0, 0 } },
	{ &verb_append, 0, 0, { 0, 0, 0 } },
	{ &verb_append, 20, 0, { 3, 3, 3 } },
	{ &verb_dup, 150, 300, { 0, 0, 0 } },
	{ &verb_defrag, 2, 0, { 3, 3, 0 } },
	{ &verb_defrag, 1, 0, { 3, 3, 3 } },
};

static const struct {
	const char *name;
	seg_make_t make;
	bool readonly; /* more headers are taken for segments that have one owner */
} kinds[] = {
	{ "direct", seg_direct, false },
	{ "clone", seg_clone, false },
	{ "pinned", seg_pinned, false },
	{ "pair", seg_pair, false },
	{ "storage", seg_storage, false },
	{ "wrapped", seg_writable, false },
	{ "read-only", seg_readonly, true },
	{ "foreign", seg_foreign, true },
	{ "leaf", seg_leaf, true },
};

struct scene {
	struct world *w;
	const struct row *row;
	unsigned int kind;
	unsigned int from; /* the segment from which on there is another owner */
};

/** A packet of another owner, whose own first segment is linked to segments of m. */
static struct rte_mbuf *
second_owner(struct world *w, struct rte_mbuf *m, unsigned int from)
{
	struct rte_mbuf *other = chain(w, { seg_direct, 10 });

	other->next = seg_at(m, from);
	other->nb_segs += m->nb_segs - from;
	for (m = other->next; m != NULL; m = m->next) {
		other->pkt_len += m->data_len;
		rte_mbuf_refcnt_update(m, 1);
	}
	return other;
}

static bool
takes_as_many(const struct scene *s, const struct rte_mbuf *m)
{
	bool writes = s->row->verb == &verb_make_writable || s->row->verb == &verb_write;

	return m->data_len > 0 && (!kinds[s->kind].readonly || !writes);
}

static void
call_on_owned_twice(const struct scene *s, struct rte_mbuf *m, bool other_first)
{
	const bool as_many = takes_as_many(s, m);
	struct rte_mbuf *other;
	struct mext_stats before;
	struct shot shot;
	struct call call = {
		.verb = s->row->verb, .a = s->row->a, .b = s->row->b, .w = s->w, .m = m
	};

	s->w->pool->conf.copy_threshold = THRESHOLD;
	other = second_owner(s->w, call.m, s->from);
	call_prepare(&call);
	shot_take(&shot, s->w, other);
	before = stats_of(s->w->pool);
	assert_int_equal(call_run(&call), 0);
	if (as_many)
		assert_int_equal(stats_of(s->w->pool).header_allocs - before.header_allocs,
				s->row->headers[s->from]);
	call.verb->check(&call);
	assert_still(&shot);
	if (other_first) {
		rte_pktmbuf_free(other);
		call.verb->check(&call);
	}
	call_free(&call);
	if (!other_first) {
		assert_still(&shot);
		rte_pktmbuf_free(other);
	}
	shot_free(&shot);
	world_idle(s->w);
}

static void
test_verb_on_headers_owned_twice_leaves_them(void **state)
{
	const struct scene *s = *state;
	seg_make_t make = kinds[s->kind].make;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		call_on_owned_twice(s, chain(s->w, { make, 100 }, { make, 200 }, { make, 300 }),
				i == 0);
		call_on_owned_twice(
				s, chain(s->w, { make, 0 }, { make, 600 }, { make, 0 }), i == 0);
	}
}

static int
setup(void **state)
{
	struct scene *s = *state;
	void *w;
	int ret = world_setup(&w);

	s->w = w;
	return ret;
}

static int
teardown(void **state)
{
	struct scene *s = *state;
	void *w = s->w;

	return world_teardown(&w);
}

int
main(void)
{
	static struct CMUnitTest tests[MAX_CASES];
	static struct scene scenes[MAX_CASES];
	static char names[MAX_CASES][128];
	unsigned int i, n = 0;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (i = 0; i < RTE_DIM(rows) * RTE_DIM(kinds) * SEGS && n < MAX_CASES; i++, n++) {
		const struct row *row = &rows[i / SEGS % RTE_DIM(rows)];

		scenes[n] = (struct scene){
			.row = row, .kind = i / SEGS / RTE_DIM(rows), .from = i % SEGS
		};
		snprintf(names[n], sizeof(names[n]), "%s(%zu, %zu) [%s, twice from %u]",
				row->verb->name, row->a, row->b, kinds[scenes[n].kind].name,
				scenes[n].from);
		tests[n] = (struct CMUnitTest){ names[n],
			test_verb_on_headers_owned_twice_leaves_them, setup, teardown, &scenes[n] };
	}
	return eal_stop(_cmocka_run_group_tests("owned_twice", tests, n, NULL, NULL));
}
