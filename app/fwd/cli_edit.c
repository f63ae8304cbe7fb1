/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmdline.h>
#include <cmdline_parse.h>

#include "cli.h"

/** A word of a command as rte_cmdline completes it. */
struct token {
	struct cmdline_token_hdr hdr;
	const struct cli_command *command;
	char word[CLI_WORD_SIZE];
};

/** What callbacks of rte_cmdline, which have no context, work on. */
static struct {
	struct fwd *fwd;
	struct cmdline *cmdline;
	struct termios before;
	cmdline_parse_ctx_t *commands;
	enum cli_result result;
} edit;

/**
 * rte_cmdline completes by the commands' words, but gives whole lines to cli_run(), which says
 * what is wrong with them. It parses a line into a result, and to complete without one.
 */
static int
parse_word(cmdline_parse_token_hdr_t *hdr, const char *text, void *result,
		unsigned int size __rte_unused)
{
	const struct token *token = (const struct token *)hdr;
	char word[CLI_WORD_SIZE];
	unsigned int len;

	for (len = 0; !cmdline_isendoftoken(text[len]); len++)
		;
	if (result != NULL || len >= sizeof(word))
		return -1;
	snprintf(word, sizeof(word), "%.*s", (int)len, text);
	return cli_matches(edit.fwd, token->word, word) ? (int)len : -1;
}

static int
count_choices(cmdline_parse_token_hdr_t *hdr)
{
	const struct token *token = (const struct token *)hdr;
	int n;

	for (n = 0; cli_choice(edit.fwd, token->word, n) != NULL; n++)
		;
	return n;
}

static int
get_choice(cmdline_parse_token_hdr_t *hdr, int i, char *text, unsigned int size)
{
	const struct token *token = (const struct token *)hdr;

	snprintf(text, size, "%s", cli_choice(edit.fwd, token->word, i));
	return 0;
}

static int
get_help(cmdline_parse_token_hdr_t *hdr, char *text, unsigned int size)
{
	snprintf(text, size, "%s", ((const struct token *)hdr)->command->syntax);
	return 0;
}

static int
parse_line(cmdline_parse_token_hdr_t *hdr __rte_unused, const char *text, void *result,
		unsigned int size)
{
	size_t len = strcspn(text, "\r\n");

	if (result == NULL || len >= size)
		return -1;
	snprintf(result, size, "%.*s", (int)len, text);
	return len;
}

static int
one_choice(cmdline_parse_token_hdr_t *hdr __rte_unused)
{
	return 1;
}

static int
no_choice(cmdline_parse_token_hdr_t *hdr __rte_unused, int i __rte_unused, char *text __rte_unused,
		unsigned int size __rte_unused)
{
	return -1;
}

static struct cmdline_token_ops word_ops = {
	.parse = parse_word,
	.complete_get_nb = count_choices,
	.complete_get_elt = get_choice,
	.get_help = get_help,
};

/* Of a choice that can't be had nothing is shown. */
static struct cmdline_token_ops line_ops = {
	.parse = parse_line,
	.complete_get_nb = one_choice,
	.complete_get_elt = no_choice,
};

static void
run_line(void *line, struct cmdline *cmdline, void *data __rte_unused)
{
	edit.result = cli_run(edit.fwd, line);
	fflush(stdout);
	if (edit.result == CLI_QUIT)
		cmdline_quit(cmdline);
}

static cmdline_parse_inst_t any_line = {
	.f = run_line,
	.tokens = { &(struct cmdline_token_hdr){ .ops = &line_ops }, NULL },
};

/** A command for completion, with its tokens behind it. */
static cmdline_parse_inst_t *
make_command(const struct cli_command *command)
{
	char word[CLI_WORD_SIZE];
	cmdline_parse_inst_t *inst;
	struct token *tokens;
	unsigned int i, n = 0;

	while (cli_word_of(command->syntax, n, word))
		n++;
	inst = calloc(1, sizeof(*inst) + (n + 1) * sizeof(inst->tokens[0]) + n * sizeof(*tokens));
	if (inst == NULL)
		return NULL;
	tokens = (struct token *)&inst->tokens[n + 1];
	for (i = 0; i < n; i++) {
		tokens[i].hdr.ops = &word_ops;
		tokens[i].command = command;
		cli_word_of(command->syntax, i, tokens[i].word);
		inst->tokens[i] = &tokens[i].hdr;
	}
	inst->help_str = command->help;
	inst->f = run_line;
	return inst;
}

static int
make_commands(void)
{
	unsigned int i, n = 0;

	while (cli_command_at(n) != NULL)
		n++;
	edit.commands = calloc(n + 2, sizeof(*edit.commands));
	if (edit.commands == NULL)
		return -1;
	for (i = 0; i < n; i++) {
		edit.commands[i] = make_command(cli_command_at(i));
		if (edit.commands[i] == NULL)
			return -1;
	}
	edit.commands[n] = &any_line;
	return 0;
}

static void
free_commands(void)
{
	unsigned int i;

	for (i = 0; edit.commands != NULL && edit.commands[i] != NULL; i++)
		if (edit.commands[i] != &any_line)
			free(edit.commands[i]);
	free(edit.commands);
	edit.commands = NULL;
}

int
cli_edit_open(struct fwd *fwd)
{
	struct termios raw;

	edit.fwd = fwd;
	if (make_commands() < 0)
		goto fail;
	tcgetattr(STDIN_FILENO, &edit.before);
	raw = edit.before;
	/* Signals by key go on to end the program. */
	raw.c_lflag &= ~(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fflush(stdout);
	edit.cmdline = cmdline_new(edit.commands, CLI_PROMPT, STDIN_FILENO, STDOUT_FILENO);
	if (edit.cmdline != NULL)
		return 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &edit.before);
fail:
	free_commands();
	FWD_ERROR("no memory for the prompt");
	return -1;
}

enum cli_result
cli_edit_input(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (cmdline_in(edit.cmdline, &text[i], 1) < 0) /* also Ctrl-D */
			return CLI_QUIT;
	return CLI_DONE;
}

void
cli_edit_again(void)
{
	fflush(stdout);
	cmdline_in(edit.cmdline, "\f", 1);
}

void
cli_edit_close(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &edit.before);
	printf("\n");
	cmdline_free(edit.cmdline);
	free_commands();
}
