/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TEXT_H
#define TEXT_H

/** @file Numbers as text: one that is not known is "-". Files of text. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

/**
 * Open a file that is there; unlike fopen() it does not wait for the other end of a FIFO.
 * @param access  O_RDONLY or O_WRONLY
 * @return NULL: errno says why.
 */
static inline FILE *
text_open(const char *path, int access)
{
	int fd = open(path, access | O_CLOEXEC | O_NONBLOCK);
	FILE *file = NULL;
	int reason;

	if (fd < 0)
		return NULL;
	if (fcntl(fd, F_SETFL, access) == 0)
		file = fdopen(fd, access == O_RDONLY ? "r" : "w");
	if (file == NULL) {
		reason = errno;
		close(fd);
		errno = reason;
	}
	return file;
}

/**
 * Read a line without its end.
 * @return its length; size: it is longer than that; -1: there is none, see ferror().
 */
static inline int
text_line(FILE *file, char *line, int size)
{
	int len = 0, c;

	while ((c = getc(file)) != EOF && c != '\n') {
		if (len == size - 1) {
			line[len] = '\0';
			return size;
		}
		line[len++] = (char)c;
	}
	line[len] = '\0';
	return c == EOF && len == 0 ? -1 : len;
}

#endif
