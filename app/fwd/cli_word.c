/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "mode.h"

/** Values that a word of a command may have: those of a list, or all that pass a check. */
struct kind {
	const char *name;
	const char *(*choice)(const struct fwd *fwd, unsigned int i); /* NULL behind the last */
	bool (*check)(const char *text);
	const char *allowed; /* by check */
};

static const char *
port_choice(const struct fwd *fwd, unsigned int i)
{
	static char text[8];
	unsigned int j;

	for (j = 0; j < ports_all(fwd); j++) {
		if (fwd->ports[j].gone || i-- > 0)
			continue;
		snprintf(text, sizeof(text), "%u", fwd->ports[j].id);
		return text;
	}
	return NULL;
}

static const char *
ports_choice(const struct fwd *fwd, unsigned int i)
{
	return i == 0 ? "all" : port_choice(fwd, i - 1);
}

static const char *
mode_choice(const struct fwd *fwd __rte_unused, unsigned int i)
{
	const struct fwd_mode *mode = mode_at(i);

	return mode != NULL ? mode->name : NULL;
}

static const char *
option_choice(const struct fwd *fwd __rte_unused, unsigned int i)
{
	const struct fwd_option *option = args_option_at(i);

	return option != NULL ? option->name : NULL;
}

static const char *
section_choice(const struct fwd *fwd __rte_unused, unsigned int i)
{
	const struct cli_section *section = cli_section_at(i);

	return section != NULL ? section->name : NULL;
}

static bool
is_number(const char *text)
{
	return strlen(text) <= 9 && strspn(text, "0123456789") == strlen(text);
}

static bool
is_seconds(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	return end != text && *end == '\0' && value >= 0 && value <= 1e9;
}

static bool
is_mac(const char *text)
{
	struct rte_ether_addr addr;

	return rte_ether_unformat_addr(text, &addr) == 0;
}

static bool
is_anything(const char *text __rte_unused)
{
	return true;
}

static const struct kind kinds[] = {
	{ "PORT", port_choice, NULL, NULL },
	{ "PORTS", ports_choice, NULL, NULL },
	{ "MODE", mode_choice, NULL, NULL },
	{ "OPTION", option_choice, NULL, NULL },
	{ "SECTION", section_choice, NULL, NULL },
	{ "N", NULL, is_number, "a number" },
	{ "SECONDS", NULL, is_seconds, "a number of seconds" },
	{ "MAC", NULL, is_mac, "an address as 02:00:00:00:00:01" },
	{ "LIST", NULL, is_anything, "port numbers as 2,0-1" },
	{ "HEX", NULL, is_anything, "a hexadecimal mask of ports" },
	{ "VALUE", NULL, is_anything, "a value" },
	{ "DEVICE", NULL, is_anything, "a PCI address or a virtual device with its arguments" },
};

static const struct kind *
find_kind(const char *word)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++)
		if (strcmp(kinds[i].name, word) == 0)
			return &kinds[i];
	return NULL;
}

bool
cli_word_of(const char *syntax, unsigned int i, char word[CLI_WORD_SIZE])
{
	for (; i > 0; i--) {
		syntax += strcspn(syntax, " ");
		syntax += strspn(syntax, " ");
	}
	snprintf(word, CLI_WORD_SIZE, "%.*s", (int)strcspn(syntax, " "), syntax);
	return *word != '\0';
}

const char *
cli_choice(const struct fwd *fwd, const char *word, unsigned int i)
{
	static char text[CLI_WORD_SIZE];
	const struct kind *kind = find_kind(word);

	if (kind != NULL)
		return kind->choice != NULL ? kind->choice(fwd, i) : NULL;
	for (; i > 0; i--) {
		word += strcspn(word, "|");
		if (*word++ == '\0')
			return NULL;
	}
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(word, "|"), word);
	return text;
}

bool
cli_is_value(const char *word)
{
	return find_kind(word) != NULL;
}

bool
cli_matches(const struct fwd *fwd, const char *word, const char *text)
{
	const struct kind *kind = find_kind(word);
	const char *choice;
	unsigned int i;

	if (kind != NULL && kind->check != NULL)
		return kind->check(text);
	for (i = 0; (choice = cli_choice(fwd, word, i)) != NULL; i++)
		if (strcmp(choice, text) == 0)
			return true;
	return false;
}

/** Add a word to a list, once. */
static void
add(char *list, size_t size, const char *word)
{
	const size_t end = strlen(list), len = strlen(word);
	const char *found;

	for (found = list; (found = strstr(found, word)) != NULL; found += len)
		if ((found == list || found[-1] == ' ') &&
				(found[len] == ',' || found[len] == '\0'))
			return;
	snprintf(list + end, size - end, "%s%s", end > 0 ? ", " : "", word);
}

void
cli_allowed(const struct fwd *fwd, const char *word, char *list, size_t size)
{
	const struct kind *kind = find_kind(word);
	const char *choice;
	unsigned int i;

	if (kind != NULL && kind->choice == NULL)
		add(list, size, kind->allowed);
	for (i = 0; (choice = cli_choice(fwd, word, i)) != NULL; i++)
		add(list, size, choice);
}

bool
cli_includes(const char *ports, const struct fwd_port *port)
{
	return !port->gone && (strcmp(ports, "all") == 0 || strtoul(ports, NULL, 10) == port->id);
}

struct fwd_port *
cli_next_port(struct fwd *fwd, const char *ports, unsigned int *i)
{
	while (*i < ports_all(fwd)) {
		struct fwd_port *port = &fwd->ports[(*i)++];

		if (cli_includes(ports, port))
			return port;
	}
	return NULL;
}
