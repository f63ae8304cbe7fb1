/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TREE_H
#define TREE_H

/**
 * @file Numbers of a snapshot under the names that JSON and telemetry have in common; doc/json.rst and
 * doc/mext-fwd.schema.json say what they mean. Unknown is null. All return a new reference; NULL: no
 * memory.
 */

#include <jansson.h>

#include "fwd.h"
#include "snapshot.h"

json_t *tree_program(const struct fwd *fwd);
json_t *tree_configuration(const struct fwd *fwd, const struct snapshot *snap);
json_t *tree_total(const struct snapshot *snap);
json_t *tree_port(const struct fwd *fwd, const struct snapshot *snap, unsigned int i);
json_t *tree_queue(const struct snapshot *snap, unsigned int i);
json_t *tree_lcore(const struct snapshot *snap, unsigned int i);
json_t *tree_stream(const struct snapshot *snap, unsigned int i);
json_t *tree_counters(const struct snapshot *snap);
json_t *tree_kind(const struct mext_kind_stats *kind);
json_t *tree_pool(const struct snapshot *snap);

#endif
