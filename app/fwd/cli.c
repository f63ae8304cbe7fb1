/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "text.h"
#include "watch.h"

static enum cli_result
too_long(void)
{
	FWD_ERROR("a line of more than %u bytes is no command", CLI_LINE_SIZE - 1);
	return CLI_FAILED;
}

/**
 * Run a line from a file or a pipe: shown behind a prompt, so that the output reads as a session.
 * A signal ends it also between commands that come without a pause.
 */
static enum cli_result
run_line(struct fwd *fwd, char *line)
{
	printf("%s%s\n", CLI_PROMPT, line);
	if (strlen(line) >= CLI_LINE_SIZE)
		return too_long();
	return watch(fwd, -1, 0) == WATCH_SIGNAL ? CLI_QUIT : cli_run(fwd, line);
}

enum cli_result
cli_file(struct fwd *fwd, const char *name)
{
	enum cli_result result = CLI_DONE;
	char line[CLI_LINE_SIZE];
	unsigned int number = 0;
	FILE *file = text_open(name, O_RDONLY);
	int len;

	if (file == NULL) {
		FWD_ERROR("--cmdline-file=%s: %s", name, strerror(errno));
		return CLI_FAILED;
	}
	while (result != CLI_QUIT && (len = text_line(file, line, sizeof(line))) >= 0) {
		line[strcspn(line, "\r")] = '\0';
		result = len < CLI_LINE_SIZE ? run_line(fwd, line) : too_long();
		number++;
		if (result != CLI_FAILED)
			continue;
		FWD_ERROR("--cmdline-file=%s: line %u failed", name, number);
		if (!fwd->args.interactive || len == CLI_LINE_SIZE)
			break;
	}
	if (number == 0 && !ferror(file))
		FWD_WARNING("--cmdline-file=%s: there is no command in it", name);
	if (ferror(file)) {
		FWD_ERROR("--cmdline-file=%s: %s", name, strerror(errno));
		result = CLI_FAILED;
	}
	fclose(file);
	return result;
}

/** What a pipe has brought of a line; of one that is too long, enough to see that. */
struct lines {
	char text[CLI_LINE_SIZE + 1];
	size_t len;
};

static enum cli_result
end_line(struct fwd *fwd, struct lines *lines)
{
	lines->text[lines->len] = '\0';
	lines->len = 0;
	return run_line(fwd, lines->text);
}

static enum cli_result
take_lines(struct fwd *fwd, struct lines *lines, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (text[i] == '\n') {
			if (end_line(fwd, lines) == CLI_QUIT)
				return CLI_QUIT;
		} else if (lines->len < sizeof(lines->text) - 1) {
			lines->text[lines->len++] = text[i];
		}
	}
	return CLI_DONE;
}

/** @return what remains to be done, CLI_QUIT at the end of input. */
static enum cli_result
take_input(struct fwd *fwd, struct lines *lines, bool terminal)
{
	char text[CLI_LINE_SIZE];
	ssize_t n;

	n = read(STDIN_FILENO, text, sizeof(text));
	if (n < 0 && errno == EINTR)
		return CLI_DONE;
	if (n <= 0) {
		if (lines->len > 0)
			end_line(fwd, lines);
		return CLI_QUIT;
	}
	return terminal ? cli_edit_input(text, n) : take_lines(fwd, lines, text, n);
}

enum cli_result
cli_prompt(struct fwd *fwd)
{
	static struct lines lines;
	const bool terminal = isatty(STDIN_FILENO);
	enum cli_result result = CLI_DONE;

	if (terminal && cli_edit_open(fwd) < 0)
		return CLI_FAILED;
	while (result != CLI_QUIT) {
		switch (watch(fwd, STDIN_FILENO, INFINITY)) {
		case WATCH_INPUT:
			result = take_input(fwd, &lines, terminal);
			break;
		case WATCH_DURATION:
			cli_stop(fwd);
			if (terminal)
				cli_edit_again();
			break;
		case WATCH_RATES:
			if (terminal)
				cli_edit_again();
			break;
		default:
			result = CLI_QUIT;
		}
	}
	if (terminal)
		cli_edit_close();
	return CLI_QUIT;
}
