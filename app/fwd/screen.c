/* SPDX-License-Identifier: BSD-3-Clause */
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <rte_common.h>

#include "screen.h"

/* ECMA-48, and DEC's for the scrolling region, the saved cursor, and whether it is seen. */
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"
#define SAVE_CURSOR "\0337"
#define RESTORE_CURSOR "\0338"
#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define WHOLE_REGION "\033[r"

static char lines[SCREEN_LINES][SCREEN_LINE];
static unsigned int nb_lines;
static unsigned int shown; /* lines of the table on the screen; 0: it is not */
static struct winsize size;
static volatile sig_atomic_t resized;

bool
screen_possible(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && terminal != NULL && *terminal != '\0' &&
	       strcmp(terminal, "dumb") != 0;
}

bool
screen_utf8(void)
{
	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void
ask_size(void)
{
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
}

unsigned int
screen_columns(void)
{
	if (size.ws_col == 0)
		ask_size();
	return size.ws_col;
}

void
screen_clear(void)
{
	nb_lines = 0;
}

void
screen_line(const char *format, ...)
{
	va_list list;

	if (nb_lines == SCREEN_LINES)
		return;
	va_start(list, format);
	vsnprintf(lines[nb_lines++], SCREEN_LINE, format, list);
	va_end(list);
}

/** Bytes of the letters that fit into the columns: of UTF-8, the first bytes count. The last column stays
 * empty: terminals differ in where they are behind it. */
static int
cut(const char *line, unsigned int columns)
{
	int n;

	for (n = 0; line[n] != '\0'; n++)
		if ((line[n] & 0xc0) != 0x80 && columns-- == 0)
			break;
	return n;
}

static void
on_resize(int sig __rte_unused)
{
	resized = 1;
}

/** Make room: what is on the screen scrolls away, other output gets the lines below the table. */
static void
open_table(FILE *out, unsigned int rows)
{
	struct sigaction action = { .sa_handler = on_resize };
	unsigned int i;

	if (shown == 0) {
		sigaction(SIGWINCH, &action, NULL);
		for (i = 0; i < size.ws_row; i++)
			fputc('\n', out);
	}
	fprintf(out, HIDE_CURSOR WHOLE_REGION HOME CLEAR_BELOW "\033[%u;%ur\033[%u;1H", rows + 1,
			(unsigned int)size.ws_row, rows + 1);
	shown = rows;
}

void
screen_draw(void)
{
	char *frame = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&frame, &length);
	unsigned int i, rows;
	bool changed;

	if (out == NULL)
		return;
	changed = shown == 0 || resized;
	if (changed) {
		resized = 0;
		ask_size();
	}
	/* A scrolling region has two lines at least. */
	rows = RTE_MIN(nb_lines, size.ws_row > 3 ? size.ws_row - 2u : 1u);
	if (rows != shown || changed)
		open_table(out, rows);
	fprintf(out, SAVE_CURSOR HOME);
	for (i = 0; i < rows; i++)
		fprintf(out, "%.*s" CLEAR_LINE "%s", cut(lines[i], size.ws_col - 1u), lines[i],
				i + 1 < rows ? "\r\n" : "");
	fprintf(out, RESTORE_CURSOR);
	fclose(out);
	/* At once, so that nobody sees half of it. */
	fflush(stdout);
	fwrite(frame, 1, length, stdout);
	fflush(stdout);
	free(frame);
}

void
screen_resize(void)
{
	if (shown > 0 && resized)
		screen_draw();
}

void
screen_end(void)
{
	if (shown == 0)
		return;
	printf(WHOLE_REGION "\033[%u;1H" SHOW_CURSOR "\n", (unsigned int)size.ws_row);
	fflush(stdout);
	signal(SIGWINCH, SIG_DFL);
	shown = 0;
}
