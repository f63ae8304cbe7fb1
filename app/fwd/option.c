/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "option.h"

int
option_wrong(const struct fwd_option *option, const char *text, const char *allowed, ...)
{
	char words[256];
	va_list list;

	va_start(list, allowed);
	vsnprintf(words, sizeof(words), allowed, list);
	va_end(list);
	fprintf(stderr, "mext-fwd: --%s=%s: allowed is %s\n", option->name, text, words);
	return -1;
}

int
option_u32(const struct fwd_option *option, void *field, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' || value < option->min ||
			value > option->max)
		return option_wrong(
				option, text, "%" PRIu64 " to %" PRIu64, option->min, option->max);
	*(uint32_t *)field = value;
	return 0;
}

int
option_hex(const struct fwd_option *option, void *field, const char *text)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 16);
	if (errno != 0 || end == text || *text == '-' || *end != '\0' || value < option->min)
		return option_wrong(option, text, "a hexadecimal mask%s",
				option->min > 0 ? ", not 0" : "");
	*(uint64_t *)field = value;
	return 0;
}

int
option_list(const struct fwd_option *option, void *field, const char *text)
{
	unsigned long first, last;
	const char *at = text;
	uint64_t mask = 0;
	char *end;

	for (;; at = end + 1) {
		if (!isdigit((unsigned char)*at))
			break;
		first = last = strtoul(at, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (last > 63 || first > last)
			break;
		for (; first <= last; first++) {
			if ((mask >> first & 1) != 0)
				return option_wrong(option, text, "%lu once", first);
			mask |= UINT64_C(1) << first;
		}
		if (*end == '\0') {
			*(uint64_t *)field = mask;
			return 0;
		}
		if (*end != ',')
			break;
	}
	return option_wrong(option, text, "numbers from 0 to 63 and ranges of them, as 0,2-3");
}

int
option_seconds(const struct fwd_option *option, void *field, const char *text)
{
	const double max = 1e9;
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(value) || value < 0 || value > max)
		return option_wrong(option, text, "a number of seconds from 0 to 1000000000");
	*(double *)field = value;
	return 0;
}

int
option_flag(const struct fwd_option *option __rte_unused, void *field,
		const char *text __rte_unused)
{
	*(bool *)field = true;
	return 0;
}

int
option_text(const struct fwd_option *option, void *field, const char *text)
{
	if (*text == '\0')
		return option_wrong(option, text, "anything but nothing");
	*(const char **)field = text;
	return 0;
}

int
option_ipv4(const struct fwd_option *option, void *field, const char *text)
{
	if (inet_pton(AF_INET, text, field) != 1)
		return option_wrong(option, text, "an IPv4 address, as 198.18.0.1");
	return 0;
}
