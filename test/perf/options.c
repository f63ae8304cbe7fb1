/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"

/** The rounds of all rows stay in memory. */
#define MAX_ROUNDS 100000

void
options_help(void)
{
	printf("usage: mext-bench EAL-OPTIONS -- [OPTION...] [PATTERN...]\n"
	       "A PATTERN, of the shell's kind, chooses rows by table/row; without any, all run.\n"
	       "  --json FILE   write the results there too\n"
	       "  --rounds N    rounds of each row, 1 to %u; without, what the table is made for\n"
	       "  --list        print the names of the rows chosen, and end\n"
	       "  --help        print this, and end\n"
	       "for example:\n"
	       "  mext-bench -l 0-1 --in-memory -m 2048 --no-pci -- 'mempool/2lcores/*'\n"
	       "  mext-bench -l 0-1 --no-huge -m 1024 --no-pci -- --rounds 51 'attach/hot/*'\n",
			MAX_ROUNDS);
}

static unsigned int
parse_rounds(const char *text)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < 1 || n > MAX_ROUNDS)
		bench_die("--rounds %s: not a number from 1 to %u", text, MAX_ROUNDS);
	return n;
}

void
options_parse(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt;

	*options = (struct options){ .patterns = argv };
	if (argc == 0)
		return;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		switch (opt) {
		case 'j':
			options->json = optarg;
			break;
		case 'r':
			options->rounds = parse_rounds(optarg);
			break;
		case 'l':
			options->list = true;
			break;
		case 'h':
			options->help = true;
			break;
		case ':':
			bench_die("%s: needs a value, see: mext-bench -- --help", argv[optind - 1]);
		default:
			bench_die("%s: no such option, see: mext-bench -- --help",
					argv[optind - 1]);
		}
	}
	options->patterns = &argv[optind];
	optind = 0; /* EAL reads options with getopt too */
}

bool
options_matches(const char *pattern, const struct bench_table *table, const struct bench_row *row)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/%s", table->name, row->name);
	return fnmatch(pattern, name, 0) == 0;
}

bool
options_chosen(const struct options *options, const struct bench_table *table,
		const struct bench_row *row)
{
	char **pattern;

	if (*options->patterns == NULL)
		return true;
	for (pattern = options->patterns; *pattern != NULL; pattern++)
		if (options_matches(*pattern, table, row))
			return true;
	return false;
}
