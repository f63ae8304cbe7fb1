/* SPDX-License-Identifier: BSD-3-Clause */
/* Operations of stress.c on storages and the references in slots. */
#include <errno.h>

#include "stress.h"

void
check_ref(const struct worker *w, const struct item *ref)
{
	const char *base = mext_storage_data(ref->obj);

	check_stamp(w, base + ref->stamp.off, ref->stamp);
}

void
check_fresh(const struct worker *w, const struct mext_storage *storage, size_t size)
{
	CHECK(w, mext_storage_refcnt(storage) == 1);
	CHECK(w, !mext_storage_is_readonly(storage));
	CHECK(w, mext_storage_len(storage) >= size);
}

bool
op_alloc(struct worker *w)
{
	struct stamp s = { draw(w), 0, 8 * (1 + draw(w) % 128) };
	struct mext_storage *storage;

	if (!has_room(w, 1, 0))
		return false;
	storage = mext_storage_alloc(w->pool, s.len);
	if (storage == NULL)
		return true;
	check_fresh(w, storage, s.len);
	stamp(mext_storage_data(storage), s);
	keep_ref(w, storage, s, 1);
	return true;
}

bool
op_alloc_bulk(struct worker *w)
{
	struct stamp s = { draw(w), 0, 8 * (1 + draw(w) % 16) };
	unsigned int i, n = 1 + draw(w) % BULK;
	struct mext_storage *storages[BULK];
	int ret;

	if (!has_room(w, n, 0))
		return false;
	ret = mext_storage_alloc_bulk(w->pool, s.len, storages, n);
	CHECK(w, ret == 0 || ret == -ENOBUFS);
	for (i = 0; ret == 0 && i < n; i++, s.id += 1000) {
		check_fresh(w, storages[i], s.len);
		stamp(mext_storage_data(storages[i]), s);
		keep_ref(w, storages[i], s, 1);
	}
	return true;
}

static void
chunk_back(void *addr, size_t len, void *arg1, void *arg2)
{
	struct chunk *chunk = arg1;
	struct worker *w = arg2;

	CHECK(w, addr == chunk->bytes && len == CHUNK_LEN && chunk->busy == 1);
	check_stamp(w, chunk->bytes, chunk->stamp);
	__atomic_fetch_add(&w->backs, 1, __ATOMIC_RELAXED);
	/* Release: pairs with the acquire in op_wrap(), all readers are done with the bytes. */
	__atomic_store_n(&chunk->busy, 0, __ATOMIC_RELEASE);
}

bool
op_wrap(struct worker *w)
{
	struct chunk *chunk = &w->chunks[draw(w) % NB_CHUNKS];
	struct mext_wrap wrap = { .addr = chunk->bytes,
		.len = CHUNK_LEN,
		.free_cb = chunk_back,
		.arg1 = chunk,
		.arg2 = w };
	struct stamp s = { draw(w), 0, CHUNK_LEN };
	struct mext_storage *storage;
	int ret;

	if (!has_room(w, 1, 0) || __atomic_load_n(&chunk->busy, __ATOMIC_ACQUIRE) != 0)
		return false;
	stamp(chunk->bytes, s);
	chunk->stamp = s;
	chunk->busy = 1;
	ret = mext_storage_wrap(w->pool, &wrap, &storage);
	CHECK(w, ret == 0 || ret == -ENOBUFS);
	if (ret < 0) {
		chunk->busy = 0;
		return true;
	}
	CHECK(w, mext_storage_is_readonly(storage));
	w->wraps++;
	keep_ref(w, storage, s, 1);
	return true;
}

bool
op_hold(struct worker *w)
{
	struct item *ref = any_ref(w);
	unsigned int n = draw(w) % 5;

	if (ref == NULL || ref->refs + n > 1000)
		return false;
	CHECK(w, mext_storage_hold(ref->obj, n) == 0);
	ref->refs += n;
	return true;
}

/** Holding past the limit changes nothing. */
bool
op_hold_too_many(struct worker *w)
{
	struct item *ref = any_ref(w);

	if (ref == NULL)
		return false;
	CHECK(w, mext_storage_hold(ref->obj, MEXT_REFCNT_MAX) == -EOVERFLOW);
	check_ref(w, ref);
	return true;
}

bool
op_release(struct worker *w)
{
	struct item *ref = any_ref(w);
	struct mext_storage *storage;
	unsigned int n;

	if (ref == NULL)
		return false;
	storage = ref->obj;
	n = 1 + draw(w) % ref->refs;
	check_ref(w, ref);
	ref->refs -= n;
	if (ref->refs == 0)
		*ref = w->refs[--w->nb_refs];
	CHECK(w, mext_storage_release(storage, n) == 0);
	return true;
}

bool
op_release_bulk(struct worker *w)
{
	struct mext_storage *storages[BULK] = { NULL }; /* some stay NULL */
	unsigned int i, n = 1 + draw(w) % BULK;

	for (i = 0; i < n && w->nb_refs > 0; i += 1 + draw(w) % 2) {
		struct item *ref = any_ref(w);

		storages[i] = ref->obj;
		take_ref(w, ref);
	}
	mext_storage_release_bulk(storages, n);
	return true;
}

/** Write where nobody else can see it. */
bool
op_write(struct worker *w)
{
	struct item *ref = any_ref(w);

	if (ref == NULL || ref->refs != 1 || mext_storage_is_readonly(ref->obj) ||
			mext_storage_refcnt(ref->obj) != 1)
		return false;
	/* Acquire: pairs with the release of the other worker's last drop. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	check_ref(w, ref);
	ref->stamp.id = draw(w);
	stamp((char *)mext_storage_data(ref->obj) + ref->stamp.off, ref->stamp);
	return true;
}

bool
op_set_readonly(struct worker *w)
{
	struct item *ref = any_ref(w);

	if (ref == NULL)
		return false;
	CHECK(w, mext_storage_set_readonly(ref->obj) == (IS_PAIR(ref->obj) ? -ENOTSUP : 0));
	CHECK(w, mext_storage_is_readonly(ref->obj) != IS_PAIR(ref->obj));
	return true;
}
