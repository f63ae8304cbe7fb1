/* SPDX-License-Identifier: BSD-3-Clause */
#include "model.h"

void
model_init(struct model *model, struct world *w)
{
	struct mext_stats stats = stats_of(w->pool);
	unsigned int i;

	memset(model, 0, sizeof(*model));
	model->w = w;
	assert_int_equal(stats.nb_kinds, MODEL_KINDS);
	for (i = 0; i < MODEL_KINDS; i++)
		model->total[i] = stats.kinds[i].total;
}

uint64_t
model_left(const struct model *model, enum model_kind kind)
{
	return model->total[kind] - model->out[kind];
}

unsigned int
model_count(const struct model_storage *s)
{
	return s->owned + s->attached;
}

int
model_storage_out(struct model *model, struct mext_storage *storage, enum model_kind kind)
{
	int i;

	for (i = 0; i < MODEL_MAX && model->storages[i].live; i++)
		;
	assert_true(i < MODEL_MAX);
	model->storages[i] = (struct model_storage){
		.live = true,
		.storage = storage,
		.kind = kind,
		.id = ++model->next_id,
		.owned = 1,
	};
	memcpy(mext_storage_data(storage), &model->storages[i].id, sizeof(uint64_t));
	model->out[kind]++;
	model->expected.allocs++;
	return i;
}

static void
storage_dropped(struct model *model, struct model_storage *s)
{
	if (model_count(s) > 0)
		return;
	s->live = false;
	model->out[s->kind]--;
}

void
model_release(struct model *model, struct model_storage *s, unsigned int n)
{
	s->owned -= n;
	storage_dropped(model, s);
}

struct model_packet *
model_mbuf_out(struct model *model, struct rte_mbuf *m, enum model_kind kind, int storage,
		int parent)
{
	struct model_packet *p;
	int i;

	for (i = 0; i < MODEL_MAX && model->mbufs[i].live; i++)
		;
	assert_true(i < MODEL_MAX);
	model->mbufs[i] = (struct model_mbuf){ true, m, kind, storage, parent, 1 };
	if (storage >= 0)
		model->storages[storage].attached++;
	if (parent >= 0)
		model->mbufs[parent].refs++;
	if (kind != MODEL_PAIRS) /* a pair is out for as long as its storage */
		model->out[kind]++;
	for (p = model->packets; p < &model->packets[MODEL_MAX] && p->live; p++)
		;
	assert_true(p < &model->packets[MODEL_MAX]);
	*p = (struct model_packet){ .live = true, .owners = 1, .nb_segs = 1, .seg = { i } };
	return p;
}

static void
mbuf_dropped(struct model *model, int index)
{
	struct model_mbuf *mb = &model->mbufs[index];

	if (--mb->refs > 0)
		return;
	mb->live = false;
	if (mb->kind != MODEL_PAIRS)
		model->out[mb->kind]--;
	if (mb->storage >= 0) {
		model->storages[mb->storage].attached--;
		storage_dropped(model, &model->storages[mb->storage]);
	}
	if (mb->parent >= 0)
		mbuf_dropped(model, mb->parent);
}

void
model_detach(struct model *model, struct model_packet *p)
{
	struct model_mbuf *mb = &model->mbufs[p->seg[0]];

	model->storages[mb->storage].attached--;
	model->storages[mb->storage].owned++;
	mb->storage = -1;
	model->expected.detaches++;
}

void
model_free(struct model *model, struct model_packet *p)
{
	unsigned int i;

	for (i = 0; i < p->nb_segs; i++)
		mbuf_dropped(model, p->seg[i]);
	if (--p->owners == 0)
		p->live = false;
}

struct rte_mbuf *
model_head(const struct model *model, const struct model_packet *p)
{
	return model->mbufs[p->seg[0]].m;
}

static void
check_storage(const struct model_storage *s)
{
	uint64_t id;

	assert_int_equal(mext_storage_refcnt(s->storage), model_count(s));
	memcpy(&id, mext_storage_data(s->storage), sizeof(id));
	assert_int_equal(id, s->id);
}

static void
check_packet(const struct model *model, const struct model_packet *p)
{
	const struct rte_mbuf *m = model_head(model, p);
	const struct model_mbuf *mb;
	unsigned int i;

	assert_int_equal(m->nb_segs, p->nb_segs);
	for (i = 0; i < p->nb_segs; i++, m = m->next) {
		mb = &model->mbufs[p->seg[i]];
		assert_true(mb->live);
		assert_ptr_equal(m, mb->m);
		assert_int_equal(rte_mbuf_refcnt_read(m), mb->refs);
		if (mb->storage >= 0)
			assert_ptr_equal(m->shinfo, model->storages[mb->storage].storage);
	}
	assert_null(m);
}

void
model_check(const struct model *model)
{
	const struct mext_stats stats = stats_of(model->w->pool);
	unsigned int i;

	for (i = 0; i < MODEL_MAX; i++) {
		if (model->storages[i].live)
			check_storage(&model->storages[i]);
		if (model->packets[i].live)
			check_packet(model, &model->packets[i]);
	}
	for (i = 0; i < MODEL_KINDS; i++)
		assert_int_equal(stats.kinds[i].in_use, model->out[i]);
	assert_int_equal(model->w->wraps_live, model->out[MODEL_WRAPS]);
	assert_int_equal(stats.allocs, model->expected.allocs);
	assert_int_equal(stats.alloc_failures, model->expected.alloc_failures);
	assert_int_equal(stats.header_allocs, model->expected.header_allocs);
	assert_int_equal(stats.header_failures, model->expected.header_failures);
	assert_int_equal(stats.attaches, model->expected.attaches);
	assert_int_equal(stats.detaches, model->expected.detaches);
	assert_int_equal(stats.bad_releases, 0);
}
