/* SPDX-License-Identifier: BSD-3-Clause */
/* The plugin mext_depot.so, which EAL's -d loads: a program need not know of it. */
#include <rte_common.h>

#include <mext_depot.h>

RTE_INIT(mext_depot_init)
{
	mext_depot_register();
}
