/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CAPTURE_H
#define CAPTURE_H

/** @file What the library logs, as a string. */

/** From now on collect what is logged instead of writing it. */
void capture_start(void);

/** Back to the usual log. @return what was collected; valid until the next start. */
const char *capture_stop(void);

#endif
