/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/random.h>

#include <rte_byteorder.h>

#include "serve.h"

/*
 * A token is SipHash-2-4 of address and port: who does not know the key can't tell those of others from
 * one's own. Source: J.-P. Aumasson, D. J. Bernstein, "SipHash: a fast short-input PRF", 2012.
 */
static uint64_t key[2];

static inline uint64_t
rotate(uint64_t x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static void
sip_rounds(uint64_t v[4], unsigned int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_rounds(v, 2);
	v[0] ^= word;
}

int
serve_token_renew(void)
{
	return getrandom(key, sizeof(key), 0) == sizeof(key) ? 0 : -1;
}

uint64_t
serve_token(rte_be32_t ip, rte_be16_t port)
{
	/* "somepseudorandomlygeneratedbytes", as the paper has it. */
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	const uint64_t length = sizeof(uint64_t);

	absorb(v, (uint64_t)rte_be_to_cpu_32(ip) << 16 | rte_be_to_cpu_16(port));
	absorb(v, length << 56);
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
