/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CHECKSUM_H
#define CHECKSUM_H

/**
 * @file The checksum of IP, UDP, TCP and ICMP: the complement of the one's complement sum of 16-bit words.
 * Sums are kept in 64 bits, 8 bytes at a time, in the byte order of memory.
 * Source: RFC 1071 (sums of wider words, in any byte order), RFC 1624 (updates).
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

static inline uint64_t
checksum_add(uint64_t sum, uint64_t more)
{
	sum += more;
	return sum + (sum < more);
}

/** Add the words of len bytes, the last one filled up with 0; from an even place of what is summed on. */
static inline uint64_t
checksum_bytes(uint64_t sum, const void *data, uint32_t len)
{
	const uint8_t *p = data;
	uint64_t other = 0, words[2]; /* two chains of additions that do not wait for each other */
	uint32_t four;
	uint16_t two;

	for (; len >= sizeof(words); len -= sizeof(words), p += sizeof(words)) {
		memcpy(words, p, sizeof(words));
		sum = checksum_add(sum, words[0]);
		other = checksum_add(other, words[1]);
	}
	sum = checksum_add(sum, other);
	if ((len & 8) != 0) {
		memcpy(words, p, 8);
		sum = checksum_add(sum, words[0]);
		p += 8;
	}
	if ((len & 4) != 0) {
		memcpy(&four, p, 4);
		sum = checksum_add(sum, four);
		p += 4;
	}
	if ((len & 2) != 0) {
		memcpy(&two, p, 2);
		sum = checksum_add(sum, two);
		p += 2;
	}
	if ((len & 1) != 0) {
		two = 0;
		memcpy(&two, p, 1);
		sum = checksum_add(sum, two);
	}
	return sum;
}

/** A sum in 16 bits; 0 only if all words were. */
static inline uint16_t
checksum_fold(uint64_t sum)
{
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 32) + (uint32_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	sum = (sum >> 16) + (uint16_t)sum;
	return sum;
}

/** checksum_mbuf() over several segments. */
uint64_t checksum_chain(uint64_t sum, const struct rte_mbuf *m, uint32_t off, uint32_t len);

/** Add len bytes of a packet from off on, all of which are there, in segments of any length. */
static inline uint64_t
checksum_mbuf(uint64_t sum, const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	if (likely(off + len <= rte_pktmbuf_data_len(m)))
		return checksum_bytes(sum, rte_pktmbuf_mtod_offset(m, const void *, off), len);
	return checksum_chain(sum, m, off, len);
}

/**
 * Right a checksum, and write to it only if it is wrong.
 *
 * @param field  the checksum
 * @param sum  of all that it covers, itself as it is included; something else of it is not 0
 * @param zero_is_none  0 means that there is none (UDP): its other representation is used
 * @return whether it was valid.
 */
static inline bool
checksum_right(void *field, uint64_t sum, bool zero_is_none)
{
	uint16_t old, right, folded = checksum_fold(sum);

	if (likely(folded == UINT16_MAX))
		return true;
	memcpy(&old, field, sizeof(old));
	right = ~checksum_fold((uint64_t)folded + (uint16_t)~old);
	if (right == 0 && zero_is_none)
		right = UINT16_MAX;
	memcpy(field, &right, sizeof(right));
	return false;
}

/**
 * checksum_right() of a message of which all may be 0: only a sum without the old checksum tells 0 from its other
 * representation.
 */
static inline bool
checksum_right_message(void *field, const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint16_t old, right, sum;
	bool valid;

	memcpy(&old, field, sizeof(old));
	memset(field, 0, sizeof(old));
	sum = checksum_fold(checksum_mbuf(0, m, off, len));
	valid = checksum_fold((uint64_t)sum + old) == UINT16_MAX;
	right = valid ? old : ~sum;
	memcpy(field, &right, sizeof(right));
	return valid;
}

/** Update a checksum for words whose sum was old and is now new; it stays as wrong as it was. */
static inline void
checksum_update(void *field, uint64_t old, uint64_t new)
{
	uint16_t sum;

	memcpy(&sum, field, sizeof(sum));
	sum = ~checksum_fold((uint64_t)(uint16_t)~sum + (uint16_t)~checksum_fold(old) +
			     checksum_fold(new));
	memcpy(field, &sum, sizeof(sum));
}

#endif
