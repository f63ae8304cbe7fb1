/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every verb with too little of everything: it fails and changes nothing until there is as much as it
 * needs, which the table says, and with that it succeeds.
 */
#include "calls.h"
#include "scarce.h"
#include "shot.h"

#define THRESHOLD 16
#define MAX_CASES 256

/** Of what there is too little; of anything else that would do there is none. */
enum want {
	HEADERS, /* with packets for copies */
	HEADERS_ALONE, /* without: copies are in storages on headers */
	PAIRS,
	STORAGES,
	REFS, /* on what holds the bytes of the second segment */
	NB_WANTS,
};

static const char *const want_names[] = { "headers", "headers, no packets", "packets", "storages",
	"references" };

struct row {
	const struct verb *verb;
	size_t a, b;
	unsigned int needs[NB_WANTS];
};

/** Three segments of 100, 200 and 300 bytes that nobody may write. */
static struct rte_mbuf *
make_readonly(struct world *w)
{
	return chain(w, { seg_readonly, 100 }, { seg_readonly, 200 }, { seg_readonly, 300 });
}

static const struct row readonly_rows[] = {
	{ &verb_share, 150, 300, { 2, 2, 0, 0, 1 } },
	{ &verb_share, 0, 0, { 1, 1, 0, 0, 0 } },
	{ &verb_fanout, 0, 0, { 9, 9, 0, 0, 3 } },
	{ &verb_fanout_private, 50, 0, { 9, 12, 3, 3, 3 } },
	{ &verb_fanout_private, 590, 0, { 0, 3, 3, 3, 0 } },
	{ &verb_split, 150, 0, { 1, 1, 0, 0, 1 } },
	{ &verb_split, 100, 0, { 0, 0, 0, 0, 0 } },
	{ &verb_concat, 0, 0, { 0, 0, 0, 0, 0 } },
	{ &verb_trim_front, 150, 0, { 0, 0, 0, 0, 0 } },
	{ &verb_trim_back, 350, 0, { 0, 0, 0, 0, 0 } },
	{ &verb_make_writable, 150, 100, { 2, 3, 1, 1, 2 } },
	{ &verb_make_writable, 50, 500, { 2, 5, 3, 3, 0 } },
	{ &verb_write, 150, 100, { 2, 3, 1, 1, 2 } },
	{ &verb_write, 50, 500, { 2, 5, 3, 3, 0 } },
	{ &verb_unshare, 0, 0, { 0, 1, 1, 1, 0 } },
	{ &verb_pullup, 250, 0, { 0, 1, 1, 1, 0 } },
	{ &verb_prepend, 20, 0, { 0, 1, 1, 1, 0 } },
	{ &verb_append, 20, 0, { 0, 1, 1, 1, 0 } },
	{ &verb_dup, 150, 300, { 0, 1, 1, 1, 0 } },
	{ &verb_defrag, 2, 0, { 0, 1, 1, 1, 0 } },
};

/** The same in packets, whose headers are somebody else's too. */
static struct rte_mbuf *
make_owned_twice(struct world *w)
{
	struct rte_mbuf *m = chain(w, { seg_pair, 100 }, { seg_pair, 200 }, { seg_pair, 300 });

	rte_pktmbuf_refcnt_update(m, 1);
	return m;
}

static const struct row owned_twice_rows[] = {
	{ &verb_share, 150, 300, { 2, 2, 0, 0, 1 } },
	{ &verb_fanout, 0, 0, { 9, 9, 0, 0, 3 } },
	{ &verb_fanout_private, 50, 0, { 9, 12, 3, 3, 3 } },
	{ &verb_fanout_private, 590, 0, { 0, 3, 3, 3, 0 } },
	{ &verb_split, 150, 0, { 4, 4, 0, 0, 2 } },
	{ &verb_split, 100, 0, { 3, 3, 0, 0, 1 } },
	{ &verb_concat, 0, 0, { 3, 3, 0, 0, 1 } },
	{ &verb_trim_front, 150, 0, { 3, 3, 0, 0, 1 } },
	{ &verb_trim_back, 350, 0, { 3, 3, 0, 0, 1 } },
	{ &verb_make_writable, 150, 100, { 3, 4, 1, 1, 2 } },
	{ &verb_make_writable, 50, 500, { 2, 5, 3, 3, 0 } },
	{ &verb_write, 150, 100, { 3, 4, 1, 1, 2 } },
	{ &verb_write, 50, 500, { 2, 5, 3, 3, 0 } },
	{ &verb_unshare, 0, 0, { 0, 1, 1, 1, 0 } },
	{ &verb_pullup, 250, 0, { 3, 4, 1, 1, 1 } },
	{ &verb_prepend, 20, 0, { 0, 1, 1, 1, 0 } },
	{ &verb_append, 20, 0, { 3, 4, 1, 1, 1 } },
	{ &verb_dup, 150, 300, { 0, 1, 1, 1, 0 } },
	{ &verb_defrag, 2, 0, { 3, 4, 1, 1, 1 } },
};

/** More bytes than two segments have space for, be they of the largest class, but 84 packets will do. */
static struct rte_mbuf *
make_long(struct world *w)
{
	return chain(w, { seg_readonly, UINT16_MAX }, { seg_readonly, UINT16_MAX });
}

static const struct row long_rows[] = {
	{ &verb_dup, 0, 2 * UINT16_MAX, { 0, 3, 84, 3, 0 } },
	{ &verb_unshare, 0, 0, { 0, 3, 84, 3, 0 } },
	{ &verb_make_writable, 0, 2 * UINT16_MAX, { 0, 3, 84, 3, 0 } },
	{ &verb_write, 0, 2 * UINT16_MAX, { 0, 3, 84, 3, 0 } },
};

static const struct {
	const char *name;
	struct rte_mbuf *(*make)(struct world *w);
	const struct row *rows;
	unsigned int nb_rows;
} packets[] = {
	{ "read-only", make_readonly, readonly_rows, RTE_DIM(readonly_rows) },
	{ "owned twice", make_owned_twice, owned_twice_rows, RTE_DIM(owned_twice_rows) },
	{ "long", make_long, long_rows, RTE_DIM(long_rows) },
};

struct scene {
	struct world *w;
	const struct row *row;
	struct rte_mbuf *(*make)(struct world *w);
	enum want want;
	struct scarce pairs, headers, classes[3];
	struct mext_storage *storage; /* where references are scarce */
	uint16_t held; /* so many are taken */
};

/** Take away what there is to be too little of. */
static void
take(struct scene *s)
{
	unsigned int i;

	if (s->want != HEADERS && s->want != REFS)
		scarce_take(&s->pairs, s->w->pool, KIND_PAIR);
	if (s->want == PAIRS || s->want == STORAGES)
		for (i = 0; i < RTE_DIM(s->classes); i++)
			scarce_take(&s->classes[i], s->w->pool, i);
	if (s->want == HEADERS || s->want == HEADERS_ALONE)
		scarce_take(&s->headers, s->w->pool, KIND_HEADER);
	if (s->want == REFS) {
		s->held = UINT16_MAX - mext_storage_refcnt(s->storage);
		assert_int_equal(mext_storage_hold(s->storage, s->held), 0);
	}
}

/** One more of it. */
static void
give(struct scene *s)
{
	switch (s->want) {
	case PAIRS:
		scarce_give(&s->pairs, 1);
		break;
	case STORAGES:
		scarce_give(&s->classes[2], 1); /* of the largest class: good for anything */
		break;
	case REFS:
		assert_int_equal(mext_storage_release(s->storage, 1), 0);
		s->held--;
		break;
	default:
		scarce_give(&s->headers, 1);
	}
}

static void
give_all(struct scene *s)
{
	unsigned int i;

	if (s->want == REFS)
		assert_int_equal(mext_storage_release(s->storage, s->held), 0);
	if (s->pairs.mp != NULL)
		scarce_give(&s->pairs, s->pairs.n);
	if (s->headers.mp != NULL)
		scarce_give(&s->headers, s->headers.n);
	for (i = 0; i < RTE_DIM(s->classes); i++)
		if (s->classes[i].mp != NULL)
			scarce_give(&s->classes[i], s->classes[i].n);
}

static void
test_verb_with_too_little_changes_nothing_until_it_has_enough(void **state)
{
	struct scene *s = *state;
	struct call call = { s->row->verb, s->row->a, s->row->b, s->w, s->make(s->w) };
	struct rte_mbuf *const m = call.m;
	const bool twice = rte_mbuf_refcnt_read(m) > 1;
	const unsigned int needs = s->row->needs[s->want];
	struct shot shot;
	unsigned int k;

	s->w->pool->conf.copy_threshold = THRESHOLD;
	s->storage = mext_storage_from_mbuf(m->next);
	call_prepare(&call);
	take(s);
	for (k = 0; k < needs; k++, give(s)) {
		shot_take(&shot, s->w, m);
		assert_int_equal(call_run(&call), s->want == REFS ? -EOVERFLOW : -ENOBUFS);
		assert_unchanged(&shot);
		shot_free(&shot);
	}
	shot_take(&shot, s->w, m);
	assert_int_equal(call_run(&call), 0);
	call.verb->check(&call);
	give_all(s);
	if (twice)
		assert_still(&shot);
	shot_free(&shot);
	call_free(&call);
	if (twice)
		rte_pktmbuf_free(m);
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
	unsigned int p, i, want, n = 0;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (p = 0; p < RTE_DIM(packets); p++) {
		for (i = 0; i < packets[p].nb_rows * NB_WANTS; i++) {
			const struct row *row = &packets[p].rows[i / NB_WANTS];

			want = i % NB_WANTS;
			if (n == MAX_CASES)
				continue;
			scenes[n] = (struct scene){
				.row = row, .make = packets[p].make, .want = want
			};
			snprintf(names[n], sizeof(names[n]), "%s(%zu, %zu) [%s, %u %s]",
					row->verb->name, row->a, row->b, packets[p].name,
					row->needs[want], want_names[want]);
			tests[n] = (struct CMUnitTest){ names[n],
				test_verb_with_too_little_changes_nothing_until_it_has_enough,
				setup, teardown, &scenes[n] };
			n++;
		}
	}
	return eal_stop(_cmocka_run_group_tests("scarce", tests, n, NULL, NULL));
}
