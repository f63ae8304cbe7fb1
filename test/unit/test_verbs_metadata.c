/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Verbs that give a packet another head, or make another packet of it, keep the metadata, also where the
 * headers are somebody else's too. Over every kind of mbuf, with another segment behind it, and a chain of all.
 */
#include "metadata.h"

#define MAX_CASES 128

/** Who else has the headers of a packet. */
enum others {
	OTHERS_NONE,
	OTHERS_CLONE, /* a clone, which hangs on the headers of direct mbufs */
	OTHERS_OWNER, /* another owner of the same headers */
	NB_OTHERS,
};

struct scene {
	const struct kind_row *kind; /* NULL: a chain of all of them */
	enum others others;
	struct world *w;
};

/** A verb that makes another packet of *m, or another head for it. @return the other packet, or NULL. */
struct verb_row {
	const char *name;
	struct rte_mbuf *(*run)(struct world *w, struct rte_mbuf **m);
};

static struct rte_mbuf *
verb_share_tail(struct world *w, struct rte_mbuf **m)
{
	struct rte_mbuf *share;

	assert_int_equal(mext_share(w->pool, *m, (*m)->pkt_len - 1, 1, &share), 0);
	return share;
}

static struct rte_mbuf *
verb_fanout_private(struct world *w, struct rte_mbuf **m)
{
	struct rte_mbuf *copy;

	assert_int_equal(mext_fanout_private(w->pool, *m, 10, &copy, 1), 0);
	return copy;
}

static struct rte_mbuf *
verb_split(struct world *w, struct rte_mbuf **m)
{
	struct rte_mbuf *tail;

	assert_int_equal(mext_split(w->pool, m, 10, &tail), 0);
	return tail;
}

static struct rte_mbuf *
verb_split_behind_head(struct world *w, struct rte_mbuf **m)
{
	struct rte_mbuf *tail;

	assert_int_equal(mext_split(w->pool, m, (*m)->data_len, &tail), 0);
	return tail;
}

static struct rte_mbuf *
verb_concat(struct world *w, struct rte_mbuf **m)
{
	struct rte_mbuf *tail = rte_pktmbuf_alloc(w->plain);

	assert_non_null(tail);
	metadata_paint(tail, 50);
	assert_int_equal(mext_concat(w->pool, m, tail), 0);
	return NULL;
}

static struct rte_mbuf *
verb_trim_front(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_trim_front(w->pool, m, (*m)->data_len + 1), 0);
	return NULL;
}

static struct rte_mbuf *
verb_trim_back(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_trim_back(w->pool, m, (*m)->pkt_len - 1), 0);
	return NULL;
}

static struct rte_mbuf *
verb_make_writable(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_make_writable(w->pool, m, 0, (*m)->pkt_len), 0);
	return NULL;
}

static struct rte_mbuf *
verb_write(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_write(w->pool, m, 0, "header", 6), 0);
	return NULL;
}

static struct rte_mbuf *
verb_unshare(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_unshare(w->pool, m), 0);
	return NULL;
}

static struct rte_mbuf *
verb_pullup(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_pullup(w->pool, m, (*m)->pkt_len), 0);
	return NULL;
}

static struct rte_mbuf *
verb_prepend(struct world *w, struct rte_mbuf **m)
{
	void *data;

	assert_int_equal(mext_prepend(w->pool, m, 1000, &data), 0);
	return NULL;
}

static struct rte_mbuf *
verb_append(struct world *w, struct rte_mbuf **m)
{
	void *data;

	assert_int_equal(mext_append(w->pool, m, 1000, &data), 0);
	return NULL;
}

static struct rte_mbuf *
verb_dup(struct world *w, struct rte_mbuf **m)
{
	struct rte_mbuf *dup;

	assert_int_equal(mext_dup(w->pool, *m, 10, (*m)->pkt_len - 10, &dup), 0);
	return dup;
}

static struct rte_mbuf *
verb_defrag(struct world *w, struct rte_mbuf **m)
{
	assert_int_equal(mext_defrag(w->pool, m, 1), 0);
	return NULL;
}

static const struct verb_row verb_rows[] = {
	{ "share_tail", verb_share_tail },
	{ "fanout_private", verb_fanout_private },
	{ "split", verb_split },
	{ "split_behind_head", verb_split_behind_head },
	{ "concat", verb_concat },
	{ "trim_front", verb_trim_front },
	{ "trim_back", verb_trim_back },
	{ "make_writable", verb_make_writable },
	{ "write", verb_write },
	{ "unshare", verb_unshare },
	{ "pullup", verb_pullup },
	{ "prepend", verb_prepend },
	{ "append", verb_append },
	{ "dup", verb_dup },
	{ "defrag", verb_defrag },
};

/** Running now, for the report of a failure. */
static const char *verb_name;

static void
run_verb(struct scene *s, const struct verb_row *verb)
{
	struct rte_mbuf *m = metadata_packet(s->w, s->kind), *tail = rte_pktmbuf_alloc(s->w->plain),
			*others = NULL;
	struct rte_mbuf *made, head;

	assert_non_null(tail);
	assert_non_null(rte_pktmbuf_append(tail, METADATA_LEN));
	metadata_append(m, tail, 200);
	memcpy(&head, m, sizeof(head));
	if (s->others == OTHERS_CLONE)
		others = kind_clone(s->w, m);
	if (s->others == OTHERS_OWNER) {
		rte_pktmbuf_refcnt_update(m, 1);
		others = m;
	}
	made = verb->run(s->w, &m);
	metadata_same(m, &head);
	if (made != NULL)
		metadata_same(made, &head);
	if (others != NULL)
		metadata_same(others, &head);
	mext_free_bulk((struct rte_mbuf *[]){ m, made, others }, 3);
	world_idle(s->w);
}

static void
test_verb_on_packet_keeps_metadata_of_head(void **state)
{
	const struct verb_row *verb;

	for (verb = verb_rows; verb < &verb_rows[RTE_DIM(verb_rows)]; verb++) {
		verb_name = verb->name;
		run_verb(*state, verb);
	}
	verb_name = NULL;
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

	if (verb_name != NULL)
		print_message("# with verb %s\n", verb_name);
	verb_name = NULL;
	return world_teardown(&w);
}

struct cases {
	unsigned int n;
	struct CMUnitTest tests[MAX_CASES];
	struct scene scenes[MAX_CASES];
	char names[MAX_CASES][128];
};

static void
add(struct cases *c, const struct kind_row *kind, enum others others)
{
	static const char *const with[NB_OTHERS] = { "", ", a clone", ", another owner" };
	unsigned int i = c->n++;

	if (c->n > MAX_CASES)
		abort();
	c->scenes[i] = (struct scene){ .kind = kind, .others = others };
	snprintf(c->names[i], sizeof(c->names[i]),
			"test_verb_on_packet_keeps_metadata_of_head [%s%s]",
			kind != NULL ? kind->name : "all", with[others]);
	c->tests[i] = (struct CMUnitTest){ c->names[i], test_verb_on_packet_keeps_metadata_of_head,
		setup, teardown, &c->scenes[i] };
}

int
main(void)
{
	static struct cases c;
	unsigned int i, others;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (i = 0; i <= nb_kind_rows; i++)
		for (others = OTHERS_NONE; others < NB_OTHERS; others++)
			add(&c, i < nb_kind_rows ? &kind_rows[i] : NULL, others);
	return eal_stop(_cmocka_run_group_tests("verbs_metadata", c.tests, c.n, NULL, NULL));
}
