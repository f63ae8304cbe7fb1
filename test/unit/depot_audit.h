/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DEPOT_AUDIT_H
#define DEPOT_AUDIT_H

/**
 * @file
 * Whether a depot at rest is as depot.h says: for tests that have no EAL.
 *
 * What may run together: nothing that puts to or gets from the depot.
 */

#include "depot.h"

/**
 * Walk all hands, deques and stacks: every magazine is in one place and is of the kind that the
 * place is for; what mextp_depot_count() says is there.
 *
 * @param seen  how often each pointer is there, a pointer being a number below nb; added to
 * @return NULL, or what is wrong
 */
const char *depot_audit(const struct depot *d, uint8_t *seen, uint32_t nb);

/** Pointers in the loaded magazines of hands that are claimed. */
uint32_t depot_audit_withheld(const struct depot *d);

#endif
