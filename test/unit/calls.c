/* SPDX-License-Identifier: BSD-3-Clause */
#include "calls.h"

#include "shot.h"

/** What no verb makes: outputs are this before a call. */
#define NOTHING ((struct rte_mbuf *)(uintptr_t)0x1000)

static int
run_share(struct call *c)
{
	return mext_share(c->w->pool, c->m, c->a, c->b, &c->made[0]);
}

static void
check_share(const struct call *c)
{
	assert_packet(c->m, 0, c->len);
	assert_packet(c->made[0], c->a, c->b);
}

static int
run_fanout(struct call *c)
{
	return mext_fanout(c->w->pool, c->m, c->made, CALL_MADE);
}

static void
check_copies(const struct call *c)
{
	unsigned int i;

	assert_packet(c->m, 0, c->len);
	for (i = 0; i < CALL_MADE; i++)
		assert_packet(c->made[i], 0, c->len);
}

static int
run_fanout_private(struct call *c)
{
	return mext_fanout_private(c->w->pool, c->m, c->a, c->made, CALL_MADE);
}

static void
check_private(const struct call *c)
{
	unsigned int i;

	check_copies(c);
	for (i = 0; i < CALL_MADE; i++) {
		assert_true(c->made[i]->data_len >= c->a);
		assert_true(mext_is_writable(c->made[i], 0, c->a));
		assert_int_equal(rte_pktmbuf_headroom(c->made[i]), WORLD_HEADROOM);
	}
}

static int
run_split(struct call *c)
{
	return mext_split(c->w->pool, &c->m, c->a, &c->made[0]);
}

static void
check_split(const struct call *c)
{
	assert_packet(c->m, 0, c->a);
	assert_packet(c->made[0], c->a, c->len - c->a);
}

static int
run_concat(struct call *c)
{
	return mext_concat(c->w->pool, &c->m, c->tail);
}

static void
check_concat(const struct call *c)
{
	assert_sound(c->m, c->len + CALL_TAIL);
	assert_bytes(c->m, 0, 0, c->len);
	assert_bytes(c->m, c->len, 0, CALL_TAIL);
}

static int
run_trim_front(struct call *c)
{
	return mext_trim_front(c->w->pool, &c->m, c->a);
}

static void
check_trim_front(const struct call *c)
{
	assert_packet(c->m, c->a, c->len - c->a);
}

static int
run_trim_back(struct call *c)
{
	return mext_trim_back(c->w->pool, &c->m, c->a);
}

static void
check_trim_back(const struct call *c)
{
	assert_packet(c->m, 0, c->len - c->a);
}

static int
run_make_writable(struct call *c)
{
	return mext_make_writable(c->w->pool, &c->m, c->a, c->b);
}

static void
check_make_writable(const struct call *c)
{
	assert_packet(c->m, 0, c->len);
	assert_true(mext_is_writable(c->m, c->a, c->b));
}

static int
run_write(struct call *c)
{
	const size_t len = RTE_MIN(c->b, (size_t)c->len); /* of more nothing is read */
	void *src = malloc(len + 1);
	int ret;

	assert_non_null(src);
	fill_other(src, len);
	ret = mext_write(c->w->pool, &c->m, c->a, src, c->b);
	free(src);
	return ret;
}

static void
check_write(const struct call *c)
{
	assert_sound(c->m, c->len);
	assert_bytes(c->m, 0, 0, c->a);
	assert_other(c->m, c->a, c->b);
	assert_bytes(c->m, c->a + c->b, c->a + c->b, c->len - c->a - c->b);
	assert_true(mext_is_writable(c->m, c->a, c->b));
}

static int
run_unshare(struct call *c)
{
	return mext_unshare(c->w->pool, &c->m);
}

static void
check_unshare(const struct call *c)
{
	assert_packet(c->m, 0, c->len);
	assert_true(mext_is_writable(c->m, 0, c->len));
}

static int
run_pullup(struct call *c)
{
	return mext_pullup(c->w->pool, &c->m, c->a);
}

static void
check_pullup(const struct call *c)
{
	assert_packet(c->m, 0, c->len);
	assert_true(c->m->data_len >= c->a);
}

/** A verb that gives data has done nothing to it: the caller fills it then. */
static int
filled(struct call *c, int ret, void *data)
{
	if (ret == 0)
		fill_other(data, c->a);
	else
		assert_ptr_equal(data, NOTHING);
	return ret;
}

static int
run_prepend(struct call *c)
{
	void *data = NOTHING;
	int ret = mext_prepend(c->w->pool, &c->m, c->a, &data);

	return filled(c, ret, data);
}

static void
check_prepend(const struct call *c)
{
	assert_sound(c->m, c->len + c->a);
	assert_other(c->m, 0, c->a);
	assert_bytes(c->m, c->a, 0, c->len);
}

static int
run_append(struct call *c)
{
	void *data = NOTHING;
	int ret = mext_append(c->w->pool, &c->m, c->a, &data);

	return filled(c, ret, data);
}

static void
check_append(const struct call *c)
{
	assert_sound(c->m, c->len + c->a);
	assert_bytes(c->m, 0, 0, c->len);
	assert_other(c->m, c->len, c->a);
}

static int
run_dup(struct call *c)
{
	return mext_dup(c->w->pool, c->m, c->a, c->b, &c->made[0]);
}

static void
check_dup(const struct call *c)
{
	check_share(c);
	assert_true(mext_is_writable(c->made[0], 0, c->b));
}

static int
run_defrag(struct call *c)
{
	return mext_defrag(c->w->pool, &c->m, c->a);
}

static void
check_defrag(const struct call *c)
{
	assert_packet(c->m, 0, c->len);
	assert_true(c->m->nb_segs <= c->a);
}

const struct verb verb_share = { "share", run_share, check_share };
const struct verb verb_fanout = { "fanout", run_fanout, check_copies };
const struct verb verb_fanout_private = { "fanout_private", run_fanout_private, check_private };
const struct verb verb_split = { "split", run_split, check_split };
const struct verb verb_concat = { "concat", run_concat, check_concat };
const struct verb verb_trim_front = { "trim_front", run_trim_front, check_trim_front };
const struct verb verb_trim_back = { "trim_back", run_trim_back, check_trim_back };
const struct verb verb_make_writable = { "make_writable", run_make_writable, check_make_writable };
const struct verb verb_write = { "write", run_write, check_write };
const struct verb verb_unshare = { "unshare", run_unshare, check_unshare };
const struct verb verb_pullup = { "pullup", run_pullup, check_pullup };
const struct verb verb_prepend = { "prepend", run_prepend, check_prepend };
const struct verb verb_append = { "append", run_append, check_append };
const struct verb verb_dup = { "dup", run_dup, check_dup };
const struct verb verb_defrag = { "defrag", run_defrag, check_defrag };

void
call_prepare(struct call *call)
{
	unsigned int i;

	call->len = call->m->pkt_len;
	call->tail = call->verb == &verb_concat ? chain(call->w, { seg_direct, CALL_TAIL }) : NULL;
	for (i = 0; i < CALL_MADE; i++)
		call->made[i] = NOTHING;
}

/** Whether a verb that has failed may have written the array of outputs. */
static bool
has_array(const struct verb *verb)
{
	return verb == &verb_fanout || verb == &verb_fanout_private;
}

int
call_run(struct call *call)
{
	struct rte_mbuf *const m = call->m;
	int ret = call->verb->run(call);
	unsigned int i;

	if (ret == 0 && call->verb == &verb_concat)
		call->tail = NULL;
	if (ret == 0)
		return 0;
	assert_ptr_equal(call->m, m);
	for (i = 0; i < CALL_MADE; i++) {
		assert_true(has_array(call->verb) || call->made[i] == NOTHING);
		call->made[i] = NOTHING;
	}
	return ret;
}

void
call_free(struct call *call)
{
	unsigned int i;

	mext_free_bulk(&call->m, 1);
	mext_free_bulk(&call->tail, 1);
	for (i = 0; i < CALL_MADE; i++)
		if (call->made[i] != NOTHING)
			mext_free_bulk(&call->made[i], 1);
}

void
check_refused(struct world *w, struct rte_mbuf *m, const struct verb *verb, size_t a, size_t b,
		int ret, const char *file, int line)
{
	struct call call = { verb, a, b, w, m };
	struct shot shot;
	int is;

	call_prepare(&call);
	shot_take(&shot, w, m);
	is = call_run(&call);
	if (is != ret) {
		print_error("%s(%zu, %zu) gives %d, expected is %d\n", verb->name, a, b, is, ret);
		_fail(file, line);
	}
	check_unchanged(&shot, file, line);
	shot_free(&shot);
	mext_free_bulk(&call.tail, 1);
}

void
call_succeeds(struct world *w, struct rte_mbuf *m, const struct verb *verb, size_t a, size_t b)
{
	struct call call = { verb, a, b, w, m };

	call_prepare(&call);
	assert_int_equal(call_run(&call), 0);
	verb->check(&call);
	call_free(&call);
}
