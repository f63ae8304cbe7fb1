/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CLI_H
#define CLI_H

/**
 * @file Commands at a prompt or from a file. A command is a function and a row in the table of its
 * section, cli_SECTION.c; help and completion come from these tables. All of it runs on the main thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include <rte_common.h>

#include "fwd.h"

enum cli_result {
	CLI_FAILED = -1, /* has been said on stderr */
	CLI_DONE,
	CLI_QUIT, /* end the program */
};

/** Most words of a line. */
#define CLI_MAX_WORDS 16

/** Longest line, with its end. */
#define CLI_LINE_SIZE 1024

/** Longest word of a command's syntax, with its end. */
#define CLI_WORD_SIZE 64

#define CLI_PROMPT "mext-fwd> "

struct cli_command {
	/** Words, choices ("a|b") and kinds of values (PORTS, see cli_word.c) with single blanks between. */
	const char *syntax;
	const char *help;
	/** words: of the line, as many as the syntax has. */
	enum cli_result (*run)(struct fwd *fwd, char **words);
	bool stopped; /* only while nothing is forwarded */
};

struct cli_section {
	const char *name;
	const struct cli_command *commands;
	unsigned int nb;
};

/* cli.c */
enum cli_result cli_file(struct fwd *fwd, const char *name);
enum cli_result cli_prompt(struct fwd *fwd);

/* cli_command.c */
const struct cli_section *cli_section_at(unsigned int i); /* NULL behind the last */
const struct cli_command *cli_command_at(unsigned int i); /* the same, of all sections */
enum cli_result cli_run(struct fwd *fwd, char *line); /* line is changed */

/* cli_word.c */
bool cli_word_of(const char *syntax, unsigned int i, char word[CLI_WORD_SIZE]); /* its number i */
const char *cli_choice(
		const struct fwd *fwd, const char *word, unsigned int i); /* for a word of syntax */
bool cli_is_value(const char *word); /* rather than itself */
bool cli_matches(const struct fwd *fwd, const char *word, const char *text);
void cli_allowed(const struct fwd *fwd, const char *word, char *list,
		size_t size); /* adds to list */

/** Whether a command's PORTS includes a port. */
bool cli_includes(const char *ports, const struct fwd_port *port);

/** Number i of the ports that PORTS means, counted by *i; NULL behind the last. */
struct fwd_port *cli_next_port(struct fwd *fwd, const char *ports, unsigned int *i);

/* cli_edit.c: lines typed at a terminal, with history and completion. */
int cli_edit_open(struct fwd *fwd);
enum cli_result cli_edit_input(const char *text, size_t len);
void cli_edit_again(void); /* the line, after something has been printed */
void cli_edit_close(void);

/* cli_run.c, also used at the end of --duration */
void cli_stop(struct fwd *fwd);

/* cli_set.c: as if it had been given to the command line, and checked against what ports can do. */
enum cli_result cli_set_option(struct fwd *fwd, const char *name, const char *value);

extern const struct cli_section cli_run_section;
extern const struct cli_section cli_show_section;
extern const struct cli_section cli_set_section;
extern const struct cli_section cli_port_section;

#define CLI_SECTION(section, table)                          \
	const struct cli_section cli_##section##_section = { \
		.name = #section,                            \
		.commands = table,                           \
		.nb = RTE_DIM(table),                        \
	}

#endif
