/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether packets of every kind may be written, and who changes that: every layer has a say. */
#include "kinds.h"

#include "pool.h"

#define LEN 100
#define MAX_CASES 256

/** What mext_is_writable() says of a kind. */
struct row {
	const char *kind;
	bool own; /* nobody else holds anything */
	bool clone; /* of a clone that DPDK makes, when what it was made from is freed */
	bool share; /* of a share that mext makes, as well */
};

static const struct row rows[] = {
	{ "direct", true, true, true },
	{ "direct_rx", true, true, true },
	{ "bare_header", true, true, true }, /* no bytes, but the header's */
	{ "clone", true, true, true },
	{ "clone_in_room", true, true, true },
	/* Bound to its header, so ours to judge; by another header it is a foreign buffer. */
	{ "pinned", true, false, false },
	{ "pinned_clone", false, false, false },
	{ "foreign", false, false, false },
	{ "foreign_bare", false, false, false },
	{ "foreign_clone", false, false, false },
	{ "storage", true, true, true },
	{ "storage_in_room", true, true, true },
	{ "storage_clone", true, true, true },
	{ "wrapped", false, false, false }, /* foreign memory is read-only unless told otherwise */
	{ "wrapped_clone", false, false, false },
	{ "leaf", false, false, false },
	{ "leaf_clone", false, false, false },
	{ "pair", true, true, true },
	{ "pair_clone", true, true, true },
	{ "pair_unmarked", true, true, true },
	{ "pair_unmarked_clone", true, true, true },
};

struct scene {
	struct world *w;
	const struct row *row;
	const struct kind_row *kind;
};

/** A packet of the kind, with bytes. */
static struct rte_mbuf *
make(const struct scene *s)
{
	struct rte_mbuf *m = s->kind->make(s->w);

	m->data_len = m->pkt_len = RTE_MIN(LEN, m->buf_len);
	return m;
}

static bool
writable(const struct rte_mbuf *m)
{
	return mext_is_writable(m, 0, m->pkt_len);
}

/** Of bytes that are there: of none all are writable. */
static bool
expect(const struct rte_mbuf *m, bool yes)
{
	return yes || m->pkt_len == 0;
}

static void
test_writable_with_one_holder_is_of_the_kind(void **state)
{
	const struct scene *s = *state;
	struct rte_mbuf *m = make(s), before = *m;

	assert_int_equal(writable(m), expect(m, s->row->own));
	assert_true(mext_is_writable(m, 0, 0));
	assert_false(mext_is_writable(m, 0, m->pkt_len + 1));
	assert_memory_equal(m, &before, sizeof(before));
	rte_pktmbuf_free(m);
}

static void
test_writable_with_header_owned_twice_is_not(void **state)
{
	const struct scene *s = *state;
	struct rte_mbuf *m = make(s);

	rte_mbuf_refcnt_update(m, 1);
	assert_int_equal(writable(m), expect(m, false));
	rte_pktmbuf_free(m);
	assert_int_equal(writable(m), expect(m, s->row->own));
	rte_pktmbuf_free(m);
}

/** The original and its copy: neither may write until the other one is freed. */
static void
with_copy(const struct scene *s, struct rte_mbuf *(*copy_of)(struct world *w, struct rte_mbuf *m),
		bool copy_alone)
{
	struct rte_mbuf *m = make(s), *copy = copy_of(s->w, m);

	assert_int_equal(writable(m), expect(m, false));
	assert_int_equal(writable(copy), expect(copy, false));
	rte_pktmbuf_free(copy);
	assert_int_equal(writable(m), expect(m, s->row->own));
	copy = copy_of(s->w, m);
	rte_pktmbuf_free(m);
	assert_int_equal(writable(copy), expect(copy, copy_alone));
	rte_pktmbuf_free(copy);
}

static void
test_writable_beside_clone_is_not(void **state)
{
	const struct scene *s = *state;

	with_copy(s, kind_clone, s->row->clone);
}

static struct rte_mbuf *
share_of(struct world *w, struct rte_mbuf *m)
{
	struct rte_mbuf *made;

	assert_int_equal(mext_share(w->pool, m, 0, m->pkt_len, &made), 0);
	return made;
}

static void
test_writable_beside_share_is_not(void **state)
{
	const struct scene *s = *state;

	with_copy(s, share_of, s->row->share);
}

/** A share of a clone: three headers, and only the last one may write. */
static void
test_writable_beside_share_of_clone_is_not(void **state)
{
	const struct scene *s = *state;
	struct rte_mbuf *m = make(s), *clone = kind_clone(s->w, m), *made = share_of(s->w, clone);

	rte_pktmbuf_free(clone);
	assert_int_equal(writable(m), expect(m, false));
	assert_int_equal(writable(made), expect(made, false));
	rte_pktmbuf_free(m);
	assert_int_equal(writable(made), expect(made, s->row->clone));
	rte_pktmbuf_free(made);
}

static void
test_writable_with_storage_held_is_not(void **state)
{
	const struct scene *s = *state;
	struct rte_mbuf *m = make(s);
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	assert_int_equal(mext_storage_hold(storage, 2), 0);
	assert_false(writable(m));
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_false(writable(m));
	assert_int_equal(mext_storage_release(storage, 1), 0);
	assert_int_equal(writable(m), s->row->own);
	rte_pktmbuf_free(m);
}

/** Of the storage, not of the header: whoever holds it later is told no, too. */
static void
test_writable_of_readonly_storage_is_not(void **state)
{
	const struct scene *s = *state;
	struct rte_mbuf *m = make(s), *copy;
	struct mext_storage *storage = mext_storage_from_mbuf(m);

	if (mext_storage_set_readonly(storage) == -ENOTSUP) {
		assert_true((mext_storage_flags(storage) & MEXT_STORAGE_PAIR) != 0);
		assert_true(writable(m));
		rte_pktmbuf_free(m);
		return;
	}
	assert_false(writable(m));
	copy = share_of(s->w, m);
	rte_pktmbuf_free(m);
	assert_false(writable(copy));
	m = kind_clone(s->w, copy);
	rte_pktmbuf_free(copy);
	assert_false(writable(m));
	rte_pktmbuf_free(m);
}

/** One segment that is not writable is enough. */
static void
test_writable_in_chain_is_of_each_segment(void **state)
{
	const struct scene *s = *state;
	struct rte_mbuf *head = make(s), *m = make(s);
	uint32_t len = head->pkt_len;
	bool yes = expect(head, s->row->own);

	assert_int_equal(rte_pktmbuf_chain(head, m), 0);
	assert_int_equal(mext_is_writable(head, 0, 2 * len), yes);
	rte_mbuf_refcnt_update(m, 1);
	assert_int_equal(mext_is_writable(head, 0, 2 * len), len == 0);
	assert_int_equal(mext_is_writable(head, 0, len), yes);
	rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(head);
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

static const struct {
	const char *name;
	CMUnitTestFunction run;
	bool storages_only;
} cases[] = {
#define CASE(f, storages_only)       \
	{                            \
#f, f, storages_only \
	}
	CASE(test_writable_with_one_holder_is_of_the_kind, false),
	CASE(test_writable_with_header_owned_twice_is_not, false),
	CASE(test_writable_beside_clone_is_not, false),
	CASE(test_writable_beside_share_is_not, false),
	CASE(test_writable_beside_share_of_clone_is_not, false),
	CASE(test_writable_with_storage_held_is_not, true),
	CASE(test_writable_of_readonly_storage_is_not, true),
	CASE(test_writable_in_chain_is_of_each_segment, false),
#undef CASE
};

static const struct row *
row_of(const struct kind_row *kind)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(rows); i++)
		if (strcmp(rows[i].kind, kind->name) == 0)
			return &rows[i];
	fprintf(stderr, "no row for kind %s\n", kind->name);
	exit(EXIT_FAILURE);
}

int
main(void)
{
	static struct CMUnitTest tests[MAX_CASES];
	static struct scene scenes[MAX_CASES];
	static char names[MAX_CASES][128];
	unsigned int i, k, n = 0;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (k = 0; k < nb_kind_rows; k++) {
		for (i = 0; i < RTE_DIM(cases) && n < MAX_CASES; i++) {
			if (cases[i].storages_only && !kind_rows[k].storage)
				continue;
			scenes[n].kind = &kind_rows[k];
			scenes[n].row = row_of(&kind_rows[k]);
			snprintf(names[n], sizeof(names[n]), "%s [%s]", cases[i].name,
					kind_rows[k].name);
			tests[n] = (struct CMUnitTest){ names[n], cases[i].run, setup, teardown,
				&scenes[n] };
			n++;
		}
	}
	return eal_stop(_cmocka_run_group_tests("writable", tests, n, NULL, NULL));
}
