/* SPDX-License-Identifier: BSD-3-Clause */
/* checksum.h of the forwarder, against sums of one byte after another. */
#include "unit.h"

#include <rte_byteorder.h>

#include "checksum.h"
#include "dice.h"

#define MOST_BYTES 300
#define MOST_SEGMENTS 12

/** The sum of what stands in memory from an even place on, in network order. */
static uint16_t
slow_sum(const uint8_t *bytes, uint32_t len)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 == 0 ? bytes[i] << 8 : bytes[i];
	while (sum > UINT16_MAX)
		sum = (sum >> 16) + (sum & UINT16_MAX);
	return sum;
}

static uint16_t
folded(uint64_t sum)
{
	return rte_be_to_cpu_16(checksum_fold(sum));
}

/** Let segments lie over bytes, cut anywhere; some are empty. */
static void
cut(struct rte_mbuf *segs, uint8_t *bytes, uint32_t len)
{
	const unsigned int n = 1 + dice(MOST_SEGMENTS);
	uint32_t off = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const uint32_t part = i + 1 == n ? len - off : dice(len - off + 1);

		segs[i] = (struct rte_mbuf){
			.buf_addr = bytes + off,
			.data_len = part,
			.pkt_len = len,
			.next = i + 1 < n ? &segs[i + 1] : NULL,
		};
		off += part;
	}
}

static void
test_mbuf_in_any_segments_is_summed_as_one_piece(void **state __rte_unused)
{
	struct rte_mbuf segs[MOST_SEGMENTS];
	uint8_t bytes[MOST_BYTES];
	unsigned long i, steps = dice_steps(20000);
	uint32_t len, off, part;

	dice_start();
	for (i = 0; i < steps; i++) {
		len = 1 + dice(MOST_BYTES);
		off = dice(len);
		part = 1 + dice(len - off);
		dice_fill(bytes, len);
		/* Carries come of large words. */
		if (dice(2) == 0)
			memset(bytes, 0xff, len);
		cut(segs, bytes, len);
		assert_int_equal(folded(checksum_mbuf(0, segs, off, part)),
				slow_sum(bytes + off, part));
	}
}

/** Words beside the checksum, and what it must be; the old one may be any. */
static const struct {
	uint16_t words[3];
	uint16_t right;
	bool valid[2]; /* whether 0, and 0xffff, are right as well */
} rows[] = {
	{ { 0x1234, 0x0000, 0x0000 }, 0xedcb, { false, false } },
	{ { 0x1234, 0xedcb, 0x0000 }, 0x0000, { true, true } },
	{ { 0xffff, 0xffff, 0xffff }, 0x0000, { true, true } },
	{ { 0x0000, 0x0000, 0x0000 }, 0xffff, { false, true } },
};

static void
test_right_gives_the_complement_and_leaves_what_is_right(void **state __rte_unused)
{
	uint32_t old;
	unsigned int i, message;

	for (i = 0; i < RTE_DIM(rows); i++) {
		for (old = 0; old <= UINT16_MAX; old++) {
			const bool valid = old == rows[i].right || (old == 0 && rows[i].valid[0]) ||
					   (old == UINT16_MAX && rows[i].valid[1]);

			/* What is all 0 is for a message alone. */
			for (message = rows[i].words[0] == 0; message < 2; message++) {
				uint16_t words[4] = { rows[i].words[0], old, rows[i].words[1],
					rows[i].words[2] };
				const struct rte_mbuf m = { .buf_addr = words,
					.data_len = sizeof(words) };
				const uint64_t sum = checksum_bytes(0, words, sizeof(words));

				assert_int_equal(message ? checksum_right_message(&words[1], &m, 0,
									   sizeof(words))
							 : checksum_right(&words[1], sum, false),
						valid);
				assert_int_equal(words[1], valid ? old : rows[i].right);
			}
		}
	}
}

static void
test_right_of_udp_is_never_0(void **state __rte_unused)
{
	uint16_t words[2] = { 0xffff, 0x0bad };

	assert_false(checksum_right(&words[1], checksum_bytes(0, words, sizeof(words)), true));
	assert_int_equal(words[1], UINT16_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mbuf_in_any_segments_is_summed_as_one_piece),
		cmocka_unit_test(test_right_gives_the_complement_and_leaves_what_is_right),
		cmocka_unit_test(test_right_of_udp_is_never_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
