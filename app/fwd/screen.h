/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCREEN_H
#define SCREEN_H

/**
 * @file A table at the top of a terminal that is drawn over itself; what is printed besides scrolls
 * below it. By the control sequences that all terminals since the VT100 have. Main thread only.
 */

#include <stdbool.h>

#include <rte_common.h>

/** Most lines of the table, and bytes of a line. */
#define SCREEN_LINES 256
#define SCREEN_LINE 512

/** Whether standard output is a terminal that knows control sequences. */
bool screen_possible(void);

/** Whether it shows UTF-8. */
bool screen_utf8(void);

/** Its width in letters. */
unsigned int screen_columns(void);

/** Begin a new table. */
void screen_clear(void);

/** Add a line to the table; cut where the terminal ends. */
void screen_line(const char *format, ...) __rte_format_printf(1, 2);

/** Show the table. */
void screen_draw(void);

/** Show it again if the terminal has another size. */
void screen_resize(void);

/** Leave the table where it is, the cursor below all. */
void screen_end(void);

#endif
