/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "mode.h"

#include "modes.h" /* made by meson: MODES(X) has X(name) for each mode */

#define DECLARE(name) extern const struct fwd_mode mode_##name;
#define POINT(name) &mode_##name,

MODES(DECLARE)

static const struct fwd_mode *const modes[] = { MODES(POINT) };

const struct fwd_mode *
mode_at(unsigned int i)
{
	return i < RTE_DIM(modes) ? modes[i] : NULL;
}

const struct fwd_mode *
mode_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(modes); i++) {
		if (strcmp(modes[i]->name, name) == 0)
			return modes[i];
	}
	return NULL;
}

const char *
mode_names(void)
{
	static char names[32 * RTE_DIM(modes)];
	unsigned int i, len = 0;

	for (i = 0; i < RTE_DIM(modes); i++)
		len += snprintf(names + len, sizeof(names) - len, "%s%s", i > 0 ? "|" : "",
				modes[i]->name);
	return names;
}

void
modes_end(struct fwd *fwd)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(modes); i++)
		if (modes[i]->end != NULL)
			modes[i]->end(fwd);
}
