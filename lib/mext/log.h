/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef LOG_H
#define LOG_H

/** @file The one log type of the library, "lib.mext". Slow path only: packets are counted. */

#include <rte_log.h>

extern int mext_logtype;

#define MEXT_LOG(level, fmt, ...) \
	rte_log(RTE_LOG_##level, mext_logtype, "mext: " fmt "\n", ##__VA_ARGS__)

#endif
