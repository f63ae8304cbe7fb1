/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nobody writes to read-only bytes, whatever path they were shared by and whatever verb is tried: the
 * class of CVE-2010-2693, where a duplicate of an mbuf had lost the flag. Each verb ends with a write of
 * every byte that may be written then, straight into memory.
 */
#include "readonly.h"

#include <sys/mman.h>

#define LEN READONLY_LEN
#define MAX_CASES 256
#define MAX_PACKET (2 * LEN)

struct verb_row {
	const char *name;
	void (*run)(struct scene *s, struct rte_mbuf **m);
};

/** Running now, for the report of a failure. */
static const char *verb_name;

static void
verb_none(struct scene *s __rte_unused, struct rte_mbuf **m __rte_unused)
{
}

static void
verb_make_writable(struct scene *s, struct rte_mbuf **m)
{
	assert_int_equal(mext_make_writable(s->w->pool, m, 0, (*m)->pkt_len), 0);
	assert_true(mext_is_writable(*m, 0, (*m)->pkt_len));
}

static void
verb_make_part_writable(struct scene *s, struct rte_mbuf **m)
{
	uint32_t third = (*m)->pkt_len / 3;

	assert_int_equal(mext_make_writable(s->w->pool, m, third, third), 0);
	assert_true(mext_is_writable(*m, third, third));
}

static void
verb_write(struct scene *s, struct rte_mbuf **m)
{
	static const uint8_t bytes[MAX_PACKET];

	assert_int_equal(mext_write(s->w->pool, m, 0, bytes, (*m)->pkt_len), 0);
}

static void
verb_write_one(struct scene *s, struct rte_mbuf **m)
{
	assert_int_equal(mext_write(s->w->pool, m, (*m)->pkt_len - 1, "", 1), 0);
}

static void
verb_prepend(struct scene *s, struct rte_mbuf **m)
{
	void *data;

	assert_int_equal(mext_prepend(s->w->pool, m, 14, &data), 0);
	memset(data, 0, 14);
}

static void
verb_append(struct scene *s, struct rte_mbuf **m)
{
	void *data;

	assert_int_equal(mext_append(s->w->pool, m, 14, &data), 0);
	memset(data, 0, 14);
}

static void
verb_pullup(struct scene *s, struct rte_mbuf **m)
{
	assert_int_equal(mext_pullup(s->w->pool, m, (*m)->pkt_len), 0);
	assert_int_equal((*m)->nb_segs, 1);
}

static void
verb_unshare(struct scene *s, struct rte_mbuf **m)
{
	assert_int_equal(mext_unshare(s->w->pool, m), 0);
	assert_true(mext_is_writable(*m, 0, (*m)->pkt_len));
}

static void
verb_defrag(struct scene *s, struct rte_mbuf **m)
{
	assert_int_equal(mext_defrag(s->w->pool, m, 1), 0);
}

static const struct verb_row verb_rows[] = {
	{ "none", verb_none },
	{ "make_writable", verb_make_writable },
	{ "make_part_writable", verb_make_part_writable },
	{ "write", verb_write },
	{ "write_one", verb_write_one },
	{ "prepend", verb_prepend },
	{ "append", verb_append },
	{ "pullup", verb_pullup },
	{ "unshare", verb_unshare },
	{ "defrag", verb_defrag },
};

static bool
is_forbidden(const struct scene *s, const uint8_t *at)
{
	return at >= s->bytes && at < s->bytes + LEN;
}

/** Write every byte that may be written; none of the storage's may. */
static void
write_where_allowed(const struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *seg;
	size_t off = 0;
	unsigned int i;
	uint8_t *at;

	for (seg = m; seg != NULL; seg = seg->next) {
		for (i = 0; i < seg->data_len; i++, off++) {
			at = rte_pktmbuf_mtod_offset(seg, uint8_t *, i);
			if (!mext_is_writable(m, off, 1))
				continue;
			assert_false(is_forbidden(s, at));
			*at ^= 0xff;
		}
	}
}

/** Stock prepend and append do not ask: around bytes of the storage there is no room for them. */
static void
check_no_room(const struct scene *s, const struct rte_mbuf *m)
{
	for (; m != NULL; m = m->next) {
		if (!is_forbidden(s, rte_pktmbuf_mtod(m, uint8_t *)))
			continue;
		assert_int_equal(rte_pktmbuf_headroom(m), 0);
		assert_int_equal(rte_pktmbuf_tailroom(m), 0);
	}
}

static void
free_others(struct scene *s)
{
	mext_free_bulk(s->others, s->nb_others);
	s->nb_others = 0;
}

/** One verb on one packet over a storage that is made for it. */
static void
run(struct scene *s, const struct verb_row *verb)
{
	struct mext_storage *storage;
	struct rte_mbuf *m = world_header(s->w);
	unsigned int i;

	for (i = 0; i < LEN; i++)
		s->was[i] = i ^ 0x5a;
	s->mapping = NULL;
	s->nb_others = 0;
	storage = s->storage->make(s);
	s->bytes = mext_storage_data(storage);
	assert_int_equal(mext_attach(m, storage, 0, LEN), 0);
	m = s->path->make(s, m);
	if (s->last)
		free_others(s);
	verb->run(s, &m);
	write_where_allowed(s, m);
	if (!s->path->room)
		check_no_room(s, m);
	assert_memory_equal(s->bytes, s->was, LEN);
	free_others(s);
	mext_free_bulk(&m, 1);
	if (s->mapping != NULL)
		assert_int_equal(munmap(s->mapping, LEN), 0);
	world_idle(s->w);
}

static void
test_write_readonly_bytes_leaves_them(void **state)
{
	const struct verb_row *verb;

	for (verb = verb_rows; verb < &verb_rows[RTE_DIM(verb_rows)]; verb++) {
		verb_name = verb->name;
		run(*state, verb);
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
add(struct cases *c, const struct storage_row *storage, const struct path_row *path, bool last)
{
	unsigned int i = c->n++;

	if (c->n > MAX_CASES)
		abort();
	c->scenes[i] = (struct scene){ .storage = storage, .path = path, .last = last };
	snprintf(c->names[i], sizeof(c->names[i]),
			"test_write_readonly_bytes_leaves_them [%s by %s%s]", storage->name,
			path->name, last ? ", last holder" : "");
	c->tests[i] = (struct CMUnitTest){ c->names[i], test_write_readonly_bytes_leaves_them,
		setup, teardown, &c->scenes[i] };
}

int
main(void)
{
	static struct cases c;
	unsigned int i, j;

	if (eal_start() < 0)
		return EXIT_FAILURE;
	for (i = 0; i < nb_storage_rows; i++) {
		for (j = 0; j < nb_path_rows; j++) {
			add(&c, &storage_rows[i], &path_rows[j], false);
			add(&c, &storage_rows[i], &path_rows[j], true);
		}
	}
	return eal_stop(_cmocka_run_group_tests("readonly", c.tests, c.n, NULL, NULL));
}
