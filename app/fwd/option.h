/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef OPTION_H
#define OPTION_H

/**
 * @file One option of the command line, and how its value is read. Options stand in tables, each
 * beside what it sets: args.c for all modes, mode_NAME.c for those of one mode.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

struct fwd_option {
	const char *name; /* without "--" */
	char letter; /* short form, 0: none */
	const char *value; /* what the help calls the value; NULL: a flag, without value; "[N]": may be left out */
	const char *help;
	/** Read text, NULL where it is left out, into a field. @return 0, or -1 with the reason said by option_wrong(). */
	int (*parse)(const struct fwd_option *option, void *field, const char *text);
	size_t field; /* offset in the settings that the table is for */
	uint64_t min; /* of numbers */
	uint64_t max;
	bool fixed; /* can't be set any more when ports and pool are there */
};

/** Options with a subject in common. */
struct fwd_options {
	const char *title; /* of their part of the help */
	void *settings; /* what they set; NULL: struct fwd_args */
	const struct fwd_option *options;
	unsigned int nb;
};

int option_u32(const struct fwd_option *option, void *field, const char *text); /* decimal */
int option_hex(const struct fwd_option *option, void *field, const char *text); /* a uint64_t */
int option_list(const struct fwd_option *option, void *field, const char *text); /* 0-63: a mask */
int option_seconds(const struct fwd_option *option, void *field, const char *text); /* a double */
int option_flag(const struct fwd_option *option, void *field, const char *text); /* a bool: true */
int option_text(const struct fwd_option *option, void *field,
		const char *text); /* a const char * */
int option_ipv4(const struct fwd_option *option, void *field, const char *text); /* a rte_be32_t */

/** Say on stderr what is allowed. @return -1. */
int option_wrong(const struct fwd_option *option, const char *text, const char *allowed, ...)
		__rte_format_printf(3, 4);

#endif
