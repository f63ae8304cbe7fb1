/* SPDX-License-Identifier: BSD-3-Clause */
#include "store.h"

/** Beyond the pointers that a get writes, and in the place of those that it does not. */
#define PATTERN ((void *)(uintptr_t)0xfeedfacecafef00d)

static struct depot *
aligned_zero(size_t size)
{
	void *mem = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(size, RTE_CACHE_LINE_SIZE));

	assert_non_null(mem);
	return memset(mem, 0, size);
}

void
store_reset(struct store *st)
{
	uint32_t i;

	memset(st->d, 0, mextp_depot_size(st->nb, st->nb_threads));
	mextp_depot_init(st->d, st->nb, st->nb_threads);
	st->out = st->nb;
	for (i = 0; i < st->nb; i++)
		st->table[i] = (void *)(uintptr_t)(i + 1);
}

void
store_begin(struct store *st, uint32_t nb)
{
	store_begin_for(st, nb, STORE_THREADS);
}

void
store_begin_for(struct store *st, uint32_t nb, uint32_t nb_threads)
{
	memset(st, 0, sizeof(*st));
	st->nb = nb;
	st->nb_threads = nb_threads;
	st->rng = 88172645463325252 + nb;
	st->d = aligned_zero(mextp_depot_size(nb, nb_threads));
	/* Beyond nb: what a get may be asked that fails. */
	st->table = calloc(2 * (size_t)nb + 2, sizeof(*st->table));
	st->seen = calloc(nb + 1, 1);
	assert_non_null(st->table);
	assert_non_null(st->seen);
	store_reset(st);
}

void
store_end(struct store *st)
{
	store_audit(st);
	free(st->d);
	free(st->table);
	free(st->seen);
}

uint32_t
store_random(struct store *st, uint32_t n)
{
	/* xorshift64*, Vigna 2016 */
	st->rng ^= st->rng >> 12;
	st->rng ^= st->rng << 25;
	st->rng ^= st->rng >> 27;
	return (uint32_t)((st->rng * UINT64_C(2685821657736338717)) >> 32) % n;
}

static void
check_count(const struct store *st)
{
	if (mextp_depot_count(st->d) != st->nb - st->out)
		fail_msg("%u pointers, but mextp_depot_count() is %u", st->nb - st->out,
				mextp_depot_count(st->d));
}

void
store_put(struct store *st, uint32_t thread, uint32_t n)
{
	int ret;

	assert_true(n <= st->out);
	st->out -= n;
	ret = depot_put(st->d, thread, &st->table[st->out], n);
	if (ret != 0)
		fail_msg("put of %u of %u to %u: %d", n, st->nb, mextp_depot_count(st->d), ret);
	check_count(st);
}

void
store_put_all(struct store *st, uint32_t thread, uint32_t n)
{
	while (st->out > 0)
		store_put(st, thread, RTE_MIN(n, st->out));
}

void
store_get(struct store *st, uint32_t thread, uint32_t n)
{
	void **objs = &st->table[st->out];
	int ret;

	assert_true(st->out + n <= st->nb);
	objs[n] = PATTERN;
	ret = depot_get(st->d, thread, objs, n);
	if (ret != 0)
		fail_msg("get of %u from %u of %u: %d", n, mextp_depot_count(st->d), st->nb, ret);
	if (objs[n] != PATTERN)
		fail_msg("get of %u wrote more", n);
	st->out += n;
	check_count(st);
}

void
store_get_fails(struct store *st, uint32_t thread, uint32_t n)
{
	void **objs = &st->table[st->out];
	uint32_t i;
	int ret;

	assert_true(st->out + n <= 2 * st->nb + 1);
	for (i = 0; i <= n; i++)
		objs[i] = PATTERN;
	ret = depot_get(st->d, thread, objs, n);
	if (ret != -ENOBUFS)
		fail_msg("get of %u from %u of %u: %d", n, mextp_depot_count(st->d), st->nb, ret);
	for (i = 0; i <= n; i++)
		if (objs[i] != PATTERN)
			fail_msg("get of %u failed and wrote the table at %u", n, i);
	check_count(st);
}

void
store_audit_but(struct store *st, uint32_t lost, uint32_t nb_withheld)
{
	const char *wrong;
	uint32_t i;

	memset(st->seen, 0, st->nb + 1);
	st->audit = (struct depot_audit){ .seen = st->seen, .nb = st->nb + 1 };
	wrong = depot_audit(st->d, &st->audit);
	if (wrong != NULL)
		fail_msg("depot of %u: %s", st->nb, wrong);
	if (st->audit.nb_missing > nb_withheld)
		fail_msg("depot of %u: %u magazines are nowhere", st->nb, st->audit.nb_missing);
	for (i = 0; i < st->out; i++)
		st->seen[(uintptr_t)st->table[i]]++;
	assert_int_equal(st->seen[0], 0);
	for (i = 1; i <= st->nb; i++) {
		if (st->seen[i] == 0 && lost > 0)
			lost--;
		else if (st->seen[i] != 1)
			fail_msg("depot of %u: pointer %u is there %u times", st->nb, i,
					st->seen[i]);
	}
}

void
store_audit(struct store *st)
{
	store_audit_but(st, 0, 0);
}

void
store_claim(struct store *st, uint32_t first, uint32_t n, bool claimed)
{
	uint64_t *word;
	uint32_t s;

	for (s = first; s < first + n && s < st->d->nb_stations; s++) {
		word = &st->d->stations[s].shelf;
		if (((*word & SHELF_CLAIMED) != 0) != claimed)
			*word += SHELF_TAG_ONE + (claimed ? SHELF_CLAIMED : -SHELF_CLAIMED);
	}
}

void
store_move(struct store *st)
{
	const size_t size = mextp_depot_size(st->nb, st->nb_threads);
	struct depot *to = aligned_zero(size);

	memcpy(to, st->d, size);
	memset(st->d, 0x5a, size);
	free(st->d);
	st->d = to;
}
