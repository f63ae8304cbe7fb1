/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What shares carry, field by field, against what rte_pktmbuf_clone() carries. Over every kind of mbuf, alone
 * and in a chain.
 */
#include "metadata.h"
#include "storage.h"

#define FANOUT 3
#define MAX_CASES 128

struct scene {
	const struct kind_row *kind; /* NULL: a chain of all of them */
	struct world *w;
};

/** The first segment from here on that has bytes; NULL: none. */
static const struct rte_mbuf *
with_bytes(const struct rte_mbuf *m)
{
	while (m != NULL && m->data_len == 0)
		m = m->next;
	return m;
}

/** The documented difference: no room that others see. */
static void
check_room(const struct rte_mbuf *share)
{
	assert_int_equal(rte_pktmbuf_tailroom(share), 0);
	if (RTE_MBUF_HAS_EXTBUF(share) && origin_of(share->shinfo) != ORIGIN_FOREIGN)
		assert_int_equal(rte_pktmbuf_headroom(share), 0);
}

/** A share is as a clone of the whole packet, but for segments without bytes. */
static void
check_share(const struct rte_mbuf *share, const struct rte_mbuf *clone)
{
	const struct rte_mbuf *of = with_bytes(clone);
	unsigned int nb_segs = 0;

	metadata_same(share, clone);
	assert_int_equal(share->pkt_len, clone->pkt_len);
	if (of == NULL) {
		assert_int_equal(share->nb_segs, 1);
		assert_int_equal(share->data_len, 0);
		return;
	}
	if (of == clone)
		assert_int_equal(share->ol_flags, clone->ol_flags);
	for (; of != NULL; of = with_bytes(of->next), share = share->next, nb_segs++) {
		assert_non_null(share);
		if (nb_segs > 0)
			metadata_same(share, of);
		assert_int_equal(share->data_len, of->data_len);
		assert_ptr_equal(rte_pktmbuf_mtod(share, char *), rte_pktmbuf_mtod(of, char *));
		assert_int_equal(rte_pktmbuf_iova(share), rte_pktmbuf_iova(of));
		assert_int_equal(share->priv_size, of->priv_size);
		check_room(share);
	}
	assert_null(share);
}

static unsigned int
count_with_bytes(const struct rte_mbuf *m)
{
	unsigned int n = 0;

	for (m = with_bytes(m); m != NULL; m = with_bytes(m->next))
		n++;
	return RTE_MAX(n, 1u);
}

static void
test_share_whole_packet_carries_what_a_clone_does(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = metadata_packet(s->w, s->kind), *share, *clone;

	assert_int_equal(mext_share(s->w->pool, m, 0, m->pkt_len, &share), 0);
	clone = kind_clone(s->w, m);
	assert_int_equal(share->nb_segs, count_with_bytes(clone));
	check_share(share, clone);
	mext_free_bulk((struct rte_mbuf *[]){ m, share, clone }, 3);
}

static void
test_fanout_packet_carries_what_clones_do(void **state)
{
	struct scene *s = *state;
	struct rte_mbuf *m = metadata_packet(s->w, s->kind), *copies[FANOUT], *clone;
	unsigned int i;

	assert_int_equal(mext_fanout(s->w->pool, m, copies, FANOUT), 0);
	clone = kind_clone(s->w, m);
	for (i = 0; i < FANOUT; i++) {
		assert_int_equal(copies[i]->nb_segs, count_with_bytes(clone));
		check_share(copies[i], clone);
	}
	mext_free_bulk(copies, FANOUT);
	mext_free_bulk((struct rte_mbuf *[]){ m, clone }, 2);
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

struct cases {
	unsigned int n;
	struct CMUnitTest tests[MAX_CASES];
	struct scene scenes[MAX_CASES];
	char names[MAX_CASES][128];
};

static void
add(struct cases *c, const char *name, CMUnitTestFunction run, const struct kind_row *kind)
{
	unsigned int i = c->n++;

	if (c->n > MAX_CASES)
		abort();
	c->scenes[i] = (struct scene){ .kind = kind };
	snprintf(c->names[i], sizeof(c->names[i]), "%s [%s]", name,
			kind != NULL ? kind->name : "all");
	c->tests[i] = (struct CMUnitTest){ c->names[i], run, setup, teardown, &c->scenes[i] };
}

#define ADD(c, run, kind) add(c, #run, run, kind)

int
main(void)
{
	static struct cases c;
	unsigned int i;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (i = 0; i <= nb_kind_rows; i++) {
		const struct kind_row *kind = i < nb_kind_rows ? &kind_rows[i] : NULL;

		ADD(&c, test_share_whole_packet_carries_what_a_clone_does, kind);
		ADD(&c, test_fanout_packet_carries_what_clones_do, kind);
	}
	return eal_stop(_cmocka_run_group_tests("share_metadata", c.tests, c.n, NULL, NULL));
}
