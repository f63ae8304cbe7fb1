/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef DIRTY_H
#define DIRTY_H

/** @file The unit tests on memory that is not zero: meson test --setup dirty. */

/** What each byte is that EAL has reserved. */
#define DIRTY 0xa5

/** In the environment of a test whose memory is to be so. */
#define DIRTY_VARIABLE "MEXT_DIRTY"

#endif
