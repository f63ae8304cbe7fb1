/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_byteorder.h>

#include "checksum.h"

uint64_t
checksum_chain(uint64_t sum, const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	bool odd = false; /* the next byte is the second one of its word */
	uint32_t bytes;
	uint16_t part;

	for (; off >= rte_pktmbuf_data_len(m); m = m->next)
		off -= rte_pktmbuf_data_len(m);
	for (; len > 0; m = m->next, off = 0) {
		bytes = RTE_MIN(rte_pktmbuf_data_len(m) - off, len);
		part = checksum_fold(checksum_bytes(
				0, rte_pktmbuf_mtod_offset(m, const void *, off), bytes));
		sum = checksum_add(sum, odd ? rte_bswap16(part) : part);
		odd ^= bytes & 1;
		len -= bytes;
	}
	return sum;
}
