/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "option.h"

/** Number i of the options that are not fixed, and the table that it stands in. */
static const struct fwd_option *
find_option(unsigned int i, const struct fwd_options **table)
{
	unsigned int t, j;

	for (t = 0; (*table = args_table_at(t)) != NULL; t++)
		for (j = 0; j < (*table)->nb; j++)
			if (!(*table)->options[j].fixed && i-- == 0)
				return &(*table)->options[j];
	return NULL;
}

const struct fwd_option *
args_option_at(unsigned int i)
{
	const struct fwd_options *table;

	return find_option(i, &table);
}

/** A copy of what was typed, for good: settings may point to it, as they do to the command line. */
static const char *
keep(const char *text)
{
	static struct kept {
		struct kept *next;
		char text[];
	} * first;
	struct kept *kept = malloc(sizeof(*kept) + strlen(text) + 1);

	if (kept == NULL)
		return NULL;
	strcpy(kept->text, text);
	kept->next = first;
	first = kept;
	return kept->text;
}

int
args_set(struct fwd_args *args, const char *name, const char *text)
{
	const struct fwd_options *table;
	const struct fwd_option *option;
	const char *kept;
	unsigned int i;
	void *field;

	for (i = 0; (option = find_option(i, &table)) != NULL; i++)
		if (strcmp(option->name, name) == 0)
			break;
	if (option == NULL)
		return -1;
	field = args_field(table, option, args);
	if (option->value != NULL) {
		kept = keep(text);
		return kept != NULL ? option->parse(option, field, kept) : -1;
	}
	if (strcmp(text, "on") == 0)
		return option->parse(option, field, NULL);
	if (strcmp(text, "off") != 0 || option->parse != option_flag)
		return option_wrong(
				option, text, option->parse == option_flag ? "on or off" : "on");
	*(bool *)field = false;
	return 0;
}
