/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BOND_H
#define BOND_H

/**
 * @file Bonds, and their members, which are left to them: a bond configures, starts and stops them, and
 * receives and sends by them. Main thread only.
 */

#include <stdbool.h>
#include <stdint.h>

struct fwd;
struct fwd_port;

/**
 * Configure a port that is a bond, for only then it takes its members: their marks, its address and what it
 * can are right from then on. Any other port is left alone.
 * @return 0, or -1 with the reason on stderr
 */
int bond_join(uint16_t id);

/** Whether a port is a member of a bond that has been joined. */
bool bond_is_member(uint16_t id);

/** Give a bond what is known of its members' drivers: of those of all bonds, as nobody tells whose they are. */
void bond_apply_quirks(struct fwd_port *port);

/** Let ports that have become members go from those in use. */
void bonds_take(struct fwd *fwd);

/** Close what are or have been members, when all bonds are closed. */
void bonds_close(struct fwd *fwd);

#endif
