/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

/** @file What cli_show.c shows of ports and of the pool, see cli_show_port.c and cli_show_pool.c. */

#include "cli.h"

enum cli_result cli_show_info(struct fwd *fwd, char **words);
enum cli_result cli_show_stats(struct fwd *fwd, char **words);
enum cli_result cli_show_xstats(struct fwd *fwd, char **words);
enum cli_result cli_clear_stats(struct fwd *fwd, char **words);
enum cli_result cli_clear_xstats(struct fwd *fwd, char **words);
enum cli_result cli_show_pool(struct fwd *fwd, char **words);
enum cli_result cli_show_storage(struct fwd *fwd, char **words);

#endif
