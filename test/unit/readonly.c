/* SPDX-License-Identifier: BSD-3-Clause */
#include "readonly.h"

#include <sys/mman.h>

#define LEN READONLY_LEN

static struct mext_storage *
make_class(struct scene *s)
{
	struct mext_storage *storage = world_storage(s->w, LEN);

	memcpy(mext_storage_data(storage), s->was, LEN);
	assert_int_equal(mext_storage_set_readonly(storage), 0);
	return storage;
}

static void
unwrapped(void *addr __rte_unused, size_t len __rte_unused, void *arg1, void *arg2 __rte_unused)
{
	struct world *w = arg1;

	w->wraps_live--;
}

/** Memory that the kernel guards, too; it stays until the end of the run. */
static struct mext_storage *
wrap(struct scene *s, bool writable)
{
	struct mext_storage *storage = NULL;
	struct mext_wrap wrap = {
		.addr = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		.len = LEN,
		.writable = writable,
		.free_cb = unwrapped,
		.arg1 = s->w,
	};

	assert_ptr_not_equal(wrap.addr, MAP_FAILED);
	s->mapping = wrap.addr;
	memcpy(wrap.addr, s->was, LEN);
	assert_int_equal(mprotect(wrap.addr, LEN, PROT_READ), 0);
	assert_int_equal(mext_storage_wrap(s->w->pool, &wrap, &storage), 0);
	s->w->wraps_live++;
	return storage;
}

static struct mext_storage *
make_wrapped(struct scene *s)
{
	return wrap(s, false);
}

static struct mext_storage *
make_forbidden(struct scene *s)
{
	struct mext_storage *storage = wrap(s, true);

	assert_int_equal(mext_storage_set_readonly(storage), 0);
	return storage;
}

/** A leaf without the bias: one reference is the last. */
static struct mext_storage *
leaf_of(struct scene *s, struct mext_storage *storage)
{
	struct mext_storage *leaf;
	struct mext_spread *spread;

	assert_int_equal(mext_spread_create(s->w->pool, storage, &spread), 0);
	assert_int_equal(mext_spread_take(spread, 1, &leaf), 0);
	assert_int_equal(mext_spread_release(spread, 1), 0);
	return leaf;
}

static struct mext_storage *
make_leaf(struct scene *s)
{
	struct mext_storage *storage = world_storage(s->w, LEN);

	memcpy(mext_storage_data(storage), s->was, LEN);
	return leaf_of(s, storage);
}

static struct mext_storage *
make_leaf_of_wrapped(struct scene *s)
{
	return leaf_of(s, wrap(s, true));
}

const struct storage_row storage_rows[] = {
	{ "class", make_class },
	{ "wrapped", make_wrapped },
	{ "forbidden", make_forbidden },
	{ "leaf", make_leaf },
	{ "leaf_of_wrapped", make_leaf_of_wrapped },
};
const unsigned int nb_storage_rows = RTE_DIM(storage_rows);

/** Keep a packet that shares the bytes. */
static void
keep(struct scene *s, struct rte_mbuf *m)
{
	assert_true(s->nb_others < READONLY_OTHERS);
	s->others[s->nb_others++] = m;
}

static struct rte_mbuf *
path_attach(struct scene *s __rte_unused, struct rte_mbuf *m)
{
	return m;
}

static struct rte_mbuf *
path_attach_with_room(struct scene *s __rte_unused, struct rte_mbuf *m)
{
	assert_non_null(rte_pktmbuf_adj(m, 40));
	assert_int_equal(rte_pktmbuf_trim(m, 40), 0);
	return m;
}

static struct rte_mbuf *
path_detach(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *again = rte_pktmbuf_alloc(s->w->plain);
	struct mext_storage *storage;

	assert_non_null(again);
	assert_int_equal(mext_detach(m, &storage), 0);
	assert_int_equal(mext_attach(again, storage, 0, LEN), 0);
	rte_pktmbuf_free(m);
	return again;
}

static struct rte_mbuf *
path_attach_chain(struct scene *s, struct rte_mbuf *m)
{
	struct mext_storage *storage = mext_storage_from_mbuf(m);
	struct rte_mbuf *chain;

	assert_int_equal(mext_storage_hold(storage, 1), 0);
	assert_int_equal(mext_attach_chain(s->w->pool, storage, 0, LEN, &chain), 0);
	keep(s, m);
	return chain;
}

static struct rte_mbuf *
stock_clone(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *clone;

	clone = rte_pktmbuf_clone(m, mext_pool_header_mempool(s->w->pool, SOCKET_ID_ANY));
	assert_non_null(clone);
	keep(s, m);
	return clone;
}

static struct rte_mbuf *
path_clone(struct scene *s, struct rte_mbuf *m)
{
	return stock_clone(s, m);
}

static struct rte_mbuf *
path_clone_of_clone(struct scene *s, struct rte_mbuf *m)
{
	return stock_clone(s, stock_clone(s, m));
}

/** Two owners of one header. */
static struct rte_mbuf *
path_retain(struct scene *s, struct rte_mbuf *m)
{
	rte_mbuf_refcnt_update(m, 1);
	keep(s, m);
	return m;
}

static struct rte_mbuf *
path_share(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *share;

	assert_int_equal(mext_share(s->w->pool, m, 30, LEN - 60, &share), 0);
	keep(s, m);
	return share;
}

static struct rte_mbuf *
path_share_of_clone(struct scene *s, struct rte_mbuf *m)
{
	return path_share(s, stock_clone(s, m));
}

static struct rte_mbuf *
path_fanout(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *copies[3];

	assert_int_equal(mext_fanout(s->w->pool, m, copies, 3), 0);
	keep(s, m);
	keep(s, copies[0]);
	keep(s, copies[2]);
	return copies[1];
}

static struct rte_mbuf *
fanout_private(struct scene *s, struct rte_mbuf *m, size_t hdr_len)
{
	struct rte_mbuf *copies[2];

	assert_int_equal(mext_fanout_private(s->w->pool, m, hdr_len, copies, 2), 0);
	keep(s, m);
	keep(s, copies[0]);
	return copies[1];
}

static struct rte_mbuf *
path_fanout_private(struct scene *s, struct rte_mbuf *m)
{
	return fanout_private(s, m, 30);
}

static struct rte_mbuf *
path_fanout_private_without_bytes(struct scene *s, struct rte_mbuf *m)
{
	return fanout_private(s, m, 0);
}

static struct rte_mbuf *
path_split_head(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *tail;

	assert_int_equal(mext_split(s->w->pool, &m, LEN / 2, &tail), 0);
	keep(s, tail);
	return m;
}

static struct rte_mbuf *
path_split_tail(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *tail;

	assert_int_equal(mext_split(s->w->pool, &m, LEN / 2, &tail), 0);
	keep(s, m);
	return tail;
}

/** A packet of two segments over the bytes, the second half first. */
static struct rte_mbuf *
path_chain(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *tail;

	assert_int_equal(mext_split(s->w->pool, &m, LEN / 2, &tail), 0);
	assert_int_equal(rte_pktmbuf_chain(tail, m), 0);
	return tail;
}

static struct rte_mbuf *
path_concat_to_direct(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(s->w->plain);

	assert_non_null(head);
	assert_non_null(rte_pktmbuf_append(head, 50));
	assert_int_equal(mext_concat(s->w->pool, &head, m), 0);
	return head;
}

static struct rte_mbuf *
path_concat_direct(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *tail = rte_pktmbuf_alloc(s->w->plain);

	assert_non_null(tail);
	/* It fits into room that there may be in front of it. */
	assert_non_null(rte_pktmbuf_append(tail, 20));
	assert_int_equal(mext_concat(s->w->pool, &m, tail), 0);
	return m;
}

static struct rte_mbuf *
path_concat_direct_with_room(struct scene *s, struct rte_mbuf *m)
{
	return path_concat_direct(s, path_attach_with_room(s, m));
}

static struct rte_mbuf *
path_trim(struct scene *s, struct rte_mbuf *m)
{
	assert_int_equal(mext_trim_front(s->w->pool, &m, 30), 0);
	assert_int_equal(mext_trim_back(s->w->pool, &m, 30), 0);
	return m;
}

/** Trimmed headers of a retained packet are others over the same bytes. */
static struct rte_mbuf *
path_trim_retained(struct scene *s, struct rte_mbuf *m)
{
	return path_trim(s, path_retain(s, m));
}

/** The middle is a copy, what is around it is not. */
static struct rte_mbuf *
path_write(struct scene *s, struct rte_mbuf *m)
{
	assert_int_equal(mext_write(s->w->pool, &m, LEN / 2, "written", 7), 0);
	return m;
}

static struct rte_mbuf *
path_dup(struct scene *s, struct rte_mbuf *m)
{
	struct rte_mbuf *dup;

	assert_int_equal(mext_dup(s->w->pool, m, 0, LEN, &dup), 0);
	assert_true(mext_is_writable(dup, 0, LEN));
	keep(s, m);
	return dup;
}

const struct path_row path_rows[] = {
	{ "attach", path_attach, false },
	{ "attach_with_room", path_attach_with_room, true },
	{ "detach", path_detach, false },
	{ "attach_chain", path_attach_chain, false },
	{ "clone", path_clone, false },
	{ "clone_of_clone", path_clone_of_clone, false },
	{ "retain", path_retain, false },
	{ "share", path_share, false },
	{ "share_of_clone", path_share_of_clone, false },
	{ "fanout", path_fanout, false },
	{ "fanout_private", path_fanout_private, false },
	{ "fanout_private_without_bytes", path_fanout_private_without_bytes, false },
	{ "split_head", path_split_head, false },
	{ "split_tail", path_split_tail, false },
	{ "chain", path_chain, false },
	{ "concat_to_direct", path_concat_to_direct, false },
	{ "concat_direct", path_concat_direct, false },
	{ "concat_direct_with_room", path_concat_direct_with_room, true },
	{ "trim", path_trim, false },
	{ "trim_retained", path_trim_retained, false },
	{ "write", path_write, false },
	{ "dup", path_dup, false },
};
const unsigned int nb_path_rows = RTE_DIM(path_rows);
