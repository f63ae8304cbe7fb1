/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"

/** Frames leave as they came. */
const struct fwd_mode mode_io = {
	.name = "io",
	.receives = true,
	.transmits = true,
};
