/* SPDX-License-Identifier: BSD-3-Clause */
/* A foreign buffer is dropped before what its shared info lies in may go home. */
#include "kinds.h"

#define SEGS 20 /* more buffers than mext_free_bulk() keeps drops waiting for */

static unsigned int called, refcnt_seen;
static struct rte_mbuf *lies_in;

static void
count_call(void *addr, void *opaque)
{
	(void)addr;
	assert_non_null(opaque);
	called++;
	if (lies_in != NULL)
		refcnt_seen = rte_mbuf_refcnt_read(lies_in);
}

static void
free_memory(void *addr, size_t len, void *arg1, void *arg2)
{
	(void)len;
	(void)arg2;
	/* Had the foreign buffer not been dropped yet, this would be under its shared info. */
	assert_int_equal(called, *(unsigned int *)arg1);
	free(addr);
}

static void
attach_over(struct rte_mbuf *m, struct rte_mbuf_ext_shared_info *shinfo, void *bytes)
{
	shinfo->free_cb = count_call;
	shinfo->fcb_opaque = shinfo;
	rte_mbuf_ext_refcnt_set(shinfo, 1);
	rte_pktmbuf_attach_extbuf(m, bytes, (uintptr_t)bytes, 100, shinfo);
}

static void
link_to(struct rte_mbuf *head, struct rte_mbuf *m)
{
	assert_int_equal(rte_pktmbuf_chain(head, m), 0);
}

static void
test_free_foreign_within_wrapped_memory_drops_it_first(void **state)
{
	struct world *w = *state;
	unsigned int i, k, expected;

	lies_in = NULL;
	for (k = 0; k < nb_free_ways; k++) {
		char *bytes = malloc(4096);
		struct mext_wrap wrap = { bytes, 4096, 0, true, free_memory, &expected, NULL };
		struct rte_mbuf *head = world_header(w), *m = world_header(w);
		struct mext_storage *storage;

		assert_int_equal(mext_storage_wrap(w->pool, &wrap, &storage), 0);
		attach_over(head, (void *)(bytes + 4000), bytes + 2000);
		assert_int_equal(mext_attach(m, storage, 0, 1000), 0);
		link_to(head, m);
		for (i = 0; i < SEGS; i++) {
			m = world_header(w);
			assert_int_equal(mext_attach(m, world_storage(w, 200), 0, 10), 0);
			link_to(head, m);
		}
		expected = called + 1;
		free_ways[k].free(&head, 1);
		assert_int_equal(called, expected);
	}
}

static void
test_free_foreign_within_shared_mbuf_drops_it_first(void **state)
{
	static char bytes[100];
	struct world *w = *state;
	unsigned int k;

	for (k = 0; k < nb_free_ways; k++) {
		struct rte_mbuf *head = rte_pktmbuf_alloc(w->plain);

		lies_in = rte_pktmbuf_alloc(w->plain);
		attach_over(head, rte_pktmbuf_mtod_offset(lies_in, void *, 128), bytes);
		link_to(head, lies_in);
		/* Somebody else has it too, and may send it home as soon as it is the last. */
		rte_mbuf_refcnt_update(lies_in, 1);
		free_ways[k].free(&head, 1);
		assert_int_equal(refcnt_seen, 2);
		rte_pktmbuf_free(lies_in);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(test_free_foreign_within_wrapped_memory_drops_it_first),
		world_test(test_free_foreign_within_shared_mbuf_drops_it_first),
	};

	if (eal_start() < 0)
		return EXIT_FAILURE;
	return eal_stop(cmocka_run_group_tests(tests, NULL, NULL));
}
