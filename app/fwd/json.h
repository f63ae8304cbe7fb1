/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef JSON_H
#define JSON_H

/** @file The final report as a file, --json FILE; doc/json.rst says what is in it. */

struct fwd;

/** Whether the file can be written, before anything runs. @return 0 or -1, with the reason on stderr. */
int json_check(const struct fwd *fwd);

/** Take what the report consists of, while there are ports and pool. */
void json_prepare(struct fwd *fwd);

/** Write it, as a whole or not at all. @return 0 or -1, with the reason on stderr. */
int json_write(const struct fwd *fwd, int exit_status);

#endif
