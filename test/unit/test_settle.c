/* SPDX-License-Identifier: BSD-3-Clause */
/* settle.c of the forwarder: which of two accounts of a port is believed, for counters of any driver. */
#include "unit.h"

#include "fwd.h"
#include "port_count.h"
#include "settle.h"
#include "snapshot.h"

/** What the driver counts. */
static uint64_t counted[NB_PORT_COUNTERS];

void
port_count_read(struct fwd_port *port)
{
	(void)port;
}

uint64_t
port_count(const struct fwd_port *port, enum port_counter which)
{
	(void)port;
	return counted[which];
}

/** A port with rings of 64, of which streams gave so many to the driver, and had so many refused. */
static struct snapshot_port
settled(bool is_virtual, unsigned int nb_members, uint64_t given, uint64_t full, uint64_t rx)
{
	struct fwd_port p = { .is_virtual = is_virtual, .nb_members = nb_members };
	struct snapshot_port port = { .traffic = { .rx = rx, .tx = given },
		.drops = { .tx_full = full } };

	p.setup.nb_rxq = p.setup.nb_txq = 1;
	p.setup.nb_rxd = p.setup.nb_txd = 64;
	settle_port(&p, &port);
	return port;
}

static void
driver_counts(uint64_t rx, uint64_t tx, uint64_t tx_errors)
{
	counted[COUNT_RX] = rx;
	counted[COUNT_TX] = tx;
	counted[COUNT_TX_ERRORS] = tx_errors;
	counted[COUNT_RX_BYTES] = 60 * rx;
	counted[COUNT_TX_BYTES] = 60 * tx;
}

static void
assert_tx(struct snapshot_port port, uint64_t packets, uint64_t bytes)
{
	assert_int_equal(port.traffic.tx, packets);
	assert_int_equal(port.traffic.tx_bytes, bytes);
}

static void
test_driver_is_believed_whatever_it_calls_an_error(void **state)
{
	(void)state;
	driver_counts(0, 900, 100);
	/* Errors of what it took, beside what it refused; or errors are what it refused. */
	assert_tx(settled(true, 0, 1000, 5000, 0), 900, 54000);
	assert_tx(settled(true, 0, 1000, 0, 0), 900, 54000);
	assert_tx(settled(true, 0, 900, 100, 0), 900, 54000);
}

static void
test_driver_that_counts_less_is_not_believed(void **state)
{
	(void)state;
	driver_counts(0, 500, 100);
	assert_tx(settled(true, 0, 1000, 0, 0), 900, COUNTER_UNKNOWN);
	driver_counts(0, 0, 0);
	assert_tx(settled(true, 0, 1000, 0, 0), 1000, COUNTER_UNKNOWN);
	driver_counts(COUNTER_UNKNOWN, COUNTER_UNKNOWN, COUNTER_UNKNOWN);
	assert_tx(settled(true, 0, 1000, 0, 0), 1000, COUNTER_UNKNOWN);
}

static void
test_packets_in_rings_are_no_difference(void **state)
{
	(void)state;
	driver_counts(936, 936, 0);
	assert_tx(settled(false, 0, 1000, 0, 1000), 936, 60 * 936);
	assert_tx(settled(true, 0, 1000, 0, 1000), 1000, COUNTER_UNKNOWN);
	assert_int_equal(settled(false, 0, 0, 0, 1000).traffic.rx_bytes, 60 * 936);
	/* A bond has those of its members. */
	driver_counts(0, 872, 0);
	assert_tx(settled(false, 1, 1000, 0, 0), 1000, COUNTER_UNKNOWN);
	assert_tx(settled(false, 2, 1000, 0, 0), 872, 60 * 872);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_driver_is_believed_whatever_it_calls_an_error),
		cmocka_unit_test(test_driver_that_counts_less_is_not_believed),
		cmocka_unit_test(test_packets_in_rings_are_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
