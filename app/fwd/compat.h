/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef COMPAT_H
#define COMPAT_H

/** @file What DPDK versions from 22.11 on call differently. */

#include <rte_telemetry.h>
#include <rte_version.h>

/** Types of ICMP messages, for which rte_icmp.h has had two names. */
#define COMPAT_ICMP_ECHO_REPLY 0
#define COMPAT_ICMP_ECHO_REQUEST 8

/** The mark of a bond's member. */
#if RTE_VERSION < RTE_VERSION_NUM(23, 11, 0, 0)
#define COMPAT_DEV_BOND_MEMBER RTE_ETH_DEV_BONDED_SLAVE
#else
#define COMPAT_DEV_BOND_MEMBER RTE_ETH_DEV_BONDING_MEMBER
#endif

static inline int
compat_tel_dict_u64(struct rte_tel_data *dict, const char *name, uint64_t value)
{
#if RTE_VERSION < RTE_VERSION_NUM(23, 3, 0, 0)
	return rte_tel_data_add_dict_u64(dict, name, value);
#else
	return rte_tel_data_add_dict_uint(dict, name, value);
#endif
}

#endif
