/* SPDX-License-Identifier: BSD-3-Clause */
#include "scarce.h"

void
scarce_take(struct scarce *s, struct mext_pool *pool, unsigned int kind)
{
	s->mp = pool->sub[0].mp[kind];
	s->n = 0;
	assert_int_equal(pool->nb_sockets, 1);
	assert_non_null(s->mp);
	assert_true(s->mp->size <= RTE_DIM(s->objs));
	while (rte_mempool_get(s->mp, &s->objs[s->n]) == 0)
		s->n++;
	assert_int_equal(rte_mempool_avail_count(s->mp), 0);
}

void
scarce_give(struct scarce *s, unsigned int n)
{
	assert_true(n <= s->n);
	s->n -= n;
	rte_mempool_put_bulk(s->mp, &s->objs[s->n], n);
}
