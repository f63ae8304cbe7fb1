/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const struct cli_section *const sections[] = {
	&cli_run_section,
	&cli_show_section,
	&cli_set_section,
	&cli_port_section,
};

const struct cli_section *
cli_section_at(unsigned int i)
{
	return i < RTE_DIM(sections) ? sections[i] : NULL;
}

const struct cli_command *
cli_command_at(unsigned int i)
{
	const struct cli_section *section;
	unsigned int s;

	for (s = 0; (section = cli_section_at(s)) != NULL; s++) {
		if (i < section->nb)
			return &section->commands[i];
		i -= section->nb;
	}
	return NULL;
}

/** Cut a line into words, up to a "#". @return their number, CLI_MAX_WORDS + 1 if there are more. */
static unsigned int
split(char *line, char *words[CLI_MAX_WORDS + 1])
{
	unsigned int n = 0;
	char *rest = line, *word;

	line[strcspn(line, "#\r\n")] = '\0';
	while ((word = strsep(&rest, " \t")) != NULL) {
		if (*word == '\0')
			continue;
		if (n == CLI_MAX_WORDS)
			return CLI_MAX_WORDS + 1;
		words[n++] = word;
	}
	words[n] = NULL;
	return n;
}

/** How well a line is a command. */
struct match {
	unsigned int literal; /* words of it that are not values */
	unsigned int good; /* words from the first one that are as the command has them */
};

static struct match
match(const struct fwd *fwd, const struct cli_command *command, char **words)
{
	struct match m = { 0 };
	char word[CLI_WORD_SIZE];

	while (words[m.good] != NULL && cli_word_of(command->syntax, m.good, word) &&
			cli_matches(fwd, word, words[m.good])) {
		m.literal += !cli_is_value(word);
		m.good++;
	}
	return m;
}

/** Who has "set eth-peer" is closer to it than who has "set OPTION", if more of that should match. */
static bool
is_better(struct match a, struct match b)
{
	return a.literal != b.literal ? a.literal > b.literal : a.good > b.good;
}

/** Words with blanks between. */
static const char *
join(char **words, unsigned int n, char text[CLI_LINE_SIZE])
{
	unsigned int i;
	size_t len = 0;

	text[0] = '\0';
	for (i = 0; i < n; i++)
		len += snprintf(text + len, CLI_LINE_SIZE - len, "%s%s", i > 0 ? " " : "",
				words[i]);
	return text;
}

/** Say what might stand where a line is wrong, by the commands that it is closest to. */
static enum cli_result
refuse(const struct fwd *fwd, char **words, unsigned int n, struct match best)
{
	char begin[CLI_LINE_SIZE], line[CLI_LINE_SIZE], word[CLI_WORD_SIZE], list[2048] = "";
	const struct cli_command *c;
	unsigned int i;

	join(words, n, line);
	if (best.good == 0) {
		FWD_ERROR("'%s': command not found, see help", line);
		return CLI_FAILED;
	}
	for (i = 0; (c = cli_command_at(i)) != NULL; i++)
		if (!is_better(best, match(fwd, c, words)) &&
				cli_word_of(c->syntax, best.good, word))
			cli_allowed(fwd, word, list, sizeof(list));
	FWD_ERROR("'%s': allowed behind '%s' is %s", line, join(words, best.good, begin),
			*list != '\0' ? list : "nothing");
	return CLI_FAILED;
}

enum cli_result
cli_run(struct fwd *fwd, char *line)
{
	char *words[CLI_MAX_WORDS + 1], word[CLI_WORD_SIZE], text[CLI_LINE_SIZE];
	const struct cli_command *c;
	struct match best = { 0 }, m;
	unsigned int i, n = split(line, words);

	if (n == 0)
		return CLI_DONE;
	if (n > CLI_MAX_WORDS) {
		FWD_ERROR("'%s ...': more than %u words, see help", words[0], CLI_MAX_WORDS);
		return CLI_FAILED;
	}
	for (i = 0; (c = cli_command_at(i)) != NULL; i++) {
		m = match(fwd, c, words);
		if (m.good == n && !cli_word_of(c->syntax, n, word))
			break;
		if (is_better(m, best))
			best = m;
	}
	if (c == NULL)
		return refuse(fwd, words, n, best);
	if (c->stopped && fwd->running) {
		FWD_ERROR("'%s': stop forwarding first, with stop", join(words, n, text));
		return CLI_FAILED;
	}
	return c->run(fwd, words);
}
