/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEXT_H
#define TEXT_H

/** @file Numbers as text: one that is not known is "-". */

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "counter.h"

/** Room for one number, and for packets and bits a second. */
#define TEXT_NUMBER 32
#define TEXT_TRAFFIC 96

static inline const char *
text_number(char text[TEXT_NUMBER], double value, int decimals)
{
	if (isnan(value))
		return "-";
	snprintf(text, TEXT_NUMBER, "%.*f", decimals, value);
	return text;
}

static inline const char *
text_count(char text[TEXT_NUMBER], uint64_t count)
{
	if (count == COUNTER_UNKNOWN)
		return strcpy(text, "-");
	snprintf(text, TEXT_NUMBER, "%" PRIu64, count);
	return text;
}

/** Rates: packets and bits a second, the latter of the bytes that the driver counts. */
static inline const char *
text_traffic(char text[TEXT_TRAFFIC], double packets, double bytes)
{
	char a[TEXT_NUMBER], b[TEXT_NUMBER];

	snprintf(text, TEXT_TRAFFIC, "%s packets/s %s Gbit/s", text_number(a, packets, 0),
			text_number(b, bytes * 8 / 1e9, 3));
	return text;
}

/** The share of a in both; NAN if there is neither. */
static inline double
text_share(uint64_t a, uint64_t b)
{
	return a + b == 0 ? NAN : (double)a / (a + b);
}

#endif
