/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>

#include <rte_telemetry.h>

#include "compat.h"
#include "fwd.h"
#include "telemetry.h"
#include "tree.h"

/** Ports, queues, lcores, streams in one answer, which has room for 16 KB. */
#define PAGE 8u

/** Callbacks of DPDK 22.11 have no argument of their own. */
static struct fwd *the_fwd;

static int fill(struct rte_tel_data *data, json_t *object);

/** Put an object or an array of strings into a dict. */
static void
put_container(struct rte_tel_data *dict, const char *name, json_t *value)
{
	struct rte_tel_data *data = rte_tel_data_alloc();
	size_t i;

	if (data == NULL)
		return;
	if (json_is_object(value)) {
		fill(data, value);
	} else {
		rte_tel_data_start_array(data, RTE_TEL_STRING_VAL);
		for (i = 0; i < json_array_size(value); i++)
			if (json_is_string(json_array_get(value, i)))
				rte_tel_data_add_array_string(
						data, json_string_value(json_array_get(value, i)));
	}
	if (rte_tel_data_add_dict_container(dict, name, data, 0) < 0)
		rte_tel_data_free(data);
}

/** Telemetry has no null, which is left out, no fractions, which become text, and maybe no truth values. */
static void
put(struct rte_tel_data *dict, const char *name, json_t *value)
{
	char text[32];

	switch (json_typeof(value)) {
	case JSON_STRING:
		rte_tel_data_add_dict_string(dict, name, json_string_value(value));
		break;
	case JSON_INTEGER:
		compat_tel_dict_u64(dict, name, json_integer_value(value));
		break;
	case JSON_REAL:
		snprintf(text, sizeof(text), "%.3f", json_real_value(value));
		rte_tel_data_add_dict_string(dict, name, text);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		rte_tel_data_add_dict_int(dict, name, json_is_true(value));
		break;
	case JSON_NULL:
		break;
	default:
		put_container(dict, name, value);
	}
}

static int
fill(struct rte_tel_data *data, json_t *object)
{
	const char *name;
	json_t *value;

	rte_tel_data_start_dict(data);
	json_object_foreach(object, name, value) put(data, name, value);
	return 0;
}

/** Read the parameter, a number; -1 if it is not one. */
static long
number(const char *params)
{
	char *end;
	long value;

	if (params == NULL || *params < '0' || *params > '9')
		return -1;
	errno = 0;
	value = strtol(params, &end, 10);
	return errno == 0 && *end == '\0' ? value : -1;
}

/** What a command answers, made of a snapshot with the lock held; NULL: wrong parameters. */
typedef json_t *(*answer_fn)(struct fwd *fwd, const struct snapshot *snap, const char *params);

static int
answer(answer_fn make, const char *params, struct rte_tel_data *data)
{
	struct fwd *fwd = the_fwd;
	struct snapshot *snap;
	json_t *object = NULL;

	pthread_mutex_lock(&fwd->lock);
	snap = snapshot_get_locked(fwd);
	if (snap != NULL)
		object = make(fwd, snap, params);
	pthread_mutex_unlock(&fwd->lock);
	snapshot_put(snap);
	if (object == NULL)
		return -EINVAL;
	fill(data, object);
	json_decref(object);
	return 0;
}

/** {"count": nb, "FIRST": {...}, ...}, from the one that params names. */
static json_t *
page(struct fwd *fwd, const struct snapshot *snap, const char *params, unsigned int nb,
		json_t *(*make)(const struct fwd *, const struct snapshot *, unsigned int))
{
	long i, first = params != NULL ? number(params) : 0;
	json_t *object;
	char name[32];

	if (first < 0 || (first > 0 && first >= (long)nb))
		return NULL;
	object = json_pack("{s:i}", "count", (int)nb);
	for (i = first; i < (long)nb && i < first + (long)PAGE; i++) {
		snprintf(name, sizeof(name), "%ld", i);
		json_object_set_new(object, name, make(fwd, snap, i));
	}
	return object;
}

static json_t *
queue(const struct fwd *fwd __rte_unused, const struct snapshot *snap, unsigned int i)
{
	return tree_queue(snap, i);
}

static json_t *
lcore(const struct fwd *fwd __rte_unused, const struct snapshot *snap, unsigned int i)
{
	return tree_lcore(snap, i);
}

static json_t *
stream(const struct fwd *fwd __rte_unused, const struct snapshot *snap, unsigned int i)
{
	return tree_stream(snap, i);
}

static json_t *
make_info(struct fwd *fwd, const struct snapshot *snap, const char *params)
{
	if (params != NULL)
		return NULL;
	return json_pack("{s:b, s:f, s:o, s:o}", "running", fwd->running, "elapsed_seconds",
			snap->elapsed, "program", tree_program(fwd), "configuration",
			tree_configuration(fwd, snap));
}

static json_t *
make_total(struct fwd *fwd __rte_unused, const struct snapshot *snap, const char *params)
{
	return params == NULL ? tree_total(snap) : NULL;
}

static json_t *
make_ports(struct fwd *fwd, const struct snapshot *snap, const char *params)
{
	return page(fwd, snap, params, snap->nb_ports, tree_port);
}

static json_t *
make_port(struct fwd *fwd, const struct snapshot *snap, const char *params)
{
	long id = number(params);
	unsigned int i;

	for (i = 0; i < snap->nb_ports; i++)
		if (snap->ports[i].id == id)
			return tree_port(fwd, snap, i);
	return NULL;
}

static json_t *
make_queues(struct fwd *fwd, const struct snapshot *snap, const char *params)
{
	return page(fwd, snap, params, snap->nb_queues, queue);
}

static json_t *
make_lcores(struct fwd *fwd, const struct snapshot *snap, const char *params)
{
	return page(fwd, snap, params, snap->nb_lcores, lcore);
}

static json_t *
make_streams(struct fwd *fwd, const struct snapshot *snap, const char *params)
{
	return page(fwd, snap, params, snap->nb_streams, stream);
}

static json_t *
make_mode(struct fwd *fwd __rte_unused, const struct snapshot *snap, const char *params)
{
	if (params != NULL)
		return NULL;
	return json_pack("{s:s, s:o}", "mode", snap->mode->name, "counters", tree_counters(snap));
}

static json_t *
make_pool(struct fwd *fwd __rte_unused, const struct snapshot *snap, const char *params)
{
	json_t *object;
	uint32_t i;

	if (params != NULL)
		return NULL;
	object = json_pack("{s:o}", "counters", tree_pool(snap));
	for (i = 0; i < snap->pool.nb_kinds; i++)
		json_object_set_new(
				object, snap->pool.kinds[i].name, tree_kind(&snap->pool.kinds[i]));
	return object;
}

#define COMMAND(name)                                                     \
	static int name(const char *cmd __rte_unused, const char *params, \
			struct rte_tel_data *data)                        \
	{                                                                 \
		return answer(make_##name, params, data);                 \
	}

COMMAND(info)
COMMAND(total)
COMMAND(ports)
COMMAND(port)
COMMAND(queues)
COMMAND(lcores)
COMMAND(streams)
COMMAND(mode)
COMMAND(pool)

/** Help has room for 63 letters. */
static const struct {
	const char *name;
	telemetry_cb answer;
	const char *help;
} commands[] = {
	{ "/mext/fwd/info", info, "Versions and configuration. No parameters" },
	{ "/mext/fwd/total", total, "Sums over all ports. No parameters" },
	{ "/mext/fwd/ports", ports, "Eight ports. Parameters: the first, counted from 0 (0)" },
	{ "/mext/fwd/port", port, "One port. Parameters: port id" },
	{ "/mext/fwd/queues", queues, "Eight queues. Parameters: the first, counted from 0 (0)" },
	{ "/mext/fwd/lcores", lcores, "Eight lcores. Parameters: the first, counted from 0 (0)" },
	{ "/mext/fwd/streams", streams,
			"Eight streams. Parameters: the first, counted from 0 (0)" },
	{ "/mext/fwd/mode", mode, "What the mode counts. No parameters" },
	{ "/mext/fwd/pool", pool, "Counters and levels of the pool. No parameters" },
};

void
telemetry_register(struct fwd *fwd)
{
	unsigned int i;

	the_fwd = fwd;
	for (i = 0; i < RTE_DIM(commands); i++)
		if (rte_telemetry_register_cmd(
				    commands[i].name, commands[i].answer, commands[i].help) < 0)
			FWD_WARNING("no telemetry command %s", commands[i].name);
}
