/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "mode.h"
#include "option.h"

static void
print_option(const struct fwd_options *table, const struct fwd_option *o, struct fwd_args *args)
{
	const char *value = o->value != NULL ? o->value : "";
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter != 0 ? '-' : ' ',
			o->letter != 0 ? o->letter : ' ', o->letter != 0 ? ", " : "  ", o->name,
			value[0] == '['    ? "[="
			: value[0] != '\0' ? "="
					   : "",
			value + (value[0] == '['));
	printf("  %-32s %s", left, o->help);
	if (o->parse == option_u32 && strchr(o->help, '(') == NULL)
		printf(" (%u)", *(const uint32_t *)args_field(table, o, args));
	printf("\n");
}

void
args_help(struct fwd_args *defaults)
{
	const struct fwd_options *table;
	const struct fwd_mode *mode;
	unsigned int i, j;

	printf("usage: mext-fwd EAL-OPTIONS -- [OPTIONS]\n"
	       "Forwards packets between the ports that EAL found, on buffers of a mext pool.\n");
	for (i = 0; (table = args_table_at(i)) != NULL; i++) {
		if (table->nb > 0)
			printf("\n%s:\n", table->title);
		for (j = 0; j < table->nb; j++)
			print_option(table, &table->options[j], defaults);
	}
	printf("\n  %-32s this text\n  %-32s versions of mext and DPDK\n\nModes:\n", "    --help",
			"    --version");
	for (i = 0; (mode = mode_at(i)) != NULL; i++)
		printf("  %-12s %s\n", mode->name, mode->help);
}
