/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fwd.h"
#include "history.h"
#include "json.h"
#include "text.h"
#include "tree.h"

/** Of the file: raised when a field changes its meaning or goes, not when one is added. */
#define SCHEMA 1

#define FLAGS (JSON_REAL_PRECISION(12))

static json_t *report;

static json_t *
audit(const struct fwd *fwd)
{
	struct mext_audit found;
	json_t *array;
	uint32_t i;

	if (mext_pool_audit(fwd->pool, &found) < 0)
		return json_null();
	array = json_array();
	for (i = 0; i < found.nb_sockets; i++) {
		const struct mext_audit_socket *s = &found.sockets[i];

		json_array_append_new(array, json_pack("{s:i, s:I, s:I, s:I, s:I, s:I}", "socket",
							     (int)s->socket, "page_size",
							     (json_int_t)s->page_size, "pages",
							     (json_int_t)s->pages, "in_place",
							     (json_int_t)s->in_place, "elsewhere",
							     (json_int_t)s->elsewhere, "unknown",
							     (json_int_t)s->unknown));
	}
	return array;
}

static json_t *
pool(const struct fwd *fwd, const struct snapshot *snap)
{
	json_t *object = json_object(), *kinds = json_array();
	uint32_t i;

	for (i = 0; i < snap->pool.nb_kinds; i++)
		json_array_append_new(kinds, tree_kind(&snap->pool.kinds[i]));
	json_object_set_new(object, "name", json_string(mext_pool_name(fwd->pool)));
	json_object_set_new(object, "counters", tree_pool(snap));
	json_object_set_new(object, "kinds", kinds);
	json_object_set_new(object, "audit", audit(fwd));
	return object;
}

static json_t *
real_or_null(double value)
{
	return isnan(value) ? json_null() : json_integer(llround(value));
}

static json_t *
sample(const struct history_row *row, const struct snapshot *snap)
{
	json_t *ports = json_array(), *levels = json_object();
	unsigned int i;

	for (i = 0; i < row->nb_ports; i++) {
		const struct history_port *p = &row->ports[i];

		json_array_append_new(
				ports, json_pack("{s:i, s:o, s:o, s:o, s:o, s:o}", "port", p->id,
						       "rx_pps", real_or_null(p->rx_pps), "rx_bps",
						       real_or_null(p->rx_bps), "tx_pps",
						       real_or_null(p->tx_pps), "tx_bps",
						       real_or_null(p->tx_bps), "dropped_pps",
						       real_or_null(p->dropped)));
	}
	for (i = 0; i < row->nb_kinds && i < snap->pool.nb_kinds; i++)
		json_object_set_new(levels, snap->pool.kinds[i].name,
				json_integer((json_int_t)row->in_use[i]));
	return json_pack("{s:f, s:o, s:o}", "elapsed_seconds", row->elapsed, "ports", ports,
			"pool_in_use", levels);
}

static json_t *
samples(const struct fwd *fwd, const struct snapshot *snap)
{
	json_t *rows = json_array();
	unsigned int i;

	if (fwd->args.stats_period <= 0) {
		json_decref(rows);
		return json_null();
	}
	for (i = 0; history_at(i) != NULL; i++)
		json_array_append_new(rows, sample(history_at(i), snap));
	return json_pack("{s:f, s:i, s:I, s:o}", "period_seconds", fwd->args.stats_period, "limit",
			(int)HISTORY_ROWS, "forgotten", (json_int_t)history_forgotten(), "rows",
			rows);
}

/** An array of what is made of each of nb things. */
static json_t *
array_of(const struct snapshot *snap, json_t *(*make)(const struct snapshot *, unsigned int),
		unsigned int nb)
{
	json_t *array = json_array();
	unsigned int i;

	for (i = 0; i < nb; i++)
		json_array_append_new(array, make(snap, i));
	return array;
}

void
json_prepare(struct fwd *fwd)
{
	struct snapshot *snap = fwd->args.json != NULL ? snapshot_get(fwd) : NULL;
	json_t *ports;
	unsigned int i;

	if (snap == NULL)
		return;
	ports = json_array();
	for (i = 0; i < snap->nb_ports; i++)
		json_array_append_new(ports, tree_port(fwd, snap, i));
	report = json_pack("{s:i, s:o, s:o, s:f, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "schema",
			SCHEMA, "program", tree_program(fwd), "configuration",
			tree_configuration(fwd, snap), "elapsed_seconds", snap->elapsed, "total",
			tree_total(snap), "ports", ports, "queues",
			array_of(snap, tree_queue, snap->nb_queues), "lcores",
			array_of(snap, tree_lcore, snap->nb_lcores), "streams",
			array_of(snap, tree_stream, snap->nb_streams), "mode_counters",
			tree_counters(snap), "pool", pool(fwd, snap), "samples",
			samples(fwd, snap));
	snapshot_put(snap);
}

static int
failed(const char *file, int reason)
{
	FWD_ERROR("--json=%s: can't be written: %s", file, strerror(reason));
	return -1;
}

/** What is no file of its own (a pipe, a device) can't be replaced: it is written to. */
static bool
is_special(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/** A new file beside the one that it shall become. @return its descriptor, -1: errno says why. */
static int
make_beside(const char *file, char *name, size_t size)
{
	struct stat st;
	mode_t mask;
	int fd;

	if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return -1;
	}
	if (snprintf(name, size, "%s.XXXXXX", file) >= (int)size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkstemp(name);
	mask = umask(0);
	umask(mask);
	if (fd >= 0)
		fchmod(fd, 0666 & ~mask);
	return fd;
}

int
json_check(const struct fwd *fwd)
{
	const char *file = fwd->args.json;
	char name[4096];
	int fd;

	if (file == NULL || strcmp(file, "-") == 0)
		return 0;
	if (is_special(file))
		return access(file, W_OK) == 0 ? 0 : failed(file, errno);
	fd = make_beside(file, name, sizeof(name));
	if (fd < 0)
		return failed(file, errno);
	close(fd);
	unlink(name);
	return 0;
}

/** Write all to a stream and close it. @return 0 or an errno. */
static int
dump(FILE *f)
{
	int ret = 0;

	errno = 0;
	if (json_dumpf(report, f, FLAGS | JSON_INDENT(1)) < 0 || fputc('\n', f) == EOF)
		ret = errno != 0 ? errno : EIO;
	if (fclose(f) != 0 && ret == 0)
		ret = errno;
	return ret;
}

static int
replace(const char *file)
{
	char name[4096];
	int ret, fd = make_beside(file, name, sizeof(name));
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (f == NULL)
		return failed(file, errno);
	ret = dump(f);
	if (ret == 0 && rename(name, file) < 0)
		ret = errno;
	if (ret != 0)
		unlink(name);
	return ret != 0 ? failed(file, ret) : 0;
}

int
json_write(const struct fwd *fwd, int exit_status)
{
	const char *file = fwd->args.json;
	int ret = 0;
	FILE *f;

	if (file == NULL)
		return 0;
	if (report == NULL)
		return failed(file, ENOMEM);
	json_object_set_new(report, "exit_status", json_integer(exit_status));
	json_object_set_new(report, "buffers_outstanding", json_integer(fwd->outstanding));
	if (strcmp(file, "-") == 0) {
		/* The last line. */
		if (json_dumpf(report, stdout, FLAGS | JSON_COMPACT) < 0 || putchar('\n') == EOF ||
				fflush(stdout) != 0)
			ret = failed(file, errno);
	} else if (is_special(file)) {
		/* It does not wait for who reads from a FIFO. */
		f = text_open(file, O_WRONLY);
		ret = f == NULL ? errno : dump(f);
		if (ret != 0)
			ret = failed(file, ret);
	} else {
		ret = replace(file);
	}
	json_decref(report);
	report = NULL;
	return ret;
}
