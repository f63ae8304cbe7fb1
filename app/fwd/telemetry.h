/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TELEMETRY_H
#define TELEMETRY_H

/** @file The numbers of the report by DPDK's telemetry, "/mext/fwd/...", for dpdk-telemetry.py. */

struct fwd;

/** Register the commands. They are answered by a thread of EAL's as long as the program runs. */
void telemetry_register(struct fwd *fwd);

#endif
