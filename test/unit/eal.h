/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EAL_H
#define EAL_H

/**
 * @file
 * DPDK for a unit test: two lcores, no hugepages, no devices, no files, no root.
 */

/** Start EAL on lcores 0 and 1. @return 0, or -1 with DPDK's reason on stderr. */
int eal_start(void);

/** End EAL. @return what main() returns for so many failed tests. */
int eal_stop(int failed);

#endif
