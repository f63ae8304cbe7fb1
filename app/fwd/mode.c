/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "mode.h"

const struct fwd_mode *
mode_find(const char *name)
{
	static const struct fwd_mode *const modes[] = { &mode_io, &mode_mac, &mode_macswap,
		&mode_rxonly, &mode_txonly };
	unsigned int i;

	for (i = 0; i < RTE_DIM(modes); i++) {
		if (strcmp(modes[i]->name, name) == 0)
			return modes[i];
	}
	return NULL;
}
