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

struct depot_audit {
	/* Set by the caller: */
	uint8_t *seen; /* how often each pointer is there, which is a number ... */
	uint32_t nb; /* ... below this; added to */
	/* Filled: */
	uint32_t nb_missing; /* magazines that are nowhere, as with a call that was killed */
	uint64_t over; /* pointers above the quotas of the places where they are */
	uint64_t quotas; /* sum of all */
};

/**
 * Walk all shelves and stacks: every magazine is in one place at most and is of the kind that the place is for; what
 * mextp_depot_count() says is there.
 *
 * @return NULL, or what is wrong
 */
const char *depot_audit(const struct depot *d, struct depot_audit *audit);

#endif
